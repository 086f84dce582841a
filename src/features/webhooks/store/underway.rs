//! Deliveries under way: made from the journal, taken up, tried, settled.

use uuid::Uuid;

use super::COLUMNS;
use crate::clock::{Clock, Timestamp};
use crate::db::{Error, Sqls};
use crate::features::events::event;
use crate::features::webhooks::body;
use crate::features::webhooks::delivery::{Outcome, WebhookDelivery, WebhookDeliveryId, WebhookDeliveryStatus};
use crate::features::webhooks::endpoint::{WebhookEndpoint, WebhookEndpointId};
use crate::features::webhooks::turns::Place;
use crate::id::{OrganizationId, UserId};
use crate::journal::feed;

/// How many events are made deliveries at once.
const PORTION: i64 = 500;
/// How many revisions are looked through at once: what is asked for may be rare.
const LOOKED_THROUGH: i64 = 50_000;

/// Where an endpoint stands in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    pub place: i64,
    /// Up to this event everything is delivered once more; 0 where nothing is.
    pub again_until: i64,
}

/// Enabled endpoints for which there may be something new: where they stand, and how far their journal goes.
pub async fn behind(db: &mut impl Sqls) -> Result<Vec<(Place, Stand, i64)>, Error> {
    let rows: Vec<(OrganizationId, WebhookEndpointId, i64, i64, i64)> = db
        .sql("SELECT e.organization_id, e.id, p.place, p.again_until, o.last_revision FROM webhook_endpoints e JOIN webhook_places p ON p.organization_id = e.organization_id AND p.endpoint_id = e.id JOIN organizations o ON o.id = e.organization_id WHERE e.status = 'enabled' AND p.place < o.last_revision ORDER BY e.organization_id, e.id")
        .all()
        .await?;
    let stands = |(organization, id, place, again_until, latest)| {
        let stand = Stand { place, again_until };
        ((organization, id), stand, latest)
    };
    Ok(rows.into_iter().map(stands).collect())
}

/// What there is for an endpoint in the next portion of the journal, and how far that goes.
pub struct Found {
    pub wanted: Vec<feed::Happening>,
    pub until: i64,
}

/// Looks through the next portion of the journal for what the endpoint asked for.
pub async fn look(
    db: &mut impl Sqls,
    organization: OrganizationId,
    endpoint: &WebhookEndpoint,
    (from, latest): (i64, i64),
) -> Result<Found, Error> {
    let mut sorts = event::all_sorts(Some(&endpoint.fields.types));
    let kind = event::Subject::WebhookEndpoint.as_str();
    if !sorts.has(kind, body::TESTED) {
        sorts.verbs.push((kind, body::TESTED.to_owned()));
    }
    let until = feed::stretch(db, organization, (from, latest), LOOKED_THROUGH).await?;
    let found = feed::happenings(db, organization, Some(&sorts), (from, until), PORTION).await?;
    let full = i64::try_from(found.len()).is_ok_and(|count| count >= PORTION);
    let until = match found.last() {
        Some(last) if full => last.revision,
        Some(_) | None => until,
    };
    let asked = event::all_sorts(Some(&endpoint.fields.types));
    let of_others =
        |it: &feed::Happening| it.kind == kind && it.verb == body::TESTED && !body::is_test_of(it, endpoint.id.into());
    let wanted: Vec<_> = found
        .into_iter()
        .filter(|it| !of_others(it) && (asked.has(&it.kind, &it.verb) || body::is_test_of(it, endpoint.id.into())))
        .collect();
    Ok(Found { wanted, until })
}

