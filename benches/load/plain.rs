//! The limit: the same server with one endpoint more, which answers 1 KB of JSON behind the same sign-in, and no database.

use serde::Serialize;
use touchbase::app::App;
use touchbase::clock::Clock;
use touchbase::config::Config;
use touchbase::http::{Access, Answer, Reply};
use touchbase::{routes, server};
use utoipa::ToSchema;

use crate::Outcome;

#[derive(Serialize, ToSchema)]
struct Plain {
    text: String,
}

/// A kilobyte.
#[utoipa::path(get, path = "/v1/plain", operation_id = "get_plain", tag = "plain", responses((status = 200, description = "A kilobyte", body = Plain)))]
async fn get_plain() -> Answer<Plain> {
    // With a revision, as a record has one; without, the answer would be hashed for its ETag.
    Ok(Reply::ok(Plain { text: "x".repeat(1000) }).revision(1))
}

/// Serves until it is killed. The arguments are the server's own.
pub fn serve(arguments: impl Iterator<Item = String>) -> Outcome<()> {
    use clap::Parser as _;
    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        config: Config,
    }
    let config = Flags::parse_from(std::iter::once("plain".to_owned()).chain(arguments)).config;
    actix_web::rt::System::new().block_on(async {
        touchbase::telemetry::log(&config.log, config.log_json);
        let listen = config.listen;
        let app = App::open(config, Clock::default(), touchbase::telemetry::metrics()).await?;
        let mut endpoints = routes::endpoints();
        endpoints.extend(
            touchbase::endpoints![get_plain: Access::SignedIn]
                .into_iter()
                .map(std::sync::Arc::new),
        );
        server::bind_with(app, listen, endpoints)?.server.await?;
        Ok(())
    })
}
