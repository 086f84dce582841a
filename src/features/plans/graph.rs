//! The model as a network: customers → days (or hours of days) → weeks → executives → the root.
//!
//! A day whose customers have at least as many slots each as there may be calls takes any of them, so it is one node. In others
//! customers of equal slots share a node, which leads to its slots, each of which takes one call: no plan comes out whose calls
//! have no slots.

use std::collections::BTreeMap;

use super::classes::{Classes, Range};
use super::model::{Day, Model, POINT};
use super::options::PlanOptions;
use super::solver::{Arc, Network};

/// So many calls, each at this cost; the cheaper ones come before the dearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    pub capacity: i64,
    pub cost: i64,
}

/// What a number of calls costs; `None` where there is no room for them.
pub fn cost(bands: &[Band], calls: i64) -> Option<i64> {
    let (mut left, mut sum) = (calls, 0);
    for band in bands {
        let taken = left.min(band.capacity);
        sum += taken * band.cost;
        left -= taken;
    }
    (left == 0).then_some(sum)
}

/// What one call more costs; `None` where there is no room for it.
pub fn next_cost(bands: &[Band], calls: i64) -> Option<i64> {
    let mut left = calls;
    for band in bands {
        if left < band.capacity {
            return Some(band.cost);
        }
        left -= band.capacity;
    }
    None
}

/// The network, and which nodes customers may go to.
#[derive(Debug, Clone)]
pub struct Graph {
    pub network: Network,
    /// By executive and day.
    pub days: Vec<Vec<Band>>,
    /// By week, of all executives one after the other.
    pub weeks: Vec<Vec<Band>>,
    pub executives: Vec<Vec<Band>>,
    /// By executive and day: which of the weeks.
    pub week_of: Vec<usize>,
    /// By class, then by executive and day: the node to go to.
    nodes: Vec<u32>,
    /// By executive and day: all nodes that lead there; more than one where slots are scarce.
    pub ways: Vec<Vec<u32>>,
}

/// Steps in which the price of an executive's calls rises.
const STEPS: i64 = 10;

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl Graph {
    pub fn new(model: &Model, options: &PlanOptions) -> Self {
        let (weights, executives) = (&options.weights, model.weeks.len());
        let broken = weights.broken_rule * POINT;
        let mut graph = Self {
            network: Network {
                nodes: 1 + executives,
                arcs: Vec::new(),
            },
            days: Vec::new(),
            weeks: Vec::new(),
            executives: Vec::new(),
            week_of: Vec::new(),
            nodes: vec![0; model.classes.count() * model.calendar.len()],
            ways: Vec::new(),
        };
        for (executive, weeks) in model.weeks.iter().enumerate() {
            let own = number(1 + executive);
            let all: i64 = weeks.iter().map(|week| week.capacity + week.beyond).sum();
            let steps = (0..STEPS).map(|step| Band {
                capacity: all * (step + 1) / STEPS - all * step / STEPS,
                cost: weights.balance_calls * POINT * step / STEPS,
            });
            let bands = graph.arcs(own, 0, steps.collect());
            graph.executives.push(bands);
            for week in weeks {
                let node = graph.node();
                let bands = vec![
                    Band {
                        capacity: week.capacity,
                        cost: 0,
                    },
                    Band {
                        capacity: week.beyond,
                        cost: broken,
                    },
                ];
                let bands = graph.arcs(node, own, bands);
                graph.weeks.push(bands);
                let first = executive * model.days;
                let days = model
                    .calendar
                    .get(first + week.first..=first + week.last)
                    .unwrap_or_default();
                let open = days.iter().filter(|day| day.capacity > 0).count();
                let open = i64::try_from(open).unwrap_or(1).max(1);
                // Equal parts of the week's calls for each day, before any day gets more.
                let even = (week.capacity + open - 1) / open;
                for (at, day) in days.iter().enumerate() {
                    let even = even.clamp(0, day.capacity);
                    let bands = vec![
                        Band {
                            capacity: even,
                            cost: 0,
                        },
                        Band {
                            capacity: day.capacity - even,
                            cost: weights.balance_calls * POINT / 4,
                        },
                        Band {
                            capacity: day.beyond,
                            cost: broken.max(weights.balance_calls * POINT / 4),
                        },
                    ];
                    graph.week_of.push(graph.weeks.len() - 1);
                    graph.day(&model.classes, first + week.first + at, day, node, bands);
                }
            }
        }
        graph
    }

    fn node(&mut self) -> u32 {
        self.network.nodes += 1;
        number(self.network.nodes - 1)
    }

    fn arcs(&mut self, from: u32, to: u32, bands: Vec<Band>) -> Vec<Band> {
        let bands: Vec<Band> = bands.into_iter().filter(|band| band.capacity > 0).collect();
        self.network.arcs.extend(bands.iter().map(|band| Arc {
            from,
            to,
            capacity: band.capacity,
            cost: band.cost,
        }));
        bands
    }

    /// A day, and how its customers come to it.
    fn day(&mut self, classes: &Classes, place: usize, day: &Day, week: u32, bands: Vec<Band>) {
        let room = day.capacity + day.beyond;
        if room == 0 {
            self.days.push(Vec::new());
            self.ways.push(Vec::new());
            return;
        }
        let node = self.node();
        let bands = self.arcs(node, week, bands);
        self.days.push(bands);
        let ranges: Vec<(usize, Vec<Range>)> = (0..classes.count())
            .filter(|class| classes.cell(*class, place).is_some())
            .map(|class| (class, classes.slots(class, day)))
            .collect();
        let slots = |ranges: &[Range]| ranges.iter().map(|(from, until)| i64::from(until - from)).sum::<i64>();
        let ample = ranges.iter().all(|(_, ranges)| slots(ranges) >= room);
        let mut ways = vec![node];
        let mut sorts: BTreeMap<Vec<Range>, u32> = BTreeMap::new();
        if !ample {
            let first = self.network.nodes;
            for _ in &day.slots {
                let slot = self.node();
                self.one(slot, node);
            }
            for (_, ranges) in &ranges {
                if !sorts.contains_key(ranges) {
                    let sort = self.node();
                    for slot in ranges.iter().flat_map(|(from, until)| *from..*until) {
                        self.one(sort, number(first + slot as usize));
                    }
                    ways.push(sort);
                    sorts.insert(ranges.clone(), sort);
                }
            }
        }
        let width = self.nodes.len() / classes.count().max(1);
        for (class, ranges) in ranges {
            let to = sorts.get(&ranges).copied().unwrap_or(node);
            if let Some(cell) = self.nodes.get_mut(class * width + place) {
                *cell = to;
            }
        }
        self.ways.push(ways);
    }

    fn one(&mut self, from: u32, to: u32) {
        self.network.arcs.push(Arc {
            from,
            to,
            capacity: 1,
            cost: 0,
        });
    }

    /// The nodes of a class, by executive and day.
    pub fn row(&self, class: usize) -> &[u32] {
        let width = self.week_of.len();
        self.nodes.get(class * width..(class + 1) * width).unwrap_or_default()
    }

    /// Whether slots are scarce on this day, so that not any calls go together.
    pub fn is_scarce(&self, place: usize) -> bool {
        self.ways.get(place).is_some_and(|ways| ways.len() > 1)
    }
}
