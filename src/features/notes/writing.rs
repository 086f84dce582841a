//! Writes notes: whoever sends them, and by which way.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::note::{Context, Note, NoteId, NoteInput};
use super::store;
use crate::access::Caller;
use crate::clock::Timestamp;
use crate::features::customers::customer::CustomerId;
use crate::features::occasion::Occasion;
use crate::features::recognition;
use crate::features::references::References;
use crate::http::reply::repeated;
use crate::http::{Made, Patch, Problem};
use crate::journal::{Change, Unit};

/// The fields to change.
pub type NotePatch = Patch<NoteInput>;

/// A new note.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewNote {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<NoteId>,
    pub customer_id: CustomerId,
    /// Who said it.
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub contact_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub assignment_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub attempt_id: Option<Uuid>,
    /// When the customer said it: now when absent, and never ahead.
    pub occurred_at: Option<Timestamp>,
    #[serde(flatten)]
    pub fields: NoteInput,
}

/// Puts a note on the record; its author is the caller.
///
/// # Errors
/// 400 with everything that is not there, 409 where the id is another note's.
pub async fn create(unit: &mut Unit, caller: &Caller, new: NewNote) -> Result<Made<Note>, Problem> {
    let scope = caller.scope();
    let id = new.id.unwrap_or_else(|| unit.new_id());
    let there = store::find(unit, &scope, id).await?;
    let occasion = Occasion {
        customer_id: new.customer_id,
        contact_id: new.contact_id,
        assignment_id: new.assignment_id,
        attempt_id: new.attempt_id,
    };
    let context = Context {
        occasion,
        author_id: caller.user,
        // Said again, it is about the time that was kept.
        occurred_at: new.occurred_at.or(there.as_ref().map(|there| there.occurred_at)),
    };
    let note = Note::new(id, new.fields, context, unit.now());
    if let Some(there) = there {
        return repeated(unit, there, &note).await;
    }
    let now = unit.now();
    let mut references = References::of(unit, &scope);
    references.happened("/occurred_at", note.occurred_at, now);
    references.customer("/customer_id", note.customer_id).await?;
    references.origin(occasion).await?;
    references.user("/employee_id", note.fields.employee_id).await?;
    references.settle()?;
    let note = unit.save(Change::created(note)).await?;
    recognition::store::pass_on(unit, std::slice::from_ref(&note)).await?;
    Ok(Made::New(note))
}
