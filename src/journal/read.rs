//! Reading records back: one, several, or a page by key.

use uuid::Uuid;

use super::{Record, Stamped};
use crate::clock::Timestamp;
use crate::db::{Error, Row, Sql, Sqls};
use crate::id::OrganizationId;

/// What can be listed by pages: every record, and what is kept without revisions.
pub trait Rows: Row + 'static {
    const TABLE: &'static str;
    /// What a `SELECT` lists to read a row.
    const SELECT: &'static str;

    fn id(&self) -> Uuid;
}

impl<R: Record> Rows for R {
    const TABLE: &'static str = <R as Record>::TABLE;
    const SELECT: &'static str = <R as Record>::SELECT;

    fn id(&self) -> Uuid {
        Stamped::id(self)
    }
}

/// A value that rows are sorted by. Sort columns are never NULL: what is missing has a place of its own.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum SortKey {
    Int(i64),
    Time(Timestamp),
    Text(String),
}

impl SortKey {
    fn bind(&self, sql: &mut Sql<'_>) {
        match self {
            Self::Int(value) => sql.value(*value),
            Self::Time(value) => sql.value(*value),
            Self::Text(value) => sql.value(value.clone()),
        };
    }
}

/// A field that a list can be sorted by.
pub struct Sort<R: 'static> {
    /// As clients name it.
    pub name: &'static str,
    /// The column, with its table; must not be NULL.
    pub column: &'static str,
    pub key: fn(&R) -> SortKey,
}

/// Which rows of a list: how sorted, after which, how many.
pub struct Window<R: 'static> {
    pub order: Vec<(&'static Sort<R>, bool)>,
    /// The last row of the page before: its sort keys and its id.
    pub after: Option<(Vec<SortKey>, Uuid)>,
    pub limit: i64,
    pub total: bool,
}

/// A page of rows.
pub struct Listed<R> {
    pub rows: Vec<R>,
    /// Where the next page starts, when there is one.
    pub next: Option<(Vec<SortKey>, Uuid)>,
    pub total: Option<i64>,
}

impl<R: Rows> Window<R> {
    /// Appends the condition that leaves out all rows up to the last one seen.
    fn resume(&self, sql: &mut Sql<'_>) {
        let Some((keys, id)) = &self.after else { return };
        let id_column = format!("{}.id", R::TABLE);
        let descending = self.order.first().is_some_and(|(_, descending)| *descending);
        let than = |descending: bool| if descending { " < " } else { " > " };
        if self.order.iter().all(|(_, d)| *d == descending) {
            // One direction: a row value, which both databases turn into a seek.
            let columns: Vec<&str> = self.order.iter().map(|(sort, _)| sort.column).collect();
            sql.push(" AND (")
                .push(&columns.join(", "))
                .push(", ")
                .push(&id_column)
                .push(")")
                .push(than(descending))
                .push("(");
            for key in keys {
                key.bind(sql);
                sql.push(", ");
            }
            sql.value(*id).push(")");
            return;
        }
        // Mixed directions: equal up to one key and beyond it in that key.
        sql.push(" AND (");
        for at in 0..=self.order.len() {
            sql.push(if at == 0 { "(" } else { " OR (" });
            for ((sort, _), key) in self.order.iter().zip(keys).take(at) {
                sql.push(sort.column).push(" = ");
                key.bind(sql);
                sql.push(" AND ");
            }
            match (self.order.get(at), keys.get(at)) {
                (Some((sort, descending)), Some(key)) => {
                    sql.push(sort.column).push(than(*descending));
                    key.bind(sql);
                }
                _ => {
                    sql.push(&id_column).push(than(descending)).value(*id);
                }
            }
            sql.push(")");
        }
        sql.push(")");
    }

    /// SQLite sorts the whole table for an order of several fields, unless a bound ties it to the index of the first one.
    /// The least value there is, which costs one look into that index, leaves nothing out.
    fn tie(&self, sql: &mut Sql<'_>, organization: OrganizationId) {
        let (Some((first, descending)), true) = (self.order.first(), self.order.len() > 1) else {
            return;
        };
        let (table, column) = (R::TABLE, first.column);
        match &self.after {
            None => {
                sql.push(&format!(
                    " AND {column} >= (SELECT MIN({column}) FROM {table} WHERE {table}.organization_id = "
                ));
                sql.value(organization).push(")");
            }
            Some((keys, _)) => {
                if let Some(key) = keys.first() {
                    sql.push(" AND ")
                        .push(column)
                        .push(if *descending { " <= " } else { " >= " });
                    key.bind(sql);
                }
            }
        }
    }

    fn order_by(&self, many: Many) -> String {
        let mut order = String::from(" ORDER BY ");
        for (sort, descending) in &self.order {
            let column = sort.column;
            match many {
                Many::Some => order.push_str(column),
                Many::Few => order.push_str(&format!("COALESCE({column}, {column})")),
            }
            order.push_str(if *descending { " DESC, " } else { ", " });
        }
        let descending = self.order.first().is_some_and(|(_, descending)| *descending);
        order.push_str(R::TABLE);
        order.push_str(if descending { ".id DESC" } else { ".id" });
        order
    }
}

