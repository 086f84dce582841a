//! Working days: who is away when, and which days are public holidays where.

pub mod absence;
mod api;
pub mod holiday;
mod holidays_api;
pub mod store;
pub mod working_day;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [api::endpoints(), holidays_api::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