/// Makes deliveries of what was found, and moves the endpoint on.
///
/// Within one transaction with the endpoint's place; of two who do it at the same time, one does.
///
/// # Errors
/// `RowNotFound` for the other.
pub async fn sort(
    db: &mut impl Sqls,
    (organization, endpoint): Place,
    (stand, found): (Stand, Found),
    clock: &Clock,
) -> Result<(), Error> {
    let now = clock.now();
    for chunk in found.wanted.chunks(100) {
        let mut sql = db.sql("INSERT INTO webhook_deliveries (organization_id, id, endpoint_id, sequence, event_type, status, attempts, due_at, created_at, updated_at) VALUES ");
        for (at, it) in chunk.iter().enumerate() {
            sql.push(if at == 0 { "(" } else { ", (" }).value(organization);
            sql.push(", ").value(WebhookDeliveryId::of(endpoint, it.revision));
            sql.push(", ").value(endpoint);
            sql.push(", ").value(it.revision);
            sql.push(", ").value(format!("{}.{}", it.kind, it.verb));
            sql.push(", ").value(WebhookDeliveryStatus::Pending);
            sql.push(", ").value(0_i64);
            sql.push(", ").value(now);
            sql.push(", ").value(now);
            sql.push(", ").value(now).push(")");
        }
        sql.push(" ON CONFLICT (organization_id, endpoint_id, sequence) DO UPDATE SET status = 'pending', attempts = 0, due_at = excluded.due_at, finished_at = NULL, lease_token = NULL, updated_at = excluded.updated_at WHERE webhook_deliveries.status = 'failed' OR (webhook_deliveries.status = 'delivered' AND webhook_deliveries.sequence <= ")
            .value(stand.again_until)
            .push(")");
        sql.run().await?;
    }
    let moved = db
        .sql("UPDATE webhook_places SET place = $3, again_until = CASE WHEN again_until > $3 THEN again_until ELSE 0 END WHERE organization_id = $1 AND endpoint_id = $2 AND place = $4")
        .bind(organization)
        .bind(endpoint)
        .bind(found.until)
        .bind(stand.place)
        .run()
        .await?;
    if moved == 0 {
        return Err(Error::RowNotFound);
    }
    Ok(())
}

