//! What a plan is made of: who could call whom when, and what each such call is worth.
//!
//! Worth is counted in thousandths of a point, in whole numbers.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::classes::Classes;
use super::options::{Relationship, Strictness};
use super::situation::{Candidate, Executive, Situation, Standing};
use crate::clock::Timestamp;
use crate::features::programs::program::Period;
use crate::id::UserId;

/// One point.
pub const POINT: i64 = 1_000;
/// What it is worth to call any customer at all.
const ANY_CALL: i64 = 100 * POINT;
/// What a customer of average billing counts, and what one counts at most, when billing is balanced.
const AVERAGE: i64 = 100;
const AT_MOST: i64 = 300;

/// An executive's day: when calls may begin, and how many there may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Day {
    /// When a call could begin, in order, in seconds.
    pub slots: Vec<i64>,
    /// Calls within the quota's and the day's own limit; for a quota of a week, the day's alone.
    pub capacity: i64,
    /// Calls beyond the quota, where that is soft.
    pub beyond: i64,
    /// What each call costs on this day, where executives may be called to work on days off.
    pub penalty: i64,
}

/// What is known of one customer in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buyer {
    /// Which of the classes of calling hours.
    pub class: usize,
    pub worth: i64,
    /// Less each day.
    pub decay: i64,
    /// Before this day the shortest gap has not passed.
    pub first: usize,
    /// What a call before it costs; `None` where there may be none.
    pub early: Option<i64>,
    /// The executive that something special holds for, by their place, and what their calls are worth more; `None`: they may not.
    pub special: [(usize, Option<i64>); 2],
    /// Nobody but them.
    pub only: Option<usize>,
    pub billing: i64,
    /// Not to be planned at all.
    pub barred: bool,
}

/// No executive.
pub const NOBODY: usize = usize::MAX;

/// The situation in numbers.
#[derive(Debug, Clone)]
pub struct Model {
    pub days: usize,
    /// By executive, then by day.
    pub calendar: Vec<Day>,
    pub buyers: Vec<Buyer>,
    pub classes: Classes,
    /// By class, then by executive: what the way between the zones costs.
    pub distance: Vec<i64>,
    /// By executive and week: first and last day of it here, and how many calls there may be within and beyond the quota.
    pub weeks: Vec<Vec<Week>>,
}

/// An executive's week: its days in the plan, and how many calls there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    pub first: usize,
    pub last: usize,
    pub capacity: i64,
    pub beyond: i64,
}

impl Situation {
    /// In numbers.
    pub fn model(&self) -> Model {
        let days = self.days();
        let dates: Vec<NaiveDate> = (0..days).map(|day| self.date(day)).collect();
        let mut calendar = Vec::with_capacity(self.executives.len() * days);
        let mut weeks = Vec::with_capacity(self.executives.len());
        for executive in &self.executives {
            let mut own: Vec<Day> = dates.iter().map(|date| self.day(executive, *date)).collect();
            let of_weeks = self.weeks(executive, &own);
            for week in of_weeks.iter().filter(|week| week.capacity + week.beyond == 0) {
                for day in own.iter_mut().take(week.last + 1).skip(week.first) {
                    (day.capacity, day.beyond) = (0, 0);
                }
            }
            calendar.append(&mut own);
            weeks.push(of_weeks);
        }
        let (classes, class_of) = Classes::new(self, &calendar);
        let positive: Vec<i64> = self.customers.iter().map(|c| c.billing).filter(|b| *b > 0).collect();
        let total: i128 = positive.iter().map(|billing| i128::from(*billing)).sum();
        let mean = total / i128::try_from(positive.len().max(1)).unwrap_or(1);
        let places: BTreeMap<UserId, usize> = self.executives.iter().enumerate().map(|(at, e)| (e.id, at)).collect();
        let buyers = self
            .customers
            .iter()
            .zip(class_of)
            .map(|(customer, class)| self.buyer(customer, class, mean.max(1), &places))
            .collect();
        let distance = classes
            .hours
            .iter()
            .flat_map(|hours| {
                self.executives
                    .iter()
                    .map(|executive| self.distance(hours.zone, executive.zone))
            })
            .collect();
        Model {
            days,
            calendar,
            buyers,
            classes,
            distance,
            weeks,
        }
    }

