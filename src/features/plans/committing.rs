//! Makes assignments of a plan's calls, as far as their ground still holds.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::options::Strictness;
use super::plan::{Plan, PlanCall, PlanCallStatus};
use super::situation::Candidate;
use super::store;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::features::absences::working_day::{DayOff, WorkingDays};
use crate::features::assignments::assigning::AssignmentItem;
use crate::features::assignments::assignment::{Assignment, AssignmentInput};
use crate::features::assignments::batch::{AssignmentBatch, BatchId};
use crate::features::customers::customer::CustomerId;
use crate::features::programs::program::{Period, Program};
use crate::features::{absences, assignments, customers};
use crate::http::Problem;
use crate::id::UserId;
use crate::journal::{Change, Unit};

/// Why a call of a plan cannot be an assignment any more: a word, and a sentence.
type Skip = (String, String);

/// What became of each call.
pub struct Committed {
    pub batch_id: BatchId,
    pub calls: Vec<PlanCall>,
    pub made: i64,
    pub skipped: i64,
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

/// Makes the assignments, in this unit.
///
/// # Errors
/// What the database said.
pub async fn commit(
    unit: &mut Unit,
    scope: &Scope,
    plan: &Plan,
    program: &Program,
    by: Option<UserId>,
    mut calls: Vec<PlanCall>,
) -> Result<Committed, Problem> {
    let decided = decide(unit, scope, plan, program, &calls).await?;
    let (now, batch_id): (_, BatchId) = (unit.now(), unit.new_id());
    let mut changes = Vec::new();
    for (call, decided) in calls.iter_mut().zip(decided) {
        match decided {
            Ok(input) => {
                let mut assignment = Assignment::new(unit.new_id(), input, now);
                assignment.batch_id = Some(batch_id);
                call.status = PlanCallStatus::Committed;
                call.assignment_id = Some(assignment.id);
                changes.push(Change::created(assignment));
            }
            Err((code, detail)) => {
                call.status = PlanCallStatus::Skipped;
                call.skip_code = Some(code);
                call.skip_detail = Some(detail);
            }
        }
    }
    let (made, skipped) = (count(changes.len()), count(calls.len() - changes.len()));
    if made > 0 {
        let batch = AssignmentBatch::new(batch_id, by, made, skipped, now);
        unit.save(Change::created(batch)).await?;
        unit.save_all(changes).await?;
    }
    Ok(Committed {
        batch_id,
        calls,
        made,
        skipped,
    })
}

/// What the calls of a plan hang on, as it is now.
struct Ground<'p> {
    plan: &'p Plan,
    program: &'p Program,
    zone: Tz,
    working: WorkingDays,
    /// When each executive has other calls.
    busy: BTreeMap<UserId, Vec<Timestamp>>,
    /// Calls of the program by executive and day, with those that are committed here.
    taken: BTreeMap<(UserId, NaiveDate), i64>,
    customers: BTreeMap<CustomerId, Candidate>,
}

/// What each call means as an assignment, or what is against it by now.
async fn decide(
    unit: &mut Unit,
    scope: &Scope,
    plan: &Plan,
    program: &Program,
    calls: &[PlanCall],
) -> Result<Vec<Result<AssignmentInput, Skip>>, Problem> {
    let items: Vec<AssignmentItem> = calls.iter().map(|call| item(plan, call)).collect();
    let mut known = assignments::store::known(unit, scope, items.iter()).await?;
    let mut ground = ground(unit, scope, plan, program, calls).await?;
    let now = unit.now();
    Ok(calls
        .iter()
        .zip(items)
        .enumerate()
        .map(|(at, (call, item))| {
            if let Some(skip) = ground.against(call) {
                return Err(skip);
            }
            let decided = known.decide(at, item, now).map_err(|objections| {
                let first = objections.into_iter().next();
                first.map_or_else(Skip::default, |first| (first.kind.code().to_owned(), first.detail))
            });
            if decided.is_ok() {
                *ground.taken.entry((call.executive_id, call.day)).or_insert(0) += 1;
            }
            decided
        })
        .collect())
}

