//! Decides: what an endpoint of webhooks is, and what can be done with it.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::signature;
use crate::clock::Timestamp;
use crate::db::Json;
use crate::features::events::event::EventType;
use crate::journal::{Change, Changing};
use crate::refusal::Refusal;

crate::id! {
    /// An endpoint of webhooks.
    WebhookEndpointId;
}

crate::words! {
    /// Whether events are delivered to an endpoint.
    pub enum WebhookEndpointStatus {
        Enabled = "enabled",
        Disabled = "disabled",
    }
}

crate::words! {
    /// Why an endpoint was disabled.
    pub enum DisabledBecause {
        /// Somebody asked for it.
        Asked = "asked",
        /// It answered 410: it is gone.
        Gone = "gone",
        /// It has taken nothing for five days.
        Failing = "failing",
    }
}

/// How long the secret before is good beside a new one.
pub const BOTH_GOOD: TimeDelta = TimeDelta::hours(24);
/// How long an endpoint may fail before it is disabled.
pub const FAILING: TimeDelta = TimeDelta::days(5);

/// What can be said of an endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookEndpointInput {
    /// What listens there, to tell endpoints apart.
    #[schema(min_length = 1, max_length = 100, example = "Chat room of the call program")]
    pub name: String,
    /// Where events are posted to: a public address. Redirects are not followed.
    #[schema(min_length = 10, max_length = 2000, example = "https://hooks.example.com/touchbase")]
    pub url: String,
    /// Which events are delivered.
    #[schema(value_type = Vec<EventType>, min_items = 1, max_items = 50)]
    pub types: Json<Vec<EventType>>,
}

/// Where events are delivered to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WebhookEndpoint {
    pub id: WebhookEndpointId,
    #[serde(flatten)]
    pub fields: WebhookEndpointInput,
    pub status: WebhookEndpointStatus,
    pub disabled_because: Option<DisabledBecause>,
    pub secret_made_at: Timestamp,
    /// Until then the secret before the present one signs, too.
    pub previous_secret_until: Option<Timestamp>,
    /// Stay in the table: neither answers nor the journal show them.
    #[serde(skip)]
    pub secret: Vec<u8>,
    #[serde(skip)]
    pub previous_secret: Option<Vec<u8>>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl WebhookEndpoint {
    pub fn new(id: WebhookEndpointId, fields: WebhookEndpointInput, now: Timestamp) -> Self {
        Self {
            id,
            fields,
            status: WebhookEndpointStatus::Enabled,
            disabled_because: None,
            secret_made_at: now,
            previous_secret_until: None,
            secret: signature::secret(),
            previous_secret: None,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    pub fn revise(self, fields: WebhookEndpointInput) -> Change<Self> {
        self.change("updated", |next| next.fields = fields)
    }

    /// Signs with a new secret from now on, and for a day with the one before as well.
    pub fn rotate(self, now: Timestamp) -> Change<Self> {
        self.change("secret_rotated", |next| {
            let before = std::mem::replace(&mut next.secret, signature::secret());
            next.previous_secret = Some(before);
            next.previous_secret_until = Some(now.plus(BOTH_GOOD));
            next.secret_made_at = now;
        })
    }

    /// Again is the same as once.
    pub fn enable(self) -> Change<Self> {
        self.change("enabled", |next| {
            next.status = WebhookEndpointStatus::Enabled;
            next.disabled_because = None;
        })
    }

    /// Again is the same as once: the first reason stays.
    pub fn disable(self, because: DisabledBecause) -> Change<Self> {
        self.change("disabled", |next| {
            next.status = WebhookEndpointStatus::Disabled;
            next.disabled_because = next.disabled_because.or(Some(because));
        })
    }

    /// # Errors
    /// When nothing is delivered there.
    pub fn takes_deliveries(&self) -> Result<(), Refusal> {
        match self.status {
            WebhookEndpointStatus::Enabled => Ok(()),
            WebhookEndpointStatus::Disabled => Err(Refusal::state("The endpoint is disabled; enable it first.")),
        }
    }

    /// The secrets that are good now, the newest first.
    pub fn secrets(&self, now: Timestamp) -> impl Iterator<Item = &[u8]> {
        let before = self.previous_secret.as_deref();
        let before = before.filter(|_| self.previous_secret_until.is_some_and(|until| until > now));
        std::iter::once(self.secret.as_slice()).chain(before)
    }
}
