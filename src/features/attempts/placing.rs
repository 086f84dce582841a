//! Puts calls on the record: whoever placed them, and by which way they are told.

use super::attempt::{Attempt, AttemptId};
use super::debrief::{Debrief, NewAttempt};
use super::late::{self, Had};
use super::recording::record;
use super::store;
use super::told::Told;
use crate::access::{Caller, Scope};
use crate::features::assignments::assignment::{Assignment, AssignmentId};
use crate::features::{assignments, customers};
use crate::http::Problem;
use crate::journal::Unit;
use crate::refusal::{Code, Refusal};

/// A call on the record: just now, or by the same debrief before.
#[derive(Debug)]
pub enum Placed {
    New(Debrief),
    Again(Debrief),
}

impl Placed {
    pub fn debrief(&self) -> &Debrief {
        match self {
            Self::New(debrief) | Self::Again(debrief) => debrief,
        }
    }
}

/// Records a call of the caller's own open assignment.
///
/// # Errors
/// 404, 403 `not_yours`, 409 once it is closed, 400 with everything that is not there.
pub async fn place(unit: &mut Unit, caller: &Caller, id: AssignmentId, new: NewAttempt) -> Result<Placed, Problem> {
    let scope = caller.scope();
    let assignment = assignments::store::find(unit, &scope, id).await?;
    let assignment = assignment.ok_or_else(Problem::not_found)?;
    if let Some(there) = known(unit, &scope, new.id).await? {
        return again(unit, caller, there, &new.hash(assignment.id)).await;
    }
    let by = caller.user.filter(|user| *user == assignment.assignee_id);
    let by = by.ok_or_else(|| not_yours(&assignment))?;
    assignment.must_be_open()?;
    let told = Told::read(unit, &scope, &assignment, &new).await?;
    let debrief = record(unit, &scope, by, assignment, new, told).await?;
    Ok(Placed::New(debrief))
}

/// Records a call that was placed where there was no network. It was made, also where the assignment was given to somebody else or
/// closed meanwhile: then it is kept as a call, the assignment stays as it is, and who runs the program hears of it. Whoever must have heard by
/// then that it is not theirs any more is told so.
///
/// # Errors
/// As [`place`].
pub async fn place_later(
    unit: &mut Unit,
    caller: &Caller,
    id: AssignmentId,
    new: NewAttempt,
    had: Had,
) -> Result<Placed, Problem> {
    let scope = caller.scope();
    let assignment = assignments::store::find(unit, &scope, id).await?;
    let called = new.occurred_at.unwrap_or(unit.now());
    let taken = assignment.filter(|assignment| !caller.is(assignment.assignee_id) || !assignment.status.open());
    let late = taken.filter(|assignment| had.unheard(assignment.closed_at, called));
    let (Some(by), Some(assignment)) = (caller.user, late) else {
        return place(unit, caller, id, new).await;
    };
    if let Some(there) = known(unit, &scope, new.id).await? {
        return again(unit, caller, there, &new.hash(assignment.id)).await;
    }
    let told = Told::read(unit, &scope, &assignment, &new).await?;
    let debrief = late::record(unit, &scope, by, assignment, new, told).await?;
    Ok(Placed::New(debrief))
}

fn not_yours(assignment: &Assignment) -> Refusal {
    Refusal::not_yours(format!(
        "The call is the user {}'s to place, and nobody else's: the program is personal. Have the assignment reassigned.",
        assignment.assignee_id
    ))
}

async fn known(unit: &mut Unit, scope: &Scope, id: Option<AttemptId>) -> Result<Option<Attempt>, Problem> {
    match id {
        Some(id) => Ok(store::find(unit, scope, id).await?),
        None => Ok(None),
    }
}

/// The same debrief once more, as a telephone sends it after a lost answer: a success, and nothing is written.
async fn again(unit: &mut Unit, caller: &Caller, there: Attempt, hash: &str) -> Result<Placed, Problem> {
    if there.request_hash != hash || !caller.is(there.user_id) {
        return Err(Problem::new(
            Code::IdInUse,
            format!(
                "An attempt with the id {} exists with other content. Choose another id.",
                there.id
            ),
        ));
    }
    let scope = caller.scope();
    let assignment = assignments::store::find(unit, &scope, there.assignment_id).await?;
    let customer = customers::store::find(unit, &scope, there.customer_id).await?;
    let debrief = Debrief {
        next_call_at: there.next_call_at,
        assignment: assignment.ok_or_else(Problem::not_found)?,
        customer: customer.ok_or_else(Problem::not_found)?,
        notes: store::of_attempt(unit, &scope, there.id).await?,
        nps_response: store::of_attempt(unit, &scope, there.id).await?.pop(),
        action_items: store::of_attempt(unit, &scope, there.id).await?,
        service_interests: store::of_attempt(unit, &scope, there.id).await?,
        canceled_assignments: store::canceled_by(unit, &scope, &there).await?,
        attempt: there,
    };
    Ok(Placed::Again(debrief))
}
