//! The caller of a request: who, of which organization, with which permissions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use uuid::Uuid;

use super::{Actor, ActorKind, Origin, Permission, Role, Scope, scope::OwnItems, store};
use crate::clock::Timestamp;
use crate::db::{Db, Error, Sqls};
use crate::id::{ApiKeyId, OrganizationId, UserId};
use crate::refusal::{Code, Refusal};

/// How long what the database said of a caller is believed; a revoked key or a deactivated user is out within it.
const BELIEVED: TimeDelta = TimeDelta::milliseconds(900);
/// More callers than this are not remembered at a time.
const REMEMBERED: usize = 20_000;

/// Who is calling.
#[derive(Debug, Clone)]
pub struct Caller {
    pub organization: OrganizationId,
    pub role: Role,
    /// The person; `None` for an API key.
    pub user: Option<UserId>,
    pub api_key: Option<ApiKeyId>,
    pub department: Option<String>,
    /// The permissions of an API key that is narrowed below its role.
    pub narrowed: Option<Arc<[Permission]>>,
    /// Session family of the access token, so that signing out knows which to end.
    pub session: Option<Uuid>,
    pub origin: Origin,
}

impl Caller {
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission) && self.narrowed.as_ref().is_none_or(|only| only.contains(&permission))
    }

    /// Whether the caller has every permission of this role: nobody gives away more than they have.
    pub fn holds(&self, role: Role) -> bool {
        role.permissions().iter().all(|permission| self.may(*permission))
    }

    /// # Errors
    /// `insufficient_permission`, naming it.
    pub fn needs(&self, permission: Permission) -> Result<(), Refusal> {
        if self.may(permission) {
            return Ok(());
        }
        let lacks = match &self.narrowed {
            Some(only) if self.role.may(permission) => {
                let only: Vec<String> = only.iter().map(|only| format!("`{only}`")).collect();
                let only = only.join(", ");
                format!("which this API key was not given: it is narrowed to {only}. Use a key that has it")
            }
            _ if self.api_key.is_some() => format!("which the role `{}` of this API key does not have", self.role),
            _ => format!("which your role `{}` does not have", self.role),
        };
        Err(Refusal::new(
            Code::InsufficientPermission,
            format!("This needs the permission `{permission}`, {lacks}."),
        ))
    }

    /// Which rows this caller sees.
    pub fn scope(&self) -> Scope {
        let only_own = self.role == Role::Contributor;
        Scope {
            organization: self.organization,
            own_items: only_own.then(|| OwnItems {
                user: self.user,
                department: self.department.clone(),
            }),
        }
    }

    pub fn actor(&self) -> Actor {
        match (self.user, self.api_key) {
            (Some(user), _) => Actor {
                kind: ActorKind::User,
                id: Some(user.into()),
            },
            (None, Some(key)) => Actor {
                kind: ActorKind::ApiKey,
                id: Some(key.into()),
            },
            (None, None) => Actor {
                kind: ActorKind::System,
                id: None,
            },
        }
    }

    pub fn is(&self, user: UserId) -> bool {
        self.user == Some(user)
    }
}

/// What the database says of a user or key, for as long as it is believed.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub organization: OrganizationId,
    pub role: Role,
    pub user: Option<UserId>,
    pub api_key: Option<ApiKeyId>,
    pub department: Option<String>,
    pub narrowed: Option<Arc<[Permission]>>,
    /// Access tokens issued before this are no longer good.
    pub tokens_valid_from: Option<Timestamp>,
    /// Sessions that ended a while ago: access tokens of theirs are no longer good.
    pub ended: Arc<[Uuid]>,
}

/// The callers seen a moment ago. Role and active state come from the database, not from the token.
#[derive(Default)]
pub struct Callers {
    seen: Mutex<HashMap<Vec<u8>, (Timestamp, Option<Standing>)>>,
}

impl Callers {
    /// Forgets everybody: called when a user, key or session was changed in this process.
    pub fn forget(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn recall(&self, key: &[u8], now: Timestamp) -> Option<Option<Standing>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(key)
            .filter(|(at, _)| now.signed_duration_since(at.utc()).abs() < BELIEVED)
            .map(|(_, standing)| standing.clone())
    }

    fn remember(&self, key: Vec<u8>, now: Timestamp, standing: Option<Standing>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            seen.clear();
        }
        seen.insert(key, (now, standing));
    }

    /// The active user of an access token's claims.
    ///
    /// # Errors
    /// What the database said.
    pub async fn user(&self, db: &Db, now: Timestamp, claims: &super::token::Claims) -> Result<Option<Caller>, Error> {
        let mut key = claims.org.0.as_bytes().to_vec();
        key.extend_from_slice(claims.sub.0.as_bytes());
        let standing = match self.recall(&key, now) {
            Some(standing) => standing,
            None => {
                let standing = store::standing_of_user(&mut db.read(), claims.org, claims.sub, now).await?;
                self.remember(key, now, standing.clone());
                standing
            }
        };
        let standing = standing.filter(|s| {
            s.tokens_valid_from.is_none_or(|from| claims.iat >= from.timestamp()) && !s.ended.contains(&claims.sid)
        });
        Ok(standing.map(|standing| caller(standing, Some(claims.sid))))
    }

    /// The holder of an API key. When it was last used is noted about once a minute.
    ///
    /// # Errors
    /// What the database said.
    pub async fn key(&self, db: &Db, now: Timestamp, secret: &str) -> Result<Option<Caller>, Error> {
        let hash = super::key::hash(secret);
        let standing = match self.recall(&hash, now) {
            Some(standing) => standing,
            None => {
                let standing = store::standing_of_key(&mut db.read(), &hash, now).await?;
                if let Some(key) = standing.as_ref().and_then(|s| s.api_key.map(|id| (s.organization, id))) {
                    let db = db.clone();
                    // By the way: no request waits for it, or fails with it.
                    tokio::spawn(async move {
                        if let Err(error) = store::touch_key(&db, key.0, key.1, now).await {
                            tracing::warn!(%error, "when an API key was used last could not be noted");
                        }
                    });
                }
                self.remember(hash, now, standing.clone());
                standing
            }
        };
        Ok(standing.map(|standing| caller(standing, None)))
    }
}

/// Who asked for work that is done later, as they stand now; `None` when they may do nothing any more.
///
/// # Errors
/// What the database said.
pub async fn again(
    db: &mut impl Sqls,
    organization: OrganizationId,
    actor: Actor,
    now: Timestamp,
) -> Result<Option<Caller>, Error> {
    let standing = match (actor.kind, actor.id) {
        (ActorKind::User, Some(id)) => store::standing_of_user(db, organization, id.into(), now).await?,
        (ActorKind::ApiKey, Some(id)) => store::standing_of_key_by_id(db, organization, id.into(), now).await?,
        (ActorKind::User | ActorKind::ApiKey, None) | (ActorKind::System, _) => None,
    };
    Ok(standing.map(|standing| caller(standing, None)))
}

fn caller(standing: Standing, session: Option<Uuid>) -> Caller {
    Caller {
        organization: standing.organization,
        role: standing.role,
        user: standing.user,
        api_key: standing.api_key,
        department: standing.department,
        narrowed: standing.narrowed,
        session,
        origin: Origin::default(),
    }
}
