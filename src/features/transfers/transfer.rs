//! Handing on: what is open goes to another person as it stands.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::features::action_items::action_item::ActionItem;
use crate::features::assignments::assignment::Assignment;
use crate::features::cases::rescue_case::RescueCase;
use crate::features::cases::service_interest::ServiceInterest;
use crate::id::UserId;
use crate::journal::{Change, Changing};
use crate::refusal::Refusal;

/// Who takes over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// An active user of the organization; one who calls customers, where there are assignments to take over.
    pub to_user_id: UserId,
}

/// How much has changed hands.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Transferred {
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub assignments: usize,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub action_items: usize,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub rescue_cases: usize,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub service_interests: usize,
}

/// From whom to whom.
#[derive(Debug, Clone, Copy)]
pub struct Hands {
    pub from: UserId,
    pub to: UserId,
}

impl Hands {
    /// Every assignment changes hands; what was promised to the customer stays.
    ///
    /// # Errors
    /// `wrong_state`, when one is closed after all.
    pub fn assignments(self, open: Vec<Assignment>, now: Timestamp) -> Result<Vec<Change<Assignment>>, Refusal> {
        open.into_iter()
            .map(|assignment| assignment.reassign(self.to, now))
            .collect()
    }

    /// Open items change their owner, and all of them whoever the customer was told would be in touch: of a closed one the owner
    /// stays, and another one tells the customer.
    pub fn action_items(self, open: Vec<ActionItem>) -> Vec<Change<ActionItem>> {
        let changes = open.into_iter().filter_map(|item| {
            let owned = item.fields.owner_id == Some(self.from);
            let owns = owned && item.status.open();
            let promise = item.fields.customer_promise.as_ref();
            let promised = item.customer_told_at.is_none()
                && promise.is_some_and(|promise| match promise.contact_by {
                    Some(user) => user == self.from,
                    None => owned && !owns,
                });
            (owns || promised).then(|| {
                item.change("reassigned", |next| {
                    if owns {
                        next.fields.owner_id = Some(self.to);
                    }
                    if let Some(promise) = next.fields.customer_promise.as_mut().filter(|_| promised) {
                        promise.contact_by = Some(self.to);
                    }
                })
            })
        });
        changes.collect()
    }

    pub fn rescue_cases(self, open: Vec<RescueCase>) -> Vec<Change<RescueCase>> {
        let owned = |case: RescueCase| case.change("reassigned", |next| next.fields.owner_id = Some(self.to));
        open.into_iter().map(owned).collect()
    }

    pub fn service_interests(self, open: Vec<ServiceInterest>) -> Vec<Change<ServiceInterest>> {
        let owned =
            |interest: ServiceInterest| interest.change("reassigned", |next| next.fields.owner_id = Some(self.to));
        open.into_iter().map(owned).collect()
    }
}
