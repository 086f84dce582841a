//! All SQL of sessions: refresh tokens, passwords, links.

use uuid::Uuid;

use super::session::{LinkPurpose, REFRESH_LIFETIME};
use crate::clock::Timestamp;
use crate::db::{Error, Sqls};
use crate::id::{OrganizationId, UserId};

/// Whose sign-in this may be. One address may belong to several organizations.
pub struct Candidate {
    pub organization: OrganizationId,
    pub user: UserId,
    /// Nothing until they have joined.
    pub password_hash: Option<String>,
}

/// Active users with this address: in the organization of this short name, or in all of them.
pub async fn sign_in_candidates(db: &mut impl Sqls, email: &str, slug: Option<&str>) -> Result<Vec<Candidate>, Error> {
    let mut sql = db
        .sql("SELECT u.organization_id, u.id, c.password_hash FROM users u JOIN organizations o ON o.id = u.organization_id LEFT JOIN credentials c ON c.organization_id = u.organization_id AND c.user_id = u.id WHERE u.active AND u.email = $1")
        .bind(email.to_owned());
    if let Some(slug) = slug {
        sql.push(" AND o.slug = ").value(slug.to_owned());
    }
    sql.push(" ORDER BY u.organization_id");
    let rows: Vec<(OrganizationId, UserId, Option<String>)> = sql.all().await?;
    Ok(rows
        .into_iter()
        .map(|(organization, user, password_hash)| Candidate {
            organization,
            user,
            password_hash,
        })
        .collect())
}

/// The hash of a user's password.
pub async fn password_hash(
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<String>, Error> {
    let row: Option<(Option<String>,)> = db
        .sql("SELECT password_hash FROM credentials WHERE organization_id = $1 AND user_id = $2")
        .bind(organization)
        .bind(user)
        .optional()
        .await?;
    Ok(row.and_then(|(hash,)| hash))
}

/// Sets a password.
pub async fn set_password(
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: UserId,
    hash: String,
) -> Result<(), Error> {
    db.sql("INSERT INTO credentials (organization_id, user_id, password_hash) VALUES ($1, $2, $3) ON CONFLICT (organization_id, user_id) DO UPDATE SET password_hash = excluded.password_hash")
        .bind(organization)
        .bind(user)
        .bind(hash)
        .run()
        .await?;
    Ok(())
}

/// A refresh token's place: whose it is, and which session it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    pub organization: OrganizationId,
    pub user: UserId,
    pub family: Uuid,
}

