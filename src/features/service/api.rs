//! Speaks: health, readiness, metrics, the public halves of the signing keys.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::token::Jwk;
use crate::http::{Access, Answer, App, Endpoint, Problem, Reply};
use crate::refusal::Code;

/// Longer than this, the database counts as away.
const PATIENCE: Duration = Duration::from_secs(1);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        get_health: Access::Public,
        get_readiness: Access::Public,
        get_metrics: Access::Public,
        get_signing_keys: Access::Public,
    ]
}

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    #[schema(max_length = 10, example = "ok")]
    pub status: &'static str,
    /// The version of Touchbase.
    #[schema(max_length = 40)]
    pub version: &'static str,
}

impl Health {
    const OK: Self = Self {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    };
}

/// Whether the process lives.
///
/// It asks nothing of the database. When this fails, restart the process.
#[utoipa::path(get, path = "/healthz", operation_id = "get_health", tag = "service",
    responses((status = 200, description = "It lives", body = Health)))]
async fn get_health() -> Answer<Health> {
    Ok(Reply::ok(Health::OK))
}

/// Whether the server can take requests.
///
/// The database answers within a second and its schema is up to date. It says 503 as well while the server stops, so that load balancers look elsewhere.
#[utoipa::path(get, path = "/readyz", operation_id = "get_readiness", tag = "service",
    responses((status = 200, description = "It can", body = Health)))]
async fn get_readiness(app: App) -> Answer<Health> {
    let not_ready = |detail: &str| Problem::new(Code::Unavailable, detail).retry_after(1);
    if app.stopping.is_set() {
        return Err(not_ready("The server is stopping."));
    }
    match tokio::time::timeout(PATIENCE, app.db.is_migrated()).await {
        Ok(Ok(true)) => Ok(Reply::ok(Health::OK)),
        Ok(Ok(false)) => Err(not_ready(
            "The database's schema is older than this program. Run `touchbase migrate`, or restart.",
        )),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready: the database refuses");
            Err(not_ready("The database cannot be read."))
        }
        Err(_) => Err(not_ready("The database does not answer within a second.")),
    }
}

/// Figures about the server, for Prometheus.
///
/// Requests by endpoint, status and duration, for callers on the same machine and not through a proxy.
/// When the installation gives metrics a listener of their own, they are there and not here.
#[utoipa::path(get, path = "/metrics", operation_id = "get_metrics", tag = "service",
    responses((status = 200, description = "Prometheus' text format", body = String, content_type = "text/plain"),
        (status = 404, description = "Metrics have a listener of their own, or are asked for from elsewhere", body = crate::http::ProblemBody, content_type = "application/problem+json")))]
async fn get_metrics(app: App, request: HttpRequest) -> Result<HttpResponse, Problem> {
    if app.config.metrics_listen.is_some() {
        return Err(Problem::new(
            Code::NotFound,
            "Metrics have a listener of their own, which the installation's settings name.",
        ));
    }
    if !from_this_machine(&request, app.config.trusted_proxies) {
        return Err(Problem::new(
            Code::NotFound,
            "Metrics are told here to callers on the same machine alone. `--metrics-listen` gives them a listener of their own.",
        ));
    }
    Ok(metrics_text(&app))
}

/// What proxies say of whom they speak for.
const FORWARDED: [&str; 6] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// Whether the caller is a program beside this one. A proxy beside this one speaks for anybody.
fn from_this_machine(request: &HttpRequest, trusted_proxies: usize) -> bool {
    let beside = request
        .peer_addr()
        .is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    beside && trusted_proxies == 0 && !FORWARDED.iter().any(|name| request.headers().contains_key(*name))
}

/// The metrics as Prometheus reads them.
pub fn metrics_text(app: &crate::app::App) -> HttpResponse {
    let text = app.metrics.as_ref().map(|metrics| {
        metrics.run_upkeep();
        metrics.render()
    });
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text.unwrap_or_default())
}

/// The public halves of the keys that sign access tokens (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
pub struct JsonWebKeySet {
    #[schema(max_items = 100)]
    pub keys: Vec<Jwk>,
}

/// Read the keys that access tokens are signed with.
///
/// For services that check the tokens themselves. A new key stands here as soon as it signs; an old one for as long as a token of it may be good.
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "get_signing_keys", tag = "auth",
    responses((status = 200, description = "A JSON Web Key Set", body = JsonWebKeySet)))]
async fn get_signing_keys(app: App) -> Answer<JsonWebKeySet> {
    Ok(Reply::ok(JsonWebKeySet {
        keys: app.keys.public(),
    }))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::from_this_machine;

    #[test]
    fn metrics_are_told_on_this_machine_alone() {
        let from = |peer: &str| TestRequest::default().peer_addr(peer.parse().unwrap());
        let told = |request: TestRequest, proxies| from_this_machine(&request.to_http_request(), proxies);
        for peer in ["127.0.0.1:9", "127.8.8.8:9", "[::1]:9", "[::ffff:127.0.0.1]:9"] {
            assert!(told(from(peer), 0), "{peer}");
            assert!(!told(from(peer), 1), "{peer}");
            assert!(
                !told(from(peer).insert_header(("x-forwarded-for", "127.0.0.1")), 0),
                "{peer}"
            );
        }
        for peer in [
            "10.0.0.1:9",
            "192.168.1.2:9",
            "[::]:9",
            "[fe80::1]:9",
            "[::ffff:10.0.0.1]:9",
        ] {
            assert!(!told(from(peer), 0), "{peer}");
        }
        assert!(!told(TestRequest::default(), 0));
    }
}
