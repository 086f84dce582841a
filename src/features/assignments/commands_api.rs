//! Speaks: what is done with an assignment.

use serde::Deserialize;
use utoipa::ToSchema;

use super::assigning;
use super::assignment::{Assignment, AssignmentId};
use super::store;
use super::working::{self, AssignmentPatch, found};
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Path, Problem, Reply};
use crate::id::UserId;
use crate::journal::{Change, Unit};
use crate::refusal::Refusal;
use crate::text::no_such;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        update_assignment: Access::Needs(Permission::AssignmentsWork),
        reschedule_assignment: Access::Needs(Permission::AssignmentsWork),
        reassign_assignment: Access::Needs(Permission::AssignmentsManage),
        snooze_assignment: Access::Needs(Permission::AssignmentsWork),
        decline_assignment: Access::Needs(Permission::AssignmentsWork),
        cancel_assignment: Access::Needs(Permission::AssignmentsManage),
        complete_assignment: Access::Needs(Permission::AssignmentsWork),
    ]
}

/// Another time for the call.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reschedule {
    /// Must be ahead.
    pub scheduled_for: Timestamp,
    /// Also outside the hours within which the customer is called.
    #[serde(default)]
    pub outside_window: bool,
}

/// Another executive.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reassign {
    pub assignee_id: UserId,
    /// With all else that its assignee holds of the customer, in whatever program.
    #[serde(default)]
    pub with_other_programs: bool,
}

/// Out of the way for a while.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Snooze {
    /// Must be ahead.
    pub snoozed_until: Timestamp,
}

/// Why it is closed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// Change an assignment.
///
/// Its due day, priority and reason, while it is open; only its executive or a manager may. Everything else moves by commands of its own: reschedule, reassign, snooze, decline, cancel, complete.
#[utoipa::path(patch, path = "/v1/assignments/{id}", operation_id = "update_assignment", tag = "assignments",
    request_body(content = AssignmentPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The assignment as it is now", body = Assignment)))]
async fn update_assignment(
    app: App,
    caller: Caller,
    id: Path<AssignmentId>,
    patch: AssignmentPatch,
    if_match: IfMatch,
) -> Answer<Assignment> {
    let mut unit = app.write(&caller).await?;
    let assignment = working::update(&mut unit, &caller, *id, patch, &if_match).await?;
    unit.answer(Reply::record(assignment)).await
}

/// Move a call to another time.
///
/// Only its executive or a manager may. The customer's calling window is respected: a time outside it is refused with the next opening, unless `outside_window` is true.
#[utoipa::path(post, path = "/v1/assignments/{id}/reschedule", operation_id = "reschedule_assignment", tag = "assignments", request_body = Reschedule,
    responses((status = 200, description = "The assignment as it is now", body = Assignment)))]
async fn reschedule_assignment(
    app: App,
    caller: Caller,
    id: Path<AssignmentId>,
    to: Json<Reschedule>,
) -> Answer<Assignment> {
    let mut unit = app.write(&caller).await?;
    let assignment = working::reschedule(&mut unit, &caller, *id, to.scheduled_for, to.outside_window).await?;
    unit.answer(Reply::record(assignment)).await
}

/// Give an assignment to another executive.
///
/// Nobody gets a customer whom another executive has in hand in another program: with `with_other_programs`, all of the customer's
/// open assignments that are its assignee's change hands at once; without it, one that stays behind is refused. Nobody whose role places no calls gets any.
/// What somebody holds whose role was lowered since stays open until it is given to somebody else here, or all of it by a transfer.
#[utoipa::path(post, path = "/v1/assignments/{id}/reassign", operation_id = "reassign_assignment", tag = "assignments", request_body = Reassign,
    responses((status = 200, description = "The assignment as it is now", body = Assignment)))]
