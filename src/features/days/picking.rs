//! What is on a day's list, in which order, and at which times.
//!
//! On the list come, in this order:
//! 1. calls that were promised for the day or earlier: always, and beyond the quota;
//! 2. calls that have a time on the day (a plan's, a retry's), by their time;
//! 3. retries whose time has passed;
//! 4. calls that are due on the day without a time (a plan's);
//! 5. what was left on days before, the oldest first;
//! 6. customers who wait in the executive's hands without a day, the most pressing first;
//! 7. new customers from the program's segments, in their order.
//!
//! All but the promised ones count towards the quota, and the list ends where it is full: what was left is moved on to the day, and never
//! piles up. What had its time or day on this one and has no room any more is moved on to the next working day.
//!
//! Retries have their times by the policy, so several may fall on one minute: all but one of these get another slot of the day, if there is one.
//! Times that were promised, planned or chosen stay.
//! A call without a time on the day gets the first free slot of twenty minutes within the executive's block and the customer's hours.
//! What is in hand already and fits no slot is listed without a time, where the customer can be called on that day at all. New customers
//! are taken only with a slot.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::call_list::{ListEntry, Listed};
use crate::clock::Timestamp;
use crate::features::assignments::assignment::{Assignment, AssignmentId};
use crate::features::assignments::calling_hours::CallingHours;
use crate::features::cadences::cadence::Effective;
use crate::features::programs::daily_block::DailyBlock;
use crate::journal::Change;
use crate::local_time;
use crate::refusal::Refusal;

/// How long a call takes.
const CALL: TimeDelta = TimeDelta::minutes(20);

/// The executive's day that a list is made for.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    pub date: NaiveDate,
    pub zone: Tz,
    /// The next working day after it.
    pub next: NaiveDate,
    pub now: Timestamp,
}

impl Day {
    fn instant(&self, date: NaiveDate) -> DateTime<Utc> {
        local_time::instant(date.and_time(NaiveTime::MIN), self.zone)
    }

    /// The first instant of the day, and the first one after it.
    pub fn bounds(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let tomorrow = self.date.succ_opt().unwrap_or(self.date);
        (self.instant(self.date), self.instant(tomorrow))
    }

    fn has(&self, at: Timestamp) -> bool {
        let (from, until) = self.bounds();
        (from..until).contains(&at.utc())
    }

    fn is_after(&self, at: Timestamp) -> bool {
        at.utc() < self.bounds().0
    }
}

/// The slots of a day that are taken: in all programs together, for nobody places two calls at once.
#[derive(Debug, Clone, Default)]
pub struct Taken(Vec<DateTime<Utc>>);

impl Taken {
    fn is_free(&self, at: DateTime<Utc>) -> bool {
        self.0.iter().all(|taken| (at - *taken).abs() >= CALL)
    }

    fn take(&mut self, at: DateTime<Utc>) {
        self.0.push(at);
    }

    /// Gives a slot back, and says whether another call stands in it still.
    fn give_up(&mut self, at: DateTime<Utc>) -> bool {
        if let Some(own) = self.0.iter().position(|taken| *taken == at) {
            self.0.swap_remove(own);
        }
        !self.is_free(at)
    }

    /// The first free slot of the block within these hours, and ahead.
    fn first(&self, block: DailyBlock, hours: &CallingHours, day: &Day) -> Option<DateTime<Utc>> {
        let (from, until) = block.stretch(day.date, day.zone)?;
        let slots = std::iter::successors(Some(from), |at| at.checked_add_signed(CALL));
        let mut slots = slots.take_while(|at| *at + CALL <= until || *at == from);
        slots.find(|at| *at > day.now.utc() && self.is_free(*at) && hours.window.contains(*at, hours.zone))
    }
}

/// An open call in the executive's hands.
#[derive(Debug, Clone)]
pub struct Held {
    pub assignment: Assignment,
    pub hours: CallingHours,
}

/// Why a call that is in hand comes on the day's list; `None` when it does not.
fn reason(assignment: &Assignment, day: &Day) -> Option<Listed> {
    let (_, ends) = day.bounds();
    if assignment.snoozed_until.is_some_and(|until| until.utc() >= ends) {
        return None;
    }
    match (
        assignment.callback_promised_at,
        assignment.scheduled_for,
        assignment.due_on,
    ) {
        (Some(at), _, _) => (at.utc() < ends).then_some(Listed::Promised),
        (None, Some(at), _) if day.has(at) => Some(Listed::Scheduled),
        (None, Some(at), _) if day.is_after(at) => Some(match assignment.attempts_made {
            0 => Listed::Missed,
            _ => Listed::Retry,
        }),
        // It has its time on a later day.
        (None, Some(_), _) => None,
        (None, None, Some(on)) if on == day.date => Some(Listed::Due),
        (None, None, Some(on)) if on < day.date => Some(Listed::Missed),
        (None, None, Some(_)) => None,
        (None, None, None) => Some(Listed::Waiting),
    }
}

