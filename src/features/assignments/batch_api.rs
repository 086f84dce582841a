//! Speaks: bulk assignments.

use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::api::{faults, problem};
use super::assigning::{AssignmentItem, Objection};
use super::assignment::{Assignment, AssignmentId, AssignmentInput};
use super::batch::{AssignmentBatch, BatchId};
use super::store;
use super::undoing::{self, KeptAssignment, Undone};
use crate::access::{Caller, Permission};
use crate::http::page::Paging;
use crate::http::{
    Access, Answer, App, Bulk, BulkMode, Endpoint, Fault, Path, Problem, ProblemBody, Reply, body, bulk,
};
use crate::journal::{Change, Unit};

crate::page!(AssignmentBatchPage of AssignmentBatch);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        bulk_assignments: Access::Needs(Permission::AssignmentsManage) => bulk,
        list_assignment_batches: Access::Needs(Permission::AssignmentsRead) => sorted(store::BATCH_SORTS, "-created_at"),
        get_assignment_batch: Access::Needs(Permission::AssignmentsRead),
        revert_assignment_batch: Access::Needs(Permission::AssignmentsManage),
    ]
}

/// Who is to call whom, many at once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes the body; each item is read by itself")]
pub struct BulkAssignments {
    #[schema(min_items = 1, max_items = 10_000)]
    pub items: Vec<AssignmentItem>,
    /// `atomic` when it is not said.
    pub mode: Option<BulkMode>,
}

/// The same as text: an item a line, or a header and an item a row.
pub struct AssignmentLines;

impl utoipa::PartialSchema for AssignmentLines {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{ObjectBuilder, schema::Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(100_000_000))
            .description(Some("The same as text: an item a line, or a header and an item a row."))
            .into()
    }
}

impl ToSchema for AssignmentLines {}

/// For bodies that have no place for it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query, which `Bulk` reads")]
pub struct BulkQuery {
    /// What becomes of the good items when others are bad; `atomic` when it is not said.
    pub mode: Option<BulkMode>,
}

crate::words! {
    /// What became of an item.
    pub enum ItemStatus {
        Created = "created",
        Failed = "failed",
    }
}

/// What became of an item.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssignmentResult {
    /// Its place in the request, from 0.
    #[schema(minimum = 0, maximum = 9_999)]
    pub index: usize,
    pub status: ItemStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignment_id: Option<AssignmentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemBody>,
}

/// What became of a bulk assignment.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssignmentResults {
    /// Look at it, or undo it, at `/v1/assignment-batches/{id}`; null when nothing was made.
    pub batch_id: Option<BatchId>,
    #[schema(minimum = 0, maximum = 10_000)]
    pub created: usize,
    #[schema(minimum = 0, maximum = 10_000)]
    pub failed: usize,
    /// In the order of the items.
    #[schema(max_items = 10_000)]
    pub results: Vec<AssignmentResult>,
}

/// What an undoing did.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevertedBatch {
    pub batch: AssignmentBatch,
    /// How many assignments are canceled by it.
    #[schema(minimum = 0, maximum = 10_000)]
    pub reverted: usize,
    #[schema(max_items = 10_000)]
    pub kept: Vec<KeptAssignment>,
}

type Decided = Result<AssignmentInput, Refused>;

/// What is against an item.
enum Refused {
    Unread(Vec<Fault>),
    Objected(Vec<Objection>),
}

impl Refused {
    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Unread(faults) => faults.clone(),
            Self::Objected(objections) => faults("", objections),
        }
    }

    fn problem(self, at: usize) -> ProblemBody {
        let pointer = format!("/items/{at}");
        match self {
            Self::Unread(faults) => Problem::invalid(body::within(&pointer, faults)).body(),
            Self::Objected(objections) => problem(&pointer, objections).body(),
        }
    }
}

/// Assign many customers at once.
///
/// Up to 10,000 pairs as JSON, as NDJSON (an item a line) or as CSV (a header with the same names; a blank cell says nothing). By default all or nothing: 422 points at every item that cannot be done. With `mode=partial` each item for itself: 207 with a result per item. The whole can be undone at `/v1/assignment-batches/{id}/revert`.
#[utoipa::path(post, path = "/v1/assignments/bulk", operation_id = "bulk_assignments", tag = "assignments", params(BulkQuery),
    request_body(content(
        (BulkAssignments = "application/json", example = json!({"items": [{"customer_external_id": "ALFKI", "assignee_email": "nancy@northwind.test", "due_on": "2026-12-01"}]})),
        (AssignmentLines = "application/x-ndjson", example = json!("{\"customer_external_id\": \"ALFKI\", \"assignee_email\": \"nancy@northwind.test\"}\n")),
        (AssignmentLines = "text/csv", example = json!("customer_external_id,assignee_email,due_on\nALFKI,nancy@northwind.test,2026-12-01\n")))),
    responses((status = 201, description = "All were made", body = AssignmentResults), (status = 207, description = "What became of each", body = AssignmentResults)))]
