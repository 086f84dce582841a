//! What people are told of by itself, and how they want to be told.

mod api;
mod mailing;
pub mod notification;
pub mod preferences;
mod preferences_api;
pub mod store;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [api::endpoints(), preferences_api::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}

/// This room's background work.
pub fn jobs() -> Vec<crate::jobs::Task> {
    vec![mailing::task()]
}
