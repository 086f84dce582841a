//! Speaks: customers that were made one.

use serde::Deserialize;
use utoipa::ToSchema;

use super::merge::{Merge, MergeId};
use super::merging::{self, Parts};
use super::store::{self, MergeFilter};
use super::undoing;
use super::uniting::FieldsOf;
use crate::access::{Caller, Permission};
use crate::db::Sqls;
use crate::features::customers::customer::{Customer, CustomerId};
use crate::features::customers::store as customers;
use crate::features::references::References;
use crate::http::page::Paging;
use crate::http::{Access, Answer, App, Endpoint, Json, Known, Path, Problem, Query, Reply};

crate::page!(MergePage of Merge);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        merge_customer: Access::Needs(Permission::CustomersManage),
        list_merges: Access::Needs(Permission::CustomersRead) => sorted(store::SORTS, "-created_at"),
        get_merge: Access::Needs(Permission::CustomersRead),
        undo_merge: Access::Needs(Permission::CustomersManage),
    ]
}

/// Which customers become a part of this one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeCustomers {
    #[schema(min_items = 1, max_items = 20)]
    pub other_ids: Vec<CustomerId>,
    /// Whose value stays of a field, where it is not this one's, or the first that there is.
    #[serde(default)]
    pub fields: FieldsOf,
}

/// Merge customers.
///
/// The others become a part of this one, with all that they have: contacts, assignments, calls, notes, answers, action items, cases, signals, account managers, follow-ups, plans and lists. Tags and services are united; who asked not to be contacted is not. Of several open assignments those of one executive stay: who promised a call, else who called last. The old ids lead here. Undone at `/v1/merges/{id}/undo`. Needs `assignments:manage` as well.
#[utoipa::path(post, path = "/v1/customers/{id}/merge", operation_id = "merge_customer", tag = "customers", request_body = MergeCustomers,
    responses((status = 201, description = "What was done", body = Merge)))]
async fn merge_customer(app: App, caller: Caller, id: Path<CustomerId>, wanted: Json<MergeCustomers>) -> Answer<Merge> {
    caller.needs(Permission::AssignmentsManage)?;
    let mut unit = app.write_long(&caller).await?;
    let survivor = customers::find(&mut unit, &caller.scope(), *id).await?;
    let survivor = survivor.ok_or_else(Problem::not_found)?;
    let parts = parts(&mut unit, &caller, survivor, wanted.0).await?;
    let merge = merging::merge(&mut unit, &caller.scope(), parts, caller.user).await?;
    unit.answer(Reply::created("/v1/merges", merge)).await
}

/// Everybody who takes part, or all that is against it.
async fn parts(
    db: &mut impl Sqls,
    caller: &Caller,
    survivor: Customer,
    wanted: MergeCustomers,
) -> Result<Parts, Problem> {
    let scope = caller.scope();
    let mut all = vec![survivor];
    let mut references = References::of(db, &scope);
    for (at, other) in wanted.other_ids.iter().enumerate() {
        let pointer = format!("/other_ids/{at}");
        if all.iter().any(|known| known.id == *other) {
            references.fault(&pointer, "duplicate", "Each customer stands once in a merge.");
        } else if let Some(customer) = references.found_customer(&pointer, *other).await? {
            all.push(customer);
        }
    }
    for (field, of) in wanted.fields.named() {
        if of != all[0].id && !wanted.other_ids.contains(&of) {
            let pointer = format!("/fields/{field}");
            references.fault(&pointer, "not_allowed", "Name one of the customers of this merge.");
        }
    }
    references.settle()?;
    Ok(Parts {
        all,
        chosen: wanted.fields,
    })
}

/// List merges.
#[utoipa::path(get, path = "/v1/merges", operation_id = "list_merges", tag = "customers", params(MergeFilter, Paging),
    responses((status = 200, description = "A page of merges", body = MergePage)))]
async fn list_merges(app: App, caller: Caller, filter: Query<MergeFilter>, paging: Paging) -> Answer<MergePage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Read a merge.
#[utoipa::path(get, path = "/v1/merges/{id}", operation_id = "get_merge", tag = "customers",
    responses((status = 200, description = "The merge", body = Merge)))]
async fn get_merge(app: App, caller: Caller, id: Path<MergeId>, known: Known) -> Answer<Merge> {
    Reply::found(&app, &caller, *id, known).await
}

/// Undo a merge.
///
/// The customers are there again with what they had and said. What came since stays with the customer that stayed, unless it came of a call, a contact or an assignment that goes back. What was changed since stands; `kept` tells what that is. A second time changes nothing. Needs `assignments:manage` as well.
#[utoipa::path(post, path = "/v1/merges/{id}/undo", operation_id = "undo_merge", tag = "customers",
    responses((status = 200, description = "The merge, with what was kept", body = Merge)))]
async fn undo_merge(app: App, caller: Caller, id: Path<MergeId>) -> Answer<Merge> {
    caller.needs(Permission::AssignmentsManage)?;
    let mut unit = app.write_long(&caller).await?;
    let merge = store::find(&mut unit, &caller.scope(), *id).await?;
    let merge = merge.ok_or_else(Problem::not_found)?;
    let merge = undoing::undo(&mut unit, &caller.scope(), merge, caller.user).await?;
    unit.answer(Reply::record(merge)).await
}
