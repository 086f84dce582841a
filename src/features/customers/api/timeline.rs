//! Speaks: all that ever happened with a customer.

use crate::access::{Caller, Permission};
use crate::features::customers::customer::CustomerId;
use crate::features::customers::store;
use crate::features::customers::store::timeline::{self, TimelineFilter};
use crate::features::customers::timeline::{TimelineEntry, TimelineKind};
use crate::http::page::Paging;
use crate::http::{Access, Answer, App, Endpoint, Path, Problem, Query, Reply};

crate::page!(TimelinePage of TimelineEntry);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![list_timeline: Access::Needs(Permission::CustomersRead) => sorted(timeline::SORTS, "-occurred_at")]
}

/// List what happened with a customer.
///
/// Signals, account managers, assignments, calls, notes, NPS responses, action items and cases in one stream, newest first: as much of it as the caller may read.
#[utoipa::path(get, path = "/v1/customers/{id}/timeline", operation_id = "list_timeline", tag = "customers", params(TimelineFilter, Paging),
    responses((status = 200, description = "A page of the timeline", body = TimelinePage)))]
async fn list_timeline(
    app: App,
    caller: Caller,
    id: Path<CustomerId>,
    filter: Query<TimelineFilter>,
    paging: Paging,
) -> Answer<TimelinePage> {
    let (mut read, scope) = (app.read(), caller.scope());
    store::find(&mut read, &scope, *id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let window = paging.window(&app, &caller, timeline::SORTS)?;
    if window.order.iter().any(|(_, descending)| !descending) {
        let detail = "A timeline begins with the newest: `-occurred_at` is the one order it has.";
        return Err(Problem::fault("sort", "not_allowed", detail));
    }
    let kinds: Vec<TimelineKind> = TimelineKind::ALL
        .iter()
        .copied()
        .filter(|kind| filter.kind_in.as_ref().is_none_or(|wanted| wanted.0.contains(kind)))
        .filter(|kind| caller.may(kind.permission()))
        .collect();
    let listed = timeline::page(&mut read, &scope, *id, &kinds, &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}
