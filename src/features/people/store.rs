//! All SQL of people: how users are kept, found and listed; sessions and credentials.

use uuid::Uuid;

use super::organization::{Organization, OrganizationInput};
use super::user::{User, UserInput};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::id::{OrganizationId, UserId};
use crate::journal::{self, Listed, Sort, SortKey, Window};

crate::record!(
    User, "user", "users",
    [active, invited_at, joined_at],
    fields UserInput [email, name, role, title, department, manager_id, phone, time_zone, city, country, hired_on],
    derived { name_key: |user| crate::fold::search_text(&[&user.fields.name]) },
);

crate::record!(
    Organization, "organization", "organizations",
    [slug],
    fields OrganizationInput [name, time_zone],
);

/// Fields that users can be sorted by.
pub static SORTS: &[Sort<User>] = &[
    Sort {
        name: "name",
        column: "users.name_key",
        key: |user| SortKey::Text(crate::fold::search_text(&[&user.fields.name])),
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
];

/// Users of the organization that `narrow` leaves.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    window: &Window<User>,
    narrow: impl Fn(&mut Sql<'_>),
) -> Result<Listed<User>, Error> {
    journal::list(db, scope.organization, window, narrow).await
}

pub async fn find(db: &mut impl Sqls, scope: &Scope, id: UserId) -> Result<Option<User>, Error> {
    journal::find(db, scope.organization, id).await
}

/// Whose sign-in this may be: user, organization, password hash. One address may belong to several organizations.
pub async fn sign_in_candidates(
    db: &mut impl Sqls,
    email: &str,
    slug: Option<&str>,
) -> Result<Vec<(OrganizationId, UserId, Option<String>)>, Error> {
    let mut sql = db
        .sql("SELECT u.organization_id, u.id, c.password_hash FROM users u JOIN organizations o ON o.id = u.organization_id LEFT JOIN credentials c ON c.organization_id = u.organization_id AND c.user_id = u.id WHERE u.active AND u.email = $1")
        .bind(email.to_owned());
    if let Some(slug) = slug {
        sql.push(" AND o.slug = ").value(slug.to_owned());
    }
    sql.push(" ORDER BY u.organization_id LIMIT 5");
    sql.all().await
}

/// Begins a session: the first refresh token of a new family.
pub async fn insert_refresh_token(
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: UserId,
    family: Uuid,
    hash: Vec<u8>,
    parent: Option<Vec<u8>>,
    now: Timestamp,
) -> Result<(), Error> {
    db.sql("INSERT INTO refresh_tokens (organization_id, token_hash, family_id, user_id, parent_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(organization)
        .bind(hash)
        .bind(family)
        .bind(user)
        .bind(parent)
        .bind(now)
        .bind(now.plus(super::session::REFRESH_LIFETIME))
        .run()
        .await?;
    Ok(())
}

/// Sets a password. Access tokens issued before `valid_from`, if given, are no longer good.
pub async fn set_password(
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: UserId,
    hash: String,
    valid_from: Option<Timestamp>,
) -> Result<(), Error> {
    db.sql("INSERT INTO credentials (organization_id, user_id, password_hash, tokens_valid_from) VALUES ($1, $2, $3, $4) ON CONFLICT (organization_id, user_id) DO UPDATE SET password_hash = excluded.password_hash, tokens_valid_from = COALESCE(excluded.tokens_valid_from, credentials.tokens_valid_from)")
        .bind(organization)
        .bind(user)
        .bind(hash)
        .bind(valid_from)
        .run()
        .await?;
    Ok(())
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
