//! Speaks: action items.

use super::action_item::{ActionItem, ActionItemId};
use super::store::{self, ActionItemFilter, Asking};
use super::writing::{self, ActionItemPatch, NewActionItem};
use crate::access::{Caller, Permission};
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Path, Problem, Query, Reply};

crate::page!(ActionItemPage of ActionItem);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_action_items: Access::Needs(Permission::ActionItemsRead) => sorted(store::SORTS, "due_at"),
        create_action_item: Access::Needs(Permission::ActionItemsCreate),
        get_action_item: Access::Needs(Permission::ActionItemsRead),
        update_action_item: Access::Needs(Permission::ActionItemsWork),
    ]
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
    let mut unit = app.write(&caller).await?;
    let made = writing::create(&mut unit, &caller, new.0).await?;
    unit.answer_made("/v1/action-items", made).await
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
    let mut unit = app.write(&caller).await?;
    let item = writing::update(&mut unit, &caller, *id, patch, &if_match).await?;
    unit.answer(Reply::record(item)).await
}
