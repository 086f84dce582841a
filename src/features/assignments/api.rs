//! Speaks: assignments, one by one.

use actix_web::http::StatusCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::assigning::{AssignmentItem, Objection, ObjectionKind};
use super::assignment::{Assignment, AssignmentId, AssignmentInput, AssignmentPriority};
use super::store::{self, AssignmentFilter};
use super::working::found;
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::db::Sqls;
use crate::features::customers::customer::{Customer, CustomerId};
use crate::features::people::user::User;
use crate::features::programs::program::{Program, ProgramId};
use crate::http::page::Paging;
use crate::http::query::List;
use crate::http::{Access, Answer, App, Endpoint, Fault, Json, Path, Problem, Query, Reply};
use crate::id::UserId;
use crate::journal::{self, Change};

crate::page!(AssignmentPage of AssignmentView);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_assignments: Access::Needs(Permission::AssignmentsRead) => sorted(store::SORTS, "due_on"),
        create_assignment: Access::Needs(Permission::AssignmentsManage),
        get_assignment: Access::Needs(Permission::AssignmentsRead),
    ]
}

crate::words! {
    /// What can be shown within an assignment.
    pub enum Expand {
        Customer = "customer",
        Assignee = "assignee",
        Program = "program",
    }
}

/// What to show within each assignment.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Expanding {
    /// Records to show whole, separated by commas.
    #[param(inline, style = Form, explode = false, value_type = Option<Vec<Expand>>, max_items = 3)]
    pub expand: Option<List<Expand>>,
}

impl Expanding {
    fn wants(&self, what: Expand) -> bool {
        self.expand.as_ref().is_some_and(|List(wanted)| wanted.contains(&what))
    }
}

/// An assignment, with what was asked to be shown within it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssignmentView {
    #[serde(flatten)]
    pub assignment: Assignment,
    /// With `expand=customer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// With `expand=assignee`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<User>,
    /// With `expand=program`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<Program>,
}

/// A new assignment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAssignment {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<AssignmentId>,
    pub customer_id: CustomerId,
    /// Who is to place the call: an active user whose role does so.
    pub assignee_id: UserId,
    /// The only program that runs, else the ready-made one, when it is not named.
    pub program_id: Option<ProgramId>,
    pub due_on: Option<NaiveDate>,
    /// Must be ahead, and within the customer's calling hours.
    pub scheduled_for: Option<Timestamp>,
    /// Also outside the hours within which the customer is called.
    #[serde(default)]
    pub outside_window: bool,
    pub priority: Option<AssignmentPriority>,
    /// Why this customer, in a sentence.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// List assignments.
///
/// `mine=true&status_in=queued,scheduled&snoozed=false&sort=scheduled_for` is an executive's list.
#[utoipa::path(get, path = "/v1/assignments", operation_id = "list_assignments", tag = "assignments", params(AssignmentFilter, Expanding, Paging),
    responses((status = 200, description = "A page of assignments", body = AssignmentPage)))]
async fn list_assignments(
    app: App,
    caller: Caller,
    filter: Query<AssignmentFilter>,
    expand: Query<Expanding>,
    paging: Paging,
) -> Answer<AssignmentPage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let (mut db, now) = (app.read(), app.clock.now());
    let listed = store::list(&mut db, &caller.scope(), caller.user, now, &filter, &window).await?;
    let shown = Shown::read(&mut db, &caller, &expand, &listed.rows).await?;
    let page = paging.close(&app, &caller, listed).map(|row| shown.view(row));
    Ok(Reply::ok(page.into()))
}

/// Create an assignment.
///
/// One open assignment per customer and program, and nobody gets a customer whom another executive has in hand. Customers who asked not to be contacted are refused, and so are users whose role places no calls.
#[utoipa::path(post, path = "/v1/assignments", operation_id = "create_assignment", tag = "assignments", request_body = NewAssignment,
    responses((status = 201, description = "The new assignment", body = Assignment), (status = 200, description = "It was there already, just so", body = Assignment)))]
async fn create_assignment(app: App, caller: Caller, new: Json<NewAssignment>) -> Answer<Assignment> {
    let mut unit = app.write(&caller).await?;
    let id = new.0.id.unwrap_or_else(|| unit.new_id());
    let now = unit.now();
    if let Some(there) = store::find(&mut unit, &caller.scope(), id).await? {
        // What was right when it was first sent is right still, whatever has become of the user or the time.
        let same = Assignment::new(id, repeated(new.0, &there), there.created_at);
        return crate::http::reply::again(unit, there, &same).await;
    }
    let item = item(new.0);
    let mut known = store::known(&mut unit, &caller.scope(), std::iter::once(&item)).await?;
    let input = known
        .decide(0, item, now)
        .map_err(|objections| problem("", objections))?;
    let assignment = unit.save(Change::created(Assignment::new(id, input, now))).await?;
    unit.answer(Reply::created("/v1/assignments", assignment)).await
}

