//! What every request passes before its handler: who, may they, is it well-formed, was it answered before.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use futures_util::FutureExt;
use tracing::Instrument;

pub use super::address::address;
use super::apart::Apart;
use super::arrival::{announced_within, read, spool};
use super::bearer::authenticate;
use super::body::{Parsed, Raw, Rule, parse};
use super::bulk::Items;
use super::checks::Checks;
use super::endpoint::{Access, Size};
use super::page::Unsorted;
use super::precondition::IfMatch;
use super::rules::Rules;
use super::streamed::{Late, hand_over};
use super::{Endpoint, Problem, accept, export, idempotency, request_id};
use crate::access::Caller;
use crate::journal::{Claim, Origin};
use crate::refusal::Code;

/// One endpoint's gate.
#[derive(Clone)]
pub struct Gate {
    pub endpoint: Arc<Endpoint>,
    pub rules: Arc<Rules>,
}

/// The content type that the client and the endpoint agreed on.
#[derive(Debug, Clone, Copy)]
pub struct Chosen(pub &'static str);

impl FromRequest for Chosen {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Ok(request
            .extensions()
            .get::<Self>()
            .copied()
            .unwrap_or(Self(export::JSON))))
    }
}

impl Gate {
    /// Middleware of one endpoint.
    ///
    /// # Errors
    /// Never: every refusal is a response.
    pub async fn pass(
        self,
        request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let id = request.extensions().get::<request_id::Id>().and_then(|id| id.0);
        let negotiated = self.endpoint.offers.len() > 1;
        let mut response = request_id::within(id, self.pass_within(id, request, next)).await?;
        if negotiated {
            // Whatever keeps answers keeps one for each format.
            let vary = header::HeaderValue::from_static("accept");
            response.headers_mut().append(header::VARY, vary);
        }
        Ok(response)
    }

    async fn pass_within(
        self,
        id: Option<uuid::Uuid>,
        mut request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let prepared = match self.prepare(&mut request).await {
            Ok(prepared) => prepared,
            Err(problem) => return Ok(request.into_response(problem.error_response())),
        };
        let Some(kind) = accept::choose(&request, &self.endpoint.offers) else {
            let offers = self.endpoint.offers.join(", ");
            let problem = Problem::new(
                Code::NotAcceptable,
                format!("This can be answered as {offers}; `Accept` takes none of them."),
            );
            return Ok(request.into_response(problem.error_response()));
        };
        let answered = match prepared {
            Prepared::Answered(response) => return Ok(request.into_response(response)),
            Prepared::Go(answered) => answered,
        };
        if let Some((_, default)) = self.endpoint.sorts {
            request.extensions_mut().insert(Unsorted(default));
        }
        if let Some(columns) = self
            .endpoint
            .columns
            .as_ref()
            .filter(|_| matches!(kind, export::CSV | export::NDJSON))
        {
            return export::answer(request, next, (kind, columns), self.endpoint.access).await;
        }
        request.extensions_mut().insert(Chosen(kind));
        let call = next.call(request);
        if self.endpoint.method.is_safe() {
            return unharmed(call).await.map(ServiceResponse::map_into_boxed_body);
        }
        // A write goes on when its client goes away: it runs as a task of its own, to its commit or its rollback.
        let task = request_id::within(id, async move {
            let response = call.await.map(ServiceResponse::map_into_boxed_body)?;
            match answered {
                Some(answered) => answered.settle(response).await,
                None => Ok(response),
            }
        });
        match actix_web::rt::spawn(task.instrument(tracing::Span::current())).await {
            Ok(response) => response,
            Err(panic) => Err(Problem::internal(&panic).into()),
        }
    }

