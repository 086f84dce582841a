//! Decides: what becomes of a delivery after each try.

use chrono::{DateTime, TimeDelta};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::{Builder, Uuid};

use super::endpoint::WebhookEndpointId;
use crate::clock::Timestamp;

crate::id! {
    /// An event on its way to an endpoint.
    WebhookDeliveryId;
}

impl WebhookDeliveryId {
    /// Of one event to one endpoint, always the same: also when it is delivered once more after all that was known of it is forgotten.
    /// In the order of events.
    pub fn of(endpoint: WebhookEndpointId, sequence: i64) -> Self {
        let mut digest = Sha256::new();
        digest.update(endpoint.0.as_bytes());
        digest.update(sequence.to_be_bytes());
        let mut bytes = [0; 16];
        for (at, byte) in bytes.iter_mut().zip(digest.finalize()) {
            *at = byte;
        }
        // 48 bits of a revision are more than there will ever be.
        for (at, byte) in bytes.iter_mut().zip(sequence.to_be_bytes().into_iter().skip(2)) {
            *at = byte;
        }
        Self(Builder::from_custom_bytes(bytes).into_uuid())
    }
}

crate::words! {
    /// What has become of a delivery.
    pub enum WebhookDeliveryStatus {
        /// It waits for its first try, or for the next.
        Pending = "pending",
        /// It was taken.
        Delivered = "delivered",
        /// It was tried often enough, and is given up.
        Failed = "failed",
    }
}

/// After how many tries a delivery is given up.
pub const TRIES: i64 = 10;
/// The pauses between tries, in seconds: three days in all.
const PAUSES: [i64; 9] = [10, 60, 300, 1_800, 7_200, 21_600, 43_200, 86_400, 97_200];
/// Whoever asks for more patience is not waited for any longer.
const LONGEST: TimeDelta = TimeDelta::days(1);

/// An event on its way to an endpoint.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
pub struct WebhookDelivery {
    pub id: WebhookDeliveryId,
    pub endpoint_id: WebhookEndpointId,
    /// The event's `sequence`.
    #[schema(minimum = 1)]
    pub sequence: i64,
    #[schema(max_length = 80, example = "attempt.created")]
    pub event_type: String,
    pub status: WebhookDeliveryStatus,
    /// How often it was tried.
    #[schema(minimum = 0)]
    pub attempts: i64,
    /// When it is tried again; null once it has ended.
    pub due_at: Option<Timestamp>,
    /// What the endpoint answered last.
    #[schema(minimum = 100, maximum = 999)]
    pub status_code: Option<i64>,
    /// Why the last try failed.
    #[schema(max_length = 200)]
    pub error: Option<String>,
    /// When it was delivered or given up. It is kept 30 days from then.
    pub finished_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// One try.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
pub struct WebhookTry {
    #[schema(minimum = 1)]
    pub number: i64,
    pub started_at: Timestamp,
    #[schema(minimum = 0)]
    pub milliseconds: i64,
    #[schema(minimum = 100, maximum = 999)]
    pub status_code: Option<i64>,
    #[schema(max_length = 200)]
    pub error: Option<String>,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub milliseconds: i64,
    pub status_code: Option<i64>,
    /// None where it was taken.
    pub error: Option<String>,
    pub retry_after: Option<TimeDelta>,
}

impl Outcome {
    pub const fn is_taken(&self) -> bool {
        self.error.is_none()
    }

    /// 410: nobody will ever listen there again.
    pub fn is_gone(&self) -> bool {
        self.status_code == Some(410)
    }
}

impl WebhookDelivery {
    /// `webhook-id`: the same on every try, by which the receiver knows it again.
    pub fn message_id(&self) -> String {
        format!("msg_{}", self.id.0.simple())
    }

