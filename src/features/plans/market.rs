//! What customers are offered: the model's places, at the graph's nodes.

use super::classes::Classes;
use super::graph::Graph;
use super::model::Model;
use super::solver::{Market, OUT, Offer};

/// Every place of every customer.
pub struct Places<'m> {
    pub model: &'m Model,
    pub graph: &'m Graph,
}

impl Market for Places<'_> {
    fn customers(&self) -> usize {
        self.model.buyers.len()
    }

    fn each(&self, customer: usize, mut see: impl FnMut(Offer)) {
        let model = self.model;
        let Some(buyer) = model.buyers.get(customer).filter(|buyer| !buyer.barred) else {
            return;
        };
        let (row, nodes) = (model.classes.row(buyer.class), self.graph.row(buyer.class));
        let distances = model
            .distance
            .get(buyer.class * model.weeks.len()..)
            .unwrap_or_default();
        let calendars = row
            .chunks_exact(model.days.max(1))
            .zip(nodes.chunks_exact(model.days.max(1)));
        for (executive, ((row, nodes), distance)) in calendars.zip(distances).enumerate() {
            let Some(with) = buyer.with(executive) else { continue };
            let mut worth = buyer.worth + with - distance;
            let from = executive * model.days;
            for (day, (&cell, &node)) in row.iter().zip(nodes).enumerate() {
                let here = worth;
                worth -= buyer.decay;
                if Classes::is_closed(cell) {
                    continue;
                }
                let early = match buyer.early {
                    _ if day >= buyer.first => 0,
                    Some(early) => early,
                    None => continue,
                };
                see(Offer {
                    place: u32::try_from(from + day).unwrap_or(OUT),
                    node,
                    gain: here - cell - early,
                });
            }
        }
    }

    fn offer(&self, customer: usize, place: u32) -> Offer {
        let (at, days) = (place as usize, self.model.days.max(1));
        let row = self.model.buyers.get(customer).map(|buyer| self.graph.row(buyer.class));
        Offer {
            place,
            node: row.and_then(|row| row.get(at)).copied().unwrap_or(0),
            gain: self.model.gain(customer, at / days, at % days).unwrap_or(0),
        }
    }

    fn breadth(&self) -> u64 {
        u64::try_from(self.model.calendar.len()).unwrap_or(u64::MAX).max(1)
    }
}
