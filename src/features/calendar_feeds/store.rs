//! All SQL of calendar feeds.

use std::collections::HashMap;

use chrono::{Days, TimeDelta};
use chrono_tz::Tz;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::calendar_feed::{CalendarFeed, CalendarFeedId, CalendarFeedInput};
use super::events::{Block, Call};
use crate::access::{Permission, Role, Scope, key};
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::assignments::assignment::Assignment;
use crate::features::customers::contact::Contact;
use crate::features::customers::customer::Customer;
use crate::features::people::user::User;
use crate::features::programs::program::{Program, ProgramStatus};
use crate::features::{absences, assignments, people, programs};
use crate::id::{OrganizationId, UserId};
use crate::journal::{self, Listed, Sort, SortKey, Unit, Window, feed};
use crate::local_time;

crate::record!(
    CalendarFeed, "calendar_feed", "calendar_feeds",
    [user_id, revoked_at, secret_hash],
    fields CalendarFeedInput [name],
);

/// Fields that feeds can be sorted by.
pub static SORTS: &[Sort<CalendarFeed>] = &[Sort {
    name: "created_at",
    column: "calendar_feeds.created_at",
    key: |feed| SortKey::Time(feed.created_at),
}];

/// Which feeds are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CalendarFeedFilter {
    /// Those that were revoked; or those that were not.
    pub revoked: Option<bool>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
}

impl CalendarFeedFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        match self.revoked {
            Some(true) => drop(sql.push(" AND calendar_feeds.revoked_at IS NOT NULL")),
            Some(false) => drop(sql.push(" AND calendar_feeds.revoked_at IS NULL")),
            None => {}
        }
        sql.compare("calendar_feeds.created_at >=", self.created_at_gte);
        sql.compare("calendar_feeds.created_at <", self.created_at_lt);
    }
}

/// A page of a user's feeds.
///
/// # Errors
/// What the database said.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    user: Option<UserId>,
    filter: &CalendarFeedFilter,
    window: &Window<CalendarFeed>,
) -> Result<Listed<CalendarFeed>, Error> {
    journal::list(db, scope.organization, window, |sql| {
        sql.push(" AND calendar_feeds.user_id = ").value(user);
        filter.narrow(sql);
    })
    .await
}

/// The feed, if it is in sight.
///
/// # Errors
/// What the database said.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: CalendarFeedId) -> Result<Option<CalendarFeed>, Error> {
    journal::find(db, scope.organization, id).await
}

/// How many feeds of a user are read still.
///
/// # Errors
/// What the database said.
pub async fn working(db: &mut impl Sqls, scope: &Scope, user: UserId) -> Result<i64, Error> {
    let (count,): (i64,) = db
        .sql("SELECT COUNT(*) FROM calendar_feeds WHERE organization_id = $1 AND user_id = $2 AND revoked_at IS NULL")
        .bind(scope.organization)
        .bind(user)
        .one()
        .await?;
    Ok(count)
}

/// Revokes all feeds of these users that are read still.
///
/// # Errors
/// What the database said.
pub async fn revoke_all(unit: &mut Unit, users: &[UserId]) -> Result<(), journal::Error> {
    if users.is_empty() {
        return Ok(());
    }
    let (organization, now) = (unit.organization(), unit.now());
    let feeds: Vec<CalendarFeed> = journal::select(unit, organization, |sql| {
        sql.push(" AND calendar_feeds.revoked_at IS NULL AND calendar_feeds.user_id IN ")
            .list(users.iter().copied());
    })
    .await?;
    unit.save_all(feeds.into_iter().map(|feed| feed.revoke(now)).collect())
        .await?;
    Ok(())
}

/// Whose feed this secret opens: while it is not revoked, and its user is there and reads assignments.
///
/// # Errors
/// What the database said.
pub async fn owner(db: &mut impl Sqls, secret: &str) -> Result<Option<(OrganizationId, UserId)>, Error> {
    let row: Option<(OrganizationId, UserId, Role)> = db
        .sql("SELECT feeds.organization_id, feeds.user_id, users.role FROM calendar_feeds AS feeds JOIN users ON users.organization_id = feeds.organization_id AND users.id = feeds.user_id WHERE feeds.secret_hash = $1 AND feeds.revoked_at IS NULL AND users.active")
        .bind(key::hash(secret))
        .optional()
        .await?;
    let may = |role: Role| role.may(Permission::AssignmentsRead) && role.may(Permission::CustomersRead);
    Ok(row
        .filter(|(.., role)| may(*role))
        .map(|(organization, user, _)| (organization, user)))
}

/// Everything that a feed tells.
pub struct Told {
    pub user: User,
    pub zone: Tz,
    pub calls: Vec<Call>,
    pub blocks: Vec<Block>,
}

/// Calls of one feed at most.
const MOST: i64 = 500;
/// How long a call that is over stays in a calendar.
const KEPT: TimeDelta = TimeDelta::days(30);
/// Days ahead for which blocks are told.
const AHEAD: u64 = 28;

