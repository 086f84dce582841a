//! All SQL of callers and signing keys.

use std::sync::Arc;

use chrono::TimeDelta;
use uuid::Uuid;

use super::caller::Standing;
use super::{Permission, Role};
use crate::clock::Timestamp;
use crate::db::{Db, Error, Json, Sqls};
use crate::id::{ApiKeyId, OrganizationId, UserId};

pub async fn standing_of_user(
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: UserId,
    now: Timestamp,
) -> Result<Option<Standing>, Error> {
    let row: Option<(Role, Option<String>, Option<Timestamp>)> = db
        .sql("SELECT u.role, u.department, c.tokens_valid_from FROM users u LEFT JOIN credentials c ON c.organization_id = u.organization_id AND c.user_id = u.id WHERE u.organization_id = $1 AND u.id = $2 AND u.active")
        .bind(organization)
        .bind(user)
        .optional()
        .await?;
    // Longer ago than a token lives, no token of an ended session is left.
    let ended: Vec<(Uuid,)> = db
        .sql("SELECT DISTINCT family_id FROM refresh_tokens WHERE organization_id = $1 AND user_id = $2 AND revoked_at > $3")
        .bind(organization)
        .bind(user)
        .bind(now.plus(TimeDelta::seconds(-2 * super::token::LIFETIME)))
        .all()
        .await?;
    let ended: Arc<[Uuid]> = ended.into_iter().map(|(family,)| family).collect();
    Ok(row.map(|(role, department, tokens_valid_from)| Standing {
        organization,
        role,
        user: Some(user),
        api_key: None,
        department,
        narrowed: None,
        tokens_valid_from,
        ended,
    }))
}

type KeyRow = (OrganizationId, ApiKeyId, Role, Option<Json<Vec<Permission>>>);

pub async fn standing_of_key(db: &mut impl Sqls, hash: &[u8], now: Timestamp) -> Result<Option<Standing>, Error> {
    let row: Option<KeyRow> = db
        .sql("SELECT organization_id, id, role, permissions FROM api_keys WHERE secret_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)")
        .bind(hash.to_vec())
        .bind(now)
        .optional()
        .await?;
    Ok(row.map(standing_of))
}

/// The same of a key that has been let in before.
pub async fn standing_of_key_by_id(
    db: &mut impl Sqls,
    organization: OrganizationId,
    key: ApiKeyId,
    now: Timestamp,
) -> Result<Option<Standing>, Error> {
    let row: Option<KeyRow> = db
        .sql("SELECT organization_id, id, role, permissions FROM api_keys WHERE organization_id = $1 AND id = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)")
        .bind(organization)
        .bind(key)
        .bind(now)
        .optional()
        .await?;
    Ok(row.map(standing_of))
}

fn standing_of((organization, id, role, permissions): KeyRow) -> Standing {
    Standing {
        organization,
        role,
        user: None,
        api_key: Some(id),
        department: None,
        narrowed: permissions.map(|Json(only)| Arc::from(only)),
        tokens_valid_from: None,
        ended: Arc::from([]),
    }
}

/// Notes that a key was used, at most once a minute.
pub async fn touch_key(db: &Db, organization: OrganizationId, key: ApiKeyId, now: Timestamp) -> Result<(), Error> {
    let (used,): (Option<Timestamp>,) = db
        .read()
        .sql("SELECT last_used_at FROM api_keys WHERE organization_id = $1 AND id = $2")
        .bind(organization)
        .bind(key)
        .one()
        .await?;
    if used.is_some_and(|used| used.plus(TimeDelta::minutes(1)) > now) {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    tx.sql("UPDATE api_keys SET last_used_at = $1 WHERE organization_id = $2 AND id = $3")
        .bind(now)
        .bind(organization)
        .bind(key)
        .run()
        .await?;
    tx.commit().await
}

/// The seeds of all signing keys that may still verify, the newest last.
pub async fn signing_keys(db: &mut impl Sqls) -> Result<Vec<Vec<u8>>, Error> {
    let rows: Vec<(Vec<u8>,)> = db
        .sql("SELECT seed FROM signing_keys ORDER BY created_at, id")
        .all()
        .await?;
    Ok(rows.into_iter().map(|(seed,)| seed).collect())
}

/// Keeps a new key to sign with. The one before is retired: it verifies for a day yet, more than any token lives, and then it goes.
pub async fn insert_signing_key(db: &Db, id: &str, seed: &[u8; 32], now: Timestamp) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    tx.sql("DELETE FROM signing_keys WHERE retired_at < $1")
        .bind(now.plus(TimeDelta::days(-1)))
        .run()
        .await?;
    tx.sql("UPDATE signing_keys SET retired_at = $1 WHERE retired_at IS NULL")
        .bind(now)
        .run()
        .await?;
    tx.sql("INSERT INTO signing_keys (id, seed, created_at) VALUES ($1, $2, $3)")
        .bind(id.to_owned())
        .bind(seed.to_vec())
        .bind(now)
        .run()
        .await?;
    tx.commit().await
}

/// The secret that signs page cursors and keys fingerprints, made at first use and shared by all instances.
pub async fn cursor_secret(db: &Db) -> Result<Vec<u8>, Error> {
    let mut tx = db.begin().await?;
    let fresh: [u8; 32] = rand::random();
    tx.sql("INSERT INTO installation_secrets (name, secret) VALUES ('cursor', $1) ON CONFLICT (name) DO NOTHING")
        .bind(fresh.to_vec())
        .run()
        .await?;
    let (secret,): (Vec<u8>,) = tx
        .sql("SELECT secret FROM installation_secrets WHERE name = 'cursor'")
        .one()
        .await?;
    tx.commit().await?;
    Ok(secret)
}

/// When the latest failures were, the newest first: at most `most`, and not older than `since`.
pub async fn failures(db: &mut impl Sqls, key: &str, since: Timestamp, most: i64) -> Result<Vec<Timestamp>, Error> {
    let rows: Vec<(Timestamp,)> = db
        .sql("SELECT failed_at FROM login_failures WHERE limit_key = $1 AND failed_at > $2 ORDER BY failed_at DESC LIMIT $3")
        .bind(key.to_owned())
        .bind(since)
        .bind(most)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(at,)| at).collect())
}

pub async fn note_failure(db: &Db, id: Uuid, keys: &[String], now: Timestamp) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    for (at, key) in keys.iter().enumerate() {
        tx.sql("INSERT INTO login_failures (id, part, limit_key, failed_at) VALUES ($1, $2, $3, $4)")
            .bind(id)
            .bind(i64::try_from(at).unwrap_or(0))
            .bind(key.clone())
            .bind(now)
            .run()
            .await?;
    }
    tx.commit().await
}

pub async fn forget_failures(tx: &mut impl Sqls, guess: Uuid, keys: &[String]) -> Result<(), Error> {
    let mut sql = tx
        .sql("DELETE FROM login_failures WHERE id = $1 OR limit_key IN ")
        .bind(guess);
    sql.list(keys.iter().cloned());
    sql.run().await?;
    Ok(())
}

pub async fn forget_guess(db: &Db, guess: Uuid) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    tx.sql("DELETE FROM login_failures WHERE id = $1")
        .bind(guess)
        .run()
        .await?;
    tx.commit().await
}
