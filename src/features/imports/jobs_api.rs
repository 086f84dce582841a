//! Speaks: imports in the background.

use actix_web::http::StatusCode;
use serde::Deserialize;
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::api::ImportQuery;
use super::columns::ImportTarget;
use super::file::ImportFormat;
use super::import::{Asked, Import, ImportFault, ImportUndone};
use super::job_store::{self, ImportFaultFilter};
use super::run;
use super::source::CHUNK;
use super::undoing::{AskedBack, OF_USERS, UNDO};
use super::working::IMPORT;
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::http::page::Paging;
use crate::http::query::List;
use crate::http::{Access, Answer, App, Arrived, Arriving, Endpoint, Path, Problem, Query, Reply, export};
use crate::jobs::{self, Job, JobId, Status, store::JobFilter};
use crate::journal::Unit;
use crate::refusal::Refusal;

crate::page!(ImportPage of Import);
crate::page!(ImportFaultPage of ImportFault);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_imports: Access::Needs(Permission::ImportsManage) => sorted(jobs::store::SORTS, "-created_at"),
        create_import: Access::Needs(Permission::ImportsManage) => taken_in,
        get_import: Access::Needs(Permission::ImportsManage),
        list_import_errors: Access::Needs(Permission::ImportsManage) => sorted(job_store::FAULT_SORTS, "number"),
        cancel_import: Access::Needs(Permission::ImportsManage),
        undo_import: Access::Needs(Permission::ImportsManage),
    ]
}

/// What the rows of a file are.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TargetQuery {
    /// What the rows are. Required, here or as a field of the form.
    #[param(inline)]
    pub target: Option<ImportTarget>,
}

/// A file as text.
pub struct ImportFile;

impl PartialSchema for ImportFile {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(1 << 30))
            .description(Some(
                "A file in UTF-8: CSV whose first row names the columns, or a JSON object a line.",
            ))
            .into()
    }
}

impl ToSchema for ImportFile {}

/// A form with the file, and the query's parameters as fields.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the body, which is read as it arrives")]
pub struct ImportForm {
    /// The file: `text/csv` or `application/x-ndjson`.
    #[schema(value_type = String, format = Binary, max_length = 1_073_741_824)]
    file: Vec<u8>,
    target: Option<ImportTarget>,
    dry_run: Option<bool>,
    /// What columns mean, as JSON.
    #[schema(max_length = 4_000)]
    mapping: Option<String>,
    #[schema(min_length = 3, max_length = 3)]
    currency: Option<String>,
    date_order: Option<super::cells::DateOrder>,
}

/// Which imports are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportFilter {
    /// States, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<Status>>, max_items = 6)]
    pub status_in: Option<List<Status>>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

/// Import a file in the background.
///
/// A CSV file, JSON lines, or a form with either as `file`; a million rows and more. Customers, contacts, users and signals are read as `/v1/customers/import` and its kin read them, with the same parameters. The file is taken in as it arrives, for as long as it does; the answer comes when it is there, and the work begins. `/v1/jobs/{id}` and `/v1/imports/{id}` tell how far it has come, in bytes and rows, and when it will be done.
/// Good rows are in, portion by portion, each once, whatever happens to the server meanwhile; bad ones are told at `/v1/imports/{id}/errors`.
#[utoipa::path(post, path = "/v1/imports", operation_id = "create_import", tag = "imports", params(TargetQuery, ImportQuery),
    request_body(content(
        (ImportFile = "text/csv", example = json!("external_id,name\nALFKI,Alfreds Futterkiste\n")),
        (ImportFile = "application/x-ndjson", example = json!("{\"external_id\": \"ALFKI\", \"name\": \"Alfreds Futterkiste\"}\n")),
        (ImportForm = "multipart/form-data", example = json!({"file": "external_id,name\nALFKI,Alfreds Futterkiste\n", "target": "customers"})))),
    responses((status = 202, description = "It is there and will be imported", body = Import)))]
async fn create_import(app: App, mut caller: Caller, arriving: Arriving) -> Answer<Import> {
    let (organization, id) = (caller.organization, JobId(app.clock.id()));
    let (mut number, mut start) = (0, Vec::new());
    let keep = async |piece: Vec<u8>| {
        if number == 0 {
            start = piece.get(..64 << 10).unwrap_or(&piece).to_vec();
        }
        job_store::keep_chunk(&app.db, (organization, id), number, piece, app.clock.now()).await?;
        number += 1;
        Ok(())
    };
    let answer = match arriving.take_in(&mut caller, CHUNK, keep).await {
        Ok(arrived) => begin(&app, &caller, id, &arrived, start).await,
        Err(problem) => Err(problem),
    };
    if answer.is_err() {
        // Where this fails, they go within a day.
        let _ = job_store::discard(&app.db, organization, id).await;
    }
    answer
}

