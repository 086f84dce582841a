//! A call that is told of after its assignment went to somebody else or was taken back: it was made, and stays on the record.

use super::consequences::Consequences;
use super::debrief::{Debrief, NewAttempt};
use super::parts::Parts;
use super::recording::{follows, mark, stewards_item};
use super::told::Told;
use crate::access::Scope;
use crate::features::assignments::assignment::Assignment;
use crate::features::notifications::notification::{self, NotificationKind};
use crate::features::{assignments, notifications, people};
use crate::http::Problem;
use crate::id::UserId;
use crate::journal::{Change, Unit};

/// Writes the call, what was learned in it and what it says of the customer. The assignment is not this caller's any more and stays as it is,
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
    let parts = Parts {
        attempt: &attempt,
        by,
        program: &told.program,
    };
    let notes = parts.notes(unit, new.notes).await?;
    let nps_response = match new.nps_response {
        Some(fields) => Some(parts.nps(unit, scope, fields).await?),
        None => None,
    };
    let mut items: Vec<_> = new.action_items.into_iter().map(|item| (item, Some(by))).collect();
    items.extend(stewards_item(unit, scope, &follows, &told).await?);
    let action_items = parts.action_items(unit, items).await?;
    let service_interests = parts.interests(unit, new.service_interests).await?;
    let mut canceled_assignments = Vec::new();
    if follows.do_not_contact {
        canceled_assignments = assignments::store::withdraw(unit, &[assignment.customer_id], None).await?;
    }
    let customer = mark(unit, follows, told, attempt.summary.clone()).await?;
    let now_it_is = assignments::store::find(unit, scope, assignment.id).await?;
    Ok(Debrief {
        next_call_at: None,
        attempt,
        assignment: now_it_is.unwrap_or(assignment),
        customer,
        notes,
        nps_response,
        action_items,
        service_interests,
        canceled_assignments,
    })
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
    let since = if assignment.assignee_id == by {
        "taken back"
    } else {
        "given to somebody else"
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
