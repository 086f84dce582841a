//! An assignment: a customer whom one executive is to call, within a program.

mod listing;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use listing::RELEASED;

use super::batch::BatchId;
use super::calling_hours::{CallingHours, ahead};
use crate::clock::Timestamp;
use crate::features::customers::customer::CustomerId;
use crate::features::programs::program::ProgramId;
use crate::id::UserId;
use crate::journal::{Change, Changing};
use crate::refusal::Refusal;

crate::id! {
    /// A customer whom one executive is to call, within a program.
    AssignmentId;
}

crate::words! {
    /// How far an assignment has come. The first two are open, the others closed for good.
    pub enum AssignmentStatus {
        /// To be called, at no certain time.
        Queued = "queued",
        /// To be called at a certain time.
        Scheduled = "scheduled",
        /// There was a conversation.
        Completed = "completed",
        /// Nobody was reached, and the attempts are used up.
        Unreachable = "unreachable",
        /// The customer or the executive declined.
        Declined = "declined",
        /// Taken back.
        Canceled = "canceled",
    }
}

impl AssignmentStatus {
    /// Whether there is still something to do.
    pub const fn open(self) -> bool {
        match self {
            Self::Queued | Self::Scheduled => true,
            Self::Completed | Self::Unreachable | Self::Declined | Self::Canceled => false,
        }
    }
}

crate::words! {
    /// How pressing it is.
    #[derive(Default)]
    pub enum AssignmentPriority {
        Low = "low",
        #[default]
        Normal = "normal",
        High = "high",
        Urgent = "urgent",
    }
}

impl AssignmentPriority {
    /// 0 for low to 3 for urgent.
    pub const fn rank(self) -> i64 {
        match self {
            Self::Low => 0,
            Self::Normal => 1,
            Self::High => 2,
            Self::Urgent => 3,
        }
    }
}

/// What is said of a new assignment, once it is known whom and what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct AssignmentInput {
    pub program_id: ProgramId,
    pub customer_id: CustomerId,
    pub assignee_id: UserId,
    pub due_on: Option<NaiveDate>,
    pub scheduled_for: Option<Timestamp>,
    pub priority: AssignmentPriority,
    pub reason: Option<String>,
}

/// What can be changed of an assignment without a word to anybody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignmentFields {
    /// The day by which the call should have been made.
    pub due_on: Option<NaiveDate>,
    #[serde(default)]
    pub priority: AssignmentPriority,
    /// Why this customer, in a sentence.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// A customer whom one executive is to call, within a program.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Assignment {
    pub id: AssignmentId,
    pub program_id: ProgramId,
    pub customer_id: CustomerId,
    /// Who places the call, and nobody else.
    pub assignee_id: UserId,
    /// Since when it is theirs.
    pub assigned_at: Timestamp,
    /// Whose it was before.
    pub previous_assignee_id: Option<UserId>,
    /// The day by which the call should have been made.
    pub due_on: Option<NaiveDate>,
    /// When the next call is to be placed.
    pub scheduled_for: Option<Timestamp>,
    pub priority: AssignmentPriority,
    /// Why this customer, in a sentence.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
    pub status: AssignmentStatus,
    /// Out of the way until then.
    pub snoozed_until: Option<Timestamp>,
    /// How many calls were placed.
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub attempts_made: i64,
    pub last_attempt_at: Option<Timestamp>,
    /// When the customer was told to expect the next call.
    pub callback_promised_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    #[schema(max_length = 1000)]
    pub closed_reason: Option<String>,
    /// The bulk assignment that made it.
    pub batch_id: Option<BatchId>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What an attempt means for its assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A conversation: done.
    Conversation,
    /// Call again then; `promised` when the customer was told so.
    CallAgain { at: Timestamp, promised: bool },
    /// The number or the contact is wrong: nothing is scheduled until the data are corrected.
    WaitForData,
    /// The attempts are used up.
    GiveUp,
    /// The contact does not want this conversation.
    Declined,
    /// The customer does not want to be called at all.
    DoNotCall,
}

