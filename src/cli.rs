//! The command line: `serve`, `demo`, `admin`, `keys`, `migrate`, `openapi`, `health`.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::app::{App, Broken};
use crate::clock::Clock;
use crate::config::Config;
use crate::{openapi, routes, server, telemetry, workers};

/// Runs an executive customer-outreach program over a JSON API.
#[derive(Parser)]
#[command(name = "touchbase", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API.
    Serve {
        #[command(flatten)]
        config: Config,
    },
    /// Bring the database's schema up to date, and stop.
    Migrate {
        #[command(flatten)]
        config: Config,
    },
    /// Print the OpenAPI document.
    Openapi,
}

/// Runs the program; the exit code says how it went.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let outcome = actix_web::rt::System::new().block_on(async {
        match cli.command {
            Command::Serve { config } => serve(config).await,
            Command::Migrate { config } => {
                telemetry::log(&config.log, config.log_json);
                App::open(config, Clock::default(), None).await.map(drop)
            }
            Command::Openapi => {
                let document = openapi::document(&routes::endpoints());
                print(&serde_json::to_string_pretty(&document).unwrap_or_default());
                Ok(())
            }
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("touchbase: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints to standard output; a closed pipe is the reader's choice, not a fault.
pub(crate) fn print(text: &str) {
    use std::io::Write as _;
    drop(writeln!(std::io::stdout(), "{text}"));
}

async fn serve(config: Config) -> Result<(), Broken> {
    telemetry::log(&config.log, config.log_json);
    let app = App::open(config, Clock::default(), telemetry::metrics()).await?;
    serve_app(app).await
}

/// Serves until SIGTERM or Ctrl-C, then lets running requests end.
pub(crate) async fn serve_app(app: Arc<App>) -> Result<(), Broken> {
    let listen = app.config.listen;
    let bound =
        server::bind(app.clone(), listen).map_err(|error| Broken(format!("Cannot listen on {listen}: {error}")))?;
    let workers = workers::start(&app);
    tracing::info!(address = %bound.address, "serving");
    let handle = bound.server.handle();
    actix_web::rt::spawn(async move {
        stopped().await;
        tracing::info!("stopping; running requests may end");
        handle.stop(true).await;
    });
    let outcome = bound.server.await;
    drop(workers);
    app.db.close().await;
    outcome.map_err(|error| Broken(format!("The server stopped: {error}")))
}

async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
        }
        Err(_) => drop(interrupt.await),
    }
}