/// Issues a refresh token: the first of a new family, or the successor of `parent`.
pub async fn insert_refresh_token(
    db: &mut impl Sqls,
    owner: Owner,
    hash: Vec<u8>,
    parent: Option<Vec<u8>>,
    now: Timestamp,
) -> Result<(), Error> {
    db.sql("INSERT INTO refresh_tokens (organization_id, token_hash, family_id, user_id, parent_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(owner.organization)
        .bind(hash)
        .bind(owner.family)
        .bind(owner.user)
        .bind(parent)
        .bind(now)
        .bind(now.plus(REFRESH_LIFETIME))
        .run()
        .await?;
    Ok(())
}

/// Whether this was ever a refresh token: costs no write.
pub async fn is_refresh_token(db: &mut impl Sqls, hash: &[u8]) -> Result<bool, Error> {
    let row: Option<(Uuid,)> = db
        .sql("SELECT family_id FROM refresh_tokens WHERE token_hash = $1")
        .bind(hash.to_vec())
        .optional()
        .await?;
    Ok(row.is_some())
}

/// What came of presenting a refresh token.
pub enum Rotation {
    /// It was good: its successor has been issued.
    Issued(Owner),
    /// It had been used, and so had its successor: two parties hold the session. The family is revoked.
    Reused,
    /// Expired, revoked before, or never issued.
    Refused,
}

/// Exchanges the token with the hash `old` for one with the hash `new`.
///
/// A first use is one conditional UPDATE: of any number at once, one wins. Whoever comes later with the same token finds it used.
/// That is forgiven as long as its successor has never been used, because the answer that carried the successor may have been lost:
/// the unused one is replaced, and only the latest works. Otherwise, and when a replaced one turns up, the family ends.
pub async fn rotate(db: &mut impl Sqls, old: &[u8], new: &[u8], now: Timestamp) -> Result<Rotation, Error> {
    let first: Option<(OrganizationId, UserId, Uuid)> = db
        .sql("UPDATE refresh_tokens SET used_at = $1 WHERE token_hash = $2 AND used_at IS NULL AND replaced_at IS NULL AND revoked_at IS NULL AND expires_at > $3 RETURNING organization_id, user_id, family_id")
        .bind(now)
        .bind(old.to_vec())
        .bind(now)
        .optional()
        .await?;
    if let Some((organization, user, family)) = first {
        let owner = Owner {
            organization,
            user,
            family,
        };
        insert_refresh_token(db, owner, new.to_vec(), Some(old.to_vec()), now).await?;
        return Ok(Rotation::Issued(owner));
    }
    // Writes nothing new, but holds the row: others who present the same token wait here for what this one decides.
    type Held = (
        OrganizationId,
        UserId,
        Uuid,
        Timestamp,
        Option<Timestamp>,
        Option<Timestamp>,
    );
    let held: Option<Held> = db
        .sql("UPDATE refresh_tokens SET used_at = used_at WHERE token_hash = $1 RETURNING organization_id, user_id, family_id, expires_at, replaced_at, revoked_at")
        .bind(old.to_vec())
        .optional()
        .await?;
    let Some((organization, user, family, expires_at, replaced_at, revoked_at)) = held else {
        return Ok(Rotation::Refused);
    };
    if revoked_at.is_some() || expires_at <= now {
        return Ok(Rotation::Refused);
    }
    let owner = Owner {
        organization,
        user,
        family,
    };
    if replaced_at.is_none() {
        let replaced = db
            .sql("UPDATE refresh_tokens SET replaced_at = $1 WHERE organization_id = $2 AND parent_hash = $3 AND used_at IS NULL AND replaced_at IS NULL AND revoked_at IS NULL")
            .bind(now)
            .bind(organization)
            .bind(old.to_vec())
            .run()
            .await?;
        if replaced > 0 {
            insert_refresh_token(db, owner, new.to_vec(), Some(old.to_vec()), now).await?;
            return Ok(Rotation::Issued(owner));
        }
    }
    end_session(db, owner, now).await?;
    Ok(Rotation::Reused)
}

/// Ends one session: its refresh tokens, and with them its access tokens.
pub async fn end_session(db: &mut impl Sqls, owner: Owner, now: Timestamp) -> Result<(), Error> {
    db.sql("UPDATE refresh_tokens SET revoked_at = $1 WHERE organization_id = $2 AND family_id = $3 AND user_id = $4 AND revoked_at IS NULL")
        .bind(now)
        .bind(owner.organization)
        .bind(owner.family)
        .bind(owner.user)
        .run()
        .await?;
    Ok(())
}

/// Ends all of a user's sessions, or all but one.
pub async fn end_sessions(
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: UserId,
    but: Option<Uuid>,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(family) = but else {
        return end_all_sessions(db, organization, &[user], now).await;
    };
    db.sql("UPDATE refresh_tokens SET revoked_at = $1 WHERE organization_id = $2 AND user_id = $3 AND revoked_at IS NULL AND family_id <> $4")
        .bind(now)
        .bind(organization)
        .bind(user)
        .bind(family)
        .run()
        .await?;
    Ok(())
}

/// Ends all sessions of many users.
pub async fn end_all_sessions(
    db: &mut impl Sqls,
    organization: OrganizationId,
    users: &[UserId],
    now: Timestamp,
) -> Result<(), Error> {
    if users.is_empty() {
        return Ok(());
    }
    let mut sql = db
        .sql("UPDATE refresh_tokens SET revoked_at = $1 WHERE organization_id = $2 AND revoked_at IS NULL AND user_id IN ")
        .bind(now)
        .bind(organization);
    sql.list(users.iter().copied());
    sql.run().await?;
    // Access tokens without a session of ours end with them.
    let mut sql = db.sql("INSERT INTO credentials (organization_id, user_id, tokens_valid_from) VALUES ");
    for (at, user) in users.iter().enumerate() {
        sql.push(if at == 0 { "(" } else { ", (" }).value(organization);
        sql.push(", ").value(*user);
        sql.push(", ").value(now).push(")");
    }
    sql.push(" ON CONFLICT (organization_id, user_id) DO UPDATE SET tokens_valid_from = excluded.tokens_valid_from");
    sql.run().await?;
    Ok(())
}

/// Keeps a link; earlier ones of the same user and purpose stop working.
pub async fn insert_link(
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: UserId,
    purpose: LinkPurpose,
    hash: Vec<u8>,
    expires_at: Timestamp,
) -> Result<(), Error> {
    db.sql("DELETE FROM user_links WHERE organization_id = $1 AND user_id = $2 AND purpose = $3")
        .bind(organization)
        .bind(user)
        .bind(purpose)
        .run()
        .await?;
    db.sql("INSERT INTO user_links (organization_id, token_hash, user_id, purpose, expires_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(organization)
        .bind(hash)
        .bind(user)
        .bind(purpose)
        .bind(expires_at)
        .run()
        .await?;
    Ok(())
}

/// Whose link this is, while it works.
pub async fn link_owner(
    db: &mut impl Sqls,
    hash: &[u8],
    purpose: LinkPurpose,
    now: Timestamp,
) -> Result<Option<(OrganizationId, UserId)>, Error> {
    db.sql("SELECT organization_id, user_id FROM user_links WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3")
        .bind(hash.to_vec())
        .bind(purpose)
        .bind(now)
        .optional()
        .await
}

/// Uses a link up; `false` when somebody else did, or it does not work any longer.
pub async fn spend_link(
    db: &mut impl Sqls,
    organization: OrganizationId,
    hash: &[u8],
    now: Timestamp,
) -> Result<bool, Error> {
    let spent = db
        .sql("UPDATE user_links SET used_at = $1 WHERE organization_id = $2 AND token_hash = $3 AND used_at IS NULL AND expires_at > $4")
        .bind(now)
        .bind(organization)
        .bind(hash.to_vec())
        .bind(now)
        .run()
        .await?;
    Ok(spent == 1)
}

/// Makes all links of users stop working.
pub async fn delete_links(db: &mut impl Sqls, organization: OrganizationId, users: &[UserId]) -> Result<(), Error> {
    let mut sql = db
        .sql("DELETE FROM user_links WHERE organization_id = $1 AND user_id IN ")
        .bind(organization);
    sql.list(users.iter().copied());
    sql.run().await?;
    Ok(())
}
