//! API keys: for scripts and dashboards.

mod api;
pub mod key;
pub mod store;

/// These rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