/// Asks for the work, once the file is there and can be one.
async fn begin(app: &App, caller: &Caller, id: JobId, arrived: &Arrived, start: Vec<u8>) -> Answer<Import> {
    let target = arrived.parameters::<TargetQuery>()?.target.ok_or_else(|| {
        let known: Vec<&str> = ImportTarget::ALL.iter().map(|target| target.as_str()).collect();
        let detail = format!("Say what the rows are: {}.", known.join(", "));
        Problem::fault("target", "required", detail)
    })?;
    caller.needs(target.permission())?;
    let format = match arrived.kind.as_str() {
        export::NDJSON => ImportFormat::Ndjson,
        _ => ImportFormat::Csv,
    };
    let order = arrived.parameters::<ImportQuery>()?.order(target, format)?;
    if format == ImportFormat::Csv {
        let headers = run::head(Box::new(std::io::Cursor::new(start)), format)?.layout.headers;
        run::required(&run::recognised(&order, &headers)?, &headers)?;
    }
    let actor = caller.actor();
    let asked = Asked {
        target,
        format,
        dry_run: order.dry_run,
        mapping: order.mapping,
        currency: order.currency,
        date_order: order.date_order,
        actor_kind: actor.kind,
        actor_id: actor.id,
        client: caller.origin.client.clone(),
        request_id: caller.origin.request_id,
    };
    let length = i64::try_from(arrived.length).unwrap_or(i64::MAX);
    let new = IMPORT.with(&asked).map_err(|error| Problem::internal(&error))?;
    let mut unit = app.write(caller).await?;
    unit.enqueue(new.identified(id).sized(length)).await?;
    unit.mention("import", id, "created", ("target", &None::<ImportTarget>, &target))?;
    let import = found(&mut unit, id).await?.1;
    let reply = Reply::status(StatusCode::ACCEPTED, import).location(format!("/v1/jobs/{id}"));
    unit.answer(reply).await
}

fn shown(job: Job) -> Result<Import, Problem> {
    Import::try_from(job).map_err(|error| Problem::internal(&error))
}

/// The import in the unit, as its job and as it is shown.
async fn found(unit: &mut Unit, id: JobId) -> Result<(Job, Import), Problem> {
    let organization = unit.organization();
    let job = jobs::store::find(unit, organization, id).await?;
    let job = job
        .filter(|job| job.kind == IMPORT.name)
        .ok_or_else(Problem::not_found)?;
    Ok((job.clone(), shown(job)?))
}

/// List imports.
///
/// Those in the background, for 30 days after their end.
#[utoipa::path(get, path = "/v1/imports", operation_id = "list_imports", tag = "imports", params(ImportFilter, Paging),
    responses((status = 200, description = "A page of imports", body = ImportPage)))]
async fn list_imports(app: App, caller: Caller, filter: Query<ImportFilter>, paging: Paging) -> Answer<ImportPage> {
    let window = paging.window(&app, &caller, jobs::store::SORTS)?;
    let filter = filter.0;
    let filter = JobFilter {
        kind: Some(IMPORT.name.to_owned()),
        status_in: filter.status_in,
        created_at_gte: filter.created_at_gte,
        created_at_lt: filter.created_at_lt,
        updated_at_gte: filter.updated_at_gte,
        updated_at_lt: filter.updated_at_lt,
        ..JobFilter::default()
    };
    let listed = jobs::store::list(&mut app.read(), caller.organization, &filter, &window).await?;
    let page = paging.close(&app, &caller, listed).try_map(shown)?;
    Ok(Reply::ok(page.into()))
}

/// Read an import.
#[utoipa::path(get, path = "/v1/imports/{id}", operation_id = "get_import", tag = "imports",
    responses((status = 200, description = "The import", body = Import)))]
async fn get_import(app: App, caller: Caller, id: Path<JobId>) -> Answer<Import> {
    let job = jobs::store::find(&mut app.read(), caller.organization, *id).await?;
    let job = job
        .filter(|job| job.kind == IMPORT.name)
        .ok_or_else(Problem::not_found)?;
    Ok(Reply::ok(shown(job)?))
}

