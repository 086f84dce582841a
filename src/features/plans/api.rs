//! Speaks: plans.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::committing;
use super::gathering::{self, Asked, Gathered, MOST_CALLS};
use super::options::PlanOptions;
use super::plan::{Plan, PlanCall, PlanId, PlanLeftOut};
use super::planner::{self, LIMIT, Proposal};
use super::proposing;
use super::store::{self, PlanCallFilter, PlanFilter, PlanLeftOutFilter};
use crate::access::{Caller, Permission};
use crate::features::assignments::{self, undoing};
use crate::features::customers::customer::CustomerId;
use crate::features::programs::{self, program::ProgramId};
use crate::features::segments::segment::SegmentKey;
use crate::http::page::Paging;
use crate::http::{Access, Answer, App, Endpoint, Fault, Json, Path, Problem, Query, Reply};
use crate::id::UserId;
use crate::journal::Change;
use crate::refusal::{Code, Refusal};

crate::page!(PlanPage of Plan);
crate::page!(PlanCallPage of PlanCall);
crate::page!(PlanLeftOutPage of PlanLeftOut);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        create_plan: Access::Needs(Permission::AssignmentsManage),
        list_plans: Access::Needs(Permission::AssignmentsRead) => sorted(store::SORTS, "-created_at"),
        get_plan: Access::Needs(Permission::AssignmentsRead),
        list_plan_calls: Access::Needs(Permission::AssignmentsRead) => sorted(store::CALL_SORTS, "position"),
        list_plan_left_out: Access::Needs(Permission::AssignmentsRead) => sorted(store::LEFT_OUT_SORTS, "position"),
        commit_plan: Access::Needs(Permission::AssignmentsManage),
        revert_plan: Access::Needs(Permission::AssignmentsManage),
    ]
}

/// What is to be planned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlan {
    /// Whom to call: segments by their word or id, the first before the others. The program's, when neither these nor customers are named.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub segments: Option<Vec<SegmentKey>>,
    /// Whom to call, one by one.
    #[serde(default)]
    #[schema(max_items = 10_000)]
    pub customer_ids: Option<Vec<CustomerId>>,
    /// Who is to call: participants of the program. All of them, when nobody is named.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 1000)]
    pub executives: Option<Vec<UserId>>,
    /// The first day, on each executive's own calendar.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    #[serde(default)]
    pub options: PlanOptions,
}

/// How a plan is committed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommitPlan {
    /// All or nothing: where the ground of one call has changed meanwhile, nothing is assigned.
    #[serde(default)]
    pub strict: bool,
}

/// What taking back did.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevertedPlan {
    pub plan: Plan,
    /// What stayed, because somebody had called or it was closed.
    #[schema(max_items = 10_000)]
    pub kept: Vec<undoing::KeptAssignment>,
}

/// One plan is worked out at a time, so that other requests are answered meanwhile.
static WORKING: Semaphore = Semaphore::const_new(1);
/// How long the next one waits for that.
const PATIENCE: Duration = Duration::from_secs(60);

/// Plan a program's calls.
///
/// Proposes who calls whom and when, and keeps the proposal; nothing is assigned before it is committed. Within the quotas, in hours that executive and customer share on that day, never by the customer's own account manager, nobody too often, nobody whom somebody has in hand; the rest is weighed, as the options say. The plan tells what it is worth and what no plan could be worth more than. `GET /v1/plans/{id}/calls` lists the calls, each with its reason, and `GET /v1/plans/{id}/left-out` whom it left out and why. The same question under the same circumstances has the same plan.
#[utoipa::path(post, path = "/v1/programs/{id}/plans", operation_id = "create_plan", tag = "plans",
    request_body(content = NewPlan, example = json!({"segments": ["overdue", "biggest_billers"], "from": "2026-12-01", "to": "2026-12-04", "options": {"relationship": "rotate"}})),
    responses((status = 201, description = "The proposal", body = Plan)))]
