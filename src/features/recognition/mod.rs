//! Praise for employees: it reaches them and their managers, and everybody sees the wall of it.

mod api;
pub mod praise;
pub mod store;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