async fn reassign_assignment(
    app: App,
    caller: Caller,
    id: Path<AssignmentId>,
    to: Json<Reassign>,
) -> Answer<Assignment> {
    let mut unit = app.write(&caller).await?;
    let assignment = found(&mut unit, &caller, *id).await?;
    let user = store::known_user(&mut unit, &caller.scope(), to.assignee_id)
        .await?
        .ok_or_else(|| Problem::fault("/assignee_id", "not_found", no_such("user", to.assignee_id)))?;
    user.may_call()
        .map_err(|(code, detail)| Problem::fault("/assignee_id", code, detail))?;
    assignment.must_be_open()?;
    let open = store::open_of_customer(&mut unit, &caller.scope(), assignment.customer_id).await?;
    let along = assigning::taken_along(open, &assignment, user.id, to.with_other_programs)?;
    let now = unit.now();
    let along: Result<Vec<_>, Refusal> = along.into_iter().map(|other| other.reassign(user.id, now)).collect();
    unit.save_all(along?).await?;
    let change = assignment.reassign(user.id, now)?;
    saved(unit, change).await
}

/// Put an assignment out of the way until later.
///
/// A call that was scheduled for before then is no longer.
#[utoipa::path(post, path = "/v1/assignments/{id}/snooze", operation_id = "snooze_assignment", tag = "assignments", request_body = Snooze,
    responses((status = 200, description = "The assignment as it is now", body = Assignment)))]
async fn snooze_assignment(app: App, caller: Caller, id: Path<AssignmentId>, to: Json<Snooze>) -> Answer<Assignment> {
    let mut unit = app.write(&caller).await?;
    let assignment = working::snooze(&mut unit, &caller, *id, to.snoozed_until).await?;
    unit.answer(Reply::record(assignment)).await
}

/// Decline an assignment.
#[utoipa::path(post, path = "/v1/assignments/{id}/decline", operation_id = "decline_assignment", tag = "assignments", request_body = Option<Closing>,
    responses((status = 200, description = "The assignment as it is now", body = Assignment)))]
async fn decline_assignment(
    app: App,
    caller: Caller,
    id: Path<AssignmentId>,
    why: Option<Json<Closing>>,
) -> Answer<Assignment> {
    let mut unit = app.write(&caller).await?;
    let assignment = working::decline(&mut unit, &caller, *id, reason(why)).await?;
    unit.answer(Reply::record(assignment)).await
}

/// Take an assignment back.
#[utoipa::path(post, path = "/v1/assignments/{id}/cancel", operation_id = "cancel_assignment", tag = "assignments", request_body = Option<Closing>,
    responses((status = 200, description = "The assignment as it is now", body = Assignment)))]
async fn cancel_assignment(
    app: App,
    caller: Caller,
    id: Path<AssignmentId>,
    why: Option<Json<Closing>>,
) -> Answer<Assignment> {
    let mut unit = app.write(&caller).await?;
    let change = found(&mut unit, &caller, *id).await?.cancel(reason(why), unit.now())?;
    saved(unit, change).await
}

/// Complete an assignment.
///
/// For a conversation that was no call: at a fair, over dinner. A call is completed by its attempt.
#[utoipa::path(post, path = "/v1/assignments/{id}/complete", operation_id = "complete_assignment", tag = "assignments", request_body = Option<Closing>,
    responses((status = 200, description = "The assignment as it is now", body = Assignment)))]
async fn complete_assignment(
    app: App,
    caller: Caller,
    id: Path<AssignmentId>,
    why: Option<Json<Closing>>,
) -> Answer<Assignment> {
    let mut unit = app.write(&caller).await?;
    let assignment = working::complete(&mut unit, &caller, *id, reason(why)).await?;
    unit.answer(Reply::record(assignment)).await
}

fn reason(why: Option<Json<Closing>>) -> Option<String> {
    why.and_then(|why| why.0.reason)
}

async fn saved(mut unit: Unit, change: Change<Assignment>) -> Answer<Assignment> {
    let assignment = unit.save(change).await?;
    unit.answer(Reply::record(assignment)).await
}
