//! Speaks: briefs.

use super::brief::Brief;
use super::part::Part;
use super::store;
use crate::access::{Caller, Permission};
use crate::features::assignments::assignment::AssignmentId;
use crate::http::{Access, Answer, App, Endpoint, Path, Problem, Reply};

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![get_brief: Access::Needs(Permission::AssignmentsRead)]
}

/// Read the brief of a call.
///
/// Everything that one should know before calling: the customer with tenure, services, billing and local time, its contacts and account managers, support, purchases, referrals, news, past calls, notes, the answers to the recommendation question, open promises and action items. `missing` says in words what is not known. Needs `customers:read` as well; what else the caller may not read is left out, and `missing` says so.
///
/// Times are of this minute: asked again with `If-None-Match` within it, an unchanged brief is 304.
#[utoipa::path(get, path = "/v1/assignments/{id}/brief", operation_id = "get_brief", tag = "briefs",
    responses((status = 200, description = "The brief", body = Brief)))]
async fn get_brief(app: App, caller: Caller, id: Path<AssignmentId>) -> Answer<Brief> {
    Ok(Reply::ok(brief(&app, &caller, *id).await?))
}

/// The brief of an assignment, as far as the caller may read.
pub(super) async fn brief(app: &App, caller: &Caller, id: AssignmentId) -> Result<Brief, Problem> {
    caller.needs(Permission::CustomersRead)?;
    let (shown, hidden): (Vec<Part>, Vec<Part>) = Part::ALL
        .iter()
        .copied()
        .partition(|part| caller.may(part.permission()));
    let found = store::gather(&mut app.read(), &caller.scope(), &shown, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let now = app.clock.now();
    Ok(Brief::of(found.assignment, found.customer, &found.lines, &hidden, now))
}
