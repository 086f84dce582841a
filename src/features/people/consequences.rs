//! What changes of users bring with them, in the same unit: what let them in before, or lets in what they made.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::keys::{self, key::ApiKey};
use super::sessions;
use super::user::User;
use crate::access::Role;
use crate::features::calendar_feeds;
use crate::http::Problem;
use crate::id::{ApiKeyId, UserId};
use crate::journal::{Change, Unit};

/// Ends what decided changes of users put an end to. Each user may stand here once.
///
/// - Another address or role: links that were handed out before belong to what the user was then.
/// - Another address: whoever is signed in did so as somebody else.
/// - A role that holds less: every API key that the user made and that grants what they no longer hold, with all that it made.
/// - No longer active: sessions, links, calendar feeds, and every API key that the user made, with all that those made.
///
/// # Errors
/// What the database said.
pub async fn of(unit: &mut Unit, changes: &[Change<User>]) -> Result<(), Problem> {
    let (organization, now) = (unit.organization(), unit.now());
    let (mut unlinked, mut ended, mut limits) = (Vec::new(), Vec::new(), HashMap::new());
    for change in changes {
        let (Some(before), after) = (&change.before, &change.after) else {
            continue;
        };
        let (id, role) = (after.id, after.fields.role);
        let another_address = before.fields.email != after.fields.email;
        if another_address || before.fields.role != role || !after.active {
            unlinked.push(id);
        }
        if another_address || !after.active {
            ended.push(id);
        }
        if !after.active {
            limits.insert(id, None);
        } else if before.fields.role.permissions().iter().any(|held| !role.may(*held)) {
            limits.insert(id, Some(role));
        }
    }
    if !unlinked.is_empty() {
        sessions::store::delete_links(unit, organization, &unlinked).await?;
    }
    sessions::store::end_all_sessions(unit, organization, &ended, now).await?;
    let gone = changes.iter().filter(|change| !change.after.active);
    let gone: Vec<UserId> = gone.map(|change| change.after.id).collect();
    calendar_feeds::store::revoke_all(unit, &gone).await?;
    if !limits.is_empty() {
        let made = keys::store::made_by_users(unit, organization, limits.keys().copied()).await?;
        let makers: HashMap<Uuid, UserId> = made.into_iter().collect();
        let ids: Vec<Uuid> = makers.keys().copied().collect();
        let keys: Vec<ApiKey> = crate::journal::find_all(unit, organization, &ids).await?;
        let limit = |key: &ApiKey| {
            makers
                .get(&key.id.into())
                .and_then(|maker| limits.get(maker))
                .copied()
                .flatten()
        };
        let beyond = beyond(&keys, limit);
        revoke(unit, keys.into_iter().filter(|key| beyond.contains(&key.id))).await?;
    }
    Ok(())
}

/// The keys that grant more than the role of whoever is behind them holds (nobody behind them: all), and those that these made.
fn beyond(keys: &[ApiKey], limit: impl Fn(&ApiKey) -> Option<Role>) -> HashSet<ApiKeyId> {
    let too_much = |key: &&ApiKey| match limit(key) {
        Some(role) => key.fields.grants().iter().any(|granted| !role.may(*granted)),
        None => true,
    };
    let mut beyond: HashSet<ApiKeyId> = keys.iter().filter(too_much).map(|key| key.id).collect();
    let mut made_by: HashMap<ApiKeyId, Vec<ApiKeyId>> = HashMap::new();
    for key in keys {
        if let Some(maker) = key.created_by_key {
            made_by.entry(maker).or_default().push(key.id);
        }
    }
    let mut open: Vec<ApiKeyId> = beyond.iter().copied().collect();
    while let Some(maker) = open.pop() {
        open.extend(
            made_by
                .remove(&maker)
                .unwrap_or_default()
                .into_iter()
                .filter(|key| beyond.insert(*key)),
        );
    }
    beyond
}

/// Revokes keys, those that work still.
///
/// # Errors
/// What the database said.
pub async fn revoke(unit: &mut Unit, keys: impl IntoIterator<Item = ApiKey>) -> Result<(), Problem> {
    let now = unit.now();
    let working = keys.into_iter().filter(|key| key.revoked_at.is_none());
    let changes: Vec<Change<ApiKey>> = working.map(|key| key.revoke(now)).collect();
    unit.save_all(changes).await?;
    Ok(())
}
