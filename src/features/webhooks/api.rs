//! Speaks: the endpoints of webhooks.

use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::address;
use super::body::TESTED;
use super::endpoint::{DisabledBecause, WebhookEndpoint, WebhookEndpointId, WebhookEndpointInput};
use super::signature;
use super::store::{self, WebhookEndpointFilter, underway};
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::features::events::event::EventType;
use crate::features::events::verbs;
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Known, Patch, Path, Problem, Query, Reply};
use crate::journal::{Change, Record, Unit};
use crate::refusal::{Code, Refusal};

crate::page!(WebhookEndpointPage of WebhookEndpoint);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_webhook_endpoints: Access::Needs(Permission::WebhooksManage) => sorted(store::SORTS, "name"),
        create_webhook_endpoint: Access::Needs(Permission::WebhooksManage),
        get_webhook_endpoint: Access::Needs(Permission::WebhooksManage),
        update_webhook_endpoint: Access::Needs(Permission::WebhooksManage),
        delete_webhook_endpoint: Access::Needs(Permission::WebhooksManage),
        rotate_webhook_secret: Access::Needs(Permission::WebhooksManage),
        enable_webhook_endpoint: Access::Needs(Permission::WebhooksManage),
        disable_webhook_endpoint: Access::Needs(Permission::WebhooksManage),
        test_webhook_endpoint: Access::Needs(Permission::WebhooksManage),
        replay_webhook_endpoint: Access::Needs(Permission::WebhooksManage),
    ]
}

/// How many endpoints an organization has at most.
const MOST: i64 = 50;

/// A new endpoint of webhooks.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewWebhookEndpoint {
    /// Chosen by the client, so that the request can be repeated; else by the server.
    pub id: Option<WebhookEndpointId>,
    #[serde(flatten)]
    pub fields: WebhookEndpointInput,
}

/// What to change of an endpoint.
type WebhookEndpointPatch = Patch<WebhookEndpointInput>;

/// An endpoint with its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookEndpointWithSecret {
    pub webhook_endpoint: WebhookEndpoint,
    /// What deliveries are signed with (Standard Webhooks). Shown this once: null when the request is repeated.
    #[schema(max_length = 100, example = "whsec_bm90QVJlYWxTZWNyZXROb3RBUmVhbFNlY3JldCEhISE=")]
    pub secret: Option<String>,
}

/// From when on to deliver again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayWebhookEndpoint {
    /// Everything since then that was given up or never tried is delivered. No longer ago than 30 days: so long it is known what was delivered.
    pub since: Timestamp,
    /// What was delivered already comes again, too, under the same `webhook-id`.
    #[serde(default)]
    pub include_delivered: bool,
}

/// List endpoints of webhooks.
#[utoipa::path(get, path = "/v1/webhook-endpoints", operation_id = "list_webhook_endpoints", tag = "webhooks", params(WebhookEndpointFilter, Paging),
    responses((status = 200, description = "A page of endpoints", body = WebhookEndpointPage)))]
async fn list_webhook_endpoints(
    app: App,
    caller: Caller,
    filter: Query<WebhookEndpointFilter>,
    paging: Paging,
) -> Answer<WebhookEndpointPage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Create an endpoint of webhooks.
///
/// From now on the events that it asks for are posted there, as [Standard Webhooks](https://www.standardwebhooks.com): `webhook-id`, `webhook-timestamp` and `webhook-signature`, and a body `{type, timestamp, sequence, data}` that names the record and its revision; read the rest over the API. An event may come more than once, under the same `webhook-id`, and not in order: `sequence` tells the order. Answer with 2xx within ten seconds. Whatever else is tried ten times over three days, later where `Retry-After` says so; 410 disables the endpoint, and so do five days without a success.
/// The secret is in the answer and nowhere else: when the answer is lost, rotate it.
#[utoipa::path(post, path = "/v1/webhook-endpoints", operation_id = "create_webhook_endpoint", tag = "webhooks", request_body = NewWebhookEndpoint,
    responses((status = 201, description = "The new endpoint and its secret", body = WebhookEndpointWithSecret), (status = 200, description = "It was there already, just so", body = WebhookEndpointWithSecret)))]
