//! The one statement that reads a customer's history out of all tables, a page at a time.

use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::customers::customer::CustomerId;
use crate::features::customers::timeline::{TimelineEntry, TimelineKind};
use crate::http::query::List;
use crate::id::UserId;
use crate::journal::{Listed, Sort, SortKey, Window};

/// The one order that a timeline has.
pub static SORTS: &[Sort<TimelineEntry>] = &[Sort {
    name: "occurred_at",
    column: "occurred_at",
    key: |entry| SortKey::Time(entry.occurred_at),
}];

/// Which entries are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TimelineFilter {
    /// Only these sorts of records.
    #[param(style = Form, explode = false, value_type = Option<Vec<TimelineKind>>, max_items = 20)]
    pub kind_in: Option<List<TimelineKind>>,
    pub occurred_at_gte: Option<Timestamp>,
    pub occurred_at_lt: Option<Timestamp>,
}

/// Where a kind of entry stands, and what is shown of it.
struct Source {
    table: &'static str,
    at: &'static str,
    title: &'static str,
    summary: &'static str,
    user: &'static str,
}

const fn source(kind: TimelineKind) -> Source {
    let (table, at, title, summary, user) = match kind {
        TimelineKind::Signal => ("signals", "occurred_at", "kind", "COALESCE(title, detail)", "user_id"),
        TimelineKind::AccountManagerPeriod => (
            "account_manager_periods",
            "started_key",
            "CASE WHEN ended_on IS NULL THEN 'running' ELSE 'ended' END",
            "CAST(NULL AS TEXT)",
            "user_id",
        ),
        TimelineKind::Assignment => ("assignments", "created_at", "status", "reason", "assignee_id"),
        TimelineKind::Attempt => ("attempts", "occurred_at", "disposition", "summary", "user_id"),
        TimelineKind::Note => ("notes", "occurred_at", "kind", "body", "author_id"),
        TimelineKind::NpsResponse => (
            "nps_responses",
            "responded_at",
            "COALESCE(category, 'skipped')",
            "COALESCE(comment, follow_up_answer)",
            "user_id",
        ),
        TimelineKind::ActionItem => ("action_items", "created_at", "status", "title", "owner_id"),
        TimelineKind::ServiceInterest => ("service_interests", "raised_at", "stage", "service", "owner_id"),
        TimelineKind::RescueCase => ("rescue_cases", "created_at", "status", "reason", "owner_id"),
        TimelineKind::FollowUp => ("follow_ups", "sent_key", "kind", "subject", "user_id"),
    };
    Source {
        table,
        at,
        title,
        summary,
        user,
    }
}

type Found = (i64, Uuid, Timestamp, String, Option<String>, Option<UserId>);

/// A page of a customer's timeline, newest first: of the kinds that the caller may see.
pub async fn page(
    db: &mut impl Sqls,
    scope: &Scope,
    customer: CustomerId,
    kinds: &[TimelineKind],
    filter: &TimelineFilter,
    window: &Window<TimelineEntry>,
) -> Result<Listed<TimelineEntry>, Error> {
    let total = match window.total {
        true => Some(count(db, scope, customer, kinds, filter).await?),
        false => None,
    };
    if kinds.is_empty() {
        return Ok(Listed {
            rows: Vec::new(),
            next: None,
            total,
        });
    }
    let mut sql = db.sql("SELECT rank, id, at, title, summary, user_id FROM (");
    for (place, kind) in kinds.iter().enumerate() {
        let Source {
            at,
            title,
            summary,
            user,
            ..
        } = source(*kind);
        sql.push(if place == 0 { "" } else { " UNION ALL " });
        // Each table gives no more than a page, by its own index.
        sql.push(&format!(
            "SELECT * FROM (SELECT CAST({} AS BIGINT) AS rank, id, {at} AS at, {title} AS title, SUBSTR({summary}, 1, 500) AS summary, {user} AS user_id",
            kind.rank()
        ));
        narrow(&mut sql, scope, customer, *kind, filter);
        resume(&mut sql, *kind, at, window);
        sql.push(&format!(" ORDER BY {at} DESC, id DESC LIMIT "))
            .value(window.limit + 1);
        sql.push(&format!(") AS {}_page", kind.as_str()));
    }
    sql.push(") AS timeline ORDER BY at DESC, rank DESC, id DESC LIMIT ")
        .value(window.limit + 1);
    let mut found: Vec<Found> = sql.all().await?;
    let more = i64::try_from(found.len()).is_ok_and(|count| count > window.limit);
    if more {
        found.pop();
    }
    let last = found.last().filter(|_| more);
    let next = last.map(|(rank, id, at, ..)| (vec![SortKey::Time(*at), SortKey::Int(*rank)], *id));
    let rows = found.into_iter().map(|found| entry(customer, found)).collect();
    Ok(Listed { rows, next, total })
}

fn entry(customer_id: CustomerId, (rank, id, occurred_at, title, summary, user_id): Found) -> TimelineEntry {
    let kind = usize::try_from(rank).ok().and_then(|rank| TimelineKind::ALL.get(rank));
    TimelineEntry {
        occurred_at,
        kind: kind.copied().unwrap_or_default(),
        id,
        customer_id,
        title,
        summary,
        user_id,
    }
}

/// Appends which rows of a kind are meant.
fn narrow(sql: &mut Sql<'_>, scope: &Scope, customer: CustomerId, kind: TimelineKind, filter: &TimelineFilter) {
    let Source { table, at, .. } = source(kind);
    sql.push(&format!(" FROM {table} WHERE {table}.organization_id = "))
        .value(scope.organization);
    sql.push(&format!(" AND {table}.customer_id = ")).value(customer);
    if kind == TimelineKind::ActionItem {
        scope.narrow_items(sql);
    }
    if kind == TimelineKind::FollowUp {
        // A draft has not happened.
        sql.push(" AND follow_ups.status = 'sent'");
    }
    sql.compare(&format!("{table}.{at} >="), filter.occurred_at_gte);
    sql.compare(&format!("{table}.{at} <"), filter.occurred_at_lt);
}

/// Appends what leaves out all entries up to the last one seen.
fn resume(sql: &mut Sql<'_>, kind: TimelineKind, at: &str, window: &Window<TimelineEntry>) {
    let Some((keys, id)) = &window.after else { return };
    let [SortKey::Time(seen), SortKey::Int(rank)] = keys.as_slice() else {
        return;
    };
    match kind.rank().cmp(rank) {
        std::cmp::Ordering::Less => sql.compare(&format!("{at} <="), Some(*seen)),
        std::cmp::Ordering::Greater => sql.compare(&format!("{at} <"), Some(*seen)),
        std::cmp::Ordering::Equal => {
            sql.push(&format!(" AND ({at}, id) < (")).value(*seen);
            sql.push(", ").value(*id).push(")")
        }
    };
}

async fn count(
    db: &mut impl Sqls,
    scope: &Scope,
    customer: CustomerId,
    kinds: &[TimelineKind],
    filter: &TimelineFilter,
) -> Result<i64, Error> {
    let mut total = 0;
    for kind in kinds {
        let mut sql = db.sql("SELECT COUNT(*)");
        narrow(&mut sql, scope, customer, *kind, filter);
        let (count,): (i64,) = sql.one().await?;
        total += count;
    }
    Ok(total)
}
