//! The one way to read the journal on: in order of revision, from where the reader left off.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::ActorKind;
use crate::clock::Timestamp;
use crate::db::{Error, Json, Sql, Sqls};
use crate::id::OrganizationId;

/// One change of one record.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
pub struct Entry {
    /// Its place in the organization's history.
    pub revision: i64,
    pub recorded_at: Timestamp,
    pub actor_kind: ActorKind,
    pub actor_id: Option<Uuid>,
    /// The client program's `User-Agent`.
    #[schema(max_length = 200)]
    pub client: Option<String>,
    #[schema(max_length = 64)]
    pub address: Option<String>,
    pub request_id: Option<Uuid>,
    /// What sort of record: `customer`, `assignment`.
    #[schema(max_length = 40)]
    pub kind: String,
    pub record_id: Uuid,
    /// What happened to it: `created`, `rescheduled`.
    #[schema(max_length = 40)]
    pub verb: String,
    /// The customer that the record is about.
    pub customer_id: Option<Uuid>,
    /// Field → [before, after].
    #[schema(value_type = Object)]
    pub changes: Json<Map<String, Value>>,
}

/// Which entries are asked for. Everything absent matches all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub kind: Option<String>,
    pub record_id: Option<Uuid>,
    pub customer_id: Option<Uuid>,
    pub actor_id: Option<Uuid>,
    pub verb: Option<String>,
    pub recorded_at_gte: Option<Timestamp>,
    pub recorded_at_lt: Option<Timestamp>,
}

impl Filter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        if let Some(kind) = &self.kind {
            sql.push(" AND kind = ").value(kind.clone());
        }
        if let Some(id) = self.record_id {
            sql.push(" AND record_id = ").value(id);
        }
        if let Some(id) = self.customer_id {
            sql.push(" AND customer_id = ").value(id);
        }
        if let Some(id) = self.actor_id {
            sql.push(" AND actor_id = ").value(id);
        }
        if let Some(verb) = &self.verb {
            sql.push(" AND verb = ").value(verb.clone());
        }
        if let Some(from) = self.recorded_at_gte {
            sql.push(" AND recorded_at >= ").value(from);
        }
        if let Some(until) = self.recorded_at_lt {
            sql.push(" AND recorded_at < ").value(until);
        }
    }
}

const SELECT: &str = "SELECT revision, recorded_at, actor_kind, actor_id, client, address, request_id, kind, record_id, verb, customer_id, changes FROM journal WHERE organization_id = $1";

/// Up to `limit` entries after `revision` (or before it, newest first, with `descending`).
///
/// # Errors
/// What the database said.
pub async fn entries(
    db: &mut impl Sqls,
    organization: OrganizationId,
    filter: &Filter,
    after: Option<i64>,
    descending: bool,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    let mut sql = db.sql(SELECT).bind(organization);
    if let Some(after) = after {
        sql.push(if descending {
            " AND revision < "
        } else {
            " AND revision > "
        })
        .value(after);
    }
    filter.narrow(&mut sql);
    sql.push(if descending {
        " ORDER BY revision DESC LIMIT "
    } else {
        " ORDER BY revision LIMIT "
    })
    .value(limit);
    sql.all().await
}

/// What happened, without its values: for those who are told that something did.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Happening {
    pub revision: i64,
    pub recorded_at: Timestamp,
    pub actor_kind: ActorKind,
    pub actor_id: Option<Uuid>,
    pub kind: String,
    pub record_id: Uuid,
    pub verb: String,
    pub customer_id: Option<Uuid>,
}

/// Which happenings are asked for: these kinds of records, and these verbs of these kinds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sorts {
    pub kinds: Vec<&'static str>,
    pub verbs: Vec<(&'static str, String)>,
}

impl Sorts {
    pub fn has(&self, kind: &str, verb: &str) -> bool {
        self.kinds.contains(&kind) || self.verbs.iter().any(|(of, known)| *of == kind && known == verb)
    }
}

/// Up to `limit` happenings of these sorts after one revision, and up to another; all there are, without sorts.
///
/// # Errors
/// What the database said.
pub async fn happenings(
    db: &mut impl Sqls,
    organization: OrganizationId,
    sorts: Option<&Sorts>,
    (after, until): (i64, i64),
    limit: i64,
) -> Result<Vec<Happening>, Error> {
    let mut sql = db
        .sql("SELECT revision, recorded_at, actor_kind, actor_id, kind, record_id, verb, customer_id FROM journal WHERE organization_id = $1 AND revision > $2 AND revision <= $3")
        .bind(organization)
        .bind(after)
        .bind(until);
    if let Some(sorts) = sorts {
        sql.push(" AND (kind IN ")
            .list(sorts.kinds.iter().map(|kind| (*kind).to_owned()));
        for (kind, verb) in &sorts.verbs {
            sql.push(" OR kind = ").value((*kind).to_owned());
            sql.push(" AND verb = ").value(verb.clone());
        }
        sql.push(")");
    }
    sql.push(" ORDER BY revision LIMIT ").value(limit);
    sql.all().await
}

