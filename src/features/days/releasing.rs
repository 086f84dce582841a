//! Gives back what nobody works: an assignment that was idle for longer than its program allows goes back to the pool.
//!
//! Idle is an assignment since it was last called, since a person last did something to it, or since the first day that it was planned
//! for, whichever is latest; coming on a list does not count. Who has a time more than five days ahead, was promised a call or is put
//! out of the way is left alone, and so is everything in a program that rests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::store;
use crate::access::Scope;
use crate::app::App;
use crate::clock::Timestamp;
use crate::features::assignments::assignment::Assignment;
use crate::features::customers::customer::Customer;
use crate::features::notifications::{self, notification::NotificationKind, notification::Told};
use crate::features::people::{self, user::User};
use crate::features::programs::{self, program::Program, program::ProgramStatus};
use crate::id::{OrganizationId, UserId};
use crate::jobs::{self, Done, Failure, Kind, Running, Task};
use crate::journal::{self, Unit, feed};
use crate::wording;

const RELEASE: Kind = Kind::new("release_stale", 8);
/// So many customers are named to a manager; the others are counted.
const NAMED: usize = 20;

pub fn task() -> Task {
    RELEASE.by(release)
}

/// The day, in UTC: stale assignments are looked for once on each.
#[derive(Debug, Serialize, Deserialize)]
struct On {
    day: NaiveDate,
}

/// Asks, at most once a day for each organization, that what is stale be released. One that cannot be asked now keeps no other from it.
pub async fn look(app: Arc<App>) -> Result<(), journal::Error> {
    let now = app.clock.now();
    let mut db = app.read();
    let mut found: BTreeSet<OrganizationId> = BTreeSet::new();
    for (organization, program, days) in store::releasing(&mut db).await? {
        let idle = now.plus(-TimeDelta::days(days));
        let scope = Scope::all(organization);
        if !found.contains(&organization) && store::any_stale(&mut db, &scope, program, idle, now).await? {
            found.insert(organization);
        }
    }
    let day = now.date_naive();
    let mut outcome = Ok(());
    for organization in found {
        let job = RELEASE.with(&On { day })?.keyed(day.to_string());
        outcome = outcome.and(jobs::enqueue_missing(&app, organization, vec![job]).await);
    }
    outcome
}

async fn release(app: Arc<App>, running: Running) -> Result<Done, Failure> {
    let On { day } = running.payload()?;
    let scope = Scope::all(running.organization());
    let mut unit = running.unit(&app).await?;
    let mut released = Vec::new();
    let mut programs = programs::store::all(&mut unit, &scope).await?;
    programs.retain(|program| program.status == ProgramStatus::Active);
    for program in &programs {
        let Some(days) = program.fields.release_after_days else {
            continue;
        };
        let idle = unit.now().plus(-TimeDelta::days(days));
        let now = unit.now();
        let found = store::stale(&mut unit, &scope, program.id, idle, now).await?;
        let stale = worked_before(&mut unit, found, idle).await?;
        let changes: Result<Vec<_>, _> = stale.into_iter().map(|it| it.release(now)).collect();
        let changes = changes.map_err(|refusal| Failure::Again(refusal.detail))?;
        let gone = unit.save_all(changes).await?;
        released.extend(gone.into_iter().map(|it| (it, program)));
    }
    let told = told(&mut unit, &released, day).await?;
    notifications::store::tell(&mut unit, told).await?;
    running.finish(unit).await
}

/// Those of them on which nobody laid a hand since `idle`.
async fn worked_before(
    unit: &mut Unit,
    found: Vec<Assignment>,
    idle: Timestamp,
) -> Result<Vec<Assignment>, journal::Error> {
    let organization = unit.organization();
    let ids: Vec<Uuid> = found.iter().map(|it| it.id.into()).collect();
    let touched = feed::touched(unit, organization, &ids).await?;
    let touched: BTreeMap<Uuid, Timestamp> = touched.into_iter().collect();
    let made: BTreeMap<Uuid, Map<String, Value>> =
        feed::creations(unit, organization, &ids).await?.into_iter().collect();
    let stale = found.into_iter().filter(|it| {
        let id: Uuid = it.id.into();
        let planned = made.get(&id).and_then(first_day);
        planned.max(touched.get(&id).copied()).is_none_or(|at| at < idle)
    });
    Ok(stale.collect())
}

