//! All SQL of people: how users and the organization are kept, found and listed.

use serde::Deserialize;
use utoipa::IntoParams;

use super::organization::{Organization, OrganizationInput};
use super::user::{User, UserInput};
use crate::access::{Permission, Role, Scope};
use crate::clock::Timestamp;
use crate::db::search::{self, Document};
use crate::db::{Error, Kind, Sql, Sqls};
use crate::fold;
use crate::http::query::List;
use crate::id::{OrganizationId, UserId};
use crate::journal::{self, Holding, Listed, Sort, SortKey, Window};

fn name_key(user: &User) -> String {
    fold::fold(&user.fields.name)
}

crate::record!(
    User, "user", "users",
    [active, invited_at, joined_at, password_changed_at, password_reset_requested_at, password_reset_offered_at, signed_out_at],
    fields UserInput [email, name, role, title, department, manager_id, phone, time_zone, city, country, hired_on, holiday_region],
    derived { name_key: |user| name_key(user) },
    holding: |user| user.fields.role.may(Permission::AssignmentsWork).then(|| Holding {
        user: user.id.into(),
        customer: None,
    }),
    document: |user| Some(Document {
        collection: "users",
        leads_to: user.id.into(),
        text: fold::search_text(&[&user.fields.name, &user.fields.email]),
    }),
);

crate::record!(
    Organization, "organization", "organizations",
    [slug],
    fields OrganizationInput [name, time_zone, holiday_region, working_weekdays, data_steward_id, data_steward_department],
);

/// Fields that users can be sorted by.
pub static SORTS: &[Sort<User>] = &[
    Sort {
        name: "name",
        column: "users.name_key",
        key: |user| SortKey::Text(name_key(user)),
    },
    Sort {
        name: "email",
        column: "users.email",
        key: |user| SortKey::Text(user.fields.email.clone()),
    },
    Sort {
        name: "created_at",
        column: "users.created_at",
        key: |user| SortKey::Time(user.created_at),
    },
    Sort {
        name: "updated_at",
        column: "users.updated_at",
        key: |user| SortKey::Time(user.updated_at),
    },
];

/// Which users are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// Words (or their beginnings) of a name or an e-mail address.
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    #[param(min_length = 1, max_length = 254)]
    pub email: Option<String>,
    /// Any of these roles, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<Role>>, max_items = 5)]
    pub role_in: Option<List<Role>>,
    #[param(min_length = 1, max_length = 100)]
    pub department: Option<String>,
    pub active: Option<bool>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub manager_id: Option<UserId>,
    /// Those who asked for a way back in and have not got it yet; or those who have not.
    pub password_reset_requested: Option<bool>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl UserFilter {
    fn narrow(&self, sql: &mut Sql<'_>, kind: Kind, scope: &Scope) {
        if let Some(q) = &self.q {
            let terms = fold::search_terms(q);
            search::narrow(sql, kind, "users.id", scope.organization, "users", &terms);
        }
        if let Some(email) = &self.email {
            sql.push(" AND users.email = ").value(email.trim().to_lowercase());
        }
        if let Some(List(roles)) = &self.role_in {
            sql.push(" AND users.role IN ").list(roles.iter().copied());
        }
        if let Some(department) = &self.department {
            sql.push(" AND users.department = ").value(department.clone());
        }
        sql.compare("users.active =", self.active);
        sql.compare("users.manager_id =", self.manager_id);
        match self.password_reset_requested {
            Some(true) => drop(sql.push(" AND users.password_reset_requested_at IS NOT NULL")),
            Some(false) => drop(sql.push(" AND users.password_reset_requested_at IS NULL")),
            None => {}
        }
        for (condition, at) in [
            (" AND users.created_at >= ", self.created_at_gte),
            (" AND users.created_at < ", self.created_at_lt),
            (" AND users.updated_at >= ", self.updated_at_gte),
            (" AND users.updated_at < ", self.updated_at_lt),
        ] {
            if let Some(at) = at {
                sql.push(condition).value(at);
            }
        }
    }
}

/// A page of users.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &UserFilter,
    window: &Window<User>,
) -> Result<Listed<User>, Error> {
    let kind = db.kind();
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql, kind, scope)).await
}

/// The user, if they are of the organization.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: UserId) -> Result<Option<User>, Error> {
    journal::find(db, scope.organization, id).await
}

/// The user with this address, compared in lower case.
pub async fn find_by_email(db: &mut impl Sqls, scope: &Scope, email: &str) -> Result<Option<User>, Error> {
    let email = email.trim().to_lowercase();
    let mut found = journal::select(db, scope.organization, |sql| {
        sql.push(" AND users.email = ").value(email);
    })
    .await?;
    Ok(found.pop())
}

/// How many active admins there are, besides this user where one is named.
pub async fn other_admins(
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: Option<UserId>,
) -> Result<i64, Error> {
    let mut sql = db
        .sql("SELECT COUNT(*) FROM users WHERE organization_id = $1 AND role = $2 AND active")
        .bind(organization)
        .bind(Role::Admin);
    if let Some(user) = user {
        sql.push(" AND id <> ").value(user);
    }
    let (count,): (i64,) = sql.one().await?;
    Ok(count)
}

/// A manager, their manager, and so on up; empty when there is no such user.
pub async fn managers_above(
    db: &mut impl Sqls,
    organization: OrganizationId,
    manager: UserId,
) -> Result<Vec<UserId>, Error> {
    let rows: Vec<(UserId,)> = db
        .sql("WITH RECURSIVE above (id, manager_id) AS (SELECT id, manager_id FROM users WHERE organization_id = $1 AND id = $2 UNION SELECT u.id, u.manager_id FROM users u JOIN above a ON u.id = a.manager_id WHERE u.organization_id = $3) SELECT id FROM above")
        .bind(organization)
        .bind(manager)
        .bind(organization)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Who hears of what concerns a user's work: their own manager, or all who run programs where they have none that is active.
///
/// # Errors
/// What the database said.
pub async fn managers_of(db: &mut impl Sqls, organization: OrganizationId, user: &User) -> Result<Vec<UserId>, Error> {
    let own: Vec<(UserId,)> = db
        .sql("SELECT id FROM users WHERE organization_id = $1 AND active AND id = $2")
        .bind(organization)
        .bind(user.fields.manager_id)
        .all()
        .await?;
    let all = match own.is_empty() {
        false => own,
        true => {
            db.sql("SELECT id FROM users WHERE organization_id = $1 AND active AND role = $2 ORDER BY id")
                .bind(organization)
                .bind(Role::Manager)
                .all()
                .await?
        }
    };
    Ok(all.into_iter().map(|(id,)| id).filter(|id| *id != user.id).collect())
}

/// Whether no organization has been made yet.
///
/// # Errors
/// What the database said.
pub async fn is_empty(db: &mut impl Sqls) -> Result<bool, Error> {
    let any: Option<(OrganizationId,)> = db.sql("SELECT id FROM organizations LIMIT 1").optional().await?;
    Ok(any.is_none())
}

/// The organization itself.
pub async fn organization(db: &mut impl Sqls, id: OrganizationId) -> Result<Option<Organization>, Error> {
    journal::find(db, id, id).await
}

/// The organization with this short name.
pub async fn organization_by_slug(db: &mut impl Sqls, slug: &str) -> Result<Option<OrganizationId>, Error> {
    let row: Option<(OrganizationId,)> = db
        .sql("SELECT id FROM organizations WHERE slug = $1")
        .bind(slug.to_owned())
        .optional()
        .await?;
    Ok(row.map(|(id,)| id))
}
