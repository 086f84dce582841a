//! Who is asked when, and what comes in.

use super::best::Best;
use super::{ENDLESS, Entering, Market, NOTHING, OUT, Offer, Simplex, State, What, at, number};

/// Customers who are asked for their best places at a time.
const BLOCK: usize = 1024;
/// How often everybody is asked for their lists before all places are looked at again.
const SHORT_ROUNDS: u32 = 3;

impl Simplex {
    /// Brings the best tree about, or stops when `limit` is worked off. Whether it is the best.
    pub fn optimise<M: Market>(&mut self, market: &M, limit: u64) -> bool {
        self.settle(market);
        let order = self.queue(market);
        loop {
            for _ in 0..SHORT_ROUNDS {
                match self.round(market, (&order, limit), false) {
                    Some(true) => {}
                    Some(false) => break,
                    None => return false,
                }
            }
            match self.round(market, (&order, limit), true) {
                Some(true) => {}
                Some(false) => return true,
                None => return false,
            }
        }
    }

    /// In which order customers are asked. Who brings most comes first: whoever is placed early is seldom moved.
    fn queue<M: Market>(&self, market: &M) -> Vec<u32> {
        let most = |customer| market.best(customer, &self.prices).gain;
        let mut gains: Vec<(i64, u32)> = (0..market.customers())
            .map(|customer| (-most(customer), number(customer)))
            .collect();
        gains.sort_unstable();
        gains.into_iter().map(|(_, customer)| customer).collect()
    }

    /// Asks everybody once, for all their places or for those on their lists. Whether anything came in; nothing when the limit is worked off.
    fn round<M: Market>(&mut self, market: &M, (order, limit): (&[u32], u64), all: bool) -> Option<bool> {
        let arcs_a_block = self.arcs.len().div_ceil(order.len().div_ceil(BLOCK).max(1)).max(1);
        let (mut moved, mut in_time, mut wanted) = (false, true, Vec::new());
        let mut arc = 0;
        for block in order.chunks(BLOCK) {
            if self.work >= limit {
                in_time = false;
                break;
            }
            wanted.clear();
            for &customer in block {
                let offer = self.asked(market, customer as usize, all);
                let node = number(self.inner) + customer;
                let by = offer.gain - at(&self.prices, offer.node) + self.price_of(market, node);
                if by > 0 {
                    wanted.push((by, node, offer));
                }
            }
            wanted.sort_unstable_by_key(|(by, node, _)| (-by, *node));
            for &(_, node, _) in &wanted {
                // Those before may have taken what they wanted.
                let offer = self.asked(market, node as usize - self.inner, false);
                if offer.gain - at(&self.prices, offer.node) + self.price_of(market, node) > 0 {
                    moved = true;
                    let entering = Entering {
                        from: node,
                        to: offer.node,
                        what: What::Place(offer.place),
                        reversed: false,
                        room: ENDLESS,
                    };
                    self.bring_in(market, entering);
                }
            }
            let until = (arc + arcs_a_block).min(self.arcs.len());
            for index in arc..until {
                if let Some(entering) = self.arc(index) {
                    moved = true;
                    self.bring_in(market, entering);
                }
            }
            arc = until;
        }
        in_time.then_some(moved)
    }

    /// A customer's best place, of all of theirs or of those on their list; it may be none.
    fn asked<M: Market>(&mut self, market: &M, customer: usize, all: bool) -> Offer {
        if all {
            self.work += market.breadth();
            let mut best = Best::default();
            let prices = &self.prices;
            market.each(customer, |offer| best.see(offer.gain - at(prices, offer.node), offer));
            self.shortlists[customer] = best.places();
            return best.first();
        }
        self.work += 1;
        let (mut most, mut first) = (0, NOTHING);
        for &place in self.shortlists[customer].iter().take_while(|place| **place != OUT) {
            let offer = market.offer(customer, place);
            let by = offer.gain - at(&self.prices, offer.node);
            if by > most {
                (most, first) = (by, offer);
            }
        }
        first
    }

    /// An inner arc that should carry more, or less.
    fn arc(&self, index: usize) -> Option<Entering> {
        let arc = at(&self.arcs, number(index));
        let reduced = arc.cost + at(&self.prices, arc.to) - at(&self.prices, arc.from);
        let (from, to, reversed) = match at(&self.states, number(index)) {
            State::Empty if reduced < 0 => (arc.from, arc.to, false),
            State::Full if reduced > 0 => (arc.to, arc.from, true),
            State::Empty | State::Full | State::Tree => return None,
        };
        let what = What::Arc(number(index));
        let room = arc.capacity;
        (room > 0).then_some(Entering {
            from,
            to,
            what,
            reversed,
            room,
        })
    }
}
