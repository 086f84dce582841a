//! A year of calls: twice a week everybody calls whom they have, and new customers are assigned.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Datelike, NaiveTime, TimeDelta, Timelike, Weekday};
use chrono_tz::Tz;

use super::chance::Chance;
use super::customers::{Known, signals};
use super::learned::Spoken;
use super::staff::Staff;
use super::{broken, set, words};
use crate::access::Scope;
use crate::app::{App, Broken};
use crate::clock::Timestamp;
use crate::db::Json;
use crate::features::action_items::action_item::ActionItem;
use crate::features::assignments::assignment::{Assignment, AssignmentInput, AssignmentPriority as Priority, Outcome};
use crate::features::attempts::attempt::{Attempt, Disposition};
use crate::features::customers::customer::{Customer, CustomerId};
use crate::features::people::setup;
use crate::features::people::user::User;
use crate::features::programs;
use crate::features::programs::program::{Participant, Period, Program};
use crate::features::programs::retry_policy::{NextStep, Tried};
use crate::id::OrganizationId;
use crate::journal::{Change, Unit};
use crate::local_time;

/// How long ago it began.
pub const DAYS: i64 = 364;
/// Customers for today, for each executive.
const TODAY: i64 = 5;

/// Everything that the year carries along.
pub struct World<'a> {
    pub staff: &'a Staff,
    pub customers: Vec<Known>,
    pub chance: &'a mut Chance,
    pub program: Program,
    places: HashMap<CustomerId, usize>,
    open: Vec<Assignment>,
    /// Action items that are not done, or whose customer has not been told.
    pub items: Vec<ActionItem>,
    pub words: Spoken,
    reasons: Vec<&'static str>,
    summaries: Vec<&'static str>,
    voicemails: Vec<&'static str>,
    turn: Turn,
}

/// Customers take turns.
struct Turn(usize);

impl Turn {
    /// The next one who may be called and is on nobody's list.
    fn next(&mut self, customers: &[Known], open: &[Assignment], fresh: &[Change<Assignment>]) -> Option<CustomerId> {
        for _ in 0..customers.len() {
            // 211 and 500 have no divisor in common: everybody has a turn before anybody has a second.
            self.0 = (self.0 + 211) % customers.len().max(1);
            let Some(known) = customers.get(self.0) else { continue };
            let id = known.customer.id;
            let taken = open.iter().any(|there| there.customer_id == id)
                || fresh.iter().any(|change| change.after.customer_id == id);
            if !taken && !known.customer.fields.do_not_contact {
                return Some(id);
            }
        }
        None
    }
}

pub async fn make(
    app: &Arc<App>,
    organization: OrganizationId,
    staff: &Staff,
    customers: Vec<Known>,
    chance: &mut Chance,
    now: Timestamp,
) -> Result<(), Broken> {
    let program = program(app, organization, staff).await?;
    let places = customers
        .iter()
        .enumerate()
        .map(|(place, known)| (known.customer.id, place))
        .collect();
    let mut world = World {
        staff,
        customers,
        chance,
        program,
        places,
        open: Vec::new(),
        items: Vec::new(),
        words: Spoken::default(),
        reasons: words::lines("reasons"),
        summaries: words::lines("summaries"),
        voicemails: words::lines("voicemails"),
        turn: Turn(0),
    };
    for ago in (1..DAYS).rev() {
        let day = now.plus(-TimeDelta::days(ago));
        if matches!(day.weekday(), Weekday::Tue | Weekday::Thu) {
            // Late, so that what happened is past in every zone.
            let evening = day.date_naive().and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(23);
            set(&app.clock, Timestamp::new(evening).min(now));
            world.session(app, organization, day.weekday() == Weekday::Tue).await?;
        }
    }
    set(&app.clock, now.plus(-TimeDelta::minutes(5)));
    world.today(app, organization).await
}

/// The ready-made program, with everybody in it.
async fn program(app: &Arc<App>, organization: OrganizationId, staff: &Staff) -> Result<Program, Broken> {
    let mut unit = setup::unit(app, organization).await?;
    let there = programs::store::all(&mut unit, &Scope::all(organization))
        .await
        .map_err(broken)?
        .pop();
    let participants = staff
        .executives
        .iter()
        .map(|user| Participant {
            user_id: user.id,
            calls_to_prepare: 5,
            conversations_to_reach: 2,
            period: Period::Week,
            daily_block: None,
        })
        .collect();
    let program = there.ok_or_else(|| broken("there is no ready-made program"))?;
    let mut fields = program.fields.clone();
    fields.participants = Json(participants);
    let change = program.revise(fields);
    let program = unit.save(change).await.map_err(broken)?;
    unit.commit().await.map_err(broken)?;
    Ok(program)
}

