//! Weeks that were worked out by hand. 2 March 2026 is a Monday.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn day(text: &str) -> NaiveDate {
    format!("2026-03-{text}").parse().unwrap()
}

/// Saturdays and Sundays are weekends; these days are holidays or absences.
fn calendar(off: &[&str]) -> impl Fn(NaiveDate) -> Standing + use<> {
    let off: Vec<NaiveDate> = off.iter().map(|it| day(it)).collect();
    move |date| match date.weekday().number_from_monday() {
        6 | 7 => Standing::Weekend,
        _ if off.contains(&date) => Standing::Off,
        _ => Standing::Works,
    }
}

/// `02 a!`: customer a spoken with on the 2nd; without `!` only called.
fn contacts(said: &[&str]) -> Vec<Contact> {
    let contact = |said: &&str| {
        let (on, who) = said.split_once(' ').unwrap();
        Contact {
            day: day(on),
            customer: CustomerId(Uuid::from_u128(who.as_bytes()[0].into())),
            reached: who.ends_with('!'),
        }
    };
    said.iter().map(contact).collect()
}

fn span(from: &str, to: &str, today: &str) -> Span {
    Span {
        from: day(from),
        to: day(to),
        today: day(today),
    }
}

fn looked_at(
    period: Period,
    (calls, conversations): (i64, i64),
    said: &[&str],
    off: &[&str],
    span: Span,
) -> (Vec<Attainment>, BTreeMap<NaiveDate, Kept>) {
    let part = Part {
        period,
        goal: &|_| Goal { calls, conversations },
        runs: &|_| true,
        contacts: &contacts(said),
    };
    attainments(&part, &calendar(off), span)
}

fn letters(days: &BTreeMap<NaiveDate, Kept>) -> String {
    let letter = |kept: &Kept| match kept {
        Kept::Kept => 'k',
        Kept::Open => 'o',
        Kept::Missed => 'm',
    };
    days.values().map(letter).collect()
}

#[test]
fn a_day_is_kept_by_conversations_or_by_the_whole_list() {
    // Five to call, two to reach. Monday: two reached. Tuesday: five machines. Wednesday: one reached, four called.
    // Thursday: the same customer twice is one. Friday: nothing.
    let said = [
        "02 a!", "02 b!", "03 a", "03 b", "03 c", "03 d", "03 e", "04 a!", "04 b", "04 c", "04 d", "05 a!", "05 a!",
    ];
    let (all, days) = looked_at(Period::Day, (5, 2), &said, &[], span("02", "08", "09"));
    assert_eq!(letters(&days), "kkmmm");
    assert_eq!((all[2].called, all[2].reached, all[2].kept), (4, 1, Kept::Missed));
    let expected = Streaks {
        current: 0,
        longest: 2,
        kept: 2,
        missed: 3,
    };
    assert_eq!(streaks(&days), expected);
}

#[test]
fn holidays_absences_and_weekends_neither_break_a_streak_nor_count() {
    // Kept on Monday, Thursday (Tuesday and Wednesday off), Friday, and the next Monday.
    let said = ["02 a!", "05 a!", "06 a!", "09 a!"];
    let (_, days) = looked_at(Period::Day, (1, 1), &said, &["03", "04"], span("02", "09", "09"));
    assert_eq!(letters(&days), "kkkk");
    assert_eq!((streaks(&days).current, streaks(&days).longest), (4, 4));
    // Who calls on a day off has not kept another day.
    let (_, days) = looked_at(
        Period::Day,
        (1, 1),
        &["03 a!", "07 b!"],
        &["03"],
        span("02", "08", "09"),
    );
    assert_eq!(letters(&days), "mmmm");
}

#[test]
fn today_is_open_until_it_is_kept_and_tomorrow_is_not_looked_at() {
    let (_, days) = looked_at(Period::Day, (1, 1), &["02 a!"], &[], span("02", "06", "03"));
    assert_eq!(letters(&days), "ko");
    assert_eq!(streaks(&days).current, 1);
    let (_, days) = looked_at(Period::Day, (1, 1), &["02 a!", "03 a!"], &[], span("02", "06", "03"));
    assert_eq!((letters(&days).as_str(), streaks(&days).current), ("kk", 2));
}