async fn create_plan(app: App, caller: Caller, id: Path<ProgramId>, new: Json<NewPlan>) -> Answer<Plan> {
    let program = programs::store::find(&mut app.read(), &caller.scope(), *id).await?;
    let program = program.ok_or_else(Problem::not_found)?;
    program.takes_assignments()?;
    let new = new.0;
    let customers = new.customer_ids.unwrap_or_default();
    let segments = match new.segments {
        Some(segments) => segments,
        None if customers.is_empty() => program.fields.segments.0.clone(),
        None => Vec::new(),
    };
    if segments.is_empty() && customers.is_empty() {
        let detail = "Say whom to call, by `segments` or `customer_ids`: the program has no segments of its own.";
        return Err(Problem::fault("/segments", "required", detail));
    }
    let asked = Asked {
        program,
        segments: segments.clone(),
        customers,
        executives: new.executives,
        from: new.from,
        to: new.to,
        options: new.options,
    };
    let gathered = Arc::new(gathering::gather(&app, &caller, asked).await?);
    let proposal = worked_out(gathered.clone()).await?;
    let ids: Vec<CustomerId> = proposal
        .calls
        .iter()
        .filter_map(|call| gathered.situation.customers.get(call.customer))
        .map(|customer| customer.id)
        .collect();
    let reasons: BTreeMap<CustomerId, String> = gathered.reasons(&mut app.read(), &caller, &ids).await?;
    let mut unit = app.write_long(&caller).await?;
    let (plan_id, now) = (unit.new_id(), unit.now());
    let situation = &gathered.situation;
    let plan = proposing::plan(plan_id, *id, caller.user, segments, situation, &proposal, now);
    let calls = proposing::calls(situation, &proposal, &reasons, || unit.new_id());
    let left_out = proposing::left_out(situation, &proposal, || unit.new_id());
    let plan = unit.save(Change::created(plan)).await?;
    store::save_calls(&mut unit, &caller.scope(), plan_id, &calls).await?;
    store::save_left_out(&mut unit, &caller.scope(), plan_id, &left_out).await?;
    unit.answer(Reply::created("/v1/plans", plan)).await
}

/// Works the plan out on a thread of its own, one at a time.
async fn worked_out(gathered: Arc<Gathered>) -> Result<Proposal, Problem> {
    let busy = || {
        let detail = "Other plans are being worked out. Nothing was written; ask again in a moment.";
        Problem::new(Code::Unavailable, detail).retry_after(10)
    };
    let turn = tokio::time::timeout(PATIENCE, WORKING.acquire()).await;
    let turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
    let work = tokio::task::spawn_blocking(move || {
        // Held by the work itself: it goes on when the client does not wait for it.
        let _turn = turn;
        planner::plan(&gathered.situation, LIMIT)
    });
    let proposal = work.await.map_err(|error| Problem::internal(&error))?;
    if i64::try_from(proposal.calls.len()).is_ok_and(|calls| calls > MOST_CALLS) {
        let detail = format!(
            "The plan would have {} calls, more than {MOST_CALLS}. Take fewer days or executives.",
            proposal.calls.len()
        );
        return Err(Problem::fault("", "too_large", detail));
    }
    Ok(proposal)
}

/// List plans.
///
/// The latest first.
#[utoipa::path(get, path = "/v1/plans", operation_id = "list_plans", tag = "plans", params(PlanFilter, Paging),
    responses((status = 200, description = "A page of plans", body = PlanPage)))]
async fn list_plans(app: App, caller: Caller, filter: Query<PlanFilter>, paging: Paging) -> Answer<PlanPage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Read a plan.
///
/// What was asked for, how good the plan is, what became of it.
#[utoipa::path(get, path = "/v1/plans/{id}", operation_id = "get_plan", tag = "plans",
    responses((status = 200, description = "The plan", body = Plan)))]
async fn get_plan(app: App, caller: Caller, id: Path<PlanId>) -> Answer<Plan> {
    Ok(Reply::record(found(&mut app.read(), &caller, *id).await?))
}

/// List the calls of a plan.
///
/// By day, executive and time, each with both clocks and the reason.
#[utoipa::path(get, path = "/v1/plans/{id}/calls", operation_id = "list_plan_calls", tag = "plans", params(PlanCallFilter, Paging),
    responses((status = 200, description = "A page of calls", body = PlanCallPage)))]
async fn list_plan_calls(
    app: App,
    caller: Caller,
    id: Path<PlanId>,
    filter: Query<PlanCallFilter>,
    paging: Paging,
) -> Answer<PlanCallPage> {
    let mut read = app.read();
    let plan = found(&mut read, &caller, *id).await?;
    let window = paging.window(&app, &caller, store::CALL_SORTS)?;
    let listed = store::list_calls(&mut read, &caller.scope(), plan.id, &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// List whom a plan left out.
///
/// Each with one reason, as a word and as a sentence.
#[utoipa::path(get, path = "/v1/plans/{id}/left-out", operation_id = "list_plan_left_out", tag = "plans", params(PlanLeftOutFilter, Paging),
    responses((status = 200, description = "A page of customers", body = PlanLeftOutPage)))]
