//! What a handler answers: a status, a body, an `ETag`, and what the client asked of their shape.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::precondition::{Known, none_match, whole};
use super::{Answer, Problem};
use crate::access::Caller;
use crate::app::App;
use crate::journal::{self, Record, Stamped, Unit, change, feed};

/// Every answer is one caller's, and asked about again each time.
const PRIVATE: &str = "private, no-cache";

/// A good answer.
#[derive(Debug)]
pub struct Reply<T> {
    status: StatusCode,
    /// None where there is nothing to say: 204 and 304.
    body: Option<T>,
    etag: Option<i64>,
    location: Option<String>,
    content_type: &'static str,
    headers: Vec<(HeaderName, String)>,
    /// Top-level fields that are shown once and kept nowhere.
    secrets: &'static [&'static str],
    /// Holds figures that move while the revision stays.
    living: bool,
}

impl<T> Reply<T> {
    fn with_status(status: StatusCode, body: impl Into<Option<T>>) -> Self {
        Self {
            status,
            body: body.into(),
            etag: None,
            location: None,
            content_type: "application/json",
            headers: Vec::new(),
            secrets: &[],
            living: false,
        }
    }

    /// 200, without a revision: lists and reports. Their `ETag` is a hash of what is shown.
    pub fn ok(body: T) -> Self {
        Self::with_status(StatusCode::OK, body)
    }

    /// Another status.
    pub fn status(status: StatusCode, body: T) -> Self {
        Self::with_status(status, body)
    }

    /// Carries the revision as `ETag`, for a body that contains the record it belongs to.
    #[must_use]
    pub fn revision(mut self, revision: i64) -> Self {
        self.etag = Some(revision);
        self
    }

    /// Names the fields that are shown this once: an answer that is kept for a repeated request has null in their place.
    #[must_use]
    pub fn shown_once(mut self, fields: &'static [&'static str]) -> Self {
        self.secrets = fields;
        self
    }

    /// Says that the body holds figures that move while the revision stays, so that nobody is told it were unchanged.
    #[must_use]
    pub fn living(mut self) -> Self {
        self.living = true;
        self
    }

    #[must_use]
    pub fn location(mut self, path: String) -> Self {
        self.location = Some(path);
        self
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl<T: Stamped> Reply<T> {
    /// 200 with one record and its `ETag`.
    pub fn record(record: T) -> Self {
        let etag = Some(record.revision());
        Self {
            etag,
            ..Self::with_status(StatusCode::OK, record)
        }
    }

    /// 201 with a new record, its `ETag` and its `Location` below `collection`.
    pub fn created(collection: &str, record: T) -> Self {
        let (etag, location) = (Some(record.revision()), Some(format!("{collection}/{}", record.id())));
        Self {
            etag,
            location,
            ..Self::with_status(StatusCode::CREATED, record)
        }
    }
}

impl Reply<()> {
    /// 204.
    pub fn nothing() -> Self {
        Self::with_status(StatusCode::NO_CONTENT, ())
    }
}

impl<T: Record> Reply<T> {
    /// A record of the caller's organization. One that the client knows as it is, is not read: 304.
    ///
    /// # Errors
    /// 404.
    pub async fn found(app: &App, caller: &Caller, id: impl Into<Uuid>, known: Known) -> Answer<T> {
        let (mut db, id) = (app.read(), id.into());
        if let Known(Some(known)) = known
            && journal::revision::<T>(&mut db, caller.organization, id).await? == Some(known)
        {
            return Ok(Self::with_status(StatusCode::NOT_MODIFIED, None).revision(known));
        }
        let record = journal::find(&mut db, caller.organization, id).await?;
        Ok(Self::record(record.ok_or_else(Problem::not_found)?))
    }
}

impl<T: Serialize> Reply<T> {
    fn bytes(&self) -> Result<Vec<u8>, Problem> {
        match &self.body {
            Some(body) if self.status != StatusCode::NO_CONTENT => {
                serde_json::to_vec(body).map_err(|error| Problem::internal(&error))
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The body as it may be kept: without what is shown once.
    fn kept(&self) -> Result<Vec<u8>, Problem> {
        let bytes = self.bytes()?;
        if self.secrets.is_empty() {
            return Ok(bytes);
        }
        let mut body: Value = serde_json::from_slice(&bytes).map_err(|error| Problem::internal(&error))?;
        for (_, value) in body
            .as_object_mut()
            .into_iter()
            .flatten()
            .filter(|(field, _)| self.secrets.contains(&field.as_str()))
        {
            *value = Value::Null;
        }
        serde_json::to_vec(&body).map_err(|error| Problem::internal(&error))
    }

    fn head(&self) -> Vec<(String, String)> {
        let mut head: Vec<(String, String)> = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.clone()))
            .collect();
        if let Some(revision) = self.etag {
            head.push(("etag".into(), format!("\"{revision}\"")));
        }
        if let Some(location) = &self.location {
            head.push(("location".into(), location.clone()));
        }
        head
    }

    fn respond(self, request: &HttpRequest) -> Result<HttpResponse, Problem> {
        let mut bytes = self.bytes()?;
        let head = self.head();
        let mut response = HttpResponse::build(self.status);
        for (name, value) in &head {
            response.insert_header((name.as_str(), value.as_str()));
        }
        if self.status == StatusCode::NO_CONTENT {
            return Ok(response.finish());
        }
        if self.status == StatusCode::NOT_MODIFIED {
            response.insert_header((header::CACHE_CONTROL, PRIVATE));
            return Ok(response.finish());
        }
        let shaped = super::query::parameter(request, "fields");
        if let Some(fields) = &shaped {
            bytes = only(fields, &bytes)?;
        }
        response.content_type(self.content_type);
        if request.method().is_safe() && self.status == StatusCode::OK {
            let etag = match self.etag.filter(|_| whole(request)) {
                Some(revision) => format!("\"{revision}\""),
                None => hash_tag(&bytes),
            };
            if !self.living && none_match(request, &etag) {
                return Ok(HttpResponse::NotModified()
                    .insert_header((header::ETAG, etag))
                    .insert_header((header::CACHE_CONTROL, PRIVATE))
                    .finish());
            }
            response.insert_header((header::ETAG, etag));
            response.insert_header((header::CACHE_CONTROL, PRIVATE));
        }
        Ok(response.body(bytes))
    }
}

/// A body that is no JSON, with a hash as its `ETag`; 304 for whoever has it as it is.
pub fn tagged(request: &HttpRequest, content_type: &'static str, bytes: Vec<u8>) -> HttpResponse {
    let etag = hash_tag(&bytes);
    let (mut response, bytes) = match none_match(request, &etag) {
        true => (HttpResponse::NotModified(), Vec::new()),
        false => (HttpResponse::Ok(), bytes),
    };
    response
        .content_type(content_type)
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, PRIVATE))
        .body(bytes)
}

