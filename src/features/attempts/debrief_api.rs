//! Speaks: the debrief of a call.

use actix_web::http::StatusCode;

use super::debrief::{Debrief, NewAttempt};
use super::placing::{self, Placed};
use crate::access::{Caller, Permission};
use crate::features::assignments::assignment::AssignmentId;
use crate::http::{Access, Answer, App, Endpoint, Json, Path, Reply};

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![create_attempt: Access::Needs(Permission::AttemptsCreate)]
}

/// Record a call: the debrief.
///
/// The attempt, what was learned, the answer to the recommendation question and what is to be done, all or nothing. Only the assignment's own executive places its calls.
///
/// What follows by itself: a conversation completes the assignment. Voicemails, messages, busy lines and gatekeepers schedule the next call, for the promised time or by the program's retry policy within the customer's hours, until the attempts are used up. A wrong number or a contact who left becomes work for a data steward. Who asks not to be called is not called again: this and every other open assignment of the customer is canceled.
#[utoipa::path(post, path = "/v1/assignments/{id}/attempts", operation_id = "create_attempt", tag = "attempts", request_body = NewAttempt,
    responses((status = 201, description = "The call, and all that came of it", body = Debrief), (status = 200, description = "It was there already, just so", body = Debrief)))]
async fn create_attempt(app: App, caller: Caller, id: Path<AssignmentId>, new: Json<NewAttempt>) -> Answer<Debrief> {
    let mut unit = app.write(&caller).await?;
    let reply = match placing::place(&mut unit, &caller, *id, new.0).await? {
        Placed::New(debrief) => {
            let location = format!("/v1/attempts/{}", debrief.attempt.id);
            let revision = debrief.attempt.revision;
            Reply::status(StatusCode::CREATED, debrief)
                .revision(revision)
                .location(location)
        }
        Placed::Again(debrief) => {
            let revision = debrief.attempt.revision;
            Reply::status(StatusCode::OK, debrief).revision(revision)
        }
    };
    // By the unit, also where it wrote nothing: what it read may not be durable before the unit is.
    unit.answer(reply).await
}
