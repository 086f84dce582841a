//! Action items: work that came out of calls, the promise to the customer, and what people say about it.

pub mod action_item;
mod api;
pub mod comment;
mod comments_api;
mod steps_api;
pub mod store;
pub mod writing;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [api::endpoints(), steps_api::endpoints(), comments_api::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
