//! From a situation to a plan: formulated, solved, given times, explained.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta};

use super::balance::{self, Billing};
use super::graph::{Graph, cost};
use super::greedy;
use super::market::Places;
use super::model::{Model, POINT};
use super::reason::{self, LeftOut};
use super::situation::Situation;
use super::slots;
use super::solver::Simplex;
use crate::clock::Timestamp;

/// Steps of work after which the best plan so far is taken: about a minute of one core. By count, not by the clock, so that equal inputs give equal plans.
pub const LIMIT: u64 = 40_000_000_000;
/// A call of a plan. Executive and customer by their places in the situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    pub executive: usize,
    pub customer: usize,
    pub day: usize,
    pub starts_at: Timestamp,
    /// What it is worth by itself, in thousandths of a point.
    pub gain: i64,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// By day, executive and time.
    pub calls: Vec<Call>,
    /// By customer.
    pub left_out: Vec<(usize, LeftOut)>,
    /// In thousandths of a point.
    pub objective: i64,
    /// No plan is better than this.
    pub upper_bound: i64,
    /// What the greedy plan is worth.
    pub greedy: i64,
    /// How many calls each executive could have made at most.
    pub capacity: Vec<i64>,
    /// Arcs that the solver brought in.
    pub pivots: u64,
}

/// A plan's worth, by what each customer is given.
struct Worth<'m> {
    model: &'m Model,
    graph: &'m Graph,
    billing: Billing,
}

impl Worth<'_> {
    /// Billing by executive.
    fn loads(&self, placed: &[Option<u32>]) -> Vec<i64> {
        let mut loads = vec![0; self.model.weeks.len()];
        for (buyer, place) in self.model.buyers.iter().zip(placed) {
            if let Some(place) = place
                && let Some(load) = loads.get_mut(*place as usize / self.model.days.max(1))
            {
                *load += buyer.billing;
            }
        }
        loads
    }

    /// In thousandths of a point: all gains, less what numbers of calls and uneven billing cost.
    fn of(&self, placed: &[Option<u32>]) -> i64 {
        let (model, graph) = (self.model, self.graph);
        let days = model.days.max(1);
        let mut counts = (
            vec![0; graph.days.len()],
            vec![0; graph.weeks.len()],
            vec![0; graph.executives.len()],
        );
        let mut sum = 0;
        for (customer, place) in placed.iter().enumerate() {
            let Some(place) = place.map(|place| place as usize) else {
                continue;
            };
            sum += model.gain(customer, place / days, place % days).unwrap_or(0);
            let week = graph.week_of.get(place).copied().unwrap_or(0);
            for (counts, at) in [
                (&mut counts.0, place),
                (&mut counts.1, week),
                (&mut counts.2, place / days),
            ] {
                if let Some(count) = counts.get_mut(at) {
                    *count += 1;
                }
            }
        }
        for (bands, counts) in [
            (&graph.days, &counts.0),
            (&graph.weeks, &counts.1),
            (&graph.executives, &counts.2),
        ] {
            let costs = bands
                .iter()
                .zip(counts)
                .filter_map(|(bands, calls)| cost(bands, *calls));
            sum -= costs.sum::<i64>();
        }
        sum - self.billing.cost(&self.loads(placed))
    }
}

/// Calls that an executive has room for.
fn capacities(graph: &Graph) -> Vec<i64> {
    let all = |bands: &Vec<super::graph::Band>| bands.iter().map(|band| band.capacity).sum();
    graph.executives.iter().map(all).collect()
}

/// What places are worth in this situation, and those that are given one after the other: of these everybody's part of the billing is known.
fn weighed<'w>(situation: &Situation, model: &'w Model, graph: &'w Graph) -> (Worth<'w>, Vec<Option<u32>>) {
    let capacity = capacities(graph);
    let mut worth = Worth {
        model,
        graph,
        billing: Billing {
            parts: vec![0; capacity.len()],
            slope: situation.options.weights.balance_billing * POINT / 100,
        },
    };
    let by_hand = greedy::places(model, graph);
    // Each has their part of the billing, as of the calls.
    let all: i64 = worth.loads(&by_hand).iter().sum();
    let room: i64 = capacity.iter().sum::<i64>().max(1);
    worth.billing.parts = capacity.iter().map(|own| all * own / room).collect();
    (worth, by_hand)
}

