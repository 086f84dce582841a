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

/// What customers may be given.
pub trait Market {
    fn customers(&self) -> usize;

    /// The place at which gain less price is largest, the first of several; prices are by node.
    fn best(&self, customer: usize, prices: &[i64]) -> Option<Offer>;

    /// What a place that was offered brings.
    fn gain(&self, customer: usize, place: u32) -> i64;

    /// How many places are looked at for a customer, as a measure of work.
    fn breadth(&self) -> u64;
}
