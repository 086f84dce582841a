//! Speaks: signing in, staying signed in, signing out.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::session::{Login, Logout, Refresh, Session};
use super::store::{self, Candidate, Owner, Rotation};
use crate::access::{Caller, Scope, key, login::Guess, password, token};
use crate::db::Sqls;
use crate::features::people::store as people;
use crate::features::people::user::User;
use crate::http::{Access, Answer, App, Endpoint, Json, Problem, ProblemBody, Reply, gate};
use crate::id::{OrganizationId, UserId};
use crate::refusal::Code;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        sign_in: Access::Public,
        refresh_session: Access::Public,
        sign_out: Access::SignedIn,
    ]
}

/// Sign in with e-mail and password.
///
/// Answers with an access token for ten minutes and a refresh token that works once. Too many wrong passwords for one account or from one address must wait.
/// An address that has joined several organizations needs `organization`; without it the answer is the same as to a wrong password.
#[utoipa::path(post, path = "/v1/auth/login", operation_id = "login", tag = "auth", request_body = Login,
    responses((status = 200, description = "Signed in", body = Session),
        (status = 401, description = "`wrong_credentials`: e-mail or password is wrong, or an organization must be named", body = ProblemBody, content_type = "application/problem+json")))]
async fn sign_in(app: App, request: HttpRequest, login: Json<Login>) -> Answer<Session> {
    let email = login.email.trim().to_lowercase();
    let named = (email.as_str(), login.organization.as_deref());
    let candidate = only(store::sign_in_candidates(&mut app.read(), named.0, named.1).await?);
    let account = candidate.as_ref().map(|one| (one.organization, one.user));
    let address = gate::address(&request, app.config.trusted_proxies);
    let guess = Guess::by_name(&app.db, &app.clock, named, account, &address).await?;
    let guess = guess.map_err(too_many)?;
    let candidate = candidate.filter(|_| !guess.barred());
    let hash = candidate.as_ref().and_then(|one| one.password_hash.clone());
    let right = verify(&app, &guess, login.0.password, hash).await?;
    let owner = candidate
        .filter(|_| right)
        .ok_or_else(|| wrong_credentials(UNKNOWN).with_header(header::WWW_AUTHENTICATE, "Bearer"))?;
    let user = active(&app, owner.organization, owner.user)
        .await?
        .ok_or_else(|| wrong_credentials(UNKNOWN))?;
    let mut tx = app.db.begin().await?;
    guess.right(&mut tx).await?;
    let session = begin(&app, &mut tx, owner.organization, user).await?;
    tx.commit().await?;
    Ok(Reply::ok(session))
}

/// Continue a session with its refresh token.
///
/// Answers with a new access token and a new refresh token; the one that was sent is used up. When an answer was lost, send the same token again:
/// as long as its successor has never been used, a new one takes that one's place, and only the latest works. A token that comes back after its successor
/// was used has been copied: the session ends, and everybody who holds it signs in again.
#[utoipa::path(post, path = "/v1/auth/refresh", operation_id = "refresh_session", tag = "auth", request_body = Refresh,
    responses((status = 200, description = "The session goes on", body = Session),
        (status = 401, description = "`unauthenticated`: the session is over", body = ProblemBody, content_type = "application/problem+json")))]
async fn refresh_session(app: App, refresh: Json<Refresh>) -> Answer<Session> {
    let over = || Problem::new(Code::Unauthenticated, "This session is over. Sign in again.");
    let (old, next) = (key::hash(&refresh.refresh_token), key::token());
    if !store::is_refresh_token(&mut app.read(), &old).await? {
        return Err(over());
    }
    let mut tx = app.db.begin().await?;
    let rotation = store::rotate(&mut tx, &old, &key::hash(&next), app.clock.now()).await?;
    let owner = match rotation {
        Rotation::Issued(owner) => owner,
        Rotation::Reused => {
            tx.commit().await?;
            app.callers.forget();
            return Err(over());
        }
        Rotation::Refused => return Err(over()),
    };
    tx.commit().await?;
    let user = active(&app, owner.organization, owner.user).await?.ok_or_else(over)?;
    Ok(Reply::ok(session(&app, owner, user, next)?))
}

