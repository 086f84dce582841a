//! Rows of contacts.

use std::collections::HashMap;

use uuid::Uuid;

use super::cells;
use super::columns::Field;
use super::file::Row;
use super::people::People;
use super::row::{Cells, Context};
use super::run::Importer;
use super::store::named;
use crate::access::Scope;
use crate::features::customers::contact::{Contact, ContactId, ContactInput};
use crate::features::customers::customer::{Customer, CustomerId};
use crate::features::customers::store;
use crate::http::Problem;
use crate::journal::{self, Change, Unit};

/// Imports contacts, known again by their external id, else by customer and e-mail address.
#[derive(Default)]
pub struct Contacts {
    known: HashMap<ContactId, Contact>,
    by_external_id: HashMap<String, ContactId>,
    by_email: HashMap<(CustomerId, String), ContactId>,
    customers: HashMap<String, Customer>,
    /// `None` where several customers have the name.
    by_name: HashMap<String, Option<Customer>>,
    people: People,
}

impl Contacts {
    fn learn(&mut self, contact: Contact) {
        if let Some(external_id) = &contact.fields.external_id {
            self.by_external_id.insert(external_id.clone(), contact.id);
        }
        if let Some(email) = &contact.fields.email {
            self.by_email
                .insert((contact.fields.customer_id, email.clone()), contact.id);
        }
        self.known.insert(contact.id, contact);
    }

    /// The customer of a row: by its id in the CRM, else by its exact name.
    fn customer(&self, cells: &mut Cells<'_>) -> Option<&Customer> {
        if let Some(external_id) = cells.raw(&Field::CustomerExternalId) {
            let found = self.customers.get(external_id);
            if found.is_none() {
                cells.fault(&Field::CustomerExternalId, "not_found", "no customer has this id");
            }
            return found;
        }
        let Some(name) = cells.raw(&Field::CustomerName) else {
            cells.fault(&Field::CustomerExternalId, "required", "a contact needs a customer");
            return None;
        };
        match self.by_name.get(name) {
            Some(Some(customer)) => Some(customer),
            Some(None) => {
                cells.fault(&Field::CustomerName, "ambiguous", "several customers have this name");
                None
            }
            None => {
                cells.fault(&Field::CustomerName, "not_found", "no customer has this name");
                None
            }
        }
    }
}

impl Importer for Contacts {
    type Record = Contact;

    async fn look_up(&mut self, unit: &mut Unit, context: &Context, rows: &[Row]) -> Result<(), Problem> {
        let scope = Scope::all(unit.organization());
        let ids = context.all(rows, &Field::CustomerExternalId);
        self.customers = named(unit, &scope, ids).await?;
        self.by_name.clear();
        // Only rows without an id of their customer need its name.
        let nameless: Vec<Row> = rows
            .iter()
            .filter(|row| context.cell(row, &Field::CustomerExternalId).is_none())
            .cloned()
            .collect();
        let names = context.all(&nameless, &Field::CustomerName);
        if !names.is_empty() {
            for customer in store::by_names(unit, &scope, names).await? {
                self.by_name
                    .entry(customer.fields.name.clone())
                    .and_modify(|known| *known = None)
                    .or_insert(Some(customer));
            }
        }
        self.known.clear();
        self.by_external_id.clear();
        self.by_email.clear();
        let ids = context.all(rows, &Field::ExternalId);
        if !ids.is_empty() {
            for contact in store::contacts::by_external_ids(unit, &scope, ids).await? {
                self.learn(contact);
            }
        }
        let own = context.all(rows, &Field::Id);
        let own: Vec<Uuid> = own.iter().filter_map(|id| id.parse().ok()).collect();
        for contact in journal::find_all::<Contact>(unit, scope.organization, &own).await? {
            self.learn(contact);
        }
        let unnamed: Vec<Row> = rows
            .iter()
            .filter(|row| context.cell(row, &Field::ExternalId).is_none())
            .cloned()
            .collect();
        let emails = context.all(&unnamed, &Field::Email);
        if !emails.is_empty() {
            let emails = emails.into_iter().map(|email| email.to_lowercase());
            for contact in store::contacts::by_emails(unit, &scope, emails).await? {
                self.learn(contact);
            }
        }
        self.people.look_up(unit, context.all(rows, &Field::OwnerEmail)).await?;
        self.people.look_up_ids(unit, context.all(rows, &Field::OwnerId)).await
    }

