//! What nobody has worked for longer than its program allows.

use chrono::TimeDelta;

use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::assignments::assignment::{Assignment, AssignmentId};
use crate::features::programs::program::ProgramId;
use crate::id::OrganizationId;
use crate::journal;

/// What has its time so far ahead was given it on purpose: lists are made for less.
const ON_PURPOSE: TimeDelta = TimeDelta::days(5);

/// Programs that release what nobody works, and after how many days.
///
/// # Errors
/// What the database said.
pub async fn releasing(db: &mut impl Sqls) -> Result<Vec<(OrganizationId, ProgramId, i64)>, Error> {
    db.sql("SELECT organization_id, id, release_after_days FROM programs WHERE status = 'active' AND release_after_days IS NOT NULL ORDER BY organization_id, id")
        .all()
        .await
}

/// Appends ` AND …`: made before `idle` and not called since, out of nobody's way, and with no time ahead that somebody chose.
fn narrow(sql: &mut Sql<'_>, program: ProgramId, idle: Timestamp, now: Timestamp) {
    let ahead = now.plus(ON_PURPOSE);
    sql.push(" AND assignments.status IN ('queued', 'scheduled') AND assignments.program_id = ")
        .value(program);
    sql.push(" AND assignments.created_at < ").value(idle);
    for (column, before) in [
        ("last_attempt_at", idle),
        ("snoozed_until", idle),
        ("callback_promised_at", idle),
        ("scheduled_for", ahead),
    ] {
        sql.push(&format!(
            " AND (assignments.{column} IS NULL OR assignments.{column} < "
        ))
        .value(before)
        .push(")");
    }
    sql.push(" AND (assignments.due_on IS NULL OR assignments.due_on < ")
        .value(ahead.date_naive())
        .push(")");
}

/// Whether a program has assignments that may be stale.
///
/// # Errors
/// What the database said.
pub async fn any_stale(
    db: &mut impl Sqls,
    scope: &Scope,
    program: ProgramId,
    idle: Timestamp,
    now: Timestamp,
) -> Result<bool, Error> {
    let mut sql = db
        .sql("SELECT id FROM assignments WHERE organization_id = $1")
        .bind(scope.organization);
    narrow(&mut sql, program, idle, now);
    sql.push(" LIMIT 1");
    Ok(sql.optional::<(AssignmentId,)>().await?.is_some())
}

/// The assignments of a program that may be stale.
///
/// # Errors
/// What the database said.
pub async fn stale(
    db: &mut impl Sqls,
    scope: &Scope,
    program: ProgramId,
    idle: Timestamp,
    now: Timestamp,
) -> Result<Vec<Assignment>, Error> {
    journal::select(db, scope.organization, |sql| narrow(sql, program, idle, now)).await
}
