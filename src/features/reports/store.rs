//! All SQL of reports: counts and sums by group. Nothing is computed here that has a rule of its own.

mod habits;
mod interactions;

use std::collections::HashMap;

use uuid::Uuid;

pub use habits::{BeginningRow, ContactRow, beginnings, contacts, last_calls};
pub use interactions::{InteractionRow, SilentRow, interactions, without_interaction};

use super::period::Period;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::programs::program::ProgramId;
use crate::id::UserId;

/// Of `assignments`: completed by hand, no call of it reached the contact.
const BY_HAND: &str = "assignments.status = 'completed' AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.organization_id = assignments.organization_id AND attempts.assignment_id = assignments.id AND attempts.disposition = 'connected')";

/// Groups of a report at most; the largest stay.
pub const LARGEST: i64 = 1000;

/// By what a report is grouped. The facts' table is called `facts`.
pub struct By {
    join: &'static str,
    id: &'static str,
    name: &'static str,
    months: bool,
}

const NO_ID: &str = "CAST(NULL AS UUID)";

/// All together.
pub const OVERALL: By = By {
    join: "",
    id: NO_ID,
    name: "CAST(NULL AS TEXT)",
    months: false,
};
/// By calendar month of the organization's zone.
pub const MONTH: By = By {
    join: " JOIN months ON facts.responded_at >= months.starts AND facts.responded_at < months.ends",
    id: NO_ID,
    name: "months.label",
    months: true,
};
/// By program.
pub const PROGRAM: By = By {
    join: " LEFT JOIN programs ON programs.organization_id = facts.organization_id AND programs.id = facts.program_id",
    id: "programs.id",
    name: "programs.name",
    months: false,
};
/// By whoever called or asked.
pub const EXECUTIVE: By = By {
    join: " LEFT JOIN users ON users.organization_id = facts.organization_id AND users.id = facts.user_id",
    id: "users.id",
    name: "users.name",
    months: false,
};
/// By the customer.
pub const CUSTOMER: By = By {
    join: " LEFT JOIN customers ON customers.organization_id = facts.organization_id AND customers.id = facts.customer_id",
    id: "customers.id",
    name: "customers.name",
    months: false,
};
/// By whoever owns it.
pub const OWNER: By = By {
    join: " LEFT JOIN users ON users.organization_id = facts.organization_id AND users.id = facts.owner_id",
    id: "users.id",
    name: "users.name",
    months: false,
};
/// By each of the customer's tags; a customer with two counts in both.
pub const TAG: By = By {
    join: " JOIN record_labels tags ON tags.organization_id = facts.organization_id AND tags.kind = 'customer_tag' AND tags.record_id = facts.customer_id",
    id: NO_ID,
    name: "tags.label",
    months: false,
};
/// By how the question was put.
pub const SOURCE: By = By {
    join: "",
    id: NO_ID,
    name: "facts.source",
    months: false,
};
/// By department, as it is compared; see [`departments`].
pub const DEPARTMENT: By = By {
    join: "",
    id: NO_ID,
    name: "NULLIF(facts.department_key, '')",
    months: false,
};
/// By hour of the customer's day.
pub const HOUR: By = By {
    join: "",
    id: NO_ID,
    name: "CAST(facts.local_hour AS TEXT)",
    months: false,
};
/// By weekday in the customer's zone, from 1 for Monday.
pub const WEEKDAY: By = By {
    join: "",
    id: NO_ID,
    name: "CAST(facts.local_weekday AS TEXT)",
    months: false,
};

/// `WITH months (label, starts, ends) AS (VALUES …)`, where the group needs it.
fn months(sql: &mut Sql<'_>, by: &By, period: &Period) {
    if !by.months {
        return;
    }
    sql.push("WITH months (label, starts, ends) AS (VALUES ");
    for (at, (label, starts, ends)) in period.months().into_iter().enumerate() {
        sql.push(if at == 0 { "(" } else { ", (" }).value(label);
        sql.push(", ").value(starts);
        sql.push(", ").value(ends).push(")");
    }
    sql.push(") ");
}

/// Groups and orders: the largest first, by the first figure.
fn grouped(sql: &mut Sql<'_>) {
    sql.push(" GROUP BY 1, 2 ORDER BY 3 DESC, 2, 1 LIMIT ").value(LARGEST);
}

