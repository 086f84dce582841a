//! Speaks: follow-ups.

use actix_web::body::BoxBody;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Deserialize;
use utoipa::{PartialSchema, ToSchema};

use super::draft::compose;
use super::follow_up::{FollowUp, FollowUpId, FollowUpInput, FollowUpStatus};
use super::sending::mail;
use super::store::{self, FollowUpFilter};
use crate::access::{Caller, Permission};
use crate::db::Sqls;
use crate::features::attempts::{self, attempt::AttemptId};
use crate::features::people;
use crate::http::gate::Chosen;
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Patch, Path, Problem, Query, Reply, export};
use crate::id::UserId;
use crate::journal::{Change, Unit};
use crate::mail::message_id;
use crate::refusal::{Code, Refusal};

crate::page!(FollowUpPage of FollowUp);

/// The fields to change.
type FollowUpPatch = Patch<FollowUpInput>;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_follow_ups: Access::Needs(Permission::FollowUpsRead) => sorted(store::SORTS, "-created_at"),
        create_follow_up: Access::Needs(Permission::FollowUpsWrite),
        get_follow_up: Access::Needs(Permission::FollowUpsRead),
        update_follow_up: Access::Needs(Permission::FollowUpsWrite),
        delete_follow_up: Access::Needs(Permission::FollowUpsWrite),
    ]
}

/// A new follow-up. All of it is drafted.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFollowUp {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<FollowUpId>,
}

/// List follow-ups.
///
/// Executives see their own, managers all.
#[utoipa::path(get, path = "/v1/follow-ups", operation_id = "list_follow_ups", tag = "follow-ups", params(FollowUpFilter, Paging),
    responses((status = 200, description = "A page of follow-ups", body = FollowUpPage)))]
async fn list_follow_ups(
    app: App,
    caller: Caller,
    filter: Query<FollowUpFilter>,
    paging: Paging,
) -> Answer<FollowUpPage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), only(&caller), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Draft a follow-up.
///
/// After a call, whoever placed it writes to the customer: first call, then write. A message that was left is repeated, with thanks for the time that they have been a customer and up to three times that suit your block and the customer's hours, on the customer's clock. After a conversation it is what was typed as a summary of it, and who will do what by when, as far as the customer was promised it; other notes stay with us. `missing` says what the draft could not say. A call has one follow-up.
#[utoipa::path(post, path = "/v1/attempts/{id}/follow-up", operation_id = "create_follow_up", tag = "follow-ups", request_body = NewFollowUp,
    responses((status = 201, description = "The draft", body = FollowUp), (status = 200, description = "It was there already", body = FollowUp)))]
async fn create_follow_up(app: App, caller: Caller, id: Path<AttemptId>, new: Json<NewFollowUp>) -> Answer<FollowUp> {
    let (mut unit, scope) = (app.write(&caller).await?, caller.scope());
    let attempt = attempts::store::find(&mut unit, &scope, *id).await?;
    let attempt = attempt.ok_or_else(Problem::not_found)?;
    must_be_theirs(&caller, attempt.user_id)?;
    let wanted = new.0.id.unwrap_or_else(|| unit.new_id());
    let there = match store::find(&mut unit, &scope, wanted).await? {
        Some(there) if there.attempt_id != attempt.id => return Err(taken(Code::IdInUse, wanted)),
        Some(there) => Some(there),
        None => store::of_attempt(&mut unit, &scope, attempt.id).await?,
    };
    match there {
        Some(there) if there.id == wanted => return unit.answer(Reply::record(there)).await,
        Some(there) => return Err(taken(Code::Duplicate, there.id)),
        None => {}
    }
    let now = unit.now();
    let sources = store::sources(&mut unit, &scope, attempt, now).await?;
    let sources = sources.ok_or_else(Problem::not_found)?;
    if sources.customer.fields.do_not_contact {
        return Err(do_not_contact().into());
    }
    let composed = compose(&sources, now)?;
    let message = message_id("follow-up", wanted.into(), &app.config.public_url);
    let draft = FollowUp::new(wanted, &sources.attempt, composed, message, now);
    let draft = unit.save(Change::created(draft)).await?;
    unit.answer(Reply::created("/v1/follow-ups", draft)).await
}

fn taken(code: Code, id: FollowUpId) -> Problem {
    let detail = match code {
        Code::IdInUse => format!("A follow-up with the id {id} exists, of another call. Choose another id."),
        _ => format!("This call has a follow-up already: {id}."),
    };
    Problem::new(code, detail)
}

pub(super) fn do_not_contact() -> Refusal {
    Refusal::new(
        Code::DoNotContact,
        "The customer asked not to be contacted: that holds for writing, too.",
    )
}

/// A follow-up, in the form that the client chose.
pub enum Shown {
    Json(Box<Reply<FollowUp>>),
    Message { file: String, bytes: Vec<u8> },
}

impl Responder for Shown {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Json(reply) => reply.respond_to(request),
            Self::Message { file, bytes } => HttpResponse::Ok()
                .content_type(MESSAGE)
                .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")))
                .insert_header(("cache-control", "private, no-store"))
                .body(bytes),
        }
    }
}

