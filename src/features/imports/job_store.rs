//! All SQL of imports in the background: the bytes of their files, where they go on, what was wrong.

use chrono::TimeDelta;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::IntoParams;
use uuid::Uuid;

use super::import::{FaultSeverity, ImportFault};
use super::report::RowFault;
use crate::clock::{Clock, Timestamp};
use crate::db::{Db, Error, Json, Sqls};
use crate::http::query::List;
use crate::id::OrganizationId;
use crate::jobs::JobId;
use crate::journal::{self, Listed, Rows, Sort, SortKey, Window};

/// Rows per statement when many are written.
const ROWS: usize = 500;
/// How many chunks are removed at a time.
const AT_ONCE: i64 = 16;
/// How long bytes are kept that nobody has sent to their end.
const UNFINISHED: TimeDelta = TimeDelta::days(1);

/// Keeps a piece of a file: at once, and without anybody's lock.
pub async fn keep_chunk(
    db: &Db,
    (organization, import): (OrganizationId, JobId),
    number: i64,
    bytes: Vec<u8>,
    now: Timestamp,
) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    tx.sql(
        "INSERT INTO import_chunks (organization_id, import_id, number, bytes, created_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(organization)
    .bind(import)
    .bind(number)
    .bind(bytes)
    .bind(now)
    .run()
    .await?;
    tx.commit().await
}

/// A piece of a file; `None` behind its end.
pub async fn chunk(
    db: &mut impl Sqls,
    organization: OrganizationId,
    import: JobId,
    number: i64,
) -> Result<Option<Vec<u8>>, Error> {
    let row: Option<(Vec<u8>,)> = db
        .sql("SELECT bytes FROM import_chunks WHERE organization_id = $1 AND import_id = $2 AND number = $3")
        .bind(organization)
        .bind(import)
        .bind(number)
        .optional()
        .await?;
    Ok(row.map(|(bytes,)| bytes))
}

/// Removes the bytes of a file, a few at a time, so that nobody waits long.
pub async fn discard(db: &Db, organization: OrganizationId, import: JobId) -> Result<(), Error> {
    loop {
        let mut tx = db.begin().await?;
        let gone = tx
            .sql("DELETE FROM import_chunks WHERE organization_id = $1 AND import_id = $2 AND number IN (SELECT next.number FROM import_chunks AS next WHERE next.organization_id = $1 AND next.import_id = $2 ORDER BY next.number LIMIT $3)")
            .bind(organization)
            .bind(import)
            .bind(AT_ONCE)
            .run()
            .await?;
        tx.commit().await?;
        if gone == 0 {
            return Ok(());
        }
    }
}

/// The files whose bytes nobody needs any more: their import has ended well or was given up for good, or a day ago, or they were never sent to their end.
pub async fn needless(db: &mut impl Sqls, now: Timestamp) -> Result<Vec<(OrganizationId, JobId)>, Error> {
    db.sql("SELECT organization_id, import_id FROM import_chunks WHERE number = 0 AND (EXISTS (SELECT 1 FROM jobs WHERE jobs.organization_id = import_chunks.organization_id AND jobs.id = import_chunks.import_id AND (jobs.status IN ('completed', 'canceled', 'reverted') OR (jobs.status = 'failed' AND jobs.finished_at < $1))) OR (created_at < $1 AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.organization_id = import_chunks.organization_id AND jobs.id = import_chunks.import_id)))")
        .bind(now.plus(-UNFINISHED))
        .all()
        .await
}

/// Where an import, or an undoing, goes on.
pub async fn state<T>(db: &mut impl Sqls, organization: OrganizationId, job: JobId) -> Result<Option<T>, Error>
where
    T: DeserializeOwned + Send + Unpin + 'static,
{
    let row: Option<(Json<T>,)> = db
        .sql("SELECT state FROM import_states WHERE organization_id = $1 AND import_id = $2")
        .bind(organization)
        .bind(job)
        .optional()
        .await?;
    Ok(row.map(|(Json(state),)| state))
}

/// Keeps where an import, or an undoing, goes on.
pub async fn set_state(
    db: &mut impl Sqls,
    organization: OrganizationId,
    job: JobId,
    state: Value,
) -> Result<(), Error> {
    db.sql("INSERT INTO import_states (organization_id, import_id, state) VALUES ($1, $2, $3) ON CONFLICT (organization_id, import_id) DO UPDATE SET state = excluded.state")
        .bind(organization)
        .bind(job)
        .bind(Json(state))
        .run()
        .await?;
    Ok(())
}

/// Keeps which revisions, from the first to the last, are an import's, or its undoing's.
pub async fn keep_portion(
    db: &mut impl Sqls,
    organization: OrganizationId,
    import: JobId,
    (first, last): (i64, i64),
    undoing: bool,
) -> Result<(), Error> {
    db.sql("INSERT INTO import_portions (organization_id, import_id, first_revision, last_revision, undoing) VALUES ($1, $2, $3, $4, $5)")
        .bind(organization)
        .bind(import)
        .bind(first)
        .bind(last)
        .bind(undoing)
        .run()
        .await?;
    Ok(())
}

/// The import's last portion that begins before this revision: its first and its last.
pub async fn portion_before(
    db: &mut impl Sqls,
    organization: OrganizationId,
    import: JobId,
    before: i64,
) -> Result<Option<(i64, i64)>, Error> {
    db.sql("SELECT first_revision, last_revision FROM import_portions WHERE organization_id = $1 AND import_id = $2 AND first_revision < $3 AND NOT undoing ORDER BY first_revision DESC LIMIT 1")
        .bind(organization)
        .bind(import)
        .bind(before)
        .optional()
        .await
}

