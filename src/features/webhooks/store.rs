//! All SQL of webhooks: endpoints, how far they have come, deliveries and their tries.

pub mod underway;

use chrono::TimeDelta;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::delivery::{WebhookDelivery, WebhookDeliveryId, WebhookDeliveryStatus, WebhookTry};
use super::endpoint::{WebhookEndpoint, WebhookEndpointId, WebhookEndpointInput, WebhookEndpointStatus};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Expiring, Sql, Sqls};
use crate::fold;
use crate::http::query::List;
use crate::id::OrganizationId;
use crate::journal::feed;
use crate::journal::{self, Listed, Rows, Sort, SortKey, Window};

crate::record!(
    WebhookEndpoint, "webhook_endpoint", "webhook_endpoints",
    [status, disabled_because, secret_made_at, previous_secret_until, secret, previous_secret],
    fields WebhookEndpointInput [name, url, types],
    derived { name_key: |endpoint| fold::key(&endpoint.fields.name) },
);

/// How long what has ended is kept.
pub const KEPT: TimeDelta = TimeDelta::days(30);

/// Fields that endpoints can be sorted by.
pub static SORTS: &[Sort<WebhookEndpoint>] = &[
    Sort {
        name: "name",
        column: "webhook_endpoints.name_key",
        key: |endpoint| SortKey::Text(fold::key(&endpoint.fields.name)),
    },
    Sort {
        name: "created_at",
        column: "webhook_endpoints.created_at",
        key: |endpoint| SortKey::Time(endpoint.created_at),
    },
];

/// Which endpoints are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WebhookEndpointFilter {
    /// Any of these, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<WebhookEndpointStatus>>, max_items = 2)]
    pub status_in: Option<List<WebhookEndpointStatus>>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
}

/// A page of endpoints.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &WebhookEndpointFilter,
    window: &Window<WebhookEndpoint>,
) -> Result<Listed<WebhookEndpoint>, Error> {
    journal::list(db, scope.organization, window, |sql| {
        sql.within("webhook_endpoints.status", filter.status_in.as_deref())
            .compare("webhook_endpoints.created_at >=", filter.created_at_gte)
            .compare("webhook_endpoints.created_at <", filter.created_at_lt);
    })
    .await
}

/// The endpoint, if it is of this organization.
pub async fn find(
    db: &mut impl Sqls,
    organization: OrganizationId,
    id: WebhookEndpointId,
) -> Result<Option<WebhookEndpoint>, Error> {
    journal::find(db, organization, id).await
}

/// How many endpoints an organization has.
pub async fn count(db: &mut impl Sqls, organization: OrganizationId) -> Result<i64, Error> {
    let (count,): (i64,) = db
        .sql("SELECT COUNT(*) FROM webhook_endpoints WHERE organization_id = $1")
        .bind(organization)
        .one()
        .await?;
    Ok(count)
}

pub(super) const COLUMNS: &str = "webhook_deliveries.id, webhook_deliveries.endpoint_id, webhook_deliveries.sequence, webhook_deliveries.event_type, webhook_deliveries.status, webhook_deliveries.attempts, webhook_deliveries.due_at, webhook_deliveries.status_code, webhook_deliveries.error, webhook_deliveries.finished_at, webhook_deliveries.created_at, webhook_deliveries.updated_at";

impl Rows for WebhookDelivery {
    const TABLE: &'static str = "webhook_deliveries";
    const SELECT: &'static str = COLUMNS;

    fn id(&self) -> Uuid {
        self.id.into()
    }
}

/// Fields that deliveries can be sorted by.
pub static DELIVERY_SORTS: &[Sort<WebhookDelivery>] = &[Sort {
    name: "created_at",
    column: "webhook_deliveries.created_at",
    key: |delivery| SortKey::Time(delivery.created_at),
}];

/// Which deliveries are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WebhookDeliveryFilter {
    #[param(value_type = Option<String>, format = Uuid)]
    pub endpoint_id: Option<WebhookEndpointId>,
    /// Any of these, separated by commas: `failed` lists what was given up.
    #[param(style = Form, explode = false, value_type = Option<Vec<WebhookDeliveryStatus>>, max_items = 3)]
    pub status_in: Option<List<WebhookDeliveryStatus>>,
    #[param(min_length = 1, max_length = 80)]
    pub event_type: Option<String>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
}

