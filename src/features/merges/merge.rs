//! Customers that were made one, and what became of each.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::Json;
use crate::features::assignments::assignment::AssignmentId;
use crate::features::customers::contact::ContactId;
use crate::features::customers::customer::{Customer, CustomerId};
use crate::id::UserId;
use crate::journal::{Change, Changing};

crate::id! {
    /// Customers that were made one.
    MergeId;
}

crate::words! {
    /// Whether a merge stands.
    pub enum MergeStatus {
        Merged = "merged",
        Undone = "undone",
    }
}

/// A customer that became a part of another, as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MergedCustomer {
    pub id: CustomerId,
    #[schema(max_length = 300)]
    pub name: String,
    #[schema(max_length = 200)]
    pub external_id: Option<String>,
    pub created_at: Timestamp,
}

impl MergedCustomer {
    pub fn of(customer: &Customer) -> Self {
        Self {
            id: customer.id,
            name: customer.fields.name.clone(),
            external_id: customer.fields.external_id.clone(),
            created_at: customer.created_at,
        }
    }
}

/// How many records of a kind went to the customer that stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MovedRecords {
    /// As the audit log names it.
    #[schema(max_length = 40)]
    pub kind: String,
    #[schema(minimum = 0)]
    pub count: i64,
}

/// Contacts of the customer that stays who may be one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SameContacts {
    #[schema(max_items = 100)]
    pub contact_ids: Vec<ContactId>,
    /// Why, in words.
    #[schema(max_length = 500)]
    pub reason: String,
}

crate::words! {
    /// Why an undoing left something as it was.
    pub enum MergeKeptReason {
        /// It has gone to a third customer since.
        MovedOn = "moved_on",
        /// It was removed since.
        Removed = "removed",
        /// It was changed since, and the later change stands.
        ChangedSince = "changed_since",
        /// Somebody else has the customer in hand by now.
        TakenMeanwhile = "taken_meanwhile",
        /// Another customer has this id in the CRM by now.
        ExternalIdTaken = "external_id_taken",
        /// The customer asked not to be contacted, before or since.
        DoNotContact = "do_not_contact",
        /// Whose it was is not active any more, or has a role that places no calls.
        AssigneeCannotCall = "assignee_cannot_call",
    }
}

/// What an undoing left as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KeptRecord {
    /// As the audit log names it.
    #[schema(max_length = 40)]
    pub kind: String,
    #[schema(value_type = crate::id::AnyId)]
    pub record_id: Uuid,
    /// Which field, when it is one.
    #[schema(max_length = 60)]
    pub field: Option<String>,
    pub reason: MergeKeptReason,
}

/// Customers that were made one.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Merge {
    pub id: MergeId,
    /// The one that stays, with all that the others had.
    pub customer_id: CustomerId,
    /// The others, as they were.
    #[schema(value_type = Vec<MergedCustomer>, max_items = 20)]
    pub merged: Json<Vec<MergedCustomer>>,
    pub status: MergeStatus,
    #[schema(value_type = Vec<MovedRecords>, max_items = 40)]
    pub moved: Json<Vec<MovedRecords>>,
    /// Open assignments that ended with it, so that one executive has the customer in hand.
    #[schema(value_type = Vec<AssignmentId>, max_items = 1000)]
    pub canceled: Json<Vec<AssignmentId>>,
    /// Contacts who may be one person; they are left as they are.
    #[schema(value_type = Vec<SameContacts>, max_items = 100)]
    pub same_contacts: Json<Vec<SameContacts>>,
    /// Null when an API key did it.
    pub merged_by: Option<UserId>,
    pub undone_at: Option<Timestamp>,
    pub undone_by: Option<UserId>,
    /// What undoing left as it was: the first thousand.
    #[schema(value_type = Vec<KeptRecord>, max_items = 1000)]
    pub kept: Json<Vec<KeptRecord>>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What a merge has done.
#[derive(Debug, Default)]
pub struct Done {
    pub moved: Vec<MovedRecords>,
    pub canceled: Vec<AssignmentId>,
    pub same_contacts: Vec<SameContacts>,
}

/// So many of what is told are told.
const MOST: usize = 1000;

impl Merge {
    pub fn new(
        id: MergeId,
        customer_id: CustomerId,
        merged: Vec<MergedCustomer>,
        by: Option<UserId>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            customer_id,
            merged: Json(merged),
            status: MergeStatus::Merged,
            moved: Json(Vec::new()),
            canceled: Json(Vec::new()),
            same_contacts: Json(Vec::new()),
            merged_by: by,
            undone_at: None,
            undone_by: None,
            kept: Json(Vec::new()),
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Everything has been moved. Its revision is the last of the merge.
    pub fn done(self, mut done: Done) -> Change<Self> {
        done.canceled.truncate(MOST);
        done.moved.push(MovedRecords {
            kind: "customer".into(),
            count: i64::try_from(self.merged.len()).unwrap_or(i64::MAX),
        });
        self.change("merged", |next| {
            next.moved = Json(done.moved);
            next.canceled = Json(done.canceled);
            next.same_contacts = Json(done.same_contacts);
        })
    }

    /// Everything has been taken back, but what was kept.
    pub fn undone(self, mut kept: Vec<KeptRecord>, by: Option<UserId>, now: Timestamp) -> Change<Self> {
        kept.truncate(MOST);
        self.change("undone", |next| {
            next.status = MergeStatus::Undone;
            next.undone_at = Some(now);
            next.undone_by = by;
            next.kept = Json(kept);
        })
    }
}
