//! A key for scripts and dashboards: acts with a role, or with a part of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Caller, Permission, Role};
use crate::clock::Timestamp;
use crate::db::Json;
use crate::id::{ApiKeyId, UserId};
use crate::journal::{Change, Changing};

/// What can be said of an API key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyInput {
    /// What it is for.
    #[schema(min_length = 1, max_length = 200, example = "Quarterly dashboard")]
    pub name: String,
    pub role: Role,
    /// Only these permissions of the role; all of them when null.
    #[schema(value_type = Option<Vec<Permission>>, min_items = 1, max_items = 100)]
    pub permissions: Option<Json<Vec<Permission>>>,
    /// It stops working then; never when null.
    pub expires_at: Option<Timestamp>,
}

impl ApiKeyInput {
    /// What the key may do.
    pub fn grants(&self) -> &[Permission] {
        match &self.permissions {
            Some(only) => only,
            None => self.role.permissions(),
        }
    }
}

/// A key for scripts and dashboards. Its secret is shown once, when it is made.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ApiKey {
    pub id: ApiKeyId,
    #[serde(flatten)]
    pub fields: ApiKeyInput,
    /// How the secret begins, to tell keys apart.
    #[schema(max_length = 20, example = "tb_4kXq")]
    pub hint: String,
    /// The user who made it; null when another key did. It is revoked when they are deactivated, or no longer hold what it grants.
    pub created_by: Option<UserId>,
    /// The key that made it; null when a user did. It is revoked with that key.
    pub created_by_key: Option<ApiKeyId>,
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute or so.
    pub last_used_at: Option<Timestamp>,
    /// Stays in the table: neither answers nor the journal show it.
    #[serde(skip)]
    pub secret_hash: Vec<u8>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ApiKey {
    pub fn new(id: ApiKeyId, fields: ApiKeyInput, secret: &str, caller: &Caller, now: Timestamp) -> Self {
        Self {
            id,
            fields,
            hint: secret.chars().take(7).collect(),
            created_by: caller.user,
            created_by_key: caller.api_key,
            revoked_at: None,
            last_used_at: None,
            secret_hash: crate::access::key::hash(secret),
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Stops working, for good. Again is the same as once.
    pub fn revoke(self, now: Timestamp) -> Change<Self> {
        self.change("revoked", |next| next.revoked_at = next.revoked_at.or(Some(now)))
    }
}
