//! All SQL of assignments.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;

use super::assigning::{AssignmentItem, Former, InHand, Known, KnownCustomer, KnownUser, email_key};
use super::assignment::{Assignment, AssignmentId, AssignmentPriority, AssignmentStatus, NOT_TO_BE_CALLED};
use super::batch::{AssignmentBatch, BatchId};
use super::calling_hours::CallingHours;
use crate::access::{Role, Scope};
use crate::clock::Timestamp;
use crate::db::{Error, Json, Sql, Sqls};
use crate::features::customers::calling_window::CallingWindow;
use crate::features::customers::customer::{Customer, CustomerId};
use crate::features::customers::store::redirects;
use crate::features::people;
use crate::features::programs::{self, program::ProgramId};
use crate::http::query::List;
use crate::id::UserId;
use crate::journal::{self, Holding, Listed, Sort, SortKey, Unit, Window};

/// What has no day sorts after all that have one.
fn due_key(assignment: &Assignment) -> String {
    assignment
        .due_on
        .map_or_else(|| "9999-12-31".to_owned(), |on| on.to_string())
}

/// What has no time sorts after all that have one.
fn scheduled_key(assignment: &Assignment) -> Timestamp {
    Timestamp::or_never(assignment.scheduled_for)
}

crate::record!(
    Assignment, "assignment", "assignments",
    [
        program_id, customer_id, assignee_id, assigned_at, previous_assignee_id, due_on, scheduled_for, priority, reason, status, snoozed_until, attempts_made,
        last_attempt_at, callback_promised_at, closed_at, closed_reason, batch_id,
    ],
    derived {
        due_key: |assignment| due_key(assignment),
        scheduled_key: |assignment| scheduled_key(assignment),
        priority_key: |assignment| assignment.priority.rank(),
    },
    customer: |assignment| Some(assignment.customer_id.into()),
    holding: |assignment| assignment.stays_with_its_executive().then(|| Holding {
        user: assignment.assignee_id.into(),
        customer: Some(assignment.customer_id.into()),
    }),
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
    pub priority: Option<AssignmentPriority>,
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
        sql.compare("assignments.status =", self.status);
        if let Some(List(status)) = &self.status_in {
            // Written out and in order, so that the indexes of open assignments are recognised.
            let mut status = status.clone();
            status.sort_unstable();
            let words: Vec<String> = status.iter().map(|status| format!("'{status}'")).collect();
            sql.push(&format!(" AND assignments.status IN ({})", words.join(", ")));
        }
        sql.compare("assignments.assignee_id =", self.assignee_id);
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
        redirects::narrow(sql, "assignments.customer_id", self.customer_id);
        sql.compare("assignments.program_id =", self.program_id);
        sql.compare("assignments.batch_id =", self.batch_id);
        sql.compare("assignments.priority =", self.priority);
        sql.compare("assignments.due_on >=", self.due_on_gte);
        sql.compare("assignments.due_on <", self.due_on_lt);
        sql.compare("assignments.scheduled_for >=", self.scheduled_for_gte);
        sql.compare("assignments.scheduled_for <", self.scheduled_for_lt);
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
        sql.compare("assignments.updated_at >=", self.updated_at_gte);
        sql.compare("assignments.updated_at <", self.updated_at_lt);
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

/// Takes back whatever is open for customers who are not to be called any more, in whatever program and whosever hands.
pub async fn withdraw(
    unit: &mut Unit,
    customers: &[CustomerId],
    but: Option<AssignmentId>,
) -> Result<Vec<AssignmentId>, journal::Error> {
    let (organization, now) = (unit.organization(), unit.now());
    let mut changes = Vec::new();
    for chunk in customers.chunks(500) {
        let open = journal::select(unit, organization, |sql| {
            sql.push(" AND assignments.status IN ('queued', 'scheduled') AND assignments.customer_id IN ")
                .list(chunk.iter().copied());
        });
        let open: Vec<Assignment> = open.await?;
        let others = open.into_iter().filter(|open| Some(open.id) != but);
        changes.extend(others.filter_map(|open| open.cancel(Some(NOT_TO_BE_CALLED.into()), now).ok()));
    }
    let canceled = unit.save_all(changes).await?;
    Ok(canceled.into_iter().map(|assignment| assignment.id).collect())
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

/// When a customer is called.
pub async fn calling_hours(db: &mut impl Sqls, scope: &Scope, customer: &Customer) -> Result<CallingHours, Error> {
    Ok(CallingHours::of(customer, &organization_zone(db, scope).await?))
}

/// The zone of customers who have none of their own.
async fn organization_zone(db: &mut impl Sqls, scope: &Scope) -> Result<String, Error> {
    let organization = people::store::organization(db, scope.organization).await?;
    Ok(organization.map_or_else(|| "UTC".to_owned(), |organization| organization.fields.time_zone))
}

/// How many values stand in one list of a statement.
const CHUNK: usize = 500;

/// Looks up all that these items speak of, in a handful of statements.
pub async fn known(
    db: &mut impl Sqls,
    scope: &Scope,
    items: impl Iterator<Item = &AssignmentItem> + Clone,
) -> Result<Known, Error> {
    let ids = distinct(items.clone().filter_map(|item| item.customer_id));
    // As it was sent, and without blanks around it: files have both.
    let sent = items.clone().filter_map(|item| item.customer_external_id.as_deref());
    let external_ids = distinct(sent.flat_map(|id| [id.to_owned(), id.trim().to_owned()]));
    let mut customers: Vec<KnownCustomer> = Vec::new();
    let zone = organization_zone(db, scope).await?;
    let customer_of = |row| customer_of(row, &zone);
    const CUSTOMERS: &str = "SELECT id, external_id, do_not_contact, calling_window, time_zone FROM customers WHERE organization_id = $1 AND ";
    for chunk in ids.chunks(CHUNK) {
        let mut sql = db.sql(format!("{CUSTOMERS} id IN ")).bind(scope.organization);
        sql.list(chunk.iter().copied());
        customers.extend(sql.all().await?.into_iter().map(customer_of));
    }
    for chunk in external_ids.chunks(CHUNK) {
        let mut sql = db.sql(format!("{CUSTOMERS} external_id IN ")).bind(scope.organization);
        sql.list(chunk.iter().cloned());
        customers.extend(sql.all().await?.into_iter().map(customer_of));
    }
    let former = Former::of(db, scope, &ids, &external_ids, &customers).await?;
    let missing = distinct(former.now().filter(|id| customers.iter().all(|known| known.id != *id)));
    for chunk in missing.chunks(CHUNK) {
        let mut sql = db.sql(format!("{CUSTOMERS} id IN ")).bind(scope.organization);
        sql.list(chunk.iter().copied());
        customers.extend(sql.all().await?.into_iter().map(customer_of));
    }
    let ids = distinct(items.clone().filter_map(|item| item.assignee_id));
    let emails = distinct(
        items
            .clone()
            .filter_map(|item| item.assignee_email.as_deref().map(email_key)),
    );
    let mut users: Vec<KnownUser> = Vec::new();
    const USERS: &str = "SELECT id, email, role, active FROM users WHERE organization_id = $1 AND ";
    for chunk in ids.chunks(CHUNK) {
        let mut sql = db.sql(format!("{USERS} id IN ")).bind(scope.organization);
        sql.list(chunk.iter().copied());
        users.extend(sql.all().await?.into_iter().map(user_of));
    }
    for chunk in emails.chunks(CHUNK) {
        let mut sql = db.sql(format!("{USERS} email IN ")).bind(scope.organization);
        sql.list(chunk.iter().cloned());
        users.extend(sql.all().await?.into_iter().map(user_of));
    }
    let mut in_hand: Vec<InHand> = Vec::new();
    let ids = distinct(customers.iter().map(|customer| customer.id));
    for chunk in ids.chunks(CHUNK) {
        let mut sql = db
            .sql("SELECT id, customer_id, program_id, assignee_id FROM assignments WHERE organization_id = $1 AND status IN ('queued', 'scheduled') AND customer_id IN ")
            .bind(scope.organization);
        sql.list(chunk.iter().copied());
        in_hand.extend(sql.all().await?.into_iter().map(in_hand_of));
    }
    let programs = programs::store::all(db, scope).await?;
    Ok(Known::new(customers, users, programs, in_hand, former))
}

impl Former {
    /// Those whom nobody is found by, as far as they were merged.
    async fn of(
        db: &mut impl Sqls,
        scope: &Scope,
        ids: &[CustomerId],
        external_ids: &[String],
        known: &[KnownCustomer],
    ) -> Result<Self, Error> {
        let there: HashSet<CustomerId> = known.iter().map(|it| it.id).collect();
        let named: HashSet<&str> = known.iter().filter_map(|it| it.external_id.as_deref()).collect();
        let ids: Vec<CustomerId> = ids.iter().copied().filter(|id| !there.contains(id)).collect();
        let external_ids = external_ids.iter().filter(|id| !named.contains(id.as_str()));
        let external_ids: Vec<String> = external_ids.cloned().collect();
        let ids = redirects::all_now(db, scope, &ids).await?;
        let by = redirects::by_former_external_ids(db, scope, &external_ids).await?;
        Ok(Self {
            ids: ids.into_iter().collect(),
            external_ids: by.into_iter().map(|(external_id, it)| (external_id, it.id)).collect(),
        })
    }
}

/// The user, as far as the rules of assigning ask.
pub async fn known_user(db: &mut impl Sqls, scope: &Scope, id: UserId) -> Result<Option<KnownUser>, Error> {
    let row = db
        .sql("SELECT id, email, role, active FROM users WHERE organization_id = $1 AND id = $2")
        .bind(scope.organization)
        .bind(id)
        .optional()
        .await?;
    Ok(row.map(user_of))
}

type CustomerRow = (
    CustomerId,
    Option<String>,
    bool,
    Option<Json<CallingWindow>>,
    Option<String>,
);

fn customer_of((id, external_id, do_not_contact, window, zone): CustomerRow, organization_zone: &str) -> KnownCustomer {
    KnownCustomer {
        hours: CallingHours::new(window.map(|window| window.0), zone.as_deref(), organization_zone),
        id,
        external_id,
        do_not_contact,
    }
}

fn user_of((id, email, role, active): (UserId, String, Role, bool)) -> KnownUser {
    KnownUser {
        id,
        email,
        role,
        active,
    }
}

fn in_hand_of((id, customer_id, program_id, assignee_id): (AssignmentId, CustomerId, ProgramId, UserId)) -> InHand {
    InHand {
        id,
        customer_id,
        program_id,
        assignee_id,
    }
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}
