//! Who changed what, when, from where: the journal, for people to read.

mod api;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
