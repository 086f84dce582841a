//! Speaks: what works in the background, what was given up, and begun anew.

use std::time::Duration;

use actix_web::{Either, HttpRequest};
use serde_json::Value;

use super::job::{Job, JobId};
use super::store::{self, JobFilter};
use crate::access::{Caller, Permission};
use crate::http::gate::Chosen;
use crate::http::page::Paging;
use crate::http::stream::{self, DocumentOrStream, Said, Source};
use crate::http::{Access, Answer, App, Endpoint, Path, Problem, Query, Reply};
use crate::journal::Unit;

crate::page!(JobPage of Job);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_jobs: Access::Needs(Permission::JobsRead) => sorted(store::SORTS, "-created_at"),
        get_job: Access::Needs(Permission::JobsRead) => streamed,
        cancel_job: Access::Needs(Permission::JobsManage),
        retry_job: Access::Needs(Permission::JobsManage),
    ]
}

/// List jobs.
///
/// What Touchbase does in the background: what waits, what runs, what is done, and, with `status_in=failed`, what was given up. Kept 30 days after its end.
#[utoipa::path(get, path = "/v1/jobs", operation_id = "list_jobs", tag = "jobs", params(JobFilter, Paging),
    responses((status = 200, description = "A page of jobs", body = JobPage)))]
async fn list_jobs(app: App, caller: Caller, filter: Query<JobFilter>, paging: Paging) -> Answer<JobPage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), caller.organization, &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Read a job.
///
/// With `Accept: text/event-stream` the job comes again whenever it has come further, until its end.
#[utoipa::path(get, path = "/v1/jobs/{id}", operation_id = "get_job", tag = "jobs",
    responses((status = 200, description = "The job", body = Job)))]
async fn get_job(
    app: App,
    caller: Caller,
    id: Path<JobId>,
    chosen: Chosen,
    request: HttpRequest,
) -> DocumentOrStream<Job> {
    let job = store::find(&mut app.read(), caller.organization, *id).await?;
    let job = job.ok_or_else(Problem::not_found)?;
    if chosen.0 == stream::KIND {
        let progress = Progress {
            app: app.clone(),
            id: *id,
            told: None,
        };
        let access = Access::Needs(Permission::JobsRead);
        return stream::answer(&app, &request, &caller, access, progress).map(Either::Right);
    }
    Ok(Either::Left(Reply::ok(job)))
}

/// How often a stream looks how far its job has come: a job has no revision that would tell.
const LOOK: Duration = Duration::from_secs(1);

/// How far a job has come, told until its end.
struct Progress {
    app: App,
    id: JobId,
    told: Option<Value>,
}

impl Source for Progress {
    async fn wait(&mut self) {
        tokio::time::sleep(LOOK).await;
    }

    async fn read(&mut self, caller: &Caller) -> Result<Said, Problem> {
        let mut said = Said::default();
        let job = store::find(&mut self.app.read(), caller.organization, self.id).await?;
        let job = job.ok_or_else(Problem::not_found)?;
        let shown = serde_json::to_value(&job).map_err(|error| Problem::internal(&error))?;
        if self.told.as_ref() != Some(&shown) {
            said.event(None, None, &shown)?;
            self.told = Some(shown);
        }
        said.last = !job.open();
        Ok(said)
    }
}

/// Cancel a job.
///
/// One that waits is not begun; what one that runs has in hand is rolled back, and what it has brought to an end stays: to undo an import again goes on with an undoing that was canceled. A message that the mail server has taken by then stays sent.
#[utoipa::path(post, path = "/v1/jobs/{id}/cancel", operation_id = "cancel_job", tag = "jobs",
    responses((status = 200, description = "The job as it is now", body = Job)))]
async fn cancel_job(app: App, caller: Caller, id: Path<JobId>) -> Answer<Job> {
    let mut unit = app.write(&caller).await?;
    let job = found(&mut unit, *id).await?;
    let canceled = job.clone().cancel(unit.now())?;
    decided(unit, &job, canceled, "canceled").await
}

/// Try a failed job again.
///
/// At once, and with all its attempts. Not what is taken back: an import that somebody has asked to undo does not go on.
#[utoipa::path(post, path = "/v1/jobs/{id}/retry", operation_id = "retry_job", tag = "jobs",
    responses((status = 200, description = "The job as it is now", body = Job)))]
async fn retry_job(app: App, caller: Caller, id: Path<JobId>) -> Answer<Job> {
    let mut unit = app.write(&caller).await?;
    let job = found(&mut unit, *id).await?;
    let queued = job.clone().retry(unit.now())?;
    decided(unit, &job, queued, "retried").await
}

async fn found(unit: &mut Unit, id: JobId) -> Result<Job, Problem> {
    let organization = unit.organization();
    let job = store::find(unit, organization, id).await?;
    job.ok_or_else(Problem::not_found)
}

async fn decided(mut unit: Unit, before: &Job, after: Job, verb: &'static str) -> Answer<Job> {
    super::decided(&mut unit, before, &after, verb).await?;
    unit.answer(Reply::ok(after)).await
}
