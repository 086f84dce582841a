//! All SQL of duplicates: the pairs, the keys that customers are found by, and how far the journal has been read.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::IntoParams;
use uuid::Uuid;

use super::duplicate::{Duplicate, DuplicateId, DuplicateStatus};
use super::profile::{ContactFacts, Facts, Profile};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Json, Sql, Sqls};
use crate::features::customers::customer::CustomerId;
use crate::id::OrganizationId;
use crate::journal::{self, Listed, Sort, SortKey, Window};

crate::record!(
    Duplicate,
    "duplicate",
    "duplicates",
    [customer_id, other_id, score, reasons, status, dismissed_at, dismissed_by, dismissed_reason],
    customer: |duplicate| Some(duplicate.customer_id.into()),
);

/// Fields that pairs can be sorted by.
pub static SORTS: &[Sort<Duplicate>] = &[
    Sort {
        name: "score",
        column: "duplicates.score",
        key: |duplicate| SortKey::Int(duplicate.score),
    },
    Sort {
        name: "created_at",
        column: "duplicates.created_at",
        key: |duplicate| SortKey::Time(duplicate.created_at),
    },
    Sort {
        name: "updated_at",
        column: "duplicates.updated_at",
        key: |duplicate| SortKey::Time(duplicate.updated_at),
    },
];

/// Which pairs are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DuplicateFilter {
    pub status: Option<DuplicateStatus>,
    /// In per cent.
    #[param(minimum = 0, maximum = 100)]
    pub score_gte: Option<i64>,
    /// In per cent.
    #[param(minimum = 0, maximum = 100)]
    pub score_lt: Option<i64>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl DuplicateFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        sql.compare("duplicates.status =", self.status)
            .compare("duplicates.score >=", self.score_gte)
            .compare("duplicates.score <", self.score_lt)
            .compare("duplicates.created_at >=", self.created_at_gte)
            .compare("duplicates.created_at <", self.created_at_lt)
            .compare("duplicates.updated_at >=", self.updated_at_gte)
            .compare("duplicates.updated_at <", self.updated_at_lt);
    }
}

/// Those in which the customer is one of the two.
fn of_either(sql: &mut Sql<'_>, customers: &[CustomerId]) {
    sql.push(" AND (duplicates.customer_id IN ")
        .list(customers.iter().copied());
    sql.push(" OR duplicates.other_id IN ")
        .list(customers.iter().copied())
        .push(")");
}

/// A page of pairs: all, or those of one customer.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    of: Option<CustomerId>,
    filter: &DuplicateFilter,
    window: &Window<Duplicate>,
) -> Result<Listed<Duplicate>, Error> {
    journal::list(db, scope.organization, window, |sql| {
        if let Some(customer) = of {
            of_either(sql, &[customer]);
        }
        filter.narrow(sql);
    })
    .await
}

/// The pair, if it is in sight.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: DuplicateId) -> Result<Option<Duplicate>, Error> {
    journal::find(db, scope.organization, id).await
}

/// The pairs in which one of these customers stands.
pub async fn of_customers(
    db: &mut impl Sqls,
    scope: &Scope,
    customers: &[CustomerId],
) -> Result<Vec<Duplicate>, Error> {
    let mut found = BTreeMap::new();
    for chunk in customers.chunks(200) {
        let pairs: Vec<Duplicate> = journal::select(db, scope.organization, |sql| of_either(sql, chunk)).await?;
        found.extend(pairs.into_iter().map(|pair| (pair.id, pair)));
    }
    Ok(found.into_values().collect())
}

/// An organization whose customers have changed since they were last compared: how far was read, and how far there is to read.
pub type Behind = (OrganizationId, i64, i64);