async fn list_plan_left_out(
    app: App,
    caller: Caller,
    id: Path<PlanId>,
    filter: Query<PlanLeftOutFilter>,
    paging: Paging,
) -> Answer<PlanLeftOutPage> {
    let mut read = app.read();
    let plan = found(&mut read, &caller, *id).await?;
    let window = paging.window(&app, &caller, store::LEFT_OUT_SORTS)?;
    let listed = store::list_left_out(&mut read, &caller.scope(), plan.id, &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Commit a plan.
///
/// Makes an assignment of every call, in one go. Calls whose ground has changed since are left out and say why: somebody else has the customer, it must not be contacted any more, somebody has spoken with it, the executive is away or has their quota full. With `strict` nothing is assigned in that case. What it made is a bulk assignment, too.
#[utoipa::path(post, path = "/v1/plans/{id}/commit", operation_id = "commit_plan", tag = "plans", request_body = CommitPlan,
    responses((status = 200, description = "The plan, committed", body = Plan)))]
async fn commit_plan(app: App, caller: Caller, id: Path<PlanId>, how: Json<CommitPlan>) -> Answer<Plan> {
    let (mut unit, scope) = (app.write_long(&caller).await?, caller.scope());
    let plan = found(&mut unit, &caller, *id).await?;
    // What cannot be committed is not worked through.
    plan.clone().commit(uuid::Uuid::nil().into(), 0, 0, unit.now())?;
    let program = programs::store::find(&mut unit, &scope, plan.program_id).await?;
    let program = program.ok_or_else(Problem::not_found)?;
    program.takes_assignments()?;
    let calls = store::calls(&mut unit, &scope, plan.id).await?;
    let done = committing::commit(&mut unit, &scope, &plan, &program, caller.user, calls).await?;
    if how.0.strict && done.skipped > 0 {
        return Err(outdated(&done.calls, done.skipped));
    }
    let change = plan.commit(done.batch_id, done.made, done.skipped, unit.now())?;
    let plan = unit.save(change).await?;
    store::save_calls(&mut unit, &scope, plan.id, &done.calls).await?;
    unit.answer(Reply::record(plan)).await
}

/// Not all calls can be made as planned; the first hundred of those say why.
fn outdated(calls: &[PlanCall], skipped: i64) -> Problem {
    let faults = calls.iter().filter_map(|call| {
        let (code, detail) = (call.skip_code.clone()?, call.skip_detail.clone()?);
        Some(Fault::new(format!("/calls/{}", call.position), code, detail))
    });
    let detail = format!(
        "The ground of {skipped} of the plan's calls has changed. Make a new plan, or commit without `strict`."
    );
    Problem::new(Code::PlanOutdated, detail).with_faults(faults.take(100).collect())
}

/// Take a plan back.
///
/// Cancels the assignments that it made, as far as nobody has called yet and they are still open; tells what was kept, and why. A second time changes nothing.
#[utoipa::path(post, path = "/v1/plans/{id}/revert", operation_id = "revert_plan", tag = "plans",
    responses((status = 200, description = "What was taken back and what was kept", body = RevertedPlan)))]
async fn revert_plan(app: App, caller: Caller, id: Path<PlanId>) -> Answer<RevertedPlan> {
    let (mut unit, scope) = (app.write_long(&caller).await?, caller.scope());
    let plan = found(&mut unit, &caller, *id).await?;
    plan.clone().revert(0, 0, unit.now())?;
    let (mut reverted, mut kept) = (0, Vec::new());
    if let Some(id) = plan.batch_id {
        let batch = assignments::store::find_batch(&mut unit, &scope, id).await?;
        let batch = batch.ok_or_else(|| Refusal::state("What the plan made is gone."))?;
        let undone = undoing::revert(&mut unit, &scope, batch).await?;
        (reverted, kept) = (undone.reverted, undone.kept);
        store::calls_reverted(&mut unit, &scope, plan.id, id).await?;
    }
    let count = |of: usize| i64::try_from(of).unwrap_or(i64::MAX);
    let change = plan.revert(count(reverted), count(kept.len()), unit.now())?;
    let plan = unit.save(change).await?;
    let revision = plan.revision;
    let answer = RevertedPlan { plan, kept };
    unit.answer(Reply::status(StatusCode::OK, answer).revision(revision))
        .await
}

async fn found(db: &mut impl crate::db::Sqls, caller: &Caller, id: PlanId) -> Result<Plan, Problem> {
    let plan = store::find(db, &caller.scope(), id).await?;
    plan.ok_or_else(Problem::not_found)
}
