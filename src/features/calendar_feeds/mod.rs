//! Calendar feeds: an executive's calls, for calendar programs that subscribe to a secret address.

mod api;
pub mod calendar_feed;
pub mod events;
mod feed_api;
pub mod ics;
pub mod store;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [api::endpoints(), feed_api::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
