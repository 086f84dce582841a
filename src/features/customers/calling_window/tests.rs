use super::*;
use chrono::{NaiveDateTime, TimeDelta};
use chrono_tz::TZ_VARIANTS;
use proptest::prelude::*;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn at(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap()
}

const ALL_DAYS: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];

/// Every change of the clock between 2025 and 2035: the zone, and the first instant after it.
fn transitions() -> Vec<(Tz, DateTime<Utc>)> {
    let from = utc("2025-01-01T00:00:00Z").timestamp();
    let until = utc("2036-01-01T00:00:00Z").timestamp();
    let mut found = Vec::new();
    for zone in TZ_VARIANTS {
        let offset = |second: i64| {
            let at = DateTime::from_timestamp(second, 0).unwrap();
            local_time::wall_clock(at, zone) - at.naive_utc()
        };
        // Six days is shorter than any stretch between two changes (Ramadan in Morocco: 29 days).
        let mut second = from;
        while second < until {
            let next = second + 6 * 86_400;
            if offset(second) != offset(next) {
                let (mut before, mut after) = (second, next);
                while after - before > 1 {
                    let middle = before + (after - before) / 2;
                    if offset(middle) == offset(second) {
                        before = middle
                    } else {
                        after = middle
                    }
                }
                found.push((zone, DateTime::from_timestamp(after, 0).unwrap()));
            }
            second = next;
        }
    }
    found
}

/// What the documentation promises, found by walking the clock minute by minute: the stretch of
/// `date` is from the first minute that shows `opens` or later on that date or a later one, to the
/// first that shows `closes` or later.
fn walked(
    minutes: &[(DateTime<Utc>, NaiveDateTime)],
    window: &CallingWindow,
    not_before: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let mut dates: Vec<NaiveDate> = minutes.iter().map(|(_, local)| local.date()).collect();
    dates.sort_unstable();
    dates.dedup();
    dates
        .into_iter()
        .filter(|date| {
            use chrono::Datelike;
            window.weekdays.contains(date.weekday())
        })
        .find_map(|date| {
            let first = |time: NaiveTime| {
                minutes
                    .iter()
                    .find(|(_, local)| *local >= date.and_time(time))
                    .map(|(at, _)| *at)
            };
            let (from, until) = (first(window.opens)?, first(window.closes)?);
            (from < until && not_before < until).then(|| from.max(not_before))
        })
}