async fn create_webhook_endpoint(
    app: App,
    caller: Caller,
    new: Json<NewWebhookEndpoint>,
) -> Answer<WebhookEndpointWithSecret> {
    may_go_to(&app, &new.0.fields.url)?;
    happen(&new.0.fields.types)?;
    let mut unit = app.write(&caller).await?;
    let id = new.0.id.unwrap_or_else(|| unit.new_id());
    if let Some(there) = store::find(&mut unit, caller.organization, id).await? {
        return match there.fields == new.0.fields {
            true => unit.answer(shown(StatusCode::OK, there, None)).await,
            false => Err(Problem::new(
                Code::IdInUse,
                format!("An endpoint with the id {id} exists with other content. Choose another id."),
            )),
        };
    }
    if store::count(&mut unit, caller.organization).await? >= MOST {
        let detail = format!(
            "There are {MOST} endpoints already, and no more than that. Delete one, or let one receive more types."
        );
        return Err(Refusal::state(detail).into());
    }
    let endpoint = WebhookEndpoint::new(id, new.0.fields, unit.now());
    let endpoint = unit.save(Change::created(endpoint)).await?;
    store::begin_at(&mut unit, caller.organization, id, endpoint.revision).await?;
    with_secret(unit, StatusCode::CREATED, endpoint).await
}

/// Refuses types of events that nobody would ever hear of.
fn happen(types: &[EventType]) -> Result<(), Problem> {
    match verbs::unheard(types) {
        None => Ok(()),
        Some((at, detail)) => Err(Problem::fault(format!("/types/{at}"), "invalid_value", detail)),
    }
}

/// Read an endpoint of webhooks.
#[utoipa::path(get, path = "/v1/webhook-endpoints/{id}", operation_id = "get_webhook_endpoint", tag = "webhooks",
    responses((status = 200, description = "The endpoint", body = WebhookEndpoint)))]
async fn get_webhook_endpoint(
    app: App,
    caller: Caller,
    id: Path<WebhookEndpointId>,
    known: Known,
) -> Answer<WebhookEndpoint> {
    Reply::found(&app, &caller, *id, known).await
}

/// Change an endpoint of webhooks.
///
/// What is under way goes to where the endpoint is by then.
#[utoipa::path(patch, path = "/v1/webhook-endpoints/{id}", operation_id = "update_webhook_endpoint", tag = "webhooks",
    request_body(content = WebhookEndpointPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The endpoint as it is now", body = WebhookEndpoint)))]
async fn update_webhook_endpoint(
    app: App,
    caller: Caller,
    id: Path<WebhookEndpointId>,
    patch: WebhookEndpointPatch,
    if_match: IfMatch,
) -> Answer<WebhookEndpoint> {
    let mut unit = app.write(&caller).await?;
    let endpoint = found(&mut unit, *id).await?;
    let fields = patch.apply(&endpoint.fields)?;
    may_go_to(&app, &fields.url)?;
    if fields.types != endpoint.fields.types {
        happen(&fields.types)?;
    }
    let known = endpoint.clone();
    let change = endpoint.revise(fields);
    if_match.allows(&change)?;
    // What happened before is delivered as it was asked for then.
    underway::catch_up(&mut unit, caller.organization, &known, &app.clock).await?;
    let endpoint = unit.save(change).await?;
    unit.answer(Reply::record(endpoint)).await
}

/// Delete an endpoint of webhooks.
///
/// With its deliveries and their log.
#[utoipa::path(delete, path = "/v1/webhook-endpoints/{id}", operation_id = "delete_webhook_endpoint", tag = "webhooks",
    responses((status = 204, description = "It is gone")))]
async fn delete_webhook_endpoint(
    app: App,
    caller: Caller,
    id: Path<WebhookEndpointId>,
    if_match: IfMatch,
) -> Answer<()> {
    let mut unit = app.write(&caller).await?;
    let endpoint = found(&mut unit, *id).await?;
    if_match.at(endpoint.revision)?;
    unit.remove(endpoint).await?;
    store::forget_endpoint(&mut unit, caller.organization, *id).await?;
    unit.answer(Reply::nothing()).await
}

/// Give an endpoint a new secret.
///
/// Deliveries are signed with both secrets for 24 hours, so that the receiver can change over in peace. A secret that was found out: do it twice.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{id}/rotate-secret", operation_id = "rotate_webhook_secret", tag = "webhooks",
    responses((status = 200, description = "The endpoint and its new secret", body = WebhookEndpointWithSecret)))]
async fn rotate_webhook_secret(
    app: App,
    caller: Caller,
    id: Path<WebhookEndpointId>,
) -> Answer<WebhookEndpointWithSecret> {
    let mut unit = app.write(&caller).await?;
    let change = found(&mut unit, *id).await?.rotate(unit.now());
    let endpoint = unit.save(change).await?;
    with_secret(unit, StatusCode::OK, endpoint).await
}

/// Enable an endpoint of webhooks.
///
/// What waited goes on; what happened while it was disabled is not delivered by itself: replay it.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{id}/enable", operation_id = "enable_webhook_endpoint", tag = "webhooks",
    responses((status = 200, description = "The endpoint as it is now", body = WebhookEndpoint)))]
