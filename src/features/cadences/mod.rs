//! Cadence: how often a customer is to be spoken with, and who is due.

mod api;
pub mod cadence;
pub mod store;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