/// How far to look at once: so many numbers from the next line on, which may come after a gap.
///
/// # Errors
/// What the database said.
pub async fn stretch(
    db: &mut impl Sqls,
    organization: OrganizationId,
    (after, latest): (i64, i64),
    most: i64,
) -> Result<i64, Error> {
    let next: Option<(i64,)> = db
        .sql("SELECT revision FROM journal WHERE organization_id = $1 AND revision > $2 ORDER BY revision LIMIT 1")
        .bind(organization)
        .bind(after)
        .optional()
        .await?;
    Ok(next.map_or(latest, |(next,)| latest.min(next.saturating_add(most))))
}

/// How far an organization's history goes.
///
/// # Errors
/// What the database said.
pub async fn latest(db: &mut impl Sqls, organization: OrganizationId) -> Result<i64, Error> {
    let row: Option<(i64,)> = db
        .sql("SELECT last_revision FROM organizations WHERE id = $1")
        .bind(organization)
        .optional()
        .await?;
    Ok(row.map_or(0, |(revision,)| revision))
}

/// When one of these verbs happened to one of these records, in order: which record, which verb, when.
///
/// # Errors
/// What the database said.
pub async fn moments(
    db: &mut impl Sqls,
    organization: OrganizationId,
    records: &[Uuid],
    verbs: &[&'static str],
) -> Result<Vec<(Uuid, String, Timestamp)>, Error> {
    let mut found = Vec::new();
    for chunk in records.chunks(500) {
        let mut sql = db
            .sql("SELECT revision, record_id, verb, recorded_at FROM journal WHERE organization_id = $1 AND record_id IN ")
            .bind(organization);
        sql.list(chunk.iter().copied());
        sql.push(" AND verb IN ")
            .list(verbs.iter().map(|verb| (*verb).to_owned()));
        // Put in order here: asked to, SQLite may go through the whole journal in that order.
        let mut moments: Vec<(i64, Uuid, String, Timestamp)> = sql.all().await?;
        moments.sort_by_key(|(revision, ..)| *revision);
        found.extend(moments.into_iter().map(|(_, record, verb, at)| (record, verb, at)));
    }
    Ok(found)
}

/// The entries of these revisions.
///
/// # Errors
/// What the database said.
pub async fn at(db: &mut impl Sqls, organization: OrganizationId, revisions: &[i64]) -> Result<Vec<Entry>, Error> {
    if revisions.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = db.sql(format!("{SELECT} AND revision IN ")).bind(organization);
    sql.list(revisions.iter().copied());
    sql.push(" ORDER BY revision");
    sql.all().await
}

/// When people, or their scripts, last did something to each of these records: what happened by itself does not count.
///
/// # Errors
/// What the database said.
pub async fn touched(
    db: &mut impl Sqls,
    organization: OrganizationId,
    records: &[Uuid],
) -> Result<Vec<(Uuid, Timestamp)>, Error> {
    let mut found = Vec::new();
    for chunk in records.chunks(500) {
        let mut sql = db
            .sql("SELECT record_id, MAX(recorded_at) FROM journal WHERE organization_id = $1 AND actor_kind <> 'system' AND record_id IN ")
            .bind(organization);
        sql.list(chunk.iter().copied());
        sql.push(" GROUP BY record_id");
        found.extend(sql.all::<(Uuid, Timestamp)>().await?);
    }
    Ok(found)
}

/// What each of these records was made with.
///
/// # Errors
/// What the database said.
pub async fn creations(
    db: &mut impl Sqls,
    organization: OrganizationId,
    records: &[Uuid],
) -> Result<Vec<(Uuid, Map<String, Value>)>, Error> {
    let mut found = Vec::new();
    for chunk in records.chunks(500) {
        let mut sql = db
            .sql("SELECT record_id, changes FROM journal WHERE organization_id = $1 AND verb = 'created' AND record_id IN ")
            .bind(organization);
        sql.list(chunk.iter().copied());
        let rows: Vec<(Uuid, Json<Map<String, Value>>)> = sql.all().await?;
        found.extend(rows.into_iter().map(|(id, Json(changes))| (id, changes)));
    }
    Ok(found)
}

/// What a record was made with, the last time that one was made under this id.
///
/// # Errors
/// What the database said.
pub async fn creation(
    db: &mut impl Sqls,
    organization: OrganizationId,
    kind: &str,
    record_id: Uuid,
) -> Result<Option<Map<String, Value>>, Error> {
    let filter = Filter {
        kind: Some(kind.to_owned()),
        record_id: Some(record_id),
        verb: Some("created".to_owned()),
        ..Filter::default()
    };
    let made = entries(db, organization, &filter, None, true, 1).await?;
    Ok(made.into_iter().next().map(|entry| entry.changes.0))
}

/// How many entries there are in all.
///
/// # Errors
/// What the database said.
pub async fn count(db: &mut impl Sqls, organization: OrganizationId, filter: &Filter) -> Result<i64, Error> {
    let mut sql = db
        .sql("SELECT COUNT(*) FROM journal WHERE organization_id = $1")
        .bind(organization);
    filter.narrow(&mut sql);
    let (count,): (i64,) = sql.one().await?;
    Ok(count)
}
