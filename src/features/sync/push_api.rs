//! Speaks: what a device sends.

use super::api::owner;
use super::mutation::{Mutation, SyncPush, SyncPushed};
use super::pushing::{Device, apply, told, unreadable};
use crate::access::Caller;
use crate::http::{Access, Answer, Apart, App, Checks, Endpoint, Json, Reply, typed};

/// Mutations that become durable together: others who write do not wait long for their turn.
const AT_ONCE: usize = 25;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![create_sync_push: Access::SignedIn => each("mutations")]
}

/// Send what was done on a device.
///
/// Each mutation is done for itself, in the order in which they stand, whole or not at all; a bad one (also one that cannot be read at all) is answered as `rejected` with its problem, and the others go on. What may be done, and to what, is what the endpoints of each collection allow: `assignments` are changed (`due_on`, `priority`, `reason`, `scheduled_for`, `snoozed_until`, `status` to completed or declined), `attempts`, `notes` and `nps_responses` added, `action_items` made and changed, `customers` and `contacts` by whoever manages them.
///
/// A field is in conflict only when another client has changed that same field since `base_revision`; then the other's value stands, and the one that was sent stays in the journal. What is sent twice is done once: by its `mutation_id`, and because what is so already is a success. A call on an assignment that was meanwhile given to somebody else or closed is kept as the call that it was, and managers hear of it.
#[utoipa::path(post, path = "/v1/sync/push", operation_id = "send_sync_push", tag = "sync", request_body = SyncPush,
    responses((status = 200, description = "What became of each", body = SyncPushed)))]
async fn create_sync_push(
    app: App,
    caller: Caller,
    push: Json<SyncPush>,
    checks: Checks,
    mut apart: Apart,
) -> Answer<SyncPushed> {
    let user = owner(&caller)?;
    let SyncPush { client_id, mutations } = push.0;
    let mut device = Device::new(caller.clone(), user, client_id, checks);
    let mut results = Vec::with_capacity(mutations.len());
    for chunk in mutations.chunks(AT_ONCE) {
        let mut unit = app.write(&device.caller).await?;
        device.still(&mut unit).await?;
        let mut answers = Vec::with_capacity(chunk.len());
        for mutation in chunk {
            let read = match apart.of_item(results.len() + answers.len()) {
                Some(problem) => Err(problem),
                None => typed::<Mutation>(mutation.clone()),
            };
            answers.push(match read {
                Ok(mutation) => apply(&mut unit, &device, mutation).await?,
                Err(problem) => unreadable(mutation, problem),
            });
        }
        results.extend(told(&mut unit, &device, answers).await?);
        unit.commit().await?;
    }
    let reply = Reply::ok(SyncPushed { results });
    if caller.origin.claim.is_none() {
        return Ok(reply);
    }
    // Each was kept by itself; the whole answer is, for who repeats the request by its key.
    app.write(&caller).await?.answer(reply).await
}