#[test]
fn a_week_is_kept_as_a_whole() {
    // Two a week: the first week is attained on Saturday, the second is not, the third still runs.
    let said = ["03 a!", "07 b!", "10 a!"];
    let (all, days) = looked_at(Period::Week, (5, 2), &said, &[], span("02", "22", "18"));
    assert_eq!(letters(&days), "kkkkkmmmmmooo");
    assert_eq!(all.len(), 3);
    assert_eq!((all[0].from, all[0].to, all[0].reached), (day("02"), day("06"), 2));
    let expected = Streaks {
        current: 0,
        longest: 5,
        kept: 5,
        missed: 5,
    };
    assert_eq!(streaks(&days), expected);
}

#[test]
fn a_short_week_owes_less_and_is_measured_whole_where_the_report_cuts_it() {
    // Five a week; Monday to Wednesday off: two of five days owe two calls.
    let (all, days) = looked_at(
        Period::Week,
        (5, 5),
        &["05 a", "06 b"],
        &["02", "03", "04"],
        span("02", "08", "09"),
    );
    assert_eq!(
        (all[0].goal, letters(&days).as_str()),
        (
            Goal {
                calls: 2,
                conversations: 2
            },
            "kk"
        )
    );
    // The report begins on Thursday; what was done on Monday counts towards the week.
    let (all, days) = looked_at(Period::Week, (2, 2), &["02 a", "03 b"], &[], span("05", "08", "09"));
    assert_eq!((all[0].called, letters(&days).as_str()), (2, "kk"));
    // A week off is no week at all.
    let off = ["02", "03", "04", "05", "06"];
    let (all, days) = looked_at(Period::Week, (2, 2), &[], &off, span("02", "08", "09"));
    assert!(all.is_empty() && days.is_empty());
}

#[test]
fn a_day_stands_as_in_the_program_where_it_stands_worst() {
    let daily = looked_at(
        Period::Day,
        (1, 1),
        &["02 a!", "03 a!", "05 a!"],
        &[],
        span("02", "06", "05"),
    )
    .1;
    let weekly = looked_at(Period::Week, (2, 2), &["02 a!"], &[], span("02", "06", "05")).1;
    assert_eq!((letters(&daily).as_str(), letters(&weekly).as_str()), ("kkmk", "oooo"));
    assert_eq!(letters(&together(&[daily, weekly])), "oomo");
    assert!(together(&[]).is_empty());
}

#[test]
fn idle_days_are_due_ones_that_are_over_since_the_last_call() {
    let (_, days) = looked_at(Period::Day, (1, 1), &[], &["04"], span("02", "31", "11"));
    // Called on Tuesday the 3rd: Thursday, Friday, Monday and Tuesday are over.
    assert_eq!(idle(&days, Some(day("03")), day("11")), 4);
    assert_eq!(idle(&days, None, day("11")), 6);
    assert_eq!(idle(&days, Some(day("11")), day("11")), 0);
}

proptest! {
    #[test]
    fn what_is_kept_and_missed_is_what_was_due_and_over(
        calls in proptest::collection::vec((1_u32..29, 0_u128..4, any::<bool>()), 0..40),
        goal in (1_i64..4, 1_i64..3), weekly in any::<bool>(), today in 1_u32..29,
    ) {
        let date = |of: u32| NaiveDate::from_ymd_opt(2026, 3, of).unwrap();
        let contacts: Vec<Contact> = calls.iter().map(|(on, who, reached)| Contact {
            day: date(*on), customer: CustomerId(Uuid::from_u128(*who)), reached: *reached,
        }).collect();
        let part = Part {
            period: if weekly { Period::Week } else { Period::Day },
            goal: &|_| Goal { calls: goal.0, conversations: goal.1 }, runs: &|_| true, contacts: &contacts,
        };
        let standing = calendar(&[]);
        let span = Span { from: date(1), to: date(28), today: date(today) };
        let (all, days) = attainments(&part, &standing, span);
        let due = (1..=today).filter(|it| standing(date(*it)) == Standing::Works).count();
        prop_assert_eq!(days.len(), due);
        let streaks = streaks(&days);
        prop_assert!(streaks.current <= streaks.longest && streaks.longest <= streaks.kept);
        prop_assert!(streaks.kept + streaks.missed <= count(days.len()));
        for it in all {
            prop_assert!(it.reached <= it.called);
            prop_assert_eq!(it.kept == Kept::Kept, it.goal.attained(it.called, it.reached));
        }
    }
}
