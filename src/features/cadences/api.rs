//! Speaks: cadences, and the one that holds for a customer.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cadence::{Cadence, CadenceId, CadenceInput, DueDates};
use super::store::{self, CadenceFilter};
use crate::access::{Caller, Permission};
use crate::features::customers::{self, customer::CustomerId};
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Fault, Json, Patch, Path, Problem, Query, Reply};
use crate::journal::{Change, Unit};
use crate::refusal::{Code, Refusal};

crate::page!(CadencePage of Cadence);

/// The fields to change.
type CadencePatch = Patch<CadenceInput>;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_cadences: Access::Needs(Permission::ProgramsRead) => sorted(store::SORTS, "tag"),
        create_cadence: Access::Needs(Permission::ProgramsManage),
        get_cadence: Access::Needs(Permission::ProgramsRead),
        update_cadence: Access::Needs(Permission::ProgramsManage),
        delete_cadence: Access::Needs(Permission::ProgramsManage),
        get_customer_cadence: Access::Needs(Permission::CustomersRead),
    ]
}

/// A new cadence.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewCadence {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<CadenceId>,
    #[serde(flatten)]
    pub fields: CadenceInput,
}

/// How often a customer is to be spoken with, and when that is.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerCadence {
    pub customer_id: CustomerId,
    /// Days between two conversations, as they should be.
    #[schema(minimum = 1, maximum = 3650)]
    pub ideal_days: i64,
    /// More days than these must not pass.
    #[schema(minimum = 1, maximum = 3650)]
    pub longest_days: i64,
    /// Formal reviews, spread evenly over the year.
    #[schema(minimum = 0, maximum = 4)]
    pub reviews_per_year: i64,
    /// The day from which is counted: of the last conversation; before there is one, when it became a customer or became known.
    pub counted_from: Option<NaiveDate>,
    #[serde(flatten)]
    pub dates: DueDates,
}

/// List cadences.
///
/// One for each tag that has its own, and the one without a tag for everybody else.
#[utoipa::path(get, path = "/v1/cadences", operation_id = "list_cadences", tag = "segments", params(CadenceFilter, Paging),
    responses((status = 200, description = "A page of cadences", body = CadencePage)))]
async fn list_cadences(app: App, caller: Caller, filter: Query<CadenceFilter>, paging: Paging) -> Answer<CadencePage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Create a cadence.
///
/// For the customers of a tag, or, without one, for all whom nothing else is said of; until there is such a one, those are to be spoken with every 90 days, after 180 at the latest, with one review a year. A customer's own cadence goes before those of its tags, and the strictest of these before the organization's.
#[utoipa::path(post, path = "/v1/cadences", operation_id = "create_cadence", tag = "segments", request_body = NewCadence,
    responses((status = 201, description = "The new cadence", body = Cadence), (status = 200, description = "It was there already, just so", body = Cadence)))]
async fn create_cadence(app: App, caller: Caller, new: Json<NewCadence>) -> Answer<Cadence> {
    let mut unit = app.write(&caller).await?;
    let id = new.0.id.unwrap_or_else(|| unit.new_id());
    let cadence = Cadence::new(id, new.0.fields, unit.now());
    if let Some(there) = store::find(&mut unit, &caller.scope(), id).await? {
        return crate::http::reply::again(unit, there, &cadence).await;
    }
    sound(&mut unit, &caller, &cadence).await?;
    let cadence = unit.save(Change::created(cadence)).await?;
    unit.answer(Reply::created("/v1/cadences", cadence)).await
}

/// Read a cadence.
#[utoipa::path(get, path = "/v1/cadences/{id}", operation_id = "get_cadence", tag = "segments",
    responses((status = 200, description = "The cadence", body = Cadence)))]
async fn get_cadence(app: App, caller: Caller, id: Path<CadenceId>) -> Answer<Cadence> {
    Ok(Reply::record(found(&mut app.read(), &caller, *id).await?))
}