    /// When it is tried again after this outcome; `None` when it has ended.
    pub fn next_try(&self, outcome: &Outcome, now: Timestamp) -> Option<Timestamp> {
        if outcome.is_taken() || outcome.is_gone() || self.attempts >= TRIES {
            return None;
        }
        let place = usize::try_from(self.attempts - 1).unwrap_or(0);
        let seconds = PAUSES.get(place).copied().unwrap_or(PAUSES[PAUSES.len() - 1]);
        let pause = TimeDelta::milliseconds(seconds * 1000 + jitter(self.id.0, self.attempts, seconds * 1000));
        let asked = outcome.retry_after.unwrap_or_default().min(LONGEST);
        Some(now.plus(pause.max(asked)))
    }
}

/// A tenth more or less, so that those who failed together do not come back together. The delivery's own id decides it.
fn jitter(id: Uuid, attempts: i64, whole: i64) -> i64 {
    let chance = id.as_bytes().iter().fold(attempts.unsigned_abs(), |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(*byte))
    });
    let tenth = whole / 10;
    i64::try_from(chance % 1000).unwrap_or(0) * 2 * tenth / 1000 - tenth
}

/// `Retry-After`: seconds, or a date.
pub fn retry_after(header: &str, now: Timestamp) -> Option<TimeDelta> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u32>() {
        return Some(TimeDelta::seconds(i64::from(seconds)));
    }
    let at = DateTime::parse_from_rfc2822(header).ok()?;
    let wait = at.signed_duration_since(now.utc());
    (wait > TimeDelta::zero()).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::new(DateTime::UNIX_EPOCH).plus(TimeDelta::seconds(seconds))
    }

    fn delivery(attempts: i64) -> WebhookDelivery {
        WebhookDelivery {
            id: WebhookDeliveryId(Uuid::from_u128(7)),
            endpoint_id: WebhookEndpointId(Uuid::from_u128(8)),
            sequence: 1,
            event_type: "customer.created".into(),
            status: WebhookDeliveryStatus::Pending,
            attempts,
            due_at: None,
            status_code: None,
            error: None,
            finished_at: None,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    fn answered(status_code: i64, retry_after: Option<TimeDelta>) -> Outcome {
        Outcome {
            milliseconds: 1,
            status_code: Some(status_code),
            error: (status_code >= 300).then(|| "no".into()),
            retry_after,
        }
    }

    #[test]
    fn an_event_has_one_id_for_each_endpoint_in_the_order_of_events() {
        let endpoint = |at| WebhookEndpointId(Uuid::from_u128(at));
        let id = |at, sequence| WebhookDeliveryId::of(endpoint(at), sequence);
        assert_eq!(id(1, 7), id(1, 7));
        assert_ne!(id(1, 7), id(2, 7));
        assert!(id(1, 7).0 < id(1, 8).0 && id(1, 255).0 < id(1, 256).0 && id(2, 8).0 < id(1, 1 << 34).0);
        assert_eq!(id(1, 7).0.get_version_num(), 8);
    }

    #[test]
    fn ten_tries_take_three_days() {
        let (mut now, mut tries) = (at(0), 0);
        for attempts in 1..=TRIES {
            tries += 1;
            match delivery(attempts).next_try(&answered(500, None), now) {
                Some(next) => now = next,
                None => break,
            }
        }
        assert_eq!(tries, 10);
        let days = now.signed_duration_since(at(0).utc()).num_minutes() as f64 / 1440.0;
        assert!((2.6..3.3).contains(&days), "{days}");
    }

    #[test]
    fn an_endpoint_says_when_to_come_back_and_that_it_is_gone() {
        let hour = Some(TimeDelta::hours(1));
        let asked = delivery(1).next_try(&answered(429, hour), at(0)).unwrap();
        assert_eq!(asked, at(3600));
        let year = Some(TimeDelta::days(365));
        assert_eq!(delivery(1).next_try(&answered(503, year), at(0)), Some(at(86_400)));
        assert_eq!(delivery(1).next_try(&answered(410, hour), at(0)), None);
        assert_eq!(delivery(1).next_try(&answered(204, hour), at(0)), None);
        let now = at(784_111_777 - 60);
        assert_eq!(retry_after("120", now), Some(TimeDelta::seconds(120)));
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now),
            Some(TimeDelta::seconds(60))
        );
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", at(784_111_778)), None);
        assert_eq!(retry_after("soon", now), None);
    }
}
