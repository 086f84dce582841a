//! The two databases behind one small type. The same SQL text runs on both.

mod error;
mod expiring;
mod migrate;
pub mod packed;
mod poke;
mod row;
pub mod search;
mod sql;
mod sqlite;
mod turns;

use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{PgPool, Postgres};

use crate::id::OrganizationId;

pub use error::{Error, Fault, fault};
pub use expiring::Expiring;
pub use poke::{Listener, Pokes};
pub use row::{Bind, Column, Row};
#[doc(hidden)]
pub use sql::On;
pub use sql::{Sql, Sqls};
pub use sqlite::Sqlite;
pub use sqlx::types::Json;
pub use turns::Turn;
use turns::Turns;

/// How long a request may wait for a connection before it is told to come back.
const ACQUIRE: Duration = Duration::from_secs(1);
/// As long at least, who waited for their turn to write before.
const AT_LEAST: Duration = Duration::from_millis(100);
/// How long a statement may run.
const STATEMENT: Duration = Duration::from_secs(30);
/// A connection that rested longer is asked whether it still lives before a request relies on it.
const RESTED: Duration = Duration::from_secs(1);

/// Which database is behind a connection; only `db::search` and the migrations need to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// An open database. Cheap to clone.
#[derive(Clone)]
pub enum Db {
    Sqlite(Arc<Sqlite>),
    Postgres {
        readers: PgPool,
        writers: PgPool,
        pokes: Arc<Pokes>,
        turns: Arc<Turns>,
    },
}

impl Db {
    /// Opens `sqlite://path` (the file is made if missing) or `postgres://…`.
    ///
    /// # Errors
    /// When the address cannot be read or nothing answers there.
    pub async fn open(url: &str, connections: u32) -> Result<Self, Error> {
        Self::open_with(url, connections, STATEMENT).await
    }

    /// The same, with another time after which a statement is ended.
    ///
    /// # Errors
    /// When the address cannot be read or nothing answers there.
    pub async fn open_with(url: &str, connections: u32, statement: Duration) -> Result<Self, Error> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::open_postgres(url, connections, statement).await;
        }
        if !url.starts_with("sqlite:") {
            return Err(Error::Configuration(
                "write sqlite://PATH for a file, or postgres://USER:PASSWORD@HOST/NAME".into(),
            ));
        }
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: what was acknowledged survives a power cut, not only a killed process.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(60))
            .pragma("cache_size", "-16000")
            .pragma("temp_store", "memory")
            .statement_cache_capacity(256);
        private(options.get_filename());
        let readers = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8);
        Ok(Self::Sqlite(Sqlite::open(options, readers, statement).await?))
    }

    async fn open_postgres(url: &str, connections: u32, statement: Duration) -> Result<Self, Error> {
        let statement = format!("{}ms", statement.as_millis());
        let options = PgConnectOptions::from_str(url)?
            .application_name("touchbase")
            .statement_cache_capacity(256)
            .options([
                ("statement_timeout", statement.as_str()),
                ("lock_timeout", "20s"),
                ("idle_in_transaction_session_timeout", "30s"),
                ("timezone", "UTC"),
                ("client_min_messages", "error"),
            ]);
        // Once without the pool, which waits for what is not there and then says only that it waited.
        sqlx::Connection::close(sqlx::ConnectOptions::connect(&options).await?).await?;
        let pool = |connections: u32| {
            PoolOptions::<Postgres>::new()
                .max_connections(connections.max(1))
                .acquire_timeout(ACQUIRE)
                .test_before_acquire(false)
                .before_acquire(|connection, meta| {
                    Box::pin(async move {
                        if meta.idle_for > RESTED {
                            sqlx::Connection::ping(connection).await?;
                        }
                        Ok(true)
                    })
                })
        };
        let writers = pool(connections / 2)
            // A future dropped inside `begin` gives its connection back inside an open transaction;
            // the next autocommit write would be answered and then lost. A raw ROLLBACK ends it.
            .after_release(|connection, _| {
                Box::pin(async move {
                    sqlx::Executor::execute(connection, sqlx::raw_sql("ROLLBACK")).await?;
                    Ok(true)
                })
            })
            .connect_with(options.clone())
            .await?;
        // Nothing is ever begun on these, so nothing need be ended.
        let readers = pool(connections - connections / 2).connect_lazy_with(options);
        let pokes = Arc::default();
        Ok(Self::Postgres {
            readers,
            writers,
            pokes,
            turns: Arc::default(),
        })
    }

    /// Reads, each statement by itself.
    pub fn read(&self) -> Reader {
        Reader(self.clone())
    }

    /// Opens a write transaction. On SQLite it holds the one writer until it ends.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn begin(&self) -> Result<Tx, Error> {
        Ok(match self {
            Self::Sqlite(sqlite) => Tx::Sqlite(sqlite.begin(false).await?),
            Self::Postgres { writers, .. } => Tx::Postgres(writers.begin().await?, None),
        })
    }

    /// The same for an organization, whose writers take turns. What is `long` writes thousands of rows: nobody else's commit waits for it.
    ///
    /// # Errors
    /// When no connection is to be had, or the turn does not come.
    pub async fn begin_turn(&self, organization: OrganizationId, long: bool) -> Result<Tx, Error> {
        Ok(match self {
            Self::Sqlite(sqlite) => Tx::Sqlite(sqlite.begin(long).await?),
            Self::Postgres { writers, turns, .. } => {
                let asked = Instant::now();
                let turn = turns.take(organization).await?;
                // Where connections are short, those who wait for a turn are not kept for a second each, one after the other.
                let patience = ACQUIRE.saturating_sub(asked.elapsed()).max(AT_LEAST);
                let begun = tokio::time::timeout(patience, writers.begin()).await;
                Tx::Postgres(begun.map_err(|_| Error::PoolTimedOut)??, Some(turn))
            }
        })
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::Sqlite(_) => Kind::Sqlite,
            Self::Postgres { .. } => Kind::Postgres,
        }
    }

    /// Whether one process owns it.
    pub fn is_one_process(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Who waits for changes.
    pub fn pokes(&self) -> &Arc<Pokes> {
        match self {
            Self::Sqlite(sqlite) => sqlite.pokes(),
            Self::Postgres { pokes, .. } => pokes,
        }
    }

    /// Counts what has grown, for whoever plans statements; PostgreSQL does so by itself.
    ///
    /// # Errors
    /// What the database said.
    pub async fn take_stock(&self) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.take_stock().await,
            Self::Postgres { .. } => Ok(()),
        }
    }

    /// Ends all connections, after what runs has finished.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
            Self::Postgres { readers, writers, .. } => {
                readers.close().await;
                writers.close().await;
            }
        }
    }
}

