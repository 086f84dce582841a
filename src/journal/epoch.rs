//! Which life of the database this is. After a restored backup numbers are given a second time, and readers who know of what is gone must
//! not read on from them.

use crate::clock::Timestamp;
use crate::db::{Db, Error, Sqls};

/// Begins a new epoch for every organization: whoever reads on from a cursor starts afresh. The time of it, for one that was never before.
///
/// # Errors
/// What the database said.
pub async fn begin(db: &Db, now: Timestamp) -> Result<i64, Error> {
    let epoch = now.timestamp_millis();
    let mut tx = db.begin().await?;
    tx.sql("UPDATE organizations SET epoch = $1").bind(epoch).run().await?;
    tx.commit().await?;
    Ok(epoch)
}
