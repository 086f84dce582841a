//! All SQL of jobs. They have no revision and no place in the journal: a job changes more often than what it is about, and what it
//! does stands there.

pub(super) mod held;

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use uuid::Uuid;

use super::job::{Job, JobId, Status};
use super::{Kind, New, Progress};
use crate::clock::Timestamp;
use crate::db::{Error, Expiring, Json, Sql, Sqls};
use crate::http::query::List;
use crate::id::OrganizationId;
use crate::journal::{self, Listed, Rows, Sort, SortKey, Window};

/// How long a job is kept after its end.
pub const KEPT: TimeDelta = TimeDelta::days(30);
/// Rows per statement when many are written.
const ROWS: usize = 500;

const COLUMNS: &str = "jobs.id, jobs.kind, jobs.unique_key, jobs.status, jobs.run_at, jobs.attempts, jobs.attempt_limit, jobs.error, jobs.payload, jobs.processed_bytes, jobs.total_bytes, jobs.processed_rows, jobs.total_rows, jobs.estimated_end_at, jobs.result, jobs.started_at, jobs.finished_at, jobs.handed_over_at, jobs.created_at, jobs.updated_at";

impl Rows for Job {
    const TABLE: &'static str = "jobs";
    const SELECT: &'static str = COLUMNS;

    fn id(&self) -> Uuid {
        self.id.0
    }
}

/// Fields that jobs can be sorted by.
pub static SORTS: &[Sort<Job>] = &[
    Sort {
        name: "run_at",
        column: "jobs.run_at",
        key: |job| SortKey::Time(job.run_at),
    },
    Sort {
        name: "created_at",
        column: "jobs.created_at",
        key: |job| SortKey::Time(job.created_at),
    },
    Sort {
        name: "updated_at",
        column: "jobs.updated_at",
        key: |job| SortKey::Time(job.updated_at),
    },
];

/// Which jobs are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JobFilter {
    /// States, separated by commas; `failed` are those that were given up.
    #[param(style = Form, explode = false, value_type = Option<Vec<Status>>, max_items = 6)]
    pub status_in: Option<List<Status>>,
    /// What sort of work.
    #[param(min_length = 1, max_length = 60)]
    pub kind: Option<String>,
    pub run_at_gte: Option<Timestamp>,
    pub run_at_lt: Option<Timestamp>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl JobFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        sql.within("jobs.status", self.status_in.as_deref())
            .compare("jobs.kind =", self.kind.clone())
            .compare("jobs.run_at >=", self.run_at_gte)
            .compare("jobs.run_at <", self.run_at_lt)
            .compare("jobs.created_at >=", self.created_at_gte)
            .compare("jobs.created_at <", self.created_at_lt)
            .compare("jobs.updated_at >=", self.updated_at_gte)
            .compare("jobs.updated_at <", self.updated_at_lt);
    }
}

/// A page of jobs.
pub async fn list(
    db: &mut impl Sqls,
    organization: OrganizationId,
    filter: &JobFilter,
    window: &Window<Job>,
) -> Result<Listed<Job>, Error> {
    journal::list(db, organization, window, |sql| filter.narrow(sql)).await
}

/// The job, if it is of this organization.
pub async fn find(db: &mut impl Sqls, organization: OrganizationId, id: JobId) -> Result<Option<Job>, Error> {
    db.sql(format!(
        "SELECT {COLUMNS} FROM jobs WHERE organization_id = $1 AND id = $2"
    ))
    .bind(organization)
    .bind(id)
    .optional()
    .await
}

/// The job that was asked for under this key.
///
/// # Errors
/// What the database said.
pub async fn of_key(
    db: &mut impl Sqls,
    organization: OrganizationId,
    kind: Kind,
    key: &str,
) -> Result<Option<Job>, Error> {
    db.sql(format!(
        "SELECT {COLUMNS} FROM jobs WHERE organization_id = $1 AND kind = $2 AND unique_key = $3"
    ))
    .bind(organization)
    .bind(kind.name.to_owned())
    .bind(key.to_owned())
    .optional()
    .await
}

