//! Speaks: my calendar feeds.

use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::calendar_feed::{CalendarFeed, CalendarFeedId, CalendarFeedInput};
use super::store::{self, CalendarFeedFilter};
use crate::access::{Caller, Permission, key};
use crate::db::Sqls;
use crate::features::people;
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Path, Problem, Query, Reply};
use crate::id::UserId;
use crate::journal::Change;
use crate::refusal::{Code, Refusal};

crate::page!(CalendarFeedPage of CalendarFeed);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_calendar_feeds: Access::Needs(Permission::AssignmentsRead) => sorted(store::SORTS, "created_at"),
        create_calendar_feed: Access::Needs(Permission::AssignmentsRead),
        get_calendar_feed: Access::Needs(Permission::AssignmentsRead),
        revoke_calendar_feed: Access::Needs(Permission::AssignmentsRead),
        list_user_calendar_feeds: Access::Needs(Permission::UsersSecure) => sorted(store::SORTS, "created_at"),
        revoke_user_calendar_feeds: Access::Needs(Permission::UsersSecure),
    ]
}

/// A new calendar feed.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewCalendarFeed {
    /// Chosen by the client, so that the request can be repeated; else by the server.
    pub id: Option<CalendarFeedId>,
    #[serde(flatten)]
    pub fields: CalendarFeedInput,
}

/// A new calendar feed with its address.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedCalendarFeed {
    pub calendar_feed: CalendarFeed,
    /// Subscribe to it in a calendar program; whoever has it reads your calls. Shown this once: null when the request is repeated.
    #[schema(
        max_length = 2000,
        example = "https://touchbase.example.com/v1/calendar-feeds/n0tARealSecret.ics"
    )]
    pub url: Option<String>,
}

/// List my calendar feeds.
#[utoipa::path(get, path = "/v1/me/calendar-feeds", operation_id = "list_calendar_feeds", tag = "calendar", params(CalendarFeedFilter, Paging),
    responses((status = 200, description = "A page of feeds", body = CalendarFeedPage)))]
async fn list_calendar_feeds(
    app: App,
    caller: Caller,
    filter: Query<CalendarFeedFilter>,
    paging: Paging,
) -> Answer<CalendarFeedPage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), caller.user, &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Create a calendar feed.
///
/// A secret address to which a calendar program subscribes: my calls, with whom to call and why, and the hours that my programs keep free for calls, in my time zone. It is in the answer and nowhere else: when the answer is lost, revoke the feed and make another. An API key has no calls, and no feed.
#[utoipa::path(post, path = "/v1/me/calendar-feeds", operation_id = "create_calendar_feed", tag = "calendar", request_body = NewCalendarFeed,
    responses((status = 201, description = "The new feed and its address", body = CreatedCalendarFeed), (status = 200, description = "It was there already, just so", body = CreatedCalendarFeed)))]
async fn create_calendar_feed(app: App, caller: Caller, new: Json<NewCalendarFeed>) -> Answer<CreatedCalendarFeed> {
    let mut unit = app.write(&caller).await?;
    let me = me(&caller)?;
    let id = new.0.id.unwrap_or_else(|| unit.new_id());
    if let Some(there) = store::find(&mut unit, &caller.scope(), id).await? {
        return match there.fields == new.0.fields && there.user_id == me {
            true => unit.answer(shown(StatusCode::OK, there, None)).await,
            false => Err(Problem::new(
                Code::IdInUse,
                format!("A feed with the id {id} exists with other content. Choose another id."),
            )),
        };
    }
    if store::working(&mut unit, &caller.scope(), me).await? >= MOST {
        return Err(Refusal::state(format!(
            "You have {MOST} feeds, and that is the most: revoke one first."
        ))
        .into());
    }
    let secret = key::token();
    let feed = CalendarFeed::new(id, new.0.fields, me, &secret, unit.now());
    let feed = unit.save(Change::created(feed)).await?;
    let url = format!(
        "{}/v1/calendar-feeds/{secret}.ics",
        app.config.public_url.trim_end_matches('/')
    );
    let reply = shown(StatusCode::CREATED, feed, Some(url));
    let reply = reply.location(format!("/v1/me/calendar-feeds/{id}"));
    unit.answer(reply.shown_once(&["url"])).await
}