/// Makes deliveries of a portion of what happened until now, for an endpoint that is about to ask for something else.
pub async fn catch_up(
    db: &mut impl Sqls,
    organization: OrganizationId,
    endpoint: &WebhookEndpoint,
    clock: &Clock,
) -> Result<(), Error> {
    if endpoint.takes_deliveries().is_err() {
        return Ok(());
    }
    let stand: Option<(i64, i64)> = db
        .sql("SELECT place, again_until FROM webhook_places WHERE organization_id = $1 AND endpoint_id = $2")
        .bind(organization)
        .bind(endpoint.id)
        .optional()
        .await?;
    let Some((place, again_until)) = stand else {
        return Ok(());
    };
    let latest = feed::latest(db, organization).await?;
    let found = look(db, organization, endpoint, (place, latest)).await?;
    let stand = Stand { place, again_until };
    match sort(db, (organization, endpoint.id), (stand, found), clock).await {
        // Another instance was there first.
        Ok(()) | Err(Error::RowNotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Enabled endpoints with deliveries that somebody may take up now, and whether they fail.
pub async fn waiting(
    db: &mut impl Sqls,
    now: Timestamp,
) -> Result<Vec<(OrganizationId, WebhookEndpointId, Option<Timestamp>)>, Error> {
    db.sql("SELECT e.organization_id, e.id, p.failing_since FROM webhook_endpoints e JOIN webhook_places p ON p.organization_id = e.organization_id AND p.endpoint_id = e.id WHERE e.status = 'enabled' AND EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.organization_id = e.organization_id AND d.endpoint_id = e.id AND d.due_at <= $1) ORDER BY e.organization_id, e.id")
        .bind(now)
        .all()
        .await
}

/// Takes up at most `most` deliveries of an endpoint, those that are due first. Of two who want the same, one gets it.
pub async fn claim(
    db: &mut impl Sqls,
    (organization, endpoint): (OrganizationId, WebhookEndpointId),
    now: Timestamp,
    (token, until): (Uuid, Timestamp),
    most: i64,
) -> Result<Vec<WebhookDelivery>, Error> {
    let mut claimed: Vec<WebhookDelivery> = db
        .sql(format!("UPDATE webhook_deliveries SET attempts = attempts + 1, due_at = $4, lease_token = $5, updated_at = $3 WHERE organization_id = $1 AND endpoint_id = $2 AND due_at <= $3 AND id IN (SELECT next.id FROM webhook_deliveries AS next WHERE next.organization_id = $1 AND next.endpoint_id = $2 AND next.due_at <= $3 ORDER BY next.due_at, next.id LIMIT $6) RETURNING {COLUMNS}"))
        .bind(organization)
        .bind(endpoint)
        .bind(now)
        .bind(until)
        .bind(token)
        .bind(most)
        .all()
        .await?;
    claimed.sort_by_key(|delivery| delivery.sequence);
    Ok(claimed)
}

/// What a try has come to, under its lease; false when somebody else has it in hand by now.
pub async fn settle(
    db: &mut impl Sqls,
    organization: OrganizationId,
    delivery: &WebhookDelivery,
    (token, again): (Uuid, Option<Timestamp>),
    (outcome, now): (&Outcome, Timestamp),
) -> Result<bool, Error> {
    let status = match (outcome.is_taken(), again) {
        (true, _) => WebhookDeliveryStatus::Delivered,
        (false, Some(_)) => WebhookDeliveryStatus::Pending,
        (false, None) => WebhookDeliveryStatus::Failed,
    };
    let touched = db
        .sql("UPDATE webhook_deliveries SET status = $4, due_at = $5, status_code = $6, error = $7, finished_at = $8, updated_at = $9, lease_token = NULL WHERE organization_id = $1 AND id = $2 AND lease_token = $3")
        .bind(organization)
        .bind(delivery.id)
        .bind(token)
        .bind(status)
        .bind(again)
        .bind(outcome.status_code)
        .bind(outcome.error.clone())
        .bind(again.is_none().then_some(now))
        .bind(now)
        .run()
        .await?;
    Ok(touched == 1)
}

/// Writes a try into the log.
pub async fn note_try(
    db: &mut impl Sqls,
    organization: OrganizationId,
    id: Uuid,
    (delivery, started_at): (&WebhookDelivery, Timestamp),
    outcome: &Outcome,
) -> Result<(), Error> {
    db.sql("INSERT INTO webhook_tries (organization_id, id, delivery_id, endpoint_id, number, started_at, milliseconds, status_code, error) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(organization)
        .bind(id)
        .bind(delivery.id)
        .bind(delivery.endpoint_id)
        .bind(delivery.attempts)
        .bind(started_at)
        .bind(outcome.milliseconds)
        .bind(outcome.status_code)
        .bind(outcome.error.clone())
        .run()
        .await?;
    Ok(())
}

/// Notes whether something was taken; since when nothing was.
pub async fn note_health(
    db: &mut impl Sqls,
    organization: OrganizationId,
    endpoint: WebhookEndpointId,
    taken: bool,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let statement = if taken {
        "UPDATE webhook_places SET failing_since = NULL WHERE organization_id = $1 AND endpoint_id = $2 AND failing_since IS NOT NULL AND failing_since <= $3 RETURNING failing_since"
    } else {
        "UPDATE webhook_places SET failing_since = COALESCE(failing_since, $3) WHERE organization_id = $1 AND endpoint_id = $2 RETURNING failing_since"
    };
    let row: Option<(Option<Timestamp>,)> = db
        .sql(statement)
        .bind(organization)
        .bind(endpoint)
        .bind(now)
        .optional()
        .await?;
    Ok(row.and_then(|(since,)| since))
}

/// Who is to hear that an endpoint was disabled.
pub async fn admins(db: &mut impl Sqls, organization: OrganizationId) -> Result<Vec<UserId>, Error> {
    let rows: Vec<(UserId,)> = db
        .sql("SELECT id FROM users WHERE organization_id = $1 AND active AND role = 'admin' ORDER BY id")
        .bind(organization)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