/// The best plan there is for the situation, or the best one found until the work is up to the limit.
pub fn plan(situation: &Situation, limit: u64) -> Proposal {
    let model = situation.model();
    let graph = Graph::new(&model, &situation.options);
    let capacity = capacities(&graph);
    let (worth, by_hand) = weighed(situation, &model, &graph);
    let greedy = worth.of(&by_hand);
    let solved = solve(&worth, &by_hand, limit);
    let (placed, objective) = if solved.objective > greedy {
        (solved.placed, solved.objective)
    } else {
        (by_hand, greedy)
    };
    let calls = timed(situation, &model, &placed);
    let left_out = reason::left_out(situation, &model, &placed);
    Proposal {
        calls,
        left_out,
        objective,
        upper_bound: solved.bound.max(objective),
        greedy,
        capacity,
        pivots: solved.pivots,
    }
}

struct Solved {
    placed: Vec<Option<u32>>,
    objective: i64,
    bound: i64,
    pivots: u64,
}

/// Billing beyond an executive's part costs the more the more it is, which no network says. So the network is solved without it, beginning with
/// the plan made by hand, and billing is evened out afterwards. What no plan without that cost can beat, none with it can.
fn solve(worth: &Worth<'_>, by_hand: &[Option<u32>], limit: u64) -> Solved {
    let Worth { model, graph, billing } = worth;
    let market = Places { model, graph };
    let mut simplex = Simplex::new(&graph.network, &market, by_hand);
    let done = simplex.optimise(&market, limit);
    let mut placed = simplex.places();
    if done && billing.slope > 0 {
        let loads = worth.loads(&placed);
        placed = balance::even_out((model, graph), (loads, billing), &placed, limit);
    }
    Solved {
        objective: worth.of(&placed),
        placed,
        bound: simplex.bound(&market),
        pivots: simplex.pivots,
    }
}

/// Times within each day, by day, executive and time.
fn timed(situation: &Situation, model: &Model, placed: &[Option<u32>]) -> Vec<Call> {
    let mut by_day: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (customer, place) in placed.iter().enumerate() {
        if let Some(place) = place.map(|place| place as usize) {
            let days = model.days.max(1);
            by_day.entry((place % days, place / days)).or_default().push(customer);
        }
    }
    let mut calls = Vec::new();
    for ((day, executive), mut customers) in by_day {
        let Some(known) = model.calendar.get(executive * model.days + day) else {
            continue;
        };
        // Where it is late already, the day ends early.
        let date = situation.date(day);
        let noon = date.and_hms_opt(12, 0, 0).unwrap_or_default().and_utc();
        let clock = |customer: &usize| {
            let zone = situation.customers.get(*customer).map(|candidate| candidate.hours.zone);
            zone.map(|zone| crate::local_time::wall_clock(noon, zone))
        };
        customers.sort_by_key(|customer| (std::cmp::Reverse(clock(customer)), *customer));
        let ranges: Vec<_> = customers
            .iter()
            .filter_map(|customer| model.buyers.get(*customer))
            .map(|buyer| model.classes.slots(buyer.class, known))
            .collect();
        let slots = u32::try_from(known.slots.len()).unwrap_or(0);
        let given = slots::arrange(slots, &ranges).unwrap_or_default();
        let mut of_day: Vec<Call> = customers
            .into_iter()
            .zip(given)
            .filter_map(|(customer, slot)| {
                let starts = DateTime::from_timestamp(*known.slots.get(slot as usize)?, 0)?;
                Some(Call {
                    executive,
                    customer,
                    day,
                    starts_at: Timestamp::new(starts),
                    gain: model.gain(customer, executive, day)?,
                })
            })
            .collect();
        of_day.sort_by_key(|call| (call.starts_at, call.customer));
        calls.append(&mut of_day);
    }
    calls
}

/// When a call ends.
pub fn ends(call: &Call, situation: &Situation) -> Timestamp {
    call.starts_at.plus(TimeDelta::minutes(situation.options.call_minutes))
}

#[cfg(test)]
mod tests;
