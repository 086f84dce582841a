//! Minimum-cost flow by a primal network simplex whose customers' arcs are never written down.
//!
//! Each customer is a node with one unit to send to the root (node 0), directly ("left out", at no gain) or through one of the
//! *places* that the [`Market`] offers. Places lead to inner nodes; inner nodes lead to the root by arcs with capacities and
//! costs. An arc of a customer exists only while it stands in the spanning tree: which one to bring in is asked of the market,
//! under the prices of the moment, so nothing is cut off beforehand and memory grows with nodes alone.
//!
//! The tree is kept strongly feasible (Cunningham 1976), so degenerate steps cannot go round in circles. Every choice is by
//! number, never by chance: equal inputs take equal steps.

mod best;
mod network;
mod outcome;
mod pricing;
mod start;

use self::best::Shortlist;
pub use network::{Arc, Market, NOTHING, Network, OUT, Offer};

/// How an arc outside the tree stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Empty,
    Full,
    Tree,
}

/// Which arc holds a node to its parent.
#[derive(Debug, Clone, Copy)]
enum What {
    Arc(u32),
    /// A place of the customer who is at the tail.
    Place(u32),
}

#[derive(Debug, Clone, Copy)]
struct Link {
    parent: u32,
    what: What,
    /// The arc leads from the node to its parent, not the other way.
    up: bool,
    flow: i64,
}

/// An arc about to come into the tree: flow is pushed from `from` to `to`.
#[derive(Debug, Clone, Copy)]
struct Entering {
    from: u32,
    to: u32,
    what: What,
    /// The arc leads from `to` to `from` and is full.
    reversed: bool,
    room: i64,
}

/// A spanning tree on its way to the best one.
pub struct Simplex {
    inner: usize,
    arcs: Vec<Arc>,
    states: Vec<State>,
    links: Vec<Link>,
    /// What it costs to bring one more unit from a node to the root.
    prices: Vec<i64>,
    depth: Vec<u32>,
    first: Vec<u32>,
    next: Vec<u32>,
    previous: Vec<u32>,
    stack: Vec<u32>,
    /// Whether a node stands among its parent's children. Customers below whom nothing hangs do not, which most are: their prices and depths follow
    /// from their parents', and are worked out when somebody asks.
    listed: Vec<bool>,
    /// The best places of each customer when all of theirs were looked at last.
    shortlists: Vec<Shortlist>,
    /// Places looked at and nodes moved so far.
    pub work: u64,
    /// Arcs brought in so far.
    pub pivots: u64,
}

const NONE: u32 = u32::MAX;
/// No flow is larger.
const ENDLESS: i64 = i64::MAX / 4;
/// Nodes and arcs are numbered by the network, so that none is out of bounds.
fn at<T: Copy>(of: &[T], index: u32) -> T {
    of[index as usize]
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(NONE)
}

impl Simplex {
    fn is_customer(&self, node: u32) -> bool {
        node as usize >= self.inner
    }

    fn hang(&mut self, node: u32, parent: u32, what: What, up: bool, flow: i64) {
        self.links[node as usize] = Link { parent, what, up, flow };
        if !self.is_customer(node) || at(&self.first, node) != NONE {
            self.list(node);
        }
        if self.is_customer(parent) && !at(&self.listed, parent) {
            self.list(parent);
        }
    }

    /// Puts a node among its parent's children.
    fn list(&mut self, node: u32) {
        self.listed[node as usize] = true;
        let parent = at(&self.links, node).parent;
        let head = at(&self.first, parent);
        self.next[node as usize] = head;
        self.previous[node as usize] = NONE;
        if head != NONE {
            self.previous[head as usize] = node;
        }
        self.first[parent as usize] = node;
    }

    /// Takes a node from among its parent's children; a customer who is left without any goes as well.
    fn take_off(&mut self, node: u32) {
        if !std::mem::replace(&mut self.listed[node as usize], false) {
            return;
        }
        let (before, after) = (at(&self.previous, node), at(&self.next, node));
        let parent = at(&self.links, node).parent;
        if before == NONE {
            self.first[parent as usize] = after;
        } else {
            self.next[before as usize] = after;
        }
        if after != NONE {
            self.previous[after as usize] = before;
        }
        if self.is_customer(parent) && at(&self.first, parent) == NONE {
            self.take_off(parent);
        }
    }

    fn cost<M: Market>(&self, market: &M, what: What, customer: u32) -> i64 {
        match what {
            What::Arc(arc) => at(&self.arcs, arc).cost,
            What::Place(OUT) => 0,
            What::Place(place) => -market.offer(customer as usize - self.inner, place).gain,
        }
    }

