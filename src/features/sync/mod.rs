//! Synchronization: what devices keep for when there is no network, and what was done there.
//!
//! `journal` notes beside the records what comes into whose working set and what leaves it. `pulling` reads on from a cursor.
//! `pushing` does what was done on a device: `merging` holds its fields against what others did, `rooms` hands it to those who know the rules.

mod adding;
mod api;
pub mod candidate;
pub mod change;
mod changing;
pub mod collection;
pub mod cursor;
mod meanwhile;
mod merging;
pub mod mutation;
pub mod pulling;
mod push_api;
pub mod pushing;
mod rooms;
pub mod store;
mod stream_api;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [api::endpoints(), push_api::endpoints(), stream_api::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
