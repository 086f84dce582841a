//! Speaks: NPS responses.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::response::{Context, NpsResponse, NpsResponseId, NpsResponseInput, NpsSource};
use super::store::{self, NpsResponseFilter};
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::features::customers::customer::CustomerId;
use crate::features::occasion::Occasion;
use crate::features::references::References;
use crate::http::page::Paging;
use crate::http::{Access, Answer, App, Endpoint, Json, Known, Path, Query, Reply};
use crate::id::UserId;
use crate::journal::Change;

crate::page!(NpsResponsePage of NpsResponse);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_nps_responses: Access::Needs(Permission::NpsRead) => sorted(store::SORTS, "-responded_at"),
        create_nps_response: Access::Needs(Permission::NpsWrite),
        get_nps_response: Access::Needs(Permission::NpsRead),
    ]
}

fn call() -> NpsSource {
    NpsSource::Call
}

/// A new answer.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewNpsResponse {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<NpsResponseId>,
    pub customer_id: CustomerId,
    /// Who answered.
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub contact_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub assignment_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub attempt_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub program_id: Option<Uuid>,
    /// Who asked; the caller when absent, nobody for a survey or an import.
    pub user_id: Option<UserId>,
    #[serde(default = "call")]
    pub source: NpsSource,
    /// When the customer answered: now when absent, and never ahead.
    pub responded_at: Option<Timestamp>,
    #[serde(flatten)]
    pub fields: NpsResponseInput,
}

/// List NPS responses.
///
/// Across customers; with `customer_id` or `contact_id` the history of one.
#[utoipa::path(get, path = "/v1/nps-responses", operation_id = "list_nps_responses", tag = "nps-responses",
    params(NpsResponseFilter, Paging), responses((status = 200, description = "A page of answers", body = NpsResponsePage)))]
async fn list_nps_responses(
    app: App,
    caller: Caller,
    filter: Query<NpsResponseFilter>,
    paging: Paging,
) -> Answer<NpsResponsePage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Record an NPS response.
///
/// The answer tells the follow-up question that its score calls for: 8 to 10 asks what they said when they recommended us,
/// 0 to 7 what it would take to answer 8 or higher. Without a score, the question was skipped and counts nowhere.
#[utoipa::path(post, path = "/v1/nps-responses", operation_id = "create_nps_response", tag = "nps-responses", request_body = NewNpsResponse,
    responses((status = 201, description = "The new answer", body = NpsResponse), (status = 200, description = "It was there already, just so", body = NpsResponse)))]
async fn create_nps_response(app: App, caller: Caller, new: Json<NewNpsResponse>) -> Answer<NpsResponse> {
    let (mut unit, scope, new) = (app.write(&caller).await?, caller.scope(), new.0);
    let id = new.id.unwrap_or_else(|| unit.new_id());
    let there = store::find(&mut unit, &scope, id).await?;
    let asked = match new.source {
        NpsSource::Call => new.user_id.or(caller.user),
        NpsSource::Survey | NpsSource::Import => new.user_id,
    };
    let at = new.responded_at.or(there.as_ref().map(|there| there.responded_at));
    let at = at.unwrap_or_else(|| unit.now());
    let previous = store::previous(&mut unit, &scope, new.customer_id, at).await?;
    let occasion = Occasion {
        customer_id: new.customer_id,
        contact_id: new.contact_id,
        assignment_id: new.assignment_id,
        attempt_id: new.attempt_id,
    };
    let context = Context {
        occasion,
        program_id: new.program_id,
        user_id: asked,
        source: new.source,
        responded_at: Some(at),
        previous_at: previous,
    };
    let mut response = NpsResponse::new(id, new.fields, context, unit.now());
    if let Some(there) = there {
        // Older answers may have come in since; what was known then stays.
        response.days_since_previous = there.days_since_previous;
        return crate::http::reply::again(unit, there, &response).await;
    }
    let now = unit.now();
    let mut references = References::of(&mut unit, &scope);
    references.happened("/responded_at", response.responded_at, now);
    references.customer("/customer_id", response.customer_id).await?;
    references.origin(occasion).await?;
    references.program("/program_id", response.program_id).await?;
    references.user("/user_id", response.user_id).await?;
    references.settle()?;
    let response = unit.save(Change::created(response)).await?;
    unit.answer(Reply::created("/v1/nps-responses", response)).await
}

/// Read an NPS response.
#[utoipa::path(get, path = "/v1/nps-responses/{id}", operation_id = "get_nps_response", tag = "nps-responses",
    responses((status = 200, description = "The answer", body = NpsResponse)))]
async fn get_nps_response(app: App, caller: Caller, id: Path<NpsResponseId>, known: Known) -> Answer<NpsResponse> {
    Reply::found(&app, &caller, *id, known).await
}
