//! Speaks: signing in and out.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::session::{Login, Session};
use super::store;
use super::user::User;
use crate::access::{Caller, Scope, key, login::Guesses, password, token};
use crate::http::{Access, Answer, App, Endpoint, Json, Problem, Reply};
use crate::refusal::Code;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![sign_in: Access::Public, get_me: Access::SignedIn]
}

/// Sign in with e-mail and password.
///
/// Answers with an access token for ten minutes and a refresh token that works once. Too many wrong passwords for one account or from one address must wait.
#[utoipa::path(post, path = "/v1/auth/login", operation_id = "login", tag = "auth", request_body = Login,
    responses((status = 200, description = "Signed in", body = Session)))]
async fn sign_in(app: App, request: HttpRequest, login: Json<Login>) -> Answer<Session> {
    let address = request
        .peer_addr()
        .map(|peer| peer.ip().to_string())
        .unwrap_or_default();
    let guesses = Guesses::new(&login.email, &address);
    if let Some(seconds) = guesses.wait(&app.db, &app.clock).await? {
        return Err(Problem::new(
            Code::TooManyRequests,
            "Too many wrong passwords. Wait a while, or reset the password.",
        )
        .retry_after(seconds));
    }
    let email = login.email.trim().to_lowercase();
    let candidates = store::sign_in_candidates(&mut app.read(), &email, login.organization.as_deref()).await?;
    let mut found = None;
    for (organization, user, hash) in candidates {
        if password::verify(login.password.clone(), hash).await {
            found = Some((organization, user));
            break;
        }
    }
    if found.is_none() {
        password::verify(login.password.clone(), None).await;
        guesses.failed(&app.db, &app.clock).await?;
    }
    let (organization, user) = found.ok_or_else(|| {
        Problem::new(
            Code::WrongCredentials,
            "E-mail or password is wrong, or the account is not active.",
        )
        .with_header(header::WWW_AUTHENTICATE, "Bearer")
    })?;
    guesses.succeeded(&app.db).await?;
    let user = store::find(&mut app.read(), &Scope::all(organization), user)
        .await?
        .ok_or_else(Problem::not_found)?;
    let (family, refresh) = (app.clock.id(), key::token());
    let mut tx = app.db.begin().await?;
    store::insert_refresh_token(
        &mut tx,
        organization,
        user.id,
        family,
        key::hash(&refresh),
        None,
        app.clock.now(),
    )
    .await?;
    tx.commit().await?;
    let access_token = app
        .keys
        .issue(&app.clock, organization, user.id, user.fields.role, family)
        .map_err(|error| Problem::internal(&error.0))?;
    Ok(Reply::ok(Session {
        access_token,
        token_type: "Bearer",
        expires_in: token::LIFETIME,
        refresh_token: refresh,
        user,
    }))
}

/// Who I am.
#[utoipa::path(get, path = "/v1/me", operation_id = "get_me", tag = "people", responses((status = 200, description = "The caller", body = User)))]
async fn get_me(app: App, caller: Caller) -> Answer<User> {
    let user = caller.user.ok_or_else(Problem::not_found)?;
    Ok(Reply::record(
        store::find(&mut app.read(), &caller.scope(), user)
            .await?
            .ok_or_else(Problem::not_found)?,
    ))
}
