//! Speaks: programs.

use serde::Deserialize;
use utoipa::ToSchema;

use super::program::{Participant, Program, ProgramId, ProgramInput};
use super::store::{self, ProgramFilter};
use crate::access::{Caller, Permission, Role};
use crate::features::segments::segment::{Segment, SegmentKey};
use crate::features::{people, talking_points};
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Fault, Json, Patch, Path, Problem, Query, Reply};
use crate::journal::{Change, Unit};
use crate::text::no_such;

crate::page!(ProgramPage of Program);

/// The fields to change.
type ProgramPatch = Patch<ProgramInput>;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_programs: Access::Needs(Permission::ProgramsRead) => sorted(store::SORTS, "name"),
        create_program: Access::Needs(Permission::ProgramsManage),
        get_program: Access::Needs(Permission::ProgramsRead),
        update_program: Access::Needs(Permission::ProgramsManage),
        pause_program: Access::Needs(Permission::ProgramsManage),
        resume_program: Access::Needs(Permission::ProgramsManage),
        end_program: Access::Needs(Permission::ProgramsManage),
    ]
}

/// A new program.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewProgram {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<ProgramId>,
    #[serde(flatten)]
    pub fields: ProgramInput,
}

/// List programs.
#[utoipa::path(get, path = "/v1/programs", operation_id = "list_programs", tag = "programs", params(ProgramFilter, Paging),
    responses((status = 200, description = "A page of programs", body = ProgramPage)))]
async fn list_programs(app: App, caller: Caller, filter: Query<ProgramFilter>, paging: Paging) -> Answer<ProgramPage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Create a program.
///
/// It runs at once. What is not said of its retry policy is as usual: six attempts, voicemails after two days.
#[utoipa::path(post, path = "/v1/programs", operation_id = "create_program", tag = "programs", request_body = NewProgram,
    responses((status = 201, description = "The new program", body = Program), (status = 200, description = "It was there already, just so", body = Program)))]
async fn create_program(app: App, caller: Caller, new: Json<NewProgram>) -> Answer<Program> {
    let mut unit = app.write(&caller).await?;
    let id = new.0.id.unwrap_or_else(|| unit.new_id());
    let program = Program::new(id, new.0.fields, unit.now());
    if let Some(there) = store::find(&mut unit, &caller.scope(), id).await? {
        return crate::http::reply::again(unit, there, &program).await;
    }
    sound(&mut unit, &caller, &program.fields, &[]).await?;
    let program = unit.save(Change::created(program)).await?;
    unit.answer(Reply::created("/v1/programs", program)).await
}

/// Read a program.
#[utoipa::path(get, path = "/v1/programs/{id}", operation_id = "get_program", tag = "programs",
    responses((status = 200, description = "The program", body = Program)))]
async fn get_program(app: App, caller: Caller, id: Path<ProgramId>) -> Answer<Program> {
    Ok(Reply::record(found(&mut app.read(), &caller, *id).await?))
}

/// Change a program.
///
/// The rules of its retry policy are merged field by field: to turn minutes into days, clear the minutes with null.
#[utoipa::path(patch, path = "/v1/programs/{id}", operation_id = "update_program", tag = "programs",
    request_body(content = ProgramPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The program as it is now", body = Program)))]
async fn update_program(
    app: App,
    caller: Caller,
    id: Path<ProgramId>,
    patch: ProgramPatch,
    if_match: IfMatch,
) -> Answer<Program> {
    let mut unit = app.write(&caller).await?;
    let program = found(&mut unit, &caller, *id).await?;
    let fields = patch.apply(&program.fields)?;
    let known = program.fields.participants.0.clone();
    let change = program.revise(fields);
    if_match.allows(&change)?;
    sound(&mut unit, &caller, &change.after.fields, &known).await?;
    let program = unit.save(change).await?;
    unit.answer(Reply::record(program)).await
}

/// Pause a program.
///
/// What is assigned in it stays assigned.
#[utoipa::path(post, path = "/v1/programs/{id}/pause", operation_id = "pause_program", tag = "programs",
    responses((status = 200, description = "The program as it is now", body = Program)))]
async fn pause_program(app: App, caller: Caller, id: Path<ProgramId>) -> Answer<Program> {
    let mut unit = app.write(&caller).await?;
    let change = found(&mut unit, &caller, *id).await?.pause()?;
    let program = unit.save(change).await?;
    unit.answer(Reply::record(program)).await
}

/// Resume a paused program.
#[utoipa::path(post, path = "/v1/programs/{id}/resume", operation_id = "resume_program", tag = "programs",
    responses((status = 200, description = "The program as it is now", body = Program)))]
