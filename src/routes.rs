//! The contents page: every feature's endpoints, background work and timers in one list each.

use std::sync::Arc;

use crate::features;
use crate::http::Endpoint;
use crate::jobs::{self, Task, Timer};

/// Every endpoint there is.
pub fn endpoints() -> Vec<Arc<Endpoint>> {
    [
        features::audit::endpoints(),
        features::events::endpoints(),
        features::customers::endpoints(),
        features::duplicates::endpoints(),
        features::merges::endpoints(),
        features::imports::endpoints(),
        features::people::endpoints(),
        features::absences::endpoints(),
        features::programs::endpoints(),
        features::talking_points::endpoints(),
        features::segments::endpoints(),
        features::cadences::endpoints(),
        features::assignments::endpoints(),
        features::plans::endpoints(),
        features::briefs::endpoints(),
        features::attempts::endpoints(),
        features::service::endpoints(),
        features::transfers::endpoints(),
        features::notes::endpoints(),
        features::nps::endpoints(),
        features::action_items::endpoints(),
        features::cases::endpoints(),
        features::follow_ups::endpoints(),
        features::calendar_feeds::endpoints(),
        features::days::endpoints(),
        features::sync::endpoints(),
        features::reports::endpoints(),
        features::notifications::endpoints(),
        features::recognition::endpoints(),
        features::webhooks::endpoints(),
        jobs::endpoints(),
    ]
    .into_iter()
    .flatten()
    .map(Arc::new)
    .collect()
}

/// Every kind of background work there is.
pub fn jobs() -> Vec<Task> {
    [
        features::duplicates::jobs(),
        features::follow_ups::jobs(),
        features::notifications::jobs(),
        features::reminders::jobs(),
        features::days::jobs(),
        features::imports::jobs(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Everything that is looked for each minute.
pub fn timers() -> Vec<Timer> {
    [
        features::reminders::timers(),
        features::days::timers(),
        features::imports::timers(),
        features::duplicates::timers(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
