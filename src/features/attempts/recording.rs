//! Puts a call on the record with all that comes of it: the next call, the parts of the debrief, what it says of the customer.

use super::attempt::Attempt;
use super::consequences::{self, Consequences, WrongRecord};
use super::debrief::{Debrief, NewAttempt};
use super::parts::Parts;
use super::store;
use super::told::Told;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::features::action_items::action_item::{self, ActionItemInput, ActionItemKind};
use crate::features::assignments::assignment::{Assignment, AssignmentId, AssignmentStatus, NOT_TO_BE_CALLED, Outcome};
use crate::features::customers::customer::Customer;
use crate::features::notifications::notification::{self, NotificationKind};
use crate::features::programs::retry_policy::{Rule, Tried};
use crate::features::{assignments, customers, notifications, people};
use crate::http::Problem;
use crate::id::UserId;
use crate::journal::{Change, Unit};

/// The department that looks after data that turned out to be wrong, where the organization has said nothing.
const DATA_STEWARDS: &str = "Data";

/// Writes the call and all that comes of it.
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
    let alike = alike(unit, scope, &assignment, &new, &told).await?;
    let follows = follows(&assignment, &new, &told, alike, now);
    let id = new.id.unwrap_or_else(|| unit.new_id());
    let mut attempt = new.attempt(id, &assignment, by, told.occurred_at, &told.hours, now);
    let change = assignment.attempted(follows.outcome, told.occurred_at, now)?;
    attempt.next_call_at = change.after.scheduled_for;
    let attempt = unit.save(Change::created(attempt)).await?;
    let assignment = unit.save(change).await?;
    if assignment.status == AssignmentStatus::Unreachable {
        tell_managers(unit, scope, &assignment, &told).await?;
    }
    let other_than = Some(assignment.id);
    learn(unit, scope, (attempt, assignment), new, told, follows, other_than).await
}

/// Writes what was learned in a call that is on the record, and what it says of the customer. Whoever asked not to be called has no assignment
/// left, other than the one that the call has closed itself.
///
/// # Errors
/// What the database said.
pub(super) async fn learn(
    unit: &mut Unit,
    scope: &Scope,
    (attempt, assignment): (Attempt, Assignment),
    new: NewAttempt,
    told: Told,
    follows: Consequences,
    other_than: Option<AssignmentId>,
) -> Result<Debrief, Problem> {
    let by = attempt.user_id;
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
        canceled_assignments = assignments::store::withdraw(unit, &[assignment.customer_id], other_than).await?;
    }
    let customer = mark(unit, follows, told, attempt.summary.clone()).await?;
    Ok(Debrief {
        next_call_at: attempt.next_call_at,
        attempt,
        assignment,
        customer,
        notes,
        nps_response,
        action_items,
        service_interests,
        canceled_assignments,
    })
}

/// How many calls of this assignment ended as this one, with it. Looked up only where the program's rule asks.
async fn alike(
    unit: &mut Unit,
    scope: &Scope,
    assignment: &Assignment,
    new: &NewAttempt,
    told: &Told,
) -> Result<u32, Problem> {
    let rule = told.program.fields.retry_policy.rule(new.disposition);
    if !rule.is_some_and(Rule::has_an_end) {
        return Ok(1);
    }
    let before = store::alike(unit, scope, assignment.id, new.disposition).await?;
    Ok(before.saturating_add(1))
}

/// Who runs the program hears of a customer whom nobody can reach.
async fn tell_managers(unit: &mut Unit, scope: &Scope, assignment: &Assignment, told: &Told) -> Result<(), Problem> {
    let Some(executive) = people::store::find(unit, scope, assignment.assignee_id).await? else {
        return Ok(());
    };
    let customer = &told.customer.fields.name;
    let text = format!(
        "{} has called {customer} {} times in the program {}, and it is given up as unreachable. Somebody else may try, or another way.",
        executive.fields.name, assignment.attempts_made, told.program.fields.name
    );
    let managers = people::store::managers_of(unit, scope.organization, &executive).await?;
    let tell = managers.into_iter().map(|user_id| notification::Told {
        user_id,
        kind: NotificationKind::CallGivenUp,
        key: format!("call_given_up/{}", assignment.id),
        title: format!("{customer} could not be reached"),
        text: text.clone(),
        about: Some(("assignment", assignment.id.into())),
    });
    notifications::store::tell(unit, tell.collect()).await?;
    Ok(())
}

