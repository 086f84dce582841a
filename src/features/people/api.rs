//! Speaks: users.

use serde::Deserialize;
use utoipa::ToSchema;

use super::store::{self, UserFilter};
use super::user::{User, UserInput};
use super::{checks, consequences};
use crate::access::{Caller, Permission};
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Known, Patch, Path, Problem, Query, Reply};
use crate::id::UserId;
use crate::journal::{Change, Unit};

crate::page!(UserPage of User);

/// The fields to change.
type UserPatch = Patch<UserInput>;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_users: Access::Needs(Permission::UsersRead) => sorted(store::SORTS, "name"),
        create_user: Access::Needs(Permission::UsersSecure),
        get_user: Access::Needs(Permission::UsersRead),
        update_user: Access::Needs(Permission::UsersManage),
        deactivate_user: Access::Needs(Permission::UsersSecure),
        reactivate_user: Access::Needs(Permission::UsersSecure),
    ]
}

/// A new user.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewUser {
    /// Chosen by the client, so that the request can be repeated; else by the server.
    pub id: Option<UserId>,
    #[serde(flatten)]
    pub fields: UserInput,
}

/// List users.
#[utoipa::path(get, path = "/v1/users", operation_id = "list_users", tag = "people", params(UserFilter, Paging),
    responses((status = 200, description = "A page of users", body = UserPage)))]
async fn list_users(app: App, caller: Caller, filter: Query<UserFilter>, paging: Paging) -> Answer<UserPage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Create a user.
///
/// They cannot sign in yet: make them a link with `POST /v1/users/{id}/invitation`.
#[utoipa::path(post, path = "/v1/users", operation_id = "create_user", tag = "people", request_body = NewUser,
    responses((status = 201, description = "The new user", body = User), (status = 200, description = "They were there already, just so", body = User)))]
async fn create_user(app: App, caller: Caller, new: Json<NewUser>) -> Answer<User> {
    let mut unit = app.write(&caller).await?;
    let id = new.0.id.unwrap_or_else(|| unit.new_id());
    let user = User::new(id, new.0.fields, unit.now());
    if let Some(there) = store::find(&mut unit, &caller.scope(), id).await? {
        return crate::http::reply::again(unit, there, &user).await;
    }
    let change = Change::created(user);
    checks::user(&mut unit, &caller, &change).await?;
    let user = unit.save(change).await?;
    unit.answer(Reply::created("/v1/users", user)).await
}

/// Read a user.
#[utoipa::path(get, path = "/v1/users/{id}", operation_id = "get_user", tag = "people",
    responses((status = 200, description = "The user", body = User)))]
async fn get_user(app: App, caller: Caller, id: Path<UserId>, known: Known) -> Answer<User> {
    Reply::found(&app, &caller, *id, known).await
}

/// Change a user.
///
/// Another role or e-mail address needs `users:secure` as well. Nobody changes their own role, and the last active admin stays one.
/// With another role or address, links that were made for the user before stop working; another address also ends the user's sessions.
/// With a role that holds less, the API keys that they made and that grant what they no longer hold are revoked for good, and so are those that these keys made.
#[utoipa::path(patch, path = "/v1/users/{id}", operation_id = "update_user", tag = "people",
    request_body(content = UserPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The user as they are now", body = User)))]
async fn update_user(app: App, caller: Caller, id: Path<UserId>, patch: UserPatch, if_match: IfMatch) -> Answer<User> {
    let (mut unit, user) = begin(&app, &caller, *id).await?;
    let fields = patch.apply(&user.fields)?;
    let change = user.revise(fields);
    if_match.allows(&change)?;
    checks::user(&mut unit, &caller, &change).await?;
    finish(&app, unit, change).await
}

/// Deactivate a user.
///
/// They are signed out everywhere at once, cannot sign in, and get no new work. The API keys that they made are revoked for good, and so are those that these keys made;
/// `GET /v1/audit-log?kind=api_key` says which. What they did stays; open work is handed on with `POST /v1/users/{id}/transfer`.
#[utoipa::path(post, path = "/v1/users/{id}/deactivate", operation_id = "deactivate_user", tag = "people",
    responses((status = 200, description = "The user, no longer active", body = User)))]
async fn deactivate_user(app: App, caller: Caller, id: Path<UserId>) -> Answer<User> {
    let (mut unit, user) = begin(&app, &caller, *id).await?;
    let change = user.deactivate();
    checks::user(&mut unit, &caller, &change).await?;
    finish(&app, unit, change).await
}

/// Reactivate a user.
///
/// They can sign in again with their password.
#[utoipa::path(post, path = "/v1/users/{id}/reactivate", operation_id = "reactivate_user", tag = "people",
    responses((status = 200, description = "The user, active again", body = User)))]
async fn reactivate_user(app: App, caller: Caller, id: Path<UserId>) -> Answer<User> {
    let (mut unit, user) = begin(&app, &caller, *id).await?;
    let change = user.reactivate();
    checks::user(&mut unit, &caller, &change).await?;
    finish(&app, unit, change).await
}

/// Opens a unit and finds whom it is about.
async fn begin(app: &App, caller: &Caller, id: UserId) -> Result<(Unit, User), Problem> {
    let mut unit = app.write(caller).await?;
    let user = store::find(&mut unit, &caller.scope(), id)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok((unit, user))
}

/// Saves with all that follows, answers, and lets the change take effect in this process at once.
async fn finish(app: &App, mut unit: Unit, change: Change<User>) -> Answer<User> {
    consequences::of(&mut unit, std::slice::from_ref(&change)).await?;
    let user = unit.save(change).await?;
    let answer = unit.answer(Reply::record(user)).await;
    app.callers.forget();
    answer
}
