//! Speaks: customers.

mod account_managers;
mod contacts;
mod signals;
mod timeline;

use serde::Deserialize;
use utoipa::ToSchema;

use super::customer::{Customer, CustomerId, CustomerInput};
use super::store::{self, CustomerFilter};
use crate::access::{Caller, Permission};
use crate::features::assignments;
use crate::features::cadences::cadence::CONTRARY;
use crate::features::references::References;
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Known, Patch, Path, Problem, Query, Reply};
use crate::journal::{Change, Unit};
use crate::refusal::Code;

crate::page!(CustomerPage of Customer);

/// The fields to change.
type CustomerPatch = Patch<CustomerInput>;

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
/// A telephone number that cannot be understood is kept and flagged.
#[utoipa::path(post, path = "/v1/customers", operation_id = "create_customer", tag = "customers", request_body = NewCustomer,
    responses((status = 201, description = "The new customer", body = Customer), (status = 200, description = "It was there already, just so", body = Customer)))]
async fn create_customer(app: App, caller: Caller, new: Json<NewCustomer>) -> Answer<Customer> {
    let mut unit = app.write(&caller).await?;
    let id = new.0.id.unwrap_or_else(|| unit.new_id());
    let customer = Customer::new(id, new.0.fields, unit.now());
    if let Some(there) = store::find(&mut unit, &caller.scope(), id).await? {
        return crate::http::reply::again(unit, there, &customer.fields).await;
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
    let customer = store::find(&mut unit, &caller.scope(), *id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let fields = patch.apply(&customer.fields)?;
    let change = customer.revise(fields);
    if_match.allows(&change)?;
    check(&mut unit, &caller, &change).await?;
    if Customer::asks_to_be_left_alone(&change) {
        assignments::store::withdraw(&mut unit, &[change.after.id], None).await?;
    }
    let customer = store::save(&mut unit, change).await?;
    unit.answer(Reply::record(customer)).await
}

/// What the schema cannot say: names of zones, and whom the fields refer to.
async fn check(unit: &mut Unit, caller: &Caller, change: &Change<Customer>) -> Result<(), Problem> {
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
        Some(other) if other.id != customer.id => Err(Problem::new(
            Code::Duplicate,
            format!(
                "The `external_id` {external_id} belongs to another customer, {}.",
                other.id
            ),
        )),
        Some(_) | None => Ok(()),
    }
}
