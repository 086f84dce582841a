//! What a device sends, and what it is answered.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::change::Op;
use super::collection::Collection;
use crate::http::{Problem, ProblemBody};

crate::words! {
    /// What was done with a record.
    pub enum MutationOp {
        /// It was made or changed.
        Upsert = "upsert",
        /// It was deleted.
        Delete = "delete",
    }
}

/// Something that was done on a device.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mutation {
    /// The device's own name for it, so that it is done once however often it is sent.
    #[schema(min_length = 1, max_length = 100)]
    pub mutation_id: Option<String>,
    pub collection: Collection,
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    pub op: MutationOp,
    /// The revision of the record that the device knew when it was changed; null or 0 for a new one. What is deleted without it goes
    /// whatever others have changed.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub base_revision: Option<i64>,
    /// What is said of the record: the changed fields, or all of them. A call has `assignment_id`, and may have the parts of a debrief.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub fields: Map<String, Value>,
}

impl Mutation {
    pub fn base(&self) -> i64 {
        self.base_revision.unwrap_or(0)
    }

    /// Of all that it says, in whatever order, so that its repetition is known as one.
    pub fn fingerprint(&self) -> String {
        let (named, of) = (&self.mutation_id, (self.collection, self.id, self.op));
        let mut said = json!([named, of, self.base(), self.fields]);
        said.sort_all_objects();
        let digest = Sha256::digest(said.to_string());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What was done on a device, in its order.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncPush {
    /// The same for each installation on a device, for as long as it is there: what it sent itself is no conflict for it.
    #[schema(min_length = 1, max_length = 100, pattern = "^[!-~]+$", example = "adas-telephone")]
    pub client_id: String,
    /// Each for itself: one that cannot be read is answered as `rejected`, and the others are done.
    #[schema(value_type = Vec<Mutation>, min_items = 1, max_items = 500)]
    pub mutations: Vec<Value>,
}

crate::words! {
    /// What became of it.
    pub enum MutationStatus {
        /// It is so.
        Applied = "applied",
        /// It is so, and somebody else has changed other fields meanwhile.
        Merged = "merged",
        /// Somebody else has changed some of the same fields meanwhile: theirs stand, the others were applied.
        Conflict = "conflict",
        /// Nothing was written; `problem` says why.
        Rejected = "rejected",
    }
}

/// What became of something that was done on a device.
#[derive(Debug, Serialize, ToSchema)]
pub struct MutationResult {
    /// Null when none was named.
    pub collection: Option<Collection>,
    /// Null when none was named: results stand in the order of the mutations.
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub id: Option<Uuid>,
    #[schema(max_length = 100)]
    pub mutation_id: Option<String>,
    pub status: MutationStatus,
    /// What the device does with the record: `upsert` keeps it as `record` says, `remove` removes it, for it is not in the working set. Null: it keeps what was refused, to be mended and sent again.
    pub op: Option<Op>,
    /// The fields that somebody else had changed, and that stand as they said. What the device said stays in the journal.
    #[schema(max_items = 100)]
    pub conflicts: Vec<FieldName>,
    /// The record's revision as it is now.
    #[schema(minimum = 1)]
    pub revision: Option<i64>,
    /// The record as it is now; null when there is none, or none in sight.
    #[schema(value_type = Option<Object>)]
    pub record: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub problem: Option<ProblemBody>,
}

/// The name of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FieldName(pub String);

impl utoipa::PartialSchema for FieldName {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{ObjectBuilder, schema::Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(100))
            .into()
    }
}

impl ToSchema for FieldName {}

/// What became of each, in its order.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncPushed {
    #[schema(max_items = 500)]
    pub results: Vec<MutationResult>,
}

/// Whether a problem is ours: then the whole call fails, and is sent again.
pub fn is_ours(problem: &Problem) -> bool {
    problem.code.status() >= 500
}
