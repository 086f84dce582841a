//! Speaks: the debrief of a call.

use actix_web::http::StatusCode;

use super::attempt::{Attempt, AttemptId};
use super::consequences::{self, Consequences, WrongRecord};
use super::debrief::{Debrief, NewAttempt, TimeFault};
use super::store;
use crate::access::{Caller, Permission, Scope};
use crate::clock::Timestamp;
use crate::features::action_items::action_item::{self, ActionItem, ActionItemInput, ActionItemKind};
use crate::features::assignments::assignment::{Assignment, AssignmentId, NOT_TO_BE_CALLED, Outcome};
use crate::features::assignments::calling_hours::CallingHours;
use crate::features::cases::service_interest::{self, ServiceInterest};
use crate::features::customers::contact::Contact;
use crate::features::customers::customer::Customer;
use crate::features::notes::note::{self, Note};
use crate::features::nps::response::{self, NpsResponse, NpsSource};
use crate::features::programs::program::Program;
use crate::features::programs::retry_policy::Tried;
use crate::features::references::References;
use crate::features::{action_items, assignments, customers, nps, programs};
use crate::http::body::within;
use crate::http::{Access, Answer, App, Endpoint, Fault, Json, Path, Problem, Reply};
use crate::id::UserId;
use crate::journal::{Change, Unit};
use crate::refusal::{Code, Refusal};

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![create_attempt: Access::Needs(Permission::AttemptsCreate)]
}

/// Who looks after data that turned out to be wrong.
const DATA_STEWARDS: &str = "Data";

/// Record a call: the debrief.
///
/// The attempt, what was learned, the answer to the recommendation question and what is to be done, all or nothing. Only the assignment's own executive places its calls.
///
/// What follows by itself: a conversation completes the assignment. Voicemails, messages, busy lines and gatekeepers schedule the next call, for the promised time or by the program's retry policy within the customer's hours, until the attempts are used up. A wrong number or a contact who left becomes work for a data steward. Who asks not to be called is not called again: this and every other open assignment of the customer is canceled.
#[utoipa::path(post, path = "/v1/assignments/{id}/attempts", operation_id = "create_attempt", tag = "attempts", request_body = NewAttempt,
    responses((status = 201, description = "The call, and all that came of it", body = Debrief), (status = 200, description = "It was there already, just so", body = Debrief)))]
async fn create_attempt(app: App, caller: Caller, id: Path<AssignmentId>, new: Json<NewAttempt>) -> Answer<Debrief> {
    let (mut unit, scope, new) = (app.write(&caller).await?, caller.scope(), new.0);
    let assignment = assignments::store::find(&mut unit, &scope, *id).await?;
    let assignment = assignment.ok_or_else(Problem::not_found)?;
    if let Some(there) = known(&mut unit, &scope, new.id).await? {
        return again(&mut unit, &caller, there, &new.hash(assignment.id)).await;
    }
    let by = caller.user.filter(|user| *user == assignment.assignee_id);
    let by = by.ok_or_else(|| not_yours(&assignment))?;
    assignment.must_be_open()?;
    let told = Told::read(&mut unit, &scope, &assignment, &new).await?;
    let debrief = record(&mut unit, &scope, by, assignment, new, told).await?;
    let (location, revision) = (format!("/v1/attempts/{}", debrief.attempt.id), debrief.attempt.revision);
    let reply = Reply::status(StatusCode::CREATED, debrief)
        .revision(revision)
        .location(location);
    unit.answer(reply).await
}

fn not_yours(assignment: &Assignment) -> Refusal {
    Refusal::not_yours(format!(
        "The call is the user {}'s to place, and nobody else's: the program is personal. Have the assignment reassigned.",
        assignment.assignee_id
    ))
}

async fn known(unit: &mut Unit, scope: &Scope, id: Option<AttemptId>) -> Result<Option<Attempt>, Problem> {
    match id {
        Some(id) => Ok(store::find(unit, scope, id).await?),
        None => Ok(None),
    }
}

