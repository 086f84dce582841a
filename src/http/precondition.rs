//! `If-Match`: do this only if the record is still as it was read. `If-None-Match`: show it only if it is not.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpRequest};

use super::{Problem, query};
use crate::journal::{Change, Record, change};
use crate::refusal::Code;

/// The longest `If-Match` that is read.
pub const LONGEST: usize = 200;

/// The number in one entity tag.
fn revision(tag: &str) -> Option<i64> {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

/// The revisions in `If-Match`, when the header is there.
#[derive(Debug, Clone)]
pub struct IfMatch(Option<Vec<i64>>);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request.headers()))
    }
}

impl IfMatch {
    /// No condition at all.
    pub const ANY: Self = Self(None);

    /// Reads the header, before a repeated request is answered from what was kept: nonsense is refused every time.
    ///
    /// # Errors
    /// 400 when it is no `ETag`.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let headers: Vec<_> = headers.get_all(header::IF_MATCH).collect();
        if headers.is_empty() || headers.iter().all(|header| header.as_bytes() == b"*") {
            return Ok(Self(None));
        }
        let revisions: Option<Vec<i64>> = headers
            .into_iter()
            .map(|header| header.to_str().ok().filter(|header| header.len() <= LONGEST))
            // What is not text, or too long, is no tag: refused like any other nonsense, never passed over.
            .flat_map(|header| header.unwrap_or("?").split(',').map(revision))
            .collect();
        match revisions {
            Some(revisions) => Ok(Self(Some(revisions))),
            None => Err(Problem::fault(
                "If-Match",
                "invalid_format",
                "`If-Match` takes the `ETag` of the record, like \"1042\".",
            )),
        }
    }
}

impl IfMatch {
    /// Lets the change pass when the record is at one of the revisions, or already is what is asked for (RFC 9110 §13.1.1).
    ///
    /// # Errors
    /// 412 when somebody else changed it.
    pub fn allows<R: Record>(&self, change: &Change<R>) -> Result<(), Problem> {
        let (Some(wanted), Some(before)) = (&self.0, &change.before) else {
            return Ok(());
        };
        if wanted.contains(&before.revision()) {
            return Ok(());
        }
        let holds = change::difference(Some(before), &change.after).is_ok_and(|fields| fields.is_empty());
        if holds {
            Ok(())
        } else {
            Err(Self::failed(before.revision()))
        }
    }

    /// The same for what has no change to compare: a deletion.
    ///
    /// # Errors
    /// 412 when the record has another revision.
    pub fn at(&self, revision: i64) -> Result<(), Problem> {
        match &self.0 {
            Some(wanted) if !wanted.contains(&revision) => Err(Self::failed(revision)),
            Some(_) | None => Ok(()),
        }
    }

    fn failed(revision: i64) -> Problem {
        Problem::new(
            Code::PreconditionFailed,
            format!(
                "The record is at revision {revision} by now. Read it again, merge, and retry with the new `ETag`."
            ),
        )
    }
}

/// The revision that the client has of a record (`If-None-Match`), where it asks for the record whole.
#[derive(Debug, Clone, Copy)]
pub struct Known(pub(super) Option<i64>);

impl FromRequest for Known {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let tag = request.headers().get(header::IF_NONE_MATCH).filter(|_| whole(request));
        let tag = tag.and_then(|tag| tag.to_str().ok()).map(bare);
        ready(Ok(Self(tag.and_then(|tag| tag.parse().ok()))))
    }
}

/// Whether nothing of the record is cut, and nothing added: then its revision speaks for it.
pub(super) fn whole(request: &HttpRequest) -> bool {
    let asked = |name| query::parameter(request, name).is_some();
    !asked("fields") && !asked("expand")
}

/// A tag without its quotes, and without what caches and compression add to it.
fn bare(tag: &str) -> &str {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
    tag.strip_suffix("-gzip").unwrap_or(tag)
}

/// Whether `If-None-Match` names this tag (weak comparison, RFC 9110 §13.1.2).
pub(super) fn none_match(request: &HttpRequest, etag: &str) -> bool {
    request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim() == "*" || bare(tag) == bare(etag))
}
