//! Organizations, users, signing in, API keys.

mod api;
pub mod organization;
pub mod session;
mod session_api;
pub mod setup;
pub mod store;
pub mod user;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [session_api::endpoints(), api::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
