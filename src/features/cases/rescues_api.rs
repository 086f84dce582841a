//! Speaks: rescue cases.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::rescue_case::{Context, RescueCase, RescueCaseId, RescueCaseInput};
use super::store::{self, RescueCaseFilter};
use crate::access::{Caller, Permission};
use crate::features::customers::customer::CustomerId;
use crate::features::nps;
use crate::features::nps::response::NpsResponseId;
use crate::features::occasion::Occasion;
use crate::features::references::References;
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Patch, Path, Problem, Query, Reply};
use crate::journal::Change;
use crate::refusal::Refusal;

crate::page!(RescueCasePage of RescueCase);

/// The fields to change.
type RescueCasePatch = Patch<RescueCaseInput>;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_rescue_cases: Access::Needs(Permission::CasesRead) => sorted(store::RESCUE_SORTS, "-severity"),
        create_rescue_case: Access::Needs(Permission::CasesWrite),
        get_rescue_case: Access::Needs(Permission::CasesRead),
        update_rescue_case: Access::Needs(Permission::CasesWrite),
    ]
}

/// A new rescue case.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewRescueCase {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<RescueCaseId>,
    pub customer_id: CustomerId,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub contact_id: Option<Uuid>,
    /// The answer that opens it: one of the same customer.
    pub nps_response_id: Option<NpsResponseId>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub attempt_id: Option<Uuid>,
    #[serde(flatten)]
    pub fields: RescueCaseInput,
}

/// List rescue cases.
#[utoipa::path(get, path = "/v1/rescue-cases", operation_id = "list_rescue_cases", tag = "cases", params(RescueCaseFilter, Paging),
    responses((status = 200, description = "A page of rescue cases", body = RescueCasePage)))]
async fn list_rescue_cases(
    app: App,
    caller: Caller,
    filter: Query<RescueCaseFilter>,
    paging: Paging,
) -> Answer<RescueCasePage> {
    let window = paging.window(&app, &caller, store::RESCUE_SORTS)?;
    let listed = store::rescues(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Open a rescue case.
///
/// For an unhappy customer. Somebody owns it: its creator, when nobody else is named.
#[utoipa::path(post, path = "/v1/rescue-cases", operation_id = "create_rescue_case", tag = "cases", request_body = NewRescueCase,
    responses((status = 201, description = "The new rescue case", body = RescueCase), (status = 200, description = "It was there already, just so", body = RescueCase)))]
async fn create_rescue_case(app: App, caller: Caller, new: Json<NewRescueCase>) -> Answer<RescueCase> {
    let (mut unit, scope, new) = (app.write(&caller).await?, caller.scope(), new.0);
    let id = new.id.unwrap_or_else(|| unit.new_id());
    let there = store::rescue(&mut unit, &scope, id).await?;
    let context = Context {
        customer_id: new.customer_id,
        contact_id: new.contact_id,
        attempt_id: new.attempt_id,
        created_by: caller.user,
        nps_response_id: new.nps_response_id,
    };
    let case = RescueCase::new(id, new.fields, context, unit.now())?;
    if let Some(there) = there {
        return crate::http::reply::again(unit, there, &case).await;
    }
    let answer = match case.nps_response_id {
        Some(id) => nps::store::find(&mut unit, &scope, id).await?,
        None => None,
    };
    let occasion = Occasion {
        customer_id: case.customer_id,
        contact_id: case.contact_id,
        assignment_id: None,
        attempt_id: case.attempt_id,
    };
    let mut references = References::of(&mut unit, &scope);
    references.customer("/customer_id", case.customer_id).await?;
    references.origin(occasion).await?;
    references.active_user("/owner_id", case.fields.owner_id).await?;
    if case.nps_response_id.is_some() && answer.is_none_or(|answer| answer.customer_id != case.customer_id) {
        references.fault(
            "/nps_response_id",
            "not_found",
            "There is no such answer of this customer.",
        );
    }
    references.settle()?;
    let case = unit.save(Change::created(case)).await?;
    unit.answer(Reply::created("/v1/rescue-cases", case)).await
}

/// Read a rescue case.
#[utoipa::path(get, path = "/v1/rescue-cases/{id}", operation_id = "get_rescue_case", tag = "cases",
    responses((status = 200, description = "The rescue case", body = RescueCase)))]
async fn get_rescue_case(app: App, caller: Caller, id: Path<RescueCaseId>) -> Answer<RescueCase> {
    let case = store::rescue(&mut app.read(), &caller.scope(), *id).await?;
    Ok(Reply::record(case.ok_or_else(Problem::not_found)?))
}

/// Change a rescue case.
///
/// Its owner may, whoever made it, and who holds `cases:manage`: managers do.
/// Closing it needs a resolution; a closed case can be taken up again.
#[utoipa::path(patch, path = "/v1/rescue-cases/{id}", operation_id = "update_rescue_case", tag = "cases",
    request_body(content = RescueCasePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The rescue case as it is now", body = RescueCase)))]
async fn update_rescue_case(
    app: App,
    caller: Caller,
    id: Path<RescueCaseId>,
    patch: RescueCasePatch,
    if_match: IfMatch,
) -> Answer<RescueCase> {
    let (mut unit, scope) = (app.write(&caller).await?, caller.scope());
    let case = store::rescue(&mut unit, &scope, *id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let own = [case.created_by, case.fields.owner_id]
        .into_iter()
        .flatten()
        .any(|user| caller.is(user));
    if !own && !caller.may(Permission::CasesManage) {
        return Err(Refusal::not_yours(
            "A rescue case is changed by its owner or whoever made it, or with the permission `cases:manage`.",
        )
        .into());
    }
    let fields = patch.apply(&case.fields)?;
    let new_owner = fields.owner_id.filter(|owner| case.fields.owner_id != Some(*owner));
    let change = case.revise(fields, unit.now())?;
    if_match.allows(&change)?;
    let mut references = References::of(&mut unit, &scope);
    references.active_user("/owner_id", new_owner).await?;
    references.settle()?;
    let case = unit.save(change).await?;
    unit.answer(Reply::record(case)).await
}
