//! Speaks: the report on the habit.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::habit::board::{Facts, Person};
use super::habit::report::{HabitReport, report};
use super::period::{Period, USUAL};
use super::store;
use super::table_api::{CsvText, Shown, period, shown};
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::features::people::user::User;
use crate::features::{absences, programs};
use crate::http::gate::Chosen;
use crate::http::{Access, App, Endpoint, Problem, Query};
use crate::id::UserId;
use crate::journal::{self, feed};
use crate::local_time;

/// Working days without a call after which somebody has lapsed, where nothing is said.
const LAPSED: i64 = 5;
/// More days than this are not looked at, one by one, at once.
const LONGEST: i64 = 366;
/// The words in the journal by which a program's days are known.
const MOMENTS: &[&str] = &["paused", "resumed", "ended"];

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![get_habit_report: Access::Needs(Permission::ReportsRead)]
}

/// The days that the report is about, and whom.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HabitDays {
    /// The first day; 89 days before the last when absent.
    pub from: Option<NaiveDate>,
    /// The last day, included; today when absent. At most 366 days are reported on at once.
    pub to: Option<NaiveDate>,
    /// After so many working days without a call somebody has lapsed; 5 when absent.
    #[param(minimum = 1, maximum = 366)]
    pub lapsed_after: Option<i64>,
    /// One executive alone, with each of their quotas period by period.
    #[param(value_type = Option<String>, format = Uuid)]
    pub user_id: Option<UserId>,
}

/// Report on the habit.
///
/// Quotas attained, streaks, missed days, the leader board, and who has lapsed: for the active participants of programs, by the quotas as they stand now.
///
/// **A quota is attained** when so many different customers were spoken with as there were conversations to reach; or, where nobody answers, when so many different customers were called as there were calls to prepare. A conversation that was no call counts as both. **A day is due** when the executive works (no weekend, public holiday or absence counts against anybody), the program runs (not on a day on which it was paused) and they have had a customer to call in it: from the day of their first call on, or the day after they were first given one. **With a daily quota** a due day is kept when it is attained, and missed when it is over without; **with a weekly one** the week from Monday to Sunday is the measure for all of its due days, and where days are missing from it, it owes as much less, rounded up. What is not over and not attained yet is neither. In several programs the worst counts.
///
/// **A streak** is a row of kept days: what is not due neither breaks it nor counts. Streaks are counted within the period; ask for a longer one to see a longer one. **Lapsed** is who has placed no call on so many due days; the present day does not count. As JSON, or as one CSV table.
#[utoipa::path(get, path = "/v1/reports/habit", operation_id = "get_habit_report", tag = "reports", params(HabitDays),
    responses((status = 200, description = "The figures", content((HabitReport = "application/json"), (CsvText = "text/csv")))))]
async fn get_habit_report(
    app: App,
    caller: Caller,
    days: Query<HabitDays>,
    chosen: Chosen,
) -> Result<Shown<HabitReport>, Problem> {
    let period = period((days.from, days.to), USUAL, &app, &caller).await?;
    if (period.to - period.from).num_days() >= LONGEST {
        let detail = "The habit is looked at day by day: ask for 366 days at most.";
        return Err(Problem::fault("from", "out_of_range", detail));
    }
    let facts = facts(&app, &caller, &period, days.user_id).await?;
    let board = facts.board(period.from, period.to, app.clock.now());
    let lapsed_after = days.lapsed_after.unwrap_or(LAPSED);
    let one = days.user_id.is_some();
    let report = report(&period, lapsed_after, &facts.programs, &board, one);
    shown(
        report,
        chosen,
        &[("by_executive", "executive"), ("by_program", "program")],
    )
}

/// Everything that the report is made of.
async fn facts(app: &App, caller: &Caller, period: &Period, only: Option<UserId>) -> Result<Facts, Problem> {
    let (mut db, scope) = (app.read(), caller.scope());
    let mut programs = programs::store::all(&mut db, &scope).await?;
    programs.sort_by(|one, other| (&one.fields.name, one.id).cmp(&(&other.fields.name, other.id)));
    let taking_part = programs.iter().flat_map(|program| program.fields.participants.iter());
    let ids: BTreeSet<Uuid> = taking_part
        .map(|participant| participant.user_id)
        .filter(|user| only.is_none_or(|only| only == *user))
        .map(Uuid::from)
        .collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let users: Vec<User> = journal::find_all(&mut db, caller.organization, &ids).await?;
    let people: Vec<Person> = users
        .into_iter()
        .filter(|user| user.active)
        .map(|user| Person {
            id: user.id,
            zone: zone(&user, period.zone),
            name: user.fields.name,
        })
        .collect();
    let users: Vec<UserId> = people.iter().map(|person| person.id).collect();
    // Weeks are measured whole, and zones differ by a day at most.
    let day = |date: NaiveDate, by: i64| date.checked_add_signed(TimeDelta::days(by)).unwrap_or(date);
    let (first, last) = (day(period.from, -7), day(period.to, 8));
    let working_days = absences::store::working_days(&mut db, &scope, &users, first, last).await?;
    let midnight = |date: NaiveDate| Timestamp::new(local_time::instant(date.and_time(NaiveTime::MIN), Tz::UTC));
    let ends = midnight(day(last, 1));
    let contacts = store::contacts(&mut db, &scope, (midnight(day(first, -1)), ends)).await?;
    let ids: Vec<Uuid> = programs.iter().map(|program| program.id.into()).collect();
    // A call after the report's last day does not end what was idle then.
    let until = midnight(period.to.checked_add_days(Days::new(2)).unwrap_or(period.to));
    let last_calls = store::last_calls(&mut db, &scope, until.min(period.ends())).await?;
    Ok(Facts {
        people,
        programs,
        working_days,
        contacts,
        beginnings: store::beginnings(&mut db, &scope).await?,
        last_calls: last_calls.into_iter().collect::<BTreeMap<_, _>>(),
        moments: feed::moments(&mut db, caller.organization, &ids, MOMENTS).await?,
    })
}

fn zone(user: &User, usual: Tz) -> Tz {
    let own = user.fields.time_zone.as_deref().and_then(|zone| zone.parse().ok());
    own.unwrap_or(usual)
}
