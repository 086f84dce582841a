//! Assignments: who is to call whom.

mod api;
pub mod assigning;
pub mod assignment;
pub mod batch;
mod batch_api;
pub mod calling_hours;
mod commands_api;
pub mod store;
pub mod undoing;
pub mod working;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [api::endpoints(), commands_api::endpoints(), batch_api::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
