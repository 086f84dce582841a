//! What devices have sent, and what became of it.

use crate::db::{Error, Json, Sqls};
use crate::id::UserId;
use crate::journal::{self, Unit};

/// Something that a device has sent, by its own name for it.
#[derive(Debug, Clone)]
pub struct Sent {
    pub user: UserId,
    pub client_id: String,
    pub mutation_id: String,
    pub fingerprint: String,
}

/// What became of it when it came before: its fingerprint, its status, and the fields that another client had changed.
///
/// # Errors
/// What the database said.
pub async fn known(unit: &mut Unit, sent: &Sent) -> Result<Option<(String, String, Vec<String>)>, Error> {
    let organization = unit.organization();
    let row: Option<(String, String, Json<Vec<String>>)> = unit
        .sql("SELECT fingerprint, status, conflicts FROM sync_mutations WHERE organization_id = $1 AND user_id = $2 AND client_id = $3 AND mutation_id = $4")
        .bind(organization)
        .bind(sent.user)
        .bind(sent.client_id.clone())
        .bind(sent.mutation_id.clone())
        .optional()
        .await?;
    Ok(row.map(|(fingerprint, status, Json(conflicts))| (fingerprint, status, conflicts)))
}

/// Keeps what became of it, in the unit that did it.
///
/// # Errors
/// What the database said.
pub async fn keep(unit: &mut Unit, sent: &Sent, status: &str, conflicts: &[String]) -> Result<(), journal::Error> {
    let (organization, now) = (unit.organization(), unit.now());
    unit.sql("INSERT INTO sync_mutations (organization_id, user_id, client_id, mutation_id, fingerprint, status, conflicts, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (organization_id, user_id, client_id, mutation_id) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status, conflicts = excluded.conflicts, created_at = excluded.created_at")
        .bind(organization)
        .bind(sent.user)
        .bind(sent.client_id.clone())
        .bind(sent.mutation_id.clone())
        .bind(sent.fingerprint.clone())
        .bind(status.to_owned())
        .bind(Json(conflicts.to_vec()))
        .bind(now)
        .run()
        .await?;
    Ok(())
}
