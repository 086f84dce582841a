//! What users have in hand or have done: as long as there is any of it, an undoing deactivates nobody.

use std::collections::HashSet;

use crate::db::{Error, Sqls};
use crate::id::{OrganizationId, UserId};

/// Where a user is named who has something in hand or has done something.
const NAMED: [(&str, &str); 15] = [
    ("assignments", "assignee_id"),
    ("attempts", "user_id"),
    ("action_items", "owner_id"),
    ("rescue_cases", "owner_id"),
    ("service_interests", "owner_id"),
    ("account_manager_periods", "user_id"),
    ("customers", "account_manager_id"),
    ("contacts", "owner_id"),
    ("signals", "user_id"),
    ("notes", "author_id"),
    ("notes", "employee_id"),
    ("nps_responses", "user_id"),
    ("absences", "user_id"),
    ("follow_ups", "user_id"),
    ("journal", "actor_id"),
];

/// Those of these users who are in use.
pub async fn users(
    db: &mut impl Sqls,
    organization: OrganizationId,
    users: &[UserId],
) -> Result<HashSet<UserId>, Error> {
    let named = NAMED.map(|(table, column)| {
        format!("EXISTS (SELECT 1 FROM {table} AS t WHERE t.organization_id = $1 AND t.{column} = users.id)")
    });
    let mut found = HashSet::new();
    for chunk in users.chunks(500) {
        let mut sql = db
            .sql(format!(
                "SELECT users.id FROM users WHERE users.organization_id = $1 AND ({}) AND users.id IN ",
                named.join(" OR ")
            ))
            .bind(organization);
        sql.list(chunk.iter().copied());
        found.extend(sql.all::<(UserId,)>().await?.into_iter().map(|(id,)| id));
    }
    Ok(found)
}

/// The active people of these managers, and whose each is.
pub async fn reports(
    db: &mut impl Sqls,
    organization: OrganizationId,
    managers: &[UserId],
) -> Result<Vec<(UserId, UserId)>, Error> {
    let mut found = Vec::new();
    for chunk in managers.chunks(500) {
        let mut sql = db
            .sql("SELECT id, manager_id FROM users WHERE organization_id = $1 AND active AND manager_id IN ")
            .bind(organization);
        sql.list(chunk.iter().copied());
        found.extend(sql.all::<(UserId, UserId)>().await?);
    }
    Ok(found)
}
