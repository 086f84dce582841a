//! Work that came out of a call, and what the customer was promised.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::Json;
use crate::features::customers::customer::CustomerId;
use crate::features::occasion::Occasion;
use crate::fold;
use crate::id::UserId;
use crate::journal::{Change, Changing};
use crate::refusal::Refusal;

crate::id! {
    /// An action item.
    ActionItemId;
}

crate::words! {
    /// What sort of work it is.
    pub enum ActionItemKind {
        General = "general",
        Issue = "issue",
        FollowUp = "follow_up",
        /// The record is wrong: for a data steward.
        DataQuality = "data_quality",
        /// Pass the praise on.
        Praise = "praise",
        Idea = "idea",
        SuccessStory = "success_story",
        ServiceInterest = "service_interest",
        Rescue = "rescue",
    }
}

crate::words! {
    /// How much it matters.
    pub enum Priority {
        Low = "low",
        Normal = "normal",
        High = "high",
        Urgent = "urgent",
    }
}

crate::words! {
    /// Where the work stands. What the customer was told is apart from it.
    pub enum ActionItemStatus {
        Open = "open",
        InProgress = "in_progress",
        /// For somebody or something else.
        Waiting = "waiting",
        Completed = "completed",
        Canceled = "canceled",
    }
}

impl ActionItemStatus {
    /// Whether there is still something to do.
    pub const fn open(self) -> bool {
        match self {
            Self::Open | Self::InProgress | Self::Waiting => true,
            Self::Completed | Self::Canceled => false,
        }
    }
}

/// What the customer was told to expect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerPromise {
    /// What they will hear.
    #[schema(min_length = 1, max_length = 1000)]
    pub what: String,
    /// By when.
    pub by: Timestamp,
    /// Who will contact them; the owner when null.
    pub contact_by: Option<UserId>,
}

fn general() -> ActionItemKind {
    ActionItemKind::General
}

fn normal() -> Priority {
    Priority::Normal
}

/// What can be said of an action item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionItemInput {
    #[schema(min_length = 1, max_length = 300)]
    pub title: String,
    #[schema(max_length = 10_000)]
    pub detail: Option<String>,
    #[serde(default = "general")]
    pub kind: ActionItemKind,
    /// An active user; without an owner and a department it is its creator's.
    pub owner_id: Option<UserId>,
    #[schema(min_length = 1, max_length = 100)]
    pub department: Option<String>,
    pub due_at: Option<Timestamp>,
    #[serde(default = "normal")]
    pub priority: Priority,
    /// What the customer was promised. That they were told is a step of its own.
    #[schema(value_type = Option<CustomerPromise>)]
    pub customer_promise: Option<Json<CustomerPromise>>,
}

/// Work that came out of a call.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ActionItem {
    pub id: ActionItemId,
    #[serde(flatten)]
    pub fields: ActionItemInput,
    pub customer_id: CustomerId,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub contact_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub assignment_id: Option<Uuid>,
    /// The call that it came out of.
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub attempt_id: Option<Uuid>,
    /// Null when Touchbase itself or an API key made it.
    pub created_by: Option<UserId>,
    pub status: ActionItemStatus,
    /// When it was completed or canceled.
    pub closed_at: Option<Timestamp>,
    pub closed_by: Option<UserId>,
    /// What came of it, or why it was canceled.
    #[schema(max_length = 10_000)]
    pub outcome: Option<String>,
    /// When the customer was told.
    pub customer_told_at: Option<Timestamp>,
    pub customer_told_by: Option<UserId>,
    /// How, in a few words: by phone, in an e-mail.
    #[schema(max_length = 500)]
    pub customer_told_how: Option<String>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A step of the work.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Start,
    Wait,
    Complete { outcome: Option<String> },
    Cancel { outcome: Option<String> },
    Reopen,
}