async fn bulk_assignments(app: App, caller: Caller, wanted: Bulk<AssignmentItem>) -> Answer<AssignmentResults> {
    let mut unit = app.write_long(&caller).await?;
    let mode = wanted.mode;
    let decided = decide(&mut unit, &caller, wanted.items).await?;
    let status = match mode {
        BulkMode::Atomic if decided.iter().any(Result::is_err) => {
            let refused = decided.iter().enumerate();
            return Err(bulk::refused(refused.filter_map(|(at, decided)| {
                decided.as_ref().err().map(|refused| (at, refused.faults()))
            })));
        }
        BulkMode::Atomic => StatusCode::CREATED,
        BulkMode::Partial => StatusCode::MULTI_STATUS,
    };
    let results = make(&mut unit, &caller, decided).await?;
    let location = results.batch_id.map(|id| format!("/v1/assignment-batches/{id}"));
    let mut reply = Reply::status(status, results);
    if let Some(location) = location {
        reply = reply.location(location);
    }
    unit.answer(reply).await
}

async fn decide(
    unit: &mut Unit,
    caller: &Caller,
    items: Vec<Result<AssignmentItem, Vec<Fault>>>,
) -> Result<Vec<Decided>, Problem> {
    let read = items.iter().filter_map(|item| item.as_ref().ok());
    let mut known = store::known(unit, &caller.scope(), read).await?;
    let now = unit.now();
    Ok(items
        .into_iter()
        .enumerate()
        .map(|(at, item)| match item {
            Ok(item) => known.decide(at, item, now).map_err(Refused::Objected),
            Err(faults) => Err(Refused::Unread(faults)),
        })
        .collect())
}

async fn make(unit: &mut Unit, caller: &Caller, decided: Vec<Decided>) -> Result<AssignmentResults, Problem> {
    let (now, batch_id): (_, BatchId) = (unit.now(), unit.new_id());
    let mut changes = Vec::with_capacity(decided.len());
    let mut results = Vec::with_capacity(decided.len());
    for (index, decided) in decided.into_iter().enumerate() {
        let mut result = AssignmentResult {
            index,
            status: ItemStatus::Created,
            assignment_id: None,
            problem: None,
        };
        match decided {
            Ok(input) => {
                let id = unit.new_id();
                let mut assignment = Assignment::new(id, input, now);
                assignment.batch_id = Some(batch_id);
                changes.push(Change::created(assignment));
                result.assignment_id = Some(id);
            }
            Err(refused) => {
                result.status = ItemStatus::Failed;
                result.problem = Some(refused.problem(index));
            }
        }
        results.push(result);
    }
    let (created, failed) = (changes.len(), results.len() - changes.len());
    if created > 0 {
        let batch = AssignmentBatch::new(batch_id, caller.user, count(created), count(failed), now);
        unit.save(Change::created(batch)).await?;
        unit.save_all(changes).await?;
    }
    Ok(AssignmentResults {
        batch_id: (created > 0).then_some(batch_id),
        created,
        failed,
        results,
    })
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

/// List bulk assignments.
#[utoipa::path(get, path = "/v1/assignment-batches", operation_id = "list_assignment_batches", tag = "assignments", params(Paging),
    responses((status = 200, description = "A page of bulk assignments", body = AssignmentBatchPage)))]
async fn list_assignment_batches(app: App, caller: Caller, paging: Paging) -> Answer<AssignmentBatchPage> {
    let window = paging.window(&app, &caller, store::BATCH_SORTS)?;
    let listed = store::list_batches(&mut app.read(), &caller.scope(), &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Read a bulk assignment.
#[utoipa::path(get, path = "/v1/assignment-batches/{id}", operation_id = "get_assignment_batch", tag = "assignments",
    responses((status = 200, description = "The bulk assignment", body = AssignmentBatch)))]
async fn get_assignment_batch(app: App, caller: Caller, id: Path<BatchId>) -> Answer<AssignmentBatch> {
    let batch = store::find_batch(&mut app.read(), &caller.scope(), *id).await?;
    Ok(Reply::record(batch.ok_or_else(Problem::not_found)?))
}

/// Undo a bulk assignment.
///
/// Cancels what it made, as far as nobody has called yet and it is still open; tells what was kept, and why. A second time changes nothing.
#[utoipa::path(post, path = "/v1/assignment-batches/{id}/revert", operation_id = "revert_assignment_batch", tag = "assignments",
    responses((status = 200, description = "What was undone and what was kept", body = RevertedBatch)))]
async fn revert_assignment_batch(app: App, caller: Caller, id: Path<BatchId>) -> Answer<RevertedBatch> {
    let mut unit = app.write_long(&caller).await?;
    let batch = store::find_batch(&mut unit, &caller.scope(), *id).await?;
    let batch = batch.ok_or_else(Problem::not_found)?;
    let Undone { batch, reverted, kept } = undoing::revert(&mut unit, &caller.scope(), batch).await?;
    let revision = batch.revision;
    let answer = RevertedBatch { batch, reverted, kept };
    unit.answer(Reply::status(StatusCode::OK, answer).revision(revision))
        .await
}
