//! All SQL of API keys.

use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::key::{ApiKey, ApiKeyInput};
use crate::access::{Role, Scope};
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::fold;
use crate::http::query::List;
use crate::id::{ApiKeyId, OrganizationId, UserId};
use crate::journal::{self, Listed, Sort, SortKey, Window};

fn name_key(key: &ApiKey) -> String {
    fold::fold(&key.fields.name)
}

crate::record!(
    ApiKey, "api_key", "api_keys",
    [hint, created_by, created_by_key, revoked_at, last_used_at, secret_hash],
    fields ApiKeyInput [name, role, permissions, expires_at],
    derived { name_key: |key| name_key(key) },
);

/// Fields that keys can be sorted by.
pub static SORTS: &[Sort<ApiKey>] = &[
    Sort {
        name: "name",
        column: "api_keys.name_key",
        key: |key| SortKey::Text(name_key(key)),
    },
    Sort {
        name: "created_at",
        column: "api_keys.created_at",
        key: |key| SortKey::Time(key.created_at),
    },
];

/// Which keys are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ApiKeyFilter {
    /// Any of these roles, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<Role>>, max_items = 5)]
    pub role_in: Option<List<Role>>,
    /// Those that were revoked; or those that were not.
    pub revoked: Option<bool>,
    pub expires_at_gte: Option<Timestamp>,
    pub expires_at_lt: Option<Timestamp>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
}

impl ApiKeyFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        if let Some(List(roles)) = &self.role_in {
            sql.push(" AND api_keys.role IN ").list(roles.iter().copied());
        }
        match self.revoked {
            Some(true) => drop(sql.push(" AND api_keys.revoked_at IS NOT NULL")),
            Some(false) => drop(sql.push(" AND api_keys.revoked_at IS NULL")),
            None => {}
        }
        for (condition, at) in [
            (" AND api_keys.expires_at >= ", self.expires_at_gte),
            (" AND api_keys.expires_at < ", self.expires_at_lt),
            (" AND api_keys.created_at >= ", self.created_at_gte),
            (" AND api_keys.created_at < ", self.created_at_lt),
        ] {
            if let Some(at) = at {
                sql.push(condition).value(at);
            }
        }
    }
}

/// A page of keys.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &ApiKeyFilter,
    window: &Window<ApiKey>,
) -> Result<Listed<ApiKey>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql)).await
}

pub async fn find(db: &mut impl Sqls, scope: &Scope, id: ApiKeyId) -> Result<Option<ApiKey>, Error> {
    journal::find(db, scope.organization, id).await
}

/// The keys that users made, those that these made, and so on; each with the user it goes back to.
pub async fn made_by_users(
    db: &mut impl Sqls,
    organization: OrganizationId,
    users: impl IntoIterator<Item = UserId>,
) -> Result<Vec<(Uuid, UserId)>, Error> {
    let mut sql = db
        .sql("WITH RECURSIVE made (id, maker) AS (SELECT id, created_by FROM api_keys WHERE organization_id = $1 AND created_by IN ")
        .bind(organization);
    sql.list(users);
    sql.push(
        " UNION SELECT k.id, m.maker FROM api_keys k JOIN made m ON k.created_by_key = m.id WHERE k.organization_id = ",
    )
    .value(organization);
    sql.push(") SELECT id, maker FROM made");
    sql.all().await
}

/// The keys that a key made, those that these made, and so on.
pub async fn made_by_key(db: &mut impl Sqls, organization: OrganizationId, key: ApiKeyId) -> Result<Vec<Uuid>, Error> {
    let rows: Vec<(Uuid,)> = db
        .sql("WITH RECURSIVE made (id) AS (SELECT id FROM api_keys WHERE organization_id = $1 AND created_by_key = $2 UNION SELECT k.id FROM api_keys k JOIN made m ON k.created_by_key = m.id WHERE k.organization_id = $3) SELECT id FROM made")
        .bind(organization)
        .bind(key)
        .bind(organization)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
