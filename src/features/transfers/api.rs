//! Speaks: transfers of a leaver's open work.

use super::store;
use super::transfer::{Hands, Transfer, Transferred};
use crate::access::{Caller, Permission};
use crate::features::assignments::store::known_user;
use crate::features::people;
use crate::features::references::References;
use crate::http::{Access, Answer, App, Endpoint, Json, Path, Problem, Reply};
use crate::id::UserId;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![transfer_user: Access::Needs(Permission::UsersManage)]
}

/// Hand on a user's open work.
///
/// All at once: open assignments, action items, rescue cases and service interests go to another user, with the promises to customers that hang on them.
/// Assignments go only to a user whose role places calls. What is closed stays in the name of whoever did it. It needs the permissions to assign calls, action items and cases as well.
#[utoipa::path(post, path = "/v1/users/{id}/transfer", operation_id = "transfer_user", tag = "people", request_body = Transfer,
    responses((status = 200, description = "How much has changed hands", body = Transferred)))]
async fn transfer_user(app: App, caller: Caller, id: Path<UserId>, to: Json<Transfer>) -> Answer<Transferred> {
    for permission in [
        Permission::AssignmentsManage,
        Permission::ActionItemsManage,
        Permission::CasesWrite,
    ] {
        caller.needs(permission)?;
    }
    let hands = Hands {
        from: *id,
        to: to.to_user_id,
    };
    let (scope, mut unit) = (caller.scope(), app.write(&caller).await?);
    people::store::find(&mut unit, &scope, hands.from)
        .await?
        .ok_or_else(Problem::not_found)?;
    let mut references = References::of(&mut unit, &scope);
    references.active_user("/to_user_id", Some(hands.to)).await?;
    if hands.from == hands.to {
        references.fault(
            "/to_user_id",
            "invalid_value",
            "This is the user whose work is to be handed on.",
        );
    }
    references.settle()?;
    let open = store::assignments(&mut unit, &scope, hands.from).await?;
    let assignments = hands.assignments(open, unit.now())?;
    if !assignments.is_empty()
        && let Some(user) = known_user(&mut unit, &scope, hands.to).await?
    {
        user.may_call()
            .map_err(|(code, detail)| Problem::fault("/to_user_id", code, detail))?;
    }
    let action_items = hands.action_items(store::action_items(&mut unit, &scope, hands.from).await?);
    let rescue_cases = hands.rescue_cases(store::rescue_cases(&mut unit, &scope, hands.from).await?);
    let service_interests = hands.service_interests(store::service_interests(&mut unit, &scope, hands.from).await?);
    let transferred = Transferred {
        assignments: unit.save_all(assignments).await?.len(),
        action_items: unit.save_all(action_items).await?.len(),
        rescue_cases: unit.save_all(rescue_cases).await?.len(),
        service_interests: unit.save_all(service_interests).await?.len(),
    };
    unit.answer(Reply::ok(transferred)).await
}
