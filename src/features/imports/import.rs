//! An import in the background: what was asked for, how far it has come, what has come of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::cells::DateOrder;
use super::columns::{ImportTarget, Mapping};
use super::file::{ImportFormat, Place};
use super::report::{ImportColumns, ImportDialect, ImportReport, RowFault};
use super::run::Order;
use crate::access::{Actor, ActorKind, Permission};
use crate::clock::Timestamp;
use crate::id::UserId;
use crate::jobs::{Job, JobId, Status};

impl ImportTarget {
    /// What whoever imports these must be allowed to do, beside importing.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Customers | Self::Contacts | Self::Signals => Permission::CustomersManage,
            Self::Users => Permission::UsersManage,
            Self::Assignments => Permission::AssignmentsManage,
            Self::NpsResponses => Permission::NpsWrite,
        }
    }
}

/// What was asked for, as the job keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    pub target: ImportTarget,
    pub format: ImportFormat,
    pub dry_run: bool,
    pub mapping: Mapping,
    pub currency: Option<String>,
    pub date_order: Option<DateOrder>,
    /// Who asked.
    pub actor_kind: ActorKind,
    pub actor_id: Option<Uuid>,
    /// With which program, in which request.
    pub client: Option<String>,
    pub request_id: Option<Uuid>,
}

impl Asked {
    pub fn actor(&self) -> Actor {
        Actor {
            kind: self.actor_kind,
            id: self.actor_id,
        }
    }

    /// The same as the reading of files takes it.
    pub fn order(&self) -> Order {
        Order {
            target: self.target,
            format: self.format,
            dry_run: self.dry_run,
            mapping: self.mapping.clone(),
            currency: self.currency.clone(),
            date_order: self.date_order,
        }
    }
}

/// What has come of an import so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportOutcome {
    pub dialect: ImportDialect,
    pub columns: ImportColumns,
    #[schema(minimum = 0)]
    pub created: u64,
    #[schema(minimum = 0)]
    pub updated: u64,
    /// Rows that say what is known already.
    #[schema(minimum = 0)]
    pub unchanged: u64,
    /// Rows that were left out.
    #[schema(minimum = 0)]
    pub failed: u64,
    /// What is wrong with them, which may be several things of a row: `/v1/imports/{id}/errors` lists the first 10,000.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub errors: u64,
    /// What was left out of rows that are in: the first 1,000 are listed there, too.
    #[schema(minimum = 0)]
    pub warnings: u64,
    /// What was taken back, once that was asked for.
    #[serde(default)]
    pub undone: Option<ImportUndone>,
}

/// What was taken back of an import.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportUndone {
    /// The work that takes it back: `/v1/jobs/{id}` tells how far it has come.
    pub job_id: JobId,
    /// Records that were made by the import and are gone; assignments are canceled, users deactivated.
    #[schema(minimum = 0)]
    pub removed: u64,
    /// Records whose fields are as they were before.
    #[schema(minimum = 0)]
    pub restored: u64,
    /// Records and fields that were left as they are, because they were changed or used since; `errors` lists them as `kept`.
    #[schema(minimum = 0)]
    pub kept: u64,
}

impl ImportUndone {
    /// Nothing yet.
    pub fn asked(job_id: JobId) -> Self {
        Self {
            job_id,
            removed: 0,
            restored: 0,
            kept: 0,
        }
    }
}

impl ImportOutcome {
    pub fn of(report: &ImportReport) -> Self {
        Self {
            dialect: report.dialect,
            columns: report.columns.clone(),
            created: report.created,
            updated: report.updated,
            unchanged: report.unchanged,
            failed: report.failed,
            errors: count(report.told.errors),
            warnings: count(report.told.warnings),
            undone: None,
        }
    }
}

fn count(faults: usize) -> u64 {
    u64::try_from(faults).unwrap_or(u64::MAX)
}

