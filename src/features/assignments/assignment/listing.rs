//! What happens to an assignment by itself: it comes on a day's list, is moved on, or is released.

use chrono::NaiveDate;

use super::{Assignment, AssignmentStatus};
use crate::clock::Timestamp;
use crate::journal::{Change, Changing};
use crate::refusal::Refusal;

impl Assignment {
    /// Comes on the list of a day, at this time or without one. What was promised keeps its time, also one that has passed.
    ///
    /// # Errors
    /// `wrong_state` when it is closed.
    pub fn list(self, day: NaiveDate, at: Option<Timestamp>) -> Result<Change<Self>, Refusal> {
        self.must_be_open()?;
        Ok(self.change("listed", |next| {
            if next.due_on.is_none_or(|due| due < day) {
                next.due_on = Some(day);
            }
            match at {
                _ if next.callback_promised_at.is_some() => {}
                Some(at) => next.schedule(at),
                None => next.unschedule(),
            }
        }))
    }

    /// Had its place on a day that is full: it is due on this one, and has no time yet.
    ///
    /// # Errors
    /// `wrong_state` when it is closed.
    pub fn move_on(self, day: NaiveDate) -> Result<Change<Self>, Refusal> {
        self.must_be_open()?;
        Ok(self.change("moved_on", |next| {
            next.due_on = Some(day);
            next.unschedule();
        }))
    }

    /// Goes back to the pool, for nobody has worked it: the customer is free for others.
    ///
    /// # Errors
    /// `wrong_state` when it is closed.
    pub fn release(self, now: Timestamp) -> Result<Change<Self>, Refusal> {
        self.must_be_open()?;
        Ok(self.change("released", |next| {
            next.close(AssignmentStatus::Canceled, Some(RELEASED.into()), now);
        }))
    }

    fn unschedule(&mut self) {
        self.scheduled_for = None;
        self.callback_promised_at = None;
        self.status = AssignmentStatus::Queued;
    }
}

/// Why assignments are closed that nobody has worked.
pub const RELEASED: &str = "released";