async fn enable_webhook_endpoint(app: App, caller: Caller, id: Path<WebhookEndpointId>) -> Answer<WebhookEndpoint> {
    let mut unit = app.write(&caller).await?;
    let endpoint = found(&mut unit, *id).await?;
    let was_disabled = endpoint.takes_deliveries().is_err();
    let endpoint = unit.save(endpoint.enable()).await?;
    if was_disabled {
        store::begin_at(&mut unit, caller.organization, *id, endpoint.revision).await?;
    }
    unit.answer(Reply::record(endpoint)).await
}

/// Disable an endpoint of webhooks.
///
/// Nothing is delivered there until it is enabled.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{id}/disable", operation_id = "disable_webhook_endpoint", tag = "webhooks",
    responses((status = 200, description = "The endpoint as it is now", body = WebhookEndpoint)))]
async fn disable_webhook_endpoint(app: App, caller: Caller, id: Path<WebhookEndpointId>) -> Answer<WebhookEndpoint> {
    let mut unit = app.write(&caller).await?;
    let change = found(&mut unit, *id).await?.disable(DisabledBecause::Asked);
    let endpoint = unit.save(change).await?;
    unit.answer(Reply::record(endpoint)).await
}

/// Test an endpoint of webhooks.
///
/// An event `webhook_endpoint.tested` is delivered there, whichever types it asks for. Its delivery says what came of it.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{id}/test", operation_id = "test_webhook_endpoint", tag = "webhooks",
    responses((status = 200, description = "The endpoint", body = WebhookEndpoint)))]
async fn test_webhook_endpoint(app: App, caller: Caller, id: Path<WebhookEndpointId>) -> Answer<WebhookEndpoint> {
    let mut unit = app.write(&caller).await?;
    let endpoint = found(&mut unit, *id).await?;
    endpoint.takes_deliveries()?;
    let now = unit.now();
    unit.mention(
        WebhookEndpoint::KIND,
        endpoint.id,
        TESTED,
        ("tested_at", &None::<Timestamp>, &now),
    )?;
    unit.answer(Reply::record(endpoint)).await
}

/// Deliver again what an endpoint has missed.
///
/// Everything since a time that was given up, or was never tried because the endpoint was disabled; with `include_delivered` everything. It comes under the same `webhook-id` as before.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{id}/replay", operation_id = "replay_webhook_endpoint", tag = "webhooks", request_body = ReplayWebhookEndpoint,
    responses((status = 200, description = "The endpoint", body = WebhookEndpoint)))]
async fn replay_webhook_endpoint(
    app: App,
    caller: Caller,
    id: Path<WebhookEndpointId>,
    asked: Json<ReplayWebhookEndpoint>,
) -> Answer<WebhookEndpoint> {
    let mut unit = app.write(&caller).await?;
    let endpoint = found(&mut unit, *id).await?;
    endpoint.takes_deliveries()?;
    let (since, again) = (asked.0.since, asked.0.include_delivered);
    if since < unit.now().plus(-store::KEPT) {
        let detail = "This lies more than 30 days back: what was delivered then is not known any more. Read it by `GET /v1/events`.";
        return Err(Problem::fault("/since", "out_of_range", detail));
    }
    store::replay_since(&mut unit, caller.organization, *id, (since, again)).await?;
    unit.mention(
        WebhookEndpoint::KIND,
        endpoint.id,
        "replayed",
        ("replayed_since", &None::<Timestamp>, &since),
    )?;
    unit.answer(Reply::record(endpoint)).await
}

/// # Errors
/// 404 for what is not there.
async fn found(unit: &mut Unit, id: WebhookEndpointId) -> Result<WebhookEndpoint, Problem> {
    let organization = unit.organization();
    let endpoint = store::find(unit, organization, id).await?;
    endpoint.ok_or_else(Problem::not_found)
}

/// # Errors
/// 400 for a URL to which nothing is sent.
fn may_go_to(app: &App, url: &str) -> Result<(), Problem> {
    match address::objection(url, &app.config.webhook_allow) {
        Some(objection) => Err(Problem::fault("/url", "not_allowed", objection)),
        None => Ok(()),
    }
}

async fn with_secret(unit: Unit, status: StatusCode, endpoint: WebhookEndpoint) -> Answer<WebhookEndpointWithSecret> {
    let (secret, id) = (signature::shown(&endpoint.secret), Uuid::from(endpoint.id));
    let mut reply = shown(status, endpoint, Some(secret));
    if status == StatusCode::CREATED {
        reply = reply.location(format!("/v1/webhook-endpoints/{id}"));
    }
    unit.answer(reply.shown_once(&["secret"])).await
}

fn shown(
    status: StatusCode,
    webhook_endpoint: WebhookEndpoint,
    secret: Option<String>,
) -> Reply<WebhookEndpointWithSecret> {
    let revision = webhook_endpoint.revision;
    let body = WebhookEndpointWithSecret {
        webhook_endpoint,
        secret,
    };
    Reply::status(status, body).revision(revision)
}
