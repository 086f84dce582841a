//! Who is calling, by the token or the key in `Authorization`.

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::Problem;
use crate::access::token::Distrust;
use crate::access::{Caller, key};
use crate::clock::Timestamp;
use crate::refusal::Code;

impl FromRequest for Caller {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Self>().cloned();
        std::future::ready(caller.ok_or_else(unauthenticated))
    }
}

fn unauthenticated() -> Problem {
    Problem::new(
        Code::Unauthenticated,
        "Sign in at `POST /v1/auth/login`, or send an API key, as `Authorization: Bearer …`.",
    )
}

/// Credentials came, and are not good.
fn distrusted(detail: &str) -> Problem {
    Problem::new(Code::Unauthenticated, detail).with_header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
}

/// The caller whom the database knows to be there and active.
///
/// # Errors
/// 401 for anybody else.
pub async fn authenticate(app: &crate::app::App, request: &ServiceRequest) -> Result<Caller, Problem> {
    who(app, token(request.headers())?).await
}

/// The token or key that a request carries.
///
/// # Errors
/// 401 when it carries none.
pub(super) fn token(headers: &HeaderMap) -> Result<&str, Problem> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) = authorization
        .and_then(|value| value.split_once(' '))
        .ok_or_else(unauthenticated)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unauthenticated());
    }
    Ok(token.trim())
}

/// The caller whom this token or key stands for, as the database has them now.
///
/// # Errors
/// 401 for anybody else.
pub(super) async fn who(app: &crate::app::App, token: &str) -> Result<Caller, Problem> {
    who_since(app, token, app.clock.now()).await
}

/// The same in the midst of an answer that has begun at this time: an access token that was good then is not too old for the rest of it.
///
/// # Errors
/// 401 for anybody else.
pub(super) async fn who_since(app: &crate::app::App, token: &str, begun: Timestamp) -> Result<Caller, Problem> {
    let now = app.clock.now();
    if token.starts_with("tb_") {
        // The same for a key that never was and for one that is no more.
        let unknown = || {
            distrusted("This API key is not good here: it is mistyped, revoked or expired. Ask an admin for a new one.")
        };
        if !key::well_formed(token) {
            return Err(unknown());
        }
        return app.callers.key(&app.db, now, token).await?.ok_or_else(unknown);
    }
    if app.keys.names_unknown_key(token, now)
        && let Err(error) = app.keys.refresh(&app.db).await
    {
        tracing::warn!(error = %error.0, "the signing keys could not be read again");
    }
    let ended = || {
        distrusted("This access token is not good here, or its session has ended. Sign in at `POST /v1/auth/login`.")
    };
    let claims = app.keys.check(token, begun).map_err(|distrust| match distrust {
        Distrust::Expired => distrusted(
            "This access token has expired: each is good for ten minutes. Get the next one at `POST /v1/auth/refresh`.",
        ),
        Distrust::Unknown => ended(),
    })?;
    app.callers.user(&app.db, now, &claims).await?.ok_or_else(ended)
}