/// One group's answers: id, name, all asked, promoters, passives, detractors.
pub type NpsRow = (Option<Uuid>, Option<String>, i64, i64, i64, i64);

/// Answers to the recommendation question within a period; what is in none of the categories was skipped.
pub async fn nps(db: &mut impl Sqls, scope: &Scope, period: &Period, by: &By) -> Result<Vec<NpsRow>, Error> {
    let mut sql = db.sql("");
    months(&mut sql, by, period);
    sql.push(&format!(
        "SELECT {}, {}, COUNT(*), COUNT(*) FILTER (WHERE facts.category = 'promoter'), COUNT(*) FILTER (WHERE facts.category = 'passive'), COUNT(*) FILTER (WHERE facts.category = 'detractor') FROM nps_responses facts{} WHERE facts.organization_id = ",
        by.id, by.name, by.join
    ));
    sql.value(scope.organization);
    sql.push(" AND facts.responded_at >= ").value(period.starts());
    sql.push(" AND facts.responded_at < ").value(period.ends());
    grouped(&mut sql);
    sql.all().await
}

/// One group's calls: id, name, attempts, conversations, customers called, customers spoken with.
pub type ActivityRow = (Option<Uuid>, Option<String>, i64, i64, i64, i64);

/// Calls placed within a period.
pub async fn activity(db: &mut impl Sqls, scope: &Scope, period: &Period, by: &By) -> Result<Vec<ActivityRow>, Error> {
    let mut sql = db.sql(format!(
        "SELECT {}, {}, COUNT(*), COUNT(*) FILTER (WHERE facts.disposition = 'connected'), COUNT(DISTINCT facts.customer_id), COUNT(DISTINCT CASE WHEN facts.disposition = 'connected' THEN facts.customer_id END) FROM attempts facts{} WHERE facts.organization_id = ",
        by.id, by.name, by.join
    ));
    sql.value(scope.organization);
    sql.push(" AND facts.occurred_at >= ").value(period.starts());
    sql.push(" AND facts.occurred_at < ").value(period.ends());
    grouped(&mut sql);
    sql.all().await
}

/// One group's action items: id, name, open, overdue, completed, mean seconds to close, promises kept, broken, pending.
pub type ActionItemRow = (Option<Uuid>, Option<String>, i64, i64, i64, Option<f64>, i64, i64, i64);

/// Action items: what is open, as it stands at `now`; what was completed, and which promises were kept or broken, within a period.
pub async fn action_items(
    db: &mut impl Sqls,
    scope: &Scope,
    period: &Period,
    by: &By,
    now: Timestamp,
) -> Result<Vec<ActionItemRow>, Error> {
    let (starts, ends) = (period.starts(), period.ends());
    let completed = |sql: &mut Sql<'_>| {
        sql.push(" FILTER (WHERE facts.status = 'completed' AND facts.closed_at >= ")
            .value(starts)
            .push(" AND facts.closed_at < ")
            .value(ends)
            .push(")");
    };
    let mut sql = db.sql(format!(
        "SELECT {}, {}, COUNT(*) FILTER (WHERE facts.status NOT IN ('completed', 'canceled')), COUNT(*) FILTER (WHERE facts.status NOT IN ('completed', 'canceled') AND facts.due_key < ",
        by.id, by.name
    ));
    sql.value(now).push("), COUNT(*)");
    completed(&mut sql);
    sql.push(", CAST(AVG(facts.seconds_to_close)");
    completed(&mut sql);
    // Each promise is settled at one instant: when the customer was told in time, or when the time ran out.
    sql.push(" AS DOUBLE PRECISION), COUNT(*) FILTER (WHERE facts.promised AND facts.customer_told_at <= facts.promise_key AND facts.customer_told_at >= ")
        .value(starts)
        .push(" AND facts.customer_told_at < ")
        .value(ends)
        .push("), COUNT(*) FILTER (WHERE facts.promised AND facts.promise_key < ")
        .value(now)
        .push(" AND (facts.customer_told_at IS NULL OR facts.customer_told_at > facts.promise_key) AND facts.promise_key >= ")
        .value(starts)
        .push(" AND facts.promise_key < ")
        .value(ends)
        .push("), COUNT(*) FILTER (WHERE facts.promised AND facts.customer_told_at IS NULL AND facts.promise_key >= ")
        .value(now)
        .push(&format!(") FROM action_items facts{} WHERE facts.organization_id = ", by.join))
        .value(scope.organization);
    grouped(&mut sql);
    sql.all().await
}