/// Writes what was decided of a job by its reader; whoever runs it loses the lease.
pub async fn decide(db: &mut impl Sqls, organization: OrganizationId, job: &Job) -> Result<(), Error> {
    let due = (job.status == Status::Queued).then_some(job.run_at);
    db.sql("UPDATE jobs SET status = $3, run_at = $4, attempts = $5, finished_at = $6, due_at = $7, updated_at = $8, estimated_end_at = $9, payload = $10, lease_token = NULL WHERE organization_id = $1 AND id = $2")
        .bind(organization)
        .bind(job.id)
        .bind(job.status)
        .bind(job.run_at)
        .bind(job.attempts)
        .bind(job.finished_at)
        .bind(due)
        .bind(job.updated_at)
        .bind(job.estimated_end_at)
        .bind(job.payload.clone())
        .run()
        .await?;
    Ok(())
}

/// Writes what has come of a job that has ended, and that it was taken back, if it was; false when it goes on, and then nothing is written.
pub async fn amend(
    db: &mut impl Sqls,
    organization: OrganizationId,
    id: JobId,
    status: Status,
    result: &Value,
    now: Timestamp,
) -> Result<bool, Error> {
    let touched = db
        .sql("UPDATE jobs SET status = $3, result = $4, updated_at = $5 WHERE organization_id = $1 AND id = $2 AND status NOT IN ('queued', 'running')")
        .bind(organization)
        .bind(id)
        .bind(status)
        .bind(Json(result.clone()))
        .bind(now)
        .run()
        .await?;
    Ok(touched == 1)
}

/// Writes new jobs; those whose key is known stay as they are. The ids of the new ones.
pub(super) async fn insert(
    db: &mut impl Sqls,
    organization: OrganizationId,
    now: Timestamp,
    new: Vec<(JobId, New)>,
) -> Result<Vec<JobId>, Error> {
    let mut inserted = Vec::with_capacity(new.len());
    for chunk in new.chunks(ROWS) {
        let mut sql = db.sql(
            "INSERT INTO jobs (organization_id, id, kind, unique_key, payload, status, run_at, due_at, attempts, attempt_limit, total_bytes, created_at, updated_at) VALUES ",
        );
        for (at, (id, new)) in chunk.iter().enumerate() {
            let due = new.at.unwrap_or(now);
            sql.push(if at == 0 { "(" } else { ", (" }).value(organization);
            sql.push(", ").value(*id);
            sql.push(", ").value(new.kind.name.to_owned());
            sql.push(", ").value(new.key.clone());
            sql.push(", ").value(Json(new.payload.clone()));
            sql.push(", ").value(Status::Queued);
            sql.push(", ").value(due);
            sql.push(", ").value(due);
            sql.push(", 0, ").value(new.kind.attempts);
            sql.push(", ").value(new.total_bytes);
            sql.push(", ").value(now);
            sql.push(", ").value(now).push(")");
        }
        sql.push(" ON CONFLICT (organization_id, kind, unique_key) DO NOTHING RETURNING id");
        let rows: Vec<(JobId,)> = sql.all().await?;
        inserted.extend(rows.into_iter().map(|(id,)| id));
    }
    inserted.sort();
    Ok(inserted)
}

/// Those of these jobs whose key is not known yet; all that have none.
pub(super) async fn missing(
    db: &mut impl Sqls,
    organization: OrganizationId,
    mut new: Vec<New>,
) -> Result<Vec<New>, Error> {
    let mut known: Vec<(String, String)> = Vec::new();
    for chunk in new.chunks(ROWS) {
        let mut kinds: Vec<&str> = chunk.iter().map(|new| new.kind.name).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let mut sql = db
            .sql("SELECT kind, unique_key FROM jobs WHERE organization_id = $1 AND kind IN ")
            .bind(organization);
        sql.list(kinds.into_iter().map(str::to_owned));
        sql.push(" AND unique_key IN ")
            .list(chunk.iter().filter_map(|new| new.key.clone()));
        known.extend(sql.all::<(String, String)>().await?);
    }
    let known: std::collections::BTreeSet<(&str, &str)> =
        known.iter().map(|(kind, key)| (kind.as_str(), key.as_str())).collect();
    new.retain(|new| {
        new.key
            .as_deref()
            .is_none_or(|key| !known.contains(&(new.kind.name, key)))
    });
    Ok(new)
}

