//! A bulk assignment as one thing: what it made, and whether it was undone.

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::id::UserId;
use crate::journal::{Change, Changing};

crate::id! {
    /// A bulk assignment.
    BatchId;
}

crate::words! {
    /// Whether a bulk assignment stands.
    pub enum BatchStatus {
        Created = "created",
        Reverted = "reverted",
    }
}

/// A bulk assignment as one thing.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AssignmentBatch {
    pub id: BatchId,
    /// Who sent it; null for an API key.
    pub created_by: Option<UserId>,
    /// How many assignments it made.
    #[schema(minimum = 0, maximum = 10_000)]
    pub assignments: i64,
    /// How many of its items were refused.
    #[schema(minimum = 0, maximum = 10_000)]
    pub refused: i64,
    pub status: BatchStatus,
    pub reverted_at: Option<Timestamp>,
    /// How many assignments the undoing canceled.
    #[schema(minimum = 0, maximum = 10_000)]
    pub reverted: i64,
    /// How many it left, because somebody had called or they were closed.
    #[schema(minimum = 0, maximum = 10_000)]
    pub kept: i64,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl AssignmentBatch {
    /// A batch that made so many assignments and refused so many items.
    pub fn new(id: BatchId, created_by: Option<UserId>, assignments: i64, refused: i64, now: Timestamp) -> Self {
        Self {
            id,
            created_by,
            assignments,
            refused,
            status: BatchStatus::Created,
            reverted_at: None,
            reverted: 0,
            kept: 0,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Undone. A second time changes nothing.
    pub fn revert(self, reverted: i64, kept: i64, now: Timestamp) -> Change<Self> {
        match self.status {
            BatchStatus::Created => self.change("reverted", |next| {
                next.status = BatchStatus::Reverted;
                next.reverted_at = Some(now);
                next.reverted = reverted;
                next.kept = kept;
            }),
            BatchStatus::Reverted => self.change("reverted", |_| {}),
        }
    }
}