/// List what is wrong with an import's rows.
///
/// Rows that were left out (`error`), what was left out of others (`warning`), and what an undoing left as it is (`kept`); the first 10,000, 1,000 and 10,000 of them. As CSV and NDJSON, too, with what stands in each cell.
#[utoipa::path(get, path = "/v1/imports/{id}/errors", operation_id = "list_import_errors", tag = "imports", params(ImportFaultFilter, Paging),
    responses((status = 200, description = "A page of faults", body = ImportFaultPage)))]
async fn list_import_errors(
    app: App,
    caller: Caller,
    id: Path<JobId>,
    filter: Query<ImportFaultFilter>,
    paging: Paging,
) -> Answer<ImportFaultPage> {
    let window = paging.window(&app, &caller, job_store::FAULT_SORTS)?;
    let mut read = app.read();
    let job = jobs::store::find(&mut read, caller.organization, *id).await?;
    let job = job
        .filter(|job| job.kind == IMPORT.name)
        .ok_or_else(Problem::not_found)?;
    caller.needs(shown(job)?.target.permission())?;
    let listed = job_store::faults(&mut read, caller.organization, *id, &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Cancel an import.
///
/// One that waits is not begun. Of one that runs, what is in by then stays in: at most a portion that is under way is rolled back. `undo` takes the rest back.
#[utoipa::path(post, path = "/v1/imports/{id}/cancel", operation_id = "cancel_import", tag = "imports",
    responses((status = 200, description = "The import as it is now", body = Import)))]
async fn cancel_import(app: App, caller: Caller, id: Path<JobId>) -> Answer<Import> {
    let mut unit = app.write(&caller).await?;
    let (job, import) = found(&mut unit, *id).await?;
    caller.needs(import.target.permission())?;
    let canceled = job.clone().cancel(unit.now())?;
    jobs::decided(&mut unit, &job, &canceled, "canceled").await?;
    unit.answer(Reply::ok(shown(canceled)?)).await
}

/// Undo an import.
///
/// In the background, for it may have written a million records: `/v1/jobs/{id}` of `Location` tells how far that has come, and the import is `reverted` in the end. What it created goes (assignments are canceled, users deactivated); what it changed is as it was; what somebody has changed or used since stays as it is, and `errors` lists it as `kept`. Asked for again, an undoing that was canceled or given up goes on where it was; another changes nothing.
#[utoipa::path(post, path = "/v1/imports/{id}/undo", operation_id = "undo_import", tag = "imports",
    responses((status = 202, description = "It will be taken back", body = Import)))]
async fn undo_import(app: App, caller: Caller, id: Path<JobId>) -> Answer<Import> {
    let mut unit = app.write(&caller).await?;
    let (job, import) = found(&mut unit, *id).await?;
    caller.needs(import.target.permission())?;
    if import.target == ImportTarget::Users {
        caller.needs(OF_USERS)?;
    }
    if job.open() {
        return Err(Refusal::state(format!("The import is {}. Cancel it first.", job.status)).into());
    }
    let Some(mut outcome) = import.outcome.clone().filter(|_| !import.dry_run) else {
        return Err(Refusal::state("The import has written nothing.").into());
    };
    let (client, request) = (caller.origin.client.clone(), caller.origin.request_id);
    let asked = AskedBack::by(*id, caller.actor(), client, request);
    let new = UNDO.with(&asked).map_err(|error| Problem::internal(&error))?;
    let (organization, now, key) = (unit.organization(), unit.now(), id.to_string());
    let undo = match jobs::store::of_key(&mut unit, organization, UNDO, &key).await? {
        // One that was canceled or given up goes on where it was.
        Some(undo) => {
            let resumed = undo.clone().resume(new.payload().clone(), now);
            jobs::decided(&mut unit, &undo, &resumed, "resumed").await?;
            undo.id
        }
        None => {
            let undo = unit.new_id();
            unit.enqueue(new.identified(undo).keyed(key)).await?;
            unit.mention("import", *id, "undo_asked", ("undo_job_id", &None::<JobId>, &undo))?;
            undo
        }
    };
    if outcome.undone.is_none() {
        outcome.undone = Some(ImportUndone::asked(undo));
        let result = serde_json::to_value(&outcome).map_err(|error| Problem::internal(&error))?;
        if !jobs::store::amend(&mut unit, organization, *id, job.status, &result, now).await? {
            return Err(Refusal::state("The import goes on. Cancel it first.").into());
        }
    }
    let import = found(&mut unit, *id).await?.1;
    let reply = Reply::status(StatusCode::ACCEPTED, import).location(format!("/v1/jobs/{undo}"));
    unit.answer(reply).await
}
