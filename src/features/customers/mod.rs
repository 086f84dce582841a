//! Customers, with what belongs to them.

mod api;
pub mod calling_window;
pub mod customer;
pub mod store;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
