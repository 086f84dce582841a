//! What somebody says about an action item.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::action_item::{ActionItem, ActionItemId};
use crate::clock::Timestamp;
use crate::features::customers::customer::CustomerId;
use crate::id::UserId;

crate::id! {
    /// A comment on an action item.
    ActionItemCommentId;
}

/// What can be said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionItemCommentInput {
    #[schema(min_length = 1, max_length = 10_000)]
    pub body: String,
}

/// A comment on an action item; only ever added.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ActionItemComment {
    pub id: ActionItemCommentId,
    #[serde(flatten)]
    pub fields: ActionItemCommentInput,
    pub action_item_id: ActionItemId,
    pub customer_id: CustomerId,
    /// Null for an API key.
    pub author_id: Option<UserId>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ActionItemComment {
    pub fn new(
        id: ActionItemCommentId,
        fields: ActionItemCommentInput,
        item: &ActionItem,
        author: Option<UserId>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            fields,
            action_item_id: item.id,
            customer_id: item.customer_id,
            author_id: author,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }
}