    async fn prepare(&self, request: &mut ServiceRequest) -> Result<Prepared, Problem> {
        let app = app(request.request())?;
        let endpoint = &self.endpoint;
        let mut caller = match endpoint.access {
            Access::Public => None,
            Access::SignedIn | Access::Needs(_) => {
                let caller = authenticate(&app, request).await?;
                endpoint.access.allows(&caller)?;
                Some(caller)
            }
        };
        self.rules.query(&endpoint.id, request.query_string())?;
        IfMatch::read(request.headers())?;
        let mut claim = None;
        let mut running = None;
        let mut late = None;
        if !endpoint.method.is_safe() {
            if request
                .headers()
                .get(header::CONTENT_ENCODING)
                .is_some_and(|encoding| encoding != "identity")
            {
                return Err(Problem::new(
                    Code::UnsupportedMediaType,
                    "Compressed bodies are not read here. Send it plain.",
                ));
            }
            let seconds = app.config.body_seconds;
            let (body, fingerprint) = match endpoint.size {
                Size::Ordinary => (Some(read(request, app.config.body_limit, seconds).await?), None),
                Size::Bulk => (Some(read(request, app.config.bulk_limit, seconds).await?), None),
                Size::File => {
                    // Refused before it is taken in.
                    self.kind(request, false)?;
                    let (upload, fingerprint) =
                        spool(request, app.config.import_limit, seconds * 4, &app.cursor_secret).await?;
                    request.extensions_mut().insert(upload);
                    (None, Some(fingerprint))
                }
                Size::Streamed => {
                    let kind = self.kind(request, false)?.unwrap_or_default();
                    let limit = app.config.upload_limit;
                    announced_within(request, limit)?;
                    let ground = (&self.rules, &self.endpoint);
                    late = Some(hand_over(request, kind, (limit, seconds), &app.cursor_secret, ground)?);
                    (None, Some(Vec::new()))
                }
            };
            if let Some(caller) = &caller {
                let fingerprint = match fingerprint {
                    Some(fingerprint) => fingerprint,
                    None => {
                        let mut fingerprint = idempotency::Fingerprint::begin(request, &app.cursor_secret)?;
                        fingerprint.update(body.as_deref().unwrap_or_default());
                        fingerprint.finish()
                    }
                };
                claim = idempotency::claim(request, caller, fingerprint)?;
            }
            if endpoint.key_required && request.headers().get(idempotency::HEADER).is_none() {
                return Err(Problem::new(
                    Code::IdempotencyKeyRequired,
                    "Send an `Idempotency-Key` header (a UUID is a good one), so that this can be repeated safely.",
                ));
            }
            if let (Some(caller), Some(claim)) = (&caller, &claim) {
                // Marked as running before looking, so that an answer cannot slip in between.
                running = idempotency::Running::begin(caller, claim);
                if late.is_none()
                    && let Some(response) = idempotency::answered(&app.db, caller, claim).await?
                {
                    return Ok(Prepared::Answered(response));
                }
                if running.is_none() {
                    return Err(Problem::new(
                        Code::InProgress,
                        "The first request with this Idempotency-Key is still running. Repeat it in a moment.",
                    )
                    .retry_after(1));
                }
            }
            if let Some(body) = body {
                self.parse_body(request, &body, app.config.body_limit)?;
                request.extensions_mut().insert(Raw(body));
            }
        }
        if let Some(caller) = &mut caller {
            caller.origin = origin(request.request(), app.config.trusted_proxies);
            caller.origin.claim.clone_from(&claim);
            request.extensions_mut().insert(caller.clone());
        }
        let answered = match (caller, claim, running) {
            (Some(caller), Some(claim), Some(running)) => Some(Answered {
                app,
                caller,
                claim,
                late,
                _running: running,
            }),
            _ => None,
        };
        Ok(Prepared::Go(answered))
    }

    /// The body's content type; `None` where there is no body to read.
    fn kind(&self, request: &ServiceRequest, empty: bool) -> Result<Option<String>, Problem> {
        if self.endpoint.bodies.is_empty() {
            return Ok(None);
        }
        let kind = header_text(request, &header::CONTENT_TYPE).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        // A patch is a merge patch whichever of the two names it goes by.
        let known = self.endpoint.bodies.contains(&kind)
            || (kind == "application/json" && self.endpoint.bodies.iter().any(|known| known.ends_with("+json")));
        let bodies = self.endpoint.bodies.join(", ");
        match (known, empty) {
            (true, _) => Ok(Some(kind)),
            (false, true) if !self.endpoint.body_required => Ok(None),
            (false, true) => Err(Problem::new(
                Code::Malformed,
                format!("This request needs a body: {bodies}."),
            )),
            (false, false) => Err(Problem::new(
                Code::UnsupportedMediaType,
                format!("This endpoint reads {bodies}; `Content-Type` says `{kind}`."),
            )),
        }
    }

