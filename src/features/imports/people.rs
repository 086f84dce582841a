//! Users whom rows name.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::columns::Field;
use super::row::Cells;
use super::store;
use crate::access::Scope;
use crate::features::people::user::User;
use crate::http::Problem;
use crate::id::UserId;
use crate::journal::{self, Unit};

/// More addresses than these are not remembered at a time.
const MOST_PEOPLE: usize = 10_000;

/// Users by e-mail address, remembered from chunk to chunk.
#[derive(Default)]
pub struct People {
    by_email: HashMap<String, Option<UserId>>,
    ids: HashSet<UserId>,
}

impl People {
    /// Looks up those that are not known yet.
    pub async fn look_up(&mut self, unit: &mut Unit, emails: Vec<String>) -> Result<(), Problem> {
        let scope = Scope::all(unit.organization());
        if self.by_email.len() > MOST_PEOPLE {
            self.by_email.clear();
        }
        let unknown: Vec<String> = emails
            .into_iter()
            .map(|email| email.to_lowercase())
            .filter(|email| !self.by_email.contains_key(email))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let found = store::users_by_email(unit, &scope, unknown.iter().cloned()).await?;
        self.by_email.extend(unknown.into_iter().map(|email| (email, None)));
        self.by_email
            .extend(found.into_iter().map(|user| (user.fields.email, Some(user.id))));
        Ok(())
    }

    /// Looks up those that are named by their own ids, as an export has them.
    pub async fn look_up_ids(&mut self, unit: &mut Unit, ids: Vec<String>) -> Result<(), Problem> {
        let ids: Vec<Uuid> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let organization = unit.organization();
        let found: Vec<User> = journal::find_all(unit, organization, &ids).await?;
        self.ids = found.into_iter().map(|user| user.id).collect();
        Ok(())
    }

    /// Sets a user by their own id; their address, where the row has one, has the say.
    pub fn set_by_id(&self, to: &mut Option<UserId>, cells: &mut Cells<'_>) {
        let (None, Some(id)) = (cells.raw(&Field::OwnerEmail), cells.raw(&Field::OwnerId)) else {
            return;
        };
        match id.parse::<Uuid>().map(UserId) {
            Ok(user) if self.ids.contains(&user) => *to = Some(user),
            _ => cells.warn(&Field::OwnerId, "unknown_user", "no user has this id"),
        }
    }

    pub fn find(&self, email: &str) -> Option<UserId> {
        self.by_email.get(&email.trim().to_lowercase()).copied().flatten()
    }

    /// Sets a user by the e-mail address in a cell. Nobody of that address is a warning: the row is in without.
    pub fn set(&self, to: &mut Option<UserId>, cells: &mut Cells<'_>, field: &Field) {
        if let Some(email) = cells.raw(field) {
            match self.find(email) {
                Some(user) => *to = Some(user),
                None => cells.warn(field, "unknown_user", "no user has this e-mail address"),
            }
        }
    }
}
