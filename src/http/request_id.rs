//! The request's id: the client's if it sent one, else a new one; in the answer, the logs and every problem.

use std::cell::Cell;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use tracing_actix_web::RequestId;
use uuid::Uuid;

pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: Cell<Option<Uuid>>;
}

/// The id of the request that this task works on.
pub fn current() -> Option<Uuid> {
    CURRENT.try_with(Cell::get).ok().flatten()
}

/// Runs `work` as part of the request `id`.
pub async fn within<F: Future>(id: Option<Uuid>, work: F) -> F::Output {
    CURRENT.scope(Cell::new(id), work).await
}

/// Middleware: settles the id and echoes it.
///
/// # Errors
/// Passes on what is inside.
pub async fn echo(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    use actix_web::HttpMessage;
    let given = request
        .headers()
        .get(HEADER)
        .and_then(|id| id.to_str().ok())
        .and_then(|id| id.parse::<Uuid>().ok());
    let own = request.extract::<RequestId>().await.ok().map(Uuid::from);
    let id = given.or(own);
    request.extensions_mut().insert(Id(id));
    if let Some(id) = id {
        tracing::Span::current().record("request_id", tracing::field::display(id));
    }
    let mut response = within(id, next.call(request)).await?;
    if let Some(value) = id.and_then(|id| HeaderValue::from_str(&id.to_string()).ok()) {
        response.headers_mut().insert(HEADER, value);
    }
    Ok(response)
}

/// The id, as the gate finds it.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub Option<Uuid>);
