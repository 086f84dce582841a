//! Background work: jobs in the database, leased, retried, and done once.
//!
//! A feature declares its kinds beside its endpoints: `pub fn jobs() -> Vec<Task> { vec![MAIL.by(send)] }` with
//! `const MAIL: Kind = Kind::new("notification_mail", 8);`. A unit asks for work with `unit.enqueue(MAIL.with(&payload)?.keyed(…))`;
//! the job is there if and only if the unit is. The handler opens a unit of the organization, and ends the job in it:
//! `let mut unit = running.unit(&app).await?; … running.finish(unit).await`. Who has lost the lease meanwhile cannot finish, and
//! what the unit did is rolled back: what a unit does, happens once.
//!
//! A timer is called about every minute by every instance; it finds by SQL what is due, and enqueues jobs with keys.

mod api;
mod asked;
pub mod job;
mod runner;
pub mod store;
mod vigil;

use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::app::App;
use crate::db;
use crate::http::Problem;
use crate::journal;

pub use asked::{New, decided, enqueue_missing};
pub use job::{Job, JobId, Status};
pub use runner::{Claimed, LEASE, Places, Progress, Runner, Running, bell};
pub use vigil::Vigil;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}

/// A kind of work, by its name, and how often it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub name: &'static str,
    /// After so many attempts a job of this kind is given up: `failed`.
    pub attempts: i64,
    /// It waits for a server that is not ours, which may hang.
    pub abroad: bool,
    /// It goes on for minutes.
    pub long: bool,
}

impl Kind {
    pub const fn new(name: &'static str, attempts: i64) -> Self {
        Self {
            name,
            attempts,
            abroad: false,
            long: false,
        }
    }

    /// The same for work that goes on for minutes: all of these together hold a part of an instance's places alone, too.
    #[must_use]
    pub const fn long(self) -> Self {
        Self { long: true, ..self }
    }

    /// The same for work that waits for a server that is not ours: all of these together hold a part of an instance's places alone.
    #[must_use]
    pub const fn abroad(self) -> Self {
        Self { abroad: true, ..self }
    }

    /// Says who does it.
    pub fn by<F, Doing>(self, run: F) -> Task
    where
        F: Fn(Arc<App>, Running) -> Doing + Send + Sync + 'static,
        Doing: Future<Output = Result<Done, Failure>> + Send + 'static,
    {
        Task {
            kind: self,
            run: Arc::new(move |app, running| run(app, running).boxed()),
        }
    }
}

/// A kind of work and its handler.
#[derive(Clone)]
pub struct Task {
    pub kind: Kind,
    run: Arc<dyn Fn(Arc<App>, Running) -> BoxFuture<'static, Result<Done, Failure>> + Send + Sync>,
}

/// What a handler gives back; only [`Running::finish`] makes one.
#[derive(Debug)]
pub struct Done(());

/// Why a job was not done.
#[derive(Debug)]
pub enum Failure {
    /// It is tried again later, until there were attempts enough.
    Again(String),
    /// Trying again is of no use.
    Never(String),
    /// Somebody else has the job by now, or it was canceled; what was done is rolled back.
    Lost,
}

impl From<db::Error> for Failure {
    fn from(error: db::Error) -> Self {
        // What the driver says is for the log.
        Self::Again(Problem::from(error).detail)
    }
}

impl From<journal::Error> for Failure {
    fn from(error: journal::Error) -> Self {
        match error {
            journal::Error::Database(error) => error.into(),
            journal::Error::Json(error) => Self::Never(error.to_string()),
            journal::Error::Replay => Self::Again("An idempotency key was answered meanwhile.".into()),
            journal::Error::NoOrganization => Self::Never("The organization is gone.".into()),
        }
    }
}

/// What is called about every minute, by every instance.
#[derive(Clone)]
pub struct Timer {
    pub name: &'static str,
    run: Arc<dyn Fn(Arc<App>) -> BoxFuture<'static, Result<(), journal::Error>> + Send + Sync>,
}

impl Timer {
    pub fn new<F, Doing>(name: &'static str, run: F) -> Self
    where
        F: Fn(Arc<App>) -> Doing + Send + Sync + 'static,
        Doing: Future<Output = Result<(), journal::Error>> + Send + 'static,
    {
        Self {
            name,
            run: Arc::new(move |app| run(app).boxed()),
        }
    }

    /// Looks for what is due.
    ///
    /// # Errors
    /// What the database said; the next minute it is called again.
    pub async fn run(&self, app: &Arc<App>) -> Result<(), journal::Error> {
        (self.run)(app.clone()).await
    }
}
