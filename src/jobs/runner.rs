//! Takes jobs up, runs them, holds their leases, and says what became of them.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::FutureExt;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use uuid::Uuid;

use super::store::{self, Lease, Outcome};
use super::{Done, Failure, Job, Kind, Status, Task};
use crate::app::App;
use crate::db::Error;
use crate::id::OrganizationId;
use crate::journal::Unit;

/// How long a job is in somebody's hand without a sign of life.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How often its holder gives one.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// Rung whenever a unit with new jobs has been committed in this process.
static BELL: LazyLock<watch::Sender<()>> = LazyLock::new(|| watch::Sender::new(()));

/// Hears of new jobs of this process; those of other instances are found by looking.
pub fn bell() -> watch::Receiver<()> {
    BELL.subscribe()
}

pub(super) fn ring() {
    BELL.send_replace(());
}

/// A job in hand.
#[derive(Debug, Clone)]
pub struct Running {
    pub job: Job,
    lease: Lease,
}

impl Running {
    pub fn organization(&self) -> OrganizationId {
        self.lease.organization
    }

    /// What it works on.
    ///
    /// # Errors
    /// When it is not of this form: trying again is of no use.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_value(self.job.payload.0.clone())
            .map_err(|error| Failure::Never(format!("The payload cannot be read: {error}")))
    }

    /// A unit of the job's organization, by Touchbase itself.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn unit(&self, app: &App) -> Result<Unit, Failure> {
        Ok(app.write_by_itself(self.lease.organization).await?)
    }

    /// Ends the job in this unit, and makes both durable: either the unit's effects are there and the job is done, or neither.
    ///
    /// # Errors
    /// [`Failure::Lost`] when somebody else has the job by now; then the unit leaves nothing behind.
    pub async fn finish(&self, mut unit: Unit) -> Result<Done, Failure> {
        let done = Outcome {
            status: Status::Completed,
            again: None,
            error: None,
        };
        let now = unit.now();
        if !store::settle(&mut unit, self.lease, now, done).await? {
            return Err(Failure::Lost);
        }
        unit.commit().await?;
        Ok(Done(()))
    }

    /// Ends the job where there is nothing to do any more.
    ///
    /// # Errors
    /// As [`Running::finish`].
    pub async fn nothing_to_do(&self, app: &App) -> Result<Done, Failure> {
        self.finish(self.unit(app).await?).await
    }
}

/// What was taken up, and whether there may be more.
pub struct Claimed {
    pub jobs: Vec<Running>,
    /// Others took what this one wanted: look again at once.
    pub contended: bool,
}

/// Runs the jobs of an instance.
pub struct Runner {
    app: Arc<App>,
    tasks: BTreeMap<&'static str, Task>,
    kinds: Vec<Kind>,
    /// The organization that was served last; the others have their turn before it has its next.
    served: Mutex<OrganizationId>,
}

impl Runner {
    pub fn new(app: Arc<App>, tasks: Vec<Task>) -> Self {
        let tasks: BTreeMap<&'static str, Task> = tasks.into_iter().map(|task| (task.kind.name, task)).collect();
        let kinds = tasks.values().map(|task| task.kind).collect();
        Self {
            app,
            tasks,
            kinds,
            served: Mutex::new(OrganizationId(Uuid::nil())),
        }
    }

