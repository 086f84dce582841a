//! Minimum-cost flow by a primal network simplex whose customers' arcs are never written down.
//!
//! Each customer is a node with one unit to send to the root (node 0), directly ("left out", at no gain) or through one of the
//! *places* that the [`Market`] offers. Places lead to inner nodes; inner nodes lead to the root by arcs with capacities and
//! costs. An arc of a customer exists only while it stands in the spanning tree: which one to bring in is asked of the market,
//! under the prices of the moment, so nothing is cut off beforehand and memory grows with nodes alone.
//!
//! The tree is kept strongly feasible (Cunningham 1976), so degenerate steps cannot go round in circles. Every choice is by
//! number, never by chance: equal inputs take equal steps.

mod network;
mod outcome;

pub use network::{Arc, Market, Network, OUT, Offer};

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
    /// Where pricing goes on.
    turn: usize,
    /// Places looked at and nodes moved so far.
    pub work: u64,
    /// Arcs brought in so far.
    pub pivots: u64,
}

const NONE: u32 = u32::MAX;
/// No flow is larger.
const ENDLESS: i64 = i64::MAX / 4;
/// Customers who are asked for their best places at a time.
const BLOCK: usize = 64;

/// Nodes and arcs are numbered by the network, so that none is out of bounds.
fn at<T: Copy>(of: &[T], index: u32) -> T {
    of[index as usize]
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(NONE)
}

impl Simplex {
    /// Everybody is left out.
    pub fn new(network: &Network, customers: usize) -> Self {
        let inner = network.nodes;
        let nodes = inner + customers;
        let root = Link {
            parent: NONE,
            what: What::Place(OUT),
            up: true,
            flow: 0,
        };
        let mut simplex = Self {
            inner,
            arcs: network.arcs.clone(),
            states: vec![State::Empty; network.arcs.len()],
            links: vec![root; nodes],
            prices: vec![0; nodes],
            depth: vec![0; nodes],
            first: vec![NONE; nodes],
            next: vec![NONE; nodes],
            previous: vec![NONE; nodes],
            stack: Vec::new(),
            turn: 0,
            work: 0,
            pivots: 0,
        };
        let mut held = vec![false; inner];
        for (index, arc) in network.arcs.iter().enumerate() {
            if arc.capacity > 0 && !std::mem::replace(&mut held[arc.from as usize], true) {
                simplex.states[index] = State::Tree;
                let what = What::Arc(number(index));
                simplex.hang(arc.from, arc.to, what, true, 0);
            }
        }
        for customer in inner..nodes {
            simplex.hang(number(customer), 0, What::Place(OUT), true, 1);
        }
        simplex
    }

    fn hang(&mut self, node: u32, parent: u32, what: What, up: bool, flow: i64) {
        self.links[node as usize] = Link { parent, what, up, flow };
        let head = at(&self.first, parent);
        self.next[node as usize] = head;
        self.previous[node as usize] = NONE;
        if head != NONE {
            self.previous[head as usize] = node;
        }
        self.first[parent as usize] = node;
    }

    fn take_off(&mut self, node: u32) {
        let (before, after) = (at(&self.previous, node), at(&self.next, node));
        if before == NONE {
            let parent = at(&self.links, node).parent;
            self.first[parent as usize] = after;
        } else {
            self.next[before as usize] = after;
        }
        if after != NONE {
            self.previous[after as usize] = before;
        }
    }

    fn cost<M: Market>(&self, market: &M, what: What, customer: u32) -> i64 {
        match what {
            What::Arc(arc) => at(&self.arcs, arc).cost,
            What::Place(OUT) => 0,
            What::Place(place) => -market.gain(customer as usize - self.inner, place),
        }
    }

    /// Prices and depths of everything below a node, from those of its parent.
    fn settle<M: Market>(&mut self, market: &M, top: u32) {
        let mut stack = std::mem::take(&mut self.stack);
        stack.push(top);
        while let Some(node) = stack.pop() {
            self.work += 1;
            let link = at(&self.links, node);
            if link.parent != NONE {
                let above = at(&self.prices, link.parent);
                let price = if link.up {
                    above + self.cost(market, link.what, node)
                } else {
                    above - self.cost(market, link.what, link.parent)
                };
                self.prices[node as usize] = price;
                self.depth[node as usize] = at(&self.depth, link.parent) + 1;
            }
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

    /// Brings the best tree about, or stops when `limit` is worked off. Whether it is the best.
    pub fn optimise<M: Market>(&mut self, market: &M, limit: u64) -> bool {
        self.settle(market, 0);
        let customers = market.customers();
        let blocks = customers.div_ceil(BLOCK).max(1);
        let arcs_a_block = self.arcs.len().div_ceil(blocks).max(1);
        let (mut idle, mut wanted) = (0, Vec::new());
        // Done when nothing came in while everybody was asked once.
        while idle < blocks {
            if self.work >= limit {
                return false;
            }
            let block = self.turn % blocks;
            self.turn = block + 1;
            wanted.clear();
            for customer in (block * BLOCK)..((block + 1) * BLOCK).min(customers) {
                self.work += market.breadth();
                let offer = self.offer(market, customer);
                let node = number(self.inner + customer);
                let by = offer.gain - at(&self.prices, offer.node) + at(&self.prices, node);
                if by > 0 {
                    wanted.push((by, node, offer));
                }
            }
            wanted.sort_unstable_by_key(|(by, node, _)| (-by, *node));
            let mut moved = false;
            for &(_, node, offer) in &wanted {
                if offer.gain - at(&self.prices, offer.node) + at(&self.prices, node) > 0 {
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
            for index in (block * arcs_a_block)..((block + 1) * arcs_a_block).min(self.arcs.len()) {
                if let Some(entering) = self.arc(index) {
                    moved = true;
                    self.bring_in(market, entering);
                }
            }
            idle = if moved { 0 } else { idle + 1 };
        }
        true
    }

    /// A customer's best place under the prices of the moment, which may be none.
    fn offer<M: Market>(&self, market: &M, customer: usize) -> Offer {
        let out = Offer {
            place: OUT,
            node: 0,
            gain: 0,
        };
        match market.best(customer, &self.prices) {
            Some(offer) if offer.gain > at(&self.prices, offer.node) => offer,
            Some(_) | None => out,
        }
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

    /// One step: an arc comes into the tree, flow goes round the circle that it closes, the last arc to block it leaves.
    fn bring_in<M: Market>(&mut self, market: &M, entering: Entering) {
        self.pivots += 1;
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
        self.settle(market, top);
    }
}

#[cfg(test)]
mod tests;
