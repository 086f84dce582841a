//! Writes a proposal down as a plan and its rows.

use std::collections::BTreeMap;

use super::model::POINT;
use super::plan::{
    Plan, PlanCall, PlanCallId, PlanCallStatus, PlanId, PlanLeftOut, PlanLeftOutId, PlanStatus, PlannedExecutive,
};
use super::planner::Proposal;
use super::reason;
use super::situation::Situation;
use crate::clock::Timestamp;
use crate::db::Json;
use crate::features::customers::customer::CustomerId;
use crate::features::programs::program::ProgramId;
use crate::features::segments::segment::SegmentKey;
use crate::id::UserId;

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

/// Thousandths of a point, as points.
fn points(thousandths: i64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "sums stay far below what a double holds exactly"
    )]
    let thousandths = thousandths as f64;
    thousandths / POINT as f64
}

/// The plan itself.
pub fn plan(
    id: PlanId,
    program_id: ProgramId,
    created_by: Option<UserId>,
    segments: Vec<SegmentKey>,
    situation: &Situation,
    proposal: &Proposal,
    now: Timestamp,
) -> Plan {
    let executives = situation.executives.iter().enumerate().map(|(at, executive)| {
        let own = || proposal.calls.iter().filter(move |call| call.executive == at);
        let billing = own().filter_map(|call| situation.customers.get(call.customer));
        PlannedExecutive {
            user_id: executive.id,
            calls: count(own().count()),
            capacity: proposal.capacity.get(at).copied().unwrap_or(0),
            billing_minor: billing.fold(0, |sum: i64, customer| sum.saturating_add(customer.billing.max(0))),
        }
    });
    Plan {
        id,
        program_id,
        created_by,
        segments: Json(segments),
        starts_on: situation.from,
        ends_on: situation.to,
        options: Json(situation.options),
        status: PlanStatus::Proposed,
        considered: count(situation.customers.len()),
        planned: count(proposal.calls.len()),
        left_out: count(proposal.left_out.len()),
        objective: points(proposal.objective),
        upper_bound: points(proposal.upper_bound),
        greedy: points(proposal.greedy),
        executives: Json(executives.collect()),
        batch_id: None,
        committed_at: None,
        committed: 0,
        skipped: 0,
        reverted_at: None,
        reverted: 0,
        kept: 0,
        revision: 0,
        created_at: now,
        updated_at: now,
    }
}

/// Its calls, each with its reason.
pub fn calls(
    situation: &Situation,
    proposal: &Proposal,
    reasons: &BTreeMap<CustomerId, String>,
    new_id: impl Fn() -> PlanCallId,
) -> Vec<PlanCall> {
    let rows = proposal.calls.iter().enumerate().filter_map(|(position, call)| {
        let (customer, executive) = (
            situation.customers.get(call.customer)?,
            situation.executives.get(call.executive)?,
        );
        let ends = super::planner::ends(call, situation);
        let hours = &customer.hours;
        let last = ends.plus(-chrono::TimeDelta::microseconds(1));
        let within =
            hours.window.contains(call.starts_at.utc(), hours.zone) && hours.window.contains(last.utc(), hours.zone);
        let segment = reasons.get(&customer.id).map(String::as_str);
        Some(PlanCall {
            id: new_id(),
            position: count(position),
            executive_id: executive.id,
            customer_id: customer.id,
            day: situation.date(call.day),
            starts_at: call.starts_at,
            executive_zone: executive.zone.name().to_owned(),
            executive_time: reason::local(call.starts_at, executive.zone),
            customer_zone: hours.zone.name().to_owned(),
            customer_time: reason::local(call.starts_at, hours.zone),
            outside_window: !within,
            reason: reason::because(situation, customer, executive, segment),
            points: points(call.gain),
            status: PlanCallStatus::Proposed,
            assignment_id: None,
            skip_code: None,
            skip_detail: None,
        })
    });
    rows.collect()
}

/// Whom it leaves out, each with the reason.
pub fn left_out(situation: &Situation, proposal: &Proposal, new_id: impl Fn() -> PlanLeftOutId) -> Vec<PlanLeftOut> {
    let rows = proposal
        .left_out
        .iter()
        .enumerate()
        .filter_map(|(position, (customer, why))| {
            Some(PlanLeftOut {
                id: new_id(),
                position: count(position),
                customer_id: situation.customers.get(*customer)?.id,
                code: why.code,
                detail: why.detail.clone(),
            })
        });
    rows.collect()
}