/// Where there is something to compare, and nobody is at it.
pub async fn behind(db: &mut impl Sqls, kind: &'static str) -> Result<Vec<Behind>, Error> {
    // What is no customer and no contact need not be looked at each time: now and then it is left behind.
    db.sql("SELECT o.id, COALESCE(s.read_to, 0), o.last_revision FROM organizations AS o LEFT JOIN duplicate_searches AS s ON s.organization_id = o.id WHERE o.last_revision > COALESCE(s.read_to, 0) AND (o.last_revision > COALESCE(s.read_to, 0) + 5000 OR EXISTS (SELECT 1 FROM journal AS j WHERE j.organization_id = o.id AND j.revision > COALESCE(s.read_to, 0) AND j.kind IN ('customer', 'contact'))) AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.organization_id = o.id AND jobs.status IN ('queued', 'running') AND jobs.kind = $1) ORDER BY o.id")
        .bind(kind.to_owned())
        .all()
        .await
}

/// What the journal tells of customers: which to compare, and how far that reaches.
pub struct Changed {
    pub from: i64,
    pub to: i64,
    pub customers: Vec<CustomerId>,
    /// Whether there is nothing after it.
    pub last: bool,
}

/// Entries that are read at once.
const ENTRIES: i64 = 1000;
/// Customers that are compared at once.
const AT_ONCE: usize = 200;

type Entry = (i64, Uuid, Option<Uuid>, Option<Json<Map<String, Value>>>);

/// Which customers have changed since.
pub async fn changed(db: &mut impl Sqls, scope: &Scope) -> Result<Changed, Error> {
    let (end,): (i64,) = db
        .sql("SELECT last_revision FROM organizations WHERE id = $1")
        .bind(scope.organization)
        .one()
        .await?;
    let from = read_to(db, scope).await?;
    let entries: Vec<Entry> = db
        .sql("SELECT revision, record_id, customer_id, CASE WHEN kind = 'contact' THEN changes END FROM journal WHERE organization_id = $1 AND revision > $2 AND revision <= $3 AND kind IN ('customer', 'contact') ORDER BY revision LIMIT $4")
        .bind(scope.organization)
        .bind(from)
        .bind(end)
        .bind(ENTRIES)
        .all()
        .await?;
    let mut last = i64::try_from(entries.len()).is_ok_and(|count| count < ENTRIES);
    let mut to = if last { end } else { from };
    let mut customers = BTreeSet::new();
    for (revision, record, customer, changes) in entries {
        if customers.len() >= AT_ONCE {
            last = false;
            break;
        }
        to = to.max(revision);
        customers.insert(CustomerId(customer.unwrap_or(record)));
        // A contact that went elsewhere is missed where it was.
        let before = changes
            .as_ref()
            .and_then(|changes| changes.get("customer_id")?.get(0)?.as_str());
        customers.extend(before.and_then(|id| id.parse().ok()).map(CustomerId));
    }
    Ok(Changed {
        from,
        to,
        customers: customers.into_iter().collect(),
        last,
    })
}

/// How far the journal has been read.
pub async fn read_to(db: &mut impl Sqls, scope: &Scope) -> Result<i64, Error> {
    let row: Option<(i64,)> = db
        .sql("SELECT read_to FROM duplicate_searches WHERE organization_id = $1")
        .bind(scope.organization)
        .optional()
        .await?;
    Ok(row.map_or(0, |(read_to,)| read_to))
}

/// Says how far it has been read.
pub async fn read(db: &mut impl Sqls, scope: &Scope, to: i64) -> Result<(), Error> {
    db.sql("INSERT INTO duplicate_searches (organization_id, read_to) VALUES ($1, $2) ON CONFLICT (organization_id) DO UPDATE SET read_to = excluded.read_to")
        .bind(scope.organization)
        .bind(to)
        .run()
        .await?;
    Ok(())
}

/// What these customers are compared by; those that are gone are left out.
pub async fn profiles(
    db: &mut impl Sqls,
    scope: &Scope,
    ids: &[CustomerId],
) -> Result<BTreeMap<CustomerId, Profile>, Error> {
    let mut profiles = BTreeMap::new();
    for chunk in ids.chunks(500) {
        let mut sql = db
            .sql("SELECT id, name, phone_e164, website, postal_code, city, country FROM customers WHERE organization_id = $1 AND id IN ")
            .bind(scope.organization);
        sql.list(chunk.iter().copied());
        let customers: Vec<Facts> = sql.all().await?;
        let mut sql = db
            .sql("SELECT customer_id, email, phone_e164, mobile_e164 FROM contacts WHERE organization_id = $1 AND customer_id IN ")
            .bind(scope.organization);
        sql.list(chunk.iter().copied());
        let contacts: Vec<ContactFacts> = sql.all().await?;
        profiles.extend(Profile::all(customers, contacts));
    }
    Ok(profiles)
}

