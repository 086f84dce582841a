//! SQL of what is in somebody's hand.

use uuid::Uuid;

use super::Lease;
use crate::clock::Timestamp;
use crate::db::{Error, Sqls};
use crate::id::OrganizationId;
use crate::jobs::JobId;

/// A job in somebody's hand, as it stands: each sign of life moves the lease's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::jobs) struct Held {
    pub lease: Lease,
    pub until: Timestamp,
}

/// Everything that is in anybody's hand: a few for each instance.
pub(in crate::jobs) async fn all(db: &mut impl Sqls) -> Result<Vec<Held>, Error> {
    let rows: Vec<(OrganizationId, JobId, Uuid, Timestamp)> = db
        .sql("SELECT organization_id, id, lease_token, due_at FROM jobs WHERE lease_token IS NOT NULL AND due_at IS NOT NULL")
        .all()
        .await?;
    let held = rows.into_iter().map(|(organization, job, token, until)| Held {
        lease: Lease {
            organization,
            job,
            token,
        },
        until,
    });
    Ok(held.collect())
}

/// Lets whoever wants it take the job up; false when its holder gave a sign of life meanwhile, and then nothing is written.
pub(in crate::jobs) async fn free(db: &mut impl Sqls, held: Held, now: Timestamp) -> Result<bool, Error> {
    let touched = db
        .sql("UPDATE jobs SET due_at = $5 WHERE organization_id = $1 AND id = $2 AND lease_token = $3 AND due_at = $4")
        .bind(held.lease.organization)
        .bind(held.lease.job)
        .bind(held.lease.token)
        .bind(held.until)
        .bind(now)
        .run()
        .await?;
    Ok(touched == 1)
}
