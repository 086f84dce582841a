//! Figures: NPS, activity, action items, promised call-backs, the habit, proactivity; as JSON, or as one CSV table.

mod action_items_api;
mod activity_api;
mod callbacks_api;
pub mod habit;
mod habit_api;
mod nps_api;
pub mod period;
pub mod proactivity;
mod proactivity_api;
pub mod promise;
pub mod store;
mod table_api;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [
        nps_api::endpoints(),
        activity_api::endpoints(),
        action_items_api::endpoints(),
        callbacks_api::endpoints(),
        habit_api::endpoints(),
        proactivity_api::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
