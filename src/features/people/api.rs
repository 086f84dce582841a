//! Speaks: users.

use super::store;
use super::user::User;
use crate::access::{Caller, Permission};
use crate::http::page::Paging;
use crate::http::{Access, Answer, App, Endpoint, Path, Problem, Reply};
use crate::id::UserId;

crate::page!(UserPage of User);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_users: Access::Needs(Permission::UsersRead),
        get_user: Access::Needs(Permission::UsersRead),
    ]
}

/// List users.
#[utoipa::path(get, path = "/v1/users", operation_id = "list_users", tag = "people", params(Paging),
    responses((status = 200, description = "A page of users", body = UserPage)))]
async fn list_users(app: App, caller: Caller, paging: Paging) -> Answer<UserPage> {
    let window = paging.window(&app, &caller, store::SORTS, "name")?;
    let listed = store::list(&mut app.read(), &caller.scope(), &window, |_| {}).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Read a user.
#[utoipa::path(get, path = "/v1/users/{id}", operation_id = "get_user", tag = "people",
    responses((status = 200, description = "The user", body = User)))]
async fn get_user(app: App, caller: Caller, id: Path<UserId>) -> Answer<User> {
    Ok(Reply::record(
        store::find(&mut app.read(), &caller.scope(), *id)
            .await?
            .ok_or_else(Problem::not_found)?,
    ))
}