/// Organizations with a job of these kinds that somebody may take up now: at most `most`, those that come after `after`.
///
/// One look into an index for each, however many jobs it has: a thousand jobs of one organization stand in nobody's way.
pub(super) async fn waiting(
    db: &mut impl Sqls,
    kinds: &[Kind],
    now: Timestamp,
    after: OrganizationId,
    most: i64,
) -> Result<Vec<OrganizationId>, Error> {
    let names = || kinds.iter().map(|kind| kind.name.to_owned());
    let mut sql = db.sql("WITH RECURSIVE waiting (organization_id, place) AS (SELECT organization_id, CAST(1 AS BIGINT) FROM (SELECT jobs.organization_id FROM jobs WHERE jobs.due_at <= $1 AND jobs.organization_id > $2").bind(now).bind(after);
    sql.push(" AND jobs.kind IN ").list(names());
    sql.push(" ORDER BY jobs.organization_id LIMIT 1) AS first_one UNION ALL SELECT (SELECT jobs.organization_id FROM jobs WHERE jobs.due_at <= $1 AND jobs.organization_id > waiting.organization_id");
    sql.push(" AND jobs.kind IN ").list(names());
    sql.push(" ORDER BY jobs.organization_id LIMIT 1), waiting.place + 1 FROM waiting WHERE waiting.organization_id IS NOT NULL AND waiting.place < ")
        .value(most);
    sql.push(") SELECT organization_id FROM waiting WHERE organization_id IS NOT NULL ORDER BY organization_id");
    let rows: Vec<(OrganizationId,)> = sql.all().await?;
    Ok(rows.into_iter().map(|(organization,)| organization).collect())
}

/// Takes up at most `most` jobs of an organization, those that are due first. Of two who want the same job, one gets it.
pub(super) async fn claim(
    db: &mut impl Sqls,
    organization: OrganizationId,
    kinds: &[Kind],
    now: Timestamp,
    lease: (Uuid, Timestamp),
    most: i64,
) -> Result<Vec<Job>, Error> {
    let mut sql = db
        .sql("UPDATE jobs SET status = 'running', attempts = attempts + 1, started_at = $1, updated_at = $1, lease_token = $3, due_at = $4 WHERE organization_id = $2 AND due_at <= $1 AND id IN (SELECT next.id FROM jobs AS next WHERE next.organization_id = $2 AND next.due_at <= $1")
        .bind(now)
        .bind(organization)
        .bind(lease.0)
        .bind(lease.1);
    sql.push(" AND next.kind IN ")
        .list(kinds.iter().map(|kind| kind.name.to_owned()));
    sql.push(" ORDER BY next.due_at, next.id LIMIT ").value(most);
    sql.push(&format!(") RETURNING {COLUMNS}"));
    let mut jobs: Vec<Job> = sql.all().await?;
    jobs.sort_by_key(|job| (job.run_at, job.id));
    Ok(jobs)
}

/// A lease, by which its holder is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lease {
    pub organization: OrganizationId,
    pub job: JobId,
    pub token: Uuid,
}

/// What becomes of a job that somebody has in hand.
pub(super) struct Outcome {
    pub status: Status,
    /// When it may be taken up again.
    pub again: Option<Timestamp>,
    pub error: Option<String>,
}

