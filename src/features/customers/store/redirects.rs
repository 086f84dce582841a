//! All SQL of ids that customers had before they were merged into others.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::access::Scope;
use crate::db::{Error, Sql, Sqls};
use crate::features::customers::customer::{Customer, CustomerId};
use crate::journal;

/// Which customer one is today that was merged into another.
pub async fn now(db: &mut impl Sqls, scope: &Scope, former: CustomerId) -> Result<Option<CustomerId>, Error> {
    Ok(all_now(db, scope, &[former]).await?.remove(&former))
}

/// The same of many; those that were never merged are left out.
pub async fn all_now(
    db: &mut impl Sqls,
    scope: &Scope,
    former: &[CustomerId],
) -> Result<BTreeMap<CustomerId, CustomerId>, Error> {
    let mut found = BTreeMap::new();
    for chunk in former.chunks(500) {
        let mut sql = db
            .sql("SELECT id, customer_id FROM customer_redirects WHERE organization_id = $1 AND id IN ")
            .bind(scope.organization);
        sql.list(chunk.iter().copied());
        found.extend(sql.all::<(CustomerId, CustomerId)>().await?);
    }
    Ok(found)
}

/// Appends ` AND <column> = …`, when there is a customer: of one that was merged, the customer that it is today.
/// The statement's first parameter is the organization, as in every list.
pub fn narrow<'s, 't>(sql: &'s mut Sql<'t>, column: &str, customer: Option<CustomerId>) -> &'s mut Sql<'t> {
    let Some(customer) = customer else { return sql };
    sql.push(" AND ").push(column);
    sql.push(" = COALESCE((SELECT r.customer_id FROM customer_redirects AS r WHERE r.organization_id = $1 AND r.id = ")
        .value(customer);
    sql.push("), ").value(customer).push(")")
}

/// The same where the statement's first parameter is another.
pub fn narrow_within(sql: &mut Sql<'_>, scope: &Scope, column: &str, customer: Option<CustomerId>) {
    let Some(customer) = customer else { return };
    sql.push(" AND ").push(column);
    sql.push(" = COALESCE((SELECT r.customer_id FROM customer_redirects AS r WHERE r.organization_id = ")
        .value(scope.organization);
    sql.push(" AND r.id = ").value(customer);
    sql.push("), ").value(customer).push(")");
}

/// Appends which customers have, or had, some of these ids in the CRM. Each half is found by its own index, whatever order is asked for.
pub fn narrow_external(sql: &mut Sql<'_>, scope: &Scope, external_ids: &[String]) {
    sql.push(" AND customers.id IN (SELECT c.id FROM customers AS c WHERE c.organization_id = ")
        .value(scope.organization);
    sql.push(" AND c.external_id IN ").list(external_ids.iter().cloned());
    sql.push(" UNION ALL SELECT a.customer_id FROM customer_aliases AS a WHERE a.organization_id = ")
        .value(scope.organization);
    sql.push(" AND a.external_id IN ")
        .list(external_ids.iter().cloned())
        .push(")");
}

/// The customers that merged ones with these ids in the CRM are today, by the id that was asked for.
pub async fn by_former_external_ids(
    db: &mut impl Sqls,
    scope: &Scope,
    external_ids: &[String],
) -> Result<Vec<(String, Customer)>, Error> {
    let mut aliases: Vec<(String, CustomerId)> = Vec::new();
    for chunk in external_ids.chunks(500) {
        let mut sql = db
            .sql("SELECT external_id, customer_id FROM customer_aliases WHERE organization_id = $1 AND external_id IN ")
            .bind(scope.organization);
        sql.list(chunk.iter().cloned());
        aliases.extend(sql.all::<(String, CustomerId)>().await?);
    }
    let ids: Vec<Uuid> = aliases.iter().map(|(_, id)| (*id).into()).collect();
    let customers: Vec<Customer> = journal::find_all(db, scope.organization, &ids).await?;
    let customers: BTreeMap<CustomerId, Customer> = customers.into_iter().map(|it| (it.id, it)).collect();
    let named = aliases.into_iter();
    Ok(named
        .filter_map(|(external_id, id)| Some((external_id, customers.get(&id)?.clone())))
        .collect())
}

