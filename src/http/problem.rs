//! RFC 9457 problem documents: whatever goes wrong, the answer tells a person what to do.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Reply;
use crate::access::password::Trouble;
use crate::db;
use crate::journal;
use crate::refusal::{Code, Refusal};

/// What a handler returns.
pub type Answer<T> = Result<Reply<T>, Problem>;

/// One fault of a body or query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// JSON Pointer into the body, or the name of a query parameter or header.
    #[schema(max_length = 1000, example = "/nps_response/score")]
    pub pointer: String,
    /// A short, stable word: `required`, `unknown_field`, `wrong_type`, `out_of_range`, or a problem code.
    #[schema(max_length = 60, example = "out_of_range")]
    pub code: String,
    /// What to do about it.
    #[schema(max_length = 2000)]
    pub detail: String,
}

impl Fault {
    pub fn new(pointer: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.into(),
            detail: detail.into(),
        }
    }
}

/// A name as a part of a JSON Pointer.
pub(super) fn segment(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A refusal on its way to the client.
#[derive(Debug, Clone)]
pub struct Problem {
    pub code: Code,
    pub detail: String,
    pub faults: Vec<Fault>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// Where the problem is explained.
    #[serde(rename = "type")]
    #[schema(max_length = 200, example = "/problems/not_found")]
    pub kind: String,
    #[schema(max_length = 200)]
    pub title: &'static str,
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened here, and what to do.
    #[schema(max_length = 5000)]
    pub detail: String,
    #[schema(max_length = 60)]
    pub code: &'static str,
    /// Quote this when asking for help.
    pub request_id: Option<Uuid>,
    /// Every fault of a body or query, all at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10000)]
    pub errors: Vec<Fault>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            faults: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Nothing there, or nothing that the caller may see: the two must not be told apart.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is no such record, or it is not in your sight.")
    }

    /// Values that do not fit, all of them at once.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        Self::new(Code::Invalid, "Some values do not fit; `errors` lists each.").with_faults(faults)
    }

    /// One value that does not fit.
    pub fn fault(pointer: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(vec![Fault::new(pointer, code, detail)])
    }

    /// Understood, but cannot be done; nothing was written.
    pub fn unprocessable(faults: Vec<Fault>) -> Self {
        Self::new(
            Code::Unprocessable,
            "Nothing was written; `errors` points at each item that cannot be done.",
        )
        .with_faults(faults)
    }

    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed through our own fault");
        Self::new(
            Code::Internal,
            "Something went wrong here, not with your request. Nothing was half-written. Try again; if it stays, report the request id.",
        )
    }

    #[must_use]
    pub fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        self.faults = faults;
        self
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.headers.push((name, value));
        }
        self
    }

    /// `Retry-After` in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.with_header(actix_web::http::header::RETRY_AFTER, seconds.to_string())
    }

    /// The document.
    pub fn body(&self) -> ProblemBody {
        ProblemBody {
            kind: format!("/problems/{}", self.code),
            title: self.code.title(),
            status: self.code.status(),
            detail: self.detail.clone(),
            code: self.code.as_str(),
            request_id: super::request_id::current(),
            errors: self.faults.clone(),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("application/problem+json");
        if self.code.status() == 401 {
            response.insert_header((actix_web::http::header::WWW_AUTHENTICATE, "Bearer"));
        }
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        response.body(serde_json::to_vec(&self.body()).unwrap_or_default())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code, refusal.detail)
    }
}

impl From<db::Error> for Problem {
    fn from(error: db::Error) -> Self {
        let busy = || {
            Self::new(
                Code::Unavailable,
                "The database is busy or away for a moment. Nothing was written; try again.",
            )
            .retry_after(1)
        };
        match db::fault(&error) {
            db::Fault::Busy | db::Fault::Retry | db::Fault::Deadline => {
                tracing::warn!(%error, "the database could not answer in time");
                busy()
            }
            db::Fault::Conflict => Self::new(
                Code::Duplicate,
                "Another record has one of these values already, or one that it refers to is gone. Read it again and retry.",
            ),
            db::Fault::Full => Self::new(
                Code::StorageFull,
                "The server's disk is full. Reading goes on; writing resumes when there is room.",
            ),
            db::Fault::Internal => Self::internal(&error),
        }
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Busy => Self::new(
                Code::Unavailable,
                "Too many sign-ins wait at this moment. Nothing was written; try again.",
            )
            .retry_after(1),
            Trouble::Broken => Self::internal(&"a password could not be hashed"),
        }
    }
}

impl From<journal::Error> for Problem {
    fn from(error: journal::Error) -> Self {
        match error {
            journal::Error::Database(error) => error.into(),
            journal::Error::Json(error) => Self::internal(&error),
            journal::Error::Replay => super::idempotency::answered_meanwhile(),
            journal::Error::NoOrganization => Self::not_found(),
        }
    }
}
