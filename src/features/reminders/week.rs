//! The week that is looked back on, and what is said of it.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Timelike, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::local_time;

/// A week from Monday to Sunday, by the organization's calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Week {
    /// Its Monday.
    pub from: NaiveDate,
    /// The Monday after.
    pub until: NaiveDate,
}

/// From this hour of Monday on one looks back.
const MORNING: u32 = 8;

impl Week {
    /// The week that one looks back on now: from Monday morning to the end of Tuesday, should nothing run on Monday.
    pub fn ended(now: Timestamp, zone: Tz) -> Option<Self> {
        let local = local_time::wall_clock(now.utc(), zone);
        let time_has_come = match local.weekday() {
            Weekday::Mon => local.hour() >= MORNING,
            Weekday::Tue => true,
            Weekday::Wed | Weekday::Thu | Weekday::Fri | Weekday::Sat | Weekday::Sun => false,
        };
        let until = local
            .date()
            .checked_sub_days(Days::new(local.weekday().num_days_from_monday().into()))?;
        let from = until.checked_sub_days(Days::new(7))?;
        time_has_come.then_some(Self { from, until })
    }

    /// The week that some organization looks back on now, wherever it is: all that do look back on the same one.
    pub fn ended_somewhere(now: Timestamp) -> Option<Self> {
        // Where Monday begins first, and where Tuesday ends last: one of the two is within the time, or nobody is.
        let mut ends = [Tz::Etc__GMTMinus14, Tz::Etc__GMTPlus12].into_iter();
        ends.find_map(|zone| Self::ended(now, zone))
    }

    /// Its first instant, and the first that is not in it any more.
    pub fn instants(&self, zone: Tz) -> (Timestamp, Timestamp) {
        let midnight = |day: NaiveDate| Timestamp::new(local_time::instant(day.and_time(NaiveTime::MIN), zone));
        (midnight(self.from), midnight(self.until))
    }

    /// `2026-W47`, as calendars number them.
    pub fn label(&self) -> String {
        self.from.format("%G-W%V").to_string()
    }

    /// `16 November to 22 November`.
    pub fn said(&self) -> String {
        let last = self.until.pred_opt().unwrap_or(self.until);
        format!("{} to {}", self.from.format("%-d %B"), last.format("%-d %B"))
    }
}

/// What a week has brought, of one person or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    pub calls: i64,
    pub conversations: i64,
    pub items: i64,
    pub overdue: i64,
    /// Promises to customers that came due, and of these those that were not kept; known of all together.
    pub promises: i64,
    pub broken: i64,
    /// On how many of their working days in a row they have kept the habit, for who has a quota.
    pub streak: Option<i64>,
}

impl Figures {
    /// `3 calls, 1 conversation. 2 action items to do, 1 of them overdue.`
    pub fn said(&self) -> String {
        let mut said = format!(
            "{}, {}. {} to do, {} of them overdue.",
            count(self.calls, "call"),
            count(self.conversations, "conversation"),
            count(self.items, "action item"),
            self.overdue
        );
        if self.promises > 0 {
            said.push_str(&format!(
                " {} to customers came due, {} of them not kept.",
                count(self.promises, "promise"),
                self.broken
            ));
        }
        if let Some(streak) = self.streak.filter(|streak| *streak > 0) {
            said.push_str(&format!(
                " The habit was kept on the last {}.",
                count(streak, "working day")
            ));
        }
        said
    }
}

/// `1 call`, `2 calls`.
fn count(number: i64, of: &str) -> String {
    if number == 1 {
        format!("{number} {of}")
    } else {
        format!("{number} {of}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(at: &str, zone: Tz) -> Option<String> {
        let week = Week::ended(Timestamp::new(at.parse().unwrap()), zone);
        week.map(|week| week.label())
    }

    #[test]
    fn one_looks_back_from_monday_morning_on_where_the_organization_is() {
        let berlin = Tz::Europe__Berlin;
        assert_eq!(ended("2026-11-23T06:59:00Z", berlin), None);
        assert_eq!(ended("2026-11-23T07:00:00Z", berlin).as_deref(), Some("2026-W47"));
        assert_eq!(ended("2026-11-24T22:59:00Z", berlin).as_deref(), Some("2026-W47"));
        assert_eq!(ended("2026-11-24T23:00:00Z", berlin), None);
        assert_eq!(ended("2026-11-23T07:00:00Z", Tz::America__New_York), None);
        assert_eq!(
            ended("2026-11-22T20:00:00Z", Tz::Pacific__Auckland).as_deref(),
            Some("2026-W47")
        );
    }

    #[test]
    fn all_who_look_back_look_back_on_the_same_week() {
        let from = Timestamp::new("2026-11-20T00:07:00Z".parse().unwrap());
        for hour in 0..170 {
            let now = from.plus(chrono::TimeDelta::hours(hour));
            let somewhere = Week::ended_somewhere(now);
            for zone in chrono_tz::TZ_VARIANTS {
                let here = Week::ended(now, zone);
                assert!(here.is_none() || here == somewhere, "{zone} at {now}");
            }
        }
    }

    #[test]
    fn a_week_in_which_clocks_change_is_an_hour_longer() {
        let now = Timestamp::new("2026-10-26T12:00:00Z".parse().unwrap());
        let week = Week::ended(now, Tz::Europe__Berlin).unwrap();
        let (from, until) = week.instants(Tz::Europe__Berlin);
        assert_eq!((until.utc() - from.utc()).num_hours(), 7 * 24 + 1);
        assert_eq!(week.said(), "19 October to 25 October");
    }

    #[test]
    fn figures_are_said_in_words() {
        let figures = Figures {
            calls: 3,
            conversations: 1,
            items: 2,
            overdue: 1,
            promises: 4,
            broken: 1,
            streak: None,
        };
        assert_eq!(
            figures.said(),
            "3 calls, 1 conversation. 2 action items to do, 1 of them overdue. 4 promises to customers came due, 1 of them not kept."
        );
        let figures = Figures {
            streak: Some(1),
            ..Figures::default()
        };
        assert_eq!(
            figures.said(),
            "0 calls, 0 conversations. 0 action items to do, 0 of them overdue. The habit was kept on the last 1 working day."
        );
    }
}
