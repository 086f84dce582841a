//! All SQL of briefs: three statements, whatever there is to tell.
//!
//! The assignment; its customer; and every other part at once, as narrow lines under one `UNION ALL`, each part by its own index.

mod sources;

use chrono::NaiveDate;
use uuid::Uuid;

use super::part::{Line, Part};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::assignments::assignment::{Assignment, AssignmentId};
use crate::features::customers::customer::Customer;
use crate::features::{assignments, customers};
use crate::id::UserId;
use sources::{COLUMNS, Source, source};

/// Everything that a brief is made of.
#[derive(Debug)]
pub struct Found {
    pub assignment: Assignment,
    pub customer: Customer,
    pub lines: Vec<Line>,
}

/// Whose records a part has.
fn key(part: Part, scope: &Scope, assignment: &Assignment, customer: &Customer) -> Option<Uuid> {
    match part {
        Part::Organization => Some(scope.organization.into()),
        Part::Executive => Some(assignment.assignee_id.into()),
        Part::Program | Part::TalkingPoints => Some(assignment.program_id.into()),
        Part::AccountManager => customer.fields.account_manager_id.map(Uuid::from),
        Part::ReferredBy => customer.fields.referred_by_id.map(Uuid::from),
        Part::Contact
        | Part::SupportCase
        | Part::ManagerPeriod
        | Part::Purchase
        | Part::Interaction
        | Part::News
        | Part::Referred
        | Part::Call
        | Part::Note
        | Part::NpsResponse
        | Part::ActionItem
        | Part::OtherAssignment
        | Part::RescueCase
        | Part::ServiceInterest => Some(customer.id.into()),
    }
}

/// Everything there is for the brief of an assignment, if it is in sight: of the parts that the caller may see.
///
/// # Errors
/// What the database said.
pub async fn gather(
    db: &mut impl Sqls,
    scope: &Scope,
    parts: &[Part],
    id: AssignmentId,
) -> Result<Option<Found>, Error> {
    let Some(assignment) = assignments::store::find(db, scope, id).await? else {
        return Ok(None);
    };
    let Some(customer) = customers::store::find(db, scope, assignment.customer_id).await? else {
        return Ok(None);
    };
    let mut sql = db.sql("");
    for (place, part) in parts.iter().enumerate() {
        sql.push(if place == 0 { "" } else { " UNION ALL " });
        select(&mut sql, *part, scope, key(*part, scope, &assignment, &customer));
    }
    let rows: Vec<Row> = match parts.is_empty() {
        true => Vec::new(),
        false => sql.all().await?,
    };
    let lines = rows.into_iter().filter_map(line).collect();
    Ok(Some(Found {
        assignment,
        customer,
        lines,
    }))
}

/// The open assignments that a user is to call within these instants, or by this day: in the order of their times, the most pressing first.
///
/// # Errors
/// What the database said.
pub async fn open_of_day(
    db: &mut impl Sqls,
    scope: &Scope,
    assignee: UserId,
    date: NaiveDate,
    (starts, ends): (Timestamp, Timestamp),
) -> Result<Vec<AssignmentId>, Error> {
    let rows: Vec<(AssignmentId,)> = db
        .sql("SELECT id FROM assignments WHERE organization_id = $1 AND assignee_id = $2 AND status IN ('queued', 'scheduled') AND ((scheduled_for >= $3 AND scheduled_for < $4) OR due_on = $5) AND (snoozed_until IS NULL OR snoozed_until < $4) ORDER BY scheduled_key, priority_key DESC, id")
        .bind(scope.organization)
        .bind(assignee)
        .bind(starts)
        .bind(ends)
        .bind(date)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Appends the lines of one part.
fn select(sql: &mut Sql<'_>, part: Part, scope: &Scope, key: Option<Uuid>) {
    let Source {
        table,
        of,
        who,
        join,
        columns,
        order,
        most,
    } = source(part);
    // The inner one names the columns, so that the order can be told by them.
    sql.push(&format!(
        "SELECT * FROM (SELECT * FROM (SELECT CAST({} AS BIGINT) AS part, {table}.id AS id",
        part.rank()
    ));
    for (column, kind) in COLUMNS {
        let said = columns.iter().find(|(known, _)| *known == column);
        match (column, who, said) {
            (_, _, Some((_, expression))) => sql.push(&format!(", {expression} AS {column}")),
            ("who", Some(who), None) => sql.push(&format!(", {table}.{who} AS who")),
            ("who_name", Some(_), None) => sql.push(", users.name AS who_name"),
            (_, _, None) => sql.push(&format!(", CAST(NULL AS {kind}) AS {column}")),
        };
    }
    if part == Part::Note {
        // The latest of each type; both databases look at this customer's alone.
        sql.push(" FROM (SELECT notes.*, ROW_NUMBER() OVER (PARTITION BY notes.organization_id, notes.customer_id, notes.kind ORDER BY notes.occurred_at DESC, notes.id DESC) AS place FROM notes) AS latest_notes");
    } else {
        sql.push(&format!(" FROM {table}"));
    }
    sql.push(join);
    if let Some(who) = who {
        sql.push(&format!(
            " LEFT JOIN users ON users.organization_id = {table}.organization_id AND users.id = {table}.{who}"
        ));
    }
    sql.push(&format!(" WHERE {table}.organization_id = "))
        .value(scope.organization);
    sql.push(&format!(" AND {table}.{of} = ")).value(key);
    if part == Part::ActionItem {
        scope.narrow_items(sql);
    }
    sql.push(&format!(
        ") AS named ORDER BY {order} LIMIT {most}) AS {}",
        part.as_str().replace('.', "_")
    ));
}

type Row = (
    i64,
    Uuid,
    Option<Timestamp>,
    Option<Timestamp>,
    Option<NaiveDate>,
    Option<NaiveDate>,
    Option<i64>,
    Option<bool>,
    Option<Uuid>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

fn line(row: Row) -> Option<Line> {
    let (part, id, at, until, day, last_day, number, flag, who, who_name, kind, word, name, text, more, other) = row;
    Some(Line {
        part: usize::try_from(part)
            .ok()
            .and_then(|part| Part::ALL.get(part))
            .copied()?,
        id,
        at,
        until,
        day,
        last_day,
        number,
        flag,
        who,
        who_name,
        kind,
        word,
        name,
        text,
        more,
        other,
    })
}
