//! A plan as a record: what was asked for, how good it is, what became of it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::options::PlanOptions;
use super::reason::LeftOutCode;
use crate::clock::Timestamp;
use crate::db::Json;
use crate::features::assignments::assignment::AssignmentId;
use crate::features::assignments::batch::BatchId;
use crate::features::customers::customer::CustomerId;
use crate::features::programs::program::ProgramId;
use crate::features::segments::segment::SegmentKey;
use crate::id::UserId;
use crate::journal::{Change, Changing};
use crate::refusal::Refusal;

crate::id! {
    /// A plan.
    PlanId;
    /// A call of a plan.
    PlanCallId;
    /// A customer whom a plan left out.
    PlanLeftOutId;
}

crate::words! {
    /// How far a plan has come.
    pub enum PlanStatus {
        /// A proposal: nothing is assigned.
        Proposed = "proposed",
        /// Its calls are assignments.
        Committed = "committed",
        /// Its assignments were taken back, as far as nobody had called yet.
        Reverted = "reverted",
    }
}

crate::words! {
    /// What became of a call of a plan.
    pub enum PlanCallStatus {
        Proposed = "proposed",
        /// It is an assignment.
        Committed = "committed",
        /// Its ground had changed by the time the plan was committed.
        Skipped = "skipped",
        /// Its assignment was taken back.
        Reverted = "reverted",
    }
}

/// An executive's part of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlannedExecutive {
    pub user_id: UserId,
    /// Calls that they are to make.
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub calls: i64,
    /// Calls that there was room for.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub capacity: i64,
    /// Of the customers that they are to call, in a year, in the currency's smallest unit; amounts are added up as numbers, whatever their currency.
    pub billing_minor: i64,
}

/// Who is to call whom and when, as it was worked out.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Plan {
    pub id: PlanId,
    pub program_id: ProgramId,
    /// Who asked for it; null for an API key.
    pub created_by: Option<UserId>,
    /// Where the customers came from; empty when they were named one by one.
    #[schema(value_type = Vec<SegmentKey>, max_items = 20)]
    pub segments: Json<Vec<SegmentKey>>,
    /// The first day, on each executive's own calendar.
    pub starts_on: NaiveDate,
    /// The last one.
    pub ends_on: NaiveDate,
    #[schema(value_type = PlanOptions)]
    pub options: Json<PlanOptions>,
    pub status: PlanStatus,
    /// Customers who were looked at.
    #[schema(minimum = 0, maximum = 100_000)]
    pub considered: i64,
    /// Calls.
    #[schema(minimum = 0, maximum = 10_000)]
    pub planned: i64,
    /// Customers who got none.
    #[schema(minimum = 0, maximum = 100_000)]
    pub left_out: i64,
    /// What the plan is worth, in points: the sum of its calls, less what uneven numbers and billing cost.
    #[schema(minimum = -1_000_000_000.0, maximum = 1_000_000_000.0)]
    pub objective: f64,
    /// No plan that keeps the hard rules is worth more. Where it equals `objective`, the plan is the best there is.
    #[schema(minimum = -1_000_000_000.0, maximum = 1_000_000_000.0)]
    pub upper_bound: f64,
    /// What the plan would be worth that takes one customer after the other, the most valuable first.
    #[schema(minimum = -1_000_000_000.0, maximum = 1_000_000_000.0)]
    pub greedy: f64,
    #[schema(value_type = Vec<PlannedExecutive>, max_items = 1000)]
    pub executives: Json<Vec<PlannedExecutive>>,
    /// The bulk assignment that committing made.
    pub batch_id: Option<BatchId>,
    pub committed_at: Option<Timestamp>,
    /// Calls that became assignments.
    #[schema(minimum = 0, maximum = 10_000)]
    pub committed: i64,
    /// Calls whose ground had changed by then.
    #[schema(minimum = 0, maximum = 10_000)]
    pub skipped: i64,
    pub reverted_at: Option<Timestamp>,
    /// Assignments that were taken back.
    #[schema(minimum = 0, maximum = 10_000)]
    pub reverted: i64,
    /// Assignments that stayed, because somebody had called or they were closed.
    #[schema(minimum = 0, maximum = 10_000)]
    pub kept: i64,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Plan {
    /// Its calls are assignments now.
    ///
    /// # Errors
    /// `wrong_state` when it was committed or taken back before.
    pub fn commit(self, batch: BatchId, committed: i64, skipped: i64, now: Timestamp) -> Result<Change<Self>, Refusal> {
        match self.status {
            PlanStatus::Proposed => Ok(self.change("committed", |next| {
                next.status = PlanStatus::Committed;
                next.batch_id = (committed > 0).then_some(batch);
                next.committed_at = Some(now);
                next.committed = committed;
                next.skipped = skipped;
            })),
            PlanStatus::Committed | PlanStatus::Reverted => Err(Refusal::state(format!(
                "The plan is {} already. Make a new one.",
                self.status
            ))),
        }
    }

    /// Its assignments are taken back.
    ///
    /// # Errors
    /// `wrong_state` when there is nothing to take back.
    pub fn revert(self, reverted: i64, kept: i64, now: Timestamp) -> Result<Change<Self>, Refusal> {
        match self.status {
            PlanStatus::Committed => Ok(self.change("reverted", |next| {
                next.status = PlanStatus::Reverted;
                next.reverted_at = Some(now);
                next.reverted = reverted;
                next.kept = kept;
            })),
            PlanStatus::Reverted => Ok(self.change("reverted", |_| {})),
            PlanStatus::Proposed => Err(Refusal::state("The plan is a proposal: there is nothing to take back.")),
        }
    }
}

/// A call of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, sqlx::FromRow)]
pub struct PlanCall {
    pub id: PlanCallId,
    /// Its place: by day, executive and time.
    #[schema(minimum = 0, maximum = 100_000)]
    pub position: i64,
    pub executive_id: UserId,
    pub customer_id: CustomerId,
    /// The day, on the executive's calendar.
    pub day: NaiveDate,
    pub starts_at: Timestamp,
    #[schema(max_length = 64, example = "Europe/Berlin")]
    pub executive_zone: String,
    /// What the executive's clock shows then.
    #[schema(max_length = 30, example = "2026-12-01T15:20")]
    pub executive_time: String,
    #[schema(max_length = 64, example = "America/New_York")]
    pub customer_zone: String,
    /// What the customer's clock shows then.
    #[schema(max_length = 30, example = "2026-12-01T09:20")]
    pub customer_time: String,
    /// It lies outside the customer's hours, which the options allow.
    pub outside_window: bool,
    /// Why it is in the plan, in a sentence.
    #[schema(max_length = 20_000)]
    pub reason: String,
    /// What it is worth by itself.
    #[schema(minimum = -1_000_000.0, maximum = 1_000_000.0)]
    pub points: f64,
    pub status: PlanCallStatus,
    pub assignment_id: Option<AssignmentId>,
    /// Why it was skipped, in a word: a problem code, or `absence`, `holiday`, `weekend`, `busy`, `quota`, `account_manager`, `too_soon`.
    #[schema(max_length = 100)]
    pub skip_code: Option<String>,
    #[schema(max_length = 2000)]
    pub skip_detail: Option<String>,
}

/// A customer whom a plan left out.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, sqlx::FromRow)]
pub struct PlanLeftOut {
    pub id: PlanLeftOutId,
    #[schema(minimum = 0, maximum = 100_000)]
    pub position: i64,
    pub customer_id: CustomerId,
    pub code: LeftOutCode,
    /// Why, in a sentence.
    #[schema(max_length = 2000)]
    pub detail: String,
}