#[test]
fn the_next_opening_is_right_around_every_change_of_every_clock_until_2035() {
    let changes = transitions();
    assert!(changes.len() > 2_000, "only {} transitions found", changes.len());
    let windows = [
        CallingWindow::default(),
        CallingWindow::new(ALL_DAYS, at(0, 0), at(23, 59)).unwrap(),
        CallingWindow::new(ALL_DAYS, at(1, 30), at(2, 30)).unwrap(),
        CallingWindow::new(ALL_DAYS, at(2, 0), at(3, 0)).unwrap(),
        CallingWindow::new([Weekday::Sun], at(0, 15), at(0, 45)).unwrap(),
    ];
    // Zones that are only other names for the same clock are walked once.
    let mut seen = std::collections::HashSet::new();
    for (zone, change) in changes {
        let start = change - TimeDelta::hours(36);
        let shown = |minute: i64| {
            let at = start + TimeDelta::minutes(minute);
            (at, local_time::wall_clock(at, zone))
        };
        let around = local_time::wall_clock(change, zone);
        let before = local_time::wall_clock(change - TimeDelta::seconds(1), zone);
        for (index, window) in windows.iter().enumerate() {
            for hours in [-5, -1, 0, 1, 12] {
                let not_before = change + TimeDelta::hours(hours);
                let found = window.next_opening(not_before, zone);
                assert!(found >= not_before, "{zone} {change} {index}");
                assert!(window.contains(found, zone), "{zone} {change} {index} {found}");
                if found > not_before {
                    let just_before = found - TimeDelta::seconds(1);
                    assert!(!window.contains(just_before, zone), "{zone} {change} {index} {found}");
                    assert!(!window.contains(not_before, zone), "{zone} {change} {index} {found}");
                }
            }
        }
        if !seen.insert((change, before, around)) {
            continue;
        }
        let minutes: Vec<_> = (0..72 * 60).map(shown).collect();
        for (index, window) in windows.iter().enumerate() {
            for hours in [-5, -1, 0, 1, 12] {
                let not_before = change + TimeDelta::hours(hours);
                if let Some(expected) = walked(&minutes, window, not_before) {
                    let found = window.next_opening(not_before, zone);
                    assert_eq!(found, expected, "{zone} {change} window {index} {hours} h");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_opening_is_never_early_always_within_and_none_is_missed(
        zone in 0..TZ_VARIANTS.len(),
        second in 1_735_689_600_i64..2_082_758_400,
        days in proptest::sample::subsequence(ALL_DAYS.to_vec(), 1..=7),
        opens in 0_u32..1_439,
        length in 1_u32..1_439,
        probes in proptest::collection::vec(0.0_f64..1.0, 12),
    ) {
        let zone = TZ_VARIANTS[zone];
        let closes = (opens + length).min(1_439);
        let window = CallingWindow::new(
            days, at(opens / 60, opens % 60), at(closes / 60, closes % 60)).unwrap();
        let not_before = DateTime::from_timestamp(second, 0).unwrap();
        let found = window.next_opening(not_before, zone);
        prop_assert!(found >= not_before);
        prop_assert!(window.contains(found, zone));
        prop_assert_eq!(window.next_opening(found, zone), found);
        let wait = (found - not_before).num_seconds();
        prop_assert!(wait <= 15 * 86_400);
        for probe in probes {
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a random place")]
            let between = not_before + TimeDelta::seconds((wait as f64 * probe) as i64);
            prop_assert!(between == found || !window.contains(between, zone) || found == not_before);
        }
    }
}

#[test]
fn within_the_window_the_answer_is_now() {
    let now = utc("2026-11-18T10:20:30.5Z");
    assert_eq!(CallingWindow::default().next_opening(now, Tz::UTC), now);
}

#[test]
fn friday_evening_waits_for_monday_morning_there() {
    let found = CallingWindow::default().next_opening(utc("2026-11-20T23:30:00Z"), Tz::America__Los_Angeles);
    assert_eq!(found, utc("2026-11-20T23:30:00Z"));
    let found = CallingWindow::default().next_opening(utc("2026-11-21T01:00:00Z"), Tz::America__Los_Angeles);
    assert_eq!(found, utc("2026-11-23T17:00:00Z"));
}

#[test]
fn the_closing_minute_is_no_longer_within() {
    let window = CallingWindow::default();
    assert!(window.contains(utc("2026-11-18T16:59:59.999999Z"), Tz::UTC));
    assert!(!window.contains(utc("2026-11-18T17:00:00Z"), Tz::UTC));
}

#[test]
fn a_window_that_the_clock_skips_waits_for_the_next_day_it_occurs() {
    let window = CallingWindow::new([Weekday::Sun], at(2, 0), at(3, 0)).unwrap();
    let found = window.next_opening(utc("2026-03-29T00:00:00Z"), Tz::Europe__Berlin);
    assert_eq!(found, utc("2026-04-05T00:00:00Z"));
}

#[test]
fn a_window_that_has_closed_does_not_open_again_when_the_clock_is_put_back() {
    let window = CallingWindow::new(ALL_DAYS, at(2, 0), at(2, 30)).unwrap();
    assert!(window.contains(utc("2026-10-25T00:10:00Z"), Tz::Europe__Berlin));
    assert!(!window.contains(utc("2026-10-25T01:10:00Z"), Tz::Europe__Berlin));
}

#[test]
fn it_is_written_as_clients_read_it() {
    let text = serde_json::to_string(&CallingWindow::default()).unwrap();
    assert_eq!(
        text,
        r#"{"weekdays":["mon","tue","wed","thu","fri"],"opens":"09:00","closes":"17:00"}"#
    );
    assert_eq!(
        serde_json::from_str::<CallingWindow>(&text).unwrap(),
        CallingWindow::default()
    );
}

#[test]
fn what_is_no_window_is_refused() {
    for (body, why) in [
        (
            r#"{"weekdays":[],"opens":"09:00","closes":"17:00"}"#,
            "at least one weekday",
        ),
        (
            r#"{"weekdays":["mon"],"opens":"17:00","closes":"17:00"}"#,
            "opens before it closes",
        ),
        (r#"{"weekdays":["mon"],"opens":"9:00","closes":"17:00"}"#, "HH:MM"),
        (r#"{"weekdays":["mon"],"opens":"09:00","closes":"24:00"}"#, "HH:MM"),
        (
            r#"{"weekdays":["monday"],"opens":"09:00","closes":"17:00"}"#,
            "unknown variant",
        ),
        (
            r#"{"weekdays":["mon"],"opens":"09:00","closes":"17:00","zone":"UTC"}"#,
            "unknown field",
        ),
    ] {
        let fault = serde_json::from_str::<CallingWindow>(body).unwrap_err().to_string();
        assert!(fault.contains(why), "{body}: {fault}");
    }
}

#[test]
fn the_ends_of_the_calendar_do_not_panic() {
    for instant in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        for zone in [Tz::Pacific__Kiritimati, Tz::Pacific__Pago_Pago] {
            let _ = CallingWindow::default().next_opening(instant, zone);
            let _ = CallingWindow::default().contains(instant, zone);
        }
    }
}
