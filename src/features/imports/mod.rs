//! Files of records, as customer-relationship programs export them: read row by row, good rows kept, bad ones told.

mod api;
mod assignments;
pub mod cells;
pub mod columns;
mod contacts;
mod customers;
mod file;
pub mod import;
mod job_store;
mod jobs_api;
mod nps_responses;
mod people;
pub mod report;
mod row;
mod run;
mod signals;
mod source;
mod store;
mod survey;
mod taking_back;
mod undoing;
mod users;
mod working;

use std::sync::Arc;

use crate::app::App;
use crate::jobs::{Task, Timer};
use crate::journal;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    let mut all = api::endpoints();
    all.extend(jobs_api::endpoints());
    all
}

/// This room's background work.
pub fn jobs() -> Vec<Task> {
    vec![working::IMPORT.by(working::work), undoing::UNDO.by(undoing::work)]
}

/// What this room looks for each minute.
pub fn timers() -> Vec<Timer> {
    vec![Timer::new("import_bytes", tidy)]
}

/// Removes the bytes of files that nobody needs any more.
async fn tidy(app: Arc<App>) -> Result<(), journal::Error> {
    for (organization, import) in job_store::needless(&mut app.read(), app.clock.now()).await? {
        job_store::discard(&app.db, organization, import).await?;
    }
    Ok(())
}
