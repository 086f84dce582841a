//! SQLite's connections: a few that read, and one that writes.
//!
//! Not sqlx's pool, which asks a connection before and after each use whether it lives. SQLite's lives in a thread of this process;
//! asking makes three trips there of one.

mod reading;
mod stock;
mod writing;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, PoisonError};
use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection as _, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};

use reading::Readers;
pub use reading::Reading;
pub(super) use writing::SqliteTx;
use writing::Writer;

use super::Pokes;
use super::error::Error;

/// Writers queue and take their turns; nobody waits longer than this.
const WRITER: Duration = Duration::from_secs(60);
/// How long a request may wait for a reader before it is told to come back.
const READER: Duration = Duration::from_secs(5);
/// SQLite looks at the clock once in so many of its steps.
const STEPS: i32 = 100_000;

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// An open database file. Shared by all who use it.
pub struct Sqlite {
    readers: Readers,
    writer: Arc<Mutex<Writer>>,
    /// How many units wait for the writer.
    waiting: AtomicUsize,
    pokes: Arc<Pokes>,
}

/// A connection, and until when its statement may run.
struct Connection {
    raw: SqliteConnection,
    /// Milliseconds since the program started.
    deadline: Arc<AtomicU64>,
    most: u64,
}

/// How connections are opened, and how many milliseconds a statement of theirs may run.
#[derive(Clone)]
struct Options(SqliteConnectOptions, u64);

impl Connection {
    async fn open(options: &Options) -> Result<Self, Error> {
        let mut raw = options.0.connect().await?;
        let deadline = Arc::new(AtomicU64::new(u64::MAX));
        let until = deadline.clone();
        raw.lock_handle()
            .await?
            .set_progress_handler(STEPS, move || now() < until.load(Ordering::Relaxed));
        Ok(Self {
            raw,
            deadline,
            most: options.1,
        })
    }

    /// The connection for one statement, which must end in time.
    fn statement(&mut self) -> &mut SqliteConnection {
        self.deadline.store(now().saturating_add(self.most), Ordering::Relaxed);
        &mut self.raw
    }

    /// The connection for what may take its time.
    fn unhurried(&mut self) -> &mut SqliteConnection {
        self.deadline.store(u64::MAX, Ordering::Relaxed);
        &mut self.raw
    }

    /// Ends the statement that runs, if one does, the next time it looks at the clock.
    fn interrupt(&self) {
        self.deadline.store(0, Ordering::Relaxed);
    }

    /// Runs a fixed text, in one trip to SQLite's thread.
    async fn run(&mut self, text: &'static str) -> Result<(), Error> {
        sqlx::query(text).execute(self.unhurried()).await?;
        Ok(())
    }
}

fn now() -> u64 {
    u64::try_from(STARTED.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl Sqlite {
    /// Opens the file, for `readers` that read at the same time.
    pub(super) async fn open(
        options: SqliteConnectOptions,
        readers: usize,
        statement: Duration,
    ) -> Result<Arc<Self>, Error> {
        let most = u64::try_from(statement.as_millis()).unwrap_or(u64::MAX);
        let options = Options(options, most);
        let connection = Connection::open(&options).await?;
        Ok(Arc::new(Self {
            readers: Readers {
                options: Options(options.0.clone().pragma("query_only", "on"), most),
                idle: std::sync::Mutex::new((0..readers).map(|_| None).collect()),
                free: Semaphore::new(readers),
                counted: AtomicUsize::new(0),
            },
            writer: Arc::new(Mutex::new(Writer {
                options,
                connection: Some(connection),
                within: true,
                open: false,
                closed: false,
                unclean: false,
                pending: Vec::new(),
            })),
            waiting: AtomicUsize::new(0),
            pokes: Arc::default(),
        }))
    }

    /// Who waits for changes.
    pub(super) fn pokes(&self) -> &Arc<Pokes> {
        &self.pokes
    }

    /// The file.
    pub(super) fn path(&self) -> &std::path::Path {
        self.readers.options.0.get_filename()
    }

    /// A connection that only reads, for one statement.
    ///
    /// # Errors
    /// When all are busy for too long.
    pub async fn reader(&self) -> Result<Reading<'_>, Error> {
        let readers = &self.readers;
        let permit = tokio::time::timeout(READER, readers.free.acquire()).await;
        let permit = permit
            .map_err(|_| Error::PoolTimedOut)?
            .map_err(|_| Error::PoolClosed)?;
        // Before it is taken: what is counted from now on is not known to it.
        let counted = readers.counted.load(Ordering::SeqCst);
        let idle = readers.idle.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let mut reading = Reading {
            connection: idle.flatten(),
            busy: false,
            counted,
            readers,
            _permit: permit,
        };
        if reading.connection.is_none() {
            reading.connection = Some(Connection::open(&readers.options).await?);
        }
        Ok(reading)
    }

    /// The one connection that writes, outside of any transaction: migrations, and what looks after the file.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn alone<T>(self: &Arc<Self>, work: impl AsyncFnOnce(&mut SqliteConnection) -> T) -> Result<T, Error> {
        let mut writer = self.turn().await?;
        writer.settle().await;
        Ok(work(writer.sound().await?.unhurried()).await)
    }

    /// Opens a write transaction.
    ///
    /// Units that follow each other at once share SQLite's transaction, each within a savepoint, so that one write to disk makes all of
    /// them durable. Each is told so by itself, and not before. One that will be `long` shares with nobody before it: they are not to
    /// wait for it.
    ///
    /// # Errors
    /// When the writer is not to be had.
    pub(super) async fn begin(self: &Arc<Self>, long: bool) -> Result<SqliteTx, Error> {
        let writer = self.turn().await?;
        let mut tx = SqliteTx {
            writer: Some(writer),
            sqlite: self.clone(),
        };
        tx.writer.as_mut().ok_or(Error::PoolClosed)?.begin(long).await?;
        Ok(tx)
    }

    async fn turn(self: &Arc<Self>) -> Result<OwnedMutexGuard<Writer>, Error> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let waited = Waited(self);
        let turn = tokio::time::timeout(WRITER, self.writer.clone().lock_owned()).await;
        drop(waited);
        turn.map_err(|_| Error::PoolTimedOut)
    }

    /// Ends the shared transaction once everybody who waits now has had their turn: turns are taken in order.
    fn settle_later(self: &Arc<Self>) {
        let sqlite = self.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { sqlite.writer.lock().await.settle().await });
        }
    }

    /// Closes every connection, after what runs has finished.
    pub(super) async fn close(&self) {
        let mut writer = self.writer.lock().await;
        writer.settle().await;
        writer.closed = true;
        self.readers.free.close();
        let idle = std::mem::take(&mut *self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in idle.into_iter().chain([writer.connection.take()]).flatten() {
            let _ = connection.raw.close().await;
        }
    }
}

/// Counts who waits, also when they stop waiting.
struct Waited<'s>(&'s Sqlite);

impl Drop for Waited<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}
