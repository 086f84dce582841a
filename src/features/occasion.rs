//! What a record came of.

use uuid::Uuid;

use crate::features::customers::customer::CustomerId;

/// The customer, and the contact, assignment and call by which what they said, asked for or were promised came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occasion {
    pub customer_id: CustomerId,
    pub contact_id: Option<Uuid>,
    pub assignment_id: Option<Uuid>,
    pub attempt_id: Option<Uuid>,
}
