//! Speaks: customers that may be one and the same.

use serde::Deserialize;
use utoipa::ToSchema;

use super::duplicate::{Duplicate, DuplicateId};
use super::store::{self, DuplicateFilter};
use crate::access::{Caller, Permission};
use crate::features::customers::{self, customer::CustomerId};
use crate::http::page::Paging;
use crate::http::{Access, Answer, App, Endpoint, Json, Known, Path, Problem, Query, Reply};

crate::page!(DuplicatePage of Duplicate);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_duplicates: Access::Needs(Permission::CustomersRead) => sorted(store::SORTS, "-score"),
        list_customer_duplicates: Access::Needs(Permission::CustomersRead) => sorted(store::SORTS, "-score"),
        get_duplicate: Access::Needs(Permission::CustomersRead),
        dismiss_duplicate: Access::Needs(Permission::CustomersManage),
        reopen_duplicate: Access::Needs(Permission::CustomersManage),
    ]
}

/// Why two customers are two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DismissDuplicate {
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// List customers that may be one.
///
/// Pairs, the likeliest first, with a score and the reasons in words. Customers and contacts that have changed are compared within a minute or two: by name, web site, e-mail domain, telephone, e-mail and place.
#[utoipa::path(get, path = "/v1/duplicates", operation_id = "list_duplicates", tag = "customers", params(DuplicateFilter, Paging),
    responses((status = 200, description = "A page of pairs", body = DuplicatePage)))]
async fn list_duplicates(
    app: App,
    caller: Caller,
    filter: Query<DuplicateFilter>,
    paging: Paging,
) -> Answer<DuplicatePage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), None, &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// List whom a customer may be the same as.
///
/// The customer is one of the two in each pair.
#[utoipa::path(get, path = "/v1/customers/{id}/duplicates", operation_id = "list_customer_duplicates", tag = "customers", params(DuplicateFilter, Paging),
    responses((status = 200, description = "A page of pairs", body = DuplicatePage)))]
async fn list_customer_duplicates(
    app: App,
    caller: Caller,
    id: Path<CustomerId>,
    filter: Query<DuplicateFilter>,
    paging: Paging,
) -> Answer<DuplicatePage> {
    let (mut db, scope) = (app.read(), caller.scope());
    let customer = customers::store::find(&mut db, &scope, *id).await?;
    let customer = customer.ok_or_else(Problem::not_found)?;
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut db, &scope, Some(customer.id), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Read a pair of customers that may be one.
#[utoipa::path(get, path = "/v1/duplicates/{id}", operation_id = "get_duplicate", tag = "customers",
    responses((status = 200, description = "The pair", body = Duplicate)))]
async fn get_duplicate(app: App, caller: Caller, id: Path<DuplicateId>, known: Known) -> Answer<Duplicate> {
    Reply::found(&app, &caller, *id, known).await
}

/// Say that two customers are two.
///
/// The pair stays dismissed, whatever is found of the two later.
#[utoipa::path(post, path = "/v1/duplicates/{id}/dismiss", operation_id = "dismiss_duplicate", tag = "customers", request_body = DismissDuplicate,
    responses((status = 200, description = "The pair as it is now", body = Duplicate)))]
async fn dismiss_duplicate(
    app: App,
    caller: Caller,
    id: Path<DuplicateId>,
    why: Json<DismissDuplicate>,
) -> Answer<Duplicate> {
    let mut unit = app.write(&caller).await?;
    let duplicate = store::find(&mut unit, &caller.scope(), *id).await?;
    let duplicate = duplicate.ok_or_else(Problem::not_found)?;
    let change = duplicate.dismiss(caller.user, why.0.reason, unit.now());
    let duplicate = unit.save(change).await?;
    unit.answer(Reply::record(duplicate)).await
}

/// Say that two customers may be one after all.
#[utoipa::path(post, path = "/v1/duplicates/{id}/reopen", operation_id = "reopen_duplicate", tag = "customers",
    responses((status = 200, description = "The pair as it is now", body = Duplicate)))]
async fn reopen_duplicate(app: App, caller: Caller, id: Path<DuplicateId>) -> Answer<Duplicate> {
    let mut unit = app.write(&caller).await?;
    let duplicate = store::find(&mut unit, &caller.scope(), *id).await?;
    let duplicate = duplicate.ok_or_else(Problem::not_found)?;
    let duplicate = unit.save(duplicate.reopen()).await?;
    unit.answer(Reply::record(duplicate)).await
}
