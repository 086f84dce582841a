//! Speaks: links that let somebody in: made by admins, used once.

use actix_web::HttpRequest;

use super::api::begin;
use super::password_api::{hashed, refuse_weak};
use super::session::{Link, LinkPurpose, LinkSignIn, Session};
use super::store;
use crate::access::{Caller, Permission, Scope, key};
use crate::features::people::checks::may_secure;
use crate::features::people::store as people;
use crate::features::people::user::User;
use crate::http::{Access, Answer, App, Endpoint, Json, Path, Problem, Reply, gate};
use crate::id::UserId;
use crate::journal::{Actor, ActorKind, Change, Unit};
use crate::refusal::Refusal;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        invite_user: Access::Needs(Permission::UsersSecure),
        create_password_reset_link: Access::Needs(Permission::UsersSecure),
        accept_invitation: Access::Public,
        reset_password: Access::Public,
    ]
}

/// Invite a user.
///
/// Makes a link with which they set their first password within seven days. It is shown once, and no mail is sent: hand it over yourself.
/// An earlier invitation stops working.
#[utoipa::path(post, path = "/v1/users/{id}/invitation", operation_id = "invite_user", tag = "people",
    responses((status = 200, description = "The link", body = Link)))]
async fn invite_user(app: App, caller: Caller, id: Path<UserId>) -> Answer<Link> {
    let now = app.clock.now();
    link(&app, &caller, *id, LinkPurpose::Invitation, |user| user.invite(now)).await
}

/// Make a link for a new password.
///
/// Works once, for 24 hours. It is shown once, and no mail is sent: hand it over yourself. An earlier link stops working; the old password goes on until the link is used.
#[utoipa::path(post, path = "/v1/users/{id}/password-reset-link", operation_id = "create_password_reset_link", tag = "people",
    responses((status = 200, description = "The link", body = Link)))]
async fn create_password_reset_link(app: App, caller: Caller, id: Path<UserId>) -> Answer<Link> {
    let now = app.clock.now();
    link(&app, &caller, *id, LinkPurpose::PasswordReset, |user| {
        user.offer_reset(now)
    })
    .await
}

/// Accept an invitation.
///
/// Sets the first password and signs in.
#[utoipa::path(post, path = "/v1/auth/accept-invitation", operation_id = "accept_invitation", tag = "auth", request_body = LinkSignIn,
    responses((status = 200, description = "Signed in", body = Session)))]
async fn accept_invitation(app: App, request: HttpRequest, link: Json<LinkSignIn>) -> Answer<Session> {
    sign_in_by(&app, &request, link.0, LinkPurpose::Invitation).await
}

/// Set a new password by link.
///
/// Signs in with it, and ends all sessions that there were.
#[utoipa::path(post, path = "/v1/auth/reset-password", operation_id = "reset_password", tag = "auth", request_body = LinkSignIn,
    responses((status = 200, description = "Signed in", body = Session)))]
async fn reset_password(app: App, request: HttpRequest, link: Json<LinkSignIn>) -> Answer<Session> {
    sign_in_by(&app, &request, link.0, LinkPurpose::PasswordReset).await
}

async fn link(
    app: &App,
    caller: &Caller,
    id: UserId,
    purpose: LinkPurpose,
    decide: impl FnOnce(User) -> Result<Change<User>, Refusal>,
) -> Answer<Link> {
    let mut unit = app.write(caller).await?;
    let user = people::find(&mut unit, &caller.scope(), id)
        .await?
        .ok_or_else(Problem::not_found)?;
    may_secure(caller, user.fields.role)?;
    unit.save(decide(user)?).await?;
    let (token, expires_at) = (key::token(), unit.now().plus(purpose.lifetime()));
    store::insert_link(
        &mut unit,
        caller.organization,
        id,
        purpose,
        key::hash(&token),
        expires_at,
    )
    .await?;
    // Not kept for repetitions: a secret is stored nowhere, and a repeated request makes a fresh link.
    unit.commit().await?;
    Ok(Reply::ok(Link {
        url: purpose.url(&app.config.public_url, &token),
        token,
        expires_at,
    }))
}

async fn sign_in_by(app: &App, request: &HttpRequest, link: LinkSignIn, purpose: LinkPurpose) -> Answer<Session> {
    let token = key::hash(&link.token);
    let owner = store::link_owner(&mut app.read(), &token, purpose, app.clock.now()).await?;
    let (organization, id) = owner.ok_or_else(spent)?;
    let scope = Scope::all(organization);
    let user = people::find(&mut app.read(), &scope, id).await?.ok_or_else(spent)?;
    refuse_weak(&link.password, &user.fields.email, "/password")?;
    let hash = hashed(link.password).await?;
    let actor = Actor {
        kind: ActorKind::User,
        id: Some(id.into()),
    };
    let origin = gate::origin(request, app.config.trusted_proxies);
    let mut unit = Unit::begin(&app.db, &app.clock, organization, actor, origin).await?;
    let now = unit.now();
    let user = people::find(&mut unit, &scope, id).await?;
    let user = user.filter(|user| user.active).ok_or_else(spent)?;
    if !store::spend_link(&mut unit, organization, &token, now).await? {
        return Err(spent());
    }
    let user = unit.save(user.set_password(now)).await?;
    store::set_password(&mut unit, organization, id, hash).await?;
    store::end_sessions(&mut unit, organization, id, None, now).await?;
    store::delete_links(&mut unit, organization, &[id]).await?;
    let session = begin(app, &mut unit, organization, user).await?;
    unit.commit().await?;
    app.callers.forget();
    Ok(Reply::ok(session))
}

fn spent() -> Problem {
    Problem::fault(
        "/token",
        "not_found",
        "This link is not known, has been used, or has expired. Ask an admin for a new one.",
    )
}