/// One record by id.
///
/// # Errors
/// What the database said.
pub async fn find<R: Record>(
    db: &mut impl Sqls,
    organization: OrganizationId,
    id: impl Into<Uuid>,
) -> Result<Option<R>, Error> {
    db.sql(format!(
        "SELECT {} FROM {} WHERE organization_id = $1 AND id = $2",
        R::SELECT,
        R::TABLE
    ))
    .bind(organization)
    .bind(id.into())
    .optional()
    .await
}

/// A record's revision alone, for those who have the rest.
///
/// # Errors
/// What the database said.
pub async fn revision<R: Record>(
    db: &mut impl Sqls,
    organization: OrganizationId,
    id: Uuid,
) -> Result<Option<i64>, Error> {
    let row: Option<(i64,)> = db
        .sql(format!(
            "SELECT revision FROM {} WHERE organization_id = $1 AND id = $2",
            R::TABLE
        ))
        .bind(organization)
        .bind(id)
        .optional()
        .await?;
    Ok(row.map(|(revision,)| revision))
}

/// The records with these ids, in no particular order; missing ones are left out.
///
/// # Errors
/// What the database said.
pub async fn find_all<R: Record>(
    db: &mut impl Sqls,
    organization: OrganizationId,
    ids: &[Uuid],
) -> Result<Vec<R>, Error> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(500) {
        let mut sql = db
            .sql(format!(
                "SELECT {} FROM {} WHERE organization_id = $1 AND id IN ",
                R::SELECT,
                R::TABLE
            ))
            .bind(organization);
        sql.list(chunk.iter().copied());
        found.extend(sql.all::<R>().await?);
    }
    Ok(found)
}

/// Every record that `narrow` leaves, in the order of their ids. For sets that are known to be small.
///
/// # Errors
/// What the database said.
pub async fn select<R: Record>(
    db: &mut impl Sqls,
    organization: OrganizationId,
    narrow: impl FnOnce(&mut Sql<'_>),
) -> Result<Vec<R>, Error> {
    let mut sql = db
        .sql(format!(
            "SELECT {} FROM {} WHERE {}.organization_id = $1",
            R::SELECT,
            R::TABLE,
            R::TABLE
        ))
        .bind(organization);
    narrow(&mut sql);
    // Put in order here: asked to, SQLite goes through all that the organization has in that order, rather than find the few by what they have.
    let mut found: Vec<R> = sql.all().await?;
    found.sort_by_key(R::id);
    Ok(found)
}

/// How many rows the conditions of a list leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Many {
    /// A handful, which an index finds: they are found first and then put in order. Asked for them by a column's name, SQLite goes through all that
    /// the organization has in that order until the page is full, and those are not enough to fill it.
    Few,
    Some,
}

/// A page of records. `narrow` appends ` AND …` conditions; it runs once more for the total, when that was asked for.
///
/// # Errors
/// What the database said.
pub async fn list<R: Rows>(
    db: &mut impl Sqls,
    organization: OrganizationId,
    window: &Window<R>,
    narrow: impl Fn(&mut Sql<'_>),
) -> Result<Listed<R>, Error> {
    list_of(db, organization, window, Many::Some, narrow).await
}

/// The same where it is known how many there are.
///
/// # Errors
/// What the database said.
pub async fn list_of<R: Rows>(
    db: &mut impl Sqls,
    organization: OrganizationId,
    window: &Window<R>,
    many: Many,
    narrow: impl Fn(&mut Sql<'_>),
) -> Result<Listed<R>, Error> {
    let mut sql = db
        .sql(format!(
            "SELECT {} FROM {} WHERE {}.organization_id = $1",
            R::SELECT,
            R::TABLE,
            R::TABLE
        ))
        .bind(organization);
    narrow(&mut sql);
    window.resume(&mut sql);
    if many == Many::Some {
        window.tie(&mut sql, organization);
    }
    sql.push(&window.order_by(many)).push(" LIMIT ").value(window.limit + 1);
    let mut rows: Vec<R> = sql.all().await?;
    let more = i64::try_from(rows.len()).is_ok_and(|count| count > window.limit);
    if more {
        rows.pop();
    }
    let next = rows.last().filter(|_| more).map(|last| {
        let keys = window.order.iter().map(|(sort, _)| (sort.key)(last)).collect();
        (keys, last.id())
    });
    let mut total = None;
    if window.total {
        let mut sql = db
            .sql(format!(
                "SELECT COUNT(*) FROM {} WHERE {}.organization_id = $1",
                R::TABLE,
                R::TABLE
            ))
            .bind(organization);
        narrow(&mut sql);
        let (count,): (i64,) = sql.one().await?;
        total = Some(count);
    }
    Ok(Listed { rows, next, total })
}