const MESSAGE: &str = "message/rfc822";

/// A message as mail programs read it (RFC 5322).
pub struct MessageText;

impl PartialSchema for MessageText {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{ObjectBuilder, schema::Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(1_000_000))
            .description(Some("A message as mail programs read it (RFC 5322)."))
            .into()
    }
}

impl ToSchema for MessageText {}

/// Read a follow-up.
///
/// As JSON; or, with `Accept: message/rfc822`, as a file that mail programs open to edit and send (`.eml`), from your own address.
#[utoipa::path(get, path = "/v1/follow-ups/{id}", operation_id = "get_follow_up", tag = "follow-ups",
    responses((status = 200, description = "The follow-up", content((FollowUp = "application/json"), (MessageText = "message/rfc822")))))]
async fn get_follow_up(app: App, caller: Caller, id: Path<FollowUpId>, chosen: Chosen) -> Result<Shown, Problem> {
    let mut db = app.read();
    let follow_up = in_sight(&mut db, &caller, *id).await?;
    if chosen.0 == export::JSON {
        return Ok(Shown::Json(Box::new(Reply::record(follow_up))));
    }
    let author = people::store::find(&mut db, &caller.scope(), follow_up.user_id).await?;
    let author = author.ok_or_else(Problem::not_found)?;
    let mail = mail(&follow_up, author.fields.name, author.fields.email)
        .ok_or_else(|| Refusal::state("It has no recipient: give `to_email`, or the contact an e-mail address."))?;
    let bytes = mail.draft().map_err(|error| Refusal::state(error.to_string()))?;
    Ok(Shown::Message {
        file: format!("follow-up-{}.eml", follow_up.id),
        bytes,
    })
}

/// Change a follow-up.
///
/// While it is a draft, or could not be sent. Its HTML is made of its text.
#[utoipa::path(patch, path = "/v1/follow-ups/{id}", operation_id = "update_follow_up", tag = "follow-ups",
    request_body(content = FollowUpPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The follow-up as it is now", body = FollowUp)))]
async fn update_follow_up(
    app: App,
    caller: Caller,
    id: Path<FollowUpId>,
    patch: FollowUpPatch,
    if_match: IfMatch,
) -> Answer<FollowUp> {
    let mut unit = app.write(&caller).await?;
    let follow_up = theirs(&mut unit, &caller, *id).await?;
    let fields = patch.apply(&follow_up.fields)?;
    let change = follow_up.revise(fields)?;
    if_match.allows(&change)?;
    if change.after.fields.subject.is_empty() {
        return Err(Problem::fault("/subject", "required", "A subject has letters."));
    }
    let follow_up = unit.save(change).await?;
    unit.answer(Reply::record(follow_up)).await
}

/// Delete a follow-up.
///
/// One that was not sent; then the call can have another.
#[utoipa::path(delete, path = "/v1/follow-ups/{id}", operation_id = "delete_follow_up", tag = "follow-ups",
    responses((status = 204, description = "It is gone")))]
async fn delete_follow_up(app: App, caller: Caller, id: Path<FollowUpId>, if_match: IfMatch) -> Answer<()> {
    let mut unit = app.write(&caller).await?;
    let follow_up = theirs(&mut unit, &caller, *id).await?;
    if_match.at(follow_up.revision)?;
    follow_up.must_be_unsent()?;
    unit.remove(follow_up).await?;
    unit.answer(Reply::nothing()).await
}

/// Whose unsent follow-ups a caller sees: their own; all of them, when they run the program. What was sent is on the customer's timeline.
fn only(caller: &Caller) -> Option<UserId> {
    match caller.may(Permission::AssignmentsManage) {
        true => None,
        // An API key has none of its own.
        false => Some(caller.user.unwrap_or(UserId(uuid::Uuid::nil()))),
    }
}

/// # Errors
/// 404.
async fn in_sight(db: &mut impl Sqls, caller: &Caller, id: FollowUpId) -> Result<FollowUp, Problem> {
    let found = store::find(db, &caller.scope(), id).await?;
    found
        .filter(|found| found.status == FollowUpStatus::Sent || only(caller).is_none_or(|only| only == found.user_id))
        .ok_or_else(Problem::not_found)
}

/// The follow-up, when it is the caller's own to write.
///
/// # Errors
/// 404 out of sight, 403 `not_yours`.
pub(super) async fn theirs(unit: &mut Unit, caller: &Caller, id: FollowUpId) -> Result<FollowUp, Problem> {
    let follow_up = in_sight(unit, caller, id).await?;
    must_be_theirs(caller, follow_up.user_id)?;
    Ok(follow_up)
}

fn must_be_theirs(caller: &Caller, user: UserId) -> Result<(), Refusal> {
    if caller.is(user) {
        return Ok(());
    }
    Err(Refusal::not_yours(format!(
        "Whoever placed a call writes after it, and nobody else: that is the user {user}."
    )))
}