async fn ground<'p>(
    unit: &mut Unit,
    scope: &Scope,
    plan: &'p Plan,
    program: &'p Program,
    calls: &[PlanCall],
) -> Result<Ground<'p>, Problem> {
    let zones: BTreeMap<UserId, Tz> = calls
        .iter()
        .map(|call| (call.executive_id, call.executive_zone.parse().unwrap_or(Tz::UTC)))
        .collect();
    let users: Vec<UserId> = zones.keys().copied().collect();
    let customers: Vec<CustomerId> = calls.iter().map(|call| call.customer_id).collect();
    let until = plan.ends_on.succ_opt().unwrap_or(plan.ends_on);
    let zone = customers::store::zone(unit, scope.organization).await?;
    let percent = plan.options.shortest_gap_percent;
    let customers = store::candidates(unit, scope, &customers, zone, percent).await?;
    let (mut busy, mut taken): (BTreeMap<UserId, Vec<Timestamp>>, BTreeMap<_, i64>) = Default::default();
    for load in store::loads(unit, scope, &users).await? {
        busy.entry(load.assignee).or_default().extend(load.scheduled_for);
        let zone = zones.get(&load.assignee).copied().unwrap_or(zone);
        if load.program == plan.program_id
            && let Some(day) = load.day(zone)
        {
            *taken.entry((load.assignee, day)).or_insert(0) += 1;
        }
    }
    Ok(Ground {
        plan,
        program,
        zone,
        working: absences::store::working_days(unit, scope, &users, plan.starts_on, until).await?,
        busy,
        taken,
        customers: customers.into_iter().map(|customer| (customer.id, customer)).collect(),
    })
}

impl Ground<'_> {
    /// What a hard rule has against a call by now.
    fn against(&self, call: &PlanCall) -> Option<Skip> {
        off(self.plan, call, &self.working)
            .or_else(|| overlaps(self.plan, call, &self.busy))
            .or_else(|| self.quota(call))
            .or_else(|| self.customer(call))
    }

    /// The executive has as many calls by now as the program asks of them.
    fn quota(&self, call: &PlanCall) -> Option<Skip> {
        if self.plan.options.rules.quota != Strictness::Hard {
            return None;
        }
        let Some(part) = self.program.participant(call.executive_id) else {
            let detail = "The executive does not take part in the program any more.".to_owned();
            return Some(("quota".to_owned(), detail));
        };
        let week = call.day.week(chrono::Weekday::Mon);
        let (days, first) = match part.period {
            Period::Day => (call.day..=call.day, call.day),
            Period::Week => {
                let days = week.checked_days().unwrap_or(call.day..=call.day);
                let first = (*days.start()).max(self.plan.starts_on);
                (days, first)
            }
        };
        let own = (call.executive_id, *days.start())..=(call.executive_id, *days.end());
        let taken: i64 = self.taken.range(own).map(|(_, calls)| calls).sum();
        let quota = self.program.goal(part, first, self.zone).calls;
        (taken >= quota).then(|| {
            let detail = format!(
                "The executive has {taken} calls in this {} by now, and {quota} are asked of them.",
                part.period
            );
            ("quota".to_owned(), detail)
        })
    }

    /// Somebody else looks after the customer, or has spoken with it since.
    fn customer(&self, call: &PlanCall) -> Option<Skip> {
        let (customer, rules) = (self.customers.get(&call.customer_id)?, &self.plan.options.rules);
        if rules.account_manager == Strictness::Hard && customer.account_manager == Some(call.executive_id) {
            let detail = "The executive looks after this customer by now.".to_owned();
            return Some(("account_manager".to_owned(), detail));
        }
        let early = customer.not_before.filter(|day| call.day < *day)?;
        (rules.shortest_gap == Strictness::Hard).then(|| {
            let detail = format!("Somebody has spoken with the customer since; it is not to be called before {early}.");
            ("too_soon".to_owned(), detail)
        })
    }
}

fn item(plan: &Plan, call: &PlanCall) -> AssignmentItem {
    // What an assignment has room for.
    let reason: String = call.reason.chars().take(1000).collect();
    AssignmentItem {
        customer_id: Some(call.customer_id),
        assignee_id: Some(call.executive_id),
        program_id: Some(plan.program_id),
        due_on: Some(call.day),
        scheduled_for: Some(call.starts_at),
        outside_window: call.outside_window,
        reason: Some(reason),
        ..AssignmentItem::default()
    }
}

/// The executive does not work on that day any more.
fn off(plan: &Plan, call: &PlanCall, working: &WorkingDays) -> Option<Skip> {
    if plan.options.rules.working_days != Strictness::Hard {
        return None;
    }
    let off = working.off(call.executive_id, call.day)?;
    let code = match off {
        DayOff::Weekend => "weekend",
        DayOff::Holiday { .. } => "holiday",
        DayOff::Absence { .. } => "absence",
    };
    let detail = format!("The executive does not work on {}: {}.", call.day, off.words());
    Some((code.to_owned(), detail))
}

/// The executive has another call at that time by now.
fn overlaps(plan: &Plan, call: &PlanCall, busy: &BTreeMap<UserId, Vec<Timestamp>>) -> Option<Skip> {
    let length = TimeDelta::minutes(plan.options.call_minutes);
    let near = |at: &&Timestamp| (at.utc() - call.starts_at.utc()).abs() < length;
    let other = busy.get(&call.executive_id)?.iter().find(near)?;
    Some(("busy".to_owned(), format!("The executive has another call at {other}.")))
}
