//! All SQL of reminders: what is due across organizations, who is responsible, what a week has brought.

use uuid::Uuid;

use super::reminder::Occasion;
use crate::access::Role;
use crate::clock::Timestamp;
use crate::db::{Error, Sqls};
use crate::features::people::user::User;
use crate::fold;
use crate::id::{OrganizationId, UserId};
use crate::jobs::Kind;
use crate::journal;

/// How many are read at a time.
pub const MOST: usize = 5000;

/// Something that is due.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct Due {
    pub organization_id: OrganizationId,
    pub id: Uuid,
    pub at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What is due and was not told since it was last changed, of all organizations, in order: those that come after `last`, at most [`MOST`].
///
/// # Errors
/// What the database said.
pub async fn due(db: &mut impl Sqls, occasion: Occasion, now: Timestamp, last: Option<Due>) -> Result<Vec<Due>, Error> {
    let (after, until) = occasion.window(now);
    // The conditions are those of partial indexes.
    let (table, column, of) = match occasion {
        Occasion::CallbackDue | Occasion::CallbackMissed => (
            "assignments",
            "callback_promised_at",
            "callback_promised_at IS NOT NULL AND status IN ('queued', 'scheduled')",
        ),
        Occasion::PromiseDue | Occasion::PromiseBroken => {
            ("action_items", "promise_key", "customer_told_at IS NULL AND promised")
        }
        Occasion::ItemDue | Occasion::ItemOverdue => (
            "action_items",
            "due_key",
            "status IN ('open', 'in_progress', 'waiting')",
        ),
    };
    let mut sql = db
        .sql(format!(
            "SELECT organization_id, id, {column} AS at, updated_at FROM {table} WHERE {of} AND {column} > $1 AND {column} <= $2"
        ))
        .bind(after)
        .bind(until);
    // Most of what is late has been told long ago. What was changed since may be somebody else's now, or due at another time.
    sql.push(&format!(" AND NOT EXISTS (SELECT 1 FROM notifications WHERE notifications.organization_id = {table}.organization_id AND notifications.about_id = {table}.id AND notifications.created_at >= {table}.updated_at AND notifications.kind = "));
    sql.value(occasion.kind()).push(")");
    if let Some(last) = last {
        sql.push(&format!(" AND ({column}, organization_id, id) > ("));
        sql.value(last.at).push(", ").value(last.organization_id);
        sql.push(", ").value(last.id).push(")");
    }
    sql.push(&format!(" ORDER BY {column}, organization_id, id LIMIT "))
        .value(i64::try_from(MOST).unwrap_or(i64::MAX));
    sql.all().await
}

/// The active users of a department, whatever its case.
pub async fn of_department(
    db: &mut impl Sqls,
    organization: OrganizationId,
    department: &str,
) -> Result<Vec<User>, Error> {
    let key = fold::key(department);
    let users: Vec<User> = active(db, organization, None).await?;
    let theirs = |user: &User| user.fields.department.as_deref().map(fold::key).as_ref() == Some(&key);
    Ok(users.into_iter().filter(theirs).collect())
}

/// The active users, of a role where one is named.
pub async fn active(db: &mut impl Sqls, organization: OrganizationId, role: Option<Role>) -> Result<Vec<User>, Error> {
    journal::select(db, organization, |sql| {
        sql.push(" AND users.active");
        if let Some(role) = role {
            sql.push(" AND users.role = ").value(role);
        }
    })
    .await
}

/// The organizations, each with its zone, that have not asked for the job of this kind and key.
///
/// # Errors
/// What the database said.
pub async fn without(db: &mut impl Sqls, kind: Kind, key: &str) -> Result<Vec<(OrganizationId, String)>, Error> {
    db.sql("SELECT id, time_zone FROM organizations WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.organization_id = organizations.id AND jobs.kind = $1 AND jobs.unique_key = $2) ORDER BY id")
        .bind(kind.name.to_owned())
        .bind(key.to_owned())
        .all()
        .await
}

/// Who placed how many calls within a time, and how many of them were conversations.
pub async fn calls(
    db: &mut impl Sqls,
    organization: OrganizationId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<(UserId, i64, i64)>, Error> {
    db.sql("SELECT user_id, COUNT(*), COUNT(*) FILTER (WHERE disposition = 'connected') FROM attempts WHERE organization_id = $1 AND occurred_at >= $2 AND occurred_at < $3 GROUP BY user_id ORDER BY user_id")
        .bind(organization)
        .bind(from)
        .bind(until)
        .all()
        .await
}

/// How many action items each owner has to do, and how many of these are overdue.
pub async fn items(
    db: &mut impl Sqls,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<Vec<(Option<UserId>, i64, i64)>, Error> {
    db.sql("SELECT owner_id, COUNT(*), COUNT(*) FILTER (WHERE due_key < $2) FROM action_items WHERE organization_id = $1 AND status IN ('open', 'in_progress', 'waiting') GROUP BY owner_id ORDER BY owner_id")
        .bind(organization)
        .bind(now)
        .all()
        .await
}

/// How many promises to customers came due within a time, and of how many of these the customer was not told by then.
pub async fn promises(
    db: &mut impl Sqls,
    organization: OrganizationId,
    from: Timestamp,
    until: Timestamp,
) -> Result<(i64, i64), Error> {
    db.sql("SELECT COUNT(*), COUNT(*) FILTER (WHERE customer_told_at IS NULL OR customer_told_at > promise_key) FROM action_items WHERE organization_id = $1 AND promised AND promise_key >= $2 AND promise_key < $3")
        .bind(organization)
        .bind(from)
        .bind(until)
        .one()
        .await
}