/// Change a cadence.
///
/// It holds for its customers at once.
#[utoipa::path(patch, path = "/v1/cadences/{id}", operation_id = "update_cadence", tag = "segments",
    request_body(content = CadencePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The cadence as it is now", body = Cadence)))]
async fn update_cadence(
    app: App,
    caller: Caller,
    id: Path<CadenceId>,
    patch: CadencePatch,
    if_match: IfMatch,
) -> Answer<Cadence> {
    let mut unit = app.write(&caller).await?;
    let cadence = found(&mut unit, &caller, *id).await?;
    let fields = patch.apply(&cadence.fields)?;
    let change = cadence.revise(fields);
    if_match.allows(&change)?;
    sound(&mut unit, &caller, &change.after).await?;
    let cadence = unit.save(change).await?;
    unit.answer(Reply::record(cadence)).await
}

/// Delete a cadence.
///
/// Its customers fall to their other tags, or to the organization's.
#[utoipa::path(delete, path = "/v1/cadences/{id}", operation_id = "delete_cadence", tag = "segments",
    responses((status = 204, description = "It is gone")))]
async fn delete_cadence(app: App, caller: Caller, id: Path<CadenceId>, if_match: IfMatch) -> Answer<()> {
    let mut unit = app.write(&caller).await?;
    let cadence = found(&mut unit, &caller, *id).await?;
    if_match.at(cadence.revision)?;
    unit.remove(cadence).await?;
    unit.answer(Reply::nothing()).await
}

/// Read the cadence that holds for a customer.
///
/// Its own, else the strictest of its tags, else the organization's; with the days on which a conversation is due and overdue and a formal review is due. Days are counted in UTC.
#[utoipa::path(get, path = "/v1/customers/{id}/cadence", operation_id = "get_customer_cadence", tag = "segments",
    responses((status = 200, description = "The cadence and its days", body = CustomerCadence)))]
async fn get_customer_cadence(app: App, caller: Caller, id: Path<CustomerId>) -> Answer<CustomerCadence> {
    let (mut read, scope) = (app.read(), caller.scope());
    let customer = customers::store::find(&mut read, &scope, *id).await?;
    let customer = customer.ok_or_else(Problem::not_found)?;
    let effective = store::effective(&mut read, &scope, &[*id]).await?;
    let effective = effective.get(&*id).ok_or_else(Problem::not_found)?;
    Ok(Reply::ok(CustomerCadence {
        customer_id: *id,
        ideal_days: effective.ideal_days.min(effective.longest_days),
        longest_days: effective.longest_days,
        reviews_per_year: effective.reviews_per_year,
        counted_from: super::cadence::date(customer.clock_day()),
        dates: DueDates::of(&customer, effective),
    }))
}

async fn found(db: &mut impl crate::db::Sqls, caller: &Caller, id: CadenceId) -> Result<Cadence, Problem> {
    store::find(db, &caller.scope(), id)
        .await?
        .ok_or_else(Problem::not_found)
}

/// What the schema cannot say: the longest gap is not the shorter one, a tag has one cadence.
async fn sound(unit: &mut Unit, caller: &Caller, cadence: &Cadence) -> Result<(), Problem> {
    let (fields, key) = (&cadence.fields, cadence.tag_key());
    let mut faults = Vec::new();
    if fields.longest_days < fields.ideal_days {
        faults.push(Fault::new("/longest_days", "out_of_range", super::cadence::CONTRARY));
    }
    if fields.tag.is_some() && key.is_empty() {
        faults.push(Fault::new(
            "/tag",
            "invalid_value",
            "A tag is a word; leave it out for all customers.",
        ));
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    match store::of_tag(unit, &caller.scope(), &key).await? {
        Some(other) if other.id != cadence.id => {
            let whose = match &other.fields.tag {
                Some(tag) => format!("The `tag` {tag} has"),
                None => "The organization has (`tag` null)".to_owned(),
            };
            Err(Refusal::new(Code::Duplicate, format!("{whose} a cadence already, {}.", other.id)).into())
        }
        Some(_) | None => Ok(()),
    }
}
