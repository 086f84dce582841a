//! Prepares lists: looks whose evening has come, and makes each list once, however many instances look.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::call_list::{CallList, ListEntry, Listed};
use super::evening::{horizon, last_evening, list_day, share_of_week, week_of};
use super::picking::{Day, Held, Taken, fixed, of_hand, retries, slot};
use super::store::{self, Candidate, Wanted};
use super::words;
use crate::access::Scope;
use crate::app::App;
use crate::clock::Timestamp;
use crate::features::absences::working_day::WorkingDays;
use crate::features::assignments::assigning::AssignmentItem;
use crate::features::assignments::assignment::Assignment;
use crate::features::customers::customer::CustomerId;
use crate::features::people::user::User;
use crate::features::programs::daily_block::DailyBlock;
use crate::features::programs::program::{Period, Program, ProgramStatus};
use crate::features::segments::segment::{Found, Moment};
use crate::features::{absences, assignments, notifications, people, programs, segments};
use crate::id::{OrganizationId, UserId};
use crate::jobs::{self, Done, Failure, Kind, New, Running, Task};
use crate::journal::{self, Change, Unit};
use crate::local_time;

const LIST: Kind = Kind::new("day_list", 8);
/// So many customers more than there is room for are looked at: some may be gone when their turn comes.
const SPARE: usize = 20;

pub fn task() -> Task {
    LIST.by(prepare)
}

/// Whose list, and for which day.
#[derive(Debug, Serialize, Deserialize)]
struct For {
    user_id: UserId,
    day: NaiveDate,
}

/// Asks for the list of everybody whose evening has come. An organization whose lists cannot be asked for now keeps nobody else from theirs.
pub async fn look(app: Arc<App>) -> Result<(), journal::Error> {
    let mut outcome = Ok(());
    for organization in jobs::store::organizations(&mut app.read()).await? {
        outcome = outcome.and(ask(&app, organization).await);
    }
    outcome
}

async fn ask(app: &Arc<App>, organization: OrganizationId) -> Result<(), journal::Error> {
    let due = due(app, organization).await?;
    jobs::enqueue_missing(app, organization, due).await
}

/// The lists that are due in an organization.
async fn due(app: &App, organization: OrganizationId) -> Result<Vec<New>, journal::Error> {
    let (mut db, scope, now) = (app.read(), Scope::all(organization), app.clock.now());
    let programs = running(programs::store::all(&mut db, &scope).await?);
    let taking_part = programs.iter().flat_map(|it| it.fields.participants.iter());
    let ids: BTreeSet<Uuid> = taking_part.map(|it| it.user_id.into()).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let users: Vec<User> = journal::find_all(&mut db, organization, &ids).await?;
    let usual = organization_zone(&mut db, organization).await?;
    let mut evenings: BTreeMap<UserId, NaiveDate> = BTreeMap::new();
    for user in users.iter().filter(|user| user.active) {
        let zone = local_time::zone([user.fields.time_zone.as_deref(), Some(&usual)]);
        // A program that was made after an evening has no part in it.
        let came = programs.iter().filter_map(|program| {
            program.participant(user.id)?;
            let (day, at) = last_evening(now, zone, program.evening());
            (program.created_at <= at).then_some(day)
        });
        if let Some(day) = came.max() {
            evenings.insert(user.id, day);
        }
    }
    let (Some(first), Some(last)) = (evenings.values().min(), evenings.values().max()) else {
        return Ok(Vec::new());
    };
    let users: Vec<UserId> = evenings.keys().copied().collect();
    let days = absences::store::working_days(&mut db, &scope, &users, *first, horizon(*last)).await?;
    let mut due = Vec::new();
    for (user_id, evening) in evenings {
        let Some(day) = list_day(&days, user_id, evening) else {
            continue;
        };
        let any = programs
            .iter()
            .any(|it| it.spans(day) && it.participant(user_id).is_some());
        if any {
            due.push(LIST.with(&For { user_id, day })?.keyed(format!("{user_id}/{day}")));
        }
    }
    Ok(due)
}

fn running(mut programs: Vec<Program>) -> Vec<Program> {
    programs.retain(|program| program.status == ProgramStatus::Active);
    programs.sort_by_key(|program| (program.created_at, program.id));
    programs
}

async fn organization_zone(db: &mut impl crate::db::Sqls, id: OrganizationId) -> Result<String, crate::db::Error> {
    let organization = people::store::organization(db, id).await?;
    Ok(organization.map_or_else(|| "UTC".to_owned(), |it| it.fields.time_zone))
}

/// One program's part of a list.
struct Part {
    program: Program,
    quota: i64,
    /// Of a weekly quota, the whole: retries may go up to it.
    most: i64,
    block: DailyBlock,
    candidates: Vec<Candidate>,
}

