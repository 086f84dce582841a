//! Duplicates: customers that may be one and the same, with how likely that is, and why.
//!
//! `names` and `domains` make what is written comparable, `profile` is what a customer is compared by, `score` compares, `duplicate`
//! is a pair on the record, `finding` looks for them in the background.

mod api;
mod domains;
pub mod duplicate;
mod finding;
pub mod names;
pub mod profile;
pub mod score;
pub mod store;

use crate::jobs::{Task, Timer};

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}

/// This room's background work.
pub fn jobs() -> Vec<Task> {
    vec![finding::task()]
}

/// What this room looks for each minute.
pub fn timers() -> Vec<Timer> {
    vec![Timer::new("duplicates", finding::look)]
}
