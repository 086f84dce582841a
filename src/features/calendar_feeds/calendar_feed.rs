//! A calendar feed: one secret address under which one user's calls can be read.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::key;
use crate::clock::Timestamp;
use crate::id::UserId;
use crate::journal::{Change, Changing};

crate::id! {
    /// A calendar feed.
    CalendarFeedId;
}

/// What can be said of a calendar feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarFeedInput {
    /// What reads it, to tell feeds apart.
    #[schema(min_length = 1, max_length = 100, example = "My telephone")]
    pub name: String,
}

/// A secret address under which a user's calls can be read. The address is shown once, when it is made.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CalendarFeed {
    pub id: CalendarFeedId,
    #[serde(flatten)]
    pub fields: CalendarFeedInput,
    pub user_id: UserId,
    pub revoked_at: Option<Timestamp>,
    /// Stays in the table: neither answers nor the journal show it.
    #[serde(skip)]
    pub secret_hash: Vec<u8>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl CalendarFeed {
    pub fn new(id: CalendarFeedId, fields: CalendarFeedInput, user_id: UserId, secret: &str, now: Timestamp) -> Self {
        Self {
            id,
            fields,
            user_id,
            revoked_at: None,
            secret_hash: key::hash(secret),
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Is read no more, for good. Again is the same as once.
    pub fn revoke(self, now: Timestamp) -> Change<Self> {
        self.change("revoked", |next| next.revoked_at = next.revoked_at.or(Some(now)))
    }
}