/// A file that is imported in the background.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Import {
    /// The job's id as well.
    pub id: JobId,
    pub status: Status,
    pub target: ImportTarget,
    pub format: ImportFormat,
    /// Nothing is written.
    pub dry_run: bool,
    /// Who sent the file; null for an API key.
    pub created_by: Option<UserId>,
    #[schema(minimum = 0)]
    pub processed_bytes: i64,
    #[schema(minimum = 0)]
    pub total_bytes: i64,
    #[schema(minimum = 0)]
    pub processed_rows: i64,
    /// Null until they are counted.
    #[schema(minimum = 0)]
    pub total_rows: Option<i64>,
    /// When it will be done if it goes on like this; null before the first portion and after the end.
    pub estimated_end_at: Option<Timestamp>,
    /// What has come of it so far; null before the first portion.
    pub outcome: Option<ImportOutcome>,
    /// Why it failed, or why its last attempt did.
    #[schema(max_length = 1000)]
    pub error: Option<String>,
    pub started_at: Option<Timestamp>,
    /// When it came to an end. It is kept 30 days from then.
    pub finished_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl TryFrom<Job> for Import {
    type Error = serde_json::Error;

    fn try_from(job: Job) -> Result<Self, Self::Error> {
        let asked: Asked = serde_json::from_value(job.payload.0)?;
        let outcome = job.result.map(|result| serde_json::from_value(result.0)).transpose()?;
        Ok(Self {
            id: job.id,
            status: job.status,
            target: asked.target,
            format: asked.format,
            dry_run: asked.dry_run,
            created_by: match asked.actor_kind {
                ActorKind::User => asked.actor_id.map(UserId),
                ActorKind::ApiKey | ActorKind::System => None,
            },
            processed_bytes: job.processed_bytes.unwrap_or(0),
            total_bytes: job.total_bytes.unwrap_or(0),
            processed_rows: job.processed_rows.unwrap_or(0),
            total_rows: job.total_rows,
            estimated_end_at: job.estimated_end_at,
            outcome,
            error: job.error,
            started_at: job.started_at,
            finished_at: job.finished_at,
            created_at: job.created_at,
            updated_at: job.updated_at,
        })
    }
}

/// Where an import goes on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    /// Where the next row begins; absent before the first portion.
    place: Option<(u64, u64)>,
    pub rows: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
    failed: u64,
    #[serde(default)]
    told: Faults,
    /// How many faults are kept.
    pub faults: Faults,
    pub remembered: Value,
}

/// How many faults, of each sort.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Faults {
    pub errors: usize,
    pub warnings: usize,
}

impl Faults {
    /// So many are kept of an import; all are counted.
    pub const MOST: Self = Self {
        errors: 10_000,
        warnings: 1_000,
    };
}

impl State {
    pub fn place(&self) -> Option<Place> {
        self.place.map(|(byte, line)| Place { byte, line })
    }

    /// Lets a report go on counting where the last portion left off.
    pub fn recall(&self, report: &mut ImportReport) {
        report.rows = self.rows;
        report.created = self.created;
        report.updated = self.updated;
        report.unchanged = self.unchanged;
        report.failed = self.failed;
        report.told = self.told;
        report.room = Faults {
            errors: Faults::MOST.errors.saturating_sub(self.faults.errors),
            warnings: Faults::MOST.warnings.saturating_sub(self.faults.warnings),
        };
    }

    /// Notes what a portion has done, and takes its faults out of the report.
    pub fn note(
        &mut self,
        place: Place,
        report: &mut ImportReport,
        remembered: Value,
    ) -> Vec<(FaultSeverity, RowFault)> {
        self.place = Some((place.byte, place.line));
        self.rows = report.rows;
        self.created = report.created;
        self.updated = report.updated;
        self.unchanged = report.unchanged;
        self.failed = report.failed;
        self.told = report.told;
        self.remembered = remembered;
        report.sort();
        let (errors, warnings) = (std::mem::take(&mut report.errors), std::mem::take(&mut report.warnings));
        self.faults.errors += errors.len();
        self.faults.warnings += warnings.len();
        let with = |severity| move |fault| (severity, fault);
        let mut told: Vec<_> = errors.into_iter().map(with(FaultSeverity::Error)).collect();
        told.extend(warnings.into_iter().map(with(FaultSeverity::Warning)));
        told.sort_by_key(|(_, fault)| fault.line);
        told
    }
}

crate::words! {
    /// What a fault comes to.
    pub enum FaultSeverity {
        /// The row was left out.
        Error = "error",
        /// The row is in, but for this.
        Warning = "warning",
        /// The undoing left this as it is.
        Kept = "kept",
    }
}

/// Why a row was left out, what was left out of another, or what an undoing kept.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
pub struct ImportFault {
    pub id: Uuid,
    /// Its place in the list.
    #[schema(minimum = 0)]
    pub number: i64,
    pub severity: FaultSeverity,
    /// The line of the file on which the row begins; the header is line 1.
    #[schema(minimum = 1)]
    pub line: Option<i64>,
    /// The header of the column.
    #[sqlx(rename = "column_name")]
    #[schema(max_length = 1000)]
    pub column: Option<String>,
    /// What stands there, cut to 200 characters.
    #[schema(max_length = 200)]
    pub value: Option<String>,
    /// A short, stable word: `required`, `invalid_date`, `not_found`.
    #[schema(max_length = 60, example = "invalid_date")]
    pub code: String,
    /// For a person: what is wrong.
    #[schema(max_length = 1000)]
    pub reason: String,
    /// What sort of record was kept.
    #[schema(max_length = 40)]
    pub record_kind: Option<String>,
    pub record_id: Option<Uuid>,
}
