//! Speaks: action items.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::action_item::{ActionItem, ActionItemId, ActionItemInput};
use super::store::{self, ActionItemFilter, Asking};
use crate::access::{Caller, Permission, Scope};
use crate::features::customers::customer::CustomerId;
use crate::features::occasion::Occasion;
use crate::features::references::References;
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Patch, Path, Problem, Query, Reply};
use crate::journal::{Change, Unit};
use crate::refusal::Refusal;

crate::page!(ActionItemPage of ActionItem);

/// The fields to change.
type ActionItemPatch = Patch<ActionItemInput>;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_action_items: Access::Needs(Permission::ActionItemsRead) => sorted(store::SORTS, "due_at"),
        create_action_item: Access::Needs(Permission::ActionItemsCreate),
        get_action_item: Access::Needs(Permission::ActionItemsRead),
        update_action_item: Access::Needs(Permission::ActionItemsWork),
    ]
}

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

/// The item, when it is in sight and this caller's to work: a manager's always, else its owner's, its department's, or its creator's.
///
/// # Errors
/// 404 out of sight, 403 `not_yours`.
pub(super) async fn theirs(
    unit: &mut Unit,
    scope: &Scope,
    caller: &Caller,
    id: ActionItemId,
) -> Result<ActionItem, Problem> {
    let item = store::find(unit, scope, id).await?.ok_or_else(Problem::not_found)?;
    if caller.may(Permission::ActionItemsManage) || item.is_theirs(caller.user, caller.department.as_deref()) {
        return Ok(item);
    }
    Err(
        Refusal::not_yours("An action item is worked by its owner, its department, whoever made it, or a manager.")
            .into(),
    )
}

/// List action items.
///
/// A contributor sees their own and their department's; everybody else sees all.
#[utoipa::path(get, path = "/v1/action-items", operation_id = "list_action_items", tag = "action-items", params(ActionItemFilter, Paging),
    responses((status = 200, description = "A page of action items", body = ActionItemPage)))]
async fn list_action_items(
    app: App,
    caller: Caller,
    filter: Query<ActionItemFilter>,
    paging: Paging,
) -> Answer<ActionItemPage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let asking = Asking {
        user: caller.user,
        department: caller.department.clone(),
        now: app.clock.now(),
    };
    let listed = store::list(&mut app.read(), &caller.scope(), &filter, &asking, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Create an action item.
///
/// Give it an owner or a department; without either it is the caller's own. The items of a call come with its attempt, in one request.
#[utoipa::path(post, path = "/v1/action-items", operation_id = "create_action_item", tag = "action-items", request_body = NewActionItem,
    responses((status = 201, description = "The new action item", body = ActionItem), (status = 200, description = "It was there already, just so", body = ActionItem)))]
async fn create_action_item(app: App, caller: Caller, new: Json<NewActionItem>) -> Answer<ActionItem> {
    let (mut unit, scope, new) = (app.write(&caller).await?, caller.scope(), new.0);
    let id = new.id.unwrap_or_else(|| unit.new_id());
    let occasion = Occasion {
        customer_id: new.customer_id,
        contact_id: new.contact_id,
        assignment_id: new.assignment_id,
        attempt_id: new.attempt_id,
    };
    let item = ActionItem::new(id, new.fields, occasion, caller.user, unit.now());
    if let Some(there) = store::find(&mut unit, &scope, id).await? {
        return crate::http::reply::again(unit, there, &item).await;
    }
    let mut faults = store::faults(&mut unit, &scope, &item.fields).await?;
    let mut references = References::of(&mut unit, &scope);
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
    unit.answer(Reply::created("/v1/action-items", item)).await
}

/// Read an action item.
#[utoipa::path(get, path = "/v1/action-items/{id}", operation_id = "get_action_item", tag = "action-items",
    responses((status = 200, description = "The action item", body = ActionItem)))]
async fn get_action_item(app: App, caller: Caller, id: Path<ActionItemId>) -> Answer<ActionItem> {
    let item = store::find(&mut app.read(), &caller.scope(), *id).await?;
    Ok(Reply::record(item.ok_or_else(Problem::not_found)?))
}

/// Change an action item.
///
/// While it is not closed. Its state moves by steps of their own: start, wait, complete, cancel, reopen, tell-customer.
#[utoipa::path(patch, path = "/v1/action-items/{id}", operation_id = "update_action_item", tag = "action-items",
    request_body(content = ActionItemPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The action item as it is now", body = ActionItem)))]
async fn update_action_item(
    app: App,
    caller: Caller,
    id: Path<ActionItemId>,
    patch: ActionItemPatch,
    if_match: IfMatch,
) -> Answer<ActionItem> {
    let (mut unit, scope) = (app.write(&caller).await?, caller.scope());
    let item = theirs(&mut unit, &scope, &caller, *id).await?;
    let fields = patch.apply(&item.fields)?;
    let known = item.fields.clone();
    let change = item.revise(fields)?;
    if_match.allows(&change)?;
    changed_references(&mut unit, &scope, &known, &change.after.fields).await?;
    let item = unit.save(change).await?;
    unit.answer(Reply::record(item)).await
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
