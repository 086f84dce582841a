//! Speaks: what calendar programs read.

use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use super::events::{Owner, block, call};
use super::{ics, store};
use crate::access::Scope;
use crate::http::{Access, App, Endpoint, Path, Problem, reply};

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![read_calendar_feed: Access::Public]
}

const KIND: &str = "text/calendar; charset=utf-8";

/// Read a calendar feed.
///
/// For calendar programs, without signing in: whoever has the address reads it. Calls at their times, half an hour each, with whom to call and why; calls without a time on the day by which they are due; the hours that programs keep free for calls, in the zone that the user has now. What was canceled, or snoozed away, stays for thirty days as `CANCELLED`.
#[utoipa::path(get, path = "/v1/calendar-feeds/{secret}.ics", operation_id = "read_calendar_feed", tag = "calendar",
    params(("secret" = String, Path, description = "The secret part of the address.", min_length = 1, max_length = 100, example = "n0tARealSecret")),
    responses((status = 200, description = "The calendar (RFC 5545)", body = String, content_type = "text/calendar"), (status = 304, description = "It is as the client has it")))]
async fn read_calendar_feed(app: App, request: HttpRequest, secret: Path<String>) -> Result<HttpResponse, Problem> {
    let mut db = app.read();
    let owner = store::owner(&mut db, &secret).await?;
    let (organization, user) = owner.ok_or_else(Problem::not_found)?;
    let told = store::told(&mut db, &Scope::all(organization), user, app.clock.now()).await?;
    let told = told.ok_or_else(Problem::not_found)?;
    let owner = Owner {
        id: Uuid::from(told.user.id),
        zone: told.zone,
        host: &crate::mail::host(&app.config.public_url),
    };
    let calls = told.calls.iter().filter_map(|each| call(each, &owner));
    let blocks = told.blocks.iter().map(|each| block(each, &owner));
    let events: Vec<ics::Event> = calls.chain(blocks).collect();
    let name = format!("Calls of {}", told.user.fields.name);
    let text = ics::calendar(&name, told.zone.name(), &events);
    Ok(reply::tagged(&request, KIND, text.into_bytes()))
}
