//! Who kept the habit: when a quota is attained, a day kept, a streak broken.
//!
//! **A quota is attained** when so many different customers were spoken with as there were conversations to reach, or, where nobody
//! answers, when so many different customers were called as there were calls to prepare: whoever works the whole list and meets
//! machines has kept the habit. A conversation that was no call (an assignment completed by hand) counts as both.
//!
//! **A day is due** for an executive in a program when they work on it (no weekend, no public holiday, no absence), the program runs
//! (not before its start or after its end, and no day on which it was paused, whole or in part), and they have had a customer to call
//! in it: from the day of their first call there, or the day after they were first given a customer, whichever is earlier. Quotas are
//! as they stand now; with a ramp-up, as far as the program had grown to them.
//!
//! **With a daily quota** a due day is kept when its quota is attained, and missed when it is over without. **With a weekly quota** the
//! week from Monday to Sunday is the measure: all of its due days are kept when its quota is attained, and missed when it is over
//! without. Where holidays, absences, a pause, the start or the end take days from a week, its quota is as much smaller, rounded up. A
//! day or week that is not over and not attained yet is neither kept nor missed.
//!
//! **In several programs** a day is missed when it is missed in one of them, else open when it is open in one, else kept.
//!
//! **A streak** is a row of kept days; days that are not due do not break it and do not count, a missed one ends it. The current one is
//! that at the end of the days looked at. Calls on days that are not due count towards no day, but towards their week.

pub mod board;
mod facts;
pub mod report;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate};

use crate::features::customers::customer::CustomerId;
use crate::features::programs::program::Period;
use crate::features::programs::quota::Goal;

/// Working days without a call after which somebody has lapsed, where nothing is said.
pub const LAPSED: i64 = 5;

/// What a day is to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Works,
    /// A public holiday or an absence.
    Off,
    Weekend,
}

/// How a due day stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    Kept,
    /// Not over, and not attained yet.
    Open,
    Missed,
}

/// A customer called, or spoken with, on a day of the executive's own calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contact {
    pub day: NaiveDate,
    pub customer: CustomerId,
    pub reached: bool,
}

/// An executive's part in one program.
pub struct Part<'a> {
    pub period: Period,
    /// What is owed in the period of this day.
    pub goal: &'a dyn Fn(NaiveDate) -> Goal,
    /// Whether the program runs and the executive takes part in it, whether or not they work.
    pub runs: &'a dyn Fn(NaiveDate) -> bool,
    pub contacts: &'a [Contact],
}

/// The days that are looked at, both ends included, and the day it is.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub today: NaiveDate,
}

/// How one quota stood in one of its periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attainment {
    /// The first of its due days that were looked at.
    pub from: NaiveDate,
    /// The last of its due days that were looked at.
    pub to: NaiveDate,
    pub goal: Goal,
    /// Different customers called.
    pub called: i64,
    /// Different customers spoken with.
    pub reached: i64,
    pub kept: Kept,
}

/// How an executive's quota in one program stood, period by period, and what that makes of each due day.
pub fn attainments(
    part: &Part<'_>,
    standing: &dyn Fn(NaiveDate) -> Standing,
    span: Span,
) -> (Vec<Attainment>, BTreeMap<NaiveDate, Kept>) {
    let (mut all, mut days) = (Vec::new(), BTreeMap::new());
    let due = |day: NaiveDate| standing(day) == Standing::Works && (part.runs)(day);
    for period in periods(part.period, span) {
        let all_due: Vec<NaiveDate> = period.iter().copied().filter(|day| due(*day)).collect();
        let (Some(first), Some(end)) = (all_due.first(), period.last()) else {
            continue;
        };
        let looked_at = |day: &&NaiveDate| (span.from..=span.to).contains(*day) && **day <= span.today;
        let seen: Vec<NaiveDate> = all_due.iter().filter(looked_at).copied().collect();
        let (Some(from), Some(to)) = (seen.first(), seen.last()) else {
            continue;
        };
        let workdays = period.iter().filter(|day| standing(**day) != Standing::Weekend).count();
        let goal = (part.goal)(*first).scaled(count(all_due.len()), count(workdays));
        let (called, reached) = tally(part.contacts, &period);
        let kept = match goal.attained(called, reached) {
            true => Kept::Kept,
            false if *end >= span.today => Kept::Open,
            false => Kept::Missed,
        };
        all.push(Attainment {
            from: *from,
            to: *to,
            goal,
            called,
            reached,
            kept,
        });
        days.extend(seen.into_iter().map(|day| (day, kept)));
    }
    (all, days)
}

/// The days, or the weeks from Monday to Sunday, that the span touches.
fn periods(period: Period, span: Span) -> Vec<Vec<NaiveDate>> {
    let length = match period {
        Period::Day => 1,
        Period::Week => 7,
    };
    let back = match period {
        Period::Day => 0,
        Period::Week => span.from.weekday().num_days_from_monday(),
    };
    let mut first = span.from.checked_sub_days(Days::new(back.into())).unwrap_or(span.from);
    let mut periods = Vec::new();
    while first <= span.to.min(span.today) {
        periods.push(first.iter_days().take(length).collect());
        let Some(next) = first.checked_add_days(Days::new(u64::try_from(length).unwrap_or(1))) else {
            break;
        };
        first = next;
    }
    periods
}

fn tally(contacts: &[Contact], period: &[NaiveDate]) -> (i64, i64) {
    let within = contacts.iter().filter(|contact| period.contains(&contact.day));
    let called: BTreeSet<CustomerId> = within.clone().map(|contact| contact.customer).collect();
    let reached: BTreeSet<CustomerId> = within.filter(|it| it.reached).map(|it| it.customer).collect();
    (count(called.len()), count(reached.len()))
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

/// How each due day stands over all programs: as it stands where it stands worst.
pub fn together(parts: &[BTreeMap<NaiveDate, Kept>]) -> BTreeMap<NaiveDate, Kept> {
    let mut days: BTreeMap<NaiveDate, Kept> = BTreeMap::new();
    for (day, kept) in parts.iter().flatten() {
        let worst = days.entry(*day).or_insert(*kept);
        *worst = (*worst).max(*kept);
    }
    days
}

/// Rows of kept days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Streaks {
    pub current: i64,
    pub longest: i64,
    pub kept: i64,
    pub missed: i64,
}

/// The streaks in these days.
pub fn streaks(days: &BTreeMap<NaiveDate, Kept>) -> Streaks {
    let mut streaks = Streaks::default();
    for kept in days.values() {
        match kept {
            Kept::Kept => {
                streaks.kept += 1;
                streaks.current += 1;
                streaks.longest = streaks.longest.max(streaks.current);
            }
            Kept::Open => {}
            Kept::Missed => {
                streaks.missed += 1;
                streaks.current = 0;
            }
        }
    }
    streaks
}

/// How many due days are over since the last call: the day of the call and the present one do not count.
pub fn idle(days: &BTreeMap<NaiveDate, Kept>, last_call: Option<NaiveDate>, today: NaiveDate) -> i64 {
    let since = |day: &&NaiveDate| last_call.is_none_or(|last| **day > last) && **day < today;
    count(days.keys().filter(since).count())
}

#[cfg(test)]
mod tests;
