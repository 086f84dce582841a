//! Writes customers and contacts: whoever does, and by which way.

use serde::Deserialize;
use utoipa::ToSchema;

use super::contact::{Contact, ContactId, ContactInput};
use super::customer::{Customer, CustomerId, CustomerInput};
use super::store::{self, contacts};
use crate::access::Caller;
use crate::features::assignments;
use crate::features::cadences::cadence::CONTRARY;
use crate::features::references::References;
use crate::http::precondition::IfMatch;
use crate::http::reply::repeated;
use crate::http::{Made, Patch, Problem};
use crate::journal::{Change, Unit};
use crate::refusal::Code;

/// A customer's fields to change.
pub type CustomerPatch = Patch<CustomerInput>;
/// A contact's fields to change.
pub type ContactPatch = Patch<ContactInput>;

/// A new contact.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewContact {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<ContactId>,
    #[serde(flatten)]
    pub fields: ContactInput,
}

/// Says something else of a customer. Who is not to be contacted any more is taken from everybody's list.
///
/// # Errors
/// 404, 400 with everything that is not there, 409 for what another customer has.
pub async fn update(
    unit: &mut Unit,
    caller: &Caller,
    id: CustomerId,
    patch: CustomerPatch,
    if_match: &IfMatch,
) -> Result<Customer, Problem> {
    let customer = store::find(unit, &caller.scope(), id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let fields = patch.apply(&customer.fields)?;
    let change = customer.revise(fields);
    if_match.allows(&change)?;
    check(unit, caller, &change).await?;
    if Customer::asks_to_be_left_alone(&change) {
        assignments::store::withdraw(unit, &[change.after.id], None).await?;
    }
    Ok(store::save(unit, change).await?)
}

/// Puts a contact on the record.
///
/// # Errors
/// 400 with everything that is not there, 409 for what another contact has.
pub async fn create_contact(unit: &mut Unit, caller: &Caller, new: NewContact) -> Result<Made<Contact>, Problem> {
    let id = new.id.unwrap_or_else(|| unit.new_id());
    let region = region(unit, caller, &new.fields).await?;
    let contact = Contact::new(id, new.fields, region, unit.now());
    if let Some(there) = contacts::find(unit, &caller.scope(), id).await? {
        return repeated(unit, there, &contact.fields).await;
    }
    let contact = save(unit, caller, Change::created(contact)).await?;
    Ok(Made::New(contact))
}

/// Says something else of a contact.
///
/// # Errors
/// 404, 400 with everything that is not there, 409 for what another contact has.
pub async fn update_contact(
    unit: &mut Unit,
    caller: &Caller,
    id: ContactId,
    patch: ContactPatch,
    if_match: &IfMatch,
) -> Result<Contact, Problem> {
    let contact = contacts::find(unit, &caller.scope(), id).await?;
    let contact = contact.ok_or_else(Problem::not_found)?;
    let fields = patch.apply(&contact.fields)?;
    let region = region(unit, caller, &fields).await?;
    let change = contact.revise(fields, region, unit.now());
    if_match.allows(&change)?;
    save(unit, caller, change).await
}

/// Deletes a contact that was a mistake.
///
/// # Errors
/// 404, 409 where calls are on record with it, 412.
pub async fn delete_contact(
    unit: &mut Unit,
    caller: &Caller,
    id: ContactId,
    if_match: &IfMatch,
) -> Result<(), Problem> {
    let contact = contacts::find(unit, &caller.scope(), id).await?;
    let contact = contact.ok_or_else(Problem::not_found)?;
    if_match.at(contact.revision)?;
    if contacts::was_spoken_to(unit, &caller.scope(), &contact).await? {
        return Err(Problem::new(
            Code::WrongState,
            "Calls are on record with this contact. Set `active` to false instead.",
        ));
    }
    Ok(unit.remove(contact).await?)
}

/// What the schema cannot say: names of zones, and whom the fields refer to.
pub(super) async fn check(unit: &mut Unit, caller: &Caller, change: &Change<Customer>) -> Result<(), Problem> {
    let (fields, before) = (
        &change.after.fields,
        change.before.as_ref().map(|before| &before.fields),
    );
    let scope = caller.scope();
    let mut references = References::of(unit, &scope);
    if let Some(zone) = &fields.time_zone
        && zone.parse::<chrono_tz::Tz>().is_err()
    {
        references.fault(
            "/time_zone",
            "invalid_value",
            "This is not the IANA name of a time zone, such as Europe/Berlin.",
        );
    }
    if fields.cadence.as_ref().is_some_and(|own| own.is_contrary()) {
        references.fault("/cadence/longest_days", "out_of_range", CONTRARY);
    }
    if fields.account_manager_id != before.and_then(|before| before.account_manager_id) {
        references
            .user("/account_manager_id", fields.account_manager_id)
            .await?;
    }
    match fields.referred_by_id {
        Some(id) if id == change.after.id => references.fault(
            "/referred_by_id",
            "invalid_value",
            "A customer cannot have referred itself.",
        ),
        Some(id) if before.and_then(|before| before.referred_by_id) != Some(id) => {
            references.customer("/referred_by_id", id).await?;
        }
        Some(_) | None => {}
    }
    references.settle()?;
    unique_external_id(unit, caller, &change.after).await
}

/// The organization's row is locked, so what is free now stays free until the commit.
async fn unique_external_id(unit: &mut Unit, caller: &Caller, customer: &Customer) -> Result<(), Problem> {
    let Some(external_id) = &customer.fields.external_id else {
        return Ok(());
    };
    match store::find_by_external_id(unit, &caller.scope(), external_id).await? {
        Some(other) if other.id != customer.id => {
            return Err(Problem::new(
                Code::Duplicate,
                format!(
                    "The `external_id` {external_id} belongs to another customer, {}.",
                    other.id
                ),
            ));
        }
        Some(_) | None => {}
    }
    let ids = std::slice::from_ref(external_id);
    let former = store::redirects::by_former_external_ids(unit, &caller.scope(), ids).await?;
    match former.first().filter(|(_, now)| now.id != customer.id) {
        Some((_, now)) => Err(Problem::new(
            Code::Duplicate,
            format!(
                "The `external_id` {external_id} belonged to a customer that was merged into another, {}.",
                now.id
            ),
        )),
        None => Ok(()),
    }
}

/// The country of the contact's customer.
async fn region(unit: &mut Unit, caller: &Caller, fields: &ContactInput) -> Result<Option<&'static str>, Problem> {
    let scope = caller.scope();
    let mut references = References::of(unit, &scope);
    let customer = references.found_customer("/customer_id", fields.customer_id).await?;
    references.settle()?;
    Ok(customer.and_then(|customer| customer.region()))
}

/// Checks what the schema cannot say, and saves.
async fn save(unit: &mut Unit, caller: &Caller, change: Change<Contact>) -> Result<Contact, Problem> {
    let (contact, before) = (&change.after, change.before.as_ref());
    let fields = &contact.fields;
    let scope = caller.scope();
    let mut references = References::of(unit, &scope);
    if fields.name.is_empty() {
        references.fault("/name", "required", "Give a `name`, or a first or last name.");
    }
    if fields.owner_id != before.and_then(|before| before.fields.owner_id) {
        references.user("/owner_id", fields.owner_id).await?;
    }
    references.settle()?;
    let others = contacts::by_external_ids(unit, &caller.scope(), fields.external_id.clone()).await?;
    if let Some(other) = others.iter().find(|other| other.id != contact.id) {
        return Err(Problem::new(
            Code::Duplicate,
            format!("This `external_id` belongs to another contact, {}.", other.id),
        ));
    }
    let mut saved = contacts::save_all(unit, vec![change]).await?;
    saved.pop().ok_or_else(Problem::not_found)
}

/// What those are told who write to a customer that is a part of another.
pub fn merged(former: CustomerId, now: CustomerId) -> String {
    format!("The customer {former} was merged into {now}. Read that one, and write there.")
}
