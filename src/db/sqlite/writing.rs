//! The connection that writes, and the transaction that units share.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{OwnedMutexGuard, oneshot};

use super::{Connection, Error, Options, Sqlite};
use crate::db::error::shared;

/// The writer's connection, and the transaction that units share.
pub(super) struct Writer {
    pub(super) options: Options,
    pub(super) connection: Option<Connection>,
    /// Whether the unit stands within a savepoint. A long one does not: SQLite would keep in memory every page as it was before it.
    pub(super) within: bool,
    /// Whether the shared transaction is open.
    pub(super) open: bool,
    pub(super) closed: bool,
    /// A unit was dropped where it stood.
    pub(super) unclean: bool,
    /// Units that have done their work and wait for it to be durable.
    pub(super) pending: Vec<oneshot::Sender<Result<(), Error>>>,
}

impl Writer {
    /// The connection, outside of any unit.
    pub(super) async fn sound(&mut self) -> Result<&mut Connection, Error> {
        self.clean().await;
        if self.closed {
            return Err(Error::PoolClosed);
        }
        if self.connection.is_none() {
            self.connection = Some(Connection::open(&self.options).await?);
        }
        self.connection.as_mut().ok_or(Error::PoolClosed)
    }

    /// Takes back what a dropped unit has done, and leaves the others' work as it is.
    ///
    /// Where that fails, SQLite has ended the transaction by itself (the disk is full, say), or the unit was dropped before it had begun:
    /// a new connection knows where it stands.
    async fn clean(&mut self) {
        if !std::mem::take(&mut self.unclean) {
            return;
        }
        let Some(connection) = &mut self.connection else { return };
        // Its last statement was interrupted; the next may take its time only once that one has ended.
        let ended = connection.raw.ping().await;
        let text = if self.within {
            "ROLLBACK TO unit; RELEASE unit"
        } else {
            "ROLLBACK"
        };
        if ended.is_err() || connection.run(text).await.is_err() {
            // It says nothing of why: the others may try again.
            self.lose(Error::WorkerCrashed);
        } else if !self.within {
            self.open = false;
        }
    }

    pub(super) async fn begin(&mut self, long: bool) -> Result<(), Error> {
        if long {
            self.settle().await;
        }
        self.sound().await?;
        self.within = !long;
        let text = match (long, self.open) {
            (true, _) => "BEGIN IMMEDIATE",
            (false, true) => "SAVEPOINT unit",
            (false, false) => "BEGIN IMMEDIATE; SAVEPOINT unit",
        };
        // Noted before it is so: whoever is dropped on the way leaves it to be found out.
        self.open = true;
        self.sound().await?.run(text).await
    }

    /// Gives the connection up, and with it what was not durable yet.
    fn lose(&mut self, why: Error) {
        self.connection = None;
        self.open = false;
        self.tell(Err(why));
    }

    fn tell(&mut self, outcome: Result<(), Error>) {
        let told = outcome.map_err(Arc::new);
        for pending in self.pending.drain(..) {
            // Whoever went away need not know.
            let _ = pending.send(told.clone().map_err(shared));
        }
    }

    /// Makes durable what has been done, and tells those who wait for it.
    pub(super) async fn settle(&mut self) {
        self.clean().await;
        if let (Some(connection), true) = (&mut self.connection, self.open) {
            match connection.run("COMMIT").await {
                Ok(()) => {
                    self.open = false;
                    self.tell(Ok(()));
                }
                Err(error) => self.lose(error),
            }
        }
    }
}

/// A unit's part of the shared transaction; rolled back when dropped.
pub struct SqliteTx {
    pub(super) writer: Option<OwnedMutexGuard<Writer>>,
    pub(super) sqlite: Arc<Sqlite>,
}

impl SqliteTx {
    pub(in crate::db) fn statement(&mut self) -> Option<&mut SqliteConnection> {
        self.writer.as_mut()?.connection.as_mut().map(Connection::statement)
    }

    /// Makes it durable: at once, or together with those who wait for their turn.
    pub(in crate::db) async fn commit(mut self) -> Result<(), Error> {
        let writer = self.writer.as_mut().ok_or(Error::PoolClosed)?;
        let alone = !writer.within || self.sqlite.waiting.load(Ordering::SeqCst) == 0;
        if !alone {
            let connection = writer.connection.as_mut().ok_or(Error::WorkerCrashed)?;
            connection.run("RELEASE unit").await?;
        }
        let (told, outcome) = oneshot::channel();
        writer.pending.push(told);
        let first = writer.pending.len() == 1;
        if let Some(mut writer) = self.writer.take() {
            if alone {
                // In a task of its own: whoever goes away now leaves nobody in doubt. The savepoint ends with the transaction.
                tokio::spawn(async move { writer.settle().await });
            } else if first {
                drop(writer);
                self.sqlite.settle_later();
            }
        }
        outcome.await.map_err(|_| Error::WorkerCrashed)?
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        if let Some(mut writer) = self.writer.take() {
            writer.unclean = true;
            if let Some(connection) = &writer.connection {
                connection.interrupt();
            }
            drop(writer);
            self.sqlite.settle_later();
        }
    }
}
