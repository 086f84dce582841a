//! Rows that have had their time.

use chrono::TimeDelta;

use super::{Db, Error, Sqls};
use crate::clock::Timestamp;

/// So many go at a time: nobody waits long for what they hold.
const AT_ONCE: u64 = 1_000;

/// Rows of a table that are kept so long.
#[derive(Debug, Clone, Copy)]
pub struct Expiring {
    table: &'static str,
    key: &'static str,
    at: &'static str,
    kept: TimeDelta,
}

impl Expiring {
    /// Rows of a table by the columns of its primary key, kept so long from the moment in a column; where that is null, they stay.
    pub const fn new(table: &'static str, key: &'static str, at: &'static str, kept: TimeDelta) -> Self {
        Self { table, key, at, kept }
    }

    /// Removes those whose time is over, portion by portion.
    ///
    /// # Errors
    /// What the database said; what went before is gone.
    pub async fn sweep(&self, db: &Db, now: Timestamp) -> Result<(), Error> {
        let Self { table, key, at, kept } = self;
        loop {
            let mut tx = db.begin().await?;
            let gone = tx
                .sql(format!(
                    "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {at} < $1 LIMIT {AT_ONCE})"
                ))
                .bind(now.plus(-*kept))
                .run()
                .await?;
            tx.commit().await?;
            if gone < AT_ONCE {
                return Ok(());
            }
        }
    }
}
