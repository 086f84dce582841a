//! Speaks: sending follow-ups, and that they were sent by hand.

use serde::Deserialize;
use utoipa::ToSchema;

use super::api::{do_not_contact, theirs};
use super::follow_up::{FollowUp, FollowUpId, FollowUpStatus};
use super::sending::{MAIL, Message};
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::features::customers;
use crate::http::{Access, Answer, App, Endpoint, Json, Path, Problem, Reply};
use crate::refusal::Refusal;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        send_follow_up: Access::Needs(Permission::FollowUpsWrite),
        mark_follow_up_sent: Access::Needs(Permission::FollowUpsWrite),
    ]
}

/// That a follow-up was sent by hand.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkSent {
    /// Now when absent; not in the future.
    pub sent_at: Option<Timestamp>,
}

/// Send a follow-up.
///
/// By the installation's mail server, in your name and from its address; answers go to you. It is `sending` until the server has taken it, then `sent`, or `failed` with the reason, edited and sent again. Where no mail server is configured, send it from your own mail program (`mailto_url`, or as `message/rfc822`), and mark it sent.
#[utoipa::path(post, path = "/v1/follow-ups/{id}/send", operation_id = "send_follow_up", tag = "follow-ups",
    responses((status = 200, description = "The follow-up, on its way", body = FollowUp)))]
async fn send_follow_up(app: App, caller: Caller, id: Path<FollowUpId>) -> Answer<FollowUp> {
    let mut unit = app.write(&caller).await?;
    let follow_up = theirs(&mut unit, &caller, *id).await?;
    if app.mail.is_none() {
        return Err(Refusal::state(
            "No mail server is configured here. Send it from your own mail program, and mark it sent.",
        )
        .into());
    }
    let customer = customers::store::find(&mut unit, &caller.scope(), follow_up.customer_id).await?;
    if customer.is_some_and(|customer| customer.fields.do_not_contact) {
        return Err(do_not_contact().into());
    }
    let under_way = follow_up.status == FollowUpStatus::Sending;
    let follow_up = unit.save(follow_up.send()?).await?;
    if !under_way {
        let message = MAIL.with(&Message { follow_up_id: *id });
        let message = message.map_err(|error| Problem::internal(&error))?;
        unit.enqueue(message).await?;
    }
    unit.answer(Reply::record(follow_up)).await
}

/// Mark a follow-up sent.
///
/// It went out from your own mail program. On the customer's timeline it stands like one that was sent from here.
#[utoipa::path(post, path = "/v1/follow-ups/{id}/mark-sent", operation_id = "mark_follow_up_sent", tag = "follow-ups", request_body = MarkSent,
    responses((status = 200, description = "The follow-up, sent", body = FollowUp)))]
async fn mark_follow_up_sent(app: App, caller: Caller, id: Path<FollowUpId>, sent: Json<MarkSent>) -> Answer<FollowUp> {
    let mut unit = app.write(&caller).await?;
    let follow_up = theirs(&mut unit, &caller, *id).await?;
    let change = follow_up.mark_sent(sent.0.sent_at, unit.now())?;
    let follow_up = unit.save(change).await?;
    unit.answer(Reply::record(follow_up)).await
}
