//! Which life of the database this is. After a restored backup readers know of what is gone, and must not read on from there.

use crate::clock::Timestamp;
use crate::db::{Db, Error, Sqls};

/// More than are written between a backup and its restoring: no number of what is gone is given a second time, so that revisions, `ETag`s, ids of
/// deliveries and of events tell the one life from the other.
const SKIPPED: i64 = 1_000_000;

/// Begins a new epoch for every organization: whoever reads on from a cursor starts afresh. The time of it, for one that was never before.
///
/// # Errors
/// What the database said.
pub async fn begin(db: &Db, now: Timestamp) -> Result<i64, Error> {
    let epoch = now.timestamp_millis();
    let mut tx = db.begin().await?;
    tx.sql("UPDATE organizations SET epoch = $1, last_revision = last_revision + $2")
        .bind(epoch)
        .bind(SKIPPED)
        .run()
        .await?;
    tx.commit().await?;
    Ok(epoch)
}
