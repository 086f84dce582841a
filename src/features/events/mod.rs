//! What happens, as it happens: the journal for dashboards and scripts, by pages and as a stream.

mod api;
pub mod event;
mod recent;
pub mod store;
pub mod verbs;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
