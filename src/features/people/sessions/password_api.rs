//! Speaks: passwords, changed and forgotten.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;

use super::api::{active, own, too_many, verify, wrong_credentials};
use super::session::{Notice, PasswordChange, PasswordResetRequest, password_fault};
use super::store;
use crate::access::{Caller, Scope, login::Guess, password};
use crate::features::people::setup::SYSTEM;
use crate::features::people::store as people;
use crate::http::{Access, Answer, App, Endpoint, Json, Problem, Reply, gate};
use crate::journal::{Origin, Unit};
use crate::refusal::Code;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        change_password: Access::SignedIn,
        request_password_reset: Access::Public,
    ]
}

/// Change one's own password.
///
/// It takes the one until now. All other sessions of the user end; this one goes on.
#[utoipa::path(post, path = "/v1/auth/password", operation_id = "change_password", tag = "auth", request_body = PasswordChange,
    responses((status = 204, description = "Changed")))]
async fn change_password(app: App, caller: Caller, request: HttpRequest, change: Json<PasswordChange>) -> Answer<()> {
    let (organization, id) = (caller.organization, own(&caller)?);
    let user = active(&app, organization, id).await?.ok_or_else(Problem::not_found)?;
    refuse_weak(&change.new_password, &user.fields.email, "/new_password")?;
    let address = gate::address(&request, app.config.trusted_proxies);
    let guess = Guess::by_owner(&app.db, &app.clock, (organization, id), &address).await?;
    let guess = guess.map_err(too_many)?;
    let known = store::password_hash(&mut app.read(), organization, id).await?;
    if !verify(&app, &guess, change.current_password.clone(), known).await? {
        return Err(wrong_credentials("The current password is wrong."));
    }
    let hash = hashed(change.0.new_password).await?;
    let mut unit = app.write(&caller).await?;
    let user = people::find(&mut unit, &caller.scope(), id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let now = unit.now();
    unit.save(user.set_password(now)).await?;
    store::set_password(&mut unit, organization, id, hash).await?;
    store::end_sessions(&mut unit, organization, id, caller.session, now).await?;
    store::delete_links(&mut unit, organization, &[id]).await?;
    guess.right(&mut unit).await?;
    let answer = unit.answer(Reply::nothing()).await;
    app.callers.forget();
    answer
}

/// Ask for a way back in.
///
/// The answer is the same whether the address is known or not. An active user's wish is noted for the admins, who find it with `GET /v1/users?password_reset_requested=true`
/// and make a link with `POST /v1/users/{id}/password-reset-link`. Whoever asks too often must wait.
#[utoipa::path(post, path = "/v1/auth/password-reset", operation_id = "request_password_reset", tag = "auth", request_body = PasswordResetRequest,
    responses((status = 202, description = "Noted, if there is such a user", body = Notice)))]
async fn request_password_reset(app: App, request: HttpRequest, asked: Json<PasswordResetRequest>) -> Answer<Notice> {
    let origin = gate::origin(&request, app.config.trusted_proxies);
    let address = gate::address(&request, app.config.trusted_proxies);
    let named = (asked.email.as_str(), asked.organization.as_deref());
    let wish = Guess::wish(&app.db, &app.clock, named, &address).await?;
    wish.map_err(|seconds| {
        Problem::new(
            Code::TooManyRequests,
            "This has been asked for too often. Wait a while.",
        )
        .retry_after(seconds)
    })?;
    // After the answer, so that its time says nothing either.
    actix_web::rt::spawn(async move {
        if let Err(problem) = note_request(&app, asked.0, origin).await {
            tracing::warn!(code = %problem.code, "a wish for a password reset could not be noted");
        }
    });
    Ok(Reply::status(
        StatusCode::ACCEPTED,
        Notice {
            detail: "If this address belongs to an active user, the organization's admins can see the wish and make a link for a new password.",
        },
    ))
}

async fn note_request(app: &App, asked: PasswordResetRequest, origin: Origin) -> Result<(), Problem> {
    let email = asked.email.trim().to_lowercase();
    let candidates = store::sign_in_candidates(&mut app.read(), &email, asked.organization.as_deref()).await?;
    for candidate in candidates {
        let scope = Scope::all(candidate.organization);
        let now = app.clock.now();
        // Looked at before the organization is locked: asking again and again must not hold anybody up.
        let user = people::find(&mut app.read(), &scope, candidate.user).await?;
        if user.and_then(|user| user.request_reset(now)).is_none() {
            continue;
        }
        let mut unit = Unit::begin(&app.db, &app.clock, candidate.organization, SYSTEM, origin.clone()).await?;
        let user = people::find(&mut unit, &scope, candidate.user).await?;
        if let Some(change) = user.and_then(|user| user.request_reset(now)) {
            unit.save(change).await?;
            unit.commit().await?;
        }
    }
    Ok(())
}

/// # Errors
/// 400 at `pointer`, when the password is too weak.
pub(super) fn refuse_weak(password: &str, email: &str, pointer: &str) -> Result<(), Problem> {
    match password_fault(password, email) {
        Some(fault) => Err(Problem::fault(pointer, "invalid_value", fault)),
        None => Ok(()),
    }
}

/// Hashes outside of any unit: it takes long, and nobody should wait for it.
pub(super) async fn hashed(password: String) -> Result<String, Problem> {
    Ok(password::hash(password).await?)
}
