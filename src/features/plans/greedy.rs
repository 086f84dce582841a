//! The plan that a careful person would make by hand: whoever is worth most first, each where it is best by then.
//!
//! It is what the solver is measured against, and what stands when the solver is stopped before it is better.

use super::classes::Range;
use super::graph::{Graph, next_cost};
use super::market::Places;
use super::model::Model;
use super::slots;
use super::solver::{Market, OUT};

/// No price is as high.
const FULL: i64 = i64::MAX / 4;

/// How many calls there are so far, and what one more costs.
struct Counts<'g> {
    graph: &'g Graph,
    days: Vec<i64>,
    weeks: Vec<i64>,
    executives: Vec<i64>,
    prices: Vec<i64>,
}

fn bump(counts: &mut [i64], at: usize) {
    if let Some(count) = counts.get_mut(at) {
        *count += 1;
    }
}

impl Counts<'_> {
    fn price(&self, place: usize, executive: usize) -> i64 {
        let graph = self.graph;
        let week = graph.week_of.get(place).copied().unwrap_or(0);
        let next = |bands: &[Vec<super::graph::Band>], counts: &[i64], at: usize| {
            next_cost(bands.get(at)?, counts.get(at).copied()?)
        };
        let day = next(&graph.days, &self.days, place);
        let week = next(&graph.weeks, &self.weeks, week);
        let executive = next(&graph.executives, &self.executives, executive);
        match (day, week, executive) {
            (Some(day), Some(week), Some(executive)) => day + week + executive,
            _ => FULL,
        }
    }

    fn reprice(&mut self, executive: usize, days: usize) {
        for place in executive * days..(executive + 1) * days {
            let price = self.price(place, executive);
            for node in self.graph.ways.get(place).into_iter().flatten() {
                if let Some(known) = self.prices.get_mut(*node as usize) {
                    *known = price;
                }
            }
        }
    }
}

/// Where each customer is placed.
pub fn places(model: &Model, graph: &Graph) -> Vec<Option<u32>> {
    let executives = model.weeks.len();
    let market = Places { model, graph };
    let mut counts = Counts {
        graph,
        days: vec![0; model.calendar.len()],
        weeks: vec![0; graph.weeks.len()],
        executives: vec![0; executives],
        prices: vec![0; graph.network.nodes],
    };
    for executive in 0..executives {
        counts.reprice(executive, model.days);
    }
    let mut order: Vec<usize> = (0..model.buyers.len()).collect();
    order.sort_by_key(|customer| model.buyers.get(*customer).map(|buyer| -buyer.worth));
    let mut placed = vec![None; model.buyers.len()];
    // Where slots are scarce: those of the calls that are there.
    let mut held: std::collections::BTreeMap<usize, Vec<Vec<Range>>> = std::collections::BTreeMap::new();
    for customer in order {
        let mut without = Vec::new();
        loop {
            let offer = market.best(customer, &counts.prices);
            if offer.place == OUT {
                break;
            }
            let price = counts.prices.get(offer.node as usize).copied().unwrap_or(FULL);
            let place = offer.place as usize;
            let (Some(buyer), Some(day)) = (model.buyers.get(customer), model.calendar.get(place)) else {
                break;
            };
            if graph.is_scarce(place) {
                let calls = held.entry(place).or_default();
                calls.push(model.classes.slots(buyer.class, day));
                if slots::arrange(u32::try_from(day.slots.len()).unwrap_or(0), calls).is_none() {
                    calls.pop();
                    without.push((offer.node, price));
                    if let Some(price) = counts.prices.get_mut(offer.node as usize) {
                        *price = FULL;
                    }
                    continue;
                }
            }
            if let Some(own) = placed.get_mut(customer) {
                *own = Some(offer.place);
            }
            let executive = place / model.days.max(1);
            bump(&mut counts.days, place);
            bump(&mut counts.weeks, graph.week_of.get(place).copied().unwrap_or(0));
            bump(&mut counts.executives, executive);
            for (node, price) in without.drain(..) {
                if let Some(known) = counts.prices.get_mut(node as usize) {
                    *known = price;
                }
            }
            counts.reprice(executive, model.days);
            break;
        }
        for (node, price) in without {
            if let Some(known) = counts.prices.get_mut(node as usize) {
                *known = price;
            }
        }
    }
    placed
}
