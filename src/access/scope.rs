//! Which rows a caller sees.

use crate::db::Sql;
use crate::fold;
use crate::id::{OrganizationId, UserId};

/// Bound into every query: the organization always, and for some callers less than all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub organization: OrganizationId,
    /// `Some` when the caller sees only the action items that are theirs or their department's.
    pub own_items: Option<OwnItems>,
}

/// Whose action items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnItems {
    pub user: Option<UserId>,
    pub department: Option<String>,
}

impl OwnItems {
    /// Whether an item of this owner and department is among them: what [`Scope::narrow_items`] says in SQL.
    pub fn have(&self, owner: Option<UserId>, department: Option<&str>) -> bool {
        let theirs = |theirs: &String| department.is_some_and(|its| fold::key(its) == fold::key(theirs));
        (owner.is_some() && owner == self.user) || self.department.as_ref().is_some_and(theirs)
    }
}

impl Scope {
    /// The whole of an organization: for Touchbase's own work.
    pub fn all(organization: OrganizationId) -> Self {
        Self {
            organization,
            own_items: None,
        }
    }

    /// Appends ` AND (owner … OR department …)` where the caller sees only their own.
    pub fn narrow_items(&self, sql: &mut Sql<'_>) {
        if let Some(own) = &self.own_items {
            sql.push(" AND (action_items.owner_id = ").value(own.user);
            if let Some(department) = &own.department {
                sql.push(" OR action_items.department_key = ")
                    .value(fold::key(department));
            }
            sql.push(")");
        }
    }
}
