//! Programs: why and how calls are made.

mod api;
pub mod daily_block;
pub mod program;
pub mod quota;
pub mod retry_policy;
pub mod store;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
