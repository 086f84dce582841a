//! Speaks: the report on the habit.

use chrono::NaiveDate;
use serde::Deserialize;
use tokio::task::spawn_blocking;
use utoipa::IntoParams;

use super::habit::LAPSED;
use super::habit::board::Facts;
use super::habit::report::{HabitReport, report};
use super::period::USUAL;
use super::table_api::{CsvText, Shown, period, shown};
use crate::access::{Caller, Permission};
use crate::http::gate::Chosen;
use crate::http::{Access, App, Endpoint, Problem, Query};
use crate::id::UserId;

/// More days than this are not looked at, one by one, at once.
const LONGEST: i64 = 366;

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
    let facts = Facts::read(&mut app.read(), &caller.scope(), &period, days.user_id).await?;
    let (from, to, now) = (period.from, period.to, app.clock.now());
    // Every day of every executive: not on a thread that serves others.
    let counted = spawn_blocking(move || {
        let board = facts.board(from, to, now);
        (facts, board)
    });
    let (facts, board) = counted.await.map_err(|error| Problem::internal(&error))?;
    let lapsed_after = days.lapsed_after.unwrap_or(LAPSED);
    let one = days.user_id.is_some();
    let report = report(&period, lapsed_after, &facts.programs, &board, one);
    shown(
        report,
        chosen,
        &[("by_executive", "executive"), ("by_program", "program")],
    )
}
