//! What SQLite's planner knows of how much there is.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::{Error, PoisonError, Sqlite};

/// Of smaller tables nothing is noted: they are read by their indexes, as everything is that the planner knows nothing of. What was true of a
/// few rows would lead it through all of them once there are many.
const FEW: i64 = 1_000;

impl Sqlite {
    /// Counts, by samples, tables that have grown or shrunk tenfold since they were counted and are not small, and lets every connection know.
    ///
    /// # Errors
    /// What the database said.
    pub(in crate::db) async fn take_stock(self: &Arc<Self>) -> Result<(), Error> {
        if self.alone(count).await?? {
            self.readers.counted.fetch_add(1, Ordering::SeqCst);
            // They read the figures when they are opened.
            let mut idle = self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.iter_mut().for_each(|connection| *connection = None);
        }
        Ok(())
    }
}

/// Whether anything was counted.
async fn count(connection: &mut SqliteConnection) -> Result<bool, Error> {
    // 0x02: what has changed, 0x10000: of all tables; 0x01: only say what is to be done.
    let due: Vec<(String,)> = sqlx::query_as("PRAGMA optimize = 0x10003")
        .fetch_all(&mut *connection)
        .await?;
    let mut counted = false;
    for (statement,) in due {
        let Some(table) = statement.strip_prefix("ANALYZE ") else {
            continue;
        };
        let many: Option<(i64,)> = sqlx::query_as(AssertSqlSafe(format!("SELECT 1 FROM {table} LIMIT 1 OFFSET {FEW}")))
            .fetch_optional(&mut *connection)
            .await?;
        if many.is_some() {
            let text = format!("PRAGMA analysis_limit = 400; {statement}");
            sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *connection).await?;
            counted = true;
        }
    }
    Ok(counted)
}
