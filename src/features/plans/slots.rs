//! The calls of one day, each in a slot of its own.

use super::classes::Range;

/// Gives each call a slot that is among its ranges, or says that there is no way to.
///
/// Slots are filled from the first on, each by the call that must be made soonest: so zones where the day ends early come
/// early. Calls that must be made equally soon keep their order. Where that leads nowhere, though there is a way, calls make
/// room for each other until all have a slot.
pub fn arrange(slots: u32, calls: &[Vec<Range>]) -> Option<Vec<u32>> {
    let last = |ranges: &Vec<Range>| ranges.iter().map(|(_, until)| *until).max().unwrap_or(0);
    let takes = |ranges: &Vec<Range>, slot: u32| ranges.iter().any(|(from, until)| (*from..*until).contains(&slot));
    let mut given: Vec<Option<u32>> = vec![None; calls.len()];
    for slot in 0..slots {
        let waiting = calls
            .iter()
            .enumerate()
            .filter(|(call, _)| given.get(*call) == Some(&None));
        let fitting = waiting.filter(|(_, ranges)| takes(ranges, slot));
        if let Some((call, _)) = fitting.min_by_key(|(call, ranges)| (last(ranges), *call))
            && let Some(place) = given.get_mut(call)
        {
            *place = Some(slot);
        }
    }
    let mut taken: Vec<Option<usize>> = vec![None; usize::try_from(slots).unwrap_or(0)];
    for (call, slot) in given.iter().enumerate() {
        if let Some(place) = slot.and_then(|slot| taken.get_mut(slot as usize)) {
            *place = Some(call);
        }
    }
    for call in 0..calls.len() {
        if given.get(call) == Some(&None) {
            let mut seen = vec![false; taken.len()];
            if !make_room(call, calls, &mut given, &mut taken, &mut seen) {
                return None;
            }
        }
    }
    given.into_iter().collect()
}

/// Gives this call a slot by moving others, where that can be.
fn make_room(
    call: usize,
    calls: &[Vec<Range>],
    given: &mut [Option<u32>],
    taken: &mut [Option<usize>],
    seen: &mut [bool],
) -> bool {
    let ranges = calls.get(call).map(Vec::as_slice).unwrap_or_default();
    for slot in ranges.iter().flat_map(|(from, until)| *from..*until) {
        let at = slot as usize;
        match seen.get_mut(at) {
            Some(seen) if !*seen => *seen = true,
            Some(_) | None => continue,
        }
        let holder = taken.get(at).copied().flatten();
        if holder.is_none_or(|holder| make_room(holder, calls, given, taken, seen)) {
            if let (Some(given), Some(taken)) = (given.get_mut(call), taken.get_mut(at)) {
                (*given, *taken) = (Some(slot), Some(call));
            }
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_must_be_called_soonest_is_called_first() {
        assert_eq!(
            arrange(4, &[vec![(0, 4)], vec![(0, 2)], vec![(1, 2)]]),
            Some(vec![2, 0, 1])
        );
        assert_eq!(arrange(4, &[vec![(0, 4)], vec![(0, 4)]]), Some(vec![0, 1]));
        assert_eq!(arrange(2, &[vec![(0, 1)], vec![(0, 1)]]), None);
        assert_eq!(arrange(0, &[]), Some(Vec::new()));
    }

    #[test]
    fn hours_in_two_pieces_make_room() {
        // The first could wait until slot 3, and must: the second has slot 0 alone, the third 0 and 1.
        let calls = [vec![(0, 1), (3, 4)], vec![(0, 1)], vec![(0, 2)]];
        let slots = arrange(4, &calls).unwrap();
        assert_eq!(slots, vec![3, 0, 1]);
    }
}
