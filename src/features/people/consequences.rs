//! What a change of a user brings with it, in the same unit: what let them in before, or lets in what they made.

use uuid::Uuid;

use super::keys::{self, key::ApiKey};
use super::sessions;
use super::user::User;
use crate::http::Problem;
use crate::journal::{Change, Unit};

/// Ends what a decided change of a user puts an end to.
///
/// - Another address or role: links that were handed out before belong to what the user was then.
/// - Another address: whoever is signed in did so as somebody else.
/// - No longer active: sessions, links, and every API key that the user made, with all that those made.
///
/// # Errors
/// What the database said.
pub async fn of(unit: &mut Unit, change: &Change<User>) -> Result<(), Problem> {
    let (Some(before), after) = (&change.before, &change.after) else {
        return Ok(());
    };
    let (organization, now) = (unit.organization(), unit.now());
    let another_address = before.fields.email != after.fields.email;
    if another_address || before.fields.role != after.fields.role || !after.active {
        sessions::store::delete_links(unit, organization, after.id).await?;
    }
    if another_address || !after.active {
        sessions::store::end_sessions(unit, organization, after.id, None, now).await?;
    }
    if !after.active {
        let made = keys::store::made_by_user(unit, organization, after.id).await?;
        revoke(unit, made).await?;
    }
    Ok(())
}

/// Revokes keys, those that work still.
///
/// # Errors
/// What the database said.
pub async fn revoke(unit: &mut Unit, keys: Vec<Uuid>) -> Result<(), Problem> {
    let (organization, now) = (unit.organization(), unit.now());
    let keys: Vec<ApiKey> = crate::journal::find_all(unit, organization, &keys).await?;
    let working = keys.into_iter().filter(|key| key.revoked_at.is_none());
    unit.save_all(working.map(|key| key.revoke(now)).collect()).await?;
    Ok(())
}