/// The same debrief once more, as a telephone sends it after a lost answer: a success, and nothing is written.
async fn again(unit: &mut Unit, caller: &Caller, there: Attempt, hash: &str) -> Answer<Debrief> {
    if there.request_hash != hash || !caller.is(there.user_id) {
        return Err(Problem::new(
            Code::IdInUse,
            format!(
                "An attempt with the id {} exists with other content. Choose another id.",
                there.id
            ),
        ));
    }
    let (scope, revision) = (caller.scope(), there.revision);
    let assignment = assignments::store::find(unit, &scope, there.assignment_id).await?;
    let customer = customers::store::find(unit, &scope, there.customer_id).await?;
    let debrief = Debrief {
        next_call_at: there.next_call_at,
        assignment: assignment.ok_or_else(Problem::not_found)?,
        customer: customer.ok_or_else(Problem::not_found)?,
        notes: store::of_attempt(unit, &scope, there.id).await?,
        nps_response: store::of_attempt(unit, &scope, there.id).await?.pop(),
        action_items: store::of_attempt(unit, &scope, there.id).await?,
        service_interests: store::of_attempt(unit, &scope, there.id).await?,
        canceled_assignments: store::canceled_by(unit, &scope, &there).await?,
        attempt: there,
    };
    Ok(Reply::status(StatusCode::OK, debrief).revision(revision))
}

/// What the debrief speaks of, read and found sound.
struct Told {
    customer: Customer,
    contact: Option<Contact>,
    program: Program,
    hours: CallingHours,
    occurred_at: Timestamp,
    promised: Option<Timestamp>,
}

impl Told {
    async fn read(unit: &mut Unit, scope: &Scope, assignment: &Assignment, new: &NewAttempt) -> Result<Self, Problem> {
        let mut faults = Vec::new();
        let time = |(pointer, code, detail): TimeFault| Fault::new(pointer, code, detail);
        let occurred_at = new.when(unit.now()).unwrap_or_else(|fault| {
            faults.push(time(fault));
            unit.now()
        });
        let promised = new.promise(occurred_at).unwrap_or_else(|fault| {
            faults.push(time(fault));
            None
        });
        let mut contact = None;
        if let Some(id) = new.contact_id {
            contact = customers::store::contacts::find(unit, scope, id)
                .await?
                .filter(|contact| contact.fields.customer_id == assignment.customer_id);
            if contact.is_none() {
                let detail = "There is no such contact at this customer.";
                faults.push(Fault::new("/contact_id", "not_found", detail));
            }
        }
        faults.extend(references(unit, scope, new).await?);
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        let customer = customers::store::find(unit, scope, assignment.customer_id).await?;
        let customer = customer.ok_or_else(Problem::not_found)?;
        let program = programs::store::find(unit, scope, assignment.program_id).await?;
        Ok(Self {
            hours: assignments::store::calling_hours(unit, scope, &customer).await?,
            customer,
            contact,
            program: program.ok_or_else(Problem::not_found)?,
            occurred_at,
            promised,
        })
    }
}

/// Everybody whom the parts of the debrief name must be there.
async fn references(unit: &mut Unit, scope: &Scope, new: &NewAttempt) -> Result<Vec<Fault>, Problem> {
    let mut references = References::of(unit, scope);
    for (at, note) in new.notes.iter().enumerate() {
        let pointer = format!("/notes/{at}/employee_id");
        references.user(&pointer, note.employee_id).await?;
    }
    for (at, interest) in new.service_interests.iter().enumerate() {
        let pointer = format!("/service_interests/{at}/owner_id");
        references.active_user(&pointer, interest.owner_id).await?;
    }
    let mut faults = references.faults();
    for (at, item) in new.action_items.iter().enumerate() {
        let found = action_items::store::faults(unit, scope, item).await?;
        faults.extend(within(&format!("/action_items/{at}"), found));
    }
    Ok(faults)
}