/// A merge, as far as ids go: into which customer, and by which merge.
#[derive(Debug, Clone, Copy)]
pub struct Into {
    pub customer: CustomerId,
    pub merge: Uuid,
}

/// From now on these ids, and all that led to them, lead to another customer.
pub async fn lead(db: &mut impl Sqls, scope: &Scope, former: &[CustomerId], into: Into) -> Result<(), Error> {
    for table in ["customer_redirects", "customer_aliases"] {
        let mut sql = db.sql(format!("UPDATE {table} SET customer_id = "));
        sql.value(into.customer);
        sql.push(" WHERE organization_id = ").value(scope.organization);
        sql.push(" AND customer_id IN ").list(former.iter().copied());
        sql.run().await?;
    }
    for id in former {
        db.sql("INSERT INTO customer_redirects (organization_id, id, into_id, customer_id, merge_id) VALUES ($1, $2, $3, $4, $5)")
            .bind(scope.organization)
            .bind(*id)
            .bind(into.customer)
            .bind(into.customer)
            .bind(into.merge)
            .run()
            .await?;
    }
    Ok(())
}

/// From now on an id in the CRM leads to another customer than to the one that had it.
pub async fn lead_external(
    db: &mut impl Sqls,
    scope: &Scope,
    (external_id, former): (&str, CustomerId),
    into: Into,
) -> Result<(), Error> {
    db.sql("INSERT INTO customer_aliases (organization_id, external_id, former_id, customer_id, merge_id) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (organization_id, external_id) DO NOTHING")
        .bind(scope.organization)
        .bind(external_id.to_owned())
        .bind(former)
        .bind(into.customer)
        .bind(into.merge)
        .run()
        .await?;
    Ok(())
}

/// Takes back what a merge led elsewhere: what had led to its customers before leads to them again.
pub async fn lead_back(db: &mut impl Sqls, scope: &Scope, from: Into) -> Result<(), Error> {
    for table in ["customer_redirects", "customer_aliases"] {
        db.sql(format!(
            "DELETE FROM {table} WHERE organization_id = $1 AND merge_id = $2"
        ))
        .bind(scope.organization)
        .bind(from.merge)
        .run()
        .await?;
    }
    let steps: Vec<(CustomerId, CustomerId)> = db
        .sql("SELECT id, into_id FROM customer_redirects WHERE organization_id = $1 AND customer_id = $2")
        .bind(scope.organization)
        .bind(from.customer)
        .all()
        .await?;
    let aliases: Vec<(String, CustomerId)> = db
        .sql("SELECT external_id, former_id FROM customer_aliases WHERE organization_id = $1 AND customer_id = $2")
        .bind(scope.organization)
        .bind(from.customer)
        .all()
        .await?;
    let steps: BTreeMap<CustomerId, CustomerId> = steps.into_iter().collect();
    let today = |mut id: CustomerId| {
        for _ in 0..=steps.len() {
            match steps.get(&id) {
                Some(next) => id = *next,
                None => break,
            }
        }
        id
    };
    for id in steps.keys() {
        db.sql("UPDATE customer_redirects SET customer_id = $1 WHERE organization_id = $2 AND id = $3")
            .bind(today(*id))
            .bind(scope.organization)
            .bind(*id)
            .run()
            .await?;
    }
    for (external_id, former) in aliases {
        db.sql("UPDATE customer_aliases SET customer_id = $1 WHERE organization_id = $2 AND external_id = $3")
            .bind(today(former))
            .bind(scope.organization)
            .bind(external_id)
            .run()
            .await?;
    }
    Ok(())
}