/// How many revisions an import has made.
pub async fn revisions(db: &mut impl Sqls, organization: OrganizationId, import: JobId) -> Result<i64, Error> {
    let (count,): (i64,) = db
        .sql("SELECT CAST(COALESCE(SUM(last_revision - first_revision + 1), 0) AS BIGINT) FROM import_portions WHERE organization_id = $1 AND import_id = $2 AND NOT undoing")
        .bind(organization)
        .bind(import)
        .one()
        .await?;
    Ok(count)
}

/// What somebody else did after an import's portion.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Since {
    pub record_id: Uuid,
    pub customer_id: Option<Uuid>,
    pub changes: Json<Map<String, Value>>,
}

/// What was put on the record about these customers after this revision, and neither by the import nor by its undoing. Whom they resemble, we have found by ourselves.
pub async fn since(
    db: &mut impl Sqls,
    (organization, import): (OrganizationId, JobId),
    after: i64,
    customers: &[Uuid],
) -> Result<Vec<Since>, Error> {
    let mut found = Vec::new();
    for chunk in customers.chunks(ROWS) {
        let mut sql = db
            .sql("SELECT journal.record_id, journal.customer_id, journal.changes FROM journal WHERE journal.organization_id = $1 AND journal.revision > $2 AND journal.kind <> 'duplicate' AND NOT EXISTS (SELECT 1 FROM import_portions WHERE import_portions.organization_id = $1 AND import_portions.import_id = $3 AND import_portions.first_revision <= journal.revision AND import_portions.last_revision >= journal.revision) AND journal.customer_id IN ")
            .bind(organization)
            .bind(after)
            .bind(import);
        sql.list(chunk.iter().copied());
        found.extend(sql.all::<Since>().await?);
    }
    Ok(found)
}

/// How many faults of an import are kept.
pub async fn faults_kept(db: &mut impl Sqls, organization: OrganizationId, import: JobId) -> Result<i64, Error> {
    let (count,): (i64,) = db
        .sql("SELECT COUNT(*) FROM import_faults WHERE organization_id = $1 AND import_id = $2")
        .bind(organization)
        .bind(import)
        .one()
        .await?;
    Ok(count)
}

/// What an undoing left as it is.
#[derive(Debug, Clone)]
pub struct Kept {
    pub kind: String,
    pub id: Uuid,
    pub field: Option<String>,
    pub code: &'static str,
    pub reason: String,
}

/// Something to tell of an import.
pub enum Told {
    Row(FaultSeverity, RowFault),
    Kept(Kept),
}

/// Keeps what is to be told, behind the `count` that were kept before.
pub async fn keep_faults(
    db: &mut impl Sqls,
    clock: &Clock,
    (organization, import): (OrganizationId, JobId),
    count: i64,
    told: Vec<Told>,
) -> Result<(), Error> {
    let mut number = count;
    for chunk in told.chunks(ROWS) {
        let mut sql = db.sql("INSERT INTO import_faults (organization_id, id, import_id, number, severity, line, column_name, value, code, reason, record_kind, record_id) VALUES ");
        for (at, told) in chunk.iter().enumerate() {
            sql.push(if at == 0 { "(" } else { ", (" }).value(organization);
            sql.push(", ").value(clock.id());
            sql.push(", ").value(import);
            sql.push(", ").value(number);
            number += 1;
            match told {
                Told::Row(severity, fault) => {
                    sql.push(", ").value(*severity);
                    sql.push(", ").value(i64::try_from(fault.line).ok());
                    sql.push(", ").value(fault.column.clone());
                    sql.push(", ").value(fault.value.clone());
                    sql.push(", ").value(fault.code.clone());
                    sql.push(", ").value(fault.reason.clone());
                    sql.push(", ").value(None::<String>);
                    sql.push(", ").value(None::<Uuid>).push(")");
                }
                Told::Kept(kept) => {
                    sql.push(", ").value(FaultSeverity::Kept);
                    sql.push(", ").value(None::<i64>);
                    sql.push(", ").value(kept.field.clone());
                    sql.push(", ").value(None::<String>);
                    sql.push(", ").value(kept.code.to_owned());
                    sql.push(", ").value(kept.reason.clone());
                    sql.push(", ").value(kept.kind.clone());
                    sql.push(", ").value(kept.id).push(")");
                }
            }
        }
        sql.run().await?;
    }
    Ok(())
}

impl Rows for ImportFault {
    const TABLE: &'static str = "import_faults";
    const SELECT: &'static str = "import_faults.id, import_faults.number, import_faults.severity, import_faults.line, import_faults.column_name, import_faults.value, import_faults.code, import_faults.reason, import_faults.record_kind, import_faults.record_id";

    fn id(&self) -> Uuid {
        self.id
    }
}

/// Faults come in one order.
pub static FAULT_SORTS: &[Sort<ImportFault>] = &[Sort {
    name: "number",
    column: "import_faults.number",
    key: |fault| SortKey::Int(fault.number),
}];

/// Which faults are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportFaultFilter {
    /// What they come to, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<FaultSeverity>>, max_items = 3)]
    pub severity_in: Option<List<FaultSeverity>>,
    /// A short, stable word: `required`, `invalid_date`, `not_found`.
    #[param(min_length = 1, max_length = 60)]
    pub code: Option<String>,
}

/// A page of what is to be told of an import.
pub async fn faults(
    db: &mut impl Sqls,
    organization: OrganizationId,
    import: JobId,
    filter: &ImportFaultFilter,
    window: &Window<ImportFault>,
) -> Result<Listed<ImportFault>, Error> {
    journal::list(db, organization, window, |sql| {
        sql.push(" AND import_faults.import_id = ").value(import);
        sql.within("import_faults.severity", filter.severity_in.as_deref())
            .compare("import_faults.code =", filter.code.clone());
    })
    .await
}
