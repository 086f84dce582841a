//! Whom to take new: the customers of a program's segments, in their order, whom the rules of the house leave.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use uuid::Uuid;

use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sqls};
use crate::features::assignments::assignment::RELEASED;
use crate::features::assignments::calling_hours::CallingHours;
use crate::features::cadences::{self, cadence::Effective};
use crate::features::customers::customer::{Customer, CustomerId};
use crate::features::days::picking::has_rested;
use crate::features::segments;
use crate::features::segments::segment::{Choice, Moment, Place};
use crate::id::UserId;
use crate::journal;

/// Customers looked at in one statement.
const CHUNK: i64 = 100;
/// No more chunks than this of one segment, for one list.
const CHUNKS: usize = 30;
/// The longest reason of an assignment.
const REASON: usize = 1000;

/// A customer who may be taken, and why.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub customer: CustomerId,
    pub hours: CallingHours,
    pub reason: String,
}

/// For whom, and for when, customers are looked for.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    pub moment: Moment,
    /// The organization's zone.
    pub zone: &'a str,
    pub user: UserId,
    pub day: NaiveDate,
    pub most: usize,
}

/// At most so many customers of a segment, in its order, whom this executive may be given: nobody has them in hand, they are not among
/// `but`, the executive does not look after them, they have rested long enough on this day, and their hours fit.
///
/// # Errors
/// What the database said.
pub async fn candidates(
    db: &mut impl Sqls,
    scope: &Scope,
    choice: &Choice,
    wanted: &Wanted<'_>,
    but: &BTreeSet<CustomerId>,
    fits: &(dyn Fn(&CallingHours) -> bool + Sync),
) -> Result<Vec<Candidate>, Error> {
    let (mut found, mut after) = (Vec::new(), None);
    let (moment, user) = (&wanted.moment, wanted.user);
    for _ in 0..CHUNKS {
        let free = segments::store::places_among(db, scope, choice, moment, (after, CHUNK), |sql| {
            sql.push(" AND id NOT IN (SELECT customer_id FROM assignments WHERE status IN ('queued', 'scheduled') AND organization_id = ")
                .value(scope.organization);
            sql.push(") AND id NOT IN (SELECT customers.id FROM customers WHERE customers.account_manager_id = ")
                .value(user);
            sql.push(" AND customers.organization_id = ")
                .value(scope.organization)
                .push(")");
        });
        let free = free.await?;
        let Some(last) = free.last() else { break };
        after = Some((last.rank, Uuid::from(last.customer_id)));
        let whole = i64::try_from(free.len()).is_ok_and(|count| count == CHUNK);
        for looked in looked_up(db, scope, user, free).await? {
            let hours = CallingHours::of(&looked.customer, wanted.zone);
            let last = looked.customer.last_contacted_at.max(looked.in_vain);
            let rested = has_rested(&looked.cadence, last, wanted.day);
            if !rested || but.contains(&looked.customer.id) || !fits(&hours) {
                continue;
            }
            let reason = choice.reason(&looked.place, &looked.customer, moment);
            found.push(Candidate {
                customer: looked.customer.id,
                hours,
                reason: reason.chars().take(REASON).collect(),
            });
            if found.len() >= wanted.most {
                return Ok(found);
            }
        }
        if !whole {
            break;
        }
    }
    Ok(found)
}

/// A customer with the cadence that holds for it, and when a call to it last came to nothing.
struct Looked {
    place: Place,
    customer: Customer,
    cadence: Effective,
    in_vain: Option<Timestamp>,
}

async fn looked_up(db: &mut impl Sqls, scope: &Scope, user: UserId, places: Vec<Place>) -> Result<Vec<Looked>, Error> {
    let ids: Vec<CustomerId> = places.iter().map(|place| place.customer_id).collect();
    let effective = cadences::store::effective(db, scope, &ids).await?;
    let vain = in_vain(db, scope, user, &ids).await?;
    let ids: Vec<Uuid> = ids.into_iter().map(Uuid::from).collect();
    let customers: Vec<Customer> = journal::find_all(db, scope.organization, &ids).await?;
    let mut customers: BTreeMap<CustomerId, Customer> = customers.into_iter().map(|it| (it.id, it)).collect();
    let looked = places.into_iter().filter_map(|place| {
        let customer = customers.remove(&place.customer_id)?;
        Some(Looked {
            cadence: *effective.get(&customer.id)?,
            in_vain: vain.get(&customer.id).copied(),
            place,
            customer,
        })
    });
    Ok(looked.collect())
}

/// When these customers were last called, or given up, declined or taken back. What this executive let lie counts for them alone.
async fn in_vain(
    db: &mut impl Sqls,
    scope: &Scope,
    user: UserId,
    ids: &[CustomerId],
) -> Result<BTreeMap<CustomerId, Timestamp>, Error> {
    let mut sql =
        db.sql("SELECT customer_id, MAX(at) FROM (SELECT customer_id, occurred_at AS at FROM attempts WHERE organization_id = ");
    sql.value(scope.organization);
    sql.push(" AND customer_id IN ").list(ids.iter().copied());
    sql.push(" UNION ALL SELECT customer_id, closed_at FROM assignments WHERE closed_at IS NOT NULL AND status IN ('unreachable', 'declined', 'canceled') AND (closed_reason IS NULL OR closed_reason <> ")
        .value(RELEASED.to_owned());
    sql.push(" OR assignee_id = ").value(user);
    sql.push(") AND organization_id = ").value(scope.organization);
    sql.push(" AND customer_id IN ").list(ids.iter().copied());
    sql.push(") AS vain GROUP BY customer_id");
    let rows: Vec<(CustomerId, Timestamp)> = sql.all().await?;
    Ok(rows.into_iter().collect())
}
