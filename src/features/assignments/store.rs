//! All SQL of assignments.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;

use super::assignment::{Assignment, AssignmentId, AssignmentStatus, Priority};
use super::batch::{AssignmentBatch, BatchId};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::customers::customer::CustomerId;
use crate::features::programs::program::ProgramId;
use crate::http::query::List;
use crate::id::UserId;
use crate::journal::{self, Listed, Sort, SortKey, Window};

/// What has no day sorts after all that have one.
fn due_key(assignment: &Assignment) -> String {
    assignment
        .due_on
        .map_or_else(|| "9999-12-31".to_owned(), |on| on.to_string())
}

/// What has no time sorts after all that have one.
fn scheduled_key(assignment: &Assignment) -> Timestamp {
    const END: i64 = 253_402_214_400;
    assignment
        .scheduled_for
        .unwrap_or_else(|| Timestamp::new(chrono::DateTime::from_timestamp(END, 0).unwrap_or_default()))
}

crate::record!(
    Assignment, "assignment", "assignments",
    [
        program_id, customer_id, assignee_id, due_on, scheduled_for, priority, reason, status, snoozed_until, attempts_made,
        last_attempt_at, callback_promised_at, closed_at, closed_reason, batch_id,
    ],
    derived {
        due_key: |assignment| due_key(assignment),
        scheduled_key: |assignment| scheduled_key(assignment),
        priority_key: |assignment| assignment.priority.rank(),
    },
    customer: |assignment| Some(assignment.customer_id.into()),
);

crate::record!(
    AssignmentBatch,
    "assignment_batch",
    "assignment_batches",
    [created_by, assignments, refused, status, reverted_at, reverted, kept],
);

/// Fields that assignments can be sorted by.
pub static SORTS: &[Sort<Assignment>] = &[
    Sort {
        name: "due_on",
        column: "assignments.due_key",
        key: |assignment| SortKey::Text(due_key(assignment)),
    },
    Sort {
        name: "scheduled_for",
        column: "assignments.scheduled_key",
        key: |assignment| SortKey::Time(scheduled_key(assignment)),
    },
    Sort {
        name: "priority",
        column: "assignments.priority_key",
        key: |assignment| SortKey::Int(assignment.priority.rank()),
    },
    Sort {
        name: "created_at",
        column: "assignments.created_at",
        key: |assignment| SortKey::Time(assignment.created_at),
    },
    Sort {
        name: "updated_at",
        column: "assignments.updated_at",
        key: |assignment| SortKey::Time(assignment.updated_at),
    },
];

/// Fields that bulk assignments can be sorted by.
pub static BATCH_SORTS: &[Sort<AssignmentBatch>] = &[Sort {
    name: "created_at",
    column: "assignment_batches.created_at",
    key: |batch| SortKey::Time(batch.created_at),
}];

/// Which assignments are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AssignmentFilter {
    pub status: Option<AssignmentStatus>,
    /// Several, separated by commas: `queued,scheduled` are the open ones.
    #[param(style = Form, explode = false, value_type = Option<Vec<AssignmentStatus>>, max_items = 6)]
    pub status_in: Option<List<AssignmentStatus>>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub assignee_id: Option<UserId>,
    /// The caller's own.
    pub mine: Option<bool>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub customer_id: Option<CustomerId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub program_id: Option<ProgramId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub batch_id: Option<BatchId>,
    pub priority: Option<Priority>,
    pub due_on_gte: Option<NaiveDate>,
    pub due_on_lt: Option<NaiveDate>,
    pub scheduled_for_gte: Option<Timestamp>,
    pub scheduled_for_lt: Option<Timestamp>,
    /// Whether they are out of the way for now.
    pub snoozed: Option<bool>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl AssignmentFilter {
    fn narrow(&self, sql: &mut Sql<'_>, me: Option<UserId>, now: Timestamp) {
        if let Some(status) = self.status {
            sql.push(" AND assignments.status = ").value(status);
        }
        if let Some(List(status)) = &self.status_in {
            sql.push(" AND assignments.status IN ").list(status.iter().copied());
        }
        if let Some(assignee) = self.assignee_id {
            sql.push(" AND assignments.assignee_id = ").value(assignee);
        }
        match (self.mine, me) {
            (Some(true), Some(me)) => {
                sql.push(" AND assignments.assignee_id = ").value(me);
            }
            // An API key has no assignments of its own.
            (Some(true), None) => {
                sql.push(" AND 1 = 0");
            }
            (Some(false), Some(me)) => {
                sql.push(" AND assignments.assignee_id <> ").value(me);
            }
            (Some(false), None) | (None, _) => {}
        }
        if let Some(customer) = self.customer_id {
            sql.push(" AND assignments.customer_id = ").value(customer);
        }
        if let Some(program) = self.program_id {
            sql.push(" AND assignments.program_id = ").value(program);
        }
        if let Some(batch) = self.batch_id {
            sql.push(" AND assignments.batch_id = ").value(batch);
        }
        if let Some(priority) = self.priority {
            sql.push(" AND assignments.priority = ").value(priority);
        }
        if let Some(from) = self.due_on_gte {
            sql.push(" AND assignments.due_on >= ").value(from);
        }
        if let Some(until) = self.due_on_lt {
            sql.push(" AND assignments.due_on < ").value(until);
        }
        if let Some(from) = self.scheduled_for_gte {
            sql.push(" AND assignments.scheduled_for >= ").value(from);
        }
        if let Some(until) = self.scheduled_for_lt {
            sql.push(" AND assignments.scheduled_for < ").value(until);
        }
        match self.snoozed {
            Some(true) => {
                sql.push(" AND assignments.snoozed_until > ").value(now);
            }
            Some(false) => {
                sql.push(" AND (assignments.snoozed_until IS NULL OR assignments.snoozed_until <= ")
                    .value(now)
                    .push(")");
            }
            None => {}
        }
        if let Some(from) = self.updated_at_gte {
            sql.push(" AND assignments.updated_at >= ").value(from);
        }
        if let Some(until) = self.updated_at_lt {
            sql.push(" AND assignments.updated_at < ").value(until);
        }
    }
}

/// A page of assignments; `me` is whom `mine` means.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    me: Option<UserId>,
    now: Timestamp,
    filter: &AssignmentFilter,
    window: &Window<Assignment>,
) -> Result<Listed<Assignment>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql, me, now)).await
}

/// The assignment, if it is in sight.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: AssignmentId) -> Result<Option<Assignment>, Error> {
    journal::find(db, scope.organization, id).await
}

/// The open assignments of a customer, in whatever program.
pub async fn open_of_customer(
    db: &mut impl Sqls,
    scope: &Scope,
    customer: CustomerId,
) -> Result<Vec<Assignment>, Error> {
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND assignments.status IN ('queued', 'scheduled') AND assignments.customer_id = ")
            .value(customer);
    })
    .await
}

/// A page of bulk assignments.
pub async fn list_batches(
    db: &mut impl Sqls,
    scope: &Scope,
    window: &Window<AssignmentBatch>,
) -> Result<Listed<AssignmentBatch>, Error> {
    journal::list(db, scope.organization, window, |_| {}).await
}

/// The bulk assignment, if it is in sight.
pub async fn find_batch(db: &mut impl Sqls, scope: &Scope, id: BatchId) -> Result<Option<AssignmentBatch>, Error> {
    journal::find(db, scope.organization, id).await
}

/// The assignments that a bulk assignment made.
pub async fn of_batch(db: &mut impl Sqls, scope: &Scope, id: BatchId) -> Result<Vec<Assignment>, Error> {
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND assignments.batch_id = ").value(id);
    })
    .await
}
