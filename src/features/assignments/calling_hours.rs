//! When a customer is called, on its own clock.

use chrono_tz::Tz;

use crate::clock::Timestamp;
use crate::features::customers::calling_window::CallingWindow;
use crate::features::customers::customer::Customer;
use crate::local_time;
use crate::refusal::{Code, Refusal};

/// A customer's calling window and zone, with what stands in for either when it is missing.
#[derive(Debug, Clone, Copy)]
pub struct CallingHours {
    pub window: CallingWindow,
    pub zone: Tz,
}

impl CallingHours {
    /// The customer's own; the organization's zone where the customer has none.
    pub fn of(customer: &Customer, organization_zone: &str) -> Self {
        let own = customer.fields.time_zone.as_deref().and_then(|zone| zone.parse().ok());
        Self {
            window: customer.fields.calling_window.as_deref().copied().unwrap_or_default(),
            zone: own.or_else(|| organization_zone.parse().ok()).unwrap_or(Tz::UTC),
        }
    }

    /// Whether a call may be scheduled for then.
    ///
    /// # Errors
    /// `outside_calling_window`, with the next opening.
    pub fn allow(&self, at: Timestamp) -> Result<(), Refusal> {
        if self.window.contains(at.utc(), self.zone) {
            return Ok(());
        }
        let opening = Timestamp::new(self.window.next_opening(at.utc(), self.zone));
        Err(Refusal::new(
            Code::OutsideWindow,
            format!(
                "That is {} for the customer ({}), outside the hours in which its people are called. The next opening is {opening}; `outside_window` overrides this.",
                local_time::wall_clock(at.utc(), self.zone).format("%A %H:%M"),
                self.zone
            ),
        ))
    }
}
