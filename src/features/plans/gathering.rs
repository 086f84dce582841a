//! Looks up what a plan hangs on.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::options::PlanOptions;
use super::situation::{Candidate, Executive, Situation, Standing};
use super::store;
use crate::access::{Caller, Permission};
use crate::app::App;
use crate::db::Sqls;
use crate::features::customers::customer::{Customer, CustomerId};
use crate::features::programs::program::{Participant, Program};
use crate::features::segments::segment::{Choice, Found, Moment, Place, SegmentKey};
use crate::features::{absences, customers, segments};
use crate::http::{Fault, Problem};
use crate::id::UserId;
use crate::refusal::Refusal;
use crate::text::no_such;

/// Customers that are looked at for one plan, at most.
pub const MOST_CUSTOMERS: i64 = 100_000;
/// Calls of one plan, at most.
pub const MOST_CALLS: i64 = 10_000;
/// Days of one plan, at most.
pub const MOST_DAYS: i64 = 92;
/// Customers times executives times days.
const MOST_PLACES: i64 = 250_000_000;

/// What is asked for.
#[derive(Debug)]
pub struct Asked {
    pub program: Program,
    pub segments: Vec<SegmentKey>,
    pub customers: Vec<CustomerId>,
    pub executives: Option<Vec<UserId>>,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub options: PlanOptions,
}

/// What was found.
#[derive(Debug)]
pub struct Gathered {
    pub situation: Situation,
    pub moment: Moment,
    choices: Vec<Choice>,
    places: BTreeMap<CustomerId, (usize, Place)>,
}

/// Everything that the plan hangs on.
///
/// # Errors
/// 400 for what does not fit, 403 for segments that the caller may not see.
pub async fn gather(app: &App, caller: &Caller, asked: Asked) -> Result<Gathered, Problem> {
    let (mut read, scope, now) = (app.read(), caller.scope(), app.clock.now());
    let zone = customers::store::zone(&mut read, scope.organization).await?;
    let moment = Moment { now, zone };
    let (from, to) = period(&asked)?;
    let participants = participants(&asked)?;
    let executives = executives(&mut read, caller, &asked, &participants, (from, to), &moment).await?;
    let mut choices = Vec::new();
    for (at, key) in asked.segments.iter().enumerate() {
        choices.push(choice(&mut read, caller, *key, at).await?);
    }
    let mut places: BTreeMap<CustomerId, (usize, Place)> = BTreeMap::new();
    for (at, choice) in choices.iter().enumerate() {
        let found = segments::store::places(&mut read, &scope, choice, &moment, None, MOST_CUSTOMERS + 1).await?;
        for place in found {
            places.entry(place.customer_id).or_insert((at, place));
        }
    }
    let mut ids: Vec<CustomerId> = places.keys().copied().chain(asked.customers.iter().copied()).collect();
    ids.sort_unstable();
    ids.dedup();
    let count = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    let executives_count = i64::try_from(executives.len()).unwrap_or(i64::MAX);
    let days = (to - from).num_days() + 1;
    let all = count.saturating_mul(executives_count).saturating_mul(days);
    if count > MOST_CUSTOMERS || all > MOST_PLACES {
        let detail = format!(
            "{count} customers, {executives_count} executives and {days} days are more than are planned at once: {MOST_CUSTOMERS} customers, and 250 million when the three are multiplied. Take fewer days, executives or customers."
        );
        return Err(Problem::fault("", "too_large", detail));
    }
    let percent = asked.options.shortest_gap_percent;
    let mut customers = store::candidates(&mut read, &scope, &ids, zone, percent).await?;
    missing(&asked.customers, &customers)?;
    for customer in &mut customers {
        customer.standing = places.get(&customer.id).map(|(segment, place)| Standing {
            segment: *segment,
            rank: place.rank,
            of: place.of,
        });
    }
    let situation = Situation {
        now,
        from,
        to,
        segments: choices.len(),
        executives,
        customers,
        options: asked.options,
    };
    Ok(Gathered {
        situation,
        moment,
        choices,
        places,
    })
}

impl Gathered {
    /// What the segments say of these customers, each in a sentence.
    ///
    /// # Errors
    /// What the database said.
    pub async fn reasons(
        &self,
        db: &mut impl Sqls,
        caller: &Caller,
        ids: &[CustomerId],
    ) -> Result<BTreeMap<CustomerId, String>, Problem> {
        let in_segments = ids.iter().filter(|id| self.places.contains_key(id));
        let wanted: Vec<Uuid> = in_segments.map(|id| (*id).into()).collect();
        let customers: Vec<Customer> = crate::journal::find_all(db, caller.organization, &wanted).await?;
        let reason = |customer: &Customer| {
            let (segment, place) = self.places.get(&customer.id)?;
            Some(self.choices.get(*segment)?.reason(place, customer, &self.moment))
        };
        Ok(customers.iter().filter_map(|c| Some((c.id, reason(c)?))).collect())
    }
}

