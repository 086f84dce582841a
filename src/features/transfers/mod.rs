//! A leaver's open work, handed on to somebody else.

mod api;
pub mod store;
pub mod transfer;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
