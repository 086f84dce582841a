//! What customers are offered: the model under prices, with what it costs to give an executive more billing than their part.

use super::classes::Classes;
use super::graph::Graph;
use super::model::Model;
use super::solver::{Market, Offer};

/// The model, and what a unit of billing costs with each executive.
pub struct Priced<'m> {
    pub model: &'m Model,
    pub graph: &'m Graph,
    pub slopes: &'m [i64],
}

impl Market for Priced<'_> {
    fn customers(&self) -> usize {
        self.model.buyers.len()
    }

    fn best(&self, customer: usize, prices: &[i64]) -> Option<Offer> {
        let model = self.model;
        let buyer = model.buyers.get(customer).filter(|buyer| !buyer.barred)?;
        let (row, nodes) = (model.classes.row(buyer.class), self.graph.row(buyer.class));
        let executives = model.weeks.len();
        let mut best: Option<(i64, Offer)> = None;
        for executive in 0..executives {
            let Some(with) = buyer.with(executive) else { continue };
            let distance = model.distance.get(buyer.class * executives + executive)?;
            let slope = self.slopes.get(executive)?;
            let mut worth = buyer.worth + with - distance - slope * buyer.billing;
            let from = executive * model.days;
            let cells = row
                .get(from..from + model.days)?
                .iter()
                .zip(nodes.get(from..from + model.days)?);
            for (day, (&cell, &node)) in cells.enumerate() {
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
                let gain = here - cell - early;
                let by = gain - prices.get(node as usize)?;
                if best.is_none_or(|(most, _)| by > most) {
                    let place = u32::try_from(from + day).unwrap_or(u32::MAX);
                    best = Some((by, Offer { place, node, gain }));
                }
            }
        }
        best.map(|(_, offer)| offer)
    }

    fn gain(&self, customer: usize, place: u32) -> i64 {
        let days = self.model.days.max(1);
        let (executive, day) = (place as usize / days, place as usize % days);
        let gain = self.model.gain(customer, executive, day).unwrap_or(0);
        let billing = self.model.buyers.get(customer).map_or(0, |buyer| buyer.billing);
        gain - self.slopes.get(executive).copied().unwrap_or(0) * billing
    }

    fn breadth(&self) -> u64 {
        u64::try_from(self.model.calendar.len()).unwrap_or(u64::MAX).max(1)
    }
}
