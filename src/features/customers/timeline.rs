//! All that ever happened with a customer, in one stream.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::customer::CustomerId;
use crate::access::Permission;
use crate::clock::Timestamp;
use crate::id::UserId;

crate::words! {
    /// What sort of record an entry of the timeline is.
    #[derive(Default)]
    pub enum TimelineKind {
        #[default]
        Signal = "signal",
        AccountManagerPeriod = "account_manager_period",
        Assignment = "assignment",
        Attempt = "attempt",
        Note = "note",
        NpsResponse = "nps_response",
        ActionItem = "action_item",
        ServiceInterest = "service_interest",
        RescueCase = "rescue_case",
        /// An e-mail after a call, once it was sent.
        FollowUp = "follow_up",
    }
}

impl TimelineKind {
    /// What one must be allowed to read to see it.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Signal | Self::AccountManagerPeriod => Permission::CustomersRead,
            Self::Assignment => Permission::AssignmentsRead,
            Self::Attempt => Permission::AttemptsRead,
            Self::Note => Permission::NotesRead,
            Self::NpsResponse => Permission::NpsRead,
            Self::ActionItem => Permission::ActionItemsRead,
            Self::ServiceInterest | Self::RescueCase => Permission::CasesRead,
            Self::FollowUp => Permission::FollowUpsRead,
        }
    }

    /// Its place among entries of the same instant.
    pub fn rank(self) -> i64 {
        let place = Self::ALL.iter().position(|kind| *kind == self);
        place.and_then(|place| i64::try_from(place).ok()).unwrap_or_default()
    }
}

/// Something that happened with a customer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TimelineEntry {
    pub occurred_at: Timestamp,
    pub kind: TimelineKind,
    /// The record's id; its kind says where to read the whole of it.
    pub id: Uuid,
    pub customer_id: CustomerId,
    /// A signal's or note's kind, a call's disposition, an answer's category, the state of all others.
    #[schema(max_length = 60)]
    pub title: String,
    /// The beginning of its text.
    #[schema(max_length = 500)]
    pub summary: Option<String>,
    /// Who of ours it was.
    pub user_id: Option<UserId>,
}
