//! The contents page: every feature's endpoints in one list.

use std::sync::Arc;

use crate::features;
use crate::http::Endpoint;

/// Every endpoint there is.
pub fn endpoints() -> Vec<Arc<Endpoint>> {
    [
        features::audit::endpoints(),
        features::customers::endpoints(),
        features::imports::endpoints(),
        features::people::endpoints(),
        features::programs::endpoints(),
        features::talking_points::endpoints(),
        features::segments::endpoints(),
        features::cadences::endpoints(),
        features::assignments::endpoints(),
        features::briefs::endpoints(),
        features::attempts::endpoints(),
        features::service::endpoints(),
        features::transfers::endpoints(),
        features::notes::endpoints(),
        features::nps::endpoints(),
        features::action_items::endpoints(),
        features::cases::endpoints(),
        features::reports::endpoints(),
    ]
    .into_iter()
    .flatten()
    .map(Arc::new)
    .collect()
}
