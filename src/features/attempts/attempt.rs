//! An attempt: one call placed.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::features::assignments::assignment::AssignmentId;
use crate::features::customers::customer::CustomerId;
use crate::features::occasion::Occasion;
use crate::features::programs::program::ProgramId;
pub use crate::features::programs::retry_policy::Disposition;
use crate::id::UserId;

crate::id! {
    /// One call placed.
    AttemptId;
}

/// One call placed. Attempts are only ever added.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Attempt {
    pub id: AttemptId,
    pub assignment_id: AssignmentId,
    pub program_id: ProgramId,
    pub customer_id: CustomerId,
    /// Who placed the call.
    pub user_id: UserId,
    /// Whom they called.
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub contact_id: Option<Uuid>,
    /// Who answered, when it was not the contact.
    #[schema(max_length = 200)]
    pub spoke_with: Option<String>,
    pub disposition: Disposition,
    pub occurred_at: Timestamp,
    #[schema(minimum = 0, maximum = 86_400)]
    pub duration_seconds: Option<i64>,
    #[schema(max_length = 10_000)]
    pub summary: Option<String>,
    /// When the customer was told to expect the next call.
    pub callback_promised_at: Option<Timestamp>,
    /// When the next call is to be placed, as this one left it.
    pub next_call_at: Option<Timestamp>,
    /// The hour on the customer's clock, 0 to 23.
    #[schema(minimum = 0, maximum = 23)]
    pub local_hour: i64,
    /// The weekday in the customer's zone, 1 for Monday to 7 for Sunday.
    #[schema(minimum = 1, maximum = 7)]
    pub local_weekday: i64,
    /// Of the request that made it, so that its repetition is known as one.
    #[serde(skip)]
    pub request_hash: String,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Attempt {
    /// What comes of this call came of this.
    pub fn occasion(&self) -> Occasion {
        Occasion {
            customer_id: self.customer_id,
            contact_id: self.contact_id,
            assignment_id: Some(self.assignment_id.into()),
            attempt_id: Some(self.id.into()),
        }
    }
}
