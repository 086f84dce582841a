//! Merges: customers that are one and the same are made one, with all their history, and two again where that was wrong.
//!
//! `uniting` decides what the customer that stays says of itself, `settling` who keeps it in hand, `hanging` knows what customers have,
//! `moving` moves it, `merging` and `undoing` put these together, `telling` tells whose calls ended,
//! `merge` is the merge on the record.

mod api;
pub mod hanging;
pub mod merge;
pub mod merging;
pub mod moving;
pub mod redirecting_api;
pub mod settling;
pub mod store;
pub mod telling;
pub mod undoing;
pub mod uniting;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
