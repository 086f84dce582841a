//! Idempotent retries: the answer is kept in the same transaction as the change, and given again.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Problem, reply};
use crate::access::Caller;
use crate::db::{Db, Json, Sqls};
use crate::journal::Claim;
use crate::refusal::Code;

pub const HEADER: &str = "idempotency-key";
const REPLAYED: &str = "the idempotency key was answered meanwhile";
/// How long an answer is kept.
pub const KEPT: TimeDelta = TimeDelta::days(7);

/// Requests that this instance works on right now. Another instance's is waited for: both lock the organization first.
static RUNNING: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// While it lives, a second request with the same key is told to wait.
pub struct Running(String);

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

impl Running {
    pub fn begin(caller: &Caller, claim: &Claim) -> Option<Self> {
        let name = format!("{} {}", caller.organization, claim.scope);
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        // Made only where it was not there: dropping a second one would end the first one's turn.
        running.insert(name.clone()).then(|| Self(name))
    }
}

/// The claim of this request, when it carries a key.
///
/// # Errors
/// 400 when the key is not 1 to 255 visible ASCII characters.
pub fn claim(request: &ServiceRequest, caller: &Caller, fingerprint: Vec<u8>) -> Result<Option<Claim>, Problem> {
    let Some(key) = request.headers().get(HEADER) else {
        return Ok(None);
    };
    let key = key
        .to_str()
        .ok()
        .filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
    let key = key.ok_or_else(|| {
        Problem::fault(
            "Idempotency-Key",
            "invalid_format",
            "An Idempotency-Key has 1 to 255 visible ASCII characters; a UUID is a good one.",
        )
    })?;
    let actor = caller.actor();
    let id = actor.id.map(|id| id.to_string()).unwrap_or_default();
    let scope = format!("{}:{id} {} {} {key}", actor.kind, request.method(), request.path());
    Ok(Some(Claim { scope, fingerprint }))
}

/// A request's fingerprint as it comes about. Keyed with the installation's secret: bodies hold passwords, and whoever reads the table
/// must not be able to try words against it.
pub struct Fingerprint(Hmac<Sha256>);

impl Fingerprint {
    /// Begins with what stands in the query; the body follows.
    ///
    /// # Errors
    /// Never: a key of any length will do.
    pub fn begin(request: &ServiceRequest, secret: &[u8]) -> Result<Self, Problem> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|error| Problem::internal(&error))?;
        // The same secret signs page cursors.
        mac.update(b"idempotency\0");
        mac.update(request.query_string().as_bytes());
        mac.update(&[0]);
        Ok(Self(mac))
    }

    pub fn update(&mut self, body: &[u8]) {
        self.0.update(body);
    }

    pub fn finish(self) -> Vec<u8> {
        self.0.finalize().into_bytes().to_vec()
    }
}

/// The answer that this key got before.
///
/// # Errors
/// 422 when it was for another body.
pub async fn answered(db: &Db, caller: &Caller, claim: &Claim) -> Result<Option<HttpResponse>, Problem> {
    type Kept = (Vec<u8>, i64, Json<Vec<(String, String)>>, Vec<u8>);
    let kept: Option<Kept> = db
        .read()
        .sql("SELECT fingerprint, status, headers, body FROM idempotency_records WHERE organization_id = $1 AND scope = $2")
        .bind(caller.organization)
        .bind(claim.scope.clone())
        .optional()
        .await?;
    let Some((fingerprint, status, Json(headers), body)) = kept else {
        return Ok(None);
    };
    if fingerprint != claim.fingerprint {
        return Err(Problem::new(
            Code::KeyReused,
            "This Idempotency-Key was used before with another body. Use a new key for a new request.",
        ));
    }
    Ok(Some(reply::replay(
        u16::try_from(status).unwrap_or(200),
        &headers,
        body,
    )))
}

/// Told to the gate by a unit that found its key answered when it began.
pub fn answered_meanwhile() -> Problem {
    Problem::new(Code::InProgress, REPLAYED)
}

/// Whether a problem is that message.
pub fn is_answered_meanwhile(problem: &Problem) -> bool {
    problem.code == Code::InProgress && problem.detail == REPLAYED
}