    fn key(cells: &Cells<'_>) -> Field {
        let fields = [Field::ExternalId, Field::Email, Field::Id];
        let stands = |field: &Field| cells.raw(field).is_some();
        fields.into_iter().find(stands).unwrap_or(Field::Email)
    }

    fn decide(&mut self, cells: &mut Cells<'_>) -> Option<Change<Contact>> {
        let external_id = cells.text(&Field::ExternalId, 200);
        let email = cells.read(&Field::Email, cells::email);
        let customer = self.customer(cells)?;
        let (customer_id, region) = (customer.id, customer.region());
        let own = cells.raw(&Field::Id).and_then(|id| id.parse().ok()).map(ContactId);
        let own = own.filter(|id| self.known.contains_key(id));
        let known = match (&external_id, &email) {
            _ if own.is_some() => own.as_ref(),
            (Some(external_id), _) => self.by_external_id.get(external_id),
            (None, Some(email)) => self.by_email.get(&(customer_id, email.clone())),
            (None, None) => {
                cells.fault(
                    &Field::ExternalId,
                    "required",
                    "a contact needs an id or an e-mail address",
                );
                return None;
            }
        };
        let known = known.and_then(|id| self.known.get(id)).cloned();
        let mut fields = match &known {
            Some(contact) => contact.fields.clone(),
            None => ContactInput::of(customer_id),
        };
        fields.customer_id = customer_id;
        fields.external_id = external_id.or(fields.external_id);
        fields.email = email.or(fields.email);
        fill(&mut fields, cells);
        self.people.set(&mut fields.owner_id, cells, &Field::OwnerEmail);
        self.people.set_by_id(&mut fields.owner_id, cells);
        if !cells.faults.is_empty() {
            return None;
        }
        let context = cells.context();
        let change = match known {
            Some(contact) => contact.revise(fields, region, context.now),
            None => Change::created(Contact::new(context.clock.id().into(), fields, region, context.now)),
        };
        if change.after.fields.name.is_empty() {
            cells.fault(&Field::Name, "required", "a new contact needs a name");
            return None;
        }
        self.learn(change.after.clone());
        Some(change)
    }

    async fn save(&mut self, unit: &mut Unit, changes: Vec<Change<Contact>>) -> Result<(), Problem> {
        store::contacts::save_all(unit, changes).await?;
        Ok(())
    }
}

fn fill(fields: &mut ContactInput, cells: &mut Cells<'_>) {
    let (first, last) = (fields.first_name.clone(), fields.last_name.clone());
    cells.set(&mut fields.first_name, &Field::FirstName, 150);
    cells.set(&mut fields.last_name, &Field::LastName, 150);
    if let Some(name) = cells.text(&Field::Name, 300) {
        fields.name = name;
    } else if (first, last) != (fields.first_name.clone(), fields.last_name.clone()) {
        // Put together anew from its parts.
        fields.name.clear();
    }
    cells.set(&mut fields.title, &Field::Title, 200);
    cells.set(&mut fields.phone, &Field::Phone, 100);
    cells.set(&mut fields.mobile, &Field::Mobile, 100);
    cells.set(&mut fields.city, &Field::City, 100);
    cells.set(&mut fields.country, &Field::Country, 100);
    cells.set(&mut fields.language, &Field::PreferredLanguage, 35);
    if let Some(active) = cells.read(&Field::Active, cells::boolean) {
        fields.active = active;
    }
    if let Some(is_primary) = cells.read(&Field::IsPrimary, cells::boolean) {
        fields.is_primary = is_primary;
    }
}
