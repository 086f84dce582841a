//! Rows of answers to the recommendation question, as survey tools export them: score, comment, when, who.

use std::collections::{BTreeSet, HashMap, HashSet};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::cells;
use super::columns::Field;
use super::file::Row;
use super::people::People;
use super::row::{Cells, Context};
use super::run::Importer;
use super::store::named;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::features::customers::contact::{Contact, ContactId};
use crate::features::customers::customer::CustomerId;
use crate::features::customers::store;
use crate::features::nps;
use crate::features::nps::response::{self, NpsResponse, NpsResponseId, NpsResponseInput, NpsSource};
use crate::features::occasion::Occasion;
use crate::features::references::NOT_YET;
use crate::http::Problem;
use crate::id::OrganizationId;
use crate::journal::{self, Change, Unit};

/// Imports answers. They are only ever added: one that is on record already is unchanged, or an error.
pub struct NpsResponses {
    organization: OrganizationId,
    customers: HashMap<String, CustomerId>,
    /// `None` where several customers have the name.
    names: HashMap<String, Option<CustomerId>>,
    contacts: HashMap<String, Vec<(ContactId, CustomerId)>>,
    known: HashMap<NpsResponseId, NpsResponse>,
    /// Those that a row names by the id that they have here.
    own: HashSet<NpsResponseId>,
    /// When each customer has answered.
    answered: HashMap<CustomerId, BTreeSet<Timestamp>>,
    people: People,
}

impl Default for NpsResponses {
    fn default() -> Self {
        Self {
            organization: OrganizationId(Uuid::nil()),
            customers: HashMap::new(),
            names: HashMap::new(),
            contacts: HashMap::new(),
            known: HashMap::new(),
            own: HashSet::new(),
            answered: HashMap::new(),
            people: People::default(),
        }
    }
}

/// Who answered when.
#[derive(Clone, Copy)]
struct Answer {
    customer: CustomerId,
    contact: Option<ContactId>,
    at: Timestamp,
}

impl Importer for NpsResponses {
    type Record = NpsResponse;

    async fn look_up(&mut self, unit: &mut Unit, context: &Context, rows: &[Row]) -> Result<(), Problem> {
        let scope = Scope::all(unit.organization());
        self.organization = scope.organization;
        let ids = context.all(rows, &Field::CustomerExternalId);
        let found = named(unit, &scope, ids).await?.into_iter();
        self.customers = found.map(|(name, customer)| (name, customer.id)).collect();
        self.names.clear();
        for customer in store::by_names(unit, &scope, context.all(rows, &Field::CustomerName)).await? {
            self.names
                .entry(customer.fields.name.clone())
                .and_modify(|known| *known = None)
                .or_insert(Some(customer.id));
        }
        self.contacts.clear();
        let emails = context.all(rows, &Field::Email);
        let emails: Vec<String> = emails.into_iter().map(|email| email.to_lowercase()).collect();
        let people: Vec<Contact> = store::contacts::by_emails(unit, &scope, emails).await?;
        for contact in people {
            let found = (contact.id, contact.fields.customer_id);
            let email = contact.fields.email.unwrap_or_default();
            self.contacts.entry(email).or_default().push(found);
        }
        let ids = context.all(rows, &Field::ExternalId);
        let ids: Vec<Uuid> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let own: Vec<NpsResponse> = journal::find_all(unit, scope.organization, &ids).await?;
        self.own = own.into_iter().map(|response| response.id).collect();
        // Only now can be said which answers they are.
        let mut wanted: Vec<Uuid> = Vec::new();
        let mut who: Vec<CustomerId> = Vec::new();
        for row in rows {
            let mut cells = Cells::new(context, row);
            if let Some(answer) = self.answer(&mut cells) {
                wanted.push(self.id(&cells, answer).into());
                who.push(answer.customer);
            }
        }
        let known: Vec<NpsResponse> = journal::find_all(unit, scope.organization, &wanted).await?;
        self.known = known.into_iter().map(|response| (response.id, response)).collect();
        who.sort_unstable();
        who.dedup();
        self.answered.clear();
        for (customer, at) in nps::store::answers_of(unit, &scope, &who).await? {
            self.answered.entry(customer).or_default().insert(at);
        }
        self.people.look_up(unit, context.all(rows, &Field::OwnerEmail)).await
    }

    fn decide(&mut self, cells: &mut Cells<'_>) -> Option<Change<NpsResponse>> {
        let answer = self.answer(cells);
        let score = cells.read(&Field::Score, |cell| cells::integer(cell, 0..=10));
        let mut fields = NpsResponseInput {
            score,
            would_recommend: cells.read(&Field::WouldRecommend, cells::boolean),
            follow_up_answer: None,
            comment: None,
        };
        cells.set_lines(&mut fields.comment, &Field::Comment, 10_000);
        cells.set_lines(&mut fields.follow_up_answer, &Field::FollowUpAnswer, 10_000);
        let source = source(cells);
        let mut user_id = None;
        self.people.set(&mut user_id, cells, &Field::OwnerEmail);
        let answer = answer.filter(|_| cells.faults.is_empty())?;
        let id = self.id(cells, answer);
        let times = self.answered.entry(answer.customer).or_default();
        let previous_at = times.range(..answer.at).next_back().copied();
        let context = response::Context {
            occasion: Occasion {
                customer_id: answer.customer,
                contact_id: answer.contact.map(Uuid::from),
                assignment_id: None,
                attempt_id: None,
            },
            program_id: None,
            user_id,
            source: source?,
            responded_at: Some(answer.at),
            previous_at,
        };
        let response = NpsResponse::new(id, fields, context, cells.context().now);
        if let Some(there) = self.known.get(&id) {
            // An export of ours does not name the contact by its address.
            let unnamed = answer.contact.is_none() && self.own.contains(&id);
            let contact = if unnamed { there.contact_id } else { response.contact_id };
            let says = |it: &NpsResponse, contact| (it.fields.clone(), it.customer_id, contact, it.responded_at);
            if says(there, there.contact_id) == says(&response, contact) {
                let there = there.clone();
                return Some(Change {
                    before: Some(there.clone()),
                    after: there,
                    verb: "updated",
                });
            }
            let reason = "this answer is on record with other content, and answers stay as they were given";
            cells.fault(&Field::Score, "conflict", reason);
            return None;
        }
        if response.fields.score.is_some() {
            times.insert(answer.at);
        }
        self.known.insert(id, response.clone());
        Some(Change::created(response))
    }

