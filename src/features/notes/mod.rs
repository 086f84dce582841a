//! Typed notes: what was learned, with themes, and the register of themes.

mod api;
pub mod note;
pub mod store;
pub mod writing;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