fn shown(status: StatusCode, calendar_feed: CalendarFeed, url: Option<String>) -> Reply<CreatedCalendarFeed> {
    let revision = calendar_feed.revision;
    Reply::status(status, CreatedCalendarFeed { calendar_feed, url }).revision(revision)
}

/// Read a calendar feed of mine.
#[utoipa::path(get, path = "/v1/me/calendar-feeds/{id}", operation_id = "get_calendar_feed", tag = "calendar",
    responses((status = 200, description = "The feed", body = CalendarFeed)))]
async fn get_calendar_feed(app: App, caller: Caller, id: Path<CalendarFeedId>) -> Answer<CalendarFeed> {
    Ok(Reply::record(mine(&mut app.read(), &caller, *id).await?))
}

/// Revoke a calendar feed of mine.
///
/// Its address is read no more, for good.
#[utoipa::path(delete, path = "/v1/me/calendar-feeds/{id}", operation_id = "revoke_calendar_feed", tag = "calendar",
    responses((status = 200, description = "The feed, revoked", body = CalendarFeed)))]
async fn revoke_calendar_feed(
    app: App,
    caller: Caller,
    id: Path<CalendarFeedId>,
    if_match: IfMatch,
) -> Answer<CalendarFeed> {
    let mut unit = app.write(&caller).await?;
    let change = mine(&mut unit, &caller, *id).await?.revoke(unit.now());
    if_match.allows(&change)?;
    let feed = unit.save(change).await?;
    unit.answer(Reply::record(feed)).await
}

/// List a user's calendar feeds.
///
/// Who has lost a telephone asks for this.
#[utoipa::path(get, path = "/v1/users/{id}/calendar-feeds", operation_id = "list_user_calendar_feeds", tag = "calendar", params(CalendarFeedFilter, Paging),
    responses((status = 200, description = "A page of feeds", body = CalendarFeedPage)))]
async fn list_user_calendar_feeds(
    app: App,
    caller: Caller,
    id: Path<UserId>,
    filter: Query<CalendarFeedFilter>,
    paging: Paging,
) -> Answer<CalendarFeedPage> {
    let mut db = app.read();
    let user = somebody(&mut db, &caller, *id).await?;
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut db, &caller.scope(), Some(user), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Revoke all of a user's calendar feeds.
///
/// Their addresses are read no more, for good; the user makes new ones.
#[utoipa::path(delete, path = "/v1/users/{id}/calendar-feeds", operation_id = "revoke_user_calendar_feeds", tag = "calendar",
    responses((status = 204, description = "None is read any more")))]
async fn revoke_user_calendar_feeds(app: App, caller: Caller, id: Path<UserId>) -> Answer<()> {
    let mut unit = app.write(&caller).await?;
    let user = somebody(&mut unit, &caller, *id).await?;
    store::revoke_all(&mut unit, &[user]).await?;
    unit.answer(Reply::nothing()).await
}

/// # Errors
/// 404 for whoever is not there.
async fn somebody(db: &mut impl Sqls, caller: &Caller, id: UserId) -> Result<UserId, Problem> {
    let found = people::store::find(db, &caller.scope(), id).await?;
    Ok(found.ok_or_else(Problem::not_found)?.id)
}

/// So many feeds of one user are read at a time.
const MOST: i64 = 20;

fn me(caller: &Caller) -> Result<UserId, Refusal> {
    let key = || Refusal::not_yours("A calendar is a person's: an API key has none.");
    caller.user.ok_or_else(key)
}

/// # Errors
/// 404 for what is not there, or another's.
async fn mine(db: &mut impl Sqls, caller: &Caller, id: CalendarFeedId) -> Result<CalendarFeed, Problem> {
    let found = store::find(db, &caller.scope(), id).await?;
    found
        .filter(|feed| caller.is(feed.user_id))
        .ok_or_else(Problem::not_found)
}