    /// What it costs to bring one more unit from a node to the root, by its parent's price.
    fn price<M: Market>(&self, market: &M, node: u32) -> i64 {
        let link = at(&self.links, node);
        let above = at(&self.prices, link.parent);
        if link.up {
            above + self.cost(market, link.what, node)
        } else {
            above - self.cost(market, link.what, link.parent)
        }
    }

    /// A customer's price, whether or not it is kept.
    fn price_of<M: Market>(&self, market: &M, customer: u32) -> i64 {
        if at(&self.listed, customer) {
            at(&self.prices, customer)
        } else {
            self.price(market, customer)
        }
    }

    /// Prices and depths of all nodes, anew.
    fn settle<M: Market>(&mut self, market: &M) {
        self.below(0, |simplex, node| {
            if node != 0 {
                simplex.prices[node as usize] = simplex.price(market, node);
            }
        });
    }

    /// Goes through what hangs below a node, from the top down, and sets depths.
    fn below(&mut self, top: u32, mut each: impl FnMut(&mut Self, u32)) {
        let mut stack = std::mem::take(&mut self.stack);
        stack.push(top);
        while let Some(node) = stack.pop() {
            self.work += 1;
            let parent = at(&self.links, node).parent;
            if parent != NONE {
                self.depth[node as usize] = at(&self.depth, parent) + 1;
            }
            each(self, node);
            let mut child = at(&self.first, node);
            while child != NONE {
                stack.push(child);
                child = at(&self.next, child);
            }
        }
        self.stack = stack;
    }

    /// How much more a link takes in one direction.
    fn room(&self, link: &Link, upwards: bool) -> i64 {
        if link.up != upwards {
            return link.flow;
        }
        match link.what {
            What::Arc(arc) => at(&self.arcs, arc).capacity - link.flow,
            What::Place(_) => ENDLESS,
        }
    }

    /// One step: an arc comes into the tree, flow goes round the circle that it closes, the last arc to block it leaves.
    fn bring_in<M: Market>(&mut self, market: &M, entering: Entering) {
        self.pivots += 1;
        if self.is_customer(entering.from) && !at(&self.listed, entering.from) {
            // A customer below whom nothing hung until now.
            let parent = at(&self.links, entering.from).parent;
            self.prices[entering.from as usize] = self.price(market, entering.from);
            self.depth[entering.from as usize] = at(&self.depth, parent) + 1;
        }
        let mut join = (entering.from, entering.to);
        while join.0 != join.1 {
            let (left, right) = (at(&self.depth, join.0), at(&self.depth, join.1));
            if left >= right {
                join.0 = at(&self.links, join.0).parent;
            }
            if right > left {
                join.1 = at(&self.links, join.1).parent;
            }
        }
        let join = join.0;
        let (mut push, mut leaving) = (entering.room, None);
        let mut node = entering.from;
        while node != join {
            let link = at(&self.links, node);
            let room = self.room(&link, false);
            if room < push {
                (push, leaving) = (room, Some((node, true)));
            }
            node = link.parent;
        }
        node = entering.to;
        while node != join {
            let link = at(&self.links, node);
            let room = self.room(&link, true);
            if room <= push {
                (push, leaving) = (room, Some((node, false)));
            }
            node = link.parent;
        }
        if push > 0 {
            for (end, upwards) in [(entering.from, false), (entering.to, true)] {
                let mut node = end;
                while node != join {
                    let link = &mut self.links[node as usize];
                    link.flow += if link.up == upwards { push } else { -push };
                    node = link.parent;
                }
            }
        }
        let Some((out, below_from)) = leaving else {
            // It blocked itself: from empty to full, or back.
            if let What::Arc(arc) = entering.what {
                self.states[arc as usize] = if entering.reversed { State::Empty } else { State::Full };
            }
            return;
        };
        let gone = at(&self.links, out);
        if let What::Arc(arc) = gone.what {
            self.states[arc as usize] = if gone.flow > 0 { State::Full } else { State::Empty };
        }
        let flow = if entering.reversed { entering.room - push } else { push };
        if let What::Arc(arc) = entering.what {
            self.states[arc as usize] = State::Tree;
        }
        // The side that hung on the arc that left hangs on the one that came.
        let (top, onto) = if below_from {
            (entering.from, entering.to)
        } else {
            (entering.to, entering.from)
        };
        let (mut node, mut parent) = (top, onto);
        let (mut what, mut up, mut flow) = (entering.what, below_from != entering.reversed, flow);
        loop {
            let old = at(&self.links, node);
            self.take_off(node);
            self.hang(node, parent, what, up, flow);
            if node == out {
                break;
            }
            (what, up, flow) = (old.what, !old.up, old.flow);
            parent = node;
            node = old.parent;
        }
        if at(&self.listed, top) {
            // All below moves by as much.
            let by = self.price(market, top) - at(&self.prices, top);
            self.below(top, |simplex, node| simplex.prices[node as usize] += by);
        }
    }
}

#[cfg(test)]
mod tests;