impl World<'_> {
    pub fn known(&self, id: CustomerId) -> Option<&Known> {
        self.customers.get(*self.places.get(&id)?)
    }

    pub fn known_mut(&mut self, id: CustomerId) -> Option<&mut Known> {
        self.customers.get_mut(*self.places.get(&id)?)
    }

    /// One evening: who is new on the lists, and what came of the calls of these days.
    async fn session(&mut self, app: &Arc<App>, organization: OrganizationId, more: bool) -> Result<(), Broken> {
        let mut unit = setup::unit(app, organization).await?;
        if more {
            let mut fresh = Vec::new();
            for user in &self.staff.executives {
                for _ in 0..self.chance.between(2, 4) {
                    let due = unit.now().plus(TimeDelta::days(3)).date_naive();
                    fresh.extend(self.turn.next(&self.customers, &self.open, &fresh).map(|customer| {
                        let input = AssignmentInput {
                            program_id: self.program.id,
                            customer_id: customer,
                            assignee_id: user.id,
                            due_on: Some(due),
                            scheduled_for: None,
                            priority: Priority::Normal,
                            reason: None,
                        };
                        Change::created(Assignment::new(unit.new_id(), input, unit.now()))
                    }));
                }
            }
            for change in &mut fresh {
                change.after.reason = self.chance.one(&self.reasons).map(|&text| text.to_owned());
            }
            self.open.extend(unit.save_all(fresh).await.map_err(broken)?);
        }
        self.call(&mut unit).await?;
        unit.commit().await.map_err(broken)
    }

    /// Everybody calls whom it is time to call.
    async fn call(&mut self, unit: &mut Unit) -> Result<(), Broken> {
        let now = unit.now();
        let (mut attempts, mut worked, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for assignment in std::mem::take(&mut self.open) {
            let due = assignment.scheduled_for.is_none_or(|at| at < now);
            if !due || self.chance.percent(15) {
                rest.push(assignment);
                continue;
            }
            let Some(known) = self.known(assignment.customer_id) else {
                continue;
            };
            let zone = zone_of(&known.customer);
            let window = known.customer.fields.calling_window.as_ref().map(|window| window.0);
            let window = window.unwrap_or_default();
            let earliest = now.utc() - TimeDelta::days(1) - TimeDelta::hours(self.chance.between(0, 20));
            let opening = window.next_opening(earliest, zone);
            let later = opening + TimeDelta::minutes(self.chance.between(0, 420));
            let within = if window.contains(later, zone) { later } else { opening };
            let occurred_at = Timestamp::new(within.min(now.utc() - TimeDelta::minutes(9)));
            let disposition = self.disposition(local_time::wall_clock(occurred_at.utc(), zone).hour());
            let promised = matches!(disposition, Disposition::LeftVoicemail | Disposition::CallbackRequested)
                .then(|| window.next_opening(occurred_at.utc() + TimeDelta::days(self.chance.between(1, 4)), zone))
                .map(Timestamp::new);
            let made = u32::try_from(assignment.attempts_made + 1).unwrap_or(u32::MAX);
            let policy = &self.program.fields.retry_policy.0;
            let call = Tried {
                disposition,
                attempts: made,
                alike: made,
                occurred_at: occurred_at.utc(),
                promised: promised.map(Timestamp::utc),
                now: occurred_at.utc(),
            };
            let next = policy.next_try(call, &window, zone);
            let outcome = outcome(disposition, next, promised.is_some());
            let attempt = self.attempt(unit, &assignment, disposition, occurred_at, promised, next, zone);
            worked.push(assignment.attempted(outcome, occurred_at, now).map_err(broken)?);
            attempts.push(attempt);
        }
        let attempts = unit
            .save_all(attempts.into_iter().map(Change::created).collect())
            .await
            .map_err(broken)?;
        let worked = unit.save_all(worked).await.map_err(broken)?;
        rest.extend(worked.into_iter().filter(|assignment| assignment.status.open()));
        self.open = rest;
        self.touch(unit, &attempts).await?;
        self.learn(unit, &attempts).await?;
        self.work(unit).await
    }

    /// Mornings reach more people than afternoons.
    fn disposition(&mut self, hour: u32) -> Disposition {
        let reached = match hour {
            ..=9 => 46,
            10..=11 => 40,
            12..=13 => 22,
            14..=15 => 31,
            16.. => 36,
        };
        self.chance
            .weighed(&[
                (Disposition::Connected, reached),
                (Disposition::LeftVoicemail, 30),
                (Disposition::NoAnswer, 12),
                (Disposition::LeftLiveMessage, 5),
                (Disposition::Gatekeeper, 4),
                (Disposition::Busy, 4),
                (Disposition::CallbackRequested, 4),
                (Disposition::Declined, 1),
            ])
            .unwrap_or(Disposition::NoAnswer)
    }

    #[expect(clippy::too_many_arguments, reason = "they are the fields of the record")]
    fn attempt(
        &mut self,
        unit: &Unit,
        assignment: &Assignment,
        disposition: Disposition,
        occurred_at: Timestamp,
        promised: Option<Timestamp>,
        next: NextStep,
        zone: Tz,
    ) -> Attempt {
        let local = local_time::wall_clock(occurred_at.utc(), zone);
        let talked = disposition == Disposition::Connected;
        let summary = match disposition {
            Disposition::Connected => self.chance.one(&self.summaries).copied(),
            Disposition::LeftVoicemail => self.chance.one(&self.voicemails).copied(),
            _ => None,
        };
        Attempt {
            id: unit.new_id(),
            assignment_id: assignment.id,
            program_id: assignment.program_id,
            customer_id: assignment.customer_id,
            user_id: assignment.assignee_id,
            contact_id: self.known(assignment.customer_id).and_then(|known| known.contact),
            spoke_with: None,
            disposition,
            occurred_at,
            duration_seconds: Some(if talked {
                self.chance.between(240, 1_900)
            } else {
                self.chance.between(15, 70)
            }),
            summary: summary.map(str::to_owned),
            callback_promised_at: promised,
            next_call_at: match next {
                NextStep::CallAgain(at) => Some(Timestamp::new(at)),
                NextStep::GiveUp | NextStep::Nothing => None,
            },
            local_hour: i64::from(local.hour()),
            local_weekday: i64::from(local.weekday().number_from_monday()),
            request_hash: String::new(),
            revision: 0,
            created_at: unit.now(),
            updated_at: unit.now(),
        }
    }

    /// The customers know when we spoke last.
    async fn touch(&mut self, unit: &mut Unit, attempts: &[Attempt]) -> Result<(), Broken> {
        let mut touched: HashMap<CustomerId, Timestamp> = HashMap::new();
        for attempt in attempts {
            if attempt.disposition == Disposition::Connected {
                let last = touched.entry(attempt.customer_id).or_insert(attempt.occurred_at);
                *last = (*last).max(attempt.occurred_at);
            }
        }
        let mut ids: Vec<_> = touched.into_iter().collect();
        ids.sort_unstable();
        let changes = ids.into_iter().filter_map(|(id, at)| {
            let customer = self.known(id)?.customer.clone();
            Some(customer.contacted(at))
        });
        let changes = changes.collect();
        for customer in unit.save_all::<Customer>(changes).await.map_err(broken)? {
            if let Some(known) = self.known_mut(customer.id) {
                known.customer = customer;
            }
        }
        Ok(())
    }

    /// The list of this morning.
    async fn today(&mut self, app: &Arc<App>, organization: OrganizationId) -> Result<(), Broken> {
        let mut unit = setup::unit(app, organization).await?;
        let mut fresh = Vec::new();
        for user in &self.staff.executives {
            for number in 0..TODAY {
                let Some(customer) = self.turn.next(&self.customers, &self.open, &fresh) else {
                    continue;
                };
                let now = unit.now().utc();
                let today = local_time::wall_clock(now, zone_of_user(user)).date();
                let zone = self.known(customer).map_or(Tz::UTC, |known| zone_of(&known.customer));
                let input = AssignmentInput {
                    program_id: self.program.id,
                    customer_id: customer,
                    assignee_id: user.id,
                    due_on: Some(today),
                    // One has an appointment, the others are called when it suits.
                    scheduled_for: (number == 4).then(|| {
                        let window = crate::features::customers::calling_window::CallingWindow::default();
                        Timestamp::new(window.next_opening(now + TimeDelta::hours(1), zone))
                    }),
                    priority: if number == 0 { Priority::High } else { Priority::Normal },
                    reason: self.chance.one(&self.reasons).map(|&text| text.to_owned()),
                };
                fresh.push(Change::created(Assignment::new(unit.new_id(), input, unit.now())));
            }
        }
        unit.save_all(fresh).await.map_err(broken)?;
        signals(&mut unit, &self.customers, self.chance).await?;
        unit.commit().await.map_err(broken)
    }
}

/// What an attempt means for its assignment.
fn outcome(disposition: Disposition, next: NextStep, promised: bool) -> Outcome {
    match (disposition, next) {
        (Disposition::Connected, _) => Outcome::Conversation,
        (Disposition::Declined, _) => Outcome::Declined,
        (Disposition::DoNotCall, _) => Outcome::DoNotCall,
        (_, NextStep::CallAgain(at)) => Outcome::CallAgain {
            at: Timestamp::new(at),
            promised,
        },
        (_, NextStep::GiveUp) => Outcome::GiveUp,
        (_, NextStep::Nothing) => Outcome::WaitForData,
    }
}

fn zone(name: Option<&str>) -> Tz {
    name.unwrap_or(super::staff::ZONE).parse().unwrap_or(Tz::UTC)
}

fn zone_of(customer: &Customer) -> Tz {
    zone(customer.fields.time_zone.as_deref())
}

fn zone_of_user(user: &User) -> Tz {
    zone(user.fields.time_zone.as_deref())
}
