//! What a plan hangs on: who could call, whom, on which days.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::options::PlanOptions;
use crate::clock::Timestamp;
use crate::features::absences::working_day::DayOff;
use crate::features::assignments::calling_hours::CallingHours;
use crate::features::customers::customer::CustomerId;
use crate::features::programs::daily_block::DailyBlock;
use crate::features::programs::program::Period;
use crate::id::UserId;

/// Somebody who places calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Executive {
    pub id: UserId,
    pub name: String,
    pub zone: Tz,
    pub block: DailyBlock,
    /// Calls to prepare in the period of each day of the plan; a week has that of its first day here.
    pub quotas: BTreeMap<NaiveDate, i64>,
    pub period: Period,
    /// Calls that they have in the program already, by day.
    pub taken: BTreeMap<NaiveDate, i64>,
    /// When calls begin that they have already, in whatever program, in order.
    pub busy: Vec<Timestamp>,
    /// The days of the plan on which they do not work, and why.
    pub off: BTreeMap<NaiveDate, DayOff>,
}

/// A place in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Which of the plan's segments, from 0.
    pub segment: usize,
    pub rank: i64,
    pub of: i64,
}

/// A customer who may be called.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub id: CustomerId,
    pub hours: CallingHours,
    /// Its first place among the segments; `None` where customers were named one by one.
    pub standing: Option<Standing>,
    pub account_manager: Option<UserId>,
    pub last_caller: Option<UserId>,
    /// The first day after the shortest gap.
    pub not_before: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub overdue_on: Option<NaiveDate>,
    /// In the currency's smallest unit.
    pub billing: i64,
    pub do_not_contact: bool,
    /// Somebody who has an open assignment of this customer.
    pub in_hand_of: Option<UserId>,
}

/// Everything that a plan hangs on.
#[derive(Debug, Clone, PartialEq)]
pub struct Situation {
    pub now: Timestamp,
    /// The first and the last day, on each executive's own calendar.
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// How many segments the customers come from.
    pub segments: usize,
    /// In the order of their ids.
    pub executives: Vec<Executive>,
    /// In the order of their ids.
    pub customers: Vec<Candidate>,
    pub options: PlanOptions,
}

impl Executive {
    /// Calls to prepare in the period of a day.
    pub fn quota(&self, day: NaiveDate) -> i64 {
        self.quotas.get(&day).copied().unwrap_or(0)
    }
}

impl Situation {
    /// How many days.
    pub fn days(&self) -> usize {
        usize::try_from((self.to - self.from).num_days() + 1).unwrap_or(0)
    }

    /// A day of the plan by its number.
    pub fn date(&self, day: usize) -> NaiveDate {
        self.from.iter_days().nth(day).unwrap_or(self.to)
    }

    /// How late a customer is, of 2: overdue, due, neither.
    pub fn lateness(&self, customer: &Candidate) -> i64 {
        let past = |day: Option<NaiveDate>| day.is_some_and(|day| day <= self.from);
        match (past(customer.overdue_on), past(customer.due_on)) {
            (true, _) => 2,
            (false, true) => 1,
            (false, false) => 0,
        }
    }
}