/// Makes the file, if it is not there, so that nobody else on the machine can read it: it holds customers and signing keys.
/// What goes wrong here SQLite says in better words.
fn private(path: &std::path::Path) {
    if path.starts_with(":memory:") {
        return;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(path));
}

/// For the log: which file, or which server; never a password.
impl std::fmt::Display for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(sqlite) => write!(f, "SQLite, {}", sqlite.path().display()),
            Self::Postgres { writers, .. } => {
                let options = writers.connect_options();
                let name = options.get_database().unwrap_or_default();
                write!(f, "PostgreSQL, {name} at {}:{}", options.get_host(), options.get_port())
            }
        }
    }
}

/// A handle for statements outside a transaction.
#[derive(Clone)]
pub struct Reader(Db);

impl Sqls for Reader {
    fn kind(&self) -> Kind {
        self.0.kind()
    }

    fn on(&mut self) -> sql::On<'_> {
        match &self.0 {
            Db::Sqlite(sqlite) => sql::On::Sqlite(sqlite),
            Db::Postgres { readers, .. } => sql::On::PostgresPool(readers),
        }
    }
}

/// An open transaction; rolled back when dropped.
pub enum Tx {
    Sqlite(sqlite::SqliteTx),
    /// With the turn that ends when it does.
    Postgres(sqlx::Transaction<'static, Postgres>, Option<Turn>),
}

impl Tx {
    /// Makes everything durable.
    ///
    /// # Errors
    /// When the database could not promise that; then nothing was written.
    pub async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx, turn) => {
                let outcome = tx.commit().await;
                drop(turn);
                outcome
            }
        }
    }
}

impl Sqls for Tx {
    fn kind(&self) -> Kind {
        match self {
            Self::Sqlite(_) => Kind::Sqlite,
            Self::Postgres(..) => Kind::Postgres,
        }
    }

    fn on(&mut self) -> sql::On<'_> {
        match self {
            Self::Sqlite(tx) => sql::On::SqliteTx(tx.statement()),
            Self::Postgres(tx, _) => sql::On::Postgres(tx),
        }
    }
}