impl Assignment {
    /// A new assignment: scheduled when a time is given, else queued.
    pub fn new(id: AssignmentId, input: AssignmentInput, now: Timestamp) -> Self {
        Self {
            id,
            program_id: input.program_id,
            customer_id: input.customer_id,
            assignee_id: input.assignee_id,
            assigned_at: now,
            previous_assignee_id: None,
            due_on: input.due_on,
            scheduled_for: input.scheduled_for,
            priority: input.priority,
            reason: input.reason,
            status: match input.scheduled_for {
                Some(_) => AssignmentStatus::Scheduled,
                None => AssignmentStatus::Queued,
            },
            snoozed_until: None,
            attempts_made: 0,
            last_attempt_at: None,
            callback_promised_at: None,
            closed_at: None,
            closed_reason: None,
            batch_id: None,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Every command needs an open assignment.
    ///
    /// # Errors
    /// `wrong_state`, naming the state.
    pub fn must_be_open(&self) -> Result<(), Refusal> {
        match self.status {
            AssignmentStatus::Queued | AssignmentStatus::Scheduled => Ok(()),
            AssignmentStatus::Completed
            | AssignmentStatus::Unreachable
            | AssignmentStatus::Declined
            | AssignmentStatus::Canceled => Err(Refusal::state(format!(
                "The assignment is {}; only an open one can be worked.",
                self.status
            ))),
        }
    }

    /// Whether it is in its executive's working set: while it is open, and afterwards too, unless it was taken back before any call.
    pub fn stays_with_its_executive(&self) -> bool {
        match self.status {
            AssignmentStatus::Queued
            | AssignmentStatus::Scheduled
            | AssignmentStatus::Completed
            | AssignmentStatus::Unreachable
            | AssignmentStatus::Declined => true,
            AssignmentStatus::Canceled => self.attempts_made > 0,
        }
    }

    /// What can be changed of it, as it is.
    pub fn fields(&self) -> AssignmentFields {
        AssignmentFields {
            due_on: self.due_on,
            priority: self.priority,
            reason: self.reason.clone(),
        }
    }

    /// Other fields than before. The same ones change nothing, closed or not.
    ///
    /// # Errors
    /// `wrong_state` when it is closed.
    pub fn revise(self, fields: AssignmentFields) -> Result<Change<Self>, Refusal> {
        if fields != self.fields() {
            self.must_be_open()?;
        }
        Ok(self.change("updated", |next| {
            next.due_on = fields.due_on;
            next.priority = fields.priority;
            next.reason = fields.reason;
        }))
    }

    /// Moves the call to another time, within the customer's hours or, on purpose, outside them.
    ///
    /// # Errors
    /// `wrong_state` when it is closed; what the hours have against the time.
    pub fn reschedule(
        self,
        to: Timestamp,
        outside_window: bool,
        hours: &CallingHours,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        self.must_be_open()?;
        hours.allow(to, outside_window, now)?;
        Ok(self.change("rescheduled", |next| {
            next.schedule(to);
            next.snoozed_until = None;
        }))
    }

    /// Gives it to somebody else.
    ///
    /// # Errors
    /// `wrong_state` when it is closed.
    pub fn reassign(self, to: UserId, now: Timestamp) -> Result<Change<Self>, Refusal> {
        self.must_be_open()?;
        Ok(self.change("reassigned", |next| {
            if next.assignee_id != to {
                next.previous_assignee_id = Some(next.assignee_id);
                next.assigned_at = now;
                next.assignee_id = to;
            }
        }))
    }

    /// Puts it out of the way for a while. A call that was scheduled for before then is no longer.
    ///
    /// # Errors
    /// `wrong_state` when it is closed, `in_the_past` when the time is not ahead.
    pub fn snooze(self, until: Timestamp, now: Timestamp) -> Result<Change<Self>, Refusal> {
        self.must_be_open()?;
        ahead(until, now)?;
        Ok(self.change("snoozed", |next| {
            next.snoozed_until = Some(until);
            if next.scheduled_for.is_some_and(|at| at < until) {
                next.scheduled_for = None;
                next.callback_promised_at = None;
                next.status = AssignmentStatus::Queued;
            }
        }))
    }

    /// The executive or the customer does not want it.
    ///
    /// # Errors
    /// `wrong_state` when it is closed.
    pub fn decline(self, reason: Option<String>, now: Timestamp) -> Result<Change<Self>, Refusal> {
        self.must_be_open()?;
        Ok(self.change("declined", |next| {
            next.close(AssignmentStatus::Declined, reason, now);
        }))
    }

    /// Takes it back.
    ///
    /// # Errors
    /// `wrong_state` when it is closed.
    pub fn cancel(self, reason: Option<String>, now: Timestamp) -> Result<Change<Self>, Refusal> {
        self.must_be_open()?;
        Ok(self.change("canceled", |next| {
            next.close(AssignmentStatus::Canceled, reason, now);
        }))
    }

    /// There was a conversation, though not by a call that is on the record.
    ///
    /// # Errors
    /// `wrong_state` when it is closed.
    pub fn complete(self, reason: Option<String>, now: Timestamp) -> Result<Change<Self>, Refusal> {
        self.must_be_open()?;
        Ok(self.change("completed", |next| {
            next.close(AssignmentStatus::Completed, reason, now);
        }))
    }

    /// A call was placed.
    ///
    /// # Errors
    /// `wrong_state` when it is closed.
    pub fn attempted(self, outcome: Outcome, occurred_at: Timestamp, now: Timestamp) -> Result<Change<Self>, Refusal> {
        self.must_be_open()?;
        Ok(self.change("attempted", |next| {
            next.attempts_made += 1;
            next.last_attempt_at = Some(next.last_attempt_at.map_or(occurred_at, |last| last.max(occurred_at)));
            next.snoozed_until = None;
            next.callback_promised_at = None;
            match outcome {
                Outcome::Conversation => next.close(AssignmentStatus::Completed, None, now),
                Outcome::CallAgain { at, promised } => {
                    next.schedule(at);
                    next.callback_promised_at = promised.then_some(at);
                }
                Outcome::WaitForData => {
                    next.scheduled_for = None;
                    next.status = AssignmentStatus::Queued;
                }
                Outcome::GiveUp => next.close(
                    AssignmentStatus::Unreachable,
                    Some("The attempts are used up.".into()),
                    now,
                ),
                Outcome::Declined => next.close(
                    AssignmentStatus::Declined,
                    Some("The customer declined the conversation.".into()),
                    now,
                ),
                Outcome::DoNotCall => next.close(AssignmentStatus::Canceled, Some(NOT_TO_BE_CALLED.into()), now),
            }
        }))
    }

    fn schedule(&mut self, at: Timestamp) {
        if self.callback_promised_at != Some(at) {
            self.callback_promised_at = None;
        }
        self.scheduled_for = Some(at);
        self.status = AssignmentStatus::Scheduled;
    }

    fn close(&mut self, status: AssignmentStatus, reason: Option<String>, now: Timestamp) {
        self.status = status;
        self.closed_at = Some(now);
        self.closed_reason = reason;
        self.scheduled_for = None;
        self.snoozed_until = None;
        self.callback_promised_at = None;
    }
}

/// Why the assignments of a customer who asked for it are closed.
pub const NOT_TO_BE_CALLED: &str = "The customer asked not to be called.";

#[cfg(test)]
mod tests;
