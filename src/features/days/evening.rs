//! For which day a list is due, and how much of a quota falls on it.
//!
//! A list is for the next working day after the last evening that has come on the executive's own clock. So it is prepared in the
//! evening before; on Friday evening for Monday; and where nothing ran that evening, as soon as something runs again. Nobody's list is
//! made more than four days ahead: who is away for longer gets it on one of the last evenings before they are back.

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use chrono_tz::Tz;

use crate::clock::Timestamp;
use crate::features::absences::working_day::WorkingDays;
use crate::features::programs::quota::scaled;
use crate::id::UserId;
use crate::local_time;

/// How many days ahead of its day a list is made at most: a weekend with a holiday on either side.
const AHEAD: i64 = 4;

/// The last evening that has come: its day, and when it came.
pub fn last_evening(now: Timestamp, zone: Tz, evening: NaiveTime) -> (NaiveDate, Timestamp) {
    let today = local_time::wall_clock(now.utc(), zone).date();
    let came = |day: NaiveDate| Timestamp::new(local_time::instant(day.and_time(evening), zone));
    let yesterday = today.pred_opt().unwrap_or(today);
    match came(today) {
        at if at <= now => (today, at),
        _ => (yesterday, came(yesterday)),
    }
}

/// The day for which a list is due after the evening of this one.
pub fn list_day(days: &WorkingDays, user: UserId, evening: NaiveDate) -> Option<NaiveDate> {
    days.next_after(user, evening)
        .filter(|day| (*day - evening).num_days() <= AHEAD)
}

/// How far working days must be known to say for which day a list is due.
pub fn horizon(evening: NaiveDate) -> NaiveDate {
    evening
        .checked_add_signed(TimeDelta::days(AHEAD + 1))
        .unwrap_or(evening)
}

/// How much of a weekly quota falls on a day: so much that, with an even pace, the week's customers are called by its last day. What
/// was left on earlier days comes along, what was called beyond the pace is taken off.
///
/// `place` is the day's place among the week's `of` due days, from 1 on; `called` are the customers called in the week before it.
pub fn share_of_week(goal: i64, place: i64, of: i64, called: i64) -> i64 {
    (scaled(goal, place, of) - called).max(0)
}

/// Monday to Sunday of the week of a day.
pub fn week_of(day: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    use chrono::Datelike;
    let back = u64::from(day.weekday().num_days_from_monday());
    let monday = day.checked_sub_days(Days::new(back)).unwrap_or(day);
    monday.iter_days().take(7)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::features::absences::absence::AbsenceKind;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::new(text.parse().unwrap())
    }

    fn six() -> NaiveTime {
        NaiveTime::from_hms_opt(18, 0, 0).unwrap()
    }

    #[test]
    fn an_evening_comes_on_ones_own_clock() {
        for (now, zone, evening) in [
            ("2026-03-02T16:59:59Z", Tz::Europe__Berlin, "2026-03-01"),
            ("2026-03-02T17:00:00Z", Tz::Europe__Berlin, "2026-03-02"),
            ("2026-03-02T17:00:00Z", Tz::America__New_York, "2026-03-01"),
            ("2026-03-02T09:00:00Z", Tz::Asia__Tokyo, "2026-03-02"),
            // The clocks go forward in the night between: six in the evening is an hour earlier in UTC.
            ("2026-03-29T16:00:00Z", Tz::Europe__Berlin, "2026-03-29"),
        ] {
            assert_eq!(last_evening(at(now), zone, six()).0, day(evening), "{now} {zone}");
        }
    }

    #[test]
    fn a_list_is_for_the_next_working_day_and_not_far_ahead() {
        let user = UserId(Uuid::nil());
        let mut days = WorkingDays::new([], day("2026-03-01"), day("2026-06-01"));
        days.person(user, Some("DE-BY"));
        // Good Friday and Easter Monday are holidays; then two weeks of vacation.
        days.absence(user, day("2026-04-20"), day("2026-05-01"), AbsenceKind::Vacation);
        for (evening, list) in [
            ("2026-03-02", Some("2026-03-03")),
            ("2026-03-06", Some("2026-03-09")),
            ("2026-03-07", Some("2026-03-09")),
            ("2026-04-02", None),
            ("2026-04-03", Some("2026-04-07")),
            ("2026-04-06", Some("2026-04-07")),
            ("2026-04-17", None),
            ("2026-04-29", None),
            ("2026-04-30", Some("2026-05-04")),
            ("2026-05-03", Some("2026-05-04")),
        ] {
            let evening_on = day(evening);
            assert_eq!(list_day(&days, user, evening_on), list.map(day), "{evening}");
            assert!(list.is_none_or(|list| day(list) < horizon(evening_on)));
        }
    }

    #[test]
    fn a_weekly_quota_is_spread_evenly_and_catches_up() {
        // Five a week, five days, all called: one a day.
        assert_eq!(
            (1..=5).map(|k| share_of_week(5, k, 5, k - 1)).collect::<Vec<_>>(),
            [1; 5]
        );
        // Two a week: on Monday and on Wednesday.
        assert_eq!(
            (1..=5).map(|k| share_of_week(2, k, 5, 0)).collect::<Vec<_>>(),
            [1, 1, 2, 2, 2]
        );
        assert_eq!(share_of_week(2, 2, 5, 1), 0);
        assert_eq!(share_of_week(2, 3, 5, 1), 1);
        // Nothing called by Thursday evening: the whole week's five on Friday, and never more.
        assert_eq!(share_of_week(5, 5, 5, 0), 5);
        assert_eq!(share_of_week(5, 3, 5, 9), 0);
        assert_eq!(share_of_week(5, 1, 0, 0), 5);
    }

    #[test]
    fn a_week_begins_on_monday() {
        for it in ["2026-03-02", "2026-03-08"] {
            let week: Vec<NaiveDate> = week_of(day(it)).collect();
            assert_eq!((week[0], week[6]), (day("2026-03-02"), day("2026-03-08")));
        }
    }
}