/// The days that are asked for, as far as the program runs.
fn period(asked: &Asked) -> Result<(NaiveDate, NaiveDate), Problem> {
    if asked.to < asked.from {
        let detail = format!("The plan begins on {}; it cannot end before.", asked.from);
        return Err(Problem::fault("/to", "out_of_range", detail));
    }
    if (asked.to - asked.from).num_days() >= MOST_DAYS {
        let detail = format!("A plan is made for {MOST_DAYS} days at most.");
        return Err(Problem::fault("/to", "out_of_range", detail));
    }
    let program = &asked.program.fields;
    let from = program.starts_on.map_or(asked.from, |day| day.max(asked.from));
    let to = program.ends_on.map_or(asked.to, |day| day.min(asked.to));
    if to < from {
        let detail = "The program does not run on any of these days.";
        return Err(Problem::fault("/from", "out_of_range", detail));
    }
    Ok((from, to))
}

/// Who is planned for, with the place of each in the request.
fn participants(asked: &Asked) -> Result<Vec<(Option<usize>, Participant)>, Problem> {
    let all = &asked.program.fields.participants;
    let Some(wanted) = &asked.executives else {
        return if all.is_empty() {
            Err(
                Refusal::state("Nobody takes part in the program. Give it participants with their quotas first.")
                    .into(),
            )
        } else {
            Ok(all.iter().map(|part| (None, part.clone())).collect())
        };
    };
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    for (at, user) in wanted.iter().enumerate() {
        let pointer = format!("/executives/{at}");
        if wanted.iter().take(at).any(|other| other == user) {
            faults.push(Fault::new(
                pointer,
                "duplicate",
                "This user stands in the list already.",
            ));
        } else if let Some(part) = asked.program.participant(*user) {
            found.push((Some(at), part.clone()));
        } else {
            let detail = "This user does not take part in the program, so there is no quota for them.";
            faults.push(Fault::new(pointer, "not_found", detail));
        }
    }
    if faults.is_empty() {
        Ok(found)
    } else {
        Err(Problem::invalid(faults))
    }
}

/// Who may call, with their days and what they have in hand. Participants who have left are passed over, unless they were named.
async fn executives(
    db: &mut impl Sqls,
    caller: &Caller,
    asked: &Asked,
    participants: &[(Option<usize>, Participant)],
    (from, to): (NaiveDate, NaiveDate),
    moment: &Moment,
) -> Result<Vec<Executive>, Problem> {
    let scope = caller.scope();
    let ids: Vec<UserId> = participants.iter().map(|(_, part)| part.user_id).collect();
    let known = store::executives(db, &scope, &ids, moment.zone).await?;
    let until = to.succ_opt().unwrap_or(to);
    let working = absences::store::working_days(db, &scope, &ids, from, until).await?;
    let loads = store::loads(db, &scope, &ids).await?;
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    for known in known {
        let part = participants.iter().find(|(_, part)| part.user_id == known.user.id);
        let Some((named, part)) = part else { continue };
        if let Err((code, detail)) = known.user.may_call() {
            if let Some(at) = named {
                faults.push(Fault::new(format!("/executives/{at}"), code, detail));
            }
            continue;
        }
        let own = loads.iter().filter(|load| load.assignee == part.user_id);
        let (mut taken, mut busy) = (BTreeMap::new(), Vec::new());
        for load in own {
            if load.program == asked.program.id
                && let Some(day) = load.day(known.zone)
            {
                *taken.entry(day).or_insert(0) += 1;
            }
            busy.extend(load.scheduled_for);
        }
        busy.sort_unstable();
        let days = || from.iter_days().take_while(|day| *day <= to);
        let quota = |day| asked.program.goal(part, day, moment.zone).calls;
        found.push(Executive {
            id: part.user_id,
            name: known.name,
            zone: known.zone,
            block: part.daily_block.unwrap_or_default(),
            quotas: days().map(|day| (day, quota(day))).collect(),
            period: part.period,
            taken,
            busy,
            off: days()
                .filter_map(|day| Some((day, working.off(part.user_id, day)?)))
                .collect(),
        });
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    if found.is_empty() {
        return Err(Refusal::state("None of the program's participants is active and may place calls.").into());
    }
    Ok(found)
}

/// Whom a segment chooses, if the caller may know.
async fn choice(db: &mut impl Sqls, caller: &Caller, key: SegmentKey, at: usize) -> Result<Choice, Problem> {
    let pointer = format!("/segments/{at}");
    let choice = match segments::store::choice(db, &caller.scope(), key).await? {
        Found::Chosen(choice) => choice,
        Found::NeedsParameters => {
            let detail = "This segment needs parameters; save one with them.";
            return Err(Problem::fault(pointer, "invalid_value", detail));
        }
        Found::Missing(id) => return Err(Problem::fault(pointer, "not_found", no_such("segment", id))),
        Found::Unfit => {
            let detail = "This segment cannot be used as it was saved.";
            return Err(Problem::fault(pointer, "invalid_value", detail));
        }
    };
    if let Choice::ReadyMade(which, _) = &choice
        && which.tells_nps()
    {
        caller.needs(Permission::NpsRead)?;
    }
    Ok(choice)
}

/// Customers who were named must be there.
fn missing(wanted: &[CustomerId], found: &[Candidate]) -> Result<(), Problem> {
    let there = |id: &CustomerId| found.binary_search_by_key(id, |candidate| candidate.id).is_ok();
    let faults: Vec<Fault> = wanted
        .iter()
        .enumerate()
        .filter(|(_, id)| !there(id))
        .map(|(at, id)| Fault::new(format!("/customer_ids/{at}"), "not_found", no_such("customer", id)))
        .take(100)
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(faults))
    }
}
