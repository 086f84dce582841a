//! Attempts: calls placed, and all that comes of them.

mod api;
pub mod attempt;
pub mod consequences;
pub mod debrief;
mod debrief_api;
pub mod late;
mod parts;
pub mod placing;
mod recording;
pub mod store;
mod told;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [debrief_api::endpoints(), api::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