fn hash_tag(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hex: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("\"h{hex}\"")
}

/// Keeps the named top-level fields of a record, or of each record of a page.
fn only(fields: &str, bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    let wanted: Vec<&str> = fields.split(',').map(str::trim).collect();
    let mut body: Value = serde_json::from_slice(bytes).map_err(|error| Problem::internal(&error))?;
    let cut = |record: &mut Value| -> Result<(), Problem> {
        let Value::Object(record) = record else { return Ok(()) };
        if let Some(unknown) = wanted.iter().find(|field| !record.contains_key(**field)) {
            let known: Vec<&str> = record.keys().map(String::as_str).collect();
            return Err(Problem::fault(
                "fields",
                "unknown_field",
                format!("There is no field `{unknown}`; there are {}.", known.join(", ")),
            ));
        }
        record.retain(|field, _| field == "id" || wanted.contains(&field.as_str()));
        Ok(())
    };
    let cut = |record: &mut Value| cut(record);
    match body.get_mut("data") {
        Some(Value::Array(records)) => records.iter_mut().try_for_each(cut)?,
        _ => cut(&mut body)?,
    }
    serde_json::to_vec(&body).map_err(|error| Problem::internal(&error))
}

impl<T: Serialize> Responder for Reply<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        use actix_web::ResponseError as _;
        self.respond(request).unwrap_or_else(|problem| problem.error_response())
    }
}

impl Unit {
    /// The end of every write: keeps the answer for the request's idempotency key, commits, and answers.
    ///
    /// # Errors
    /// When the database could not promise durability; then nothing was written.
    pub async fn answer<T: Serialize>(mut self, reply: Reply<T>) -> Answer<T> {
        let bytes = reply.kept()?;
        let mut head = reply.head();
        head.push(("content-type".into(), reply.content_type.into()));
        self.remember(reply.status.as_u16(), &head, &bytes).await?;
        self.commit().await?;
        Ok(reply)
    }
}

/// An answer kept for an idempotency key, given again.
pub fn replay(status: u16, headers: &[(String, String)], body: Vec<u8>) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::OK));
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) {
            response.insert_header((name, value));
        }
    }
    response.insert_header(("idempotency-replayed", "true"));
    response.body(body)
}

/// A record that was made: just now, or by the same request before.
#[derive(Debug)]
pub enum Made<T> {
    New(T),
    Again(T),
}

impl<T> Made<T> {
    pub fn record(&self) -> &T {
        match self {
            Self::New(record) | Self::Again(record) => record,
        }
    }
}

impl Unit {
    /// 201 with a new record below `collection`, 200 with one that was there already.
    ///
    /// # Errors
    /// When the database could not promise durability; then nothing was written.
    pub async fn answer_made<T: Record>(self, collection: &str, made: Made<T>) -> Answer<T> {
        let reply = match made {
            Made::New(record) => Reply::created(collection, record),
            Made::Again(record) => Reply::record(record),
        };
        // By the unit, also where it wrote nothing: what it read may be another unit's, and not durable before both are.
        self.answer(reply).await
    }
}

/// A record is created again under an id that exists: a success when it says what was said at first, else a conflict.
///
/// What has become of the record since does not matter: whoever repeats a request whose answer was lost cannot know of it.
/// `said` is what the request decides of a record: the whole of it, or its fields where the rest comes of itself.
///
/// # Errors
/// 409 `id_in_use`.
pub async fn again<T: Record>(mut unit: Unit, there: T, said: &impl Serialize) -> Answer<T> {
    let made = repeated(&mut unit, there, said).await?;
    unit.answer_made("", made).await
}

/// The same, within a unit that goes on.
///
/// # Errors
/// 409 `id_in_use`.
pub async fn repeated<T: Record>(unit: &mut Unit, there: T, said: &impl Serialize) -> Result<Made<T>, Problem> {
    let organization = unit.organization();
    let made = feed::creation(unit, organization, T::KIND, there.id()).await?;
    let same = made.map(|made| change::was_said(&made, said)).transpose();
    if same.map_err(|error| Problem::internal(&error))?.unwrap_or(false) {
        return Ok(Made::Again(there));
    }
    Err(Problem::new(
        crate::refusal::Code::IdInUse,
        format!(
            "A record with the id {} exists with other content. Choose another id.",
            there.id()
        ),
    ))
}
