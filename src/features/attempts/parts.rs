//! What was learned, promised and asked for in a call: the parts of a debrief.

use super::attempt::Attempt;
use crate::access::Scope;
use crate::features::action_items::action_item::{ActionItem, ActionItemInput};
use crate::features::cases::service_interest::{self, ServiceInterest};
use crate::features::notes::note::{self, Note};
use crate::features::nps;
use crate::features::nps::response::{self, NpsResponse, NpsSource};
use crate::features::programs::program::Program;
use crate::features::recognition;
use crate::http::Problem;
use crate::id::UserId;
use crate::journal::{Change, Unit};

/// Makes the parts of a debrief, each with where it comes from.
pub struct Parts<'a> {
    pub attempt: &'a Attempt,
    pub by: UserId,
    pub program: &'a Program,
}

impl Parts<'_> {
    pub async fn notes(&self, unit: &mut Unit, notes: Vec<note::NoteInput>) -> Result<Vec<Note>, Problem> {
        let context = note::Context {
            occasion: self.attempt.occasion(),
            author_id: Some(self.by),
            occurred_at: Some(self.attempt.occurred_at),
        };
        let notes = notes
            .into_iter()
            .map(|fields| Change::created(Note::new(unit.new_id(), fields, context, unit.now())))
            .collect();
        let notes = unit.save_all(notes).await?;
        recognition::store::pass_on(unit, &notes).await?;
        Ok(notes)
    }

    pub async fn nps(
        &self,
        unit: &mut Unit,
        scope: &Scope,
        fields: response::NpsResponseInput,
    ) -> Result<NpsResponse, Problem> {
        let at = self.attempt.occurred_at;
        let context = response::Context {
            occasion: self.attempt.occasion(),
            program_id: Some(self.program.id.into()),
            user_id: Some(self.by),
            source: NpsSource::Call,
            responded_at: Some(at),
            previous_at: nps::store::previous(unit, scope, self.attempt.customer_id, at).await?,
        };
        let response = NpsResponse::new(unit.new_id(), fields, context, unit.now());
        Ok(unit.save(Change::created(response)).await?)
    }

    pub async fn action_items(
        &self,
        unit: &mut Unit,
        items: Vec<(ActionItemInput, Option<UserId>)>,
    ) -> Result<Vec<ActionItem>, Problem> {
        let items = items
            .into_iter()
            .map(|(fields, created_by)| {
                let item = ActionItem::new(unit.new_id(), fields, self.attempt.occasion(), created_by, unit.now());
                Change::created(item)
            })
            .collect();
        Ok(unit.save_all(items).await?)
    }

    pub async fn interests(
        &self,
        unit: &mut Unit,
        interests: Vec<service_interest::ServiceInterestInput>,
    ) -> Result<Vec<ServiceInterest>, Problem> {
        let context = service_interest::Context {
            occasion: self.attempt.occasion(),
            created_by: Some(self.by),
            raised_at: Some(self.attempt.occurred_at),
        };
        let interests = interests
            .into_iter()
            .map(|fields| Change::created(ServiceInterest::new(unit.new_id(), fields, context, unit.now())))
            .collect();
        Ok(unit.save_all(interests).await?)
    }
}
