//! Speaks: notes and themes.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::note::{Note, NoteId};
use super::store::{self, NoteFilter};
use super::writing::{self, NewNote, NotePatch};
use crate::access::{Caller, Permission, Scope};
use crate::clock::Timestamp;
use crate::features::customers::customer::CustomerId;
use crate::features::recognition;
use crate::features::references::References;
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Known, Path, Problem, Query, Reply};
use crate::journal::Unit;
use crate::refusal::Refusal;

crate::page!(NotePage of Note);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_notes: Access::Needs(Permission::NotesRead) => sorted(store::SORTS, "-occurred_at"),
        create_note: Access::Needs(Permission::NotesWrite),
        get_note: Access::Needs(Permission::NotesRead),
        update_note: Access::Needs(Permission::NotesWrite),
        delete_note: Access::Needs(Permission::NotesWrite),
        list_themes: Access::Needs(Permission::NotesRead),
    ]
}

/// List notes.
///
/// Across customers; with `q` by their words.
#[utoipa::path(get, path = "/v1/notes", operation_id = "list_notes", tag = "notes", params(NoteFilter, Paging),
    responses((status = 200, description = "A page of notes", body = NotePage)))]
async fn list_notes(app: App, caller: Caller, filter: Query<NoteFilter>, paging: Paging) -> Answer<NotePage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Write a note.
///
/// Its author is the caller. Who is praised hears of it, and so does their manager. The notes of a call come with its attempt, in one request.
#[utoipa::path(post, path = "/v1/notes", operation_id = "create_note", tag = "notes", request_body = NewNote,
    responses((status = 201, description = "The new note", body = Note), (status = 200, description = "It was there already, just so", body = Note)))]
async fn create_note(app: App, caller: Caller, new: Json<NewNote>) -> Answer<Note> {
    let mut unit = app.write(&caller).await?;
    let made = writing::create(&mut unit, &caller, new.0).await?;
    unit.answer_made("/v1/notes", made).await
}

/// Read a note.
#[utoipa::path(get, path = "/v1/notes/{id}", operation_id = "get_note", tag = "notes",
    responses((status = 200, description = "The note", body = Note)))]
async fn get_note(app: App, caller: Caller, id: Path<NoteId>, known: Known) -> Answer<Note> {
    Reply::found(&app, &caller, *id, known).await
}

/// Change a note.
///
/// Its author may, and who holds `notes:manage`: managers do.
#[utoipa::path(patch, path = "/v1/notes/{id}", operation_id = "update_note", tag = "notes",
    request_body(content = NotePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The note as it is now", body = Note)))]
async fn update_note(app: App, caller: Caller, id: Path<NoteId>, patch: NotePatch, if_match: IfMatch) -> Answer<Note> {
    let (mut unit, scope) = (app.write(&caller).await?, caller.scope());
    let note = theirs(&mut unit, &scope, &caller, *id).await?;
    let fields = patch.apply(&note.fields)?;
    let change = note.revise(fields);
    if_match.allows(&change)?;
    let mut references = References::of(&mut unit, &scope);
    references.user("/employee_id", change.after.fields.employee_id).await?;
    references.settle()?;
    let note = unit.save(change).await?;
    recognition::store::follow(&mut unit, &note).await?;
    unit.answer(Reply::record(note)).await
}

/// Delete a note.
///
/// Its author may, and who holds `notes:manage`: managers do. The journal keeps what it said.
#[utoipa::path(delete, path = "/v1/notes/{id}", operation_id = "delete_note", tag = "notes",
    responses((status = 204, description = "It is gone")))]
async fn delete_note(app: App, caller: Caller, id: Path<NoteId>, if_match: IfMatch) -> Answer<()> {
    let mut unit = app.write(&caller).await?;
    let note = theirs(&mut unit, &caller.scope(), &caller, *id).await?;
    if_match.at(note.revision)?;
    recognition::store::take_back(&mut unit, &note).await?;
    unit.remove(note).await?;
    unit.answer(Reply::nothing()).await
}

/// The note, when it is this caller's to change: its author's, or anybody's with `notes:manage`.
async fn theirs(unit: &mut Unit, scope: &Scope, caller: &Caller, id: NoteId) -> Result<Note, Problem> {
    let note = store::find(unit, scope, id).await?.ok_or_else(Problem::not_found)?;
    let own = note.author_id.is_some_and(|author| caller.is(author));
    if own || caller.may(Permission::NotesManage) {
        return Ok(note);
    }
    Err(Refusal::not_yours("A note is changed by its author, or with the permission `notes:manage`.").into())
}

/// Which themes are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ThemeFilter {
    #[param(value_type = Option<String>, format = Uuid)]
    pub customer_id: Option<CustomerId>,
    pub occurred_at_gte: Option<Timestamp>,
    pub occurred_at_lt: Option<Timestamp>,
    /// How many themes, the most frequent first; 200 by default.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<i64>,
}

/// A line of the theme register.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThemeLine {
    #[schema(max_length = 60)]
    pub theme: String,
    /// In how many notes it came up.
    #[schema(minimum = 0)]
    pub notes: i64,
    pub first_seen_at: Timestamp,
    pub last_seen_at: Timestamp,
}

/// The theme register.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThemeRegister {
    #[schema(max_items = 1000)]
    pub data: Vec<ThemeLine>,
}

/// Read the theme register.
///
/// Which areas come up, how often, and since when; the most frequent first.
#[utoipa::path(get, path = "/v1/themes", operation_id = "list_themes", tag = "notes", params(ThemeFilter),
    responses((status = 200, description = "The themes", body = ThemeRegister)))]
async fn list_themes(app: App, caller: Caller, filter: Query<ThemeFilter>) -> Answer<ThemeRegister> {
    let (from, until) = (filter.occurred_at_gte, filter.occurred_at_lt);
    let limit = filter.limit.unwrap_or(200);
    let rows = store::themes(&mut app.read(), &caller.scope(), from, until, filter.customer_id, limit).await?;
    let data = rows
        .into_iter()
        .map(|(theme, notes, first_seen_at, last_seen_at)| ThemeLine {
            theme,
            notes,
            first_seen_at,
            last_seen_at,
        });
    Ok(Reply::ok(ThemeRegister { data: data.collect() }))
}
