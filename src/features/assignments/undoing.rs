//! Takes back what a bulk assignment made, as far as nobody has called yet.

use serde::Serialize;
use utoipa::ToSchema;

use super::assignment::{Assignment, AssignmentId, AssignmentStatus};
use super::batch::AssignmentBatch;
use super::store;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::http::Problem;
use crate::journal::{Change, Unit};
use crate::refusal::Refusal;

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
        let assignment_id = assignment.id;
        match take_back(assignment, unit.now())? {
            Taken::Already => reverted += 1,
            Taken::Back(change) => {
                reverted += 1;
                changes.push(*change);
            }
            Taken::Not(reason) => kept.push(KeptAssignment { assignment_id, reason }),
        }
    }
    unit.save_all(changes).await?;
    let count = |of: usize| i64::try_from(of).unwrap_or(i64::MAX);
    let change = batch.revert(count(reverted), count(kept.len()), unit.now());
    let batch = unit.save(change).await?;
    Ok(Undone { batch, reverted, kept })
}

/// Whether an assignment can be taken back.
#[derive(Debug)]
pub enum Taken {
    Back(Box<Change<Assignment>>),
    /// It was taken back before.
    Already,
    Not(KeptReason),
}

/// Cancels an assignment that is open and was never called.
///
/// # Errors
/// Never, for one that is open.
pub fn take_back(assignment: Assignment, now: Timestamp) -> Result<Taken, Refusal> {
    Ok(match assignment.status {
        AssignmentStatus::Canceled if assignment.closed_reason.as_deref() == Some(REVERTED) => Taken::Already,
        AssignmentStatus::Queued | AssignmentStatus::Scheduled if assignment.attempts_made == 0 => {
            Taken::Back(Box::new(assignment.cancel(Some(REVERTED.into()), now)?))
        }
        AssignmentStatus::Queued | AssignmentStatus::Scheduled => Taken::Not(KeptReason::Attempted),
        AssignmentStatus::Completed
        | AssignmentStatus::Unreachable
        | AssignmentStatus::Declined
        | AssignmentStatus::Canceled => Taken::Not(KeptReason::Closed),
    })
}
