//! Writes answers: whoever sends them, and by which way.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::response::{Context, NpsResponse, NpsResponseId, NpsResponseInput, NpsSource};
use super::store;
use crate::access::Caller;
use crate::clock::Timestamp;
use crate::features::customers::customer::CustomerId;
use crate::features::occasion::Occasion;
use crate::features::references::References;
use crate::http::reply::repeated;
use crate::http::{Made, Problem};
use crate::id::UserId;
use crate::journal::{Change, Unit};

fn call() -> NpsSource {
    NpsSource::Call
}

/// A new answer.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewNpsResponse {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<NpsResponseId>,
    pub customer_id: CustomerId,
    /// Who answered.
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub contact_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub assignment_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub attempt_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub program_id: Option<Uuid>,
    /// Who asked; the caller when absent, nobody for a survey or an import.
    pub user_id: Option<UserId>,
    #[serde(default = "call")]
    pub source: NpsSource,
    /// When the customer answered: now when absent, and never ahead.
    pub responded_at: Option<Timestamp>,
    #[serde(flatten)]
    pub fields: NpsResponseInput,
}

/// Puts an answer on the record.
///
/// # Errors
/// 400 with everything that is not there, 409 where the id is another answer's.
pub async fn create(unit: &mut Unit, caller: &Caller, new: NewNpsResponse) -> Result<Made<NpsResponse>, Problem> {
    let scope = caller.scope();
    let id = new.id.unwrap_or_else(|| unit.new_id());
    let there = store::find(unit, &scope, id).await?;
    let asked = match new.source {
        NpsSource::Call => new.user_id.or(caller.user),
        NpsSource::Survey | NpsSource::Import => new.user_id,
    };
    let at = new.responded_at.or(there.as_ref().map(|there| there.responded_at));
    let at = at.unwrap_or_else(|| unit.now());
    let previous = store::previous(unit, &scope, new.customer_id, at).await?;
    let occasion = Occasion {
        customer_id: new.customer_id,
        contact_id: new.contact_id,
        assignment_id: new.assignment_id,
        attempt_id: new.attempt_id,
    };
    let context = Context {
        occasion,
        program_id: new.program_id,
        user_id: asked,
        source: new.source,
        responded_at: Some(at),
        previous_at: previous,
    };
    let mut response = NpsResponse::new(id, new.fields, context, unit.now());
    if let Some(there) = there {
        // Older answers may have come in since; what was known then stays.
        response.days_since_previous = there.days_since_previous;
        return repeated(unit, there, &response).await;
    }
    let now = unit.now();
    let mut references = References::of(unit, &scope);
    references.happened("/responded_at", response.responded_at, now);
    references.customer("/customer_id", response.customer_id).await?;
    references.origin(occasion).await?;
    references.program("/program_id", response.program_id).await?;
    references.user("/user_id", response.user_id).await?;
    references.settle()?;
    let response = unit.save(Change::created(response)).await?;
    Ok(Made::New(response))
}
