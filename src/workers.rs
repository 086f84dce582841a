//! Background loops, started and stopped with the server.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::db::{Error, Sqls};
use crate::http::idempotency::KEPT;

/// The loops that run beside the server; ended when dropped.
pub struct Workers(Vec<JoinHandle<()>>);

impl Drop for Workers {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// Starts them.
pub fn start(app: &Arc<App>) -> Workers {
    Workers(vec![
        tokio::spawn(sweep(app.clone())),
        tokio::spawn(keys(app.clone())),
        tokio::spawn(give_back()),
    ])
}

/// Memory that is free for a second goes back to the system when mimalloc next frees a large piece. A server at rest frees none by itself,
/// and would keep for ever what starting or an import took.
async fn give_back() {
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(std::hint::black_box(vec![0_u8; 4 << 20]));
    }
}

/// Another process may have rotated the signing keys.
async fn keys(app: Arc<App>) {
    loop {
        tokio::time::sleep(Duration::from_secs(60)).await;
        if let Err(error) = app.keys.refresh(&app.db).await {
            tracing::warn!(error = %error.0, "the signing keys could not be read again");
        }
    }
}

/// Removes what has had its time. Deleting twice is the same as once, so any instance may do it.
async fn sweep(app: Arc<App>) {
    loop {
        tokio::time::sleep(Duration::from_secs(600)).await;
        if let Err(error) = swept(&app).await {
            tracing::warn!(%error, "what has expired could not be removed");
        }
    }
}

async fn swept(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    for (statement, before) in [
        ("DELETE FROM idempotency_records WHERE created_at < $1", now.plus(-KEPT)),
        (
            "DELETE FROM login_failures WHERE failed_at < $1",
            now.plus(TimeDelta::hours(-1)),
        ),
        (
            "DELETE FROM refresh_tokens WHERE expires_at < $1",
            now.plus(TimeDelta::days(-1)),
        ),
        (
            "DELETE FROM user_links WHERE expires_at < $1",
            now.plus(TimeDelta::days(-1)),
        ),
        (
            "DELETE FROM signing_keys WHERE retired_at < $1",
            now.plus(TimeDelta::days(-1)),
        ),
    ] {
        tx.sql(statement).bind(before).run().await?;
    }
    tx.commit().await
}
