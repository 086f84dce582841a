//! Asks for work, inside a unit: the job is there if and only if the unit is.

use serde::Serialize;
use serde_json::Value;

use super::{Job, JobId, Kind, Status, runner, store};
use crate::app::App;
use crate::clock::Timestamp;
use crate::id::OrganizationId;
use crate::journal::{Error, Unit};

/// Work that is to be done.
#[derive(Debug, Clone)]
pub struct New {
    pub(super) kind: Kind,
    pub(super) payload: Value,
    pub(super) at: Option<Timestamp>,
    pub(super) key: Option<String>,
    id: Option<JobId>,
    pub(super) total_bytes: Option<i64>,
}

impl Kind {
    /// A job of this kind, due at once. The payload holds ids and times, no personal data.
    ///
    /// # Errors
    /// When the payload is no object in JSON.
    pub fn with(self, payload: &impl Serialize) -> Result<New, serde_json::Error> {
        let payload = serde_json::to_value(payload)?;
        // SQLite would keep a number as a number, which nobody can read as JSON.
        if !payload.is_object() {
            return Err(serde::ser::Error::custom("a job's payload is an object"));
        }
        Ok(New {
            kind: self,
            payload,
            at: None,
            key: None,
            id: None,
            total_bytes: None,
        })
    }
}

impl New {
    /// What it works on.
    pub fn payload(&self) -> &Value {
        &self.payload
    }

    /// Not before this time.
    #[must_use]
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    /// Once per organization and kind: asked for again under the same key, it stays as it is, also when it was done (for 30 days).
    #[must_use]
    pub fn keyed(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

impl New {
    /// Under this id, which something else bears already.
    #[must_use]
    pub fn identified(mut self, id: JobId) -> Self {
        self.id = Some(id);
        self
    }

    /// On a file of so many bytes.
    #[must_use]
    pub fn sized(mut self, bytes: i64) -> Self {
        self.total_bytes = Some(bytes);
        self
    }
}

impl Unit {
    /// Asks for work once this unit is durable; `None` when there is a job of this key already.
    ///
    /// # Errors
    /// What the database said.
    pub async fn enqueue(&mut self, new: New) -> Result<Option<JobId>, Error> {
        Ok(self.enqueue_all(vec![new]).await?.pop())
    }

    /// The same for many, 500 a statement; the ids of those that were not there yet.
    ///
    /// # Errors
    /// What the database said.
    pub async fn enqueue_all(&mut self, new: Vec<New>) -> Result<Vec<JobId>, Error> {
        let (organization, now) = (self.organization(), self.now());
        let new: Vec<(JobId, New)> = new
            .into_iter()
            .map(|new| (new.id.unwrap_or_else(|| self.new_id()), new))
            .collect();
        let inserted = store::insert(self, organization, now, new).await?;
        if !inserted.is_empty() {
            self.afterwards(runner::ring);
        }
        Ok(inserted)
    }
}

/// Enqueues those of these keyed jobs that were never asked for, and writes nothing when there is none: what a timer does each minute.
///
/// Without the organization's lock, for the keys suffice: who holds it for long stops nobody's reminders.
///
/// # Errors
/// What the database said.
pub async fn enqueue_missing(app: &App, organization: OrganizationId, new: Vec<New>) -> Result<(), Error> {
    let mut read = app.read();
    let missing = store::missing(&mut read, organization, new).await?;
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.into_iter().map(|new| (JobId(app.clock.id()), new)).collect();
    let mut tx = app.db.begin().await?;
    let inserted = store::insert(&mut tx, organization, app.clock.now(), missing).await?;
    tx.commit().await?;
    if !inserted.is_empty() {
        runner::ring();
    }
    Ok(())
}

/// Writes what was decided of a job, and lets the audit log know who did it: a job has no revision of its own.
///
/// # Errors
/// What the database said.
pub async fn decided(unit: &mut Unit, before: &Job, after: &Job, verb: &'static str) -> Result<(), Error> {
    if before.status == after.status {
        return Ok(());
    }
    let organization = unit.organization();
    store::decide(unit, organization, after).await?;
    if after.status == Status::Queued {
        unit.afterwards(runner::ring);
    }
    unit.mention("job", after.id, verb, ("status", &before.status, &after.status))
}
