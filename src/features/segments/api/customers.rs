//! Speaks: the customers of a segment.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{found, may_see, moment};
use crate::access::{Caller, Permission};
use crate::features::cadences::{self, cadence::DueDates};
use crate::features::customers::customer::{Customer, CustomerId};
use crate::features::segments::ready_made::SegmentParameters;
use crate::features::segments::segment::{Choice, Place, SegmentKey};
use crate::features::segments::store;
use crate::http::page::{Paging, Sort, SortKey};
use crate::http::{Access, Answer, App, Endpoint, Fault, Path, Problem, Query, Reply};
use crate::journal::{self, Listed};

crate::page!(SegmentCustomerPage of SegmentCustomer);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![list_segment_customers: Access::Needs(Permission::CustomersRead) => sorted(SORTS, "rank")]
}

/// A customer of a segment: its place in it, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct SegmentCustomer {
    /// Its place in the segment, from 1 on.
    #[schema(minimum = 1)]
    pub rank: i64,
    /// Why it is in the segment, in a sentence.
    #[schema(max_length = 20_000, example = "3rd of 93 by billing: 110,277 USD")]
    pub reason: String,
    #[serde(flatten)]
    pub due: DueDates,
    #[serde(flatten)]
    pub customer: Customer,
}

/// What a ready-made segment is told here, in the place of what is usual; a saved one is told what was saved with it.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PreviewParameters {
    /// How many customers, from the first on.
    #[param(minimum = 1, maximum = 100_000)]
    pub top: Option<i64>,
    /// So many of a hundred: of the customers, instead of `top`; with `pareto`, of all billing.
    #[param(minimum = 1, maximum = 100)]
    pub share: Option<i64>,
    /// How many days back, or, with `anniversaries`, ahead.
    #[param(minimum = 1, maximum = 3650)]
    pub days: Option<i64>,
    /// Only customers for at least so many days.
    #[param(minimum = 0, maximum = 36_500)]
    pub min_tenure_days: Option<i64>,
}

/// The one order of a segment's customers is its own.
static SORTS: &[Sort<Place>] = &[Sort {
    name: "rank",
    column: "",
    key: |place| SortKey::Int(place.rank),
}];

/// List the customers of a segment.
///
/// In the segment's own order, each with its place and the reason in a sentence. A ready-made segment takes its parameters here. Customers who must not be contacted are in no segment. Segments of promoters, passives and detractors need `nps_responses:read` as well.
#[utoipa::path(get, path = "/v1/segments/{id}/customers", operation_id = "list_segment_customers", tag = "segments",
    params(("id" = SegmentKey, Path, description = "The word of a ready-made segment, or the id of a saved one."), PreviewParameters, Paging),
    responses((status = 200, description = "A page of customers", body = SegmentCustomerPage)))]
async fn list_segment_customers(
    app: App,
    caller: Caller,
    id: Path<SegmentKey>,
    parameters: Query<PreviewParameters>,
    paging: Paging,
) -> Answer<SegmentCustomerPage> {
    let (mut read, scope) = (app.read(), caller.scope());
    let choice = chosen(&app, &caller, *id, parameters.0).await?;
    may_see(&caller, &choice)?;
    let window = paging.window(&app, &caller, SORTS)?;
    if window.order.iter().any(|(_, descending)| *descending) {
        let detail = "A segment has an order of its own: `rank` is the one there is.";
        return Err(Problem::fault("sort", "not_allowed", detail));
    }
    let moment = moment(&mut read, &caller, app.clock.now()).await?;
    let after = window.after.as_ref().and_then(|(keys, id)| match keys.first() {
        Some(SortKey::Int(rank)) => Some((*rank, *id)),
        Some(SortKey::Time(_) | SortKey::Text(_)) | None => None,
    });
    let mut places = store::places(&mut read, &scope, &choice, &moment, after, window.limit + 1).await?;
    let limit = usize::try_from(window.limit).unwrap_or_default();
    let more = places.len() > limit;
    places.truncate(limit);
    let last = places.last().filter(|_| more);
    let next = last.map(|last| (vec![SortKey::Int(last.rank)], last.customer_id.into()));
    let total = match window.total {
        true => Some(store::count(&mut read, &scope, &choice, &moment).await?),
        false => None,
    };
    let ids: Vec<CustomerId> = places.iter().map(|place| place.customer_id).collect();
    let effective = cadences::store::effective(&mut read, &scope, &ids).await?;
    let ids: Vec<Uuid> = ids.into_iter().map(Uuid::from).collect();
    let customers: Vec<Customer> = journal::find_all(&mut read, caller.organization, &ids).await?;
    let mut customers: HashMap<CustomerId, Customer> = customers.into_iter().map(|c| (c.id, c)).collect();
    // Who went between two statements is left out.
    let rows = places.into_iter().filter_map(|place| {
        let customer = customers.remove(&place.customer_id)?;
        Some(SegmentCustomer {
            rank: place.rank,
            reason: choice.reason(&place, &customer, &moment),
            due: DueDates::of(&customer, effective.get(&customer.id)?),
            customer,
        })
    });
    let rows = rows.collect();
    Ok(Reply::ok(
        paging.close(&app, &caller, Listed { rows, next, total }).into(),
    ))
}

/// Whom the segment chooses, with the parameters of this request.
async fn chosen(app: &App, caller: &Caller, key: SegmentKey, given: PreviewParameters) -> Result<Choice, Problem> {
    let PreviewParameters {
        top,
        share,
        days,
        min_tenure_days,
    } = given;
    let given = SegmentParameters {
        top,
        share,
        days,
        min_tenure_days,
    };
    let refused = |faults: Vec<(String, String)>| {
        let fault = |(name, reason): (String, String)| Fault::new(name, "not_allowed", reason);
        Problem::invalid(faults.into_iter().map(fault).collect())
    };
    match key {
        SegmentKey::ReadyMade(which) => match which.settle(given) {
            Ok(settled) => Ok(Choice::ReadyMade(which, settled)),
            Err(faults) => Err(refused(
                faults.into_iter().map(|(name, why)| (name.to_owned(), why)).collect(),
            )),
        },
        SegmentKey::Saved(id) => {
            let segment = found(&mut app.read(), caller, id).await?;
            if given != SegmentParameters::default() {
                let detail =
                    "A saved segment is told what was saved with it. Change the segment, or ask the ready-made one.";
                return Err(Problem::fault("", "not_allowed", detail));
            }
            segment.choice().map_err(refused)
        }
    }
}
