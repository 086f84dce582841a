//! Takes jobs up, runs them, holds their leases, and says what became of them.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::FutureExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch;
use uuid::Uuid;

use super::store::{self, Lease, Outcome};
use super::{Done, Failure, Job, Kind, Status, Task};
use crate::app::App;
use crate::clock::{SKEW, Timestamp};
use crate::db::Error;
use crate::id::OrganizationId;
use crate::journal::Unit;

/// How long a job is in somebody's hand without a sign of life, by clocks alone: a minute, and as much as those of two instances may
/// differ. An instance that has watched it for a minute knows sooner ([`super::Vigil`]).
pub const LEASE: TimeDelta = TimeDelta::minutes(6);
const _: () = assert!(
    LEASE.num_seconds() >= SKEW.num_seconds() + 60,
    "a clock that is ahead takes what is in hand"
);
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

    /// Tells how far it has come, in the unit of the portion that it has just done, and holds the lease for longer. What comes of it
    /// is not given up for having been begun often: it gets on.
    ///
    /// # Errors
    /// [`Failure::Lost`] when somebody else has the job by now, or it was canceled; drop the unit then, and it leaves nothing behind.
    pub async fn note(&self, unit: &mut Unit, progress: &Progress) -> Result<(), Failure> {
        let now = unit.now();
        if store::note(unit, self.lease, now, now.plus(LEASE), progress).await? {
            Ok(())
        } else {
            Err(Failure::Lost)
        }
    }

    /// Ends the job where there is nothing to do any more. It writes nothing else, so it does not wait for the organization's lock.
    ///
    /// # Errors
    /// As [`Running::finish`].
    pub async fn nothing_to_do(&self, app: &App) -> Result<Done, Failure> {
        let done = Outcome {
            status: Status::Completed,
            again: None,
            error: None,
        };
        let mut tx = app.db.begin().await?;
        if !store::settle(&mut tx, self.lease, app.clock.now(), done).await? {
            return Err(Failure::Lost);
        }
        tx.commit().await?;
        Ok(Done(()))
    }

    /// What it carries was taken elsewhere: kept at once, for what the job writes of it may wait for long, or fail. When that was.
    ///
    /// # Errors
    /// What the database said.
    pub async fn handed_over(&self, app: &App) -> Result<Timestamp, Error> {
        let now = app.clock.now();
        let mut tx = app.db.begin().await?;
        store::handed_over(&mut tx, self.lease, now).await?;
        tx.commit().await?;
        Ok(now)
    }
}

/// How far a job has come.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    pub processed_bytes: Option<i64>,
    pub total_bytes: Option<i64>,
    pub processed_rows: Option<i64>,
    pub total_rows: Option<i64>,
    pub estimated_end_at: Option<Timestamp>,
    /// What has come of it so far: an object.
    pub result: Value,
}

/// What was taken up, and whether there may be more.
pub struct Claimed {
    pub jobs: Vec<Running>,
    /// Others took what this one wanted: look again at once.
    pub contended: bool,
}

/// Kinds that are taken up together.
struct Queue {
    kinds: Vec<Kind>,
    /// The organization that was served last; the others have their turn before it has its next.
    served: Mutex<OrganizationId>,
}

impl Queue {
    fn of<'a>(tasks: impl Iterator<Item = &'a Task>) -> Self {
        Self {
            kinds: tasks.map(|task| task.kind).collect(),
            served: Mutex::new(OrganizationId(Uuid::nil())),
        }
    }
}

/// Runs the jobs of an instance.
pub struct Runner {
    app: Arc<App>,
    tasks: BTreeMap<&'static str, Task>,
    all: Queue,
    abroad: Queue,
    long: Queue,
    home: Queue,
}

/// How many places there are: for all jobs, and of these for such as would keep others from theirs.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    pub all: usize,
    pub abroad: usize,
    pub long: usize,
}