/// The keys that these customers are found by, as they are kept.
pub async fn keys(
    db: &mut impl Sqls,
    scope: &Scope,
    ids: &[CustomerId],
) -> Result<BTreeMap<CustomerId, BTreeSet<i64>>, Error> {
    let mut keys: BTreeMap<CustomerId, BTreeSet<i64>> = BTreeMap::new();
    for chunk in ids.chunks(500) {
        let mut sql = db
            .sql("SELECT customer_id, block FROM duplicate_keys WHERE organization_id = $1 AND customer_id IN ")
            .bind(scope.organization);
        sql.list(chunk.iter().copied());
        for (customer, block) in sql.all::<(CustomerId, i64)>().await? {
            keys.entry(customer).or_default().insert(block);
        }
    }
    Ok(keys)
}

/// Keeps other keys for these customers than before.
pub async fn keep_keys(
    db: &mut impl Sqls,
    scope: &Scope,
    keys: &BTreeMap<CustomerId, BTreeSet<i64>>,
) -> Result<(), Error> {
    let ids: Vec<CustomerId> = keys.keys().copied().collect();
    for chunk in ids.chunks(500) {
        let mut sql = db
            .sql("DELETE FROM duplicate_keys WHERE organization_id = $1 AND customer_id IN ")
            .bind(scope.organization);
        sql.list(chunk.iter().copied());
        sql.run().await?;
    }
    let rows: Vec<(CustomerId, i64)> = keys
        .iter()
        .flat_map(|(id, blocks)| blocks.iter().map(|block| (*id, *block)))
        .collect();
    for chunk in rows.chunks(500) {
        let mut sql = db.sql("INSERT INTO duplicate_keys (organization_id, customer_id, block) VALUES ");
        for (at, (id, block)) in chunk.iter().enumerate() {
            sql.push(if at == 0 { "(" } else { ", (" }).value(scope.organization);
            sql.push(", ").value(*id);
            sql.push(", ").value(*block).push(")");
        }
        sql.run().await?;
    }
    Ok(())
}

/// Whoever looks for duplicates has never seen these customers, and compares them again.
pub async fn forget_keys(
    db: &mut impl Sqls,
    scope: &Scope,
    ids: impl IntoIterator<Item = CustomerId>,
) -> Result<(), Error> {
    let none = ids.into_iter().map(|id| (id, BTreeSet::new()));
    keep_keys(db, scope, &none.collect()).await
}

/// Who shares a key with more than so many others shares it by accident: the cost of a common one does not grow.
pub const COMMON: usize = 50;
/// Blocks that are read in one statement.
const BLOCKS: usize = 100;

/// Who stands in each of these blocks; of one that is common, one more than [`COMMON`].
pub async fn in_blocks(
    db: &mut impl Sqls,
    scope: &Scope,
    blocks: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, Vec<CustomerId>>, Error> {
    let blocks: Vec<i64> = blocks.iter().copied().collect();
    let mut found: BTreeMap<i64, Vec<CustomerId>> = BTreeMap::new();
    for chunk in blocks.chunks(BLOCKS) {
        let mut sql = db.sql("SELECT block, customer_id FROM (");
        for (at, block) in chunk.iter().enumerate() {
            sql.push(if at == 0 { "" } else { " UNION ALL " });
            sql.push("SELECT * FROM (SELECT block, customer_id FROM duplicate_keys WHERE organization_id = ")
                .value(scope.organization);
            sql.push(" AND block = ").value(*block);
            sql.push(&format!(" LIMIT {}) AS block_{at}", COMMON + 1));
        }
        sql.push(") AS blocks");
        for (block, customer) in sql.all::<(i64, CustomerId)>().await? {
            found.entry(block).or_default().push(customer);
        }
    }
    Ok(found)
}
