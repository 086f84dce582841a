//! All SQL of reminders: what is due across organizations, who is responsible, what a week has brought.

use uuid::Uuid;

use super::reminder::{Occasion, ToldSince};
use crate::access::Role;
use crate::clock::Timestamp;
use crate::db::{Error, Sqls};
use crate::features::people::user::User;
use crate::fold;
use crate::id::{OrganizationId, UserId};
use crate::journal;

/// At most so many at a time; the next minute brings more.
const MOST: i64 = 5000;

/// What is due, of all organizations: of which, what, and when. In order.
pub async fn due(
    db: &mut impl Sqls,
    occasion: Occasion,
    now: Timestamp,
) -> Result<Vec<(OrganizationId, Uuid, Timestamp)>, Error> {
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
            "SELECT organization_id, id, {column} FROM {table} WHERE {of} AND {column} > $1 AND {column} <= $2"
        ))
        .bind(after)
        .bind(until);
    if let Some(told_since) = occasion.told_since(now) {
        // Most of what is late has been told long ago.
        sql.push(&format!(" AND NOT EXISTS (SELECT 1 FROM notifications WHERE notifications.organization_id = {table}.organization_id AND notifications.about_id = {table}.id AND notifications.kind = "));
        sql.value(occasion.kind()).push(" AND notifications.created_at >= ");
        match told_since {
            ToldSince::Then => sql.push(&format!("{table}.{column}")),
            ToldSince::Time(time) => sql.value(time),
        };
        sql.push(")");
    }
    sql.push(&format!(" ORDER BY {column}, organization_id, id LIMIT "))
        .value(MOST);
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

/// Every organization, and its zone.
pub async fn zones(db: &mut impl Sqls) -> Result<Vec<(OrganizationId, String)>, Error> {
    db.sql("SELECT id, time_zone FROM organizations ORDER BY id")
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
