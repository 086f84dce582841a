//! A list: whom one executive is to call on one day, as it was prepared.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::db::Json;
use crate::features::assignments::assignment::{Assignment, AssignmentId};
use crate::features::customers::customer::CustomerId;
use crate::features::programs::program::ProgramId;
use crate::id::UserId;

crate::id! {
    /// A day's list of one executive.
    CallListId;
}

crate::words! {
    /// Why a call is on a list. In this order they come on it.
    pub enum Listed {
        /// The customer was promised a call, for that day or before.
        Promised = "promised",
        /// It had its time on that day.
        Scheduled = "scheduled",
        /// It was tried before, and is to be tried again.
        Retry = "retry",
        /// It was due on that day.
        Due = "due",
        /// It was left on a day before.
        Missed = "missed",
        /// It was in the executive's hands without a day.
        Waiting = "waiting",
        /// A customer taken from the program's segments.
        New = "new",
    }
}

/// A call on a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ListEntry {
    pub assignment_id: AssignmentId,
    pub customer_id: CustomerId,
    pub program_id: ProgramId,
    /// When it is to be placed; null where no time fits both.
    pub at: Option<Timestamp>,
    pub listed: Listed,
}

impl ListEntry {
    pub fn new(assignment: &Assignment, at: Option<Timestamp>, listed: Listed) -> Self {
        Self {
            assignment_id: assignment.id,
            customer_id: assignment.customer_id,
            program_id: assignment.program_id,
            at,
            listed,
        }
    }
}

/// Whom one executive is to call on one day, as it was prepared the evening before.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CallList {
    pub id: CallListId,
    pub user_id: UserId,
    /// The day, on the executive's own calendar.
    pub list_on: NaiveDate,
    /// In the order in which they came on it.
    #[schema(value_type = Vec<ListEntry>, max_items = 2000)]
    pub entries: Json<Vec<ListEntry>>,
    /// What had its place on that day, and was moved on because the quota was full.
    #[schema(value_type = Vec<AssignmentId>, max_items = 2000)]
    pub moved_on: Json<Vec<AssignmentId>>,
    /// How many calls the quotas ask for on that day.
    #[schema(minimum = 0)]
    pub quota: i64,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl CallList {
    pub fn new(id: CallListId, user_id: UserId, list_on: NaiveDate, quota: i64, now: Timestamp) -> Self {
        Self {
            id,
            user_id,
            list_on,
            entries: Json(Vec::new()),
            moved_on: Json(Vec::new()),
            quota,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }
}