/// Read an assignment.
#[utoipa::path(get, path = "/v1/assignments/{id}", operation_id = "get_assignment", tag = "assignments", params(Expanding),
    responses((status = 200, description = "The assignment", body = AssignmentView)))]
async fn get_assignment(
    app: App,
    caller: Caller,
    id: Path<AssignmentId>,
    expand: Query<Expanding>,
) -> Answer<AssignmentView> {
    let mut db = app.read();
    let assignment = found(&mut db, &caller, *id).await?;
    let shown = Shown::read(&mut db, &caller, &expand, std::slice::from_ref(&assignment)).await?;
    let revision = assignment.revision;
    Ok(Reply::status(StatusCode::OK, shown.view(assignment)).revision(revision))
}

fn item(new: NewAssignment) -> AssignmentItem {
    AssignmentItem {
        customer_id: Some(new.customer_id),
        customer_external_id: None,
        assignee_id: Some(new.assignee_id),
        assignee_email: None,
        program_id: new.program_id,
        due_on: new.due_on,
        scheduled_for: new.scheduled_for,
        outside_window: new.outside_window,
        priority: new.priority,
        reason: new.reason,
    }
}

/// What a request asks for that is sent once more; the program that it did not name is the one that was meant then.
fn repeated(new: NewAssignment, there: &Assignment) -> AssignmentInput {
    AssignmentInput {
        program_id: new.program_id.unwrap_or(there.program_id),
        customer_id: new.customer_id,
        assignee_id: new.assignee_id,
        due_on: new.due_on,
        scheduled_for: new.scheduled_for,
        priority: new.priority.unwrap_or_default(),
        reason: new.reason,
    }
}

/// What the rules have against an item, as a problem; `pointer` is where the item stands.
pub(super) fn problem(pointer: &str, objections: Vec<Objection>) -> Problem {
    let refused = objections.iter().find_map(|objection| match objection.kind {
        ObjectionKind::Refused(code) => Some(Problem::new(code, objection.detail.clone())),
        ObjectionKind::Fault(_) => None,
    });
    let faults: Vec<Fault> = faults(pointer, &objections);
    match refused {
        // One thing is against it: that is the answer. Several: all of them.
        Some(problem) if faults.len() == 1 => problem.with_faults(faults),
        Some(_) | None => Problem::invalid(faults),
    }
}

/// The same as faults.
pub(super) fn faults(pointer: &str, objections: &[Objection]) -> Vec<Fault> {
    objections
        .iter()
        .map(|objection| {
            Fault::new(
                format!("{pointer}/{}", objection.field),
                objection.kind.code(),
                objection.detail.clone(),
            )
        })
        .collect()
}

/// The records to show within assignments.
#[derive(Default)]
struct Shown {
    customers: Vec<Customer>,
    users: Vec<User>,
    programs: Vec<Program>,
}

impl Shown {
    async fn read(
        db: &mut impl Sqls,
        caller: &Caller,
        expand: &Expanding,
        rows: &[Assignment],
    ) -> Result<Self, Problem> {
        let organization = caller.organization;
        let mut shown = Self::default();
        if expand.wants(Expand::Customer) {
            caller.needs(Permission::CustomersRead)?;
            let ids = distinct(rows.iter().map(|row| row.customer_id.into()));
            shown.customers = journal::find_all(db, organization, &ids).await?;
        }
        if expand.wants(Expand::Assignee) {
            caller.needs(Permission::UsersRead)?;
            let ids = distinct(rows.iter().map(|row| row.assignee_id.into()));
            shown.users = journal::find_all(db, organization, &ids).await?;
        }
        if expand.wants(Expand::Program) {
            caller.needs(Permission::ProgramsRead)?;
            let ids = distinct(rows.iter().map(|row| row.program_id.into()));
            shown.programs = journal::find_all(db, organization, &ids).await?;
        }
        Ok(shown)
    }

    fn view(&self, assignment: Assignment) -> AssignmentView {
        AssignmentView {
            customer: self
                .customers
                .iter()
                .find(|customer| customer.id == assignment.customer_id)
                .cloned(),
            assignee: self
                .users
                .iter()
                .find(|user| user.id == assignment.assignee_id)
                .cloned(),
            program: self
                .programs
                .iter()
                .find(|program| program.id == assignment.program_id)
                .cloned(),
            assignment,
        }
    }
}

fn distinct(ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
