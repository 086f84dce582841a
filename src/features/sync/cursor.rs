//! Where a device has got to: one whole number, which can stand in the middle of many records that came at one revision.

/// A place in what a device reads: after so many steps of what came at a revision.
///
/// What comes at a revision by itself is one step. Where a customer enters or leaves, the steps are the entries of its history up to that
/// revision: a history is only ever added to, so the same step is the same entry for ever, whatever happens between two pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub revision: i64,
    pub step: i64,
}

/// How many bits of a cursor tell the step; 35 are left for the revision.
const STEP_BITS: u32 = 18;
/// The step that says: all of this revision, and of everything that there was then.
const ALL: i64 = (1 << STEP_BITS) - 1;
/// The step that says: all of this revision, in the midst of reading on.
const AMID: i64 = ALL - 1;
/// The largest whole number that JavaScript knows exactly: 2^53 − 1.
pub const LARGEST: i64 = (1 << 53) - 1;

impl Position {
    /// Before everything.
    pub const START: Self = Self { revision: 0, step: ALL };

    /// After everything of this revision.
    pub const fn after(revision: i64) -> Self {
        Self { revision, step: ALL }
    }

    /// After everything of this revision, with more to come at once.
    pub const fn amid(revision: i64) -> Self {
        Self { revision, step: AMID }
    }

    /// Whether a device had everything when it stood here. Who stands in the midst has only begun to read, however long ago it was written
    /// what stands there.
    pub const fn is_whole(self) -> bool {
        self.step == ALL
    }

    /// After so many of `count` steps; a history that is longer than the steps there are is gone through several entries at a time.
    pub const fn within(revision: i64, done: usize, count: usize) -> Self {
        let step = (done / stride(count)) as i64;
        Self { revision, step }
    }

    /// How many of `count` entries of this revision are behind it.
    pub fn done(self, revision: i64, count: usize) -> usize {
        if self.revision < revision {
            return 0;
        }
        if self.revision > revision || self.step >= AMID {
            return count;
        }
        usize::try_from(self.step)
            .unwrap_or(0)
            .saturating_mul(stride(count))
            .min(count)
    }

    /// Whether what came at this revision is behind it, whole.
    pub const fn passed(self, revision: i64) -> bool {
        self.revision > revision || (self.revision == revision && self.step >= AMID)
    }

    /// As clients keep it.
    pub const fn cursor(self) -> i64 {
        (self.revision << STEP_BITS) | self.step
    }

    /// What a client has kept.
    pub const fn of(cursor: i64) -> Self {
        Self {
            revision: cursor >> STEP_BITS,
            step: cursor & ALL,
        }
    }
}

/// How many entries of a history of this length make a step.
pub const fn stride(count: usize) -> usize {
    1 + count / AMID as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_is_read_as_it_was_written(revision in 1_i64..(1 << 35), step in 0..=ALL) {
            let position = Position { revision, step };
            prop_assert_eq!(Position::of(position.cursor()), position);
            prop_assert!((1..=LARGEST).contains(&position.cursor()));
        }

        #[test]
        fn cursors_stand_in_the_order_of_their_places(a in 0_i64..9, b in 0_i64..9, x in 0..=ALL, y in 0..=ALL) {
            let (one, other) = (Position { revision: a, step: x }, Position { revision: b, step: y });
            prop_assert_eq!(one.cmp(&other), one.cursor().cmp(&other.cursor()));
        }

        #[test]
        fn no_step_is_lost_in_a_long_history(count in 1_usize..3_000_000, part in 0.0..1.0) {
            let whole = (count as f64 * part) as usize / stride(count) * stride(count);
            prop_assert_eq!(Position::within(7, whole, count).done(7, count), whole);
            prop_assert!(Position::within(7, count, count).step < AMID);
        }
    }

    #[test]
    fn what_lies_before_is_done_and_what_lies_ahead_is_not() {
        let here = Position::within(7, 3, 10);
        assert_eq!((here.done(6, 4), here.done(7, 10), here.done(8, 5)), (4, 3, 0));
        assert!(here.passed(6) && !here.passed(7));
        assert!(Position::after(7).passed(7));
        assert_eq!(Position::after(7).done(7, 10), 10);
        assert!(Position::amid(7).passed(7) && !Position::amid(7).is_whole());
        let most = AMID as usize;
        for count in [most - 1, most, most + 1, 2 * most] {
            assert!(Position::within(7, count, count).step < AMID);
        }
    }
}
