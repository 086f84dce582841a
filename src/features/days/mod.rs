//! Days: tomorrow's list, prepared each evening, and an executive's day in one answer.
//!
//! `evening` knows for which day a list is due, `picking` decides what is on it, `call_list` is the list on the record, `preparing` is
//! the work in the background, `day` is what an executive sees, `releasing` gives back what nobody works.

mod api;
pub mod call_list;
pub mod day;
pub mod evening;
mod lists_api;
pub mod picking;
mod preparing;
mod releasing;
pub mod store;
mod words;

use crate::jobs::{Task, Timer};

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [api::endpoints(), lists_api::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}

/// This room's background work.
pub fn jobs() -> Vec<Task> {
    vec![preparing::task(), releasing::task()]
}

/// What this room looks for each minute.
pub fn timers() -> Vec<Timer> {
    vec![
        Timer::new("evenings", preparing::look),
        Timer::new("stale assignments", releasing::look),
    ]
}