/// A page of deliveries.
pub async fn list_deliveries(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &WebhookDeliveryFilter,
    window: &Window<WebhookDelivery>,
) -> Result<Listed<WebhookDelivery>, Error> {
    journal::list(db, scope.organization, window, |sql: &mut Sql<'_>| {
        sql.compare("webhook_deliveries.endpoint_id =", filter.endpoint_id)
            .within("webhook_deliveries.status", filter.status_in.as_deref())
            .compare("webhook_deliveries.event_type =", filter.event_type.clone())
            .compare("webhook_deliveries.created_at >=", filter.created_at_gte)
            .compare("webhook_deliveries.created_at <", filter.created_at_lt);
    })
    .await
}

/// The delivery, if it is of this organization.
pub async fn delivery(
    db: &mut impl Sqls,
    organization: OrganizationId,
    id: WebhookDeliveryId,
) -> Result<Option<WebhookDelivery>, Error> {
    db.sql(format!(
        "SELECT {COLUMNS} FROM webhook_deliveries WHERE organization_id = $1 AND id = $2"
    ))
    .bind(organization)
    .bind(id)
    .optional()
    .await
}

/// The latest tries of a delivery, in their order.
pub async fn tries(
    db: &mut impl Sqls,
    organization: OrganizationId,
    id: WebhookDeliveryId,
) -> Result<Vec<WebhookTry>, Error> {
    let mut tries: Vec<WebhookTry> = db
        .sql("SELECT number, started_at, milliseconds, status_code, error FROM webhook_tries WHERE organization_id = $1 AND delivery_id = $2 ORDER BY started_at DESC, number DESC LIMIT 50")
        .bind(organization)
        .bind(id)
        .all()
        .await?;
    tries.reverse();
    Ok(tries)
}

/// Begins, or goes on, from here: what happened before is not delivered by itself.
pub async fn begin_at(
    db: &mut impl Sqls,
    organization: OrganizationId,
    id: WebhookEndpointId,
    place: i64,
) -> Result<(), Error> {
    db.sql("INSERT INTO webhook_places (organization_id, endpoint_id, place, again_until) VALUES ($1, $2, $3, 0) ON CONFLICT (organization_id, endpoint_id) DO UPDATE SET place = excluded.place, failing_since = NULL")
        .bind(organization)
        .bind(id)
        .bind(place)
        .run()
        .await?;
    Ok(())
}

/// Goes back to a time: everything since then that was not delivered comes, with `again` what was delivered as well.
pub async fn replay_since(
    db: &mut impl Sqls,
    organization: OrganizationId,
    id: WebhookEndpointId,
    (since, again): (Timestamp, bool),
) -> Result<(), Error> {
    let before: Option<(Option<i64>,)> = db
        .sql("SELECT MIN(revision) FROM journal WHERE organization_id = $1 AND recorded_at >= $2")
        .bind(organization)
        .bind(since)
        .optional()
        .await?;
    let Some(first) = before.and_then(|(first,)| first) else {
        return Ok(());
    };
    let latest = feed::latest(db, organization).await?;
    db.sql("UPDATE webhook_places SET place = CASE WHEN place < $3 THEN place ELSE $3 END, again_until = $4 WHERE organization_id = $1 AND endpoint_id = $2")
        .bind(organization)
        .bind(id)
        .bind(first - 1)
        .bind(if again { latest } else { 0 })
        .run()
        .await?;
    Ok(())
}

/// Delivers once more, with all its tries.
pub async fn replay(
    db: &mut impl Sqls,
    organization: OrganizationId,
    id: WebhookDeliveryId,
    now: Timestamp,
) -> Result<(), Error> {
    db.sql("UPDATE webhook_deliveries SET status = 'pending', attempts = 0, due_at = $3, finished_at = NULL, lease_token = NULL, updated_at = $3 WHERE organization_id = $1 AND id = $2")
        .bind(organization)
        .bind(id)
        .bind(now)
        .run()
        .await?;
    Ok(())
}

/// Nothing of an endpoint stays but what the journal says.
pub async fn forget_endpoint(
    db: &mut impl Sqls,
    organization: OrganizationId,
    id: WebhookEndpointId,
) -> Result<(), Error> {
    for table in ["webhook_tries", "webhook_deliveries", "webhook_places"] {
        db.sql(format!(
            "DELETE FROM {table} WHERE organization_id = $1 AND endpoint_id = $2"
        ))
        .bind(organization)
        .bind(id)
        .run()
        .await?;
    }
    Ok(())
}

/// What ended long ago.
pub const EXPIRING: [Expiring; 2] = [
    Expiring::new("webhook_tries", "organization_id, id", "started_at", KEPT),
    Expiring::new("webhook_deliveries", "organization_id, id", "finished_at", KEPT),
];
