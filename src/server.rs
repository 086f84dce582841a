//! Builds the actix application. Tests build the same one.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_cors::Cors;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{ConnectionType, Version};
use actix_web::middleware::{Compress, Next, from_fn};
use actix_web::{App as Actix, HttpRequest, HttpResponse, HttpServer, ResponseError, guard, web};
use tracing_actix_web::TracingLogger;
use utoipa_swagger_ui::{Config as SwaggerConfig, SwaggerUi};

use crate::app::App;
use crate::http::span::Spans;
use crate::http::{Endpoint, Problem, endpoint, request_id, rules::Rules};
use crate::refusal::Code;
use crate::{openapi, routes};

/// A bound server, not yet awaited, and where it listens.
pub struct Bound {
    pub server: Server,
    pub address: SocketAddr,
}

/// Binds the server; await `server` to run it.
///
/// # Errors
/// When the address cannot be listened on.
pub fn bind(app: Arc<App>, listen: SocketAddr) -> std::io::Result<Bound> {
    crate::access::password::prepare();
    bind_with(app, listen, routes::endpoints())
}

/// The same with another table of endpoints: for measurements.
///
/// # Errors
/// When the address cannot be listened on.
pub fn bind_with(app: Arc<App>, listen: SocketAddr, endpoints: Vec<Arc<Endpoint>>) -> std::io::Result<Bound> {
    let listener = TcpListener::bind(listen)?;
    let address = listener.local_addr()?;
    let document = openapi::document(&endpoints);
    let rules = Arc::new(Rules::new(&document));
    let document: Arc<str> = document.to_string().into();
    let (workers, shutdown) = (app.config.workers, app.config.shutdown_seconds);
    let mut server = HttpServer::new(move || {
        let document = document.clone();
        Actix::new()
            .wrap(from_fn(crate::features::merges::redirecting_api::lead_on))
            .wrap(Compress::default())
            .wrap(cors(&app.config.cors_origins))
            .wrap(from_fn(outermost))
            .wrap(from_fn(request_id::echo))
            .wrap(TracingLogger::<Spans>::new())
            .app_data(web::Data::new(app.clone()))
            .app_data(web::PathConfig::default().error_handler(|_, _| Problem::not_found().into()))
            .configure(|config| endpoint::mount(config, &endpoints, &rules))
            .route(
                "/openapi.json",
                web::route()
                    .guard(guard::Any(guard::Get()).or(guard::Head()))
                    .to(move || served(document.clone())),
            )
            .service(web::redirect("/", "/docs/"))
            .service(web::redirect("/docs", "/docs/"))
            .service(
                SwaggerUi::new("/docs/{_:.*}").config(
                    SwaggerConfig::new(["/openapi.json"])
                        .try_it_out_enabled(true)
                        .persist_authorization(true),
                ),
            )
            .default_service(web::to(nowhere))
    })
    .listen(listener)?
    .shutdown_timeout(shutdown)
    .client_request_timeout(Duration::from_secs(10))
    .disable_signals();
    if let Some(workers) = workers {
        server = server.workers(workers);
    }
    Ok(Bound {
        server: server.run(),
        address,
    })
}

/// Binds the listener of `/metrics` alone.
///
/// # Errors
/// When the address cannot be listened on.
pub fn bind_metrics(app: Arc<App>, listen: SocketAddr) -> std::io::Result<Bound> {
    let listener = TcpListener::bind(listen)?;
    let address = listener.local_addr()?;
    let server = HttpServer::new(move || {
        Actix::new()
            .app_data(web::Data::new(app.clone()))
            .route("/metrics", web::get().to(metrics_alone))
            .default_service(web::to(nowhere))
    })
    .listen(listener)?
    .workers(1)
    .shutdown_timeout(1)
    .disable_signals();
    Ok(Bound {
        server: server.run(),
        address,
    })
}

async fn metrics_alone(app: web::Data<Arc<App>>) -> HttpResponse {
    crate::features::service::metrics_text(&app)
}

async fn served(document: Arc<str>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(document.to_string())
}

async fn nowhere(request: HttpRequest) -> HttpResponse {
    Problem::new(
        Code::NotFound,
        format!(
            "There is nothing at `{}`. The reference page is at /docs.",
            request.path()
        ),
    )
    .error_response()
}

fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allow_any_method()
        .allow_any_header()
        .expose_headers([
            "ETag",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "Link",
            "X-Request-Id",
            "Idempotency-Replayed",
        ])
        .max_age(3600);
    if origins.iter().any(|origin| origin == "*") {
        return cors.allow_any_origin();
    }
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}

/// Turns whatever is not yet a problem document into one, sets the headers that every answer has, and counts.
async fn outermost(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let started = Instant::now();
    let version = request.version();
    let method = request.method().to_string();
    let endpoint = request.match_pattern().unwrap_or_else(|| "none".to_owned());
    let response = next.call(request).await;
    let mut response = match response {
        Ok(response) => response.map_into_boxed_body(),
        Err(error) => return Err(error),
    };
    let plain = response.response().error().is_some()
        && response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_none_or(|kind| kind != "application/problem+json");
    if plain && response.status().is_client_error() {
        let problem = Problem::new(Code::Malformed, "The request cannot be read.");
        response = response.into_response(problem.error_response());
    }
    let status = response.status().as_u16();
    if version <= Version::HTTP_10 && response.response().body().size() == BodySize::Stream {
        // Of pieces with their lengths it knows nothing: the connection's end is the body's.
        let head = response.response_mut().head_mut();
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
    }
    response
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let labels = [
        ("method", method),
        ("endpoint", endpoint),
        ("status", status.to_string()),
    ];
    metrics::histogram!("http_request_duration_seconds", &labels).record(started.elapsed().as_secs_f64());
    Ok(response)
}
