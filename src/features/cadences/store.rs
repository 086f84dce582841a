//! All SQL of cadences. Which one holds for a customer is looked up as it is asked, so that a change of one reaches its customers at once.

use std::collections::HashMap;

use serde::Deserialize;
use utoipa::IntoParams;

use super::cadence::{Cadence, CadenceId, CadenceInput, Due, Effective, USUAL, YEAR, day_number};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::customers::customer::CustomerId;
use crate::fold;
use crate::journal::{self, Listed, Sort, SortKey, Window};

crate::record!(
    Cadence, "cadence", "cadences",
    [],
    fields CadenceInput [tag, ideal_days, longest_days, reviews_per_year],
    derived { tag_key: |cadence| cadence.tag_key() },
);

/// Fields that cadences can be sorted by. The one without a tag comes first.
pub static SORTS: &[Sort<Cadence>] = &[
    Sort {
        name: "tag",
        column: "cadences.tag_key",
        key: |cadence| SortKey::Text(cadence.tag_key()),
    },
    Sort {
        name: "ideal_days",
        column: "cadences.ideal_days",
        key: |cadence| SortKey::Int(cadence.fields.ideal_days),
    },
    Sort {
        name: "longest_days",
        column: "cadences.longest_days",
        key: |cadence| SortKey::Int(cadence.fields.longest_days),
    },
    Sort {
        name: "created_at",
        column: "cadences.created_at",
        key: |cadence| SortKey::Time(cadence.created_at),
    },
    Sort {
        name: "updated_at",
        column: "cadences.updated_at",
        key: |cadence| SortKey::Time(cadence.updated_at),
    },
];

/// Which cadences are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CadenceFilter {
    /// Case and accents do not matter.
    #[param(max_length = 200)]
    pub tag: Option<String>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl CadenceFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        if let Some(tag) = &self.tag {
            sql.push(" AND cadences.tag_key = ").value(fold::key(tag));
        }
        sql.compare("cadences.updated_at >=", self.updated_at_gte);
        sql.compare("cadences.updated_at <", self.updated_at_lt);
    }
}

/// A page of cadences.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &CadenceFilter,
    window: &Window<Cadence>,
) -> Result<Listed<Cadence>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql)).await
}

/// The cadence, if it is in sight.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: CadenceId) -> Result<Option<Cadence>, Error> {
    journal::find(db, scope.organization, id).await
}

/// The cadence of the same tag, or the one without any.
pub async fn of_tag(db: &mut impl Sqls, scope: &Scope, tag_key: &str) -> Result<Option<Cadence>, Error> {
    let mut found = journal::select(db, scope.organization, |sql| {
        sql.push(" AND cadences.tag_key = ").value(tag_key.to_owned());
    })
    .await?;
    Ok(found.pop())
}

/// One of the figures of a cadence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    Ideal,
    Longest,
    Reviews,
}

/// Appends this figure of the cadence that holds for the row of `customers`: its own, else the strictest of its tags, else the organization's.
pub fn figure(sql: &mut Sql<'_>, scope: &Scope, figure: Figure) {
    let (column, strictest, usual) = match figure {
        Figure::Ideal => ("ideal_days", "MIN", USUAL.ideal_days),
        Figure::Longest => ("longest_days", "MIN", USUAL.longest_days),
        Figure::Reviews => ("reviews_per_year", "MAX", USUAL.reviews_per_year),
    };
    sql.push(&format!(
        "COALESCE(customers.own_{column}, (SELECT {strictest}(cadences.{column}) FROM record_labels JOIN cadences ON cadences.organization_id = record_labels.organization_id AND cadences.tag_key = record_labels.label WHERE record_labels.kind = 'customer_tag' AND record_labels.record_id = customers.id AND record_labels.organization_id = "
    ));
    sql.value(scope.organization);
    sql.push(&format!(
        "), (SELECT cadences.{column} FROM cadences WHERE cadences.tag_key = '' AND cadences.organization_id = "
    ));
    sql.value(scope.organization).push("), ").value(usual).push(")");
}

/// Appends ` AND …`: the rows of `customers` who are due. Those who must not be contacted never are.
pub fn narrow(sql: &mut Sql<'_>, scope: &Scope, due: Due, now: Timestamp) {
    let today = day_number(now);
    let passed = |sql: &mut Sql<'_>, gap| {
        sql.push("customers.clock_day + ");
        figure(sql, scope, gap);
        sql.push(" <= ").value(today);
    };
    sql.push(" AND NOT customers.do_not_contact AND (");
    match due {
        Due::Due => {
            passed(sql, Figure::Ideal);
            sql.push(" OR ");
            passed(sql, Figure::Longest);
        }
        Due::Overdue => passed(sql, Figure::Longest),
        Due::Review => {
            sql.push(&format!("customers.clock_day + {YEAR} / NULLIF("));
            figure(sql, scope, Figure::Reviews);
            sql.push(", 0) <= ").value(today);
        }
    }
    sql.push(")");
}

/// The cadence that holds for each of these customers.
pub async fn effective(
    db: &mut impl Sqls,
    scope: &Scope,
    customers: &[CustomerId],
) -> Result<HashMap<CustomerId, Effective>, Error> {
    let mut found = HashMap::with_capacity(customers.len());
    for chunk in customers.chunks(500) {
        let mut sql = db.sql("SELECT customers.id");
        for of in [Figure::Ideal, Figure::Longest, Figure::Reviews] {
            sql.push(", ");
            figure(&mut sql, scope, of);
        }
        sql.push(" FROM customers WHERE customers.organization_id = ")
            .value(scope.organization);
        sql.push(" AND customers.id IN ").list(chunk.iter().copied());
        let rows: Vec<(CustomerId, i64, i64, i64)> = sql.all().await?;
        found.extend(
            rows.into_iter()
                .map(|(id, ideal_days, longest_days, reviews_per_year)| {
                    let effective = Effective {
                        ideal_days,
                        longest_days,
                        reviews_per_year,
                    };
                    (id, effective)
                }),
        );
    }
    Ok(found)
}
