//! The hours within which a customer's people are called, on their own clock.
//!
//! As a client sees it: `{"weekdays": ["mon", "tue"], "opens": "09:00", "closes": "17:00"}`.
//! Times are the customer's wall clock, to the minute; `closes` is the first minute that is no
//! longer within. A window does not cross midnight.
//!
//! # When clocks change
//! The window of a date is **one unbroken stretch of time**: from the instant at which the wall
//! clock first shows `opens` to the instant at which it first shows `closes`, both as
//! [`local_time::instant`] answers it (a skipped time is the end of the gap, a repeated time the
//! earlier one). So a window that lies wholly in a gap does not occur on that date, and one that
//! has closed does not open again because the clock was put back.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Timelike, Utc, Weekday, WeekdaySet};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::local_time;

/// Days to look ahead. A window occurs every week; one that opens only in an hour that clocks
/// skip is back a week later.
const HORIZON_DAYS: u64 = 28;

/// On which weekdays, and between which times, a customer may be called.
///
/// Always valid: at least one weekday, `opens` before `closes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CallingWindowBody", into = "CallingWindowBody")]
pub struct CallingWindow {
    weekdays: WeekdaySet,
    opens: NaiveTime,
    closes: NaiveTime,
}

/// Why a calling window was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowFault {
    /// No weekday at all: such a customer could never be called.
    NoWeekday,
    /// `opens` is not before `closes`.
    ClosesBeforeItOpens,
    /// A time that is not `HH:MM`, from `00:00` to `23:59`.
    NotATime,
}

impl std::fmt::Display for WindowFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoWeekday => "a calling window needs at least one weekday",
            Self::ClosesBeforeItOpens => "a calling window opens before it closes",
            Self::NotATime => "a time of a calling window is HH:MM, from 00:00 to 23:59",
        })
    }
}

impl std::error::Error for WindowFault {}

/// A weekday as it is written in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum DayName {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl From<Weekday> for DayName {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Mon => Self::Mon,
            Weekday::Tue => Self::Tue,
            Weekday::Wed => Self::Wed,
            Weekday::Thu => Self::Thu,
            Weekday::Fri => Self::Fri,
            Weekday::Sat => Self::Sat,
            Weekday::Sun => Self::Sun,
        }
    }
}

impl From<DayName> for Weekday {
    fn from(day: DayName) -> Self {
        match day {
            DayName::Mon => Self::Mon,
            DayName::Tue => Self::Tue,
            DayName::Wed => Self::Wed,
            DayName::Thu => Self::Thu,
            DayName::Fri => Self::Fri,
            DayName::Sat => Self::Sat,
            DayName::Sun => Self::Sun,
        }
    }
}

/// A calling window as it is written in JSON, before it is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CallingWindow)]
pub struct CallingWindowBody {
    /// The weekdays, Monday first; a repeated one counts once.
    #[schema(min_items = 1, max_items = 7)]
    pub weekdays: Vec<DayName>,
    /// `HH:MM`, the first minute within.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length = 5, example = "09:00")]
    pub opens: String,
    /// `HH:MM`, the first minute no longer within.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length = 5, example = "17:00")]
    pub closes: String,
}

impl TryFrom<CallingWindowBody> for CallingWindow {
    type Error = WindowFault;

    fn try_from(body: CallingWindowBody) -> Result<Self, WindowFault> {
        let days = body.weekdays.into_iter().map(Weekday::from);
        Self::new(days, time(&body.opens)?, time(&body.closes)?)
    }
}

impl From<CallingWindow> for CallingWindowBody {
    fn from(window: CallingWindow) -> Self {
        Self {
            weekdays: window.weekdays().map(DayName::from).collect(),
            opens: window.opens.format("%H:%M").to_string(),
            closes: window.closes.format("%H:%M").to_string(),
        }
    }
}

