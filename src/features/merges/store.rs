//! All SQL of merges.

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::hanging::Hangs;
use super::merge::{Merge, MergeId, MergeStatus};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::customers::customer::CustomerId;
use crate::features::days::call_list::CallList;
use crate::id::UserId;
use crate::journal::{self, Label, Listed, Sort, SortKey, Unit, Window};

/// The word under which a merge is found by those that it took in.
const MERGED: &str = "merged_customer";

crate::record!(
    Merge,
    "merge",
    "merges",
    [customer_id, merged, status, moved, canceled, same_contacts, merged_by, undone_at, undone_by, kept],
    customer: |merge| Some(merge.customer_id.into()),
    labels: |merge| merge
        .merged
        .iter()
        .map(|merged| Label {
            kind: MERGED,
            text: merged.id.to_string(),
        })
        .collect(),
);

/// Fields that merges can be sorted by.
pub static SORTS: &[Sort<Merge>] = &[
    Sort {
        name: "created_at",
        column: "merges.created_at",
        key: |merge| SortKey::Time(merge.created_at),
    },
    Sort {
        name: "updated_at",
        column: "merges.updated_at",
        key: |merge| SortKey::Time(merge.updated_at),
    },
];

/// Which merges are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MergeFilter {
    /// The customer that stayed.
    #[param(value_type = Option<String>, format = Uuid)]
    pub customer_id: Option<CustomerId>,
    /// One of those that became a part of it.
    #[param(value_type = Option<String>, format = Uuid)]
    pub merged_id: Option<CustomerId>,
    pub status: Option<MergeStatus>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl MergeFilter {
    fn narrow(&self, sql: &mut Sql<'_>, scope: &Scope) {
        if let Some(merged) = self.merged_id {
            sql.push(" AND merges.id IN (SELECT record_id FROM record_labels WHERE organization_id = ")
                .value(scope.organization);
            sql.push(" AND kind = ").value(MERGED.to_owned());
            sql.push(" AND label = ").value(merged.to_string()).push(")");
        }
        sql.compare("merges.customer_id =", self.customer_id)
            .compare("merges.status =", self.status)
            .compare("merges.created_at >=", self.created_at_gte)
            .compare("merges.created_at <", self.created_at_lt)
            .compare("merges.updated_at >=", self.updated_at_gte)
            .compare("merges.updated_at <", self.updated_at_lt);
    }
}

/// A page of merges.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &MergeFilter,
    window: &Window<Merge>,
) -> Result<Listed<Merge>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql, scope)).await
}

/// The merge, if it is in sight.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: MergeId) -> Result<Option<Merge>, Error> {
    journal::find(db, scope.organization, id).await
}

/// The merge that made a customer a part of another, when one did and stands.
pub async fn that_took(db: &mut impl Sqls, scope: &Scope, customer: CustomerId) -> Result<Option<MergeId>, Error> {
    let row: Option<(MergeId,)> = db
        .sql("SELECT merge_id FROM customer_redirects WHERE organization_id = $1 AND id = $2")
        .bind(scope.organization)
        .bind(customer)
        .optional()
        .await?;
    Ok(row.map(|(merge,)| merge))
}

/// Everything of a kind that hangs on some customers.
pub async fn of_customers<R: Hangs>(unit: &mut Unit, customers: &[CustomerId]) -> Result<Vec<R>, Error> {
    let (organization, column) = (unit.organization(), format!(" AND {}.customer_id IN ", R::TABLE));
    journal::select(unit, organization, |sql| {
        sql.push(&column).list(customers.iter().copied());
    })
    .await
}

/// What hangs on a customer since a time.
pub async fn since<R: Hangs>(unit: &mut Unit, customer: CustomerId, since: Timestamp) -> Result<Vec<R>, Error> {
    let organization = unit.organization();
    let (customers, created) = (
        format!(" AND {}.customer_id = ", R::TABLE),
        format!(" AND {}.created_at >= ", R::TABLE),
    );
    journal::select(unit, organization, |sql| {
        sql.push(&customers).value(customer);
        sql.push(&created).value(since);
    })
    .await
}

/// How many customers each of these has referred.
pub async fn referrals(
    unit: &mut Unit,
    scope: &Scope,
    referrers: &[CustomerId],
) -> Result<BTreeMap<CustomerId, i64>, Error> {
    let mut sql = unit
        .sql("SELECT referred_by_id, COUNT(*) FROM customers WHERE organization_id = $1 AND referred_by_id IN ")
        .bind(scope.organization);
    sql.list(referrers.iter().copied());
    sql.push(" GROUP BY referred_by_id");
    Ok(sql.all::<(CustomerId, i64)>().await?.into_iter().collect())
}

/// The lists of these executives.
pub async fn lists_of(unit: &mut Unit, users: &[UserId]) -> Result<Vec<CallList>, Error> {
    let organization = unit.organization();
    journal::select(unit, organization, |sql| {
        sql.push(" AND call_lists.user_id IN ").list(users.iter().copied());
    })
    .await
}

/// Tables whose rows speak of customers and have no revision.
const ROWS: [&str; 2] = ["plan_calls", "plan_left_outs"];

/// Gives rows without a revision to another customer, and notes whose they were.
pub async fn move_rows(
    db: &mut impl Sqls,
    scope: &Scope,
    merge: MergeId,
    from: &[CustomerId],
    to: CustomerId,
) -> Result<(), Error> {
    for table in ROWS {
        let mut sql = db.sql(
            "INSERT INTO merge_rows (organization_id, merge_id, place, row_id, former_id) SELECT organization_id, ",
        );
        sql.value(merge);
        sql.push(&format!(
            ", '{table}', id, customer_id FROM {table} WHERE organization_id = "
        ))
        .value(scope.organization);
        sql.push(" AND customer_id IN ").list(from.iter().copied());
        sql.run().await?;
        let mut sql = db.sql(format!("UPDATE {table} SET customer_id = "));
        sql.value(to);
        sql.push(" WHERE organization_id = ").value(scope.organization);
        sql.push(" AND customer_id IN ").list(from.iter().copied());
        sql.run().await?;
    }
    Ok(())
}

/// Gives such rows back to those whose they were.
pub async fn move_rows_back(
    db: &mut impl Sqls,
    scope: &Scope,
    merge: MergeId,
    survivor: CustomerId,
) -> Result<(), Error> {
    for table in ROWS {
        db.sql(format!("UPDATE {table} SET customer_id = (SELECT m.former_id FROM merge_rows AS m WHERE m.organization_id = $1 AND m.merge_id = $2 AND m.place = '{table}' AND m.row_id = {table}.id) WHERE organization_id = $1 AND customer_id = $3 AND id IN (SELECT m.row_id FROM merge_rows AS m WHERE m.organization_id = $1 AND m.merge_id = $2 AND m.place = '{table}')"))
            .bind(scope.organization)
            .bind(merge)
            .bind(survivor)
            .run()
            .await?;
    }
    db.sql("DELETE FROM merge_rows WHERE organization_id = $1 AND merge_id = $2")
        .bind(scope.organization)
        .bind(merge)
        .run()
        .await?;
    Ok(())
}

/// The ids of rows as they are known elsewhere.
pub fn uuids(ids: impl IntoIterator<Item = CustomerId>) -> Vec<Uuid> {
    ids.into_iter().map(Uuid::from).collect()
}