/// Everything that is looked up before the list is made.
struct Looked {
    user: User,
    zone: String,
    day: Day,
    parts: Vec<Part>,
}

async fn prepare(app: Arc<App>, running: Running) -> Result<Done, Failure> {
    let wanted: For = running.payload()?;
    let scope = Scope::all(running.organization());
    let Some(looked) = look_up(&app, &scope, &wanted).await? else {
        return running.nothing_to_do(&app).await;
    };
    let mut unit = running.unit(&app).await?;
    if store::of_day(&mut unit, &scope, wanted.user_id, wanted.day)
        .await?
        .is_none()
    {
        make(&mut unit, &scope, looked).await?;
    }
    running.finish(unit).await
}

/// `None` where there is no list to make: the day is over or none of work, or nothing runs that the user takes part in.
async fn look_up(app: &App, scope: &Scope, wanted: &For) -> Result<Option<Looked>, Failure> {
    let (mut db, now) = (app.read(), app.clock.now());
    let user = people::store::find(&mut db, scope, wanted.user_id).await?;
    let known = assignments::store::known_user(&mut db, scope, wanted.user_id).await?;
    let (Some(user), Some(known)) = (user, known) else {
        return Ok(None);
    };
    let usual = organization_zone(&mut db, scope.organization).await?;
    let zone = local_time::zone([user.fields.time_zone.as_deref(), Some(&usual)]);
    let today = local_time::wall_clock(now.utc(), zone).date();
    let week: Vec<NaiveDate> = week_of(wanted.day).collect();
    let first = week.first().copied().unwrap_or(wanted.day);
    let days = absences::store::working_days(&mut db, scope, &[user.id], first, horizon(horizon(wanted.day))).await?;
    if known.may_call().is_err() || wanted.day < today || !days.works(user.id, wanted.day) {
        return Ok(None);
    }
    let day = Day {
        date: wanted.day,
        zone,
        next: days
            .next_after(user.id, wanted.day)
            .unwrap_or(wanted.day + chrono::Days::new(1)),
        now,
    };
    let mut programs = self::running(programs::store::all(&mut db, scope).await?);
    programs.retain(|it| it.spans(day.date) && it.participant(user.id).is_some());
    let mut parts = Vec::new();
    for program in programs {
        let Some(taking_part) = program.participant(user.id).cloned() else {
            continue;
        };
        let goal = program.goal(&taking_part, day.date, zone).calls;
        let (quota, most) = match taking_part.period {
            Period::Day => (goal, goal),
            Period::Week => {
                let midnight = Timestamp::new(local_time::instant(first.and_time(NaiveTime::MIN), zone));
                let called = store::called(&mut db, scope, (user.id, program.id), (midnight, now)).await?;
                of_week(goal, &program, &days, user.id, (&week, day.date), called)
            }
        };
        parts.push(Part {
            quota,
            most,
            block: taking_part.daily_block.unwrap_or_default(),
            program,
            candidates: Vec::new(),
        });
    }
    let mut looked = Looked {
        user,
        zone: usual,
        day,
        parts,
    };
    look_for_new(&mut db, scope, &mut looked).await?;
    Ok((!looked.parts.is_empty()).then_some(looked))
}

/// How much of a weekly quota falls on the day, and how much there is in the week.
fn of_week(
    goal: i64,
    program: &Program,
    days: &WorkingDays,
    user: UserId,
    (week, day): (&[NaiveDate], NaiveDate),
    called: i64,
) -> (i64, i64) {
    let count = |of: &dyn Fn(NaiveDate) -> bool| i64::try_from(week.iter().filter(|it| of(**it)).count()).unwrap_or(7);
    let due = |it: NaiveDate| days.works(user, it) && program.spans(it);
    let all = count(&due);
    let place = count(&|it| due(it) && it <= day);
    let workdays = count(&|it| days.off(user, it) != Some(absences::working_day::DayOff::Weekend));
    let goal = programs::quota::scaled(goal, all, workdays);
    (share_of_week(goal, place, all, called), goal)
}

