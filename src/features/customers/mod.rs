//! Customers, with what belongs to them: contacts, account managers, signals, the timeline.

pub mod account_manager;
mod api;
pub mod calling_window;
pub mod contact;
pub mod countries;
pub mod customer;
pub mod phones;
pub mod shapes;
pub mod signal;
pub mod store;
pub mod timeline;
pub mod writing;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
