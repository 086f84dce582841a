//! Speaks: contacts.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::{Caller, Permission};
use crate::features::customers::contact::{Contact, ContactId, ContactInput};
use crate::features::customers::store;
use crate::features::customers::store::contacts::{self, ContactFilter};
use crate::features::references::References;
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Known, Patch, Path, Problem, Query, Reply};
use crate::journal::{Change, Unit};
use crate::refusal::Code;
use crate::text::no_such;

crate::page!(ContactPage of Contact);

/// The fields to change.
type ContactPatch = Patch<ContactInput>;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_contacts: Access::Needs(Permission::CustomersRead) => sorted(contacts::SORTS, "name"),
        create_contact: Access::Needs(Permission::CustomersManage),
        get_contact: Access::Needs(Permission::CustomersRead),
        update_contact: Access::Needs(Permission::CustomersManage),
        delete_contact: Access::Needs(Permission::CustomersManage),
    ]
}

/// A new contact.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewContact {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<ContactId>,
    #[serde(flatten)]
    pub fields: ContactInput,
}

/// List contacts.
///
/// Across customers, or those of one.
#[utoipa::path(get, path = "/v1/contacts", operation_id = "list_contacts", tag = "customers", params(ContactFilter, Paging),
    responses((status = 200, description = "A page of contacts", body = ContactPage)))]
async fn list_contacts(app: App, caller: Caller, filter: Query<ContactFilter>, paging: Paging) -> Answer<ContactPage> {
    let window = paging.window(&app, &caller, contacts::SORTS)?;
    let listed = contacts::list(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Create a contact.
///
/// Telephone numbers are read in the contact's country, else in the customer's.
#[utoipa::path(post, path = "/v1/contacts", operation_id = "create_contact", tag = "customers", request_body = NewContact,
    responses((status = 201, description = "The new contact", body = Contact), (status = 200, description = "It was there already, just so", body = Contact)))]
async fn create_contact(app: App, caller: Caller, new: Json<NewContact>) -> Answer<Contact> {
    let mut unit = app.write(&caller).await?;
    let id = new.0.id.unwrap_or_else(|| unit.new_id());
    let region = region(&mut unit, &caller, &new.0.fields).await?;
    let contact = Contact::new(id, new.0.fields, region, unit.now());
    if let Some(there) = contacts::find(&mut unit, &caller.scope(), id).await? {
        return crate::http::reply::again(unit, there, &contact.fields).await;
    }
    let contact = save(&mut unit, &caller, Change::created(contact)).await?;
    unit.answer(Reply::created("/v1/contacts", contact)).await
}

/// Read a contact.
#[utoipa::path(get, path = "/v1/contacts/{id}", operation_id = "get_contact", tag = "customers",
    responses((status = 200, description = "The contact", body = Contact)))]
async fn get_contact(app: App, caller: Caller, id: Path<ContactId>, known: Known) -> Answer<Contact> {
    Reply::found(&app, &caller, *id, known).await
}

/// Change a contact.
///
/// Who becomes the customer's primary contact takes the place of the one before.
#[utoipa::path(patch, path = "/v1/contacts/{id}", operation_id = "update_contact", tag = "customers",
    request_body(content = ContactPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The contact as it is now", body = Contact)))]
async fn update_contact(
    app: App,
    caller: Caller,
    id: Path<ContactId>,
    patch: ContactPatch,
    if_match: IfMatch,
) -> Answer<Contact> {
    let mut unit = app.write(&caller).await?;
    let contact = contacts::find(&mut unit, &caller.scope(), *id).await?;
    let contact = contact.ok_or_else(Problem::not_found)?;
    let fields = patch.apply(&contact.fields)?;
    let region = region(&mut unit, &caller, &fields).await?;
    let change = contact.revise(fields, region, unit.now());
    if_match.allows(&change)?;
    let contact = save(&mut unit, &caller, change).await?;
    unit.answer(Reply::record(contact)).await
}

/// Delete a contact.
///
/// For a mistake. Who left the customer is better marked with `active: false`, and whoever was spoken to must be.
#[utoipa::path(delete, path = "/v1/contacts/{id}", operation_id = "delete_contact", tag = "customers",
    responses((status = 204, description = "It is gone")))]
async fn delete_contact(app: App, caller: Caller, id: Path<ContactId>, if_match: IfMatch) -> Answer<()> {
    let mut unit = app.write(&caller).await?;
    let contact = contacts::find(&mut unit, &caller.scope(), *id).await?;
    let contact = contact.ok_or_else(Problem::not_found)?;
    if_match.at(contact.revision)?;
    if contacts::was_spoken_to(&mut unit, &caller.scope(), &contact).await? {
        return Err(Problem::new(
            Code::WrongState,
            "Calls are on record with this contact. Set `active` to false instead.",
        ));
    }
    unit.remove(contact).await?;
    unit.answer(Reply::nothing()).await
}

/// The country of the contact's customer.
async fn region(unit: &mut Unit, caller: &Caller, fields: &ContactInput) -> Result<Option<&'static str>, Problem> {
    let customer = store::find(unit, &caller.scope(), fields.customer_id).await?;
    let missing = || Problem::fault("/customer_id", "not_found", no_such("customer", fields.customer_id));
    Ok(customer.ok_or_else(missing)?.region())
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
