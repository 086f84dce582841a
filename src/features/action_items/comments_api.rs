//! Speaks: what people say about an action item.

use serde::Deserialize;
use utoipa::ToSchema;

use super::action_item::ActionItemId;
use super::comment::{ActionItemComment, ActionItemCommentId, ActionItemCommentInput};
use super::store;
use super::writing::theirs;
use crate::access::{Caller, Permission};
use crate::http::page::Paging;
use crate::http::{Access, Answer, App, Endpoint, Json, Path, Problem, Reply};
use crate::journal::Change;

crate::page!(ActionItemCommentPage of ActionItemComment);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_action_item_comments: Access::Needs(Permission::ActionItemsRead) => sorted(store::COMMENT_SORTS, "created_at"),
        create_action_item_comment: Access::Needs(Permission::ActionItemsWork),
    ]
}

/// A new comment.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewActionItemComment {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<ActionItemCommentId>,
    #[serde(flatten)]
    pub fields: ActionItemCommentInput,
}

/// List the comments on an action item.
#[utoipa::path(get, path = "/v1/action-items/{id}/comments", operation_id = "list_action_item_comments", tag = "action-items", params(Paging),
    responses((status = 200, description = "A page of comments", body = ActionItemCommentPage)))]
async fn list_action_item_comments(
    app: App,
    caller: Caller,
    id: Path<ActionItemId>,
    paging: Paging,
) -> Answer<ActionItemCommentPage> {
    let (mut db, scope) = (app.read(), caller.scope());
    let window = paging.window(&app, &caller, store::COMMENT_SORTS)?;
    store::find(&mut db, &scope, *id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let listed = store::comments(&mut db, &scope, *id, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Comment on an action item.
///
/// Whoever may work it may; also once it is closed.
#[utoipa::path(post, path = "/v1/action-items/{id}/comments", operation_id = "create_action_item_comment", tag = "action-items", request_body = NewActionItemComment,
    responses((status = 201, description = "The new comment", body = ActionItemComment), (status = 200, description = "It was there already, just so", body = ActionItemComment)))]
async fn create_action_item_comment(
    app: App,
    caller: Caller,
    id: Path<ActionItemId>,
    new: Json<NewActionItemComment>,
) -> Answer<ActionItemComment> {
    let (mut unit, scope) = (app.write(&caller).await?, caller.scope());
    let item = theirs(&mut unit, &scope, &caller, *id).await?;
    let comment_id = new.0.id.unwrap_or_else(|| unit.new_id());
    let comment = ActionItemComment::new(comment_id, new.0.fields, &item, caller.user, unit.now());
    if let Some(there) = store::comment(&mut unit, &scope, comment_id).await? {
        return crate::http::reply::again(unit, there, &comment).await;
    }
    let comment = unit.save(Change::created(comment)).await?;
    let location = format!("/v1/action-items/{}/comments", *id);
    unit.answer(Reply::created(&location, comment)).await
}