/// The end of the first day that an assignment was planned for, as it was made.
fn first_day(made: &Map<String, Value>) -> Option<Timestamp> {
    let said = |field: &str| made.get(field).and_then(|pair| pair.get(1)).and_then(Value::as_str);
    let due: Option<NaiveDate> = said("due_on").and_then(|day| day.parse().ok());
    let due = due.and_then(|day| day.succ_opt());
    let due = due.map(|day| Timestamp::new(day.and_time(NaiveTime::MIN).and_utc()));
    let at: Option<Timestamp> = said("scheduled_for").and_then(|at| at.parse().ok().map(Timestamp::new));
    due.max(at)
}

/// Each executive hears what left their hands, and their managers what they let lie.
async fn told(
    unit: &mut Unit,
    released: &[(Assignment, &Program)],
    day: NaiveDate,
) -> Result<Vec<Told>, journal::Error> {
    let organization = unit.organization();
    let ids: Vec<Uuid> = released.iter().map(|(it, _)| it.customer_id.into()).collect();
    let customers: Vec<Customer> = journal::find_all(unit, organization, &ids).await?;
    let names: BTreeMap<Uuid, String> = customers.into_iter().map(|it| (it.id.into(), it.fields.name)).collect();
    let mut by_user: BTreeMap<UserId, Vec<String>> = BTreeMap::new();
    for (assignment, program) in released {
        let name = names
            .get(&assignment.customer_id.into())
            .map(String::as_str)
            .unwrap_or_default();
        let line = format!("{name} ({})", program.fields.name);
        by_user.entry(assignment.assignee_id).or_default().push(line);
    }
    let ids: Vec<Uuid> = by_user.keys().map(|user| Uuid::from(*user)).collect();
    let users: Vec<User> = journal::find_all(unit, organization, &ids).await?;
    let mut told = Vec::new();
    for user in users {
        let lines = by_user.remove(&user.id).unwrap_or_default();
        let count = lines.len();
        let calls = format!("call{}", wording::ending(i64::try_from(count).unwrap_or(i64::MAX)));
        let more = count.saturating_sub(NAMED);
        let mut text: String = lines.into_iter().take(NAMED).collect::<Vec<_>>().join("\n");
        if more > 0 {
            text.push_str(&format!("\nand {more} more"));
        }
        let tell = |user_id: UserId, title: String, key: String| Told {
            user_id,
            kind: NotificationKind::CallsReleased,
            key,
            title,
            text: format!(
                "Nobody has worked these for longer than their program allows; others may call them now.\n{text}"
            ),
            about: None,
        };
        let key = format!("calls_released/{}/{day}", user.id);
        told.push(tell(
            user.id,
            format!("{count} of your {calls} went back to the pool"),
            key.clone(),
        ));
        let managers = people::store::managers_of(unit, organization, &user).await?;
        let title = format!("{count} {calls} of {} went back to the pool", user.fields.name);
        told.extend(
            managers
                .into_iter()
                .map(|manager| tell(manager, title.clone(), key.clone())),
        );
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_assignment_is_not_stale_before_the_day_it_was_made_for() {
        let made = |fields: Value| first_day(fields.as_object().unwrap());
        let at = |text: &str| Some(Timestamp::new(text.parse().unwrap()));
        assert_eq!(made(json!({})), None);
        assert_eq!(
            made(json!({"due_on": [null, "2026-03-02"]})),
            at("2026-03-03T00:00:00Z")
        );
        let later = json!({"due_on": [null, "2026-03-02"], "scheduled_for": [null, "2026-03-09T10:00:00.000000Z"]});
        assert_eq!(made(later), at("2026-03-09T10:00:00Z"));
    }
}
