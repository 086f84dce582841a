//! Speaks: what was delivered, what was given up, and once more.

use serde::Serialize;
use utoipa::ToSchema;

use super::delivery::{WebhookDelivery, WebhookDeliveryId, WebhookTry};
use super::store::{self, WebhookDeliveryFilter};
use crate::access::{Caller, Permission};
use crate::http::page::Paging;
use crate::http::{Access, Answer, App, Endpoint, Path, Problem, Query, Reply};

crate::page!(WebhookDeliveryPage of WebhookDelivery);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_webhook_deliveries: Access::Needs(Permission::WebhooksManage) => sorted(store::DELIVERY_SORTS, "-created_at"),
        get_webhook_delivery: Access::Needs(Permission::WebhooksManage),
        replay_webhook_delivery: Access::Needs(Permission::WebhooksManage),
    ]
}

/// A delivery and its tries.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryWithTries {
    #[serde(flatten)]
    pub delivery: WebhookDelivery,
    /// The latest, in their order.
    #[schema(max_items = 50)]
    pub tries: Vec<WebhookTry>,
}

/// List deliveries.
///
/// What waits, what was taken, and, with `status_in=failed`, what was given up. Kept 30 days after its end.
#[utoipa::path(get, path = "/v1/webhook-deliveries", operation_id = "list_webhook_deliveries", tag = "webhooks", params(WebhookDeliveryFilter, Paging),
    responses((status = 200, description = "A page of deliveries", body = WebhookDeliveryPage)))]
async fn list_webhook_deliveries(
    app: App,
    caller: Caller,
    filter: Query<WebhookDeliveryFilter>,
    paging: Paging,
) -> Answer<WebhookDeliveryPage> {
    let window = paging.window(&app, &caller, store::DELIVERY_SORTS)?;
    let listed = store::list_deliveries(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Read a delivery.
///
/// With its log: when it was tried, how long that took, and what the endpoint answered.
#[utoipa::path(get, path = "/v1/webhook-deliveries/{id}", operation_id = "get_webhook_delivery", tag = "webhooks",
    responses((status = 200, description = "The delivery", body = WebhookDeliveryWithTries)))]
async fn get_webhook_delivery(
    app: App,
    caller: Caller,
    id: Path<WebhookDeliveryId>,
) -> Answer<WebhookDeliveryWithTries> {
    let mut read = app.read();
    let delivery = store::delivery(&mut read, caller.organization, *id).await?;
    let delivery = delivery.ok_or_else(Problem::not_found)?;
    let tries = store::tries(&mut read, caller.organization, *id).await?;
    Ok(Reply::ok(WebhookDeliveryWithTries { delivery, tries }))
}

/// Deliver once more.
///
/// At once and with all its tries, under the same `webhook-id`.
#[utoipa::path(post, path = "/v1/webhook-deliveries/{id}/replay", operation_id = "replay_webhook_delivery", tag = "webhooks",
    responses((status = 200, description = "The delivery as it is now", body = WebhookDelivery)))]
async fn replay_webhook_delivery(app: App, caller: Caller, id: Path<WebhookDeliveryId>) -> Answer<WebhookDelivery> {
    let mut unit = app.write(&caller).await?;
    let organization = caller.organization;
    let delivery = store::delivery(&mut unit, organization, *id).await?;
    let delivery = delivery.ok_or_else(Problem::not_found)?;
    let endpoint = store::find(&mut unit, organization, delivery.endpoint_id).await?;
    endpoint.ok_or_else(Problem::not_found)?.takes_deliveries()?;
    let now = unit.now();
    store::replay(&mut unit, organization, *id, now).await?;
    unit.mention(
        "webhook_delivery",
        delivery.id,
        "replayed",
        ("status", &delivery.status, &"pending"),
    )?;
    let delivery = store::delivery(&mut unit, organization, *id).await?;
    unit.answer(Reply::ok(delivery.ok_or_else(Problem::not_found)?)).await
}