/// Sign out.
///
/// Ends this session, or with `everywhere` all sessions of the user, at once: neither their refresh tokens nor their access tokens work any longer.
#[utoipa::path(post, path = "/v1/auth/logout", operation_id = "sign_out", tag = "auth", request_body(content = Option<Logout>, description = "Without a body, this session alone."),
    responses((status = 204, description = "Signed out")))]
async fn sign_out(app: App, caller: Caller, logout: Option<Json<Logout>>) -> Answer<()> {
    let user = own(&caller)?;
    let organization = caller.organization;
    let everywhere = logout.is_some_and(|logout| logout.everywhere);
    let answer = match caller.session.filter(|_| !everywhere) {
        Some(family) => {
            let owner = Owner {
                organization,
                user,
                family,
            };
            let mut tx = app.db.begin().await?;
            store::end_session(&mut tx, owner, app.clock.now()).await?;
            tx.commit().await?;
            Ok(Reply::nothing())
        }
        None => {
            let mut unit = app.write(&caller).await?;
            let now = unit.now();
            let known = people::find(&mut unit, &caller.scope(), user).await?;
            unit.save(known.ok_or_else(Problem::not_found)?.sign_out(now)).await?;
            store::end_sessions(&mut unit, organization, user, None, now).await?;
            unit.answer(Reply::nothing()).await
        }
    };
    app.callers.forget();
    answer
}

/// The user behind the caller; API keys have neither sessions nor passwords.
pub(super) fn own(caller: &Caller) -> Result<UserId, Problem> {
    caller.user.ok_or_else(|| {
        Problem::new(
            Code::WrongState,
            "An API key has no session and no password. An admin revokes it at `DELETE /v1/api-keys/{id}`.",
        )
    })
}

/// The same words whatever of it is wrong.
const UNKNOWN: &str = "E-mail or password is wrong, or the account is not active. If the address belongs to several organizations, `organization` must name one.";

/// Told after too many wrong passwords.
pub(super) fn too_many(seconds: u64) -> Problem {
    Problem::new(
        Code::TooManyRequests,
        "Too many wrong passwords. Wait a while, or ask an admin for a link to reset the password.",
    )
    .retry_after(seconds)
}

pub(super) fn wrong_credentials(detail: &str) -> Problem {
    Problem::new(Code::WrongCredentials, detail)
}

/// The one account that is meant. Every try looks at one password at most, so that its time does not tell in how many organizations an address is,
/// and a password of one organization is never tried in another.
fn only(candidates: Vec<Candidate>) -> Option<Candidate> {
    let mut joined = candidates.into_iter().filter(|one| one.password_hash.is_some());
    joined.next().filter(|_| joined.next().is_none())
}

/// Whether the password is right. Known users and unknown ones take the same way: one hash is checked in any case.
///
/// # Errors
/// 503 when too many wait for theirs; then it was no guess.
pub(super) async fn verify(app: &App, guess: &Guess, password: String, hash: Option<String>) -> Result<bool, Problem> {
    match password::verify(password, hash).await {
        Ok(right) => Ok(right),
        Err(trouble) => {
            guess.undone(&app.db).await?;
            Err(trouble.into())
        }
    }
}

/// The user, if they may sign in.
pub(super) async fn active(app: &App, organization: OrganizationId, user: UserId) -> Result<Option<User>, Problem> {
    let user = people::find(&mut app.read(), &Scope::all(organization), user).await?;
    Ok(user.filter(|user| user.active))
}

/// Begins a session: the first refresh token of a new family.
pub(super) async fn begin(
    app: &App,
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: User,
) -> Result<Session, Problem> {
    let refresh = key::token();
    let owner = Owner {
        organization,
        user: user.id,
        family: app.clock.id(),
    };
    store::insert_refresh_token(db, owner, key::hash(&refresh), None, app.clock.now()).await?;
    session(app, owner, user, refresh)
}

fn session(app: &App, owner: Owner, user: User, refresh_token: String) -> Result<Session, Problem> {
    let access_token = app
        .keys
        .issue(&app.clock, owner.organization, user.id, user.fields.role, owner.family)
        .map_err(|error| Problem::internal(&error.0))?;
    Ok(Session {
        access_token,
        token_type: "Bearer",
        expires_in: token::LIFETIME,
        refresh_token,
        user,
    })
}