    async fn save(&mut self, unit: &mut Unit, changes: Vec<Change<NpsResponse>>) -> Result<(), Problem> {
        unit.save_all(changes).await?;
        Ok(())
    }
}

impl NpsResponses {
    /// Who answered when, or what is wrong with that.
    fn answer(&self, cells: &mut Cells<'_>) -> Option<Answer> {
        let named = self.customer(cells);
        let email = cells.read(&Field::Email, cells::email);
        let people = email.as_ref().and_then(|email| self.contacts.get(email));
        let at_customer = |customer: &CustomerId| people?.iter().find(|(_, of)| of == customer).copied();
        let who = match (named, people) {
            (Some(Some(customer)), _) => Some((customer, at_customer(&customer).map(|(contact, _)| contact))),
            // Its fault is told.
            (Some(None), _) => None,
            (None, Some(people)) => match people.as_slice() {
                [(contact, customer)] => Some((*customer, Some(*contact))),
                _ => {
                    let reason = "contacts of several customers have this e-mail address; name the customer";
                    cells.fault(&Field::Email, "ambiguous", reason);
                    None
                }
            },
            (None, None) => {
                match email {
                    Some(_) => cells.fault(&Field::Email, "not_found", "no contact has this e-mail address"),
                    None => cells.fault(&Field::CustomerExternalId, "required", "an answer needs a customer"),
                }
                None
            }
        };
        let at = moment(cells);
        let ((customer, contact), at) = (who?, at?);
        Some(Answer { customer, contact, at })
    }

    /// The customer whom a row names: `None` when it names none, `Some(None)` when there is none of that name.
    fn customer(&self, cells: &mut Cells<'_>) -> Option<Option<CustomerId>> {
        if let Some(id) = cells.raw(&Field::CustomerExternalId) {
            let found = self.customers.get(id).copied();
            if found.is_none() {
                cells.fault(&Field::CustomerExternalId, "not_found", "no customer has this id");
            }
            return Some(found);
        }
        let found = self.names.get(cells.raw(&Field::CustomerName)?);
        match found {
            Some(None) => cells.fault(&Field::CustomerName, "ambiguous", "several customers have this name"),
            // A survey tool's e-mail address may know better than its company name.
            None if cells.raw(&Field::Email).is_some() => return None,
            None => cells.fault(&Field::CustomerName, "not_found", "no customer has this name"),
            Some(Some(_)) => {}
        }
        Some(found.copied().flatten())
    }

    /// The same answer has the same id, however often it is imported: its own where an export of ours is read again, by the survey tool's
    /// id, else by who answered when.
    fn id(&self, cells: &Cells<'_>, answer: Answer) -> NpsResponseId {
        let named = cells.raw(&Field::ExternalId).and_then(|id| id.parse().ok());
        if let Some(own) = named.map(NpsResponseId).filter(|id| self.own.contains(id)) {
            return own;
        }
        let mut digest = Sha256::new();
        digest.update(b"nps_response\0");
        digest.update(self.organization.0.as_bytes());
        match cells.raw(&Field::ExternalId) {
            Some(id) => {
                digest.update([1]);
                digest.update(id.as_bytes());
            }
            None => {
                digest.update([2]);
                digest.update(answer.customer.0.as_bytes());
                digest.update(answer.contact.map(Uuid::from).unwrap_or_default().as_bytes());
                digest.update(answer.at.timestamp_micros().to_be_bytes());
            }
        }
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(digest.finalize()) {
            *to = from;
        }
        NpsResponseId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

/// When it was answered, if that is not ahead.
fn moment(cells: &mut Cells<'_>) -> Option<Timestamp> {
    let (zone, now) = (cells.context().zone, cells.context().now);
    let dates = cells.context().readings.dates(&Field::RespondedAt);
    if cells.raw(&Field::RespondedAt).is_none() {
        cells.fault(&Field::RespondedAt, "required", "a value is needed here");
    }
    let at = cells.read(&Field::RespondedAt, |cell| cells::timestamp(cell, zone, dates));
    let at = at.map(Timestamp::new)?;
    if at.lies_ahead(now) {
        cells.fault(&Field::RespondedAt, "out_of_range", NOT_YET);
        return None;
    }
    Some(at)
}

fn source(cells: &mut Cells<'_>) -> Option<NpsSource> {
    let Some(word) = cells.raw(&Field::Source) else {
        return Some(NpsSource::Import);
    };
    match word.to_lowercase().parse() {
        Ok(source) => Some(source),
        Err(reason) => {
            cells.fault(&Field::Source, "not_allowed", reason);
            None
        }
    }
}
