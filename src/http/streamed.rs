//! Bodies too large for memory: taken in piece by piece by their handler, plain or as a form, for as long as they get on.

use std::cell::RefCell;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::{Stream, StreamExt, stream};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::idempotency::Fingerprint;
use super::rules::Rules;
use super::{Endpoint, Problem, export, query};
use crate::access::Caller;
use crate::refusal::Code;

/// The content type of a form that holds a file.
pub const FORM: &str = "multipart/form-data";
/// So much must arrive in the time that an ordinary body may take altogether.
const LEAST: usize = 64 << 10;
/// Most fields of a form, and most bytes of one that is no file.
const FIELDS: usize = 20;
const FIELD: usize = 16 << 10;

/// The fingerprint of a body, known to the gate once it has arrived.
pub(super) type Late = Arc<OnceLock<Vec<u8>>>;

/// A body that waits to be taken in.
pub struct Arriving {
    payload: Payload,
    headers: HeaderMap,
    query: String,
    kind: String,
    limit: usize,
    pace: Duration,
    fingerprint: Fingerprint,
    late: Late,
    rules: Arc<Rules>,
    endpoint: Arc<Endpoint>,
}

/// What has been taken in.
#[derive(Debug)]
pub struct Arrived {
    /// The content type of the file.
    pub kind: String,
    pub length: usize,
    /// The request's parameters, those of the query and those of the form, checked against the document.
    parameters: String,
}

impl Arrived {
    /// The parameters as this type reads them.
    ///
    /// # Errors
    /// 400.
    pub fn parameters<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_urlencoded::from_str(&self.parameters)
            .map_err(|error| Problem::fault("", "malformed", format!("The parameters cannot be read: {error}.")))
    }
}

impl FromRequest for Arriving {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let arriving = request.extensions_mut().remove::<Self>();
        ready(arriving.ok_or_else(|| Problem::new(Code::Malformed, "This request needs a file as its body.")))
    }
}

/// Hands a body of at most `limit` bytes to the request's handler.
pub(super) fn hand_over(
    request: &mut ServiceRequest,
    kind: String,
    (limit, seconds): (usize, u64),
    secret: &[u8],
    (rules, endpoint): (&Arc<Rules>, &Arc<Endpoint>),
) -> Result<Late, Problem> {
    let late = Late::default();
    let arriving = Arriving {
        fingerprint: Fingerprint::begin(request, secret)?,
        headers: request.headers().clone(),
        query: request.query_string().to_owned(),
        payload: request.take_payload(),
        kind,
        limit,
        pace: Duration::from_secs(seconds),
        late: late.clone(),
        rules: rules.clone(),
        endpoint: endpoint.clone(),
    };
    request.extensions_mut().insert(arriving);
    Ok(late)
}

/// Cuts what arrives into pieces of one size, and keeps its fingerprint.
struct Pieces<Keep> {
    held: Vec<u8>,
    size: usize,
    length: usize,
    fingerprint: Fingerprint,
    keep: Keep,
}

impl<Keep: AsyncFnMut(Vec<u8>) -> Result<(), Problem>> Pieces<Keep> {
    async fn take(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.fingerprint.update(bytes);
        self.length += bytes.len();
        let mut rest = bytes;
        while let Some((now, later)) = rest.split_at_checked(self.size - self.held.len()) {
            self.held.extend_from_slice(now);
            rest = later;
            let whole = std::mem::replace(&mut self.held, Vec::with_capacity(self.size));
            (self.keep)(whole).await?;
        }
        self.held.extend_from_slice(rest);
        Ok(())
    }
}

impl Arriving {
    /// Takes the body in, in pieces of `size` bytes (the last one may be shorter), and lets the caller's unit answer for the request's
    /// idempotency key.
    ///
    /// # Errors
    /// When it breaks off, is too large or too slow, is no form of the kind that the document describes, or when `keep` fails.
    pub async fn take_in(
        mut self,
        caller: &mut Caller,
        size: usize,
        keep: impl AsyncFnMut(Vec<u8>) -> Result<(), Problem>,
    ) -> Result<Arrived, Problem> {
        let trouble = Trouble::default();
        let payload = std::mem::replace(&mut self.payload, Payload::None);
        let bytes = paced(payload, self.limit, self.pace, trouble.clone());
        let mut pieces = Pieces {
            held: Vec::with_capacity(size),
            size,
            length: 0,
            fingerprint: self.fingerprint,
            keep,
        };
        let (kind, parameters) = if self.kind == FORM {
            let form = Multipart::new(&self.headers, bytes);
            let (kind, fields) = form_of(form, &mut pieces, &trouble).await?;
            (kind, checked(&self.query, fields, &self.rules, &self.endpoint)?)
        } else {
            let mut bytes = Box::pin(bytes);
            while let Some(bytes) = bytes.next().await {
                let bytes = bytes.map_err(|error| trouble.or(&error))?;
                pieces.take(&bytes).await?;
            }
            (self.kind, self.query)
        };
        if pieces.length == 0 {
            let detail = "This request needs a file as its body; it is empty.";
            return Err(Problem::new(Code::Malformed, detail));
        }
        if !pieces.held.is_empty() {
            (pieces.keep)(std::mem::take(&mut pieces.held)).await?;
        }
        let fingerprint = pieces.fingerprint.finish();
        if let Some(claim) = &mut caller.origin.claim {
            claim.fingerprint.clone_from(&fingerprint);
        }
        // Set once: each body is taken in once.
        let _ = self.late.set(fingerprint);
        Ok(Arrived {
            kind,
            length: pieces.length,
            parameters,
        })
    }
}

