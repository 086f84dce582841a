//! Speaks: the debrief of a call.

use actix_web::http::StatusCode;

use super::attempt::{Attempt, AttemptId};
use super::debrief::{Debrief, NewAttempt};
use super::recording::record;
use super::store;
use super::told::Told;
use crate::access::{Caller, Permission, Scope};
use crate::features::assignments::assignment::{Assignment, AssignmentId};
use crate::features::{assignments, customers};
use crate::http::{Access, Answer, App, Endpoint, Json, Path, Problem, Reply};
use crate::journal::Unit;
use crate::refusal::{Code, Refusal};

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![create_attempt: Access::Needs(Permission::AttemptsCreate)]
}

/// Record a call: the debrief.
///
/// The attempt, what was learned, the answer to the recommendation question and what is to be done, all or nothing. Only the assignment's own executive places its calls.
///
/// What follows by itself: a conversation completes the assignment. Voicemails, messages, busy lines and gatekeepers schedule the next call, for the promised time or by the program's retry policy within the customer's hours, until the attempts are used up. A wrong number or a contact who left becomes work for a data steward. Who asks not to be called is not called again: this and every other open assignment of the customer is canceled.
#[utoipa::path(post, path = "/v1/assignments/{id}/attempts", operation_id = "create_attempt", tag = "attempts", request_body = NewAttempt,
    responses((status = 201, description = "The call, and all that came of it", body = Debrief), (status = 200, description = "It was there already, just so", body = Debrief)))]
async fn create_attempt(app: App, caller: Caller, id: Path<AssignmentId>, new: Json<NewAttempt>) -> Answer<Debrief> {
    let (mut unit, scope, new) = (app.write(&caller).await?, caller.scope(), new.0);
    let assignment = assignments::store::find(&mut unit, &scope, *id).await?;
    let assignment = assignment.ok_or_else(Problem::not_found)?;
    if let Some(there) = known(&mut unit, &scope, new.id).await? {
        return again(unit, &caller, there, &new.hash(assignment.id)).await;
    }
    let by = caller.user.filter(|user| *user == assignment.assignee_id);
    let by = by.ok_or_else(|| not_yours(&assignment))?;
    assignment.must_be_open()?;
    let told = Told::read(&mut unit, &scope, &assignment, &new).await?;
    let debrief = record(&mut unit, &scope, by, assignment, new, told).await?;
    let (location, revision) = (format!("/v1/attempts/{}", debrief.attempt.id), debrief.attempt.revision);
    let reply = Reply::status(StatusCode::CREATED, debrief)
        .revision(revision)
        .location(location);
    unit.answer(reply).await
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
async fn again(mut unit: Unit, caller: &Caller, there: Attempt, hash: &str) -> Answer<Debrief> {
    if there.request_hash != hash || !caller.is(there.user_id) {
        return Err(Problem::new(
            Code::IdInUse,
            format!(
                "An attempt with the id {} exists with other content. Choose another id.",
                there.id
            ),
        ));
    }
    let (scope, revision) = (caller.scope(), there.revision);
    let assignment = assignments::store::find(&mut unit, &scope, there.assignment_id).await?;
    let customer = customers::store::find(&mut unit, &scope, there.customer_id).await?;
    let debrief = Debrief {
        next_call_at: there.next_call_at,
        assignment: assignment.ok_or_else(Problem::not_found)?,
        customer: customer.ok_or_else(Problem::not_found)?,
        notes: store::of_attempt(&mut unit, &scope, there.id).await?,
        nps_response: store::of_attempt(&mut unit, &scope, there.id).await?.pop(),
        action_items: store::of_attempt(&mut unit, &scope, there.id).await?,
        service_interests: store::of_attempt(&mut unit, &scope, there.id).await?,
        canceled_assignments: store::canceled_by(&mut unit, &scope, &there).await?,
        attempt: there,
    };
    // By the unit, though it wrote nothing: what it read may not be durable before the unit is.
    unit.answer(Reply::status(StatusCode::OK, debrief).revision(revision))
        .await
}
