//! Works assignments: whoever does, and by which way.

use super::assigning;
use super::assignment::{Assignment, AssignmentFields, AssignmentId};
use super::calling_hours::CallingHours;
use super::store;
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::db::Sqls;
use crate::features::customers;
use crate::http::precondition::IfMatch;
use crate::http::{Patch, Problem};
use crate::journal::Unit;
use crate::refusal::Refusal;

/// The fields to change.
pub type AssignmentPatch = Patch<AssignmentFields>;

/// Changes its due day, priority and reason.
///
/// # Errors
/// 404, 403 `not_yours`, 409 once it is closed.
pub async fn update(
    unit: &mut Unit,
    caller: &Caller,
    id: AssignmentId,
    patch: AssignmentPatch,
    if_match: &IfMatch,
) -> Result<Assignment, Problem> {
    let assignment = own(unit, caller, id).await?;
    let fields = patch.apply(&assignment.fields())?;
    let change = assignment.revise(fields)?;
    if_match.allows(&change)?;
    Ok(unit.save(change).await?)
}

/// Moves the call to another time, within the customer's hours or, on purpose, outside them.
///
/// # Errors
/// 404, 403 `not_yours`, 409 where its state, the hours or the customer do not allow it.
pub async fn reschedule(
    unit: &mut Unit,
    caller: &Caller,
    id: AssignmentId,
    to: Timestamp,
    outside_window: bool,
) -> Result<Assignment, Problem> {
    let assignment = own(unit, caller, id).await?;
    let hours = contactable(unit, caller, &assignment).await?;
    let change = assignment.reschedule(to, outside_window, &hours, unit.now())?;
    Ok(unit.save(change).await?)
}

/// Puts it out of the way for a while.
///
/// # Errors
/// 404, 403 `not_yours`, 409 once it is closed or where the time is not ahead.
pub async fn snooze(
    unit: &mut Unit,
    caller: &Caller,
    id: AssignmentId,
    until: Timestamp,
) -> Result<Assignment, Problem> {
    let change = own(unit, caller, id).await?.snooze(until, unit.now())?;
    Ok(unit.save(change).await?)
}

/// The executive or the customer does not want it.
///
/// # Errors
/// 404, 403 `not_yours`, 409 once it is closed.
pub async fn decline(
    unit: &mut Unit,
    caller: &Caller,
    id: AssignmentId,
    reason: Option<String>,
) -> Result<Assignment, Problem> {
    let change = own(unit, caller, id).await?.decline(reason, unit.now())?;
    Ok(unit.save(change).await?)
}

/// There was a conversation that was no call.
///
/// # Errors
/// 404, 403 `not_yours`, 409 once it is closed.
pub async fn complete(
    unit: &mut Unit,
    caller: &Caller,
    id: AssignmentId,
    reason: Option<String>,
) -> Result<Assignment, Problem> {
    let now = unit.now();
    let change = own(unit, caller, id).await?.complete(reason, now)?;
    let customer = customers::store::find(unit, &caller.scope(), change.after.customer_id).await?;
    if let Some(customer) = customer {
        customers::store::save(unit, customer.contacted(now)).await?;
    }
    Ok(unit.save(change).await?)
}

/// The assignment, or 404.
pub(super) async fn found(db: &mut impl Sqls, caller: &Caller, id: AssignmentId) -> Result<Assignment, Problem> {
    store::find(db, &caller.scope(), id)
        .await?
        .ok_or_else(Problem::not_found)
}

/// The assignment, if it is the caller's to work: an executive's own, a manager's any.
///
/// # Errors
/// 404, 403 `not_yours`.
pub async fn own(unit: &mut Unit, caller: &Caller, id: AssignmentId) -> Result<Assignment, Problem> {
    let assignment = found(unit, caller, id).await?;
    if caller.is(assignment.assignee_id) || caller.may(Permission::AssignmentsManage) {
        return Ok(assignment);
    }
    Err(Refusal::not_yours(format!(
        "This assignment is for the user {}; only they and managers work it.",
        assignment.assignee_id
    ))
    .into())
}

/// When the assignment's customer is called; one who asked not to be contacted is not.
async fn contactable(unit: &mut Unit, caller: &Caller, assignment: &Assignment) -> Result<CallingHours, Problem> {
    let customer = customers::store::find(unit, &caller.scope(), assignment.customer_id)
        .await?
        .ok_or_else(Problem::not_found)?;
    if customer.fields.do_not_contact {
        return Err(assigning::do_not_contact().into());
    }
    Ok(store::calling_hours(unit, &caller.scope(), &customer).await?)
}
