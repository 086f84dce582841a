//! Signing in and out, passwords, and the links that people are invited with.

mod api;
mod link_api;
mod password_api;
pub mod session;
pub mod store;

/// These rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [api::endpoints(), password_api::endpoints(), link_api::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
