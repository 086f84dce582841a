//! Webhooks: events that are delivered to other programs, signed, until they take them.

pub mod address;
mod api;
pub mod body;
mod courier;
mod deliveries_api;
pub mod delivery;
pub mod endpoint;
mod office;
mod settling;
pub mod signature;
pub mod store;
mod turns;

pub use courier::{Lookup, names};
pub use office::Office;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [api::endpoints(), deliveries_api::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
