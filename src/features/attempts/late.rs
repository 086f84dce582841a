//! A call that is told of after its assignment went to somebody else or was closed: it was made, and stays on the record.

use chrono::TimeDelta;

use super::consequences::Consequences;
use super::debrief::{Debrief, NewAttempt};
use super::recording::{follows, learn};
use super::told::Told;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::features::assignments::assignment::{Assignment, AssignmentStatus};
use crate::features::notifications::notification::{self, NotificationKind};
use crate::features::{assignments, notifications, people};
use crate::http::Problem;
use crate::id::UserId;
use crate::journal::{Change, Unit};

/// How long somebody may be without any network: so much later a call is still placed by who has heard of nothing.
const AWAY: TimeDelta = TimeDelta::days(30);

/// Whether whoever tells of a call had its assignment on their device, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Had {
    Never,
    Still,
    Until(Timestamp),
}

impl Had {
    /// Whether a call may have been placed by them in the belief that it was theirs to place.
    pub fn unheard(self, closed_at: Option<Timestamp>, called: Timestamp) -> bool {
        let gone = match self {
            Self::Never => return false,
            Self::Still => closed_at,
            Self::Until(at) => Some(closed_at.map_or(at, |closed| closed.min(at))),
        };
        gone.is_none_or(|gone| called < gone.plus(AWAY))
    }
}

/// Writes the call, what was learned in it and what it says of the customer. The assignment is not this caller's to work any more and stays as it is,
/// unless the customer asked not to be called.
///
/// # Errors
/// What the database said.
pub async fn record(
    unit: &mut Unit,
    scope: &Scope,
    by: UserId,
    assignment: Assignment,
    new: NewAttempt,
    told: Told,
) -> Result<Debrief, Problem> {
    let now = unit.now();
    let follows = follows(&assignment, &new, &told, 1, now);
    let id = new.id.unwrap_or_else(|| unit.new_id());
    let attempt = new.attempt(id, &assignment, by, told.occurred_at, &told.hours, now);
    let attempt = unit.save(Change::created(attempt)).await?;
    tell(unit, scope, by, &assignment, &told, &follows).await?;
    let mut debrief = learn(unit, scope, (attempt, assignment), new, told, follows, None).await?;
    if let Some(now_it_is) = assignments::store::find(unit, scope, debrief.assignment.id).await? {
        debrief.assignment = now_it_is;
    }
    Ok(debrief)
}

/// Who runs the program hears that two people may have called, and so does who has the customer in hand now.
async fn tell(
    unit: &mut Unit,
    scope: &Scope,
    by: UserId,
    assignment: &Assignment,
    told: &Told,
    follows: &Consequences,
) -> Result<(), Problem> {
    let Some(executive) = people::store::find(unit, scope, by).await? else {
        return Ok(());
    };
    let (name, customer) = (&executive.fields.name, &told.customer.fields.name);
    let how = if follows.reached { "spoke with" } else { "called" };
    let since = match assignment.status {
        _ if assignment.assignee_id != by => "given to somebody else",
        AssignmentStatus::Canceled => "taken back",
        AssignmentStatus::Queued
        | AssignmentStatus::Scheduled
        | AssignmentStatus::Completed
        | AssignmentStatus::Unreachable
        | AssignmentStatus::Declined => "closed",
    };
    let text = format!(
        "{name} {how} {customer} on {}, while offline; the call had been {since} in the program {}. It is on the record. Look whether another call is still wanted.",
        told.occurred_at.format("%-d %B %Y"),
        told.program.fields.name
    );
    let mut whom = people::store::managers_of(unit, scope.organization, &executive).await?;
    if assignment.assignee_id != by && assignment.status.open() && !whom.contains(&assignment.assignee_id) {
        whom.push(assignment.assignee_id);
    }
    let tell = whom.into_iter().map(|user_id| notification::Told {
        user_id,
        kind: NotificationKind::LateCall,
        key: format!("late_call/{}/{}", assignment.id, told.occurred_at),
        title: format!("{customer} was called by {name}"),
        text: text.clone(),
        about: Some(("assignment", assignment.id.into())),
    });
    notifications::store::tell(unit, tell.collect()).await?;
    Ok(())
}
