//! The two databases behind one small type. The same SQL text runs on both.

mod error;
mod migrate;
mod row;
pub mod search;
mod sql;

use std::str::FromStr;
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool};

pub use error::{Error, Fault, fault};
pub use row::{Bind, Column, Row};
#[doc(hidden)]
pub use sql::On;
pub use sql::{Sql, Sqls};
pub use sqlx::types::Json;

/// How long a request may wait for a connection before it is told to come back.
const ACQUIRE: Duration = Duration::from_secs(1);
/// SQLite has one writer; writers queue here and take their turns.
const ACQUIRE_WRITER: Duration = Duration::from_secs(60);

/// Which database is behind a connection; only `db::search` and the migrations need to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// An open database. Cheap to clone.
#[derive(Clone)]
pub enum Db {
    Sqlite { readers: SqlitePool, writer: SqlitePool },
    Postgres(PgPool),
}

impl Db {
    /// Opens `sqlite://path` (the file is made if missing) or `postgres://…`.
    ///
    /// # Errors
    /// When the address cannot be read or nothing answers there.
    pub async fn open(url: &str, connections: u32) -> Result<Self, Error> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::open_postgres(url, connections).await;
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
            .statement_cache_capacity(256)
            .optimize_on_close(true, Some(400));
        let writer = PoolOptions::<Sqlite>::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(ACQUIRE_WRITER)
            .after_release(|connection, _| {
                Box::pin(async move {
                    // When the disk is full SQLite ends the transaction by itself, and sqlx would count it as open for ever.
                    // The ping waits for a rollback that is under way; who is still in a transaction then is replaced.
                    sqlx::Connection::ping(connection).await?;
                    Ok(!sqlx::Connection::is_in_transaction(connection))
                })
            })
            .connect_with(options.clone())
            .await?;
        let readers = PoolOptions::<Sqlite>::new()
            .max_connections(
                std::thread::available_parallelism()
                    .map_or(2, |n| u32::try_from(n.get()).unwrap_or(2))
                    .clamp(2, 8),
            )
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(5))
            .connect_lazy_with(options.pragma("query_only", "on"));
        Ok(Self::Sqlite { readers, writer })
    }

    async fn open_postgres(url: &str, connections: u32) -> Result<Self, Error> {
        let options = PgConnectOptions::from_str(url)?
            .application_name("touchbase")
            .statement_cache_capacity(256)
            .options([
                ("statement_timeout", "30s"),
                ("lock_timeout", "20s"),
                ("idle_in_transaction_session_timeout", "30s"),
                ("timezone", "UTC"),
                ("client_min_messages", "error"),
            ]);
        let pool = PoolOptions::<Postgres>::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE)
            // A future dropped inside `begin` gives its connection back inside an open transaction;
            // the next autocommit write would be answered and then lost. A raw ROLLBACK ends it.
            .after_release(|connection, _| {
                Box::pin(async move {
                    sqlx::Executor::execute(connection, sqlx::raw_sql("ROLLBACK")).await?;
                    Ok(true)
                })
            })
            .connect_with(options)
            .await?;
        Ok(Self::Postgres(pool))
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
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::Sqlite { .. } => Kind::Sqlite,
            Self::Postgres(_) => Kind::Postgres,
        }
    }

    /// Ends all connections, after what runs has finished.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
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
            Db::Sqlite { readers, .. } => sql::On::SqlitePool(readers),
            Db::Postgres(pool) => sql::On::PostgresPool(pool),
        }
    }
}

/// An open transaction; rolled back when dropped.
pub enum Tx {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Tx {
    /// Makes everything durable.
    ///
    /// # Errors
    /// When the database could not promise that; then nothing was written.
    pub async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

impl Sqls for Tx {
    fn kind(&self) -> Kind {
        match self {
            Self::Sqlite(_) => Kind::Sqlite,
            Self::Postgres(_) => Kind::Postgres,
        }
    }

    fn on(&mut self) -> sql::On<'_> {
        match self {
            Self::Sqlite(tx) => sql::On::Sqlite(tx),
            Self::Postgres(tx) => sql::On::Postgres(tx),
        }
    }
}
