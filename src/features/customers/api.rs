//! Speaks: customers.

mod account_managers;
mod contacts;
mod signals;
mod timeline;

use serde::Deserialize;
use utoipa::ToSchema;

use super::customer::{Customer, CustomerId, CustomerInput};
use super::store::{self, CustomerFilter};
use super::writing::{self, CustomerPatch, check};
use crate::access::{Caller, Permission};
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Known, Path, Problem, Query, Reply};
use crate::journal::Change;
use crate::refusal::Code;

crate::page!(CustomerPage of Customer);

pub fn endpoints() -> Vec<Endpoint> {
    let customers = crate::endpoints![
        list_customers: Access::Needs(Permission::CustomersRead) => sorted(store::SORTS, "name"),
        create_customer: Access::Needs(Permission::CustomersManage),
        get_customer: Access::Needs(Permission::CustomersRead),
        update_customer: Access::Needs(Permission::CustomersManage),
    ];
    [
        customers,
        contacts::endpoints(),
        account_managers::endpoints(),
        signals::endpoints(),
        timeline::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A new customer.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewCustomer {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<CustomerId>,
    #[serde(flatten)]
    pub fields: CustomerInput,
}

/// List customers.
///
/// Found by words, by tags and by what is known of them; sorted by name unless asked otherwise.
#[utoipa::path(get, path = "/v1/customers", operation_id = "list_customers", tag = "customers", params(CustomerFilter, Paging),
    responses((status = 200, description = "A page of customers", body = CustomerPage)))]
async fn list_customers(
    app: App,
    caller: Caller,
    filter: Query<CustomerFilter>,
    paging: Paging,
) -> Answer<CustomerPage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), &filter, &window, app.clock.now()).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Create a customer.
///
/// A telephone number that cannot be understood is kept and flagged. The id of a customer that was merged into another is not free: `merged`.
#[utoipa::path(post, path = "/v1/customers", operation_id = "create_customer", tag = "customers", request_body = NewCustomer,
    responses((status = 201, description = "The new customer", body = Customer), (status = 200, description = "It was there already, just so", body = Customer)))]
async fn create_customer(app: App, caller: Caller, new: Json<NewCustomer>) -> Answer<Customer> {
    let mut unit = app.write(&caller).await?;
    let id = new.0.id.unwrap_or_else(|| unit.new_id());
    let customer = Customer::new(id, new.0.fields, unit.now());
    if let Some(there) = store::find(&mut unit, &caller.scope(), id).await? {
        return crate::http::reply::again(unit, there, &customer.fields).await;
    }
    if let Some(now) = store::redirects::now(&mut unit, &caller.scope(), id).await? {
        return Err(Problem::new(Code::Merged, writing::merged(id, now)));
    }
    let change = Change::created(customer);
    check(&mut unit, &caller, &change).await?;
    let customer = store::save(&mut unit, change).await?;
    unit.answer(Reply::created("/v1/customers", customer)).await
}

/// Read a customer.
///
/// With how many customers it has referred, and how many people have looked after it.
#[utoipa::path(get, path = "/v1/customers/{id}", operation_id = "get_customer", tag = "customers",
    responses((status = 200, description = "The customer", body = Customer)))]
async fn get_customer(app: App, caller: Caller, id: Path<CustomerId>, known: Known) -> Answer<Customer> {
    Reply::found(&app, &caller, *id, known).await
}

/// Change a customer.
///
/// Another account manager closes the running period of the history and opens the next. `do_not_contact` takes back every open assignment at once.
#[utoipa::path(patch, path = "/v1/customers/{id}", operation_id = "update_customer", tag = "customers",
    request_body(content = CustomerPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The customer as it is now", body = Customer)))]
async fn update_customer(
    app: App,
    caller: Caller,
    id: Path<CustomerId>,
    patch: CustomerPatch,
    if_match: IfMatch,
) -> Answer<Customer> {
    let mut unit = app.write(&caller).await?;
    let customer = writing::update(&mut unit, &caller, *id, patch, &if_match).await?;
    unit.answer(Reply::record(customer)).await
}
