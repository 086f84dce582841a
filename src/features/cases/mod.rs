//! Cases: services that customers asked for, and rescues of unhappy ones.

mod interests_api;
pub mod rescue_case;
mod rescues_api;
pub mod service_interest;
pub mod store;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [interests_api::endpoints(), rescues_api::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
