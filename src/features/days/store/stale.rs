//! What nobody has worked for longer than its program allows.

use chrono::TimeDelta;

use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sqls};
use crate::features::assignments::assignment::Assignment;
use crate::features::programs::program::ProgramId;
use crate::id::OrganizationId;
use crate::journal;

/// What has its time so far ahead was given it on purpose: lists are made for less.
const ON_PURPOSE: TimeDelta = TimeDelta::days(5);

/// Organizations with a program that releases what nobody works.
///
/// # Errors
/// What the database said.
pub async fn with_stale(db: &mut impl Sqls) -> Result<Vec<OrganizationId>, Error> {
    let rows: Vec<(OrganizationId,)> = db
        .sql("SELECT DISTINCT organization_id FROM programs WHERE status = 'active' AND release_after_days IS NOT NULL ORDER BY organization_id")
        .all()
        .await?;
    Ok(rows.into_iter().map(|(organization,)| organization).collect())
}

/// The open assignments of a program that may be stale: made before `idle` and not called since, out of nobody's way, and with no time
/// ahead that somebody chose.
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
    let ahead = now.plus(ON_PURPOSE);
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND assignments.status IN ('queued', 'scheduled') AND assignments.program_id = ")
            .value(program);
        sql.push(" AND assignments.created_at < ").value(idle);
        sql.push(" AND (assignments.last_attempt_at IS NULL OR assignments.last_attempt_at < ")
            .value(idle);
        sql.push(") AND (assignments.snoozed_until IS NULL OR assignments.snoozed_until < ")
            .value(idle);
        sql.push(") AND (assignments.callback_promised_at IS NULL OR assignments.callback_promised_at < ")
            .value(idle);
        sql.push(") AND (assignments.scheduled_for IS NULL OR assignments.scheduled_for < ")
            .value(ahead);
        sql.push(") AND (assignments.due_on IS NULL OR assignments.due_on < ")
            .value(ahead.date_naive());
        sql.push(")");
    })
    .await
}