/// Which of two comes first on the list.
fn order(held: &Held, why: Listed) -> impl Ord + use<> {
    let it = &held.assignment;
    let pressing = -it.priority.rank();
    let (at, on, pressing) = match why {
        Listed::Promised | Listed::Scheduled | Listed::Retry => (it.scheduled_for, None, 0),
        Listed::Missed => (None, it.due_on.or(it.scheduled_for.map(|at| at.date_naive())), pressing),
        Listed::Due | Listed::Waiting | Listed::New => (None, None, pressing),
    };
    (why, at, on, pressing, it.created_at, it.id)
}

/// What becomes of the calls in hand.
#[derive(Debug, Default)]
pub struct Picked {
    pub entries: Vec<ListEntry>,
    pub changes: Vec<Change<Assignment>>,
    /// What had its place on the day and has no room any more.
    pub moved_on: Vec<AssignmentId>,
    /// So many more customers may be called.
    pub room: i64,
}

/// Whether this call has its time on the day already and keeps it; its slot is taken for all programs.
pub fn fixed(held: &[Held], day: &Day) -> Taken {
    let times = held.iter().filter(|held| reason(&held.assignment, day).is_some());
    let times = times.filter_map(|held| held.assignment.scheduled_for.filter(|at| day.has(*at)));
    Taken(times.map(Timestamp::utc).collect())
}

/// Decides of what an executive holds in one program what comes on the list: as much as the quota takes, and what was promised.
///
/// # Errors
/// When one of them is closed, which none is.
pub fn of_hand(
    held: Vec<Held>,
    day: &Day,
    quota: i64,
    block: DailyBlock,
    taken: &mut Taken,
) -> Result<Picked, Refusal> {
    let mut held: Vec<(Held, Listed)> = held
        .into_iter()
        .filter_map(|held| {
            let why = reason(&held.assignment, day)?;
            Some((held, why))
        })
        .collect();
    held.sort_by_cached_key(|(held, why)| order(held, *why));
    let mut picked = Picked {
        room: quota.max(0),
        ..Picked::default()
    };
    for (held, why) in held {
        let beyond = why == Listed::Promised;
        let placed = placed(&held, why, day, block, taken);
        let (assignment, entry) = match placed {
            Some(at) if beyond || picked.room > 0 => {
                let entry = ListEntry::new(&held.assignment, at, why);
                (held.assignment, Some((at, entry)))
            }
            Some(_) | None => (held.assignment, None),
        };
        match entry {
            Some((at, entry)) => {
                if let Some(at) = at {
                    taken.take(at.utc());
                }
                picked.room -= i64::from(!beyond);
                picked.entries.push(entry);
                picked.changes.push(assignment.list(day.date, at)?);
            }
            None if matches!(why, Listed::Scheduled | Listed::Due) => {
                picked.moved_on.push(assignment.id);
                picked.changes.push(assignment.move_on(day.next)?);
            }
            None => {}
        }
    }
    Ok(picked)
}

/// At what time a call is listed: `Some(None)` is without one, `None` not at all.
fn placed(held: &Held, why: Listed, day: &Day, block: DailyBlock, taken: &mut Taken) -> Option<Option<Timestamp>> {
    let own = held.assignment.scheduled_for;
    match why {
        Listed::Scheduled if held.assignment.attempts_made > 0 => {
            let crowded = own.is_some_and(|at| taken.give_up(at.utc()));
            let other = taken.first(block, &held.hours, day).filter(|_| crowded);
            Some(other.map(Timestamp::new).or(own))
        }
        Listed::Promised | Listed::Scheduled => Some(own),
        Listed::Retry | Listed::Due | Listed::Missed | Listed::Waiting | Listed::New => {
            let slot = taken.first(block, &held.hours, day).map(Timestamp::new);
            (slot.is_some() || why == Listed::Due || can_be_called(&held.hours, day)).then_some(slot)
        }
    }
}

/// Whether the customer can be called at all on this day of the executive's.
fn can_be_called(hours: &CallingHours, day: &Day) -> bool {
    let (from, until) = day.bounds();
    hours.window.next_opening(from, hours.zone) < until
}

/// A slot for a new customer.
pub fn slot(hours: &CallingHours, day: &Day, block: DailyBlock, taken: &mut Taken) -> Option<Timestamp> {
    let at = taken.first(block, hours, day)?;
    taken.take(at);
    Some(Timestamp::new(at))
}

/// How many retries are due in the hand: a weekly quota gives way to them, for they are customers whom it has counted already.
pub fn retries(held: &[Held], day: &Day) -> i64 {
    let again = |held: &&Held| {
        let why = reason(&held.assignment, day);
        held.assignment.attempts_made > 0 && matches!(why, Some(Listed::Scheduled | Listed::Retry))
    };
    i64::try_from(held.iter().filter(again).count()).unwrap_or(i64::MAX)
}

/// So much of the ideal gap must have passed since somebody spoke with a customer, or tried to in vain: as planning has it.
const SHORTEST_GAP_PERCENT: i64 = 50;

/// Whether nobody has called this customer too lately: `last` is the last conversation, or the last call that came to nothing.
pub fn has_rested(cadence: &Effective, last: Option<Timestamp>, day: NaiveDate) -> bool {
    let gap = cadence.ideal_days.min(cadence.longest_days) * SHORTEST_GAP_PERCENT / 100;
    last.is_none_or(|at| (day - at.date_naive()).num_days() >= gap)
}

#[cfg(test)]
mod tests;
