//! Reminders: what is due soon or late, who has let go of the habit, and what a week has brought.

mod remind;
pub mod reminder;
pub mod store;
mod week;
mod weekly;

use crate::jobs::{Task, Timer};

/// This room's background work.
pub fn jobs() -> Vec<Task> {
    vec![remind::task(), weekly::task()]
}

/// What this room looks for each minute.
pub fn timers() -> Vec<Timer> {
    vec![Timer::new("reminders", remind::look), Timer::new("weeks", weekly::look)]
}
