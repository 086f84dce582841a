//! Two customers that may be one, and what people say of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::score::{DuplicateReason, Judged};
use crate::clock::Timestamp;
use crate::db::Json;
use crate::features::customers::customer::CustomerId;
use crate::id::UserId;
use crate::journal::{Change, Changing};

crate::id! {
    /// Two customers that may be one.
    DuplicateId;
}

crate::words! {
    /// What people said of two customers that may be one.
    pub enum DuplicateStatus {
        /// Nothing yet.
        Open = "open",
        /// They are two. It stays so, whatever is found later.
        Dismissed = "dismissed",
    }
}

/// Two customers that may be one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Duplicate {
    pub id: DuplicateId,
    pub customer_id: CustomerId,
    pub other_id: CustomerId,
    /// How likely it is that they are one, in per cent.
    #[schema(minimum = 0, maximum = 100)]
    pub score: i64,
    /// Why, the strongest reason first; those with a weight below 0 speak against it.
    #[schema(value_type = Vec<DuplicateReason>, max_items = 20)]
    pub reasons: Json<Vec<DuplicateReason>>,
    pub status: DuplicateStatus,
    pub dismissed_at: Option<Timestamp>,
    /// Null when an API key said so.
    pub dismissed_by: Option<UserId>,
    #[schema(max_length = 1000)]
    pub dismissed_reason: Option<String>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The two in the order in which every pair stands.
pub fn pair(a: CustomerId, b: CustomerId) -> (CustomerId, CustomerId) {
    if a <= b { (a, b) } else { (b, a) }
}

impl Duplicate {
    pub fn new(id: DuplicateId, (a, b): (CustomerId, CustomerId), judged: Judged, now: Timestamp) -> Self {
        let (customer_id, other_id) = pair(a, b);
        Self {
            id,
            customer_id,
            other_id,
            score: judged.score,
            reasons: Json(judged.reasons),
            status: DuplicateStatus::Open,
            dismissed_at: None,
            dismissed_by: None,
            dismissed_reason: None,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// What is known of the two has changed.
    pub fn judged(self, judged: Judged) -> Change<Self> {
        self.change("judged", |next| {
            next.score = judged.score;
            next.reasons = Json(judged.reasons);
        })
    }

    /// They are two. Again is the same as once.
    pub fn dismiss(self, by: Option<UserId>, reason: Option<String>, now: Timestamp) -> Change<Self> {
        match self.status {
            DuplicateStatus::Open => self.change("dismissed", |next| {
                next.status = DuplicateStatus::Dismissed;
                next.dismissed_at = Some(now);
                next.dismissed_by = by;
                next.dismissed_reason = reason;
            }),
            DuplicateStatus::Dismissed => self.change("dismissed", |_| {}),
        }
    }

    /// They may be one after all.
    pub fn reopen(self) -> Change<Self> {
        self.change("reopened", |next| {
            next.status = DuplicateStatus::Open;
            next.dismissed_at = None;
            next.dismissed_by = None;
            next.dismissed_reason = None;
        })
    }

    /// One of the two is another customer from now on.
    pub fn moved(self, from: CustomerId, to: CustomerId) -> Change<Self> {
        self.change("moved", |next| {
            let follow = |id| if id == from { to } else { id };
            (next.customer_id, next.other_id) = pair(follow(next.customer_id), follow(next.other_id));
        })
    }
}