impl ActionItem {
    /// A new, open item. Without an owner and a department it is its creator's.
    pub fn new(
        id: ActionItemId,
        mut fields: ActionItemInput,
        occasion: Occasion,
        created_by: Option<UserId>,
        now: Timestamp,
    ) -> Self {
        if fields.owner_id.is_none() && fields.department.is_none() {
            fields.owner_id = created_by;
        }
        Self {
            id,
            fields,
            customer_id: occasion.customer_id,
            contact_id: occasion.contact_id,
            assignment_id: occasion.assignment_id,
            attempt_id: occasion.attempt_id,
            created_by,
            status: ActionItemStatus::Open,
            closed_at: None,
            closed_by: None,
            outcome: None,
            customer_told_at: None,
            customer_told_by: None,
            customer_told_how: None,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Other fields than before; only while it is not closed.
    ///
    /// # Errors
    /// `wrong_state`.
    pub fn revise(self, fields: ActionItemInput) -> Result<Change<Self>, Refusal> {
        if fields == self.fields {
            return Ok(self.change("updated", |_| {}));
        }
        self.still_open()?;
        Ok(self.change("updated", |next| next.fields = fields))
    }

    /// Gives it to somebody else, or to another department.
    ///
    /// # Errors
    /// `wrong_state`.
    pub fn reassign(self, owner: Option<UserId>, department: Option<String>) -> Result<Change<Self>, Refusal> {
        self.still_open()?;
        Ok(self.change("reassigned", |next| {
            next.fields.owner_id = owner;
            next.fields.department = department;
        }))
    }

    /// Moves the work on.
    ///
    /// # Errors
    /// `wrong_state`, naming it.
    pub fn step(self, step: Step, by: Option<UserId>, now: Timestamp) -> Result<Change<Self>, Refusal> {
        use ActionItemStatus::{Canceled, Completed, InProgress, Open, Waiting};
        match (step, self.status) {
            (Step::Start, Open | Waiting) => Ok(self.change("started", |next| next.status = InProgress)),
            (Step::Wait, Open | InProgress) => Ok(self.change("waiting", |next| next.status = Waiting)),
            (Step::Complete { outcome }, Open | InProgress | Waiting) => {
                Ok(self.change("completed", |next| next.close(Completed, outcome, by, now)))
            }
            (Step::Cancel { outcome }, Open | InProgress | Waiting) => {
                Ok(self.change("canceled", |next| next.close(Canceled, outcome, by, now)))
            }
            (Step::Reopen, Completed | Canceled) => Ok(self.change("reopened", |next| {
                next.status = Open;
                next.closed_at = None;
                next.closed_by = None;
                next.outcome = None;
            })),
            (Step::Start, InProgress | Completed | Canceled)
            | (Step::Wait, Waiting | Completed | Canceled)
            | (Step::Complete { .. } | Step::Cancel { .. }, Completed | Canceled)
            | (Step::Reopen, Open | InProgress | Waiting) => Err(self.wrong_state()),
        }
    }

    /// The customer was told. Apart from the work: it may be told before it is done, and done without being told.
    ///
    /// # Errors
    /// `wrong_state` when the customer was told before, `invalid_request` for a time to come.
    pub fn tell_customer(
        self,
        at: Option<Timestamp>,
        how: Option<String>,
        by: Option<UserId>,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        if let Some(told) = self.customer_told_at {
            return Err(Refusal::state(format!("The customer was told at {told} already.")));
        }
        let at = at.unwrap_or(now);
        if at.lies_ahead(now) {
            return Err(Refusal::new(
                crate::refusal::Code::Invalid,
                "`told_at` lies in the future: this is for what has happened.",
            ));
        }
        Ok(self.change("customer_told", |next| {
            next.customer_told_at = Some(at.min(now));
            next.customer_told_by = by;
            next.customer_told_how = how;
        }))
    }

    fn close(&mut self, status: ActionItemStatus, outcome: Option<String>, by: Option<UserId>, now: Timestamp) {
        self.status = status;
        self.closed_at = Some(now);
        self.closed_by = by;
        self.outcome = outcome;
    }

    fn still_open(&self) -> Result<(), Refusal> {
        if self.status.open() {
            Ok(())
        } else {
            Err(self.wrong_state())
        }
    }

    fn wrong_state(&self) -> Refusal {
        Refusal::state(format!("The action item is `{}`.", self.status))
    }

    /// Whether this person may work it: its owner, its department, or whoever's call it came of.
    pub fn is_theirs(&self, user: Option<UserId>, department: Option<&str>) -> bool {
        let person = user.is_some() && (self.fields.owner_id == user || self.created_by == user);
        let department = match (department, &self.fields.department) {
            (Some(department), Some(its)) => fold::key(its) == fold::key(department),
            (None, _) | (_, None) => false,
        };
        person || department
    }
}

#[cfg(test)]
#[path = "action_item_tests.rs"]
mod tests;