/// Why a body broke off, where that is for us to say.
#[derive(Clone, Default)]
struct Trouble(Rc<RefCell<Option<Problem>>>);

impl Trouble {
    /// Our own reason, else what the other side has done.
    fn or(&self, error: &dyn std::fmt::Display) -> Problem {
        let broke_off = || Problem::new(Code::Malformed, format!("The body broke off: {error}."));
        self.0.borrow_mut().take().unwrap_or_else(broke_off)
    }
}

/// Where a body stands on its way in.
struct Pace {
    payload: Payload,
    length: usize,
    limit: usize,
    /// The time in which the least must arrive; what the server itself takes does not count.
    whole: Duration,
    waited: Duration,
    arrived: usize,
    trouble: Trouble,
}

/// The bytes of a body, for as long as they come fast enough and are not too many.
fn paced(
    payload: Payload,
    limit: usize,
    whole: Duration,
    trouble: Trouble,
) -> impl Stream<Item = Result<Bytes, PayloadError>> + 'static {
    let pace = Pace {
        payload,
        length: 0,
        limit,
        whole,
        waited: Duration::ZERO,
        arrived: 0,
        trouble,
    };
    stream::try_unfold(pace, |mut pace| async move {
        let (begun, left) = (Instant::now(), pace.whole.saturating_sub(pace.waited));
        let next = tokio::time::timeout(left, pace.payload.next()).await;
        pace.waited += begun.elapsed();
        let slow = pace.waited >= pace.whole && pace.arrived < LEAST;
        let bytes = match next {
            Err(_) if slow => None,
            // Enough has come in this time; the next begins.
            Err(_) => Some(Bytes::new()),
            Ok(None) => return Ok(None),
            Ok(Some(bytes)) => Some(bytes?),
        };
        let problem = match &bytes {
            None => Some(Problem::new(
                Code::BodyTimeout,
                format!(
                    "Less than {LEAST} bytes of the body arrived within {} seconds.",
                    pace.whole.as_secs()
                ),
            )),
            Some(bytes) => {
                pace.length += bytes.len();
                pace.arrived += bytes.len();
                (pace.length > pace.limit).then(|| super::arrival::too_large(pace.limit))
            }
        };
        if let Some(problem) = problem {
            pace.trouble.0.replace(Some(problem));
            return Err(PayloadError::Incomplete(None));
        }
        if pace.waited >= pace.whole {
            (pace.waited, pace.arrived) = (Duration::ZERO, 0);
        }
        Ok(bytes.map(|bytes| (bytes, pace)))
    })
}

/// Takes a form apart: its one file goes on in pieces, its other fields are few and short.
async fn form_of<Keep: AsyncFnMut(Vec<u8>) -> Result<(), Problem>>(
    mut form: Multipart,
    pieces: &mut Pieces<Keep>,
    trouble: &Trouble,
) -> Result<(String, Vec<(String, String)>), Problem> {
    let (mut kind, mut fields) = (None, Vec::new());
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|error| trouble.or(&error))?;
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            if kind.is_some() {
                return Err(Problem::fault(
                    "file",
                    "duplicate",
                    "The form has more than one `file`.",
                ));
            }
            kind = Some(kind_of(&field));
            while let Some(bytes) = field.next().await {
                pieces.take(&bytes.map_err(|error| trouble.or(&error))?).await?;
            }
            continue;
        }
        let mut text = Vec::new();
        while let Some(bytes) = field.next().await {
            text.extend_from_slice(&bytes.map_err(|error| trouble.or(&error))?);
            if text.len() > FIELD {
                return Err(Problem::fault(
                    name,
                    "too_long",
                    format!("A field has at most {FIELD} bytes."),
                ));
            }
        }
        let Ok(text) = String::from_utf8(text) else {
            return Err(Problem::fault(name, "invalid_text", "This is not UTF-8."));
        };
        if fields.len() == FIELDS {
            return Err(Problem::fault(
                name,
                "too_long",
                format!("A form has at most {FIELDS} fields."),
            ));
        }
        fields.push((name, text));
    }
    // Where they stand in the form does not matter, nor what separates them.
    fields.sort();
    for (name, text) in &fields {
        for part in [name, text] {
            pieces.fingerprint.update(&[0]);
            pieces.fingerprint.update(part.as_bytes());
        }
    }
    let kind = kind.ok_or_else(|| Problem::fault("file", "required", "The form has no part named `file`."))?;
    Ok((kind, fields))
}

/// What sort of file a part of a form holds: as it says, else as its name ends.
fn kind_of(field: &actix_multipart::Field) -> String {
    let said = field.content_type().map(|kind| kind.essence_str().to_owned());
    let name = field.content_disposition().and_then(|it| it.get_filename());
    let lines = name.is_some_and(|name| [".ndjson", ".jsonl"].iter().any(|ending| name.ends_with(ending)));
    match said {
        Some(kind) if kind == export::NDJSON || kind == export::CSV => kind,
        _ if lines => export::NDJSON.to_owned(),
        _ => export::CSV.to_owned(),
    }
}

/// The fields of a form are the parameters of the query by another way, and are checked like them.
fn checked(asked: &str, fields: Vec<(String, String)>, rules: &Rules, endpoint: &Endpoint) -> Result<String, Problem> {
    let mut all = query::pieces(asked);
    for (name, value) in fields {
        if all.iter().any(|(known, _)| *known == name) {
            return Err(Problem::fault(name, "duplicate", "This is given twice."));
        }
        all.push((name, value));
    }
    let text = serde_urlencoded::to_string(all).map_err(|error| Problem::internal(&error))?;
    rules.query(&endpoint.id, &text)?;
    Ok(text)
}
