//! Speaks: sending follow-ups, and that they were sent by hand.

use serde::Deserialize;
use utoipa::ToSchema;

use super::api::{do_not_contact, theirs};
use super::follow_up::{FollowUp, FollowUpId, FollowUpStatus};
use super::sending::{MAIL, Message};
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::features::{attempts, customers};
use crate::http::{Access, Answer, App, Endpoint, Json, Path, Problem, Reply};
use crate::jobs;
use crate::journal::Unit;
use crate::refusal::Refusal;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        send_follow_up: Access::Needs(Permission::FollowUpsWrite),
        mark_follow_up_sent: Access::Needs(Permission::FollowUpsWrite),
    ]
}

const STOPPED: &str = "Its job was canceled or given up before the mail server had taken it.";

/// That a follow-up was sent by hand.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkSent {
    /// Now when absent; not in the future.
    pub sent_at: Option<Timestamp>,
}

/// Send a follow-up.
///
/// By the installation's mail server, in your name and from its address; answers go to you. It is `sending` until the server has taken it, then `sent`, or `failed` with the reason, edited and sent again; one whose job was canceled or given up is sent again as it is. Where no mail server is configured, send it from your own mail program (`mailto_url`, or as `message/rfc822`), and mark it sent.
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
    let follow_up = match follow_up.status {
        FollowUpStatus::Sending => resumed(&mut unit, follow_up).await?,
        FollowUpStatus::Draft | FollowUpStatus::Sent | FollowUpStatus::Failed => {
            put_on_its_way(&mut unit, follow_up).await?
        }
    };
    unit.answer(Reply::record(follow_up)).await
}

async fn put_on_its_way(unit: &mut Unit, follow_up: FollowUp) -> Result<FollowUp, Problem> {
    let follow_up = unit.save(follow_up.send()?).await?;
    let job = Message::of(&follow_up).job();
    unit.enqueue(job.map_err(|error| Problem::internal(&error))?).await?;
    Ok(follow_up)
}

/// One that is on its way stays so, unless nobody works at it any more: its job was canceled or given up.
async fn resumed(unit: &mut Unit, follow_up: FollowUp) -> Result<FollowUp, Problem> {
    let organization = unit.organization();
    let job = jobs::store::of_key(unit, organization, MAIL, &Message::of(&follow_up).key()).await?;
    if job.as_ref().is_some_and(jobs::Job::open) {
        return Ok(follow_up);
    }
    if let Some(at) = job.and_then(|job| job.handed_over_at) {
        return Ok(unit.save(follow_up.delivered(at)?).await?);
    }
    let failed = unit.save(follow_up.fail(STOPPED)?).await?;
    put_on_its_way(unit, failed).await
}

/// Mark a follow-up sent.
///
/// It went out from your own mail program. On the customer's timeline it stands like one that was sent from here.
#[utoipa::path(post, path = "/v1/follow-ups/{id}/mark-sent", operation_id = "mark_follow_up_sent", tag = "follow-ups", request_body = MarkSent,
    responses((status = 200, description = "The follow-up, sent", body = FollowUp)))]
async fn mark_follow_up_sent(app: App, caller: Caller, id: Path<FollowUpId>, sent: Json<MarkSent>) -> Answer<FollowUp> {
    let mut unit = app.write(&caller).await?;
    let follow_up = theirs(&mut unit, &caller, *id).await?;
    let attempt = attempts::store::find(&mut unit, &caller.scope(), follow_up.attempt_id).await?;
    let called_at = attempt.map_or(follow_up.created_at, |attempt| attempt.occurred_at);
    let change = follow_up.mark_sent(sent.0.sent_at, called_at, unit.now())?;
    let follow_up = unit.save(change).await?;
    unit.answer(Reply::record(follow_up)).await
}
