//! NPS responses: the recommendation question, its branches and its figures.

mod api;
pub mod figures;
pub mod response;
pub mod store;
pub mod writing;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