/// Ends the lease; false when it was lost, and then nothing is written.
pub(super) async fn settle(db: &mut impl Sqls, lease: Lease, now: Timestamp, outcome: Outcome) -> Result<bool, Error> {
    let finished = outcome.again.is_none().then_some(now);
    let touched = db
        .sql("UPDATE jobs SET status = $4, due_at = $5, run_at = COALESCE($5, run_at), error = $6, finished_at = $7, updated_at = $8, estimated_end_at = NULL, lease_token = NULL WHERE organization_id = $1 AND id = $2 AND lease_token = $3")
        .bind(lease.organization)
        .bind(lease.job)
        .bind(lease.token)
        .bind(outcome.status)
        .bind(outcome.again)
        .bind(outcome.error)
        .bind(finished)
        .bind(now)
        .run()
        .await?;
    Ok(touched == 1)
}

/// Says how far it has come, and holds the lease for longer; false when it was lost, and then nothing is written.
pub(super) async fn note(
    db: &mut impl Sqls,
    lease: Lease,
    now: Timestamp,
    until: Timestamp,
    progress: &Progress,
) -> Result<bool, Error> {
    let touched = db
        .sql("UPDATE jobs SET processed_bytes = $4, total_bytes = $5, processed_rows = $6, total_rows = $7, estimated_end_at = $8, result = $9, due_at = $10, attempts = 1, updated_at = $11 WHERE organization_id = $1 AND id = $2 AND lease_token = $3")
        .bind(lease.organization)
        .bind(lease.job)
        .bind(lease.token)
        .bind(progress.processed_bytes)
        .bind(progress.total_bytes)
        .bind(progress.processed_rows)
        .bind(progress.total_rows)
        .bind(progress.estimated_end_at)
        .bind(Json(progress.result.clone()))
        .bind(until)
        .bind(now)
        .run()
        .await?;
    Ok(touched == 1)
}

/// What it carries was taken elsewhere. That is so whoever holds the lease.
pub(super) async fn handed_over(db: &mut impl Sqls, lease: Lease, now: Timestamp) -> Result<(), Error> {
    db.sql("UPDATE jobs SET handed_over_at = COALESCE(handed_over_at, $3) WHERE organization_id = $1 AND id = $2")
        .bind(lease.organization)
        .bind(lease.job)
        .bind(now)
        .run()
        .await?;
    Ok(())
}

/// Holds the lease for longer; false when it was lost.
pub(super) async fn renew(db: &mut impl Sqls, lease: Lease, until: Timestamp) -> Result<bool, Error> {
    let touched = db
        .sql("UPDATE jobs SET due_at = $4 WHERE organization_id = $1 AND id = $2 AND lease_token = $3")
        .bind(lease.organization)
        .bind(lease.job)
        .bind(lease.token)
        .bind(until)
        .run()
        .await?;
    Ok(touched == 1)
}

/// Gives a job back that was not brought to its end, as if it had not been begun.
pub(super) async fn give_back(db: &mut impl Sqls, lease: Lease, now: Timestamp) -> Result<(), Error> {
    db.sql("UPDATE jobs SET status = 'queued', attempts = attempts - 1, due_at = $4, updated_at = $4, lease_token = NULL WHERE organization_id = $1 AND id = $2 AND lease_token = $3")
        .bind(lease.organization)
        .bind(lease.job)
        .bind(lease.token)
        .bind(now)
        .run()
        .await?;
    Ok(())
}

/// Lets go of everything that anybody has in hand.
pub async fn let_go(db: &mut impl Sqls, now: Timestamp) -> Result<(), Error> {
    db.sql("UPDATE jobs SET due_at = $1 WHERE status = 'running' AND due_at > $1")
        .bind(now)
        .run()
        .await?;
    Ok(())
}

/// Those that ended long ago.
pub const EXPIRING: Expiring = Expiring::new("jobs", "organization_id, id", "finished_at", KEPT);

/// Every organization, in order: for timers.
pub async fn organizations(db: &mut impl Sqls) -> Result<Vec<OrganizationId>, Error> {
    let rows: Vec<(OrganizationId,)> = db.sql("SELECT id FROM organizations ORDER BY id").all().await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