impl Runner {
    pub fn new(app: Arc<App>, tasks: Vec<Task>) -> Self {
        let tasks: BTreeMap<&'static str, Task> = tasks.into_iter().map(|task| (task.kind.name, task)).collect();
        let (abroad, rest): (Vec<&Task>, Vec<&Task>) = tasks.values().partition(|task| task.kind.abroad);
        let (long, home): (Vec<&Task>, Vec<&Task>) = rest.into_iter().partition(|task| task.kind.long);
        Self {
            app,
            all: Queue::of(tasks.values()),
            abroad: Queue::of(abroad.into_iter()),
            long: Queue::of(long.into_iter()),
            home: Queue::of(home.into_iter()),
            tasks,
        }
    }

    /// What sort of work this is.
    pub fn kind(&self, running: &Running) -> Option<Kind> {
        self.tasks.get(running.job.kind.as_str()).map(|task| task.kind)
    }

    /// Takes up at most `room` jobs that are due, of as many organizations as there are.
    ///
    /// # Errors
    /// What the database said.
    pub async fn claim(&self, room: usize) -> Result<Claimed, Error> {
        self.claim_of(&self.all, room).await
    }

    /// The same, with no more of those that wait for servers that are not ours, and of those that go on for long, than they have places;
    /// the others are for what is soon done.
    ///
    /// # Errors
    /// What the database said.
    pub async fn claim_with(&self, places: Places) -> Result<Claimed, Error> {
        let mut claimed = Claimed {
            jobs: Vec::new(),
            contended: false,
        };
        for (queue, most) in [
            (&self.abroad, places.abroad),
            (&self.long, places.long),
            (&self.home, places.all),
        ] {
            let room = most.min(places.all - claimed.jobs.len());
            // What was taken up is in hand, whatever becomes of the other looks.
            match self.claim_of(queue, room).await {
                Ok(more) => {
                    claimed.jobs.extend(more.jobs);
                    claimed.contended |= more.contended;
                }
                Err(error) if claimed.jobs.is_empty() => return Err(error),
                Err(error) => tracing::warn!(%error, "jobs could not be looked for"),
            }
        }
        claimed.contended &= claimed.jobs.is_empty();
        Ok(claimed)
    }

    async fn claim_of(&self, queue: &Queue, room: usize) -> Result<Claimed, Error> {
        if room == 0 || queue.kinds.is_empty() {
            return Ok(Claimed {
                jobs: Vec::new(),
                contended: false,
            });
        }
        let most = i64::try_from(room).unwrap_or(i64::MAX);
        let after = *queue.served.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.app.clock.now();
        let mut read = self.app.read();
        let mut waiting = store::waiting(&mut read, &queue.kinds, now, after, most).await?;
        let first = OrganizationId(Uuid::nil());
        if waiting.is_empty() && after != first {
            waiting = store::waiting(&mut read, &queue.kinds, now, first, most).await?;
        }
        let mut claimed = Claimed {
            jobs: Vec::new(),
            contended: !waiting.is_empty(),
        };
        let Some(last) = waiting.last() else {
            return Ok(claimed);
        };
        *queue.served.lock().unwrap_or_else(PoisonError::into_inner) = *last;
        let share = (room / waiting.len()).max(1);
        for organization in waiting {
            let lease = (self.app.clock.id(), now.plus(LEASE));
            let most = i64::try_from(share).unwrap_or(i64::MAX);
            let mut tx = self.app.db.begin().await?;
            let jobs = store::claim(&mut tx, organization, &queue.kinds, now, lease, most).await?;
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
        let (kind, job) = (running.job.kind.as_str(), running.job.id);
        // Why may have somebody's words in it (a row of a file, an address): it stands with the job, and not in the log.
        match again {
            Some(at) => tracing::warn!(kind, %job, %at, "a job failed, and is tried again; its `error` says why"),
            None if for_good => tracing::warn!(kind, %job, "a job cannot be done; its `error` says why"),
            None => tracing::error!(kind, %job, "a job failed for good; its `error` says why"),
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
