//! Billing made even, by exchange: two customers change places, or one makes way for another who waits, where what that eases is worth more
//! than what it costs.
//!
//! Numbers of calls stay as they are, so all that changes is what single calls are worth and what lies beyond executives' parts.

use super::graph::Graph;
use super::model::{Buyer, Model};

/// How often all calls are gone through at most; two or three times are usual.
const ROUNDS: usize = 20;

/// What billing is balanced by: each executive's part, and what a unit beyond it costs.
#[derive(Debug, Clone)]
pub struct Billing {
    pub parts: Vec<i64>,
    pub slope: i64,
}

impl Billing {
    /// What lies beyond an executive's part when they have so much.
    fn beyond(&self, executive: usize, load: i64) -> i64 {
        (load - self.parts.get(executive).copied().unwrap_or(0)).max(0)
    }

    /// What all that lies beyond executives' parts costs.
    pub fn cost(&self, loads: &[i64]) -> i64 {
        let beyond = loads.iter().enumerate();
        self.slope
            * beyond
                .map(|(executive, load)| self.beyond(executive, *load))
                .sum::<i64>()
    }
}

/// What each executive has of the billing.
struct Loads<'b> {
    loads: Vec<i64>,
    billing: &'b Billing,
}

impl Loads<'_> {
    /// What an executive would have beyond their part with so much more.
    fn beyond(&self, executive: usize, more: i64) -> i64 {
        let load = self.loads.get(executive).copied().unwrap_or(0);
        self.billing.beyond(executive, load + more)
    }

    /// What it is worth when an executive has so much less.
    fn eased(&self, executive: usize, less: i64) -> i64 {
        self.billing.slope * (self.beyond(executive, 0) - self.beyond(executive, -less))
    }

    fn add(&mut self, executive: usize, more: i64) {
        if let Some(load) = self.loads.get_mut(executive) {
            *load += more;
        }
    }
}

/// A customer who has a call.
#[derive(Debug, Clone, Copy)]
struct Held {
    customer: usize,
    place: u32,
    executive: usize,
    /// The node at which this customer comes to the day: who comes to the same one has the same slots there.
    node: u32,
    gain: i64,
    billing: i64,
}

/// What is to be done about a call.
enum Step {
    /// Change places with this one, by its place among the calls.
    Exchange(usize),
    /// Make way for this customer.
    Replace(Held),
}

/// Customers who wait, by the most that a call with them can be worth.
struct Waiting {
    most: i64,
    customer: usize,
    billing: i64,
}

/// A plan that is being evened out.
struct Evening<'m> {
    model: &'m Model,
    graph: &'m Graph,
    loads: Loads<'m>,
    calls: Vec<Held>,
    waiting: Vec<Waiting>,
    /// Exchanges looked at.
    work: u64,
}

/// The most that any call with a customer is worth.
fn most(buyer: &Buyer) -> i64 {
    let special = buyer.special.iter().filter_map(|(_, more)| *more);
    buyer.worth + special.map(|more| more.max(0)).sum::<i64>()
}