impl Default for CallingWindow {
    /// Monday to Friday, 09:00 to 17:00.
    fn default() -> Self {
        const WORKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
        let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or(NaiveTime::MIN);
        Self {
            weekdays: WeekdaySet::from_array(WORKDAYS),
            opens: hour(9),
            closes: hour(17),
        }
    }
}

impl CallingWindow {
    /// A window of these weekdays; seconds of the times are cut off.
    ///
    /// # Errors
    /// [`WindowFault::NoWeekday`], [`WindowFault::ClosesBeforeItOpens`].
    pub fn new(
        weekdays: impl IntoIterator<Item = Weekday>,
        opens: NaiveTime,
        closes: NaiveTime,
    ) -> Result<Self, WindowFault> {
        let weekdays: WeekdaySet = weekdays.into_iter().collect();
        let (opens, closes) = (to_the_minute(opens), to_the_minute(closes));
        if weekdays.is_empty() {
            Err(WindowFault::NoWeekday)
        } else if opens >= closes {
            Err(WindowFault::ClosesBeforeItOpens)
        } else {
            Ok(Self {
                weekdays,
                opens,
                closes,
            })
        }
    }

    /// The weekdays, Monday first.
    pub fn weekdays(&self) -> impl Iterator<Item = Weekday> + use<> {
        self.weekdays.iter(Weekday::Mon)
    }

    /// The first minute within, on the customer's wall clock.
    #[must_use]
    pub fn opens(&self) -> NaiveTime {
        self.opens
    }

    /// The first minute no longer within, on the customer's wall clock.
    #[must_use]
    pub fn closes(&self) -> NaiveTime {
        self.closes
    }

    /// The time half-way between `opens` and `closes`, to the minute.
    #[must_use]
    pub fn middle(&self) -> NaiveTime {
        to_the_minute(self.opens + (self.closes - self.opens) / 2)
    }

    /// Whether a call at `instant` would be within the window.
    #[must_use]
    pub fn contains(&self, instant: DateTime<Utc>, zone: Tz) -> bool {
        // The day before too: where a clock is put back over midnight, yesterday's date shows again.
        let today = local_time::wall_clock(instant, zone).date();
        [today.pred_opt(), Some(today), today.succ_opt()]
            .into_iter()
            .flatten()
            .filter_map(|date| self.stretch(date, zone))
            .any(|(from, until)| from <= instant && instant < until)
    }

    /// The first instant, `not_before` or later, that is within the window of a customer in
    /// `zone`: `not_before` itself if it is within, else the next instant at which a window begins.
    ///
    /// At the very end of chrono's calendar, where there is no next window, `not_before`.
    #[must_use]
    pub fn next_opening(&self, not_before: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        let today = local_time::wall_clock(not_before, zone).date();
        let from = today.pred_opt().unwrap_or(today);
        (0..HORIZON_DAYS)
            .map_while(|days| from.checked_add_days(Days::new(days)))
            .filter_map(|date| self.stretch(date, zone))
            .find(|(_, until)| not_before < *until)
            .map_or(not_before, |(from, _)| from.max(not_before))
    }

    /// The window of one local date: its first instant, and the first one after it. `None` where
    /// the weekday is not one of ours, or clocks skip the whole window.
    pub fn stretch(&self, date: NaiveDate, zone: Tz) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        use chrono::Datelike;
        if !self.weekdays.contains(date.weekday()) {
            return None;
        }
        let from = local_time::instant(date.and_time(self.opens), zone);
        let until = local_time::instant(date.and_time(self.closes), zone);
        (from < until).then_some((from, until))
    }
}

fn to_the_minute(time: NaiveTime) -> NaiveTime {
    NaiveTime::from_hms_opt(time.hour(), time.minute(), 0).unwrap_or(time)
}

/// `HH:MM`, both digits, nothing else.
fn time(text: &str) -> Result<NaiveTime, WindowFault> {
    if text.len() != 5 {
        return Err(WindowFault::NotATime);
    }
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| WindowFault::NotATime)
}

#[cfg(test)]
mod tests;
