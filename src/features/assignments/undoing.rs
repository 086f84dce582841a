//! Takes back what a bulk assignment made, as far as nobody has called yet.

use serde::Serialize;
use utoipa::ToSchema;

use super::assignment::{AssignmentId, AssignmentStatus};
use super::batch::AssignmentBatch;
use super::store;
use crate::access::Scope;
use crate::http::Problem;
use crate::journal::Unit;

/// Why the assignments of an undone bulk assignment are closed.
const REVERTED: &str = "The bulk assignment was reverted.";

/// What an undoing left as it was.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeptAssignment {
    pub assignment_id: AssignmentId,
    pub reason: KeptReason,
}

crate::words! {
    /// Why an undoing left an assignment as it was.
    pub enum KeptReason {
        /// Somebody has called.
        Attempted = "attempted",
        /// It was closed before.
        Closed = "closed",
    }
}

/// What an undoing did.
#[derive(Debug)]
pub struct Undone {
    pub batch: AssignmentBatch,
    /// How many assignments are canceled by it.
    pub reverted: usize,
    pub kept: Vec<KeptAssignment>,
}

/// Cancels what is still open and was never called. A second time changes nothing.
///
/// # Errors
/// What the database said.
pub async fn revert(unit: &mut Unit, scope: &Scope, batch: AssignmentBatch) -> Result<Undone, Problem> {
    let (mut changes, mut kept, mut reverted) = (Vec::new(), Vec::new(), 0);
    for assignment in store::of_batch(unit, scope, batch.id).await? {
        let reason = match assignment.status {
            AssignmentStatus::Canceled if assignment.closed_reason.as_deref() == Some(REVERTED) => {
                reverted += 1;
                continue;
            }
            AssignmentStatus::Queued | AssignmentStatus::Scheduled if assignment.attempts_made == 0 => {
                reverted += 1;
                changes.push(assignment.cancel(Some(REVERTED.into()), unit.now())?);
                continue;
            }
            AssignmentStatus::Queued | AssignmentStatus::Scheduled => KeptReason::Attempted,
            AssignmentStatus::Completed
            | AssignmentStatus::Unreachable
            | AssignmentStatus::Declined
            | AssignmentStatus::Canceled => KeptReason::Closed,
        };
        kept.push(KeptAssignment {
            assignment_id: assignment.id,
            reason,
        });
    }
    unit.save_all(changes).await?;
    let count = |of: usize| i64::try_from(of).unwrap_or(i64::MAX);
    let change = batch.revert(count(reverted), count(kept.len()), unit.now());
    let batch = unit.save(change).await?;
    Ok(Undone { batch, reverted, kept })
}
