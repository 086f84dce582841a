use super::*;

/// Chance without a machine behind it.
pub struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// Every arc written down: `gains[customer][place]`, where the place is the node.
struct Written(Vec<Vec<Option<i64>>>);

impl Market for Written {
    fn customers(&self) -> usize {
        self.0.len()
    }
    fn each(&self, customer: usize, mut see: impl FnMut(Offer)) {
        for (node, gain) in self.0[customer].iter().enumerate() {
            if gain.is_some() {
                see(self.offer(customer, number(node)));
            }
        }
    }
    fn offer(&self, customer: usize, place: u32) -> Offer {
        Offer {
            place,
            node: place,
            gain: self.0[customer][place as usize].unwrap(),
        }
    }
    fn breadth(&self) -> u64 {
        self.0.first().map_or(1, |row| row.len() as u64)
    }
}

/// Days below weeks below the root, weeks with a second, dearer arc.
fn random(dice: &mut Dice, customers: u64, weeks: u64, days: u64) -> (Network, Written) {
    let mut arcs = Vec::new();
    let week = |week: u64| number(1 + week as usize);
    let day = |at: u64| number((1 + weeks + at) as usize);
    for at in 0..weeks {
        let first = dice.roll(20) as i64;
        arcs.push(Arc {
            from: week(at),
            to: 0,
            capacity: 1 + dice.roll(2) as i64,
            cost: first,
        });
        arcs.push(Arc {
            from: week(at),
            to: 0,
            capacity: dice.roll(3) as i64,
            cost: first + dice.roll(40) as i64,
        });
    }
    for at in 0..(weeks * days) {
        arcs.push(Arc {
            from: day(at),
            to: week(at / days),
            capacity: 1 + dice.roll(2) as i64,
            cost: dice.roll(5) as i64,
        });
    }
    let nodes = (1 + weeks + weeks * days) as usize;
    let mut gains = Vec::new();
    for _ in 0..customers {
        let mut row = vec![None; nodes];
        for at in 0..(weeks * days) {
            if dice.roll(3) > 0 {
                row[day(at) as usize] = Some(dice.roll(100) as i64 - 10);
            }
        }
        gains.push(row);
    }
    (Network { nodes, arcs }, Written(gains))
}

/// The best there is, by trying everything.
fn brute(network: &Network, market: &Written, weeks: usize, days: usize) -> i64 {
    fn costs(network: &Network, used: &[i64]) -> Option<i64> {
        let mut costs = 0;
        for (node, &wanted) in used.iter().enumerate().skip(1) {
            let mut wanted = wanted;
            let mut out: Vec<&Arc> = network.arcs.iter().filter(|arc| arc.from as usize == node).collect();
            out.sort_by_key(|arc| arc.cost);
            for arc in out {
                let taken = wanted.min(arc.capacity);
                costs += taken * arc.cost;
                wanted -= taken;
            }
            if wanted > 0 {
                return None;
            }
        }
        Some(costs)
    }
    fn go(
        network: &Network,
        market: &Written,
        used: &mut Vec<i64>,
        customer: usize,
        gain: i64,
        shape: (usize, usize),
    ) -> i64 {
        if customer == market.customers() {
            return costs(network, used).map_or(i64::MIN, |costs| gain - costs);
        }
        let mut best = go(network, market, used, customer + 1, gain, shape);
        for (node, more) in market.0[customer].iter().enumerate() {
            if let Some(more) = more {
                let week = 1 + (node - 1 - shape.0) / shape.1;
                used[node] += 1;
                used[week] += 1;
                best = best.max(go(network, market, used, customer + 1, gain + more, shape));
                used[node] -= 1;
                used[week] -= 1;
            }
        }
        best
    }
    go(network, market, &mut vec![0; network.nodes], 0, 0, (weeks, days))
}

#[test]
fn small_networks_are_solved_as_well_as_by_trying_everything() {
    let mut dice = Dice(7);
    for _ in 0..400 {
        let (customers, weeks, days) = (1 + dice.roll(5), 1 + dice.roll(2), 1 + dice.roll(2));
        let (network, market) = random(&mut dice, customers, weeks, days);
        let mut simplex = Simplex::new(&network, &market, &[]);
        assert!(simplex.optimise(&market, u64::MAX));
        let best = brute(&network, &market, weeks as usize, days as usize);
        assert_eq!(simplex.objective(&market), best);
        assert_eq!(simplex.bound(&market), best);
    }
}

#[test]
fn whatever_plan_it_begins_with_the_best_is_found() {
    let mut dice = Dice(23);
    for round in 0..400 {
        let (network, market) = random(&mut dice, 1 + round % 60, 1 + round % 7, 3);
        let mut plain = Simplex::new(&network, &market, &[]);
        assert!(plain.optimise(&market, u64::MAX));
        let best = plain.objective(&market);
        let places: Vec<Option<u32>> = market
            .0
            .iter()
            .map(|row| {
                let node = dice.roll(row.len() as u64) as usize;
                row[node].map(|_| number(node))
            })
            .collect();
        for start in [places, plain.places()] {
            let mut simplex = Simplex::new(&network, &market, &start);
            assert!(simplex.bound(&market) >= best && simplex.objective(&market) <= best);
            assert!(simplex.optimise(&market, u64::MAX));
            assert_eq!(simplex.objective(&market), best);
        }
    }
}

#[test]
fn the_best_plan_is_a_start_that_needs_no_more_than_to_be_looked_at() {
    let (network, market) = random(&mut Dice(5), 300, 12, 5);
    let mut simplex = Simplex::new(&network, &market, &[]);
    assert!(simplex.optimise(&market, u64::MAX));
    let mut again = Simplex::new(&network, &market, &simplex.places());
    assert_eq!(again.objective(&market), simplex.objective(&market));
    assert!(again.optimise(&market, u64::MAX));
    assert!(again.pivots < simplex.pivots);
}

#[test]
fn a_bound_holds_wherever_the_work_is_stopped() {
    let mut dice = Dice(11);
    let (network, market) = random(&mut dice, 200, 12, 5);
    let mut simplex = Simplex::new(&network, &market, &[]);
    assert!(simplex.optimise(&market, u64::MAX));
    let (best, work) = (simplex.objective(&market), simplex.work);
    assert_eq!(simplex.bound(&market), best);
    for part in 1..10 {
        let mut simplex = Simplex::new(&network, &market, &[]);
        simplex.optimise(&market, work * part / 10);
        assert!(simplex.objective(&market) <= best && simplex.bound(&market) >= best);
    }
}

#[test]
fn equal_inputs_give_equal_places() {
    let run = || {
        let (network, market) = random(&mut Dice(3), 150, 8, 5);
        let mut simplex = Simplex::new(&network, &market, &[]);
        simplex.optimise(&market, u64::MAX);
        simplex.places()
    };
    assert_eq!(run(), run());
}
