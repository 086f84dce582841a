//! What follows from a change of a customer, in the same unit: its account managers' history and its referrer's count.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::account_managers;
use crate::access::Scope;
use crate::db::{Error, Sqls};
use crate::features::customers::account_manager::{AccountManagerPeriod, AccountManagerPeriodInput};
use crate::features::customers::customer::{Customer, CustomerId};
use crate::id::{OrganizationId, UserId};
use crate::journal::{self, Change, Changing, Unit};
use crate::local_time;

/// Today, where the organization is.
pub async fn today(
    db: &mut impl Sqls,
    organization: OrganizationId,
    now: crate::clock::Timestamp,
) -> Result<NaiveDate, Error> {
    Ok(local_time::wall_clock(now.utc(), zone(db, organization).await?).date())
}

/// The organization's time zone.
pub async fn zone(db: &mut impl Sqls, organization: OrganizationId) -> Result<chrono_tz::Tz, Error> {
    let (zone,): (String,) = db
        .sql("SELECT time_zone FROM organizations WHERE id = $1")
        .bind(organization)
        .one()
        .await?;
    Ok(zone.parse().unwrap_or(chrono_tz::UTC))
}

/// Saves one customer with what follows.
///
/// # Errors
/// What the database said.
pub async fn save(unit: &mut Unit, change: Change<Customer>) -> Result<Customer, journal::Error> {
    let mut saved = save_all(unit, vec![change]).await?;
    saved.pop().ok_or(journal::Error::Database(Error::RowNotFound))
}

/// Saves customers with what follows. Each may stand here once.
///
/// # Errors
/// What the database said.
pub async fn save_all(unit: &mut Unit, changes: Vec<Change<Customer>>) -> Result<Vec<Customer>, journal::Error> {
    let mut changes = changes;
    let periods = hand_over(unit, &mut changes).await?;
    let referrers = count_referrals(unit, &mut changes).await?;
    let saved = unit.save_all(changes).await?;
    unit.save_all(periods).await?;
    unit.save_all(referrers).await?;
    Ok(saved)
}

fn manager(customer: Option<&Customer>) -> Option<UserId> {
    customer.and_then(|customer| customer.fields.account_manager_id)
}

fn referrer(customer: Option<&Customer>) -> Option<CustomerId> {
    customer.and_then(|customer| customer.fields.referred_by_id)
}

/// Closes the running period and opens the next wherever the account manager is another one.
async fn hand_over(
    unit: &mut Unit,
    changes: &mut [Change<Customer>],
) -> Result<Vec<Change<AccountManagerPeriod>>, journal::Error> {
    let mut moved: Vec<&mut Change<Customer>> = changes
        .iter_mut()
        .filter(|change| manager(change.before.as_ref()) != manager(Some(&change.after)))
        .collect();
    if moved.is_empty() {
        return Ok(Vec::new());
    }
    let (organization, now) = (unit.organization(), unit.now());
    let today = today(unit, organization, now).await?;
    let known: Vec<CustomerId> = moved
        .iter()
        .filter_map(|change| change.before.as_ref().map(|before| before.id))
        .collect();
    let mut history: HashMap<CustomerId, Vec<AccountManagerPeriod>> = HashMap::new();
    if !known.is_empty() {
        for period in account_managers::of_customers(unit, &Scope::all(organization), known).await? {
            history.entry(period.customer_id).or_default().push(period);
        }
    }
    let mut periods = Vec::new();
    for change in &mut moved {
        let customer = &mut change.after;
        let past = history.remove(&customer.id).unwrap_or_default();
        let mut people: BTreeSet<UserId> = past.iter().map(|period| period.fields.user_id).collect();
        let running = past.into_iter().filter(|period| period.fields.ended_on.is_none());
        periods.extend(running.map(|period| period.end(today)));
        if let Some(user_id) = customer.fields.account_manager_id {
            people.insert(user_id);
            let fields = AccountManagerPeriodInput {
                user_id,
                started_on: today,
                ended_on: None,
            };
            periods.push(Change::created(AccountManagerPeriod::new(
                unit.new_id(),
                customer.id,
                fields,
                now,
            )));
        }
        customer.account_manager_count = i64::try_from(people.len()).unwrap_or(i64::MAX);
    }
    Ok(periods)
}

/// Counts up who is named as referrer and down who no longer is: in place where that customer is being changed anyway.
async fn count_referrals(
    unit: &mut Unit,
    changes: &mut [Change<Customer>],
) -> Result<Vec<Change<Customer>>, journal::Error> {
    let mut counts: HashMap<CustomerId, i64> = HashMap::new();
    for change in changes.iter() {
        let (from, to) = (referrer(change.before.as_ref()), referrer(Some(&change.after)));
        if from != to {
            for (id, by) in [(from, -1), (to, 1)] {
                if let Some(id) = id {
                    *counts.entry(id).or_default() += by;
                }
            }
        }
    }
    counts.retain(|_, by| *by != 0);
    for change in changes.iter_mut() {
        if let Some(by) = counts.remove(&change.after.id) {
            change.after.referral_count += by;
        }
    }
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<uuid::Uuid> = counts.keys().map(|id| (*id).into()).collect();
    let organization = unit.organization();
    let referrers: Vec<Customer> = journal::find_all(unit, organization, &ids).await?;
    Ok(referrers
        .into_iter()
        .map(|referrer| {
            let by = counts.get(&referrer.id).copied().unwrap_or_default();
            referrer.change("referred", |next| next.referral_count += by)
        })
        .collect())
}