/// The calls and blocks of a user: what is open and has a time or a day, and what has lost it lately.
///
/// # Errors
/// What the database said.
pub async fn told(db: &mut impl Sqls, scope: &Scope, user: UserId, now: Timestamp) -> Result<Option<Told>, Error> {
    let found = people::store::find(db, scope, user).await?;
    let organization = people::store::organization(db, scope.organization).await?;
    let (Some(user), Some(organization)) = (found, organization) else {
        return Ok(None);
    };
    let zone = local_time::zone([
        user.fields.time_zone.as_deref(),
        Some(organization.fields.time_zone.as_str()),
    ]);
    let programs = programs::store::all(db, scope).await?;
    let calls = calls(db, scope, &user, &programs, now).await?;
    let today = local_time::wall_clock(now.utc(), zone).date();
    let until = today.checked_add_days(Days::new(AHEAD)).unwrap_or(today);
    let days = absences::store::working_days(db, scope, &[user.id], today, until).await?;
    let mut blocks = Vec::new();
    for program in programs
        .iter()
        .filter(|program| program.status == ProgramStatus::Active)
    {
        let own = program.participant(user.id);
        // Who has said no hours of their own has the whole day, which is no block.
        let Some(hours) = own.and_then(|own| own.daily_block) else {
            continue;
        };
        for day in days.between(user.id, today, until).filter(|day| program.spans(*day)) {
            let Some((from, until)) = hours.stretch(day, zone) else {
                continue;
            };
            blocks.push(Block {
                program_id: program.id.into(),
                program: program.fields.name.clone(),
                day,
                from,
                until,
                sequence: program.revision.max(user.revision).max(organization.revision),
                changed: program.updated_at.max(user.updated_at).max(organization.updated_at),
                created: program.created_at,
            });
        }
    }
    Ok(Some(Told {
        user,
        zone,
        calls,
        blocks,
    }))
}

async fn calls(
    db: &mut impl Sqls,
    scope: &Scope,
    user: &User,
    programs: &[Program],
    now: Timestamp,
) -> Result<Vec<Call>, Error> {
    let organization = scope.organization;
    let mut assignments = dated(db, scope, user.id).await?;
    assignments.extend(gone(db, scope, user.id, now).await?);
    // A call that was closed or snoozed has no time any more: its last change tells which one it had.
    let lost: Vec<i64> = assignments
        .iter()
        .filter(|assignment| assignment.scheduled_for.is_none())
        .map(|assignment| assignment.revision)
        .collect();
    let before: HashMap<Uuid, Timestamp> = feed::at(db, organization, &lost)
        .await?
        .into_iter()
        .filter_map(|entry| {
            let before = entry.changes.get("scheduled_for")?.get(0)?.clone();
            Some((entry.record_id, serde_json::from_value(before).ok()?))
        })
        .collect();
    let mut ids: Vec<Uuid> = assignments
        .iter()
        .map(|assignment| assignment.customer_id.into())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let customers: Vec<Customer> = journal::find_all(db, organization, &ids).await?;
    let contacts: Vec<Contact> = match ids.is_empty() {
        true => Vec::new(),
        false => {
            journal::select(db, organization, |sql| {
                sql.push(" AND contacts.active AND contacts.customer_id IN ")
                    .list(ids.iter().copied());
            })
            .await?
        }
    };
    let calls = assignments.into_iter().filter_map(|assignment| {
        let customer = customers
            .iter()
            .find(|customer| customer.id == assignment.customer_id)?;
        let program = programs.iter().find(|program| program.id == assignment.program_id);
        let of = |contact: &&Contact| contact.fields.customer_id == customer.id;
        let contacts: Vec<Contact> = contacts.iter().filter(of).cloned().collect();
        let of_program = program.map(|program| (program.revision, program.updated_at));
        let told = contacts.iter().map(|contact| (contact.revision, contact.updated_at));
        let told = told.chain(of_program).chain([(customer.revision, customer.updated_at)]);
        let (sequence, changed) = told.fold(
            (assignment.revision, assignment.updated_at),
            |(most, last), (one, at)| (most.max(one), last.max(at)),
        );
        Some(Call {
            before: before.get(&assignment.id.into()).copied(),
            given_away: assignment.assignee_id != user.id,
            customer: customer.clone(),
            contacts,
            program: program.map(|program| program.fields.name.clone()).unwrap_or_default(),
            sequence,
            changed,
            assignment,
        })
    });
    Ok(calls.collect())
}

/// Open calls with a time or a day, the next ones first.
async fn dated(db: &mut impl Sqls, scope: &Scope, user: UserId) -> Result<Vec<Assignment>, Error> {
    let window = window(&[("scheduled_for", false), ("due_on", false)], MOST);
    let listed = journal::list(db, scope.organization, &window, |sql| {
        sql.push(" AND assignments.assignee_id = ").value(user);
        sql.push(" AND assignments.status IN ('queued', 'scheduled') AND (assignments.scheduled_for IS NOT NULL OR assignments.due_on IS NOT NULL)");
    });
    Ok(listed.await?.rows)
}

/// Calls that lately were closed, lost their time, or went to somebody else; the last ones first.
async fn gone(db: &mut impl Sqls, scope: &Scope, user: UserId, now: Timestamp) -> Result<Vec<Assignment>, Error> {
    let since = now.plus(-KEPT);
    let window = window(&[("updated_at", true)], MOST);
    let listed = journal::list(db, scope.organization, &window, |sql| {
        sql.push(" AND assignments.updated_at >= ").value(since);
        sql.push(" AND ((assignments.assignee_id = ").value(user);
        // One that is as it was made has lost nothing.
        sql.push(" AND assignments.updated_at > assignments.created_at AND (assignments.status NOT IN ('queued', 'scheduled') OR (assignments.scheduled_for IS NULL AND assignments.due_on IS NULL))) OR (assignments.previous_assignee_id = ")
            .value(user);
        sql.push(" AND assignments.assignee_id <> ").value(user);
        sql.push(" AND assignments.assigned_at >= ").value(since).push("))");
    });
    Ok(listed.await?.rows)
}

fn window(order: &[(&str, bool)], limit: i64) -> Window<Assignment> {
    let sort = |(name, descending): &(&str, bool)| {
        let sort = assignments::store::SORTS.iter().find(|sort| sort.name == *name);
        sort.map(|sort| (sort, *descending))
    };
    Window {
        order: order.iter().filter_map(sort).collect(),
        after: None,
        limit,
        total: false,
    }
}