    /// Parses and checks a JSON body, where the endpoint takes one.
    fn parse_body(&self, request: &ServiceRequest, body: &Bytes, limit: usize) -> Result<(), Problem> {
        if self.endpoint.bodies.is_empty() && !says_nothing(body) {
            return Err(Problem::new(
                Code::Malformed,
                "This request takes no body: what you sent would have no effect. Send it without one.",
            ));
        }
        let Some(kind) = self.kind(request, body.is_empty())? else {
            return Ok(());
        };
        if self.endpoint.size == Size::Bulk {
            let check = |body: &serde_json::Value| self.rules.faults(&self.endpoint.id, body, usize::MAX);
            let items = Items::read(&kind, body, check)?;
            request.extensions_mut().insert(items);
        } else if kind.ends_with("/json") || kind.ends_with("+json") {
            let value = parse(body)?;
            match self.endpoint.each {
                None => self.rules.body(&self.endpoint.id, &value)?,
                Some(field) => {
                    let faults = self.rules.faults(&self.endpoint.id, &value, usize::MAX);
                    request.extensions_mut().insert(Apart::of(field, faults)?);
                }
            }
            request.extensions_mut().insert(Checks {
                rules: self.rules.clone(),
                limit,
            });
            let rule = Rule {
                rules: self.rules.clone(),
                operation: self.endpoint.id.clone(),
                limit,
            };
            request.extensions_mut().insert(Parsed { value, rule });
        }
        Ok(())
    }
}

/// No body, or one of those that HTTP clients send where there is none.
fn says_nothing(body: &Bytes) -> bool {
    matches!(body.trim_ascii(), b"" | b"{}" | b"null")
}

/// A handler that panics answers like any other mistake of ours, instead of breaking its connection.
async fn unharmed<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match AssertUnwindSafe(call).catch_unwind().await {
        Ok(response) => response,
        Err(_) => Err(Problem::internal(&"a handler panicked").into()),
    }
}

enum Prepared {
    Answered(HttpResponse),
    Go(Option<Answered>),
}

/// What is left to do for an idempotency key once the handler has answered.
struct Answered {
    app: Arc<crate::app::App>,
    caller: Caller,
    claim: Claim,
    /// The fingerprint of a body that the handler took in.
    late: Option<Late>,
    _running: idempotency::Running,
}

impl Answered {
    async fn settle(mut self, response: ServiceResponse<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
        let meanwhile = response
            .response()
            .error()
            .and_then(|error| error.as_error::<Problem>())
            .is_some_and(idempotency::is_answered_meanwhile);
        if meanwhile {
            if let Some(fingerprint) = self.late.as_ref().and_then(|late| late.get()) {
                self.claim.fingerprint.clone_from(fingerprint);
            }
            // Another instance answered this key while we waited for the organization's lock.
            return Ok(
                match idempotency::answered(&self.app.db, &self.caller, &self.claim).await {
                    Ok(Some(replay)) => response.into_response(replay),
                    Ok(None) => response,
                    Err(problem) => response.into_response(problem.error_response()),
                },
            );
        }
        // What was written has kept its answer; a refusal wrote nothing and leaves the key as it was.
        Ok(response)
    }
}

pub(super) fn app(request: &HttpRequest) -> Result<Arc<crate::app::App>, Problem> {
    let app = request.app_data::<Data<Arc<crate::app::App>>>();
    app.map(|app| app.get_ref().clone())
        .ok_or_else(|| Problem::internal(&"the application is not mounted"))
}

pub(super) fn header_text(request: &ServiceRequest, name: &header::HeaderName) -> Option<String> {
    request
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

/// Where a request comes from, for the journal.
pub fn origin(request: &HttpRequest, trusted_proxies: usize) -> Origin {
    let agent = request.headers().get(header::USER_AGENT);
    Origin {
        client: agent
            .and_then(|agent| agent.to_str().ok())
            .map(|agent| agent.chars().take(200).collect()),
        address: Some(address(request, trusted_proxies)),
        request_id: request_id::current(),
        claim: None,
    }
}

/// Answers `OPTIONS` with 204 and every other unknown method with 405, both with `Allow`.
pub async fn other_method(request: HttpRequest, allow: String) -> HttpResponse {
    if request.method() == Method::OPTIONS {
        return HttpResponse::NoContent().insert_header((header::ALLOW, allow)).finish();
    }
    Problem::new(
        Code::MethodNotAllowed,
        format!("`{}` does not work here; {allow} do.", request.method()),
    )
    .with_header(header::ALLOW, allow)
    .error_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_panic_becomes_a_problem_of_ours() {
        let outcome: Result<(), Error> = unharmed(async { panic!("a mistake") }).await;
        let status = outcome.map_err(|error| error.as_response_error().status_code().as_u16());
        assert_eq!(status, Err(500));
    }
}
