//! All SQL of briefs: three statements, whatever there is to tell.
//!
//! The assignment; its customer; and every other part at once, as narrow lines under one `UNION ALL`, each part by its own index.

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

/// Everything that a brief is made of.
#[derive(Debug)]
pub struct Found {
    pub assignment: Assignment,
    pub customer: Customer,
    pub lines: Vec<Line>,
}

/// The columns of a line, and of which type each is.
const COLUMNS: [(&str, &str); 14] = [
    ("at", "TIMESTAMPTZ"),
    ("until", "TIMESTAMPTZ"),
    ("day", "DATE"),
    ("last_day", "DATE"),
    ("number", "BIGINT"),
    ("flag", "BOOLEAN"),
    ("who", "UUID"),
    ("who_name", "TEXT"),
    ("kind", "TEXT"),
    ("word", "TEXT"),
    ("name", "TEXT"),
    ("text", "TEXT"),
    ("more", "TEXT"),
    ("other", "TEXT"),
];

/// Where a part stands, and what is read of it.
struct Source {
    table: &'static str,
    /// The column that must equal [`key`], and what else must hold.
    of: &'static str,
    /// The user who is named with it.
    who: Option<&'static str>,
    join: &'static str,
    columns: &'static [(&'static str, &'static str)],
    order: &'static str,
    most: i64,
}

/// The least that is said of a part.
const NOTHING: Source = Source {
    table: "",
    of: "customer_id",
    who: None,
    join: "",
    columns: &[],
    order: "id",
    most: 1,
};

const SIGNAL: Source = Source {
    table: "signals",
    who: Some("user_id"),
    columns: &[
        ("at", "signals.occurred_at"),
        ("flag", "signals.worth_congratulating"),
        ("kind", "signals.kind"),
        ("word", "COALESCE(signals.status, signals.topic)"),
        ("name", "signals.title"),
        ("text", "SUBSTR(signals.detail, 1, 1000)"),
        ("more", "CAST(signals.amount AS TEXT)"),
        // How many of them are open, of all there are.
        ("number", "COUNT(*) FILTER (WHERE signals.status = 'open') OVER ()"),
        ("other", "signals.source_url"),
    ],
    order: "at DESC, id DESC",
    most: 10,
    ..NOTHING
};

const USER: &[(&str, &str)] = &[
    ("word", "users.title"),
    ("name", "users.name"),
    ("text", "users.email"),
    ("more", "users.phone"),
    ("other", "users.time_zone"),
];

