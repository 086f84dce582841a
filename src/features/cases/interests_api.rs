//! Speaks: service interests.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::service_interest::{Context, ServiceInterest, ServiceInterestId, ServiceInterestInput};
use super::store::{self, ServiceInterestFilter};
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::features::customers::customer::CustomerId;
use crate::features::occasion::Occasion;
use crate::features::references::References;
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Patch, Path, Problem, Query, Reply};
use crate::journal::Change;
use crate::refusal::Refusal;

crate::page!(ServiceInterestPage of ServiceInterest);

/// The fields to change.
type ServiceInterestPatch = Patch<ServiceInterestInput>;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_service_interests: Access::Needs(Permission::CasesRead) => sorted(store::INTEREST_SORTS, "-raised_at"),
        create_service_interest: Access::Needs(Permission::CasesWrite),
        get_service_interest: Access::Needs(Permission::CasesRead),
        update_service_interest: Access::Needs(Permission::CasesWrite),
    ]
}

/// A new service interest.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewServiceInterest {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<ServiceInterestId>,
    pub customer_id: CustomerId,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub contact_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub assignment_id: Option<Uuid>,
    /// When the customer raised it: now when absent, and never ahead.
    pub raised_at: Option<Timestamp>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub attempt_id: Option<Uuid>,
    #[serde(flatten)]
    pub fields: ServiceInterestInput,
}

/// List service interests.
#[utoipa::path(get, path = "/v1/service-interests", operation_id = "list_service_interests", tag = "cases", params(ServiceInterestFilter, Paging),
    responses((status = 200, description = "A page of service interests", body = ServiceInterestPage)))]
async fn list_service_interests(
    app: App,
    caller: Caller,
    filter: Query<ServiceInterestFilter>,
    paging: Paging,
) -> Answer<ServiceInterestPage> {
    let window = paging.window(&app, &caller, store::INTEREST_SORTS)?;
    let listed = store::interests(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Record a service interest.
///
/// Only what the customer raised: this program does not sell.
#[utoipa::path(post, path = "/v1/service-interests", operation_id = "create_service_interest", tag = "cases", request_body = NewServiceInterest,
    responses((status = 201, description = "The new service interest", body = ServiceInterest), (status = 200, description = "It was there already, just so", body = ServiceInterest)))]
async fn create_service_interest(app: App, caller: Caller, new: Json<NewServiceInterest>) -> Answer<ServiceInterest> {
    let (mut unit, scope, new) = (app.write(&caller).await?, caller.scope(), new.0);
    let id = new.id.unwrap_or_else(|| unit.new_id());
    let there = store::interest(&mut unit, &scope, id).await?;
    let occasion = Occasion {
        customer_id: new.customer_id,
        contact_id: new.contact_id,
        assignment_id: new.assignment_id,
        attempt_id: new.attempt_id,
    };
    let context = Context {
        occasion,
        created_by: caller.user,
        raised_at: new.raised_at.or(there.as_ref().map(|there| there.raised_at)),
    };
    let interest = ServiceInterest::new(id, new.fields, context, unit.now());
    if let Some(there) = there {
        return crate::http::reply::again(unit, there, &interest).await;
    }
    let now = unit.now();
    let mut references = References::of(&mut unit, &scope);
    references.happened("/raised_at", interest.raised_at, now);
    references.customer("/customer_id", interest.customer_id).await?;
    references.origin(occasion).await?;
    references.active_user("/owner_id", interest.fields.owner_id).await?;
    references.settle()?;
    let interest = unit.save(Change::created(interest)).await?;
    unit.answer(Reply::created("/v1/service-interests", interest)).await
}

/// Read a service interest.
#[utoipa::path(get, path = "/v1/service-interests/{id}", operation_id = "get_service_interest", tag = "cases",
    responses((status = 200, description = "The service interest", body = ServiceInterest)))]
async fn get_service_interest(app: App, caller: Caller, id: Path<ServiceInterestId>) -> Answer<ServiceInterest> {
    let interest = store::interest(&mut app.read(), &caller.scope(), *id).await?;
    Ok(Reply::record(interest.ok_or_else(Problem::not_found)?))
}

/// Change a service interest.
///
/// Its owner may, whoever made it, and who holds `cases:manage`: managers do.
/// Its stage goes forward: raised, contacted, offered, won or lost. What was lost may be taken up again; what was won stays won.
#[utoipa::path(patch, path = "/v1/service-interests/{id}", operation_id = "update_service_interest", tag = "cases",
    request_body(content = ServiceInterestPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The service interest as it is now", body = ServiceInterest)))]
async fn update_service_interest(
    app: App,
    caller: Caller,
    id: Path<ServiceInterestId>,
    patch: ServiceInterestPatch,
    if_match: IfMatch,
) -> Answer<ServiceInterest> {
    let (mut unit, scope) = (app.write(&caller).await?, caller.scope());
    let interest = store::interest(&mut unit, &scope, *id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let own = [interest.created_by, interest.fields.owner_id]
        .into_iter()
        .flatten()
        .any(|user| caller.is(user));
    if !own && !caller.may(Permission::CasesManage) {
        return Err(Refusal::not_yours(
            "A service interest is changed by its owner or whoever made it, or with the permission `cases:manage`.",
        )
        .into());
    }
    let fields = patch.apply(&interest.fields)?;
    let new_owner = fields.owner_id.filter(|owner| interest.fields.owner_id != Some(*owner));
    let change = interest.revise(fields, unit.now())?;
    if_match.allows(&change)?;
    let mut references = References::of(&mut unit, &scope);
    references.active_user("/owner_id", new_owner).await?;
    references.settle()?;
    let interest = unit.save(change).await?;
    unit.answer(Reply::record(interest)).await
}