    /// Takes up at most `room` jobs that are due, of as many organizations as there are.
    ///
    /// # Errors
    /// What the database said.
    pub async fn claim(&self, room: usize) -> Result<Claimed, Error> {
        let most = i64::try_from(room).unwrap_or(i64::MAX);
        let after = *self.served.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.app.clock.now();
        let mut read = self.app.read();
        let mut waiting = store::waiting(&mut read, &self.kinds, now, after, most).await?;
        let first = OrganizationId(Uuid::nil());
        if waiting.is_empty() && after != first {
            waiting = store::waiting(&mut read, &self.kinds, now, first, most).await?;
        }
        let mut claimed = Claimed {
            jobs: Vec::new(),
            contended: !waiting.is_empty(),
        };
        let Some(last) = waiting.last() else {
            return Ok(claimed);
        };
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) = *last;
        let share = (room / waiting.len()).max(1);
        for organization in waiting {
            let lease = (self.app.clock.id(), now.plus(LEASE));
            let most = i64::try_from(share).unwrap_or(i64::MAX);
            let mut tx = self.app.db.begin().await?;
            let jobs = store::claim(&mut tx, organization, &self.kinds, now, lease, most).await?;
            tx.commit().await?;
            claimed.jobs.extend(jobs.into_iter().map(|job| Running {
                lease: Lease {
                    organization,
                    job: job.id,
                    token: lease.0,
                },
                job,
            }));
        }
        claimed.contended = claimed.jobs.is_empty();
        Ok(claimed)
    }

    /// Does a job, and says what became of it.
    pub async fn run(&self, running: Running) {
        let (kind, attempts) = (running.job.kind.clone(), running.job.attempts);
        let outcome = if attempts > running.job.attempt_limit {
            // Whoever had it in hand never came back, each time.
            Err(Failure::Never("It was begun, and nobody came back to tell.".into()))
        } else {
            self.attempt(&running).await
        };
        let word = match outcome {
            Ok(Done(())) => "completed",
            Err(Failure::Lost) => {
                tracing::info!(kind, "a job was taken over or canceled while it ran");
                "lost"
            }
            Err(Failure::Again(reason)) => self.failed(&running, reason, false).await,
            Err(Failure::Never(reason)) => self.failed(&running, reason, true).await,
        };
        metrics::counter!("jobs_attempts_total", "kind" => kind, "outcome" => word).increment(1);
    }

    async fn attempt(&self, running: &Running) -> Result<Done, Failure> {
        let Some(task) = self.tasks.get(running.job.kind.as_str()) else {
            return Err(Failure::Again("This instance does not know this kind.".into()));
        };
        let work = (task.run)(self.app.clone(), running.clone());
        let work = std::panic::AssertUnwindSafe(work).catch_unwind();
        tokio::select! {
            outcome = work => outcome.unwrap_or_else(|_| Err(Failure::Again("It panicked.".into()))),
            () = self.hold(running.lease) => Err(Failure::Lost),
        }
    }

    /// Gives signs of life until the lease is lost.
    async fn hold(&self, lease: Lease) {
        loop {
            tokio::time::sleep(SIGN_OF_LIFE).await;
            match self.renew(lease).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(%error, "a job's lease could not be renewed"),
            }
        }
    }

    async fn renew(&self, lease: Lease) -> Result<bool, Error> {
        let until = self.app.clock.now().plus(LEASE);
        let mut tx = self.app.db.begin().await?;
        let held = store::renew(&mut tx, lease, until).await?;
        tx.commit().await?;
        Ok(held)
    }

    async fn failed(&self, running: &Running, reason: String, for_good: bool) -> &'static str {
        let now = self.app.clock.now();
        let again = running.job.next_attempt(now).filter(|_| !for_good);
        let status = if again.is_some() {
            Status::Queued
        } else {
            Status::Failed
        };
        let error: String = reason.chars().take(1000).collect();
        let kind = running.job.kind.as_str();
        match again {
            Some(at) => tracing::warn!(kind, error, %at, "a job failed, and is tried again"),
            None => tracing::error!(kind, error, "a job failed for good"),
        }
        let outcome = Outcome {
            status,
            again,
            error: Some(error),
        };
        match self.settle(running.lease, outcome).await {
            Ok(true) => status.as_str(),
            Ok(false) => "lost",
            Err(error) => {
                // Its lease will end, and somebody takes it up again.
                tracing::warn!(%error, "what became of a job could not be written");
                "lost"
            }
        }
    }

    async fn settle(&self, lease: Lease, outcome: Outcome) -> Result<bool, Error> {
        let mut tx = self.app.db.begin().await?;
        let settled = store::settle(&mut tx, lease, self.app.clock.now(), outcome).await?;
        tx.commit().await?;
        Ok(settled)
    }

    /// Gives a job back that was interrupted, so that another instance can begin it at once.
    ///
    /// # Errors
    /// What the database said; then its lease will end.
    pub async fn give_back(&self, running: &Running) -> Result<(), Error> {
        let mut tx = self.app.db.begin().await?;
        store::give_back(&mut tx, running.lease, self.app.clock.now()).await?;
        tx.commit().await
    }
}
