//! Speaks: absences.

use serde::Deserialize;
use utoipa::ToSchema;

use super::absence::{Absence, AbsenceId, AbsenceInput};
use super::store::{self, AbsenceFilter, Sight};
use crate::access::{Caller, Permission};
use crate::features::people;
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Patch, Path, Problem, Query, Reply};
use crate::id::UserId;
use crate::journal::Change;
use crate::refusal::Refusal;
use crate::text::no_such;

crate::page!(AbsencePage of Absence);

/// The fields to change.
type AbsencePatch = Patch<AbsenceInput>;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_absences: Access::Needs(Permission::AbsencesEnter) => sorted(store::SORTS, "starts_on"),
        create_absence: Access::Needs(Permission::AbsencesEnter),
        get_absence: Access::Needs(Permission::AbsencesEnter),
        update_absence: Access::Needs(Permission::AbsencesEnter),
        delete_absence: Access::Needs(Permission::AbsencesEnter),
    ]
}

/// A new absence.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewAbsence {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<AbsenceId>,
    /// Who is away: the caller, when it is not said. Somebody else's needs `absences:manage`.
    pub user_id: Option<UserId>,
    #[serde(flatten)]
    pub fields: AbsenceInput,
}

/// List absences.
///
/// One's own; with `absences:manage` everybody's.
#[utoipa::path(get, path = "/v1/absences", operation_id = "list_absences", tag = "people", params(AbsenceFilter, Paging),
    responses((status = 200, description = "A page of absences", body = AbsencePage)))]
async fn list_absences(app: App, caller: Caller, filter: Query<AbsenceFilter>, paging: Paging) -> Answer<AbsencePage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), sight(&caller), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// So many absences are kept of one user: a life's worth.
const MOST: i64 = 1000;

/// Enter an absence.
///
/// Whole days, both included, on the user's own calendar: nothing is planned for them and no habit is broken by them. Absences may overlap; they add up.
#[utoipa::path(post, path = "/v1/absences", operation_id = "create_absence", tag = "people", request_body = NewAbsence,
    responses((status = 201, description = "The new absence", body = Absence), (status = 200, description = "It was there already, just so", body = Absence)))]
async fn create_absence(app: App, caller: Caller, new: Json<NewAbsence>) -> Answer<Absence> {
    let mut unit = app.write(&caller).await?;
    let id = new.0.id.unwrap_or_else(|| unit.new_id());
    let user = whose(&caller, new.0.user_id)?;
    let absence = Absence::new(id, user, new.0.fields, unit.now());
    if let Some(there) = store::find(&mut unit, &caller.scope(), Sight::Everybodys, id).await? {
        return crate::http::reply::again(unit, there, &absence).await;
    }
    if people::store::find(&mut unit, &caller.scope(), user).await?.is_none() {
        return Err(Problem::fault("/user_id", "not_found", no_such("user", user)));
    }
    sound(&absence.fields)?;
    if store::count_of(&mut unit, &caller.scope(), user).await? >= MOST {
        let detail = format!("{MOST} absences of this user are kept, and that is the most: delete old ones first.");
        return Err(crate::refusal::Refusal::state(detail).into());
    }
    let absence = unit.save(Change::created(absence)).await?;
    unit.answer(Reply::created("/v1/absences", absence)).await
}

/// Read an absence.
#[utoipa::path(get, path = "/v1/absences/{id}", operation_id = "get_absence", tag = "people",
    responses((status = 200, description = "The absence", body = Absence)))]
async fn get_absence(app: App, caller: Caller, id: Path<AbsenceId>) -> Answer<Absence> {
    Ok(Reply::record(found(&mut app.read(), &caller, *id).await?))
}

/// Change an absence.
#[utoipa::path(patch, path = "/v1/absences/{id}", operation_id = "update_absence", tag = "people",
    request_body(content = AbsencePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The absence as it is now", body = Absence)))]
async fn update_absence(
    app: App,
    caller: Caller,
    id: Path<AbsenceId>,
    patch: AbsencePatch,
    if_match: IfMatch,
) -> Answer<Absence> {
    let mut unit = app.write(&caller).await?;
    let absence = found(&mut unit, &caller, *id).await?;
    let fields = patch.apply(&absence.fields)?;
    let change = absence.revise(fields);
    if_match.allows(&change)?;
    sound(&change.after.fields)?;
    let absence = unit.save(change).await?;
    unit.answer(Reply::record(absence)).await
}

/// Delete an absence.
#[utoipa::path(delete, path = "/v1/absences/{id}", operation_id = "delete_absence", tag = "people",
    responses((status = 204, description = "It is gone")))]
async fn delete_absence(app: App, caller: Caller, id: Path<AbsenceId>, if_match: IfMatch) -> Answer<()> {
    let mut unit = app.write(&caller).await?;
    let absence = found(&mut unit, &caller, *id).await?;
    if_match.at(absence.revision)?;
    unit.remove(absence).await?;
    unit.answer(Reply::nothing()).await
}

/// Why and when somebody is away is theirs to know, and their managers'.
fn sight(caller: &Caller) -> Sight {
    if caller.may(Permission::AbsencesManage) {
        Sight::Everybodys
    } else {
        Sight::Own(caller.user)
    }
}

async fn found(db: &mut impl crate::db::Sqls, caller: &Caller, id: AbsenceId) -> Result<Absence, Problem> {
    store::find(db, &caller.scope(), sight(caller), id)
        .await?
        .ok_or_else(Problem::not_found)
}

/// Whose absence is entered.
fn whose(caller: &Caller, user: Option<UserId>) -> Result<UserId, Problem> {
    let user = user
        .or(caller.user)
        .ok_or_else(|| Problem::fault("/user_id", "required", "An API key says who is away."))?;
    if caller.is(user) || caller.may(Permission::AbsencesManage) {
        return Ok(user);
    }
    Err(Refusal::not_yours("Absences of others are entered by managers.").into())
}

/// What the schema cannot say: the days make an absence.
fn sound(fields: &AbsenceInput) -> Result<(), Problem> {
    fields
        .check()
        .map_err(|fault| Problem::fault("/ends_on", "out_of_range", fault.sentence()))
}
