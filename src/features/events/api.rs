//! Speaks: what happens, by pages and as a stream.

use std::sync::Arc;

use actix_web::{Either, HttpRequest};
use serde::Deserialize;
use utoipa::IntoParams;

use super::event::{Event, EventType, sorts};
use super::recent::Recent;
use super::{store, verbs};
use crate::access::Caller;
use crate::db::Listener;
use crate::http::gate::Chosen;
use crate::http::page::{OnePage, Paged, Paging};
use crate::http::query::List;
use crate::http::stream::{self, DocumentOrStream, Said, Source};
use crate::http::{Access, App, Endpoint, Problem, Query, Reply};
use crate::journal::feed;

crate::page!(EventPage of Event);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![list_events: Access::SignedIn => streamed]
}

/// Which events are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventFilter {
    /// Types, separated by commas: `attempt.created,nps_response.*`; all, when none is named.
    #[param(style = Form, explode = false, inline, value_type = Option<Vec<EventType>>, max_items = 50)]
    pub type_in: Option<List<EventType>>,
    /// Those after this event, by its `sequence`. A stream without it begins now, a list at the beginning.
    #[param(minimum = 0)]
    pub last_event_id: Option<i64>,
}

/// List what happened.
///
/// One event per change of a record, in their order: which record, what happened to it, who did it, and the record's revision. What changed of it is read at the record itself.
/// Everybody hears of what they may read, and of nothing else. A page may hold fewer events than `limit`, or none, though there are more: `has_more` tells.
///
/// With `Accept: text/event-stream` it goes on as it happens: each event as `id` (its sequence) and `data`. A client that comes back with the header `Last-Event-ID`, or the parameter `last_event_id`, hears everything since; without either it begins now. Comments are signs of life. A stream ends with its access token, and when the server stops: come back with a new one.
#[utoipa::path(get, path = "/v1/events", operation_id = "list_events", tag = "events", params(EventFilter, OnePage),
    responses((status = 200, description = "A page of events, or a stream of them", body = EventPage)))]
async fn list_events(
    app: App,
    caller: Caller,
    filter: Query<EventFilter>,
    paging: Paging,
    chosen: Chosen,
    request: HttpRequest,
) -> DocumentOrStream<EventPage> {
    if let Some((_, detail)) = filter.type_in.as_deref().and_then(verbs::unheard) {
        return Err(Problem::fault("type_in", "invalid_value", detail));
    }
    let mut read = app.read();
    let after = stream::heard(&request, filter.last_event_id)?;
    // Whoever listens before looking misses nothing.
    let listener = app.db.pokes().listen(caller.organization);
    let latest = feed::latest(&mut read, caller.organization).await?;
    if let Some(after) = after.filter(|after| *after > latest) {
        return Err(Problem::fault(
            "last_event_id",
            "ahead",
            format!(
                "There is no event {after} yet: the latest is {latest}. The server was restored from a backup, or this is another organization's. Start again without it."
            ),
        ));
    }
    if chosen.0 == stream::KIND {
        let told = Told {
            place: after.unwrap_or(latest),
            latest,
            listener,
            recent: Recent::of(caller.organization),
            asked: filter.0.type_in,
            app: app.clone(),
        };
        return stream::answer(&app, &request, &caller, Access::SignedIn, told).map(Either::Right);
    }
    let sorts = sorts(filter.type_in.as_deref(), &caller);
    let after = paging.number(&app, &caller)?.or(after).unwrap_or(0);
    let part = store::read(&mut read, &caller, &sorts, (after, latest), paging.limit()).await?;
    let next = part.more.then(|| paging.number_cursor(&app, &caller, part.place));
    let page = Paged {
        data: part.happenings.into_iter().map(Event::from).collect(),
        next_cursor: next.flatten(),
        has_more: part.more,
        total: None,
    };
    Ok(Either::Left(Reply::ok(page.into())))
}

/// What one stream says.
struct Told {
    app: App,
    asked: Option<List<EventType>>,
    listener: Listener,
    recent: Arc<Recent>,
    /// How far it has told.
    place: i64,
    /// How far the organization's history goes, as far as it was heard.
    latest: i64,
}

/// How many events are told at once.
const PORTION: i64 = 100;

impl Source for Told {
    async fn wait(&mut self) {
        self.latest = self.listener.newer().await.max(self.latest);
    }

    async fn read(&mut self, caller: &Caller) -> Result<Said, Problem> {
        let mut said = Said::default();
        if self.place >= self.latest {
            return Ok(said);
        }
        let mut read = self.app.read();
        let sorts = sorts(self.asked.as_deref(), caller);
        let between = (self.place, self.latest);
        let happenings = match self.recent.between(&mut read, caller.organization, between).await? {
            Some(known) => {
                self.place = self.latest;
                let wanted = known.iter().filter(|it| sorts.has(&it.kind, &it.verb));
                let wanted = wanted.map(|it| it.as_ref().clone()).collect();
                store::audible(&mut read, caller, wanted).await?
            }
            None => {
                let part = store::read(&mut read, caller, &sorts, between, PORTION).await?;
                self.place = part.place;
                said.more = part.more;
                part.happenings
            }
        };
        for event in happenings.into_iter().map(Event::from) {
            said.event(None, Some(event.sequence), &event)?;
        }
        Ok(said)
    }

    fn place(&self) -> Option<i64> {
        Some(self.place)
    }
}
