//! Rows of customers.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::cells;
use super::columns::{Field, service};
use super::file::Row;
use super::people::People;
use super::row::{Cells, Context};
use super::run::Importer;
use crate::access::Scope;
use crate::features::assignments;
use crate::features::customers::customer::{Customer, CustomerInput};
use crate::features::customers::store;
use crate::features::people::user::User;
use crate::fold;
use crate::http::Problem;
use crate::id::UserId;
use crate::journal::{self, Change, Unit};

/// Imports customers, known again by their external id.
#[derive(Default)]
pub struct Customers {
    known: HashMap<String, Customer>,
    by_id: HashMap<Uuid, Customer>,
    /// Ids in the CRM that merged customers had, and the customers that they are today.
    former: HashMap<String, Uuid>,
    /// Who is named by their own id.
    managers: HashSet<UserId>,
    people: People,
}

impl Importer for Customers {
    type Record = Customer;

    async fn look_up(&mut self, unit: &mut Unit, context: &Context, rows: &[Row]) -> Result<(), Problem> {
        let scope = Scope::all(unit.organization());
        let ids = context.all(rows, &Field::ExternalId);
        let former = store::redirects::by_former_external_ids(unit, &scope, &ids).await?;
        let found = store::by_external_ids(unit, &scope, ids).await?;
        let own = uuids(context.all(rows, &Field::Id));
        let by_id: Vec<Customer> = journal::find_all(unit, scope.organization, &own).await?;
        self.by_id = by_id
            .into_iter()
            .map(|customer| (customer.id.into(), customer))
            .collect();
        self.former = former.iter().map(|(id, it)| (id.clone(), it.id.into())).collect();
        for (_, customer) in former {
            self.by_id.entry(customer.id.into()).or_insert(customer);
        }
        let managers = uuids(context.all(rows, &Field::AccountManagerId));
        let managers: Vec<User> = journal::find_all(unit, scope.organization, &managers).await?;
        self.managers = managers.into_iter().map(|user| user.id).collect();
        self.known = found
            .into_iter()
            .filter_map(|customer| Some((customer.fields.external_id.clone()?, customer)))
            .collect();
        self.people
            .look_up(unit, context.all(rows, &Field::AccountManagerEmail))
            .await
    }

    fn key(cells: &Cells<'_>) -> Field {
        match cells.raw(&Field::ExternalId) {
            Some(_) => Field::ExternalId,
            None => Field::Id,
        }
    }

    fn decide(&mut self, cells: &mut Cells<'_>) -> Option<Change<Customer>> {
        let external_id = cells.text(&Field::ExternalId, 200);
        let own = cells.raw(&Field::Id).and_then(|id| id.parse::<Uuid>().ok());
        let by_id = own.and_then(|id| self.by_id.get(&id));
        let former = external_id.as_ref().and_then(|id| self.former.get(id));
        let former = former.and_then(|id| self.by_id.get(id));
        let named = external_id.as_ref().and_then(|id| self.known.get(id));
        let known = named.or(former).or(by_id);
        if external_id.is_none() && known.is_none() {
            cells.fault(&Field::ExternalId, "required", "a value is needed here");
            return None;
        }
        let mut fields = match known {
            Some(customer) => customer.fields.clone(),
            None => CustomerInput::default(),
        };
        // By what it was called before it was merged, a customer is found, and keeps what it is called today.
        let found_by_former = named.is_none() && former.is_some();
        if !found_by_former {
            fields.external_id = external_id.or(fields.external_id);
        }
        let mut name = Some(fields.name);
        cells.set(&mut name, &Field::Name, 300);
        fields.name = name.unwrap_or_default();
        match cells.raw(&Field::Name) {
            Some(_) => {}
            None if known.is_none() => cells.fault(&Field::Name, "required", "a new customer needs a name"),
            None => {}
        }
        fill(&mut fields, cells);
        self.people
            .set(&mut fields.account_manager_id, cells, &Field::AccountManagerEmail);
        self.manager(&mut fields.account_manager_id, cells);
        if !cells.faults.is_empty() {
            return None;
        }
        let context = cells.context();
        let change = match known {
            Some(customer) => customer.clone().revise(fields),
            None => Change::created(Customer::new(context.clock.id().into(), fields, context.now)),
        };
        if let Some(external_id) = &change.after.fields.external_id {
            self.known.insert(external_id.clone(), change.after.clone());
        }
        self.by_id.insert(change.after.id.into(), change.after.clone());
        Some(change)
    }

    async fn save(&mut self, unit: &mut Unit, changes: Vec<Change<Customer>>) -> Result<(), Problem> {
        let left_alone = changes.iter().filter(|change| Customer::asks_to_be_left_alone(change));
        let left_alone: Vec<_> = left_alone.map(|change| change.after.id).collect();
        assignments::store::withdraw(unit, &left_alone, None).await?;
        store::save_all(unit, changes).await?;
        Ok(())
    }
}