    /// When calls could begin on an executive's day, and how many there may be.
    fn day(&self, executive: &Executive, date: NaiveDate) -> Day {
        let options = &self.options;
        let off = executive.off.contains_key(&date);
        let penalty = match options.rules.working_days {
            Strictness::Hard if off => return Day::default(),
            Strictness::Soft if off => options.weights.broken_rule * POINT,
            Strictness::Hard | Strictness::Soft | Strictness::Off => 0,
        };
        let Some((from, until)) = executive.block.stretch(date, executive.zone) else {
            return Day::default();
        };
        let length = options.call_minutes * 60;
        let busy = |start: i64| {
            let near = |at: &Timestamp| (at.timestamp() - start).abs() < length;
            executive.busy.iter().any(near)
        };
        let count = (until.timestamp() - from.timestamp()) / length;
        let slots: Vec<i64> = (0..count)
            .map(|slot| from.timestamp() + slot * length)
            .filter(|start| *start > self.now.timestamp() && !busy(*start))
            .collect();
        let taken = executive.taken.get(&date).copied().unwrap_or(0);
        let most = options.most_calls_a_day.map_or(i64::MAX, |most| (most - taken).max(0));
        let room = i64::try_from(slots.len()).unwrap_or(i64::MAX).min(most);
        let within = match executive.period {
            Period::Day => (executive.quota(date) - taken).clamp(0, room),
            Period::Week => room,
        };
        let (capacity, beyond) = match options.rules.quota {
            Strictness::Hard => (within, 0),
            Strictness::Soft => (within, room - within),
            Strictness::Off => (room, 0),
        };
        Day {
            slots,
            capacity,
            beyond,
            penalty,
        }
    }

    fn weeks(&self, executive: &Executive, days: &[Day]) -> Vec<Week> {
        let mut weeks: Vec<Week> = Vec::new();
        let mut last = None;
        for (day, known) in days.iter().enumerate() {
            let date = self.date(day);
            let week = date.iso_week();
            let room = known.capacity + known.beyond;
            if last == Some(week) {
                if let Some(week) = weeks.last_mut() {
                    week.last = day;
                    week.beyond += room;
                }
            } else {
                last = Some(week);
                let taken = executive.taken.iter().filter(|(day, _)| day.iso_week() == week);
                let taken: i64 = taken.map(|(_, calls)| calls).sum();
                weeks.push(Week {
                    first: day,
                    last: day,
                    capacity: (executive.quota(date) - taken).max(0),
                    beyond: room,
                });
            }
        }
        for week in &mut weeks {
            // `beyond` is what the days have room for, until here.
            let room = week.beyond;
            let within = match (executive.period, self.options.rules.quota) {
                (Period::Week, Strictness::Hard | Strictness::Soft) => week.capacity.min(room),
                (Period::Day, _) | (Period::Week, Strictness::Off) => room,
            };
            week.capacity = within;
            week.beyond = match self.options.rules.quota {
                Strictness::Hard | Strictness::Off => 0,
                Strictness::Soft => room - within,
            };
        }
        weeks
    }

    fn distance(&self, one: Tz, other: Tz) -> i64 {
        let noon = self.from.and_hms_opt(12, 0, 0).unwrap_or_default().and_utc();
        let clock = |zone| crate::local_time::wall_clock(noon, zone);
        let apart: TimeDelta = clock(one) - clock(other);
        self.options.weights.zones * POINT * apart.num_minutes().abs() / (12 * 60)
    }

