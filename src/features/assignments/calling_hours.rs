//! When a customer is called, on its own clock.

use chrono_tz::Tz;

use crate::clock::Timestamp;
use crate::features::customers::calling_window::CallingWindow;
use crate::features::customers::customer::Customer;
use crate::local_time;
use crate::refusal::{Code, Refusal};

/// A customer's calling window and zone, with what stands in for either when it is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallingHours {
    pub window: CallingWindow,
    pub zone: Tz,
}

impl CallingHours {
    /// The customer's own; the organization's zone where the customer has none.
    pub fn of(customer: &Customer, organization_zone: &str) -> Self {
        let fields = &customer.fields;
        let window = fields.calling_window.as_deref().copied();
        Self::new(window, fields.time_zone.as_deref(), organization_zone)
    }

    /// The same, of what is known of a customer.
    pub fn new(window: Option<CallingWindow>, zone: Option<&str>, organization_zone: &str) -> Self {
        Self {
            window: window.unwrap_or_default(),
            zone: local_time::zone([zone, Some(organization_zone)]),
        }
    }

    /// Whether a call may be scheduled for then, whichever way it is: ahead, and within the hours unless it is outside on purpose.
    ///
    /// # Errors
    /// `in_the_past`; `outside_calling_window`, with the next opening.
    pub fn allow(&self, at: Timestamp, outside_window: bool, now: Timestamp) -> Result<(), Refusal> {
        ahead(at, now)?;
        if outside_window || self.window.contains(at.utc(), self.zone) {
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

/// A time to come.
///
/// # Errors
/// `in_the_past`.
pub fn ahead(at: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if at > now {
        return Ok(());
    }
    Err(Refusal::new(
        Code::InThePast,
        format!("It is {now} now; the time must be ahead."),
    ))
}
