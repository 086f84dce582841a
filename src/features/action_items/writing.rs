//! Writes action items: whoever works them, and by which way.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::action_item::{ActionItem, ActionItemId, ActionItemInput, ActionItemKind, Step};
use super::store;
use crate::access::{Caller, Permission, Scope};
use crate::clock::Timestamp;
use crate::features::attempts::{self, consequences::WrongRecord};
use crate::features::customers::{self, customer::CustomerId};
use crate::features::occasion::Occasion;
use crate::features::references::References;
use crate::http::precondition::IfMatch;
use crate::http::reply::repeated;
use crate::http::{Made, Patch, Problem};
use crate::journal::{Change, Unit};
use crate::refusal::Refusal;

/// The fields to change.
pub type ActionItemPatch = Patch<ActionItemInput>;

/// A new action item.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewActionItem {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<ActionItemId>,
    pub customer_id: CustomerId,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub contact_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub assignment_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub attempt_id: Option<Uuid>,
    #[serde(flatten)]
    pub fields: ActionItemInput,
}

/// Puts an item on the record. Without an owner and a department it is the caller's.
///
/// # Errors
/// 400 with everything that is not there, 409 where the id is another item's.
pub async fn create(unit: &mut Unit, caller: &Caller, new: NewActionItem) -> Result<Made<ActionItem>, Problem> {
    let scope = caller.scope();
    let id = new.id.unwrap_or_else(|| unit.new_id());
    let occasion = Occasion {
        customer_id: new.customer_id,
        contact_id: new.contact_id,
        assignment_id: new.assignment_id,
        attempt_id: new.attempt_id,
    };
    let item = ActionItem::new(id, new.fields, occasion, caller.user, unit.now());
    if let Some(there) = store::find(unit, &scope, id).await? {
        return repeated(unit, there, &item).await;
    }
    let mut faults = store::faults(unit, &scope, &item.fields).await?;
    let mut references = References::of(unit, &scope);
    references.customer("/customer_id", item.customer_id).await?;
    references.origin(occasion).await?;
    if item.fields.owner_id.is_none() && item.fields.department.is_none() {
        references.fault("/owner_id", "required", "Give an owner or a department.");
    }
    faults.extend(references.faults());
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let item = unit.save(Change::created(item)).await?;
    Ok(Made::New(item))
}

/// Says something else of an item that is this caller's to work.
///
/// # Errors
/// 404, 403 `not_yours`, 409 once it is closed, 400 with everything that is not there.
pub async fn update(
    unit: &mut Unit,
    caller: &Caller,
    id: ActionItemId,
    patch: ActionItemPatch,
    if_match: &IfMatch,
) -> Result<ActionItem, Problem> {
    let scope = caller.scope();
    let item = theirs(unit, &scope, caller, id).await?;
    let fields = patch.apply(&item.fields)?;
    let known = item.fields.clone();
    let change = item.revise(fields)?;
    if_match.allows(&change)?;
    changed_references(unit, &scope, &known, &change.after.fields).await?;
    Ok(unit.save(change).await?)
}

/// Moves the work on.
///
/// # Errors
/// 404, 403 `not_yours`, 409 where its state does not allow it.
pub async fn step(unit: &mut Unit, caller: &Caller, id: ActionItemId, step: Step) -> Result<ActionItem, Problem> {
    let scope = caller.scope();
    let item = theirs(unit, &scope, caller, id).await?;
    let was_open = item.status.open();
    let change = item.step(step, caller.user, unit.now())?;
    let item = unit.save(change).await?;
    if item.status.open() != was_open {
        flag(unit, &scope, &item).await?;
    }
    Ok(item)
}

/// The customer was told.
///
/// # Errors
/// 404, 403 `not_yours`, 409 when they were told before.
pub async fn tell_customer(
    unit: &mut Unit,
    caller: &Caller,
    id: ActionItemId,
    told_at: Option<Timestamp>,
    how: Option<String>,
) -> Result<ActionItem, Problem> {
    let item = theirs(unit, &caller.scope(), caller, id).await?;
    let change = item.tell_customer(told_at, how, caller.user, unit.now())?;
    Ok(unit.save(change).await?)
}

/// The item, when it is in sight and this caller's to work: a manager's always, else its owner's, its department's, or its creator's.
///
/// # Errors
/// 404 out of sight, 403 `not_yours`.
pub async fn theirs(unit: &mut Unit, scope: &Scope, caller: &Caller, id: ActionItemId) -> Result<ActionItem, Problem> {
    let item = store::find(unit, scope, id).await?.ok_or_else(Problem::not_found)?;
    if caller.may(Permission::ActionItemsManage) || item.is_theirs(caller.user, caller.department.as_deref()) {
        return Ok(item);
    }
    Err(
        Refusal::not_yours("An action item is worked by its owner, its department, whoever made it, or a manager.")
            .into(),
    )
}

/// The flag that a call has put up, on the contact that it named or else on the customer, comes down when the last work on it is
/// closed, and goes up again when it is reopened.
async fn flag(unit: &mut Unit, scope: &Scope, item: &ActionItem) -> Result<(), Problem> {
    let (ActionItemKind::DataQuality, Some(attempt)) = (item.fields.kind, item.attempt_id) else {
        return Ok(());
    };
    let attempt = attempts::store::find(unit, scope, attempt.into()).await?;
    let Some((disposition, wrong)) = attempt.and_then(|it| Some((it.disposition, WrongRecord::of(it.disposition)?)))
    else {
        return Ok(());
    };
    let up = item.status.open();
    if !up && store::same_is_open(unit, scope, item, disposition).await? {
        return Ok(());
    }
    match (item.contact_id, wrong) {
        // A contact who has left bears no flag for it.
        (Some(_), WrongRecord::ContactLeft) => {}
        (Some(id), WrongRecord::WrongNumber | WrongRecord::Disconnected) => {
            if let Some(contact) = customers::store::contacts::find(unit, scope, id.into()).await? {
                let change = if up {
                    contact.flag(wrong.flag())
                } else {
                    contact.unflag(wrong.flag())
                };
                unit.save(change).await?;
            }
        }
        (None, _) => {
            if let Some(customer) = customers::store::find(unit, scope, item.customer_id).await? {
                let change = if up {
                    customer.flag(wrong.flag())
                } else {
                    customer.unflag(wrong.flag())
                };
                customers::store::save(unit, change).await?;
            }
        }
    }
    Ok(())
}

/// Only what is new must be there and active: an item whose owner has left can still be described better.
pub(super) async fn changed_references(
    unit: &mut Unit,
    scope: &Scope,
    before: &ActionItemInput,
    after: &ActionItemInput,
) -> Result<(), Problem> {
    let mut asked = after.clone();
    if asked.owner_id == before.owner_id {
        asked.owner_id = None;
    }
    if asked.customer_promise == before.customer_promise {
        asked.customer_promise = None;
    }
    let mut faults = store::faults(unit, scope, &asked).await?;
    if after.owner_id.is_none() && after.department.is_none() {
        faults.push(crate::http::Fault::new(
            "/owner_id",
            "required",
            "Give an owner or a department.",
        ));
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(faults))
    }
}
