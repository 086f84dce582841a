//! All SQL of days: lists on the record here, whom to take new in `candidates`, an executive's day in `my_day`, what is stale in `stale`.

mod candidates;
mod my_day;
mod stale;

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;

pub use candidates::{Candidate, Wanted, candidates};
pub use my_day::{CallRow, DayRows, DueRow, gather};
pub use stale::{any_stale, releasing, stale};

use super::call_list::{CallList, CallListId};
use super::picking::Held;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::assignments::assignment::Assignment;
use crate::features::assignments::calling_hours::CallingHours;
use crate::features::customers::customer::Customer;
use crate::features::programs::program::ProgramId;
use crate::id::UserId;
use crate::journal::{self, Listed, Sort, SortKey, Window};

fn day_key(list: &CallList) -> String {
    list.list_on.to_string()
}

crate::record!(
    CallList,
    "call_list",
    "call_lists",
    [user_id, list_on, entries, moved_on, quota],
    derived {
        day_key: |list| day_key(list)
    },
);

/// Fields that lists can be sorted by.
pub static SORTS: &[Sort<CallList>] = &[
    Sort {
        name: "list_on",
        column: "call_lists.day_key",
        key: |list| SortKey::Text(day_key(list)),
    },
    Sort {
        name: "created_at",
        column: "call_lists.created_at",
        key: |list| SortKey::Time(list.created_at),
    },
];

/// Which lists are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CallListFilter {
    #[param(value_type = Option<String>, format = Uuid)]
    pub user_id: Option<UserId>,
    pub list_on_gte: Option<NaiveDate>,
    pub list_on_lt: Option<NaiveDate>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
}

impl CallListFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        sql.compare("call_lists.user_id =", self.user_id)
            .compare("call_lists.day_key >=", self.list_on_gte.map(|day| day.to_string()))
            .compare("call_lists.day_key <", self.list_on_lt.map(|day| day.to_string()))
            .compare("call_lists.created_at >=", self.created_at_gte)
            .compare("call_lists.created_at <", self.created_at_lt);
    }
}

/// A page of lists.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &CallListFilter,
    window: &Window<CallList>,
) -> Result<Listed<CallList>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql)).await
}

/// The list, if it is in sight.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: CallListId) -> Result<Option<CallList>, Error> {
    journal::find(db, scope.organization, id).await
}

/// An executive's list of a day.
pub async fn of_day(
    db: &mut impl Sqls,
    scope: &Scope,
    user: UserId,
    day: NaiveDate,
) -> Result<Option<CallList>, Error> {
    let mut found = journal::select(db, scope.organization, |sql| {
        sql.push(" AND call_lists.user_id = ").value(user);
        sql.push(" AND call_lists.list_on = ").value(day);
    })
    .await?;
    Ok(found.pop())
}

/// What an executive has in hand in these programs, with the customers' hours. Who must not be contacted is left out.
pub async fn held(
    db: &mut impl Sqls,
    scope: &Scope,
    user: UserId,
    programs: &[ProgramId],
    zone: &str,
) -> Result<Vec<Held>, Error> {
    let open: Vec<Assignment> = journal::select(db, scope.organization, |sql| {
        sql.push(" AND assignments.status IN ('queued', 'scheduled') AND assignments.assignee_id = ")
            .value(user);
        sql.push(" AND assignments.program_id IN ")
            .list(programs.iter().copied());
    })
    .await?;
    let mut ids: Vec<uuid::Uuid> = open.iter().map(|it| it.customer_id.into()).collect();
    ids.sort_unstable();
    ids.dedup();
    let customers: Vec<Customer> = journal::find_all(db, scope.organization, &ids).await?;
    let held = open.into_iter().filter_map(|assignment| {
        let customer = customers.iter().find(|it| it.id == assignment.customer_id)?;
        let hours = CallingHours::of(customer, zone);
        (!customer.fields.do_not_contact).then_some(Held { assignment, hours })
    });
    Ok(held.collect())
}

/// How many different customers an executive has called in a program between two instants.
pub async fn called(
    db: &mut impl Sqls,
    scope: &Scope,
    (user, program): (UserId, ProgramId),
    (from, until): (Timestamp, Timestamp),
) -> Result<i64, Error> {
    let (count,): (i64,) = db
        .sql("SELECT COUNT(DISTINCT customer_id) FROM attempts WHERE organization_id = $1 AND user_id = $2 AND program_id = $3 AND occurred_at >= $4 AND occurred_at < $5")
        .bind(scope.organization)
        .bind(user)
        .bind(program)
        .bind(from)
        .bind(until)
        .one()
        .await?;
    Ok(count)
}
