//! Speaks: the lists that were prepared.

use super::call_list::{CallList, CallListId};
use super::store::{self, CallListFilter};
use crate::access::{Caller, Permission};
use crate::http::page::Paging;
use crate::http::{Access, Answer, App, Endpoint, Path, Problem, Query, Reply};

crate::page!(CallListPage of CallList);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_call_lists: Access::Needs(Permission::AssignmentsRead) => sorted(store::SORTS, "-list_on"),
        get_call_list: Access::Needs(Permission::AssignmentsRead),
    ]
}

/// List the lists of calls.
///
/// One for each executive and day, as it was prepared the evening before: on each executive's own clock, at the hour that their program says. What is on it has become assignments; what they are now, the assignments say.
#[utoipa::path(get, path = "/v1/call-lists", operation_id = "list_call_lists", tag = "days", params(CallListFilter, Paging),
    responses((status = 200, description = "A page of lists", body = CallListPage)))]
async fn list_call_lists(
    app: App,
    caller: Caller,
    filter: Query<CallListFilter>,
    paging: Paging,
) -> Answer<CallListPage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Read a list of calls.
#[utoipa::path(get, path = "/v1/call-lists/{id}", operation_id = "get_call_list", tag = "days",
    responses((status = 200, description = "The list", body = CallList)))]
async fn get_call_list(app: App, caller: Caller, id: Path<CallListId>) -> Answer<CallList> {
    let list = store::find(&mut app.read(), &caller.scope(), *id).await?;
    Ok(Reply::record(list.ok_or_else(Problem::not_found)?))
}
