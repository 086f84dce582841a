//! What imports look up of people and customers, many at a time.

use crate::access::Scope;
use crate::db::{Error, Sqls};
use crate::features::people::user::User;
use crate::id::UserId;
use crate::journal;

/// The users with these addresses, in lower case.
pub async fn users_by_email(
    db: &mut impl Sqls,
    scope: &Scope,
    emails: impl IntoIterator<Item = String>,
) -> Result<Vec<User>, Error> {
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND users.email IN ").list(emails);
    })
    .await
}

/// Everybody's manager.
pub async fn managers(db: &mut impl Sqls, scope: &Scope) -> Result<Vec<(UserId, Option<UserId>)>, Error> {
    db.sql("SELECT id, manager_id FROM users WHERE organization_id = $1")
        .bind(scope.organization)
        .all()
        .await
}
