//! Makes assignments of a plan's calls, as far as their ground still holds.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::options::Strictness;
use super::plan::{Plan, PlanCall, PlanCallStatus};
use super::store;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::features::absences::working_day::{DayOff, WorkingDays};
use crate::features::assignments::assigning::AssignmentItem;
use crate::features::assignments::assignment::{Assignment, AssignmentInput};
use crate::features::assignments::batch::{AssignmentBatch, BatchId};
use crate::features::{absences, assignments};
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
    by: Option<UserId>,
    mut calls: Vec<PlanCall>,
) -> Result<Committed, Problem> {
    let decided = decide(unit, scope, plan, &calls).await?;
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

/// What each call means as an assignment, or what is against it by now.
async fn decide(
    unit: &mut Unit,
    scope: &Scope,
    plan: &Plan,
    calls: &[PlanCall],
) -> Result<Vec<Result<AssignmentInput, Skip>>, Problem> {
    let items: Vec<AssignmentItem> = calls.iter().map(|call| item(plan, call)).collect();
    let mut known = assignments::store::known(unit, scope, items.iter()).await?;
    let mut users: Vec<UserId> = calls.iter().map(|call| call.executive_id).collect();
    users.sort_unstable();
    users.dedup();
    let until = plan.ends_on.succ_opt().unwrap_or(plan.ends_on);
    let working = absences::store::working_days(unit, scope, &users, plan.starts_on, until).await?;
    let mut busy: BTreeMap<UserId, Vec<Timestamp>> = BTreeMap::new();
    for load in store::loads(unit, scope, &users).await? {
        busy.entry(load.assignee).or_default().extend(load.scheduled_for);
    }
    let now = unit.now();
    Ok(calls
        .iter()
        .zip(items)
        .enumerate()
        .map(|(at, (call, item))| {
            if let Some(skip) = off(plan, call, &working).or_else(|| overlaps(plan, call, &busy)) {
                return Err(skip);
            }
            known.decide(at, item, now).map_err(|objections| {
                let first = objections.into_iter().next();
                first.map_or_else(Skip::default, |first| (first.kind.code().to_owned(), first.detail))
            })
        })
        .collect())
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
