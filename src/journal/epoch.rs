//! Which life of the database this is. After a restored backup readers know of what is gone, and must not read on from there.

use crate::clock::Timestamp;
use crate::db::{Db, Error, Sqls};
use crate::id::OrganizationId;

/// Numbers that are passed over, so that none of what is gone is given a second time: revisions, `ETag`s, ids of deliveries and of events tell the
/// one life from the other. It suffices where fewer were given between the backup and its restoring.
pub const SKIPPED: i64 = 100_000_000;

/// Begins a new epoch for every organization: whoever reads on from a cursor starts afresh. The time of it, for one that was never before.
///
/// # Errors
/// What the database said.
pub async fn begin(db: &Db, now: Timestamp) -> Result<i64, Error> {
    let epoch = now.timestamp_millis();
    let mut tx = db.begin().await?;
    tx.sql("INSERT INTO epoch_gaps (organization_id, begins_after, ends_at) SELECT id, last_revision, last_revision + $1 FROM organizations")
        .bind(SKIPPED)
        .run()
        .await?;
    tx.sql("UPDATE organizations SET epoch = $1, last_revision = last_revision + $2")
        .bind(epoch)
        .bind(SKIPPED)
        .run()
        .await?;
    tx.commit().await?;
    Ok(epoch)
}

/// Whether this number is of a life that is gone: none of today's is.
///
/// # Errors
/// What the database said.
pub async fn is_of_another(db: &mut impl Sqls, organization: OrganizationId, revision: i64) -> Result<bool, Error> {
    let gap: Option<(i64,)> = db
        .sql("SELECT ends_at FROM epoch_gaps WHERE organization_id = $1 AND begins_after < $2 AND ends_at > $2 LIMIT 1")
        .bind(organization)
        .bind(revision)
        .optional()
        .await?;
    Ok(gap.is_some())
}
