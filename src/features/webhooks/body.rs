//! Decides: what a delivery says. Thin: which record, as of which revision; whoever wants more reads it over the API.

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::features::events::event::{Event, Subject};
use crate::journal::feed::{Entry, Happening};

/// The body of a delivery.
#[derive(Debug, Serialize)]
pub struct Body {
    #[serde(rename = "type")]
    event_type: String,
    timestamp: Timestamp,
    sequence: i64,
    data: Value,
}

/// Whom it was told to and of what, of something that somebody was told: its text they read themselves.
const OF_NOTIFICATIONS: [&str; 4] = ["user_id", "kind", "about_kind", "about_id"];

impl Body {
    /// # Errors
    /// Never, but JSON may always fail.
    pub fn of(entry: Entry) -> Result<Self, serde_json::Error> {
        let told = (entry.kind == Subject::Notification.as_str() && entry.verb == "created")
            .then(|| notification(&entry.changes.0));
        let event = Event::from(Happening {
            revision: entry.revision,
            recorded_at: entry.recorded_at,
            actor_kind: entry.actor_kind,
            actor_id: entry.actor_id,
            kind: entry.kind,
            record_id: entry.record_id,
            verb: entry.verb,
            customer_id: entry.customer_id,
        });
        let mut data = serde_json::to_value(&event.data)?;
        if let Some(told) = told {
            data["notification"] = Value::Object(told);
        }
        Ok(Self {
            event_type: event.event_type,
            timestamp: event.timestamp,
            sequence: event.sequence,
            data,
        })
    }
}

fn notification(changes: &Map<String, Value>) -> Map<String, Value> {
    let said = |field: &str| {
        changes
            .get(field)
            .and_then(|pair| pair.get(1))
            .cloned()
            .unwrap_or(Value::Null)
    };
    OF_NOTIFICATIONS
        .iter()
        .map(|field| ((*field).to_owned(), said(field)))
        .collect()
}

/// Whether an event is a test of this endpoint: it goes there, whatever the endpoint asked for.
pub fn is_test_of(it: &Happening, endpoint: Uuid) -> bool {
    it.kind == Subject::WebhookEndpoint.as_str() && it.verb == TESTED && it.record_id == endpoint
}

/// What happens to an endpoint that is tested.
pub const TESTED: &str = "tested";
