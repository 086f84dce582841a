//! Organizations, users, signing in, API keys.

mod api;
pub mod checks;
pub mod consequences;
pub mod keys;
mod me_api;
pub mod organization;
pub mod sessions;
pub mod setup;
pub mod store;
pub mod user;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [
        sessions::endpoints(),
        me_api::endpoints(),
        api::endpoints(),
        keys::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