/// What follows from a call, of which so many ended alike.
pub(super) fn follows(
    assignment: &Assignment,
    new: &NewAttempt,
    told: &Told,
    alike: u32,
    now: Timestamp,
) -> Consequences {
    let call = Tried {
        disposition: new.disposition,
        attempts: u32::try_from(assignment.attempts_made + 1).unwrap_or(u32::MAX),
        alike,
        occurred_at: told.occurred_at.utc(),
        promised: told.promised.map(Timestamp::utc),
        now: now.utc(),
    };
    let mut follows = consequences::of(call, &told.program.fields.retry_policy, &told.hours);
    let goes_on = matches!(follows.outcome, Outcome::CallAgain { .. } | Outcome::WaitForData);
    if goes_on && told.customer.fields.do_not_contact {
        // Asked not to be contacted since the call was assigned: nothing more is scheduled.
        follows.outcome = Outcome::DoNotCall;
    }
    follows
}

/// What a call says of the customer and the contact.
async fn mark(
    unit: &mut Unit,
    follows: Consequences,
    told: Told,
    summary: Option<String>,
) -> Result<Customer, Problem> {
    let now = unit.now();
    let mut customer = told.customer;
    if follows.reached {
        customer = customers::store::save(unit, customer.contacted(told.occurred_at)).await?;
    }
    if follows.do_not_contact {
        let reason = summary.map(|summary| summary.chars().take(500).collect());
        let reason = reason.unwrap_or_else(|| NOT_TO_BE_CALLED.to_owned());
        customer = customers::store::save(unit, customer.leave_alone(Some(reason))).await?;
    }
    match (follows.wrong_record, told.contact) {
        (None, _) => {}
        (Some(WrongRecord::ContactLeft), Some(contact)) => {
            unit.save(contact.leave(now)).await?;
        }
        (Some(wrong), Some(contact)) => {
            unit.save(contact.flag(wrong.flag())).await?;
        }
        (Some(wrong), None) => {
            customer = customers::store::save(unit, customer.flag(wrong.flag())).await?;
        }
    }
    Ok(customer)
}

/// Work for whoever looks after the data, when the call has shown that something of the record is wrong.
async fn stewards_item(
    unit: &mut Unit,
    scope: &Scope,
    follows: &Consequences,
    told: &Told,
) -> Result<Option<(ActionItemInput, Option<UserId>)>, Problem> {
    let Some(wrong) = follows.wrong_record else {
        return Ok(None);
    };
    let (owner, department) = steward(unit, scope).await?;
    Ok(Some((to_put_right(wrong, told, owner, department), None)))
}

/// Who looks after data that turned out to be wrong, as the organization has said: a person who is there, or a department.
async fn steward(unit: &mut Unit, scope: &Scope) -> Result<(Option<UserId>, Option<String>), Problem> {
    let said = people::store::organization(unit, scope.organization).await?;
    let said = said.map(|organization| {
        (
            organization.fields.data_steward_id,
            organization.fields.data_steward_department,
        )
    });
    let (user, department) = said.unwrap_or_default();
    let user = match user {
        Some(user) => people::store::find(unit, scope, user).await?.filter(|user| user.active),
        None => None,
    };
    Ok(match (user, department) {
        (Some(user), department) => (Some(user.id), department),
        (None, Some(department)) => (None, Some(department)),
        (None, None) => (None, Some(DATA_STEWARDS.to_owned())),
    })
}

/// What a data steward is asked to do.
fn to_put_right(
    wrong: WrongRecord,
    told: &Told,
    owner_id: Option<UserId>,
    department: Option<String>,
) -> ActionItemInput {
    let customer = &told.customer.fields;
    let contact = told.contact.as_ref().map(|contact| &contact.fields);
    let phone = match contact {
        Some(contact) => contact.phone.as_ref().or(contact.mobile.as_ref()),
        None => customer.phone.as_ref(),
    };
    let phone = phone.map(String::as_str).unwrap_or("none on record");
    ActionItemInput {
        title: wrong.task(contact.map(|contact| contact.name.as_str()), &customer.name),
        detail: Some(format!("Customer: {}. Number: {phone}.", customer.name)),
        kind: ActionItemKind::DataQuality,
        owner_id,
        department,
        due_at: None,
        priority: action_item::Priority::Normal,
        customer_promise: None,
    }
}
