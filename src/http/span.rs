//! What the logs say of a request: its route, not its target; no address, no client, no query.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use tracing::Span;
use tracing::field::Empty;
use tracing_actix_web::RootSpanBuilder;

/// One span a request, and one sentence when it has been answered.
pub struct Spans;

impl RootSpanBuilder for Spans {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let route = request.match_pattern().unwrap_or_else(|| "none".to_owned());
        tracing::info_span!("request", method = %request.method(), route, request_id = Empty, status = Empty)
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let (status, safe) = match outcome {
            Ok(response) => (response.status().as_u16(), response.request().method().is_safe()),
            Err(error) => (error.as_response_error().status_code().as_u16(), false),
        };
        span.record("status", status);
        let _entered = span.enter();
        match status {
            500.. => tracing::error!("failed"),
            400.. => tracing::info!("refused"),
            // Reading is most of what happens and says least.
            _ if safe => tracing::debug!("answered"),
            _ => tracing::info!("answered"),
        }
    }
}
