//! Customers of equal calling hours, and the slots of each executive's day that lie within them.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::model::{Day, POINT};
use super::options::Strictness;
use super::situation::Situation;
use crate::features::assignments::calling_hours::CallingHours;

/// Slots that lie next to each other: the first, and the first after them.
pub type Range = (u32, u32);

/// No call is possible.
const CLOSED: i64 = i64::MAX;

/// Customers of equal calling hours, together.
#[derive(Debug, Clone)]
pub struct Classes {
    pub hours: Vec<CallingHours>,
    /// By class: when calls may be placed, first and last instant in seconds, in order.
    stretches: Vec<Vec<(i64, i64)>>,
    /// By class, then by executive and day: what a call costs there, or `CLOSED`.
    cells: Vec<i64>,
    width: usize,
    length: i64,
    strictness: Strictness,
}

type Key = (String, Vec<u8>, chrono::NaiveTime, chrono::NaiveTime);

fn key(hours: &CallingHours) -> Key {
    let weekdays = hours.window.weekdays().map(|day| day as u8).collect();
    (
        hours.zone.name().to_owned(),
        weekdays,
        hours.window.opens(),
        hours.window.closes(),
    )
}

impl Classes {
    /// The classes, and which one each customer is in.
    pub fn new(situation: &Situation, calendar: &[Day]) -> (Self, Vec<usize>) {
        let (mut known, mut hours, mut class_of) = (BTreeMap::new(), Vec::new(), Vec::new());
        for customer in &situation.customers {
            let class = *known.entry(key(&customer.hours)).or_insert_with(|| {
                hours.push(customer.hours);
                hours.len() - 1
            });
            class_of.push(class);
        }
        let stretches = hours
            .iter()
            .map(|hours| stretches(hours, situation.from, situation.to))
            .collect();
        let mut classes = Self {
            hours,
            stretches,
            cells: Vec::new(),
            width: calendar.len(),
            length: situation.options.call_minutes * 60,
            strictness: situation.options.rules.calling_window,
        };
        let broken = situation.options.weights.broken_rule * POINT;
        classes.cells = (0..classes.hours.len())
            .flat_map(|class| calendar.iter().map(move |day| (class, day)))
            .map(|(class, day)| {
                if day.capacity + day.beyond == 0 {
                    return CLOSED;
                }
                let within = classes.within(class, day).next().is_some();
                match (classes.strictness, within) {
                    (Strictness::Hard | Strictness::Soft, true) | (Strictness::Off, _) => day.penalty,
                    (Strictness::Soft, false) => day.penalty + broken,
                    (Strictness::Hard, false) => CLOSED,
                }
            })
            .collect();
        (classes, class_of)
    }

    /// What a call costs a class on an executive's day; `None` where there can be none.
    pub fn cell(&self, class: usize, place: usize) -> Option<i64> {
        let cell = self.cells.get(class * self.width + place).copied();
        cell.filter(|cell| *cell != CLOSED)
    }

    /// All cells of a class.
    pub fn row(&self, class: usize) -> &[i64] {
        self.cells
            .get(class * self.width..(class + 1) * self.width)
            .unwrap_or_default()
    }

    /// Whether this cell can take no call.
    pub fn is_closed(cell: i64) -> bool {
        cell == CLOSED
    }

    /// The slots of a day that lie within a class's hours.
    fn within<'s>(&'s self, class: usize, day: &'s Day) -> impl Iterator<Item = Range> + 's {
        let (first, last) = (day.slots.first().copied(), day.slots.last().copied());
        let stretches = self.stretches.get(class).map(Vec::as_slice).unwrap_or_default();
        let begin = stretches.partition_point(|(_, until)| first.is_none_or(|first| *until <= first));
        let near = stretches.get(begin..).unwrap_or_default().iter();
        let near = near.take_while(move |(from, _)| last.is_some_and(|last| *from <= last));
        near.filter_map(|(from, until)| {
            let one = day.slots.partition_point(|start| start < from);
            let other = day.slots.partition_point(|start| start + self.length <= *until);
            let number = |at| u32::try_from(at).unwrap_or(u32::MAX);
            (one < other).then(|| (number(one), number(other)))
        })
    }

    /// The slots of a day at which a customer of this class may be called: within its hours where there are any, else all, where that is allowed.
    pub fn slots(&self, class: usize, day: &Day) -> Vec<Range> {
        let within: Vec<Range> = self.within(class, day).collect();
        let all = || vec![(0, u32::try_from(day.slots.len()).unwrap_or(u32::MAX))];
        match self.strictness {
            Strictness::Hard => within,
            Strictness::Soft if within.is_empty() => all(),
            Strictness::Soft => within,
            Strictness::Off => all(),
        }
    }

    /// How many different calling hours there are.
    pub fn count(&self) -> usize {
        self.hours.len()
    }
}

/// When a customer may be called around these days, on its own clock.
fn stretches(hours: &CallingHours, from: NaiveDate, to: NaiveDate) -> Vec<(i64, i64)> {
    let first = from.checked_sub_days(Days::new(2)).unwrap_or(from);
    let last = to.checked_add_days(Days::new(2)).unwrap_or(to);
    let seconds = |(from, until): (DateTime<Utc>, DateTime<Utc>)| (from.timestamp(), until.timestamp());
    first
        .iter_days()
        .take_while(|day| *day <= last)
        .filter_map(|day| hours.window.stretch(day, hours.zone).map(seconds))
        .collect()
}
