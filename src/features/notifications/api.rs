//! Speaks: what the caller was told.

use serde::Serialize;
use utoipa::ToSchema;

use super::notification::{Notification, NotificationId};
use super::store::{self, NotificationFilter};
use crate::access::Caller;
use crate::http::page::Paging;
use crate::http::{Access, Answer, App, Endpoint, Path, Problem, Query, Reply};
use crate::id::UserId;
use crate::refusal::Code;

crate::page!(NotificationPage of Notification);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_notifications: Access::SignedIn => sorted(store::SORTS, "-created_at"),
        read_notification: Access::SignedIn,
        read_all_notifications: Access::SignedIn,
    ]
}

/// How many were read at once.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadNotifications {
    #[schema(minimum = 0)]
    pub read: i64,
}

/// The person who is calling.
///
/// # Errors
/// 409 for an API key, which is told nothing.
pub(super) fn person(caller: &Caller) -> Result<UserId, Problem> {
    caller
        .user
        .ok_or_else(|| Problem::new(Code::WrongState, "An API key is told nothing; sign in as a user."))
}

/// List my notifications.
///
/// What Touchbase told the caller: praise, promises that are due, what was prepared; the latest first. With `unread=true` what they have not read yet.
#[utoipa::path(get, path = "/v1/me/notifications", operation_id = "list_notifications", tag = "notifications", params(NotificationFilter, Paging),
    responses((status = 200, description = "A page of notifications", body = NotificationPage)))]
async fn list_notifications(
    app: App,
    caller: Caller,
    filter: Query<NotificationFilter>,
    paging: Paging,
) -> Answer<NotificationPage> {
    let user = person(&caller)?;
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), user, &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Mark a notification as read.
///
/// One of the caller's own. Again is the same as once.
#[utoipa::path(post, path = "/v1/notifications/{id}/read", operation_id = "read_notification", tag = "notifications",
    responses((status = 200, description = "The notification as it is now", body = Notification)))]
async fn read_notification(app: App, caller: Caller, id: Path<NotificationId>) -> Answer<Notification> {
    let user = person(&caller)?;
    let mut unit = app.write(&caller).await?;
    let notification = store::find(&mut unit, &caller.scope(), user, *id).await?;
    let change = notification.ok_or_else(Problem::not_found)?.read(unit.now());
    let notification = unit.save(change).await?;
    unit.answer(Reply::record(notification)).await
}

/// Mark all my notifications as read.
#[utoipa::path(post, path = "/v1/me/notifications/read-all", operation_id = "read_all_notifications", tag = "notifications",
    responses((status = 200, description = "How many were not read before", body = ReadNotifications)))]
async fn read_all_notifications(app: App, caller: Caller) -> Answer<ReadNotifications> {
    let user = person(&caller)?;
    let mut unit = app.write(&caller).await?;
    let (unread, now) = (store::unread(&mut unit, &caller.scope(), user).await?, unit.now());
    let changes: Vec<_> = unread.into_iter().map(|notification| notification.read(now)).collect();
    let read = i64::try_from(unit.save_all(changes).await?.len()).unwrap_or(i64::MAX);
    unit.answer(Reply::ok(ReadNotifications { read })).await
}
