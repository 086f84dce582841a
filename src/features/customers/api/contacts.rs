//! Speaks: contacts.

use crate::access::{Caller, Permission};
use crate::features::customers::contact::{Contact, ContactId};
use crate::features::customers::store::contacts::{self, ContactFilter};
use crate::features::customers::writing::{self, ContactPatch, NewContact};
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Known, Path, Query, Reply};

crate::page!(ContactPage of Contact);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_contacts: Access::Needs(Permission::CustomersRead) => sorted(contacts::SORTS, "name"),
        create_contact: Access::Needs(Permission::CustomersManage),
        get_contact: Access::Needs(Permission::CustomersRead),
        update_contact: Access::Needs(Permission::CustomersManage),
        delete_contact: Access::Needs(Permission::CustomersManage),
    ]
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
    let made = writing::create_contact(&mut unit, &caller, new.0).await?;
    unit.answer_made("/v1/contacts", made).await
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
    let contact = writing::update_contact(&mut unit, &caller, *id, patch, &if_match).await?;
    unit.answer(Reply::record(contact)).await
}

/// Delete a contact.
///
/// For a mistake. Who left the customer is better marked with `active: false`, and whoever was spoken to must be.
#[utoipa::path(delete, path = "/v1/contacts/{id}", operation_id = "delete_contact", tag = "customers",
    responses((status = 204, description = "It is gone")))]
async fn delete_contact(app: App, caller: Caller, id: Path<ContactId>, if_match: IfMatch) -> Answer<()> {
    let mut unit = app.write(&caller).await?;
    writing::delete_contact(&mut unit, &caller, *id, &if_match).await?;
    unit.answer(Reply::nothing()).await
}
