//! The one answer to "what instant is nine o'clock there?", also when clocks change.
//!
//! Twice a year most zones show a stretch of wall-clock time twice (a *fold*) or not at all
//! (a *gap*). Everything in this crate that turns a wall-clock time into an instant asks here:
//!
//! - fold: the **earlier** of the two instants
//! - gap: the **first instant after the gap**, so 02:30 on a night that jumps from 02:00 to 03:00
//!   is the instant at which the clock shows 03:00 (whole days can be skipped too)

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// Wider than any offset from UTC, on either side, plus a jump over a whole day.
const REACH: TimeDelta = TimeDelta::hours(40);

/// Whether this is the IANA name of a time zone, spelled as IANA spells it.
#[must_use]
pub fn is_zone(name: &str) -> bool {
    name.parse::<Tz>().is_ok()
}

/// The zone of this name, or of the next one that is known: a user's own, else their organization's.
#[must_use]
pub fn zone(names: [Option<&str>; 2]) -> Tz {
    let mut known = names.into_iter().flatten().filter_map(|name| name.parse().ok());
    known.next().unwrap_or(Tz::UTC)
}

/// An instant as one says it to somebody there: `Tuesday, 24 November, 14:30`.
#[must_use]
pub fn said(instant: DateTime<Utc>, zone: Tz) -> String {
    wall_clock(instant, zone).format("%A, %-d %B, %H:%M").to_string()
}

/// The same, with the year where it is not plain which one is meant: `Tuesday, 24 November 2027, 14:30`.
#[must_use]
pub fn said_from(instant: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> String {
    let at = wall_clock(instant, zone);
    format!(
        "{}, {}",
        day_from(at.date(), wall_clock(now, zone).date()),
        at.format("%H:%M")
    )
}

/// `Tuesday, 24 November`; of a day that is nearly a year away, or more, with its year.
#[must_use]
pub fn day_from(day: chrono::NaiveDate, today: chrono::NaiveDate) -> String {
    let year = if (day - today).num_days().abs() > 300 {
        " %Y"
    } else {
        ""
    };
    day.format(&format!("%A, %-d %B{year}")).to_string()
}

/// What a clock on the wall shows in `zone` at `instant`.
///
/// At the very ends of chrono's calendar, where the local date does not exist, UTC is shown.
#[must_use]
pub fn wall_clock(instant: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    let utc = instant.naive_utc();
    let offset = zone.offset_from_utc_datetime(&utc).fix();
    utc.checked_add_offset(offset).unwrap_or(utc)
}

/// The instant at which the clock in `zone` first shows `local`; for folds and gaps see the
/// module's text.
#[must_use]
pub fn instant(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => at.to_utc(),
        LocalResult::Ambiguous(one, other) => one.min(other).to_utc(),
        LocalResult::None => after_gap(local, zone),
    }
}

/// The first instant whose wall clock shows more than `local`, which no clock ever shows.
///
/// Transitions happen at whole seconds, so the search is over whole seconds.
fn after_gap(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let assumed = local.and_utc();
    let (Some(mut before), Some(mut after)) = (
        assumed.checked_sub_signed(REACH).map(|at| at.timestamp()),
        assumed.checked_add_signed(REACH).map(|at| at.timestamp()),
    ) else {
        return assumed;
    };
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        match DateTime::from_timestamp(middle, 0) {
            Some(at) if wall_clock(at, zone) < local => before = middle,
            Some(_) | None => after = middle,
        }
    }
    DateTime::from_timestamp(after, 0).unwrap_or(assumed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    #[test]
    fn a_time_is_said_by_the_persons_own_clock() {
        let at = "2026-11-24T13:30:00Z".parse().unwrap();
        let berlin = zone([None, Some("Europe/Berlin")]);
        assert_eq!(said(at, berlin), "Tuesday, 24 November, 14:30");
        let tokyo = zone([Some("Asia/Tokyo"), Some("Europe/Berlin")]);
        assert_eq!(said(at, tokyo), "Tuesday, 24 November, 22:30");
        assert_eq!(zone([Some("Nowhere"), None]), Tz::UTC);
    }

    #[test]
    fn an_ordinary_time_is_the_time_it_says() {
        let at = instant(local("2026-07-01 09:00"), Tz::Europe__Berlin);
        assert_eq!(at.to_rfc3339(), "2026-07-01T07:00:00+00:00");
    }

    #[test]
    fn a_time_that_is_skipped_is_the_end_of_the_gap() {
        let at = instant(local("2026-03-29 02:30"), Tz::Europe__Berlin);
        assert_eq!(at.to_rfc3339(), "2026-03-29T01:00:00+00:00");
        let at = instant(local("2026-03-08 02:00"), Tz::America__New_York);
        assert_eq!(at.to_rfc3339(), "2026-03-08T07:00:00+00:00");
    }

    #[test]
    fn a_time_that_comes_twice_is_the_first_of_the_two() {
        let at = instant(local("2026-10-25 02:30"), Tz::Europe__Berlin);
        assert_eq!(at.to_rfc3339(), "2026-10-25T00:30:00+00:00");
    }

    #[test]
    fn a_day_that_an_island_skipped_ends_at_the_next_midnight() {
        // Samoa went from 29 to 31 December 2011.
        let at = instant(local("2011-12-30 12:00"), Tz::Pacific__Apia);
        assert_eq!(wall_clock(at, Tz::Pacific__Apia), local("2011-12-31 00:00"));
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        for zone in [Tz::Pacific__Kiritimati, Tz::Pacific__Pago_Pago] {
            let _ = wall_clock(DateTime::<Utc>::MAX_UTC, zone);
            let _ = wall_clock(DateTime::<Utc>::MIN_UTC, zone);
            let _ = instant(NaiveDateTime::MAX, zone);
            let _ = instant(NaiveDateTime::MIN, zone);
        }
    }
}
