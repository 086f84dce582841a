//! Segments: named ways to choose customers, ready-made and saved.

mod api;
pub mod filter;
pub mod ready_made;
mod reason;
pub mod segment;
pub mod store;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