/// Writes the call and all that comes of it.
async fn record(
    unit: &mut Unit,
    scope: &Scope,
    by: UserId,
    assignment: Assignment,
    new: NewAttempt,
    told: Told,
) -> Result<Debrief, Problem> {
    let now = unit.now();
    let follows = follows(&assignment, &new, &told, now);
    let id = new.id.unwrap_or_else(|| unit.new_id());
    let mut attempt = new.attempt(id, &assignment, by, told.occurred_at, &told.hours, now);
    let change = assignment.attempted(follows.outcome, told.occurred_at, now)?;
    attempt.next_call_at = change.after.scheduled_for;
    let attempt = unit.save(Change::created(attempt)).await?;
    let assignment = unit.save(change).await?;
    let parts = Parts {
        attempt: &attempt,
        by,
        program: &told.program,
    };
    let notes = parts.notes(unit, new.notes).await?;
    let nps_response = match new.nps_response {
        Some(fields) => Some(parts.nps(unit, scope, fields).await?),
        None => None,
    };
    let mut items = new
        .action_items
        .into_iter()
        .map(|item| (item, Some(by)))
        .collect::<Vec<_>>();
    if let Some(wrong) = follows.wrong_record {
        items.push((steward(wrong, &told), None));
    }
    let action_items = parts.action_items(unit, items).await?;
    let service_interests = parts.interests(unit, new.service_interests).await?;
    let mut canceled_assignments = Vec::new();
    if follows.do_not_contact {
        canceled_assignments =
            assignments::store::withdraw(unit, &[assignment.customer_id], Some(assignment.id)).await?;
    }
    let next_call_at = attempt.next_call_at;
    let customer = mark(unit, follows, told, attempt.summary.clone()).await?;
    Ok(Debrief {
        next_call_at,
        attempt,
        assignment,
        customer,
        notes,
        nps_response,
        action_items,
        service_interests,
        canceled_assignments,
    })
}

fn follows(assignment: &Assignment, new: &NewAttempt, told: &Told, now: Timestamp) -> Consequences {
    let call = Tried {
        disposition: new.disposition,
        attempts: u32::try_from(assignment.attempts_made + 1).unwrap_or(u32::MAX),
        occurred_at: told.occurred_at.utc(),
        promised: told.promised.map(Timestamp::utc),
        now: now.utc(),
    };
    let mut follows = consequences::of(call, &told.program.fields.retry_policy, &told.hours);
    let goes_on = matches!(follows.outcome, Outcome::CallAgain { .. } | Outcome::WaitForData);
    if goes_on && told.customer.fields.do_not_contact {
        // Asked not to be contacted since the call was assigned: nothing more is scheduled.
        follows.outcome = Outcome::DoNotCall;
    }
    follows
}

/// What a call says of the customer and the contact.
async fn mark(
    unit: &mut Unit,
    follows: Consequences,
    told: Told,
    summary: Option<String>,
) -> Result<Customer, Problem> {
    let now = unit.now();
    let mut customer = told.customer;
    if follows.reached {
        customer = customers::store::save(unit, customer.contacted(told.occurred_at)).await?;
    }
    if follows.do_not_contact {
        let reason = summary.map(|summary| summary.chars().take(500).collect());
        let reason = reason.unwrap_or_else(|| NOT_TO_BE_CALLED.to_owned());
        customer = customers::store::save(unit, customer.leave_alone(Some(reason))).await?;
    }
    match (follows.wrong_record, told.contact) {
        (None, _) => {}
        (Some(WrongRecord::ContactLeft), Some(contact)) => {
            unit.save(contact.leave(now)).await?;
        }
        (Some(wrong), Some(contact)) => {
            unit.save(contact.flag(wrong.flag())).await?;
        }
        (Some(wrong), None) => {
            customer = customers::store::save(unit, customer.flag(wrong.flag())).await?;
        }
    }
    Ok(customer)
}