async fn resume_program(app: App, caller: Caller, id: Path<ProgramId>) -> Answer<Program> {
    let mut unit = app.write(&caller).await?;
    let change = found(&mut unit, &caller, *id).await?.resume()?;
    let program = unit.save(change).await?;
    unit.answer(Reply::record(program)).await
}

/// End a program for good.
///
/// What is open in it can still be worked; nothing new is assigned in it.
#[utoipa::path(post, path = "/v1/programs/{id}/end", operation_id = "end_program", tag = "programs",
    responses((status = 200, description = "The program as it is now", body = Program)))]
async fn end_program(app: App, caller: Caller, id: Path<ProgramId>) -> Answer<Program> {
    let mut unit = app.write(&caller).await?;
    let change = found(&mut unit, &caller, *id).await?.end();
    let program = unit.save(change).await?;
    unit.answer(Reply::record(program)).await
}

async fn found(db: &mut impl crate::db::Sqls, caller: &Caller, id: ProgramId) -> Result<Program, Problem> {
    store::find(db, &caller.scope(), id)
        .await?
        .ok_or_else(Problem::not_found)
}

/// What the schema cannot say: participants and talking points exist, each participant stands once, and the program does not end before it begins.
/// Whoever takes part from now on places calls; a role that is lowered later takes nobody out. `known` are the participants before.
async fn sound(unit: &mut Unit, caller: &Caller, fields: &ProgramInput, known: &[Participant]) -> Result<(), Problem> {
    let mut faults = Vec::new();
    if let (Some(starts), Some(ends)) = (fields.starts_on, fields.ends_on)
        && ends < starts
    {
        faults.push(Fault::new(
            "/ends_on",
            "out_of_range",
            format!("The program begins on {starts}; it cannot end before."),
        ));
    }
    let ids: Vec<_> = fields.participants.iter().map(|part| part.user_id.0).collect();
    let users: Vec<people::user::User> = crate::journal::find_all(unit, caller.organization, &ids).await?;
    for (at, part) in fields.participants.iter().enumerate() {
        let pointer = format!("/participants/{at}/user_id");
        if !users.iter().any(|user| user.id == part.user_id) {
            faults.push(Fault::new(pointer, "not_found", no_such("user", part.user_id)));
        } else if fields
            .participants
            .iter()
            .take(at)
            .any(|other| other.user_id == part.user_id)
        {
            faults.push(Fault::new(
                pointer,
                "duplicate",
                "This user stands in the list already.",
            ));
        } else if let Some(user) = users.iter().find(|user| user.id == part.user_id)
            && known.iter().all(|known| known.user_id != part.user_id)
            && !places_calls(user.fields.role)
        {
            let role = user.fields.role;
            let detail = format!("The role `{role}` places no calls; have this user given the role `executive` first.");
            faults.push(Fault::new(pointer, "not_allowed", detail));
        }
        if part.conversations_to_reach > part.calls_to_prepare && !known.contains(part) {
            faults.push(Fault::new(
                format!("/participants/{at}/conversations_to_reach"),
                "out_of_range",
                format!(
                    "Of {} calls, no {} conversations can come.",
                    part.calls_to_prepare, part.conversations_to_reach
                ),
            ));
        }
    }
    choose(unit, caller, &fields.segments, &mut faults).await?;
    if let Some(id) = fields.talking_points_id
        && talking_points::store::find(unit, &caller.scope(), id).await?.is_none()
    {
        faults.push(Fault::new(
            "/talking_points_id",
            "not_found",
            "There are no such talking points in this organization.",
        ));
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(faults))
    }
}

/// Whether a role places calls.
fn places_calls(role: Role) -> bool {
    role.may(Permission::AssignmentsWork) && role.may(Permission::AttemptsCreate)
}

/// Saved segments are there, and each stands once.
async fn choose(unit: &mut Unit, caller: &Caller, keys: &[SegmentKey], faults: &mut Vec<Fault>) -> Result<(), Problem> {
    let id = |key: &SegmentKey| match key {
        SegmentKey::Saved(id) => Some((*id).into()),
        SegmentKey::ReadyMade(_) => None,
    };
    let ids: Vec<uuid::Uuid> = keys.iter().filter_map(id).collect();
    let saved: Vec<Segment> = crate::journal::find_all(unit, caller.organization, &ids).await?;
    for (at, key) in keys.iter().enumerate() {
        let pointer = format!("/segments/{at}");
        if id(key).is_some_and(|id| !saved.iter().any(|segment| uuid::Uuid::from(segment.id) == id)) {
            faults.push(Fault::new(
                pointer,
                "not_found",
                "There is no such segment in this organization.",
            ));
        } else if keys.iter().take(at).any(|other| other == key) {
            faults.push(Fault::new(
                pointer,
                "duplicate",
                "This segment stands in the list already.",
            ));
        }
    }
    Ok(())
}
