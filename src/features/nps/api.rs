//! Speaks: NPS responses.

use super::response::{NpsResponse, NpsResponseId};
use super::store::{self, NpsResponseFilter};
use super::writing::{self, NewNpsResponse};
use crate::access::{Caller, Permission};
use crate::http::page::Paging;
use crate::http::{Access, Answer, App, Endpoint, Json, Known, Path, Query, Reply};

crate::page!(NpsResponsePage of NpsResponse);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_nps_responses: Access::Needs(Permission::NpsRead) => sorted(store::SORTS, "-responded_at"),
        create_nps_response: Access::Needs(Permission::NpsWrite),
        get_nps_response: Access::Needs(Permission::NpsRead),
    ]
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
    let mut unit = app.write(&caller).await?;
    let made = writing::create(&mut unit, &caller, new.0).await?;
    unit.answer_made("/v1/nps-responses", made).await
}

/// Read an NPS response.
#[utoipa::path(get, path = "/v1/nps-responses/{id}", operation_id = "get_nps_response", tag = "nps-responses",
    responses((status = 200, description = "The answer", body = NpsResponse)))]
async fn get_nps_response(app: App, caller: Caller, id: Path<NpsResponseId>, known: Known) -> Answer<NpsResponse> {
    Reply::found(&app, &caller, *id, known).await
}
