//! Talking points: what to talk about on a call, written once and filled in for each customer.

mod api;
pub mod check;
pub mod fields;
pub mod points;
pub mod render;
pub mod store;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
