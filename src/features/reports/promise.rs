//! Whether a promised call was made: pure, of the calls that came after the promise.

use chrono::TimeDelta;

use crate::clock::Timestamp;

/// Minutes before and after the promised time that still keep the promise, when nothing else is asked for.
pub const TOLERANCE: i64 = 60;

/// A call that was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// For when.
    pub at: Timestamp,
    /// When the assignment was closed, if it was.
    pub closed_at: Option<Timestamp>,
}

/// A call on the same assignment that came after the promise was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaterCall {
    pub at: Timestamp,
    pub conversation: bool,
    /// It promised another time.
    pub promised: bool,
}

/// What became of a promised call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Somebody called within the tolerance, or had spoken with them before.
    Kept,
    Missed,
    /// Its time has not run out.
    Pending,
    /// Another time was promised before this one came, or the assignment was closed.
    Withdrawn,
}

impl Promise {
    /// What became of it. The tolerance holds before and after the promised time.
    pub fn became(&self, calls: &[LaterCall], tolerance: TimeDelta, now: Timestamp) -> Kept {
        let (from, until) = (self.at.plus(-tolerance), self.at.plus(tolerance));
        let on_time = |call: &LaterCall| from <= call.at && call.at <= until;
        let before = |call: &&LaterCall| call.at < from;
        if calls.iter().any(on_time) || calls.iter().filter(before).any(|call| call.conversation) {
            Kept::Kept
        } else if calls.iter().filter(before).any(|call| call.promised) || self.closed_at.is_some_and(|at| at <= until)
        {
            Kept::Withdrawn
        } else if now <= until {
            Kept::Pending
        } else {
            Kept::Missed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::new(format!("2026-03-03T{text}:00Z").parse().unwrap())
    }

    #[test]
    fn a_promise_is_kept_missed_pending_or_withdrawn() {
        let call = |time: &str| LaterCall {
            at: at(time),
            conversation: false,
            promised: false,
        };
        let spoke = |time: &str| LaterCall {
            conversation: true,
            ..call(time)
        };
        let promised = |time: &str| LaterCall {
            promised: true,
            ..call(time)
        };
        for (calls, closed_at, now, expected) in [
            (vec![], None, "12:00", Kept::Pending),
            (vec![], None, "16:00", Kept::Pending),
            (vec![], None, "16:01", Kept::Missed),
            (vec![call("15:00")], None, "16:01", Kept::Kept),
            (vec![call("14:00")], None, "14:01", Kept::Kept),
            (vec![call("16:01")], None, "18:00", Kept::Missed),
            // Earlier tries that reached nobody do not keep it.
            (vec![call("11:00")], None, "12:00", Kept::Pending),
            (vec![call("11:00")], None, "18:00", Kept::Missed),
            (vec![call("11:00"), call("15:10")], None, "18:00", Kept::Kept),
            // They were spoken with before: nothing is owed.
            (vec![spoke("11:00")], Some(at("11:00")), "18:00", Kept::Kept),
            (vec![promised("11:00")], None, "18:00", Kept::Withdrawn),
            (vec![], Some(at("13:00")), "18:00", Kept::Withdrawn),
            (vec![], Some(at("17:00")), "18:00", Kept::Missed),
        ] {
            let promise = Promise {
                at: at("15:00"),
                closed_at,
            };
            let became = promise.became(&calls, TimeDelta::hours(1), at(now));
            assert_eq!(became, expected, "{calls:?} {closed_at:?} {now}");
        }
    }
}
