//! Follow-up e-mails: what is written to a customer after a call.

mod api;
pub mod draft;
pub mod follow_up;
pub mod layout;
pub mod sending;
mod sending_api;
pub mod slots;
pub mod store;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [api::endpoints(), sending_api::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}

/// This room's background work.
pub fn jobs() -> Vec<crate::jobs::Task> {
    vec![sending::MAIL.by(sending::deliver)]
}