/// How departments are written, by what they are compared by: as most of their action items have it.
pub async fn departments(db: &mut impl Sqls, scope: &Scope) -> Result<HashMap<String, String>, Error> {
    let spelled: Vec<(String, String, i64)> = db
        .sql("SELECT department_key, department, COUNT(*) FROM action_items WHERE organization_id = $1 AND department IS NOT NULL GROUP BY 1, 2")
        .bind(scope.organization)
        .all()
        .await?;
    let mut spelled: Vec<_> = spelled
        .into_iter()
        .map(|(key, name, count)| (count, name, key))
        .collect();
    spelled.sort();
    Ok(spelled.into_iter().map(|(_, name, key)| (key, name)).collect())
}

/// One group's median seconds to close: id, name, median.
pub type MedianRow = (Option<Uuid>, Option<String>, f64);

/// How long the middle one of the items completed within a period took; the mean of the middle two where they are even.
pub async fn median_seconds(
    db: &mut impl Sqls,
    scope: &Scope,
    period: &Period,
    by: &By,
) -> Result<Vec<MedianRow>, Error> {
    let mut sql = db.sql(format!(
        "WITH closed (id, name, seconds, place, places) AS (SELECT {id}, {name}, facts.seconds_to_close, ROW_NUMBER() OVER (PARTITION BY {id}, {name} ORDER BY facts.seconds_to_close, facts.id), COUNT(*) OVER (PARTITION BY {id}, {name}) FROM action_items facts{join} WHERE facts.organization_id = ",
        id = by.id,
        name = by.name,
        join = by.join
    ));
    sql.value(scope.organization);
    sql.push(" AND facts.status = 'completed' AND facts.closed_at >= ")
        .value(period.starts());
    sql.push(" AND facts.closed_at < ").value(period.ends());
    sql.push(") SELECT id, name, CAST(AVG(seconds) AS DOUBLE PRECISION) FROM closed WHERE place IN ((places + 1) / 2, (places + 2) / 2) GROUP BY 1, 2");
    sql.all().await
}

/// A call that was promised, and one of the calls on its assignment that came after.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PromiseRow {
    pub attempt_id: Uuid,
    pub promised_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub user_id: UserId,
    pub user_name: Option<String>,
    pub program_id: ProgramId,
    pub program_name: Option<String>,
    /// None when nobody has called since.
    pub called_at: Option<Timestamp>,
    pub conversation: bool,
    pub promised: bool,
}

/// Calls promised for a time within a period, each with every later call; those of one promise stand together.
pub async fn promises(db: &mut impl Sqls, scope: &Scope, period: &Period) -> Result<Vec<PromiseRow>, Error> {
    db.sql("SELECT facts.id AS attempt_id, facts.callback_promised_at AS promised_at, assignments.closed_at AS closed_at, facts.user_id AS user_id, users.name AS user_name, facts.program_id AS program_id, programs.name AS program_name, later.occurred_at AS called_at, COALESCE(later.disposition = 'connected', FALSE) AS conversation, later.callback_promised_at IS NOT NULL AS promised FROM attempts facts JOIN assignments ON assignments.organization_id = facts.organization_id AND assignments.id = facts.assignment_id LEFT JOIN users ON users.organization_id = facts.organization_id AND users.id = facts.user_id LEFT JOIN programs ON programs.organization_id = facts.organization_id AND programs.id = facts.program_id LEFT JOIN attempts later ON later.organization_id = facts.organization_id AND later.assignment_id = facts.assignment_id AND later.id <> facts.id AND later.occurred_at >= facts.occurred_at WHERE facts.organization_id = $1 AND facts.callback_promised_at >= $2 AND facts.callback_promised_at < $3 ORDER BY facts.callback_promised_at, facts.id, later.occurred_at, later.id")
        .bind(scope.organization)
        .bind(period.starts())
        .bind(period.ends())
        .all()
        .await
}