#[expect(clippy::too_many_lines, reason = "one table, a row for each part")]
const fn source(part: Part) -> Source {
    match part {
        Part::Organization => Source {
            table: "organizations",
            of: "id",
            columns: &[("name", "organizations.name"), ("word", "organizations.time_zone")],
            ..NOTHING
        },
        Part::Executive => Source {
            table: "users",
            of: "id",
            columns: USER,
            ..NOTHING
        },
        Part::Program => Source {
            table: "programs",
            of: "id",
            columns: &[("name", "programs.name"), ("text", "programs.purpose")],
            ..NOTHING
        },
        Part::AccountManager => Source {
            table: "users",
            of: "id",
            columns: USER,
            ..NOTHING
        },
        Part::Contact => Source {
            table: "contacts",
            columns: &[
                ("flag", "contacts.is_primary"),
                ("kind", "contacts.first_name"),
                ("word", "contacts.title"),
                ("name", "contacts.name"),
                ("text", "contacts.email"),
                ("more", "COALESCE(contacts.phone_e164, contacts.phone)"),
                ("other", "COALESCE(contacts.mobile_e164, contacts.mobile)"),
            ],
            of: "active AND contacts.customer_id",
            order: "flag DESC, name, id",
            most: 20,
            ..NOTHING
        },
        Part::SupportCase => Source {
            of: "kind = 'support_case' AND signals.customer_id",
            order: "CASE WHEN word = 'open' THEN 0 ELSE 1 END, at DESC, id DESC",
            ..SIGNAL
        },
        Part::ManagerPeriod => Source {
            table: "account_manager_periods",
            who: Some("user_id"),
            columns: &[
                ("day", "account_manager_periods.started_on"),
                ("last_day", "account_manager_periods.ended_on"),
            ],
            order: "day DESC, id DESC",
            most: 20,
            ..NOTHING
        },
        Part::Purchase => Source {
            of: "kind = 'purchase' AND signals.customer_id",
            ..SIGNAL
        },
        Part::Interaction => Source {
            of: "kind IN ('reactive_interaction', 'referral') AND signals.customer_id",
            ..SIGNAL
        },
        Part::News => Source {
            of: "kind IN ('news', 'research_finding') AND signals.customer_id",
            ..SIGNAL
        },
        Part::ReferredBy => Source {
            table: "customers",
            of: "id",
            columns: &[("name", "customers.name")],
            ..NOTHING
        },
        Part::Referred => Source {
            table: "customers",
            of: "referred_by_id",
            columns: &[("name", "customers.name"), ("at", "customers.created_at")],
            order: "at DESC, id DESC",
            most: 10,
            ..NOTHING
        },
        Part::Call => Source {
            table: "attempts",
            who: Some("user_id"),
            join: " LEFT JOIN contacts ON contacts.organization_id = attempts.organization_id AND contacts.id = attempts.contact_id",
            columns: &[
                ("at", "attempts.occurred_at"),
                ("until", "attempts.callback_promised_at"),
                ("number", "attempts.duration_seconds"),
                ("word", "attempts.disposition"),
                ("name", "COALESCE(attempts.spoke_with, contacts.name)"),
                ("text", "SUBSTR(attempts.summary, 1, 2000)"),
            ],
            order: "at DESC, id DESC",
            most: 10,
            ..NOTHING
        },
        Part::Note => Source {
            table: "latest_notes",
            of: "place <= 3 AND latest_notes.customer_id",
            who: Some("author_id"),
            columns: &[
                ("at", "latest_notes.occurred_at"),
                ("kind", "latest_notes.kind"),
                ("name", "latest_notes.employee_name"),
                ("text", "SUBSTR(latest_notes.body, 1, 2000)"),
                ("more", "CAST(latest_notes.themes AS TEXT)"),
            ],
            order: "at DESC, id DESC",
            most: 30,
            ..NOTHING
        },
        Part::NpsResponse => Source {
            table: "nps_responses",
            who: Some("user_id"),
            join: " LEFT JOIN contacts ON contacts.organization_id = nps_responses.organization_id AND contacts.id = nps_responses.contact_id",
            columns: &[
                ("at", "nps_responses.responded_at"),
                ("number", "nps_responses.score"),
                ("flag", "nps_responses.would_recommend"),
                ("kind", "nps_responses.source"),
                ("word", "nps_responses.category"),
                ("name", "contacts.name"),
                ("text", "SUBSTR(nps_responses.comment, 1, 2000)"),
                ("more", "SUBSTR(nps_responses.follow_up_answer, 1, 2000)"),
            ],
            order: "at DESC, id DESC",
            most: 10,
            ..NOTHING
        },
        Part::ActionItem => Source {
            table: "action_items",
            // What is still to be done, and what is done but was promised and not told.
            of: "status <> 'canceled' AND (action_items.status <> 'completed' OR (action_items.promised AND action_items.customer_told_at IS NULL)) AND action_items.customer_id",
            who: Some("owner_id"),
            columns: &[
                ("at", "action_items.due_at"),
                ("until", "action_items.customer_told_at"),
                ("kind", "action_items.kind"),
                ("word", "action_items.status"),
                ("name", "action_items.title"),
                ("text", "SUBSTR(action_items.detail, 1, 1000)"),
                ("more", "CAST(action_items.customer_promise AS TEXT)"),
                ("other", "action_items.department"),
            ],
            order: "CASE WHEN at IS NULL THEN 1 ELSE 0 END, at, id",
            most: 30,
            ..NOTHING
        },
        Part::OtherAssignment => Source {
            table: "assignments",
            of: "status IN ('queued', 'scheduled') AND assignments.customer_id",
            who: Some("assignee_id"),
            join: " LEFT JOIN programs ON programs.organization_id = assignments.organization_id AND programs.id = assignments.program_id",
            columns: &[
                ("at", "assignments.scheduled_for"),
                ("day", "assignments.due_on"),
                ("word", "assignments.status"),
                ("name", "programs.name"),
                ("text", "assignments.reason"),
            ],
            most: 20,
            ..NOTHING
        },
        Part::RescueCase => Source {
            table: "rescue_cases",
            of: "status IN ('open', 'working') AND rescue_cases.customer_id",
            who: Some("owner_id"),
            columns: &[
                ("at", "rescue_cases.created_at"),
                ("kind", "rescue_cases.severity"),
                ("word", "rescue_cases.status"),
                ("name", "rescue_cases.competitor"),
                ("text", "SUBSTR(rescue_cases.reason, 1, 2000)"),
            ],
            order: "at DESC, id DESC",
            most: 10,
            ..NOTHING
        },
        Part::ServiceInterest => Source {
            table: "service_interests",
            of: "stage NOT IN ('won', 'lost') AND service_interests.customer_id",
            who: Some("owner_id"),
            columns: &[
                ("at", "service_interests.raised_at"),
                ("word", "service_interests.stage"),
                ("name", "service_interests.service"),
                ("text", "SUBSTR(service_interests.note, 1, 1000)"),
            ],
            order: "at DESC, id DESC",
            most: 10,
            ..NOTHING
        },
    }
}

/// Whose records a part has.
fn key(part: Part, scope: &Scope, assignment: &Assignment, customer: &Customer) -> Option<Uuid> {
    match part {
        Part::Organization => Some(scope.organization.into()),
        Part::Executive => Some(assignment.assignee_id.into()),
        Part::Program => Some(assignment.program_id.into()),
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
    Option<UserId>,
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
