//! What those need who run an installation, and those who meet a problem: health, metrics, keys, the meaning of codes.

mod api;
mod problems_api;

pub use api::metrics_text;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [api::endpoints(), problems_api::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
