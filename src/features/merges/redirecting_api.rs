//! Speaks: the old ids of merged customers. Reading leads on; writing is told, for what was to be written was decided of another record.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError};

use crate::access::Caller;
use crate::features::customers::{customer::CustomerId, store::redirects, writing::merged};
use crate::http::Problem;
use crate::refusal::Code;

const CUSTOMERS: &str = "/v1/customers/";

/// Around every endpoint: an answer that a customer is not there is another one when it was merged.
///
/// # Errors
/// Those of what it is around.
pub async fn lead_on(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    if response.status() != StatusCode::NOT_FOUND {
        return Ok(response);
    }
    let path = response.request().path().to_owned();
    let Some((former, rest)) = path
        .strip_prefix(CUSTOMERS)
        .map(|rest| rest.split_at(rest.len().min(36)))
    else {
        return Ok(response);
    };
    let caller = response.request().extensions().get::<Caller>().cloned();
    let app = response.request().app_data::<Data<Arc<crate::app::App>>>().cloned();
    let (Ok(former), Some(caller), Some(app)) = (former.parse().map(CustomerId), caller, app) else {
        return Ok(response);
    };
    let answer = match redirects::now(&mut app.read(), &caller.scope(), former).await {
        Ok(None) => return Ok(response),
        Ok(Some(now)) if response.request().method().is_safe() => {
            let query = response.request().query_string();
            let query = if query.is_empty() {
                String::new()
            } else {
                format!("?{query}")
            };
            HttpResponse::PermanentRedirect()
                .insert_header((header::LOCATION, format!("{CUSTOMERS}{now}{rest}{query}")))
                // A merge can be undone: nobody may lead on by heart.
                .insert_header((header::CACHE_CONTROL, "private, no-cache"))
                .finish()
        }
        Ok(Some(now)) => Problem::new(Code::Merged, merged(former, now)).error_response(),
        Err(error) => Problem::from(error).error_response(),
    };
    Ok(response.into_response(answer))
}
