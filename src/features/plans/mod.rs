//! The planner: who calls whom and when, proposed, committed, taken back.

mod api;
mod balance;
mod classes;
mod committing;
mod gathering;
pub mod graph;
pub mod greedy;
pub mod market;
pub mod model;
pub mod options;
pub mod plan;
pub mod planner;
mod proposing;
pub mod reason;
pub mod sample;
pub mod situation;
pub mod slots;
pub mod solver;
pub mod store;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
