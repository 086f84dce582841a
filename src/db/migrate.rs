//! Migrations: one folder for both databases, and a folder each for what differs.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};

use super::{Db, Error, Kind, Sqls};

static BOTH: Migrator = sqlx::migrate!("./migrations");
static SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("./migrations/postgres");

/// Any number, the same for every instance: who holds it migrates.
const LOCK: i64 = 7_226_314_881;

fn migrator(kind: Kind) -> Migrator {
    let own = match kind {
        Kind::Sqlite => &SQLITE,
        Kind::Postgres => &POSTGRES,
    };
    let mut migrator = Migrator::with_migrations(BOTH.iter().chain(own.iter()).cloned().collect());
    migrator.set_locking(false);
    migrator
}

impl Db {
    /// Whether every migration of this program has been applied.
    ///
    /// # Errors
    /// What the database said.
    pub async fn is_migrated(&self) -> Result<bool, Error> {
        let applied: Vec<(i64,)> = self
            .read()
            .sql("SELECT version FROM _sqlx_migrations WHERE success")
            .all()
            .await?;
        Ok(migrator(self.kind())
            .iter()
            .all(|migration| applied.contains(&(migration.version,))))
    }

    /// Brings the schema up to date. Several instances may call this at once: one migrates, the others wait.
    ///
    /// # Errors
    /// When a migration fails, or the database was made by a newer version.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        let migrator = migrator(self.kind());
        match self {
            Self::Sqlite(sqlite) => {
                let outcome = sqlite.alone(async |connection| {
                    // Two processes may meet on a new file. Each step is a transaction, so who comes second fails whole and looks again.
                    for _ in 0..20 {
                        match migrator.run(&mut *connection).await {
                            Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) => {
                                tokio::time::sleep(Duration::from_millis(100)).await;
                            }
                            settled => return settled,
                        }
                    }
                    migrator.run(connection).await
                });
                outcome.await?
            }
            Self::Postgres { writers, .. } => {
                // Its own, and closed in the end: what requests are given of time is not enough for the index of a large table.
                let mut connection = writers.acquire().await?.detach();
                sqlx::raw_sql("SET statement_timeout = 0; SET lock_timeout = 0")
                    .execute(&mut connection)
                    .await?;
                // Polled, not awaited: a blocking lock and CREATE INDEX CONCURRENTLY wait for each other for ever.
                loop {
                    let (held,): (bool,) = sqlx::query_as("SELECT pg_try_advisory_lock($1)")
                        .bind(LOCK)
                        .fetch_one(&mut connection)
                        .await?;
                    if held {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                let outcome = migrator.run(&mut connection).await;
                sqlx::Connection::close(connection).await?;
                outcome
            }
        }
    }
}