    fn buyer(&self, customer: &Candidate, class: usize, mean: i128, places: &BTreeMap<UserId, usize>) -> Buyer {
        let (options, weights) = (&self.options, &self.options.weights);
        let rules = &options.rules;
        let segment = match customer.standing {
            Some(Standing { segment, rank, of }) => {
                let (all, segment) = (self.segments.max(1) as i128, segment as i128);
                let of = i128::from(of.max(1));
                let part = (all - segment) * of - i128::from(rank - 1);
                i64::try_from(i128::from(weights.segment * POINT) * part / (all * of)).unwrap_or(0)
            }
            None => weights.segment * POINT,
        };
        let lateness = self.lateness(customer);
        let (late, not_due) = match rules.overdue_first {
            Strictness::Soft => (weights.overdue * POINT * lateness / 2, false),
            Strictness::Hard => (weights.overdue * POINT * lateness / 2, lateness == 0),
            Strictness::Off => (0, false),
        };
        let days = i64::try_from(self.days()).unwrap_or(1).max(1);
        let gap = |day: NaiveDate| usize::try_from((day - self.from).num_days()).unwrap_or(0);
        let broken = weights.broken_rule * POINT;
        let (first, early) = match rules.shortest_gap {
            Strictness::Hard => (customer.not_before.map_or(0, gap), None),
            Strictness::Soft => (customer.not_before.map_or(0, gap), Some(broken)),
            Strictness::Off => (0, Some(0)),
        };
        let place = |user: Option<UserId>| user.and_then(|user| places.get(&user)).copied();
        let last = place(customer.last_caller);
        let manager = place(customer.account_manager);
        let as_manager = match rules.account_manager {
            Strictness::Hard => None,
            Strictness::Soft => Some(-broken),
            Strictness::Off => Some(0),
        };
        let again = match (rules.relationship, options.relationship) {
            (Strictness::Off, _) => Some(0),
            (Strictness::Soft | Strictness::Hard, Relationship::Keep) => Some(weights.relationship * POINT),
            (Strictness::Soft, Relationship::Rotate) => Some(-weights.relationship * POINT),
            (Strictness::Hard, Relationship::Rotate) => None,
        };
        let only = match (rules.relationship, options.relationship) {
            (Strictness::Hard, Relationship::Keep) => last,
            (Strictness::Hard | Strictness::Soft | Strictness::Off, _) => None,
        };
        let billing = i128::from(AVERAGE) * i128::from(customer.billing.max(0)) / mean;
        Buyer {
            class,
            worth: ANY_CALL + segment + late,
            decay: late / days,
            first,
            early,
            special: [(manager.unwrap_or(NOBODY), as_manager), (last.unwrap_or(NOBODY), again)],
            only,
            billing: i64::try_from(billing).unwrap_or(AT_MOST).min(AT_MOST),
            barred: customer.do_not_contact || customer.in_hand_of.is_some() || not_due,
        }
    }
}

impl Buyer {
    /// What it is worth more, or less, that this executive calls; `None` when they may not.
    pub fn with(&self, executive: usize) -> Option<i64> {
        if self.barred || self.only.is_some_and(|only| only != executive) {
            return None;
        }
        let mut more = 0;
        for (special, worth) in self.special {
            if special == executive {
                more += worth?;
            }
        }
        Some(more)
    }
}

impl Model {
    /// What a call is worth, before anything that hangs on other calls; `None` when it is not allowed.
    pub fn gain(&self, customer: usize, executive: usize, day: usize) -> Option<i64> {
        let buyer = self.buyers.get(customer)?;
        let executives = self.weeks.len();
        let cell = self.classes.cell(buyer.class, executive * self.days + day)?;
        let distance = self.distance.get(buyer.class * executives + executive)?;
        let early = if day < buyer.first { buyer.early? } else { 0 };
        let late = buyer.decay * i64::try_from(day).unwrap_or(0);
        Some(buyer.worth + buyer.with(executive)? - distance - late - early - cell)
    }
}
