//! What the solver is given: a network, and a market that says what customers may be given.

/// An arc between inner nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arc {
    pub from: u32,
    pub to: u32,
    pub capacity: i64,
    pub cost: i64,
}

/// The inner nodes and their arcs. Node 0 is the root; each other has an arc out, and following them leads to the root.
#[derive(Debug, Clone, Default)]
pub struct Network {
    pub nodes: usize,
    pub arcs: Vec<Arc>,
}

/// A place for a customer: what it brings, and the node that it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    pub place: u32,
    pub node: u32,
    pub gain: i64,
}

/// Left out: the place that everybody has.
pub const OUT: u32 = u32::MAX;

/// No place.
pub const NOTHING: Offer = Offer {
    place: OUT,
    node: 0,
    gain: 0,
};

/// What customers may be given.
pub trait Market {
    fn customers(&self) -> usize;

    /// Shows each place that a customer may have, in one order.
    fn each(&self, customer: usize, see: impl FnMut(Offer));

    /// The offer of a place that was shown.
    fn offer(&self, customer: usize, place: u32) -> Offer;

    /// How many places are looked at for a customer, as a measure of work.
    fn breadth(&self) -> u64;

    /// The offer whose gain is most above its price, the first of several; prices are by node. [`NOTHING`] when none is above it.
    fn best(&self, customer: usize, prices: &[i64]) -> Offer {
        let (mut most, mut best) = (0, NOTHING);
        self.each(customer, |offer| {
            let by = offer.gain - prices.get(offer.node as usize).copied().unwrap_or(i64::MAX / 2);
            if by > most {
                (most, best) = (by, offer);
            }
        });
        best
    }
}
