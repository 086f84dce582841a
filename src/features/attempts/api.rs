//! Speaks: calls on the record.

use super::attempt::{Attempt, AttemptId};
use super::store::{self, AttemptFilter};
use crate::access::{Caller, Permission};
use crate::features::assignments::{self, assignment::AssignmentId};
use crate::http::page::Paging;
use crate::http::{Access, Answer, App, Endpoint, Known, Path, Problem, Query, Reply};

crate::page!(AttemptPage of Attempt);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_attempts: Access::Needs(Permission::AttemptsRead) => sorted(store::SORTS, "-occurred_at"),
        get_attempt: Access::Needs(Permission::AttemptsRead),
        list_assignment_attempts: Access::Needs(Permission::AttemptsRead) => sorted(store::SORTS, "occurred_at"),
    ]
}

/// List attempts.
#[utoipa::path(get, path = "/v1/attempts", operation_id = "list_attempts", tag = "attempts", params(AttemptFilter, Paging),
    responses((status = 200, description = "A page of attempts", body = AttemptPage)))]
async fn list_attempts(app: App, caller: Caller, filter: Query<AttemptFilter>, paging: Paging) -> Answer<AttemptPage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Read an attempt.
#[utoipa::path(get, path = "/v1/attempts/{id}", operation_id = "get_attempt", tag = "attempts",
    responses((status = 200, description = "The attempt", body = Attempt)))]
async fn get_attempt(app: App, caller: Caller, id: Path<AttemptId>, known: Known) -> Answer<Attempt> {
    Reply::found(&app, &caller, *id, known).await
}

/// List the attempts of an assignment.
#[utoipa::path(get, path = "/v1/assignments/{id}/attempts", operation_id = "list_assignment_attempts", tag = "attempts", params(Paging),
    responses((status = 200, description = "A page of attempts", body = AttemptPage)))]
async fn list_assignment_attempts(
    app: App,
    caller: Caller,
    id: Path<AssignmentId>,
    paging: Paging,
) -> Answer<AttemptPage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let (mut db, scope) = (app.read(), caller.scope());
    let assignment = assignments::store::find(&mut db, &scope, *id).await?;
    let filter = AttemptFilter {
        assignment_id: Some(assignment.ok_or_else(Problem::not_found)?.id),
        ..AttemptFilter::default()
    };
    let listed = store::list(&mut db, &scope, &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}
