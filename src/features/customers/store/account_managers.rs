//! All SQL of account managers' periods.

use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sqls};
use crate::features::customers::account_manager::{
    AccountManagerPeriod, AccountManagerPeriodId, AccountManagerPeriodInput,
};
use crate::features::customers::customer::CustomerId;
use crate::journal;

crate::record!(
    AccountManagerPeriod, "account_manager_period", "account_manager_periods",
    [customer_id],
    fields AccountManagerPeriodInput [user_id, started_on, ended_on],
    derived { started_key: |period| Timestamp::new(period.fields.started_on.and_time(chrono::NaiveTime::MIN).and_utc()) },
    customer: |period| Some(period.customer_id.into()),
);

/// Who has looked after these customers, earlier ones first.
pub async fn of_customers(
    db: &mut impl Sqls,
    scope: &Scope,
    customers: impl IntoIterator<Item = CustomerId>,
) -> Result<Vec<AccountManagerPeriod>, Error> {
    let mut periods: Vec<AccountManagerPeriod> = journal::select(db, scope.organization, |sql| {
        sql.push(" AND account_manager_periods.customer_id IN ").list(customers);
    })
    .await?;
    periods.sort_by_key(|period| (period.fields.started_on, period.id));
    Ok(periods)
}

/// The period, if it is in sight.
pub async fn find(
    db: &mut impl Sqls,
    scope: &Scope,
    id: AccountManagerPeriodId,
) -> Result<Option<AccountManagerPeriod>, Error> {
    journal::find(db, scope.organization, id).await
}
