//! What a plan is made of, as it stands in the database.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::access::{Role, Scope};
use crate::clock::Timestamp;
use crate::db::{Error, Json, Sqls};
use crate::features::assignments::assigning::KnownUser;
use crate::features::assignments::assignment::AssignmentId;
use crate::features::assignments::calling_hours::CallingHours;
use crate::features::cadences::cadence::{Effective, date};
use crate::features::cadences::store::{Figure, figure};
use crate::features::customers::calling_window::CallingWindow;
use crate::features::customers::customer::CustomerId;
use crate::features::plans::situation::Candidate;
use crate::features::programs::program::ProgramId;
use crate::id::UserId;
use crate::local_time;

/// Values per list of a statement.
const CHUNK: usize = 500;

/// A user who may place calls of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    pub user: KnownUser,
    pub name: String,
    pub zone: Tz,
}

/// An open assignment of an executive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    pub assignee: UserId,
    pub program: ProgramId,
    pub due_on: Option<NaiveDate>,
    pub scheduled_for: Option<Timestamp>,
}

impl Load {
    /// The day that it is for, on a calendar in this zone.
    pub fn day(&self, zone: Tz) -> Option<NaiveDate> {
        let scheduled = self
            .scheduled_for
            .map(|at| local_time::wall_clock(at.utc(), zone).date());
        scheduled.or(self.due_on)
    }
}

/// These users, in the order of their ids; who is not of the organization is left out.
pub async fn executives(db: &mut impl Sqls, scope: &Scope, ids: &[UserId], zone: Tz) -> Result<Vec<Known>, Error> {
    let mut found = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        let mut sql = db
            .sql("SELECT id, email, role, active, name, time_zone FROM users WHERE organization_id = $1 AND id IN ")
            .bind(scope.organization);
        sql.list(chunk.iter().copied());
        let rows: Vec<(UserId, String, Role, bool, String, Option<String>)> = sql.all().await?;
        found.extend(rows.into_iter().map(|(id, email, role, active, name, own)| Known {
            user: KnownUser {
                id,
                email,
                role,
                active,
            },
            name,
            zone: own.and_then(|own| own.parse().ok()).unwrap_or(zone),
        }));
    }
    found.sort_by_key(|known| known.user.id);
    Ok(found)
}

/// What these users have in hand.
pub async fn loads(db: &mut impl Sqls, scope: &Scope, users: &[UserId]) -> Result<Vec<Load>, Error> {
    let mut found = Vec::new();
    for chunk in users.chunks(CHUNK) {
        let mut sql = db
            .sql("SELECT assignee_id, program_id, due_on, scheduled_for FROM assignments WHERE organization_id = $1 AND status IN ('queued', 'scheduled') AND assignee_id IN ")
            .bind(scope.organization);
        sql.list(chunk.iter().copied());
        let rows: Vec<(UserId, ProgramId, Option<NaiveDate>, Option<Timestamp>)> = sql.all().await?;
        found.extend(rows.into_iter().map(|(assignee, program, due_on, scheduled_for)| Load {
            assignee,
            program,
            due_on,
            scheduled_for,
        }));
    }
    Ok(found)
}

type Row = (
    CustomerId,
    bool,
    Option<Json<CallingWindow>>,
    Option<String>,
    Option<UserId>,
    i64,
    i64,
    Option<Timestamp>,
    i64,
    i64,
    i64,
);

/// These customers, in the order of their ids; who is not of the organization is left out. So much of the ideal gap, in percent, is the shortest one.
pub async fn candidates(
    db: &mut impl Sqls,
    scope: &Scope,
    ids: &[CustomerId],
    zone: Tz,
    shortest_percent: i64,
) -> Result<Vec<Candidate>, Error> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let mut sql = db.sql("SELECT customers.id, customers.do_not_contact, customers.calling_window, customers.time_zone, customers.account_manager_id, customers.billing_key, customers.clock_day, customers.last_contacted_at");
        for of in [Figure::Ideal, Figure::Longest, Figure::Reviews] {
            sql.push(", ");
            figure(&mut sql, scope, of);
        }
        sql.push(" FROM customers WHERE customers.organization_id = ")
            .value(scope.organization);
        sql.push(" AND customers.id IN ").list(chunk.iter().copied());
        let rows: Vec<Row> = sql.all().await?;
        let (last, in_hand) = (last_callers(db, scope, chunk).await?, in_hand(db, scope, chunk).await?);
        found.extend(
            rows.into_iter()
                .map(|row| candidate(row, zone, shortest_percent, &last, &in_hand)),
        );
    }
    found.sort_by_key(|candidate| candidate.id);
    Ok(found)
}

fn candidate(
    (id, do_not_contact, window, own_zone, manager, billing, clock, contacted, ideal, longest, reviews): Row,
    zone: Tz,
    shortest_percent: i64,
    last: &BTreeMap<CustomerId, UserId>,
    in_hand: &BTreeMap<CustomerId, UserId>,
) -> Candidate {
    let effective = Effective {
        ideal_days: ideal,
        longest_days: longest,
        reviews_per_year: reviews,
    };
    let dates = effective.dates(clock);
    let shortest = (ideal.min(longest) * shortest_percent + 99) / 100;
    Candidate {
        id,
        hours: CallingHours::new(window.map(|window| window.0), own_zone.as_deref(), zone.name()),
        standing: None,
        account_manager: manager,
        last_caller: last.get(&id).copied(),
        // The clock of who was never spoken with runs from when it became a customer; that is no reason to wait.
        not_before: contacted.and_then(|_| date(clock + shortest)),
        due_on: dates.due_on,
        overdue_on: dates.overdue_on,
        billing,
        do_not_contact,
        in_hand_of: in_hand.get(&id).copied(),
    }
}

/// Who spoke with each of these customers last.
async fn last_callers(
    db: &mut impl Sqls,
    scope: &Scope,
    ids: &[CustomerId],
) -> Result<BTreeMap<CustomerId, UserId>, Error> {
    let mut sql = db
        .sql("SELECT customer_id, user_id FROM (SELECT customer_id, user_id, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY occurred_at DESC, id DESC) AS place FROM attempts WHERE organization_id = $1 AND disposition = 'connected' AND customer_id IN ")
        .bind(scope.organization);
    sql.list(ids.iter().copied()).push(") AS spoken WHERE place = 1");
    let rows: Vec<(CustomerId, UserId)> = sql.all().await?;
    Ok(rows.into_iter().collect())
}

/// Who has each of these customers in hand.
async fn in_hand(db: &mut impl Sqls, scope: &Scope, ids: &[CustomerId]) -> Result<BTreeMap<CustomerId, UserId>, Error> {
    let mut sql = db
        .sql("SELECT id, customer_id, assignee_id FROM assignments WHERE organization_id = $1 AND status IN ('queued', 'scheduled') AND customer_id IN ")
        .bind(scope.organization);
    sql.list(ids.iter().copied());
    // Put in order here: asked to, SQLite may go through all assignments in that order.
    let mut rows: Vec<(AssignmentId, CustomerId, UserId)> = sql.all().await?;
    rows.sort_by_key(|(id, ..)| std::cmp::Reverse(*id));
    let rows = rows.into_iter();
    Ok(rows.map(|(_, customer, assignee)| (customer, assignee)).collect())
}
