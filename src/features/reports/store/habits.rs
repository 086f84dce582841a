//! What the habit report is made of: who called whom and when, since when somebody has had customers to call, when programs rested.

use super::BY_HAND;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sqls};
use crate::features::customers::customer::CustomerId;
use crate::features::programs::program::ProgramId;
use crate::id::UserId;

/// A customer called or spoken with: by whom, in which program, whom, when, whether they were reached, and whether that was a call.
pub type ContactRow = (UserId, ProgramId, CustomerId, Timestamp, bool, bool);

/// Calls placed, and conversations that were no call, within these instants.
///
/// # Errors
/// What the database said.
pub async fn contacts(
    db: &mut impl Sqls,
    scope: &Scope,
    (starts, ends): (Timestamp, Timestamp),
) -> Result<Vec<ContactRow>, Error> {
    let mut sql = db.sql("SELECT attempts.user_id, attempts.program_id, attempts.customer_id, attempts.occurred_at, attempts.disposition = 'connected', TRUE FROM attempts WHERE attempts.organization_id = ");
    sql.value(scope.organization);
    sql.push(" AND attempts.occurred_at >= ").value(starts);
    sql.push(" AND attempts.occurred_at < ").value(ends);
    sql.push(" UNION ALL SELECT assignments.assignee_id, assignments.program_id, assignments.customer_id, assignments.closed_at, TRUE, FALSE FROM assignments WHERE ")
        .push(BY_HAND)
        .push(" AND assignments.organization_id = ")
        .value(scope.organization);
    sql.push(" AND assignments.closed_at >= ").value(starts);
    sql.push(" AND assignments.closed_at < ").value(ends);
    sql.all().await
}

/// Since when somebody has had customers in a program: by whom, in which, when they were first given one, when they first called.
pub type BeginningRow = (UserId, ProgramId, Option<Timestamp>, Option<Timestamp>);

/// Since when everybody has had customers to call, in each program.
///
/// # Errors
/// What the database said.
pub async fn beginnings(db: &mut impl Sqls, scope: &Scope) -> Result<Vec<BeginningRow>, Error> {
    let mut sql = db.sql("SELECT user_id, program_id, MIN(given_at), MIN(called_at) FROM (SELECT assignee_id AS user_id, program_id, assigned_at AS given_at, CAST(NULL AS TIMESTAMPTZ) AS called_at FROM assignments WHERE organization_id = ");
    sql.value(scope.organization);
    sql.push(" UNION ALL SELECT user_id, program_id, CAST(NULL AS TIMESTAMPTZ), occurred_at FROM attempts WHERE organization_id = ")
        .value(scope.organization);
    sql.push(") AS firsts GROUP BY user_id, program_id");
    sql.all().await
}

/// When everybody placed their last call before this instant.
///
/// # Errors
/// What the database said.
pub async fn last_calls(
    db: &mut impl Sqls,
    scope: &Scope,
    before: Timestamp,
) -> Result<Vec<(UserId, Timestamp)>, Error> {
    db.sql("SELECT user_id, MAX(occurred_at) FROM attempts WHERE organization_id = $1 AND occurred_at < $2 GROUP BY user_id")
        .bind(scope.organization)
        .bind(before)
        .all()
        .await
}
