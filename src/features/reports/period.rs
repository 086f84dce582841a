//! The days that a report is about, and the instants at which they begin and end in a zone.

use chrono::{Datelike, Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;

use crate::clock::Timestamp;
use crate::local_time;

/// How many days a report is about when nothing is asked for.
pub const USUAL: u64 = 90;
/// More days than this are not reported on at once.
const LONGEST: i64 = 3_660;

/// Whole days of a zone, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub zone: Tz,
}

/// Why days cannot be reported on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAPeriod {
    /// It ends before it begins.
    Backwards,
    TooLong,
}

/// A calendar month, cut to the period: its name (`2026-03`), its first instant, the first one after it.
pub type Month = (String, Timestamp, Timestamp);

impl Period {
    /// The days asked for; the last ninety when nothing is.
    ///
    /// # Errors
    /// When they end before they begin, or are more than ten years.
    pub fn new(from: Option<NaiveDate>, to: Option<NaiveDate>, now: Timestamp, zone: Tz) -> Result<Self, NotAPeriod> {
        Self::last(USUAL, from, to, now, zone)
    }

    /// The days asked for; so many, up to today, when nothing is.
    ///
    /// # Errors
    /// When they end before they begin, or are more than ten years.
    pub fn last(
        usual: u64,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        now: Timestamp,
        zone: Tz,
    ) -> Result<Self, NotAPeriod> {
        let to = to.unwrap_or_else(|| local_time::wall_clock(now.utc(), zone).date());
        let from = from.unwrap_or_else(|| to.checked_sub_days(Days::new(usual.saturating_sub(1))).unwrap_or(to));
        if from > to {
            return Err(NotAPeriod::Backwards);
        }
        if (to - from).num_days() >= LONGEST {
            return Err(NotAPeriod::TooLong);
        }
        Ok(Self { from, to, zone })
    }

    /// The first instant of the first day.
    pub fn starts(&self) -> Timestamp {
        self.midnight(self.from)
    }

    /// The first instant after the last day.
    pub fn ends(&self) -> Timestamp {
        self.midnight(self.to.succ_opt().unwrap_or(self.to))
    }

    fn midnight(&self, day: NaiveDate) -> Timestamp {
        local_time::instant(day.and_time(NaiveTime::MIN), self.zone).into()
    }

    /// The calendar months that the period touches, in order.
    pub fn months(&self) -> Vec<Month> {
        let mut months = Vec::new();
        let mut first = self.from;
        while first <= self.to {
            let (year, month) = if first.month() == 12 {
                (first.year() + 1, 1)
            } else {
                (first.year(), first.month() + 1)
            };
            let Some(next) = NaiveDate::from_ymd_opt(year, month, 1) else {
                break;
            };
            let ends = if next > self.to {
                self.ends()
            } else {
                self.midnight(next)
            };
            months.push((first.format("%Y-%m").to_string(), self.midnight(first), ends));
            first = next;
        }
        months
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::new(text.parse().unwrap())
    }

    #[test]
    fn the_usual_period_is_the_last_ninety_days_of_the_zone() {
        // In Berlin it is the first of April already.
        let period = Period::new(None, None, at("2026-03-31T22:30:00Z"), Tz::Europe__Berlin).unwrap();
        assert_eq!((period.from, period.to), (day("2026-01-02"), day("2026-04-01")));
        assert_eq!((period.to - period.from).num_days(), 89);
    }

    #[test]
    fn days_and_months_begin_at_midnight_of_the_zone() {
        let now = at("2026-06-01T00:00:00Z");
        let period = Period::new(
            Some(day("2026-02-15")),
            Some(day("2026-04-02")),
            now,
            Tz::Europe__Berlin,
        )
        .unwrap();
        assert_eq!(period.starts(), at("2026-02-14T23:00:00Z"));
        assert_eq!(period.ends(), at("2026-04-02T22:00:00Z"));
        let months = period.months();
        assert_eq!(
            months,
            [
                (
                    "2026-02".to_owned(),
                    at("2026-02-14T23:00:00Z"),
                    at("2026-02-28T23:00:00Z")
                ),
                (
                    "2026-03".to_owned(),
                    at("2026-02-28T23:00:00Z"),
                    at("2026-03-31T22:00:00Z")
                ),
                (
                    "2026-04".to_owned(),
                    at("2026-03-31T22:00:00Z"),
                    at("2026-04-02T22:00:00Z")
                ),
            ]
        );
    }

    #[test]
    fn one_day_is_a_period_and_none_is_not() {
        let now = at("2026-06-01T00:00:00Z");
        let one = Period::new(Some(day("2025-12-31")), Some(day("2025-12-31")), now, Tz::UTC).unwrap();
        assert_eq!(one.months().len(), 1);
        let wrong = Period::new(Some(day("2026-06-02")), Some(day("2026-06-01")), now, Tz::UTC);
        assert_eq!(wrong, Err(NotAPeriod::Backwards));
        let long = Period::new(Some(day("1999-01-01")), None, now, Tz::UTC);
        assert_eq!(long, Err(NotAPeriod::TooLong));
    }
}
