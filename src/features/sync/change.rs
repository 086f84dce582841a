//! What a device is told.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::collection::Collection;
use super::store::Loaded;

crate::words! {
    /// What a device does with a record.
    pub enum Op {
        /// Keeps it as it is given.
        Upsert = "upsert",
        /// Removes it.
        Remove = "remove",
    }
}

crate::words! {
    /// Why a record goes.
    pub enum Reason {
        /// It is gone for everybody.
        Deleted = "deleted",
        /// It is somebody else's now.
        AccessLost = "access_lost",
    }
}

/// A record that came, changed or left.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SyncChange {
    pub collection: Collection,
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    pub op: Op,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<Reason>,
    /// The record's revision, for `base_revision` and `If-Match`; of a removal, when it left.
    #[schema(minimum = 1)]
    pub revision: i64,
    /// The record, whole and as everywhere in the API, but for its revision, which stands beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub data: Option<Box<RawValue>>,
}

impl SyncChange {
    /// Takes what the record says: it is told once.
    pub fn upsert(collection: Collection, id: Uuid, record: &mut Loaded<Box<RawValue>>) -> Self {
        Self {
            collection,
            id,
            op: Op::Upsert,
            reason: None,
            revision: record.revision,
            data: Some(std::mem::take(&mut record.data)),
        }
    }

    pub const fn remove(collection: Collection, id: Uuid, revision: i64, reason: Reason) -> Self {
        Self {
            collection,
            id,
            op: Op::Remove,
            reason: Some(reason),
            revision,
            data: None,
        }
    }
}

/// A page of what came, changed and left.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncChanges {
    /// One entry per record, in the order in which they came, changed or left.
    #[schema(max_items = 1000)]
    pub changes: Vec<SyncChange>,
    /// For the next call: a whole number from 1 to 2^53 − 1.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub cursor: i64,
    /// For the next call, with the cursor: another one after a restored backup.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub epoch: i64,
    /// Whether there is more at once. Each page is full until there is not.
    pub has_more: bool,
}