impl Evening<'_> {
    /// A customer at a place; nothing where they may not be called.
    fn held(&self, customer: usize, place: u32) -> Option<Held> {
        let (at, days) = (place as usize, self.model.days.max(1));
        let buyer = self.model.buyers.get(customer)?;
        Some(Held {
            customer,
            place,
            executive: at / days,
            node: *self.graph.row(buyer.class).get(at)?,
            gain: self.model.gain(customer, at / days, at % days)?,
            billing: buyer.billing,
        })
    }

    /// A customer in another's stead, where both have the same slots.
    fn instead(&self, customer: usize, of: &Held) -> Option<Held> {
        self.held(customer, of.place).filter(|held| held.node == of.node)
    }

    /// The best exchange of a call, with what it is worth.
    fn exchange(&mut self, one: &Held) -> Option<(i64, Step)> {
        let mut best = (0, None);
        self.work += u64::try_from(self.calls.len()).unwrap_or(0);
        for (at, other) in self.calls.iter().enumerate() {
            let less = one.billing - other.billing;
            if less <= 0 || other.executive == one.executive {
                continue;
            }
            let eased = self.loads.eased(one.executive, less) + self.loads.eased(other.executive, -less);
            if eased <= best.0 {
                continue;
            }
            let gains = || {
                let (there, here) = (self.instead(one.customer, other)?, self.instead(other.customer, one)?);
                Some(there.gain + here.gain - one.gain - other.gain)
            };
            match gains() {
                Some(gains) if gains + eased > best.0 => best = (gains + eased, Some(Step::Exchange(at))),
                Some(_) | None => {}
            }
        }
        Some((best.0, best.1?))
    }

    /// The best of those who wait for a call, when it is worth more than this.
    fn replace(&mut self, one: &Held, than: i64) -> Option<(i64, Step)> {
        let mut best = (than, None);
        let at_most = self.loads.eased(one.executive, one.billing) - one.gain;
        for waits in &self.waiting {
            self.work += 1;
            if waits.most + at_most <= best.0 {
                break;
            }
            let eased = self.loads.eased(one.executive, one.billing - waits.billing);
            if waits.most + eased - one.gain <= best.0 {
                continue;
            }
            if let Some(held) = self.instead(waits.customer, one) {
                let worth = held.gain - one.gain + eased;
                if worth > best.0 {
                    best = (worth, Some(Step::Replace(held)));
                }
            }
        }
        Some((best.0, best.1?))
    }

    /// Takes the best step for a call of somebody who has too much. Whether there was one.
    fn ease(&mut self, at: usize) -> bool {
        let Some(one) = self.calls.get(at).copied() else {
            return false;
        };
        if self.loads.beyond(one.executive, 0) == 0 {
            return false;
        }
        let exchange = self.exchange(&one);
        let replace = self.replace(&one, exchange.as_ref().map_or(0, |(worth, _)| *worth));
        let Some((_, step)) = replace.or(exchange) else {
            return false;
        };
        match step {
            Step::Exchange(with) => {
                let Some(other) = self.calls.get(with).copied() else {
                    return false;
                };
                let less = one.billing - other.billing;
                self.loads.add(one.executive, -less);
                self.loads.add(other.executive, less);
                self.put(at, self.held(other.customer, one.place));
                self.put(with, self.held(one.customer, other.place));
            }
            Step::Replace(new) => {
                self.loads.add(one.executive, new.billing - one.billing);
                self.waiting.retain(|waits| waits.customer != new.customer);
                self.put(at, Some(new));
            }
        }
        true
    }

    fn put(&mut self, at: usize, held: Option<Held>) {
        if let (Some(call), Some(held)) = (self.calls.get_mut(at), held) {
            *call = held;
        }
    }

    /// Who has no call, whoever could be worth most first.
    fn wait(&mut self) {
        let mut called = vec![false; self.model.buyers.len()];
        for call in &self.calls {
            if let Some(called) = called.get_mut(call.customer) {
                *called = true;
            }
        }
        let free = self.model.buyers.iter().zip(called).enumerate();
        self.waiting = free
            .filter(|(_, (buyer, called))| !buyer.barred && !called)
            .map(|(customer, (buyer, _))| Waiting {
                most: most(buyer),
                customer,
                billing: buyer.billing,
            })
            .collect();
        self.waiting.sort_by_key(|waits| (-waits.most, waits.customer));
    }
}

/// The same plan with its billing more even: until no step is worth it, or as many were looked at as the limit says.
pub fn even_out<'m>(
    (model, graph): (&'m Model, &'m Graph),
    (loads, billing): (Vec<i64>, &'m Billing),
    placed: &[Option<u32>],
    limit: u64,
) -> Vec<Option<u32>> {
    let mut evening = Evening {
        model,
        graph,
        loads: Loads { loads, billing },
        calls: Vec::new(),
        waiting: Vec::new(),
        work: 0,
    };
    let calls = placed.iter().enumerate();
    evening.calls = calls
        .filter_map(|(customer, place)| evening.held(customer, (*place)?))
        .collect();
    for _ in 0..ROUNDS {
        evening.wait();
        let mut moved = false;
        for at in 0..evening.calls.len() {
            if evening.work >= limit {
                break;
            }
            moved |= evening.ease(at);
        }
        if !moved {
            break;
        }
    }
    let mut evened = vec![None; placed.len()];
    for call in &evening.calls {
        if let Some(place) = evened.get_mut(call.customer) {
            *place = Some(call.place);
        }
    }
    evened
}
