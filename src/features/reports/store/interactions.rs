//! Interactions with customers, ours and theirs, counted by group.

use uuid::Uuid;

use super::{BY_HAND, By, LARGEST, grouped};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::attempts::attempt::Disposition;
use crate::features::customers::signal::SignalKind;
use crate::features::reports::period::Period;
use crate::features::reports::proactivity::{got_through, theirs};

/// One group's interactions: id, name, all, ours, theirs, calls placed, conversations, other ones of ours, customers.
pub type InteractionRow = (Option<Uuid>, Option<String>, i64, i64, i64, i64, i64, i64, i64);

/// A customer with whom there was no interaction: id, name, when somebody last spoke with them.
pub type SilentRow = (Uuid, String, Option<Timestamp>);

/// Appends `WITH facts AS (…)`: what happened within the period, a row each. `ours` and `theirs` are interactions, `tried` are calls
/// that did not get through.
fn facts(sql: &mut Sql<'_>, scope: &Scope, period: &Period) {
    let (starts, ends) = (period.starts(), period.ends());
    let within = |sql: &mut Sql<'_>, column: &str| {
        sql.push(" AND ").push(column).push(" >= ").value(starts);
        sql.push(" AND ").push(column).push(" < ").value(ends);
    };
    sql.push("WITH facts AS (SELECT attempts.organization_id, attempts.customer_id, attempts.user_id, 1 AS calls, CASE WHEN attempts.disposition = 'connected' THEN 1 ELSE 0 END AS conversations, CASE WHEN attempts.disposition IN ");
    sql.list(Disposition::ALL.iter().copied().filter(|it| got_through(*it)));
    sql.push(" THEN 'ours' ELSE 'tried' END AS whose FROM attempts WHERE attempts.organization_id = ")
        .value(scope.organization);
    within(sql, "attempts.occurred_at");
    sql.push(" UNION ALL SELECT assignments.organization_id, assignments.customer_id, assignments.assignee_id, 0, 0, 'ours' FROM assignments WHERE ")
        .push(BY_HAND)
        .push(" AND assignments.organization_id = ")
        .value(scope.organization);
    within(sql, "assignments.closed_at");
    sql.push(" UNION ALL SELECT signals.organization_id, signals.customer_id, signals.user_id, 0, 0, 'theirs' FROM signals WHERE signals.kind IN ");
    sql.list(SignalKind::ALL.iter().copied().filter(|it| theirs(*it)));
    sql.push(" AND signals.organization_id = ").value(scope.organization);
    within(sql, "signals.occurred_at");
    sql.push(" UNION ALL SELECT follow_ups.organization_id, follow_ups.customer_id, follow_ups.user_id, 0, 0, 'ours' FROM follow_ups WHERE follow_ups.status = 'sent' AND follow_ups.organization_id = ")
        .value(scope.organization);
    within(sql, "follow_ups.sent_key");
    sql.push(") ");
}

/// Interactions within a period, by group. A group of calls that did not get through is there, too.
///
/// # Errors
/// What the database said.
pub async fn interactions(
    db: &mut impl Sqls,
    scope: &Scope,
    period: &Period,
    by: &By,
) -> Result<Vec<InteractionRow>, Error> {
    let mut sql = db.sql("");
    facts(&mut sql, scope, period);
    sql.push(&format!(
        "SELECT {}, {}, COUNT(*) FILTER (WHERE facts.whose <> 'tried'), COUNT(*) FILTER (WHERE facts.whose = 'ours'), COUNT(*) FILTER (WHERE facts.whose = 'theirs'), COUNT(*) FILTER (WHERE facts.calls = 1), COUNT(*) FILTER (WHERE facts.conversations = 1), COUNT(*) FILTER (WHERE facts.whose = 'ours' AND facts.calls = 0), COUNT(DISTINCT CASE WHEN facts.whose <> 'tried' THEN facts.customer_id END) FROM facts{}",
        by.id, by.name, by.join
    ));
    grouped(&mut sql);
    sql.all().await
}

/// With whom there was no interaction at all within a period: how many, and of these the ones who were silent longest. Who must not be
/// contacted is left out, and who became a customer only after the period.
///
/// # Errors
/// What the database said.
pub async fn without_interaction(
    db: &mut impl Sqls,
    scope: &Scope,
    period: &Period,
) -> Result<(i64, Vec<SilentRow>), Error> {
    let silent = |sql: &mut Sql<'_>, what: &str| {
        facts(sql, scope, period);
        sql.push("SELECT ").push(what);
        sql.push(" FROM customers WHERE NOT customers.do_not_contact AND customers.organization_id = ")
            .value(scope.organization);
        sql.push(" AND customers.since_key <= ").value(period.to.to_string());
        sql.push(" AND customers.id NOT IN (SELECT facts.customer_id FROM facts WHERE facts.whose <> 'tried')");
    };
    let mut sql = db.sql("");
    silent(&mut sql, "COUNT(*)");
    let (count,): (i64,) = sql.one().await?;
    let mut sql = db.sql("");
    silent(&mut sql, "customers.id, customers.name, customers.last_contacted_at");
    sql.push(" ORDER BY customers.heard_key, customers.name_key, customers.id LIMIT ")
        .value(LARGEST);
    Ok((count, sql.all().await?))
}
