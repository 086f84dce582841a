//! `touchbase serve`: until it is told to stop.

use std::sync::Arc;

use crate::app::{App, Broken};
use crate::clock::Clock;
use crate::config::Config;
use crate::features::people;
use crate::{server, telemetry, workers};

pub(super) async fn serve(config: Config) -> Result<(), Broken> {
    telemetry::log(&config.log, config.log_json);
    let app = App::open(config, Clock::default(), telemetry::metrics()).await?;
    if people::store::is_empty(&mut app.read()).await.is_ok_and(|empty| empty) {
        tracing::warn!(
            "There is nobody in this database yet. `touchbase admin create` makes an organization and its first admin."
        );
    }
    serve_app(app, || ()).await
}

/// Serves until SIGTERM or Ctrl-C, then lets running requests end. `listening` is called once clients can connect.
pub(super) async fn serve_app(app: Arc<App>, listening: impl FnOnce()) -> Result<(), Broken> {
    let listen = app.config.listen;
    let cannot = |listen, error| Broken(format!("Cannot listen on {listen}: {error}. Choose another address."));
    let bound = server::bind(app.clone(), listen).map_err(|error| cannot(listen, error))?;
    let metrics = match app.config.metrics_listen {
        Some(listen) => Some(server::bind_metrics(app.clone(), listen).map_err(|error| cannot(listen, error))?),
        None => None,
    };
    listening();
    if let Err(error) = workers::inherit(&app).await {
        tracing::warn!(%error, "what the last process had in hand is taken up when its leases end");
    }
    let workers = workers::start(&app);
    tracing::info!(address = %bound.address, database = %app.db, "serving");
    let metrics = metrics.map(|metrics| {
        tracing::info!(address = %metrics.address, "serving metrics");
        let handle = metrics.server.handle();
        actix_web::rt::spawn(metrics.server);
        handle
    });
    let (handle, leaving) = (bound.server.handle(), app.clone());
    actix_web::rt::spawn(async move {
        stopped().await;
        tracing::info!("stopping; running requests may end");
        leaving.stopping.set(true);
        handle.stop(true).await;
    });
    let outcome = bound.server.await;
    if let Some(metrics) = metrics {
        metrics.stop(false).await;
    }
    workers.stop().await;
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
