//! Lists that were worked out by hand, and what holds for every list.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::features::assignments::assignment::{AssignmentInput, AssignmentPriority};
use crate::features::customers::calling_window::CallingWindow;
use crate::features::customers::customer::CustomerId;
use crate::features::programs::program::ProgramId;
use crate::id::UserId;

fn at(text: &str) -> Timestamp {
    Timestamp::new(text.parse().unwrap())
}

/// Tuesday, 3 March 2026 in Berlin; it is Monday evening.
fn tuesday() -> Day {
    Day {
        date: "2026-03-03".parse().unwrap(),
        zone: Tz::Europe__Berlin,
        next: "2026-03-04".parse().unwrap(),
        now: at("2026-03-02T17:00:00Z"),
    }
}

fn block() -> DailyBlock {
    serde_json::from_str(r#"{"starts": "09:00", "ends": "10:00"}"#).unwrap()
}

fn held(number: u128, zone: Tz, edit: impl FnOnce(&mut Assignment)) -> Held {
    let input = AssignmentInput {
        program_id: ProgramId(Uuid::nil()),
        customer_id: CustomerId(Uuid::from_u128(number)),
        assignee_id: UserId(Uuid::nil()),
        due_on: None,
        scheduled_for: None,
        priority: AssignmentPriority::Normal,
        reason: None,
    };
    let mut assignment = Assignment::new(AssignmentId(Uuid::from_u128(number)), input, at("2026-02-01T00:00:00Z"));
    edit(&mut assignment);
    let window = CallingWindow::default();
    Held {
        assignment,
        hours: CallingHours { window, zone },
    }
}

fn berlin(number: u128, edit: impl FnOnce(&mut Assignment)) -> Held {
    held(number, Tz::Europe__Berlin, edit)
}

fn pick(held: Vec<Held>, quota: i64) -> Picked {
    let mut taken = fixed(&held, &tuesday());
    of_hand(held, &tuesday(), quota, block(), &mut taken).unwrap()
}

fn shown(picked: &Picked) -> Vec<(u128, String, Listed)> {
    let time = |at: Option<Timestamp>| at.map_or("-".into(), |at| at.format("%d %H:%M").to_string());
    let entries = picked.entries.iter();
    entries
        .map(|it| (it.assignment_id.0.as_u128(), time(it.at), it.listed))
        .collect()
}

/// One of each sort.
fn one_of_each() -> Vec<Held> {
    vec![
        berlin(1, |_| {}),
        berlin(2, |it| it.due_on = Some("2026-03-02".parse().unwrap())),
        berlin(3, |it| it.due_on = Some("2026-03-03".parse().unwrap())),
        berlin(4, |it| {
            it.scheduled_for = Some(at("2026-03-02T10:00:00Z"));
            it.attempts_made = 1;
        }),
        berlin(5, |it| it.scheduled_for = Some(at("2026-03-03T08:20:00Z"))),
        berlin(6, |it| {
            it.scheduled_for = Some(at("2026-03-01T12:00:00Z"));
            it.callback_promised_at = it.scheduled_for;
        }),
        // Tomorrow's, and one that is out of the way.
        berlin(7, |it| it.scheduled_for = Some(at("2026-03-04T08:20:00Z"))),
        berlin(8, |it| it.snoozed_until = Some(at("2026-03-05T00:00:00Z"))),
    ]
}

#[test]
fn promises_come_first_then_the_day_then_what_was_left_then_who_waits() {
    let picked = pick(one_of_each(), 10);
    assert_eq!(
        shown(&picked),
        [
            (6, "01 12:00".into(), Listed::Promised),
            (5, "03 08:20".into(), Listed::Scheduled),
            (4, "03 08:00".into(), Listed::Retry),
            (3, "03 08:40".into(), Listed::Due),
            (2, "-".into(), Listed::Missed),
            (1, "-".into(), Listed::Waiting),
        ]
    );
    assert_eq!((picked.room, picked.moved_on.len()), (5, 0));
}

#[test]
fn of_retries_that_fall_on_one_minute_all_but_one_get_another_slot() {
    let eight = at("2026-03-03T08:00:00Z");
    let retry = |number| {
        berlin(number, |it| {
            it.scheduled_for = Some(eight);
            it.attempts_made = 1;
        })
    };
    let promised = berlin(3, |it| {
        it.scheduled_for = Some(at("2026-03-03T08:10:00Z"));
        it.callback_promised_at = it.scheduled_for;
    });
    let planned = berlin(4, |it| it.scheduled_for = Some(at("2026-03-03T08:40:00Z")));
    let times = |held| {
        shown(&pick(held, 10))
            .into_iter()
            .map(|(_, at, _)| at)
            .collect::<Vec<_>>()
    };
    assert_eq!(times(vec![retry(1), retry(2)]), ["03 08:20", "03 08:00"]);
    // The block ends at ten: what finds no slot keeps its time.
    assert_eq!(
        times(vec![retry(1), retry(2), promised, planned]),
        ["03 08:10", "03 08:00", "03 08:00", "03 08:40"]
    );
}

#[test]
fn a_list_ends_where_the_quota_is_full_and_what_was_promised_is_beyond_it() {
    let picked = pick(one_of_each(), 2);
    let listed: Vec<Listed> = picked.entries.iter().map(|it| it.listed).collect();
    assert_eq!(listed, [Listed::Promised, Listed::Scheduled, Listed::Retry]);
    assert_eq!(picked.room, 0);
    // What was due on the day is moved on to the next; what was left before stays as it is, and comes another evening.
    assert_eq!(picked.moved_on, [AssignmentId(Uuid::from_u128(3))]);
    let moved = picked.changes.iter().find(|it| it.verb == "moved_on").unwrap();
    assert_eq!(moved.after.due_on, Some("2026-03-04".parse().unwrap()));
    let none = pick(one_of_each(), 0);
    assert_eq!((none.entries.len(), none.moved_on.len()), (1, 2));
}

#[test]
fn a_promise_keeps_its_time_also_when_that_has_passed() {
    let picked = pick(one_of_each(), 0);
    let promise = &picked.changes[0].after;
    assert_eq!(promise.callback_promised_at, Some(at("2026-03-01T12:00:00Z")));
    assert_eq!(promise.due_on, Some(tuesday().date));
}

#[test]
fn a_slot_lies_in_the_block_and_in_the_customers_hours() {
    // New York opens at 15:00 in Berlin, after the block; Tokyo closes at nine; Athens has been open for an hour.
    for (zone, slot) in [
        (Tz::America__New_York, None),
        (Tz::Asia__Tokyo, None),
        (Tz::Europe__Athens, Some(at("2026-03-03T08:00:00Z"))),
        (Tz::Europe__London, Some(at("2026-03-03T09:00:00Z"))),
    ] {
        let hours = held(1, zone, |_| {}).hours;
        let late: DailyBlock = serde_json::from_str(r#"{"starts": "09:00", "ends": "10:20"}"#).unwrap();
        assert_eq!(
            super::slot(&hours, &tuesday(), late, &mut Taken::default()),
            slot,
            "{zone}"
        );
    }
    // What is in hand is listed all the same, at any time.
    let picked = pick(vec![held(1, Tz::America__New_York, |_| {})], 5);
    assert_eq!(shown(&picked), [(1, "-".into(), Listed::Waiting)]);
}

#[test]
fn nobody_is_called_again_before_half_the_ideal_gap() {
    let cadence = Effective {
        ideal_days: 90,
        longest_days: 180,
        reviews_per_year: 0,
    };
    let day: NaiveDate = "2026-03-03".parse().unwrap();
    for (last, rested) in [
        (None, true),
        (Some("2026-01-17T23:00:00Z"), true),
        (Some("2026-01-18T00:00:00Z"), false),
    ] {
        assert_eq!(has_rested(&cadence, last.map(at), day), rested, "{last:?}");
    }
}

proptest! {
    #[test]
    fn no_list_is_longer_than_its_quota_and_what_was_promised(
        sorts in proptest::collection::vec((0_u8..7, 0_i64..40), 0..30), quota in 0_i64..12,
    ) {
        let day = tuesday();
        let hand: Vec<Held> = sorts.iter().enumerate().map(|(number, (sort, ago))| berlin(number as u128, |it| {
            let time = Timestamp::new(day.bounds().0 + TimeDelta::hours(36 - 3 * ago));
            match sort {
                0 => {}
                1 => it.due_on = Some(time.date_naive()),
                2 => it.scheduled_for = Some(time),
                3 => { it.scheduled_for = Some(time); it.attempts_made = 2; }
                4 => { it.scheduled_for = Some(time); it.callback_promised_at = Some(time); }
                5 => it.snoozed_until = Some(time),
                _ => it.due_on = Some(day.date),
            }
        })).collect();
        let promised = hand.iter().filter(|it| it.assignment.callback_promised_at.is_some_and(|at| at.utc() < day.bounds().1)).count();
        let picked = pick(hand.clone(), quota);
        let beyond = picked.entries.iter().filter(|it| it.listed == Listed::Promised).count();
        prop_assert_eq!(beyond, promised);
        prop_assert!(picked.entries.len() - beyond <= usize::try_from(quota).unwrap());
        prop_assert_eq!(picked.room, quota - i64::try_from(picked.entries.len() - beyond).unwrap());
        // Nobody stands on it twice, nothing is changed twice, and no two of the given slots overlap.
        let mut ids: Vec<_> = picked.changes.iter().map(|it| it.after.id).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), all);
        let given: Vec<_> = picked.entries.iter().filter(|it| !matches!(it.listed, Listed::Promised | Listed::Scheduled)).filter_map(|it| it.at).collect();
        for (place, one) in given.iter().enumerate() {
            prop_assert!(given.iter().skip(place + 1).all(|other| (one.utc() - other.utc()).abs() >= CALL));
        }
        // The same again makes the same.
        prop_assert_eq!(shown(&pick(hand, quota)), shown(&picked));
    }
}
