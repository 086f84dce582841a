//! All SQL of attempts.

use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::attempt::{Attempt, AttemptId, Disposition};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::assignments::assignment::{Assignment, AssignmentId};
use crate::features::customers::customer::CustomerId;
use crate::features::customers::store::redirects;
use crate::features::programs::program::ProgramId;
use crate::http::query::List;
use crate::id::UserId;
use crate::journal::{self, Listed, Record, Sort, SortKey, Window};

crate::record!(
    Attempt, "attempt", "attempts",
    [
        assignment_id, program_id, customer_id, user_id, contact_id, spoke_with, disposition, occurred_at, duration_seconds,
        summary, callback_promised_at, next_call_at, local_hour, local_weekday, request_hash,
    ],
    customer: |attempt| Some(attempt.customer_id.into()),
);

/// Fields that attempts can be sorted by.
pub static SORTS: &[Sort<Attempt>] = &[
    Sort {
        name: "occurred_at",
        column: "attempts.occurred_at",
        key: |attempt| SortKey::Time(attempt.occurred_at),
    },
    Sort {
        name: "created_at",
        column: "attempts.created_at",
        key: |attempt| SortKey::Time(attempt.created_at),
    },
];

/// Which attempts are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AttemptFilter {
    #[param(value_type = Option<String>, format = Uuid)]
    pub assignment_id: Option<AssignmentId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub customer_id: Option<CustomerId>,
    /// Who placed the call.
    #[param(value_type = Option<String>, format = Uuid)]
    pub user_id: Option<UserId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub program_id: Option<ProgramId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub contact_id: Option<Uuid>,
    pub disposition: Option<Disposition>,
    /// Several, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<Disposition>>, max_items = 12)]
    pub disposition_in: Option<List<Disposition>>,
    pub occurred_at_gte: Option<Timestamp>,
    pub occurred_at_lt: Option<Timestamp>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
}

impl AttemptFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        sql.compare("attempts.assignment_id =", self.assignment_id);
        redirects::narrow(sql, "attempts.customer_id", self.customer_id);
        sql.compare("attempts.user_id =", self.user_id);
        sql.compare("attempts.program_id =", self.program_id);
        sql.compare("attempts.contact_id =", self.contact_id);
        sql.compare("attempts.disposition =", self.disposition);
        if let Some(List(dispositions)) = &self.disposition_in {
            sql.push(" AND attempts.disposition IN ")
                .list(dispositions.iter().copied());
        }
        sql.compare("attempts.occurred_at >=", self.occurred_at_gte);
        sql.compare("attempts.occurred_at <", self.occurred_at_lt);
        sql.compare("attempts.created_at >=", self.created_at_gte);
        sql.compare("attempts.created_at <", self.created_at_lt);
    }
}

/// A page of attempts.
///
/// # Errors
/// What the database said.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &AttemptFilter,
    window: &Window<Attempt>,
) -> Result<Listed<Attempt>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql)).await
}

/// The attempt, if it is in sight.
///
/// # Errors
/// What the database said.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: AttemptId) -> Result<Option<Attempt>, Error> {
    journal::find(db, scope.organization, id).await
}

/// The other assignments of the customer that an attempt canceled: those that were closed with it, in the same moment.
pub async fn canceled_by(db: &mut impl Sqls, scope: &Scope, attempt: &Attempt) -> Result<Vec<AssignmentId>, Error> {
    if attempt.disposition != Disposition::DoNotCall {
        return Ok(Vec::new());
    }
    let canceled: Vec<Assignment> = journal::select(db, scope.organization, |sql| {
        sql.push(" AND assignments.status = 'canceled' AND assignments.customer_id = ")
            .value(attempt.customer_id)
            .push(" AND assignments.closed_at = ")
            .value(attempt.created_at)
            .push(" AND assignments.id <> ")
            .value(attempt.assignment_id);
    })
    .await?;
    Ok(canceled.into_iter().map(|assignment| assignment.id).collect())
}

/// The records of one kind that came of an attempt, as they were made.
pub async fn of_attempt<R: Record>(db: &mut impl Sqls, scope: &Scope, id: AttemptId) -> Result<Vec<R>, Error> {
    let attempt = format!(" AND {}.attempt_id = ", R::TABLE);
    journal::select(db, scope.organization, |sql| {
        sql.push(&attempt).value(id);
    })
    .await
}

/// How many calls of an assignment ended so.
pub async fn alike(
    db: &mut impl Sqls,
    scope: &Scope,
    assignment: AssignmentId,
    disposition: Disposition,
) -> Result<u32, Error> {
    let (count,): (i64,) = db
        .sql("SELECT COUNT(*) FROM attempts WHERE organization_id = $1 AND assignment_id = $2 AND disposition = $3")
        .bind(scope.organization)
        .bind(assignment)
        .bind(disposition)
        .one()
        .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}
