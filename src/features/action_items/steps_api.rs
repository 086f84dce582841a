//! Speaks: the steps of an action item.

use serde::Deserialize;
use utoipa::ToSchema;

use super::action_item::{ActionItem, ActionItemId, Step};
use super::writing::{self, changed_references, theirs};
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::http::{Access, Answer, App, Endpoint, Json, Path, Reply};
use crate::id::UserId;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        start_action_item: Access::Needs(Permission::ActionItemsWork),
        wait_action_item: Access::Needs(Permission::ActionItemsWork),
        complete_action_item: Access::Needs(Permission::ActionItemsWork),
        cancel_action_item: Access::Needs(Permission::ActionItemsWork),
        reopen_action_item: Access::Needs(Permission::ActionItemsWork),
        reassign_action_item: Access::Needs(Permission::ActionItemsWork),
        tell_customer: Access::Needs(Permission::ActionItemsWork),
    ]
}

/// What came of an action item.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseActionItem {
    /// What came of it, or why it is canceled.
    #[schema(max_length = 10_000)]
    pub outcome: Option<String>,
}

/// Whose an action item is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReassignActionItem {
    /// An active user.
    pub owner_id: Option<UserId>,
    #[schema(min_length = 1, max_length = 100)]
    pub department: Option<String>,
}

/// That the customer was told.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TellCustomer {
    /// Now when absent; not in the future.
    pub told_at: Option<Timestamp>,
    /// How, in a few words.
    #[schema(max_length = 500)]
    pub how: Option<String>,
}

async fn step(app: &App, caller: &Caller, id: ActionItemId, step: Step) -> Answer<ActionItem> {
    let mut unit = app.write(caller).await?;
    let item = writing::step(&mut unit, caller, id, step).await?;
    unit.answer(Reply::record(item)).await
}

/// Start the work.
///
/// From open or waiting.
#[utoipa::path(post, path = "/v1/action-items/{id}/start", operation_id = "start_action_item", tag = "action-items",
    responses((status = 200, description = "The action item, in progress", body = ActionItem)))]
async fn start_action_item(app: App, caller: Caller, id: Path<ActionItemId>) -> Answer<ActionItem> {
    step(&app, &caller, *id, Step::Start).await
}

/// Wait for somebody or something.
///
/// From open or in progress.
#[utoipa::path(post, path = "/v1/action-items/{id}/wait", operation_id = "wait_action_item", tag = "action-items",
    responses((status = 200, description = "The action item, waiting", body = ActionItem)))]
async fn wait_action_item(app: App, caller: Caller, id: Path<ActionItemId>) -> Answer<ActionItem> {
    step(&app, &caller, *id, Step::Wait).await
}

/// Complete an action item.
///
/// The work is done. That the customer was told is another step, before or after. What a call has shown to be wrong of the record
/// is put right with it: completing its `data_quality` item takes down the flag that the call put up, unless other such work on it is open.
#[utoipa::path(post, path = "/v1/action-items/{id}/complete", operation_id = "complete_action_item", tag = "action-items", request_body = Option<CloseActionItem>,
    responses((status = 200, description = "The action item, completed", body = ActionItem)))]
async fn complete_action_item(
    app: App,
    caller: Caller,
    id: Path<ActionItemId>,
    close: Option<Json<CloseActionItem>>,
) -> Answer<ActionItem> {
    let outcome = close.and_then(|close| close.0.outcome);
    step(&app, &caller, *id, Step::Complete { outcome }).await
}

/// Cancel an action item.
///
/// It will not be done. What the customer was promised can still be told. Canceling a `data_quality` item says that nothing need be put right: the
/// flag that the call put up is taken down, unless other such work on it is open.
#[utoipa::path(post, path = "/v1/action-items/{id}/cancel", operation_id = "cancel_action_item", tag = "action-items", request_body = Option<CloseActionItem>,
    responses((status = 200, description = "The action item, canceled", body = ActionItem)))]
async fn cancel_action_item(
    app: App,
    caller: Caller,
    id: Path<ActionItemId>,
    close: Option<Json<CloseActionItem>>,
) -> Answer<ActionItem> {
    let outcome = close.and_then(|close| close.0.outcome);
    step(&app, &caller, *id, Step::Cancel { outcome }).await
}

/// Reopen an action item.
///
/// From completed or canceled. What the customer was told stays. The flag of a `data_quality` item goes up again.
#[utoipa::path(post, path = "/v1/action-items/{id}/reopen", operation_id = "reopen_action_item", tag = "action-items",
    responses((status = 200, description = "The action item, open", body = ActionItem)))]
async fn reopen_action_item(app: App, caller: Caller, id: Path<ActionItemId>) -> Answer<ActionItem> {
    step(&app, &caller, *id, Step::Reopen).await
}

/// Give an action item to somebody else.
///
/// To a user, a department, or both; whichever is absent is cleared.
#[utoipa::path(post, path = "/v1/action-items/{id}/reassign", operation_id = "reassign_action_item", tag = "action-items", request_body = ReassignActionItem,
    responses((status = 200, description = "The action item as it is now", body = ActionItem)))]
async fn reassign_action_item(
    app: App,
    caller: Caller,
    id: Path<ActionItemId>,
    to: Json<ReassignActionItem>,
) -> Answer<ActionItem> {
    let (mut unit, scope) = (app.write(&caller).await?, caller.scope());
    let item = theirs(&mut unit, &scope, &caller, *id).await?;
    let known = item.fields.clone();
    let change = item.reassign(to.0.owner_id, to.0.department)?;
    changed_references(&mut unit, &scope, &known, &change.after.fields).await?;
    let item = unit.save(change).await?;
    unit.answer(Reply::record(item)).await
}

/// Record that the customer was told.
///
/// Apart from the work: the customer may be told before it is done, and it may be done without their being told.
#[utoipa::path(post, path = "/v1/action-items/{id}/tell-customer", operation_id = "tell_customer", tag = "action-items", request_body = Option<TellCustomer>,
    responses((status = 200, description = "The action item as it is now", body = ActionItem)))]
async fn tell_customer(
    app: App,
    caller: Caller,
    id: Path<ActionItemId>,
    told: Option<Json<TellCustomer>>,
) -> Answer<ActionItem> {
    let mut unit = app.write(&caller).await?;
    let told = told.map(|told| told.0).unwrap_or_default();
    let item = writing::tell_customer(&mut unit, &caller, *id, told.told_at, told.how).await?;
    unit.answer(Reply::record(item)).await
}
