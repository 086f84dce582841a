//! The connections that only read.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use sqlx::SqliteConnection;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Connection, Error, Options};

pub(super) struct Readers {
    pub(super) options: Options,
    /// `None` stands for one that is to be opened first.
    pub(super) idle: Mutex<VecDeque<Option<Connection>>>,
    pub(super) free: Semaphore,
    /// How often the tables were counted.
    pub(super) counted: AtomicUsize,
}

/// A reader, lent for one statement.
pub struct Reading<'s> {
    pub(super) connection: Option<Connection>,
    /// A statement was begun, and not awaited to its end yet.
    pub(super) busy: bool,
    /// How often the tables had been counted when it was lent.
    pub(super) counted: usize,
    pub(super) readers: &'s Readers,
    pub(super) _permit: SemaphorePermit<'s>,
}

impl Reading<'_> {
    /// The connection.
    ///
    /// # Errors
    /// Never: it is there until it is given back.
    pub fn statement(&mut self) -> Result<&mut SqliteConnection, Error> {
        self.busy = true;
        self.connection
            .as_mut()
            .map(Connection::statement)
            .ok_or(Error::PoolClosed)
    }

    /// Takes note of how it went: a connection whose thread has ended is replaced.
    pub fn settle<T>(&mut self, outcome: Result<T, Error>) -> Result<T, Error> {
        self.busy = false;
        if matches!(outcome, Err(Error::WorkerCrashed)) {
            self.connection = None;
        }
        outcome
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if self.busy
            && let Some(connection) = self.connection.take()
        {
            // Nobody waits for its answer any more, and nobody shall wait behind it.
            connection.interrupt();
        }
        if self.counted != self.readers.counted.load(Ordering::SeqCst) {
            self.connection = None;
        }
        let mut idle = self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // The one that was used last has its pages at hand.
        idle.push_front(self.connection.take());
    }
}
