//! What a spanning tree comes to: who is placed where, what that brings, what nothing can bring more than.

use super::{Market, OUT, Simplex, State, What, at};

impl Simplex {
    /// Where each customer is placed.
    pub fn places(&self) -> Vec<Option<u32>> {
        let mut places = vec![None; self.links.len() - self.inner];
        for (node, link) in self.links.iter().enumerate() {
            if let (What::Place(place), true) = (link.what, link.flow > 0)
                && place != OUT
            {
                let customer = if link.up { node } else { link.parent as usize };
                places[customer - self.inner] = Some(place);
            }
        }
        places
    }

    /// What the flow of the moment brings, less what it costs.
    pub fn objective<M: Market>(&self, market: &M) -> i64 {
        let placed = self.places();
        let gains = placed.iter().enumerate().filter_map(|(customer, place)| {
            let place = (*place)?;
            Some(market.offer(customer, place).gain)
        });
        let mut costs: i64 = 0;
        for (arc, state) in self.arcs.iter().zip(&self.states) {
            if *state == State::Full {
                costs += arc.cost * arc.capacity;
            }
        }
        for link in &self.links {
            if let What::Arc(arc) = link.what {
                costs += at(&self.arcs, arc).cost * link.flow;
            }
        }
        gains.sum::<i64>() - costs
    }

    /// What no plan can bring more than, by the prices of the moment (weak duality): whether or not they are the best ones.
    pub fn bound<M: Market>(&mut self, market: &M) -> i64 {
        self.settle(market);
        let mut bound: i64 = 0;
        for customer in 0..market.customers() {
            let offer = market.best(customer, &self.prices);
            bound += offer.gain - at(&self.prices, offer.node);
        }
        for arc in &self.arcs {
            let less = at(&self.prices, arc.from) - at(&self.prices, arc.to) - arc.cost;
            bound += less.max(0) * arc.capacity;
        }
        bound
    }
}
