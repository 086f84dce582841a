//! What imports look up of people and customers, many at a time.

pub mod used;

use std::collections::HashMap;

use uuid::Uuid;

use crate::access::Scope;
use crate::db::{Error, Sqls};
use crate::features::customers::{self, customer::Customer};
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

/// The customers that cells name: by their id in the CRM, else by their own, as an export has it.
pub async fn named(db: &mut impl Sqls, scope: &Scope, cells: Vec<String>) -> Result<HashMap<String, Customer>, Error> {
    let found = customers::store::by_external_ids(db, scope, cells.iter().cloned()).await?;
    let mut named: HashMap<String, Customer> = found
        .into_iter()
        .filter_map(|customer| Some((customer.fields.external_id.clone()?, customer)))
        .collect();
    let unnamed: Vec<String> = cells
        .iter()
        .filter(|cell| !named.contains_key(*cell))
        .cloned()
        .collect();
    let own: Vec<(Uuid, String)> = cells
        .into_iter()
        .filter(|cell| !named.contains_key(cell))
        .filter_map(|cell| Some((cell.parse().ok()?, cell)))
        .collect();
    let ids: Vec<Uuid> = own.iter().map(|(id, _)| *id).collect();
    let found: Vec<Customer> = journal::find_all(db, scope.organization, &ids).await?;
    for customer in found {
        let cell = own.iter().find(|(id, _)| *id == customer.id.0);
        named.extend(cell.map(|(_, cell)| (cell.clone(), customer)));
    }
    // What a merged customer was called finds the one that it is today.
    let unknown: Vec<String> = unnamed.into_iter().filter(|cell| !named.contains_key(cell)).collect();
    named.extend(customers::store::redirects::by_former_external_ids(db, scope, &unknown).await?);
    Ok(named)
}
