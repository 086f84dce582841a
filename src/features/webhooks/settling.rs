//! One try of one delivery: what is said, and what comes of the answer.

use super::body::Body;
use super::courier::Letter;
use super::delivery::{Outcome, TRIES, WebhookDelivery};
use super::endpoint::{DisabledBecause, FAILING, WebhookEndpoint, WebhookEndpointId, WebhookEndpointStatus};
use super::office::{InHand, Office};
use super::signature;
use super::store::{self, underway};
use crate::app::App;
use crate::clock::Timestamp;
use crate::features::notifications;
use crate::features::notifications::notification::{NotificationKind, Told};
use crate::id::OrganizationId;
use crate::journal::{self, Record, feed};

impl Office {
    /// Carries what is in hand, and writes what has come of it. What cannot be written is tried again when the lease ends: the receiver
    /// may see it twice, under the same `webhook-id`.
    pub(super) async fn deliver(&self, in_hand: InHand) {
        if let Err(error) = self.delivered(&in_hand).await {
            tracing::warn!(
                ?error,
                "what became of a delivery could not be written; it is tried again"
            );
        }
    }

    async fn delivered(&self, in_hand: &InHand) -> Result<(), journal::Error> {
        let (app, delivery) = (&self.app, &in_hand.delivery);
        let organization = in_hand.organization;
        let mut read = app.read();
        let Some(endpoint) = store::find(&mut read, organization, delivery.endpoint_id).await? else {
            return Ok(());
        };
        let started = app.clock.now();
        let outcome = match self.letter(organization, &endpoint, delivery, started).await? {
            Ok(letter) => self.courier.carry(letter).await,
            Err(outcome) => outcome,
        };
        let now = app.clock.now();
        let again = delivery.next_try(&outcome, now);
        let mut tx = app.db.begin().await?;
        underway::note_try(&mut tx, organization, app.clock.id(), (delivery, started), &outcome).await?;
        if !underway::settle(&mut tx, organization, delivery, (in_hand.token, again), (&outcome, now)).await? {
            // Somebody else has it in hand, or the endpoint is gone.
            return Ok(());
        }
        let taken = outcome.is_taken();
        let failing_since = underway::note_health(&mut tx, organization, endpoint.id, taken, now).await?;
        tx.commit().await?;
        let word = if taken { "delivered" } else { "failed" };
        metrics::counter!("webhook_tries_total", "outcome" => word).increment(1);
        let because = match failing_since {
            _ if outcome.is_gone() => DisabledBecause::Gone,
            Some(since) if !taken && since.plus(FAILING) <= now => DisabledBecause::Failing,
            Some(_) | None => return Ok(()),
        };
        disable(app, organization, endpoint.id, because).await
    }

    /// What is sent; or why nothing is.
    async fn letter(
        &self,
        organization: OrganizationId,
        endpoint: &WebhookEndpoint,
        delivery: &WebhookDelivery,
        at: Timestamp,
    ) -> Result<Result<Letter, Outcome>, journal::Error> {
        let unsent = |why: &str| Outcome {
            milliseconds: 0,
            status_code: None,
            error: Some(why.to_owned()),
            retry_after: None,
        };
        if delivery.attempts > TRIES {
            return Ok(Err(unsent("It was begun, and nobody came back to tell.")));
        }
        let entry = feed::at(&mut self.app.read(), organization, &[delivery.sequence])
            .await?
            .pop();
        let Some(entry) = entry else {
            return Ok(Err(unsent("The journal does not know this event any more.")));
        };
        let body = serde_json::to_vec(&Body::of(entry)?)?;
        let id = delivery.message_id();
        let Some(signatures) = signature::signatures(endpoint.secrets(at), &id, at, &body) else {
            return Ok(Err(unsent("It could not be signed.")));
        };
        Ok(Ok(Letter {
            url: endpoint.fields.url.clone(),
            id,
            at,
            signatures,
            body,
        }))
    }
}

/// Delivers nothing there any more, and lets the admins know.
async fn disable(
    app: &App,
    organization: OrganizationId,
    id: WebhookEndpointId,
    because: DisabledBecause,
) -> Result<(), journal::Error> {
    let mut unit = app.write_by_itself(organization).await?;
    let Some(endpoint) = store::find(&mut unit, organization, id).await? else {
        return Ok(());
    };
    if endpoint.status == WebhookEndpointStatus::Disabled {
        return Ok(());
    }
    let name = endpoint.fields.name.clone();
    let endpoint = unit.save(endpoint.disable(because)).await?;
    let why = match because {
        DisabledBecause::Gone => "It answered that it is gone for good (410).",
        DisabledBecause::Failing => "It has taken nothing for five days.",
        DisabledBecause::Asked => "Somebody asked for it.",
    };
    let text = format!(
        "Nothing is delivered to the webhook endpoint \"{name}\" any more. {why}\n\nWhen it listens again, enable it, and replay what happened since: POST /v1/webhook-endpoints/{id}/enable and /replay."
    );
    let told = underway::admins(&mut unit, organization)
        .await?
        .into_iter()
        .map(|user_id| Told {
            user_id,
            kind: NotificationKind::WebhookDisabled,
            key: format!("webhook_disabled/{id}/{}", endpoint.revision),
            title: format!("Webhook disabled: {name}"),
            text: text.clone(),
            about: Some((WebhookEndpoint::KIND, id.into())),
        });
    let told = told.collect();
    notifications::store::tell(&mut unit, told).await?;
    unit.commit().await
}
