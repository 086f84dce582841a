//! The tree that the work begins with: of a plan that is there already.

use super::best::NO_LIST;
use super::{Arc, Link, Market, NONE, Network, OUT, Simplex, State, What, at, number};

/// A plan's flow, on its way to be a tree.
struct Flow<'n> {
    arcs: &'n [Arc],
    /// Arcs by the node that they leave, and by the one that they lead to.
    from: Vec<Vec<u32>>,
    to: Vec<Vec<u32>>,
    flows: Vec<i64>,
    /// The customer at a node who brings least, with its gain and place.
    least: Vec<Option<(i64, u32, u32)>>,
    /// By inner node.
    links: Vec<Option<Link>>,
}

impl<'n> Flow<'n> {
    fn new(network: &'n Network) -> Self {
        let (mut from, mut to) = (vec![Vec::new(); network.nodes], vec![Vec::new(); network.nodes]);
        for (index, arc) in network.arcs.iter().enumerate().filter(|(_, arc)| arc.capacity > 0) {
            from[arc.from as usize].push(number(index));
            to[arc.to as usize].push(number(index));
        }
        for arcs in &mut from {
            arcs.sort_by_key(|arc| at(&network.arcs, *arc).cost);
        }
        Self {
            arcs: &network.arcs,
            from,
            to,
            flows: vec![0; network.arcs.len()],
            least: vec![None; network.nodes],
            links: vec![None; network.nodes],
        }
    }

    fn has_room(&self, arc: u32) -> bool {
        at(&self.flows, arc) < at(self.arcs, arc).capacity
    }

    /// Sends one unit from a node to the root by arcs that have room, the cheapest of each node first. Whether there was a way.
    fn send(&mut self, node: u32) -> bool {
        if node == 0 {
            return true;
        }
        for index in 0..self.from[node as usize].len() {
            let arc = self.from[node as usize][index];
            if self.has_room(arc) && self.send(at(self.arcs, arc).to) {
                self.flows[arc as usize] += 1;
                return true;
            }
        }
        false
    }

    /// Hangs each node where one more unit of it can go: upwards where an arc has room, else below somebody who would be left out for it.
    fn hang(&mut self) {
        for node in 1..number(self.from.len()) {
            if !self.from[node as usize].iter().any(|arc| self.has_room(*arc)) {
                self.sink(node);
            }
        }
        for node in 1..self.from.len() {
            if self.links[node].is_none() {
                let roomy = self.from[node].iter().copied().filter(|arc| self.has_room(*arc));
                // An arc with something on it must be in the tree.
                let arc = roomy.min_by_key(|arc| at(&self.flows, *arc) == 0);
                self.links[node] = arc.map(|arc| Link {
                    parent: at(self.arcs, arc).to,
                    what: What::Arc(arc),
                    up: true,
                    flow: at(&self.flows, arc),
                });
            }
        }
    }

    /// Hangs a node below the customer at it who brings least, or below a node that leads to it.
    fn sink(&mut self, node: u32) {
        if at(&self.links, node).is_some() {
            return;
        }
        let (parent, what, flow) = if let Some((_, customer, place)) = at(&self.least, node) {
            (number(self.from.len()) + customer, What::Place(place), 1)
        } else {
            let used = self.to[node as usize].iter().copied();
            let used = used.filter(|arc| at(&self.flows, *arc) > 0);
            let Some(arc) = used.min_by_key(|arc| !self.has_room(*arc)) else {
                return;
            };
            let below = at(self.arcs, arc).from;
            self.sink(below);
            (below, What::Arc(arc), at(&self.flows, arc))
        };
        self.links[node as usize] = Some(Link {
            parent,
            what,
            up: false,
            flow,
        });
    }

    /// How each arc stands; nothing where one is neither empty nor full nor in the tree.
    fn states(&self) -> Option<Vec<State>> {
        let mut states: Vec<State> = vec![State::Empty; self.arcs.len()];
        for link in self.links.iter().flatten() {
            if let What::Arc(arc) = link.what {
                states[arc as usize] = State::Tree;
            }
        }
        for ((state, flow), arc) in states.iter_mut().zip(&self.flows).zip(self.arcs) {
            if *state == State::Empty && *flow > 0 {
                if *flow < arc.capacity {
                    return None;
                }
                *state = State::Full;
            }
        }
        Some(states)
    }
}

impl Simplex {
    /// Begins with customers where a plan has them, as far as there is a way; whoever finds none is left out.
    pub fn new<M: Market>(network: &Network, market: &M, placed: &[Option<u32>]) -> Self {
        let (inner, customers) = (network.nodes, market.customers());
        let mut flow = Flow::new(network);
        let mut of_customers = vec![
            Link {
                parent: 0,
                what: What::Place(OUT),
                up: true,
                flow: 1,
            };
            customers
        ];
        for (customer, place) in placed.iter().enumerate() {
            let Some(place) = *place else { continue };
            let offer = market.offer(customer, place);
            if flow.send(offer.node) {
                of_customers[customer] = Link {
                    parent: offer.node,
                    what: What::Place(place),
                    up: true,
                    flow: 1,
                };
                let this = (offer.gain, number(customer), place);
                let least = &mut flow.least[offer.node as usize];
                *least = Some(least.map_or(this, |known| known.min(this)));
            }
        }
        flow.hang();
        let Some(states) = flow.states() else {
            return Self::new(network, market, &[]);
        };
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
            states,
            links: vec![root; nodes],
            prices: vec![0; nodes],
            depth: vec![0; nodes],
            first: vec![NONE; nodes],
            next: vec![NONE; nodes],
            previous: vec![NONE; nodes],
            stack: Vec::new(),
            listed: vec![false; nodes],
            shortlists: vec![NO_LIST; customers],
            work: 0,
            pivots: 0,
        };
        for (customer, link) in of_customers.into_iter().enumerate() {
            simplex.put(number(inner + customer), link);
        }
        for link in flow.links.iter().flatten().filter(|link| link.parent as usize >= inner) {
            // What hangs below a customer is what they held.
            simplex.links[link.parent as usize] = Link {
                parent: 0,
                what: What::Place(OUT),
                up: true,
                flow: 0,
            };
        }
        for (node, link) in flow.links.into_iter().enumerate() {
            if let Some(link) = link {
                simplex.put(number(node), link);
            }
        }
        simplex
    }

    fn put(&mut self, node: u32, link: Link) {
        self.hang(node, link.parent, link.what, link.up, link.flow);
    }
}