/// Looks for new customers where what is in hand leaves room.
async fn look_for_new(db: &mut crate::db::Reader, scope: &Scope, looked: &mut Looked) -> Result<(), Failure> {
    let held = in_hand(db, scope, looked).await?;
    let mut taken = taken(&held, &looked.day);
    let (user, day, zone) = (looked.user.id, looked.day, looked.zone.clone());
    let moment = Moment {
        now: day.now,
        zone: zone.parse().unwrap_or(Tz::UTC),
    };
    let mut seen: BTreeSet<CustomerId> = BTreeSet::new();
    for (part, held) in looked.parts.iter_mut().zip(held) {
        let quota = part.quota.max(retries(&held, &day).min(part.most));
        let picked = of_hand(held, &day, quota, part.block, &mut taken).map_err(|no| Failure::Again(no.detail))?;
        let room = usize::try_from(picked.room).unwrap_or_default();
        if room == 0 {
            continue;
        }
        let block = part.block;
        for key in part.program.fields.segments.iter() {
            let most = (room + SPARE).saturating_sub(part.candidates.len());
            let Found::Chosen(choice) = segments::store::choice(db, scope, *key).await? else {
                continue;
            };
            let wanted = Wanted {
                moment,
                zone: &zone,
                user,
                day: day.date,
                most,
            };
            // Whom no slot of the whole day would fit is not taken; which slot, is seen when their turn comes.
            let fits = move |hours: &_| slot(hours, &day, block, &mut Taken::default()).is_some();
            let found = store::candidates(db, scope, &choice, &wanted, &seen, &fits).await?;
            seen.extend(found.iter().map(|it| it.customer));
            part.candidates.extend(found);
            if part.candidates.len() >= room + SPARE {
                break;
            }
        }
    }
    Ok(())
}

/// What the executive holds, program by program.
async fn in_hand(
    db: &mut impl crate::db::Sqls,
    scope: &Scope,
    looked: &Looked,
) -> Result<Vec<Vec<Held>>, crate::db::Error> {
    let ids: Vec<_> = looked.parts.iter().map(|part| part.program.id).collect();
    let held = store::held(db, scope, looked.user.id, &ids, &looked.zone).await?;
    let of = |id| {
        held.iter()
            .filter(|it| it.assignment.program_id == id)
            .cloned()
            .collect()
    };
    Ok(ids.into_iter().map(of).collect())
}

fn taken(held: &[Vec<Held>], day: &Day) -> Taken {
    let all: Vec<Held> = held.iter().flatten().cloned().collect();
    fixed(&all, day)
}

/// Makes the list: what is in hand first, then new customers, as far as the quotas go.
async fn make(unit: &mut Unit, scope: &Scope, looked: Looked) -> Result<(), Failure> {
    let held = in_hand(unit, scope, &looked).await?;
    let (day, user) = (looked.day, looked.user.id);
    let mut taken = taken(&held, &day);
    let (mut entries, mut moved_on, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    let mut rooms = Vec::new();
    let mut quota = 0;
    for (part, held) in looked.parts.iter().zip(held) {
        let share = part.quota.max(retries(&held, &day).min(part.most));
        quota += share;
        let picked = of_hand(held, &day, share, part.block, &mut taken).map_err(|no| Failure::Again(no.detail))?;
        entries.extend(picked.entries);
        moved_on.extend(picked.moved_on);
        changes.extend(picked.changes);
        rooms.push(picked.room);
    }
    let candidates = looked.parts.iter().flat_map(|part| &part.candidates);
    let items: Vec<AssignmentItem> = candidates.map(|it| item(it, user, None, &looked.parts)).collect();
    let mut known = assignments::store::known(unit, scope, items.iter()).await?;
    let mut at_item = 0;
    for (part, mut room) in looked.parts.iter().zip(rooms) {
        for candidate in &part.candidates {
            if room <= 0 {
                break;
            }
            let mut with = taken.clone();
            let Some(at) = slot(&candidate.hours, &day, part.block, &mut with) else {
                continue;
            };
            let mut item = item(candidate, user, Some(at), &looked.parts);
            item.program_id = Some(part.program.id);
            item.due_on = Some(day.date);
            at_item += 1;
            // Somebody else may have been quicker.
            let Ok(input) = known.decide(at_item, item, unit.now()) else {
                continue;
            };
            let assignment = Assignment::new(unit.new_id(), input, unit.now());
            entries.push(ListEntry::new(&assignment, assignment.scheduled_for, Listed::New));
            changes.push(Change::created(assignment));
            (taken, room) = (with, room - 1);
        }
    }
    unit.save_all(changes).await?;
    let mut list = CallList::new(unit.new_id(), user, day.date, quota, unit.now());
    list.entries.0 = entries;
    list.moved_on.0 = moved_on;
    let list = unit.save(Change::created(list)).await?;
    let told = words::of_list(unit, &looked.user, day.zone, &list).await?;
    notifications::store::tell(unit, vec![told]).await?;
    Ok(())
}

fn item(candidate: &Candidate, user: UserId, at: Option<Timestamp>, parts: &[Part]) -> AssignmentItem {
    AssignmentItem {
        customer_id: Some(candidate.customer),
        assignee_id: Some(user),
        program_id: parts.first().map(|part| part.program.id),
        scheduled_for: at,
        reason: Some(candidate.reason.clone()),
        ..AssignmentItem::default()
    }
}