impl Customers {
    /// Sets who looks after the customer by their own id; their address, where the row has one, has the say.
    fn manager(&self, to: &mut Option<UserId>, cells: &mut Cells<'_>) {
        let (None, Some(id)) = (
            cells.raw(&Field::AccountManagerEmail),
            cells.raw(&Field::AccountManagerId),
        ) else {
            return;
        };
        match id.parse::<Uuid>().map(UserId::from) {
            Ok(user) if self.managers.contains(&user) => *to = Some(user),
            _ => cells.warn(&Field::AccountManagerId, "unknown_user", "no user has this id"),
        }
    }
}

/// What is an id of ours.
fn uuids(cells: Vec<String>) -> Vec<Uuid> {
    cells.iter().filter_map(|cell| cell.parse().ok()).collect()
}

fn fill(fields: &mut CustomerInput, cells: &mut Cells<'_>) {
    cells.set(&mut fields.phone, &Field::Phone, 100);
    cells.set(&mut fields.website, &Field::Website, 500);
    cells.set(&mut fields.industry, &Field::Industry, 200);
    cells.set_lines(&mut fields.street, &Field::Street, 300);
    cells.set(&mut fields.city, &Field::City, 100);
    cells.set(&mut fields.region, &Field::Region, 100);
    cells.set(&mut fields.postal_code, &Field::PostalCode, 30);
    cells.set(&mut fields.country, &Field::Country, 100);
    cells.set(&mut fields.preferred_language, &Field::PreferredLanguage, 35);
    cells.set_zone(&mut fields.time_zone, &Field::TimeZone);
    cells.set_date(&mut fields.last_activity_on, &Field::LastActivityOn);
    cells.set_money(&mut fields.annual_billing, &Field::AnnualBilling);
    cells.set_minor(&mut fields.annual_billing, &Field::AnnualBillingMinor);
    cells.set_texts(&mut fields.custom_fields.0, &Field::CustomFields, 2000);
    cells.set_texts(&mut fields.social_profiles.0, &Field::SocialProfiles, 2000);
    since(fields, cells);
    if let Some(tags) = cells.words(&Field::Tags, &fields.tags.0) {
        fields.tags.0 = tags;
    }
    if let Some(services) = cells.words(&Field::Services, &fields.services.0) {
        fields.services.0 = services;
    }
    if let Some(do_not_contact) = cells.read(&Field::DoNotContact, cells::boolean) {
        fields.do_not_contact = do_not_contact;
    }
    cells.set_lines(&mut fields.do_not_contact_reason, &Field::DoNotContactReason, 500);
    if !fields.do_not_contact && cells.raw(&Field::DoNotContactReason).is_some() {
        let reason = "left out: nothing in this row says that the customer must not be contacted";
        cells.warn(&Field::DoNotContactReason, "not_used", reason);
    }
    for (field, network) in [(Field::LinkedinUrl, "linkedin"), (Field::XHandle, "x")] {
        if let Some(profile) = cells.text(&field, 500) {
            fields.social_profiles.0.insert(network.to_owned(), profile);
        }
    }
    let context = cells.context();
    for (_, field) in context.columns.meanings() {
        match field {
            Field::Custom(key) => {
                if let Some(text) = cells.read(field, |cell| cells::lines(cell, 2000)).flatten() {
                    fields.custom_fields.0.insert(key.clone(), text);
                }
            }
            Field::Service(name) => {
                // 90 characters of the cell, so that the name with it stays a word.
                if let Some(cell) = cells.text(field, 90) {
                    let mine = |known: &String| {
                        let (known, name) = (fold::fold(known), fold::fold(name));
                        known == name || known.starts_with(&format!("{name}: "))
                    };
                    let new = service(name, &cell);
                    if fields.services.0.iter().filter(|known| mine(known)).ne(new.iter()) {
                        fields.services.0.retain(|known| !mine(known));
                        fields.services.0.extend(new);
                    }
                }
            }
            _ => {}
        }
    }
    for (size, what) in [
        (fields.custom_fields.0.len(), "custom fields"),
        (fields.social_profiles.0.len(), "social profiles"),
        (fields.services.0.len(), "services"),
    ] {
        if size > 100 {
            cells.fault(&Field::ExternalId, "too_long", format!("at most 100 {what}"));
        }
    }
}

/// The first day as a customer: as given, else from the months since. A day that says the same months stays.
fn since(fields: &mut CustomerInput, cells: &mut Cells<'_>) {
    cells.set_date(&mut fields.customer_since, &Field::CustomerSince);
    let months = cells.read(&Field::TenureMonths, |cell| cells::integer(cell, 0..=2400));
    let Some(months) = months.filter(|_| cells.raw(&Field::CustomerSince).is_none()) else {
        return;
    };
    let months = u32::try_from(months).unwrap_or_default();
    let today = cells.context().today;
    let begins = |months| cells::since_tenure(months, today);
    let says_the_same = fields.customer_since.is_some_and(|known| {
        begins(months).is_none_or(|latest| known <= latest)
            && begins(months + 1).is_none_or(|earliest| known > earliest)
    });
    if !says_the_same {
        fields.customer_since = begins(months);
    }
}
