//! Speaks: a poke for devices that are connected, so that they need not ask.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep_until};
use utoipa::IntoParams;

use super::api::owner;
use super::store;
use crate::access::Caller;
use crate::db::Listener;
use crate::http::stream::{self, Said, Source};
use crate::http::{Access, App, Endpoint, Problem, Query};
use crate::id::UserId;
use crate::journal::feed;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![stream_sync_changes: Access::SignedIn]
}

/// From where on a device wants to hear.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SyncStreamQuery {
    /// The `id` that was heard last; from now on when absent.
    #[param(minimum = 0)]
    pub last_event_id: Option<i64>,
}

/// Hear that something changed in my working set.
///
/// Server-sent events named `changed`, without content: read `GET /v1/sync/changes` then. A device that comes back with `Last-Event-ID` (or `last_event_id`) is told at once when it has missed something; of what follows within a second it is told once. Comments are signs of life. The stream ends with its access token, and when the server stops: come back with a new one.
#[utoipa::path(get, path = "/v1/sync/stream", operation_id = "stream_sync_changes", tag = "sync", params(SyncStreamQuery),
    responses((status = 200, description = "A stream of pokes", body = String, content_type = "text/event-stream"),
        (status = 409, description = "An API key has no working set", body = crate::http::ProblemBody, content_type = "application/problem+json")))]
async fn stream_sync_changes(
    app: App,
    caller: Caller,
    query: Query<SyncStreamQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let user = owner(&caller)?;
    let heard = stream::heard(&request, query.last_event_id)?;
    // Whoever listens before looking misses nothing.
    let listener = app.db.pokes().listen(caller.organization);
    let latest = feed::latest(&mut app.read(), caller.organization).await?;
    let poked = Poked {
        app: app.clone(),
        user,
        listener,
        place: heard.unwrap_or(latest),
        latest,
        quiet_until: Instant::now(),
    };
    stream::answer(&app, &request, &caller, Access::SignedIn, poked)
}

/// What one device is told.
struct Poked {
    app: App,
    user: UserId,
    listener: Listener,
    /// Up to where it knows whether there is anything new.
    place: i64,
    latest: i64,
    /// Until when it hears no more: what follows at once is one poke.
    quiet_until: Instant,
}

/// A device reads everything that is new at once: more often it need not be told, and more often nobody looks for it.
const TOGETHER: Duration = Duration::from_secs(1);

impl Source for Poked {
    async fn wait(&mut self) {
        sleep_until(self.quiet_until).await;
        self.latest = self.listener.newer().await.max(self.latest);
        self.quiet_until = Instant::now() + TOGETHER;
    }

    async fn read(&mut self, caller: &Caller) -> Result<Said, Problem> {
        let mut said = Said::default();
        // Ahead of the server: it was restored from a backup, which the device is told when it reads.
        let ahead = self.place > self.latest;
        if ahead
            || (self.place < self.latest
                && store::news(&mut self.app.read(), caller.organization, self.user, self.place).await?)
        {
            said.event(Some("changed"), Some(self.latest), &json!({}))?;
        }
        self.place = self.latest;
        Ok(said)
    }

    fn place(&self) -> Option<i64> {
        Some(self.place)
    }
}