/// What a data steward is asked to do.
fn steward(wrong: WrongRecord, told: &Told) -> ActionItemInput {
    let customer = &told.customer.fields;
    let (whom, phone) = match &told.contact {
        Some(contact) => {
            let fields = &contact.fields;
            (&fields.name, fields.phone.as_ref().or(fields.mobile.as_ref()))
        }
        None => (&customer.name, customer.phone.as_ref()),
    };
    let phone = phone.map(String::as_str).unwrap_or("none on record");
    ActionItemInput {
        title: wrong.task(whom),
        detail: Some(format!("Customer: {}. Number: {phone}.", customer.name)),
        kind: ActionItemKind::DataQuality,
        owner_id: None,
        department: Some(DATA_STEWARDS.into()),
        due_at: None,
        priority: action_item::Priority::Normal,
        customer_promise: None,
    }
}

/// Makes the parts of a debrief, each with where it comes from.
struct Parts<'a> {
    attempt: &'a Attempt,
    by: UserId,
    program: &'a Program,
}

impl Parts<'_> {
    async fn notes(&self, unit: &mut Unit, notes: Vec<note::NoteInput>) -> Result<Vec<Note>, Problem> {
        let context = note::Context {
            customer_id: self.attempt.customer_id,
            contact_id: self.attempt.contact_id,
            assignment_id: Some(self.attempt.assignment_id.into()),
            attempt_id: Some(self.attempt.id.into()),
            author_id: Some(self.by),
            occurred_at: Some(self.attempt.occurred_at),
        };
        let notes = notes
            .into_iter()
            .map(|fields| Change::created(Note::new(unit.new_id(), fields, context, unit.now())))
            .collect();
        Ok(unit.save_all(notes).await?)
    }

    async fn nps(
        &self,
        unit: &mut Unit,
        scope: &Scope,
        fields: response::NpsResponseInput,
    ) -> Result<NpsResponse, Problem> {
        let at = self.attempt.occurred_at;
        let context = response::Context {
            customer_id: self.attempt.customer_id,
            contact_id: self.attempt.contact_id,
            assignment_id: Some(self.attempt.assignment_id.into()),
            attempt_id: Some(self.attempt.id.into()),
            program_id: Some(self.program.id.into()),
            user_id: Some(self.by),
            source: NpsSource::Call,
            responded_at: Some(at),
            previous_at: nps::store::previous(unit, scope, self.attempt.customer_id, at).await?,
        };
        let response = NpsResponse::new(unit.new_id(), fields, context, unit.now());
        Ok(unit.save(Change::created(response)).await?)
    }

    async fn action_items(
        &self,
        unit: &mut Unit,
        items: Vec<(ActionItemInput, Option<UserId>)>,
    ) -> Result<Vec<ActionItem>, Problem> {
        let items = items
            .into_iter()
            .map(|(fields, created_by)| {
                let context = action_item::Context {
                    customer_id: self.attempt.customer_id,
                    contact_id: self.attempt.contact_id,
                    assignment_id: Some(self.attempt.assignment_id.into()),
                    attempt_id: Some(self.attempt.id.into()),
                    created_by,
                };
                Change::created(ActionItem::new(unit.new_id(), fields, context, unit.now()))
            })
            .collect();
        Ok(unit.save_all(items).await?)
    }

    async fn interests(
        &self,
        unit: &mut Unit,
        interests: Vec<service_interest::ServiceInterestInput>,
    ) -> Result<Vec<ServiceInterest>, Problem> {
        let context = service_interest::Context {
            customer_id: self.attempt.customer_id,
            contact_id: self.attempt.contact_id,
            assignment_id: Some(self.attempt.assignment_id.into()),
            attempt_id: Some(self.attempt.id.into()),
            created_by: Some(self.by),
            raised_at: Some(self.attempt.occurred_at),
        };
        let interests = interests
            .into_iter()
            .map(|fields| Change::created(ServiceInterest::new(unit.new_id(), fields, context, unit.now())))
            .collect();
        Ok(unit.save_all(interests).await?)
    }
}
