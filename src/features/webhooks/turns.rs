//! Decides: who is served next, and how much of an instance one endpoint, one organization and all that fails may have at once.
//!
//! Whoever was served longest ago comes first in the next round, so that nobody waits for ever behind many others. What fails takes ten seconds
//! to say so, and what is slow takes nearly as long: neither has so many places that nothing is left for others.

use std::collections::HashMap;

use super::endpoint::WebhookEndpointId;
use crate::id::OrganizationId;

/// How many deliveries an instance has under way at the same time.
pub const AT_ONCE: usize = 64;
/// How many of these go to one endpoint.
const EACH: usize = 4;
/// How many of these are one organization's.
const OF_ONE: usize = 16;
/// How many of these go to endpoints that fail, in all and of one organization; each of them has one.
const FAILING: usize = 32;
const FAILING_OF_ONE: usize = 8;

/// Of so many deliveries it is remembered whose they were.
const REMEMBERED: u64 = 10_000;

pub type Place = (OrganizationId, WebhookEndpointId);

/// What is under way, and whose turn it was last.
#[derive(Default)]
pub struct Turns {
    under_way: HashMap<Place, UnderWay>,
    /// When each was served last, by the number of the delivery.
    served: HashMap<Place, u64>,
    deliveries: u64,
}

#[derive(Default)]
struct UnderWay {
    count: usize,
    failing: bool,
}

impl Turns {
    /// These, which stand in their order, from whoever was served longest ago.
    pub fn in_turn<T>(&mut self, mut waiting: Vec<(Place, T)>) -> Vec<(Place, T)> {
        let long_ago = self.deliveries.saturating_sub(REMEMBERED);
        self.served.retain(|_, number| *number > long_ago);
        waiting.sort_by_key(|(place, _)| self.served.get(place).copied());
        waiting
    }

    /// How many more this endpoint may have under way.
    pub fn room(&self, place: Place, failing: bool) -> usize {
        let count = |of: &dyn Fn(&Place, &UnderWay) -> bool| -> usize {
            let under_way = self.under_way.iter().filter(|(place, it)| of(place, it));
            under_way.map(|(_, it)| it.count).sum()
        };
        let left = |most: usize, of: &dyn Fn(&Place, &UnderWay) -> bool| most.saturating_sub(count(of));
        let each = if failing { 1 } else { EACH };
        let mut room = left(each, &|of, _| *of == place)
            .min(left(OF_ONE, &|(of, _), _| *of == place.0))
            .min(left(AT_ONCE, &|_, _| true));
        if failing {
            room = room
                .min(left(FAILING_OF_ONE, &|(of, _), it| *of == place.0 && it.failing))
                .min(left(FAILING, &|_, it| it.failing));
        }
        room
    }

    pub fn begin(&mut self, place: Place, failing: bool) {
        let under_way = self.under_way.entry(place).or_default();
        under_way.count += 1;
        under_way.failing = failing;
        self.deliveries += 1;
        self.served.insert(place, self.deliveries);
    }

    pub fn end(&mut self, place: Place) {
        match self.under_way.get_mut(&place) {
            Some(it) if it.count > 1 => it.count -= 1,
            Some(_) | None => drop(self.under_way.remove(&place)),
        }
    }

    /// Nothing is under way.
    pub fn rest(&mut self) {
        self.under_way.clear();
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn place(organization: u128, endpoint: u128) -> Place {
        (
            OrganizationId(Uuid::from_u128(organization)),
            WebhookEndpointId(Uuid::from_u128(endpoint)),
        )
    }

    /// Gives each what it may have, once; how many places each got.
    fn round(turns: &mut Turns, waiting: &[(Place, bool)]) -> HashMap<Place, usize> {
        let mut got = HashMap::new();
        for (place, failing) in turns.in_turn(waiting.to_vec()) {
            for _ in 0..turns.room(place, failing) {
                turns.begin(place, failing);
                *got.entry(place).or_default() += 1;
            }
        }
        got
    }

    #[test]
    fn many_that_fail_leave_room_for_others() {
        let dead = (0..20).flat_map(|organization| (0..100).map(move |endpoint| (place(organization, endpoint), true)));
        let healthy = place(99, 1);
        let mut waiting = Vec::from_iter(dead);
        waiting.push((healthy, false));
        let got = round(&mut Turns::default(), &waiting);
        assert_eq!((got[&healthy], got.values().sum::<usize>()), (EACH, FAILING + EACH));
        assert_eq!(
            got.keys().filter(|(of, _)| *of == place(0, 0).0).count(),
            FAILING_OF_ONE
        );
    }

    #[test]
    fn one_organization_does_not_take_all_places_and_nobody_is_passed_over() {
        let slow = (0..10).flat_map(|organization| (0..50).map(move |endpoint| (place(organization, endpoint), false)));
        let waiting = Vec::from_iter(slow);
        let (mut turns, mut served) = (Turns::default(), HashMap::<_, usize>::new());
        for _ in 0..200 {
            let got = round(&mut turns, &waiting);
            for organization in 0..10 {
                let of = |(place, _): &(&Place, &usize)| place.0 == self::place(organization, 0).0;
                assert!(got.iter().filter(of).map(|(_, count)| count).sum::<usize>() <= OF_ONE);
            }
            assert_eq!(got.values().sum::<usize>(), AT_ONCE);
            for (place, count) in got {
                *served.entry(place).or_default() += count;
            }
            turns.rest();
        }
        assert_eq!(served.len(), waiting.len(), "everybody had a turn");
    }

    #[test]
    fn who_was_served_last_is_last() {
        let mut turns = Turns::default();
        let waiting = |all: &[u128]| all.iter().map(|at| (place(1, *at), ())).collect::<Vec<_>>();
        turns.begin(place(1, 2), false);
        assert_eq!(turns.in_turn(waiting(&[1, 2, 3])), waiting(&[1, 3, 2]));
        assert_eq!(turns.in_turn(waiting(&[1])), waiting(&[1]));
        turns.end(place(1, 2));
        assert_eq!(
            turns.in_turn(waiting(&[1, 2, 3, 4])),
            waiting(&[1, 3, 4, 2]),
            "though it has ended"
        );
    }
}
