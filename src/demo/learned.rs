//! What conversations bring: notes, answers, and work, which others then do.

use chrono::TimeDelta;
use serde_json::json;

use super::words::{lines, table};
use super::year::World;
use super::{broken, fields};
use crate::app::Broken;
use crate::clock::Timestamp;
use crate::features::action_items::action_item::{ActionItem, ActionItemStatus, Step};
use crate::features::attempts::attempt::{Attempt, Disposition};
use crate::features::notes::note::{self, Note};
use crate::features::nps::response::{self, NpsResponse, NpsSource};
use crate::features::people::user::User;
use crate::journal::{Change, Unit};

/// Nobody is asked again within so many days.
const REST: TimeDelta = TimeDelta::days(80);

/// What customers say.
pub struct Spoken {
    notes: Vec<[&'static str; 3]>,
    items: Vec<[&'static str; 3]>,
    recommended: Vec<&'static str>,
    would_take: Vec<&'static str>,
    outcomes: Vec<&'static str>,
}

impl Default for Spoken {
    fn default() -> Self {
        Self {
            notes: table("notes"),
            items: table("items"),
            recommended: lines("recommended"),
            would_take: lines("would_take"),
            outcomes: lines("outcomes"),
        }
    }
}

impl World<'_> {
    /// What was learned in the conversations among these calls.
    pub async fn learn(&mut self, unit: &mut Unit, attempts: &[Attempt]) -> Result<(), Broken> {
        let (mut notes, mut answers, mut items) = (Vec::new(), Vec::new(), Vec::new());
        for attempt in attempts
            .iter()
            .filter(|attempt| attempt.disposition == Disposition::Connected)
        {
            for _ in 0..self.chance.between(1, 3).min(self.chance.between(1, 3)) {
                notes.push(Change::created(self.note(unit, attempt)?));
            }
            if let Some(answer) = self.answer(unit, attempt)? {
                answers.push(Change::created(answer));
            }
            if self.chance.percent(45) {
                items.push(Change::created(self.item(unit, attempt)?));
            }
        }
        unit.save_all(notes).await.map_err(broken)?;
        unit.save_all(answers).await.map_err(broken)?;
        self.items.extend(unit.save_all(items).await.map_err(broken)?);
        Ok(())
    }

    fn note(&mut self, unit: &Unit, attempt: &Attempt) -> Result<Note, Broken> {
        let [kind, theme, body] = self.chance.one(&self.words.notes).copied().unwrap_or_default();
        let praised = self.chance.one(&self.staff.contributors).filter(|_| kind == "praise");
        let said = fields(json!({
            "type": kind,
            "body": body,
            "themes": [theme],
            "employee_id": praised.map(|user| user.id),
        }))?;
        let context = note::Context {
            occasion: attempt.occasion(),
            author_id: Some(attempt.user_id),
            occurred_at: Some(attempt.occurred_at),
        };
        Ok(Note::new(unit.new_id(), said, context, unit.now()))
    }

    /// The answer to the recommendation question, where it was time to ask it.
    fn answer(&mut self, unit: &Unit, attempt: &Attempt) -> Result<Option<NpsResponse>, Broken> {
        let (luck, warmth) = (self.chance.between(-14, 16), self.chance.between(-1, 9));
        let asked = self.chance.percent(82);
        let Some(known) = self.known_mut(attempt.customer_id) else {
            return Ok(None);
        };
        let previous_at = known.answered_at;
        let rested = previous_at.is_none_or(|before| attempt.occurred_at.utc() - before.utc() > REST);
        // To be called, and heard, does something.
        known.mood = (known.mood + warmth).min(100);
        if !asked || !rested {
            return Ok(None);
        }
        let score = ((known.mood + luck) / 10).clamp(0, 10);
        known.answered_at = Some(attempt.occurred_at);
        let words = if score >= 8 {
            &self.words.recommended
        } else {
            &self.words.would_take
        };
        let said = fields(json!({
            "score": score,
            "would_recommend": score >= 7,
            "follow_up_answer": self.chance.one(words),
        }))?;
        let context = response::Context {
            occasion: attempt.occasion(),
            program_id: Some(attempt.program_id.into()),
            user_id: Some(attempt.user_id),
            source: NpsSource::Call,
            responded_at: Some(attempt.occurred_at),
            previous_at,
        };
        Ok(Some(NpsResponse::new(unit.new_id(), said, context, unit.now())))
    }

    fn item(&mut self, unit: &Unit, attempt: &Attempt) -> Result<ActionItem, Broken> {
        let [title, department, promise] = self.chance.one(&self.words.items).copied().unwrap_or_default();
        let team: Vec<&User> = self
            .staff
            .contributors
            .iter()
            .filter(|user| user.fields.department.as_deref() == Some(department))
            .collect();
        let owner = self
            .chance
            .one(&team)
            .map(|user| user.id)
            .filter(|_| self.chance.percent(70));
        let due = attempt.occurred_at.plus(TimeDelta::days(self.chance.between(2, 12)));
        let promise = (!promise.is_empty()).then(|| json!({"what": promise, "by": due, "contact_by": owner}));
        let priority = self
            .chance
            .weighed(&[("normal", 6), ("high", 3), ("low", 2), ("urgent", 1)]);
        let said = fields(json!({
            "title": title,
            "owner_id": owner,
            "department": department,
            "due_at": due,
            "priority": priority,
            "customer_promise": promise,
        }))?;
        let (occasion, by) = (attempt.occasion(), Some(attempt.user_id));
        Ok(ActionItem::new(unit.new_id(), said, occasion, by, unit.now()))
    }

    /// The teams do what was promised, most of it in time, and tell the customers, mostly.
    pub async fn work(&mut self, unit: &mut Unit) -> Result<(), Broken> {
        let now = unit.now();
        let (mut steps, mut rest) = (Vec::new(), Vec::new());
        for item in std::mem::take(&mut self.items) {
            let by = item
                .fields
                .owner_id
                .or_else(|| self.staff.contributors.first().map(|user| user.id));
            let young = now.utc() - item.created_at.utc() < TimeDelta::days(1);
            let step = match item.status {
                _ if young => None,
                ActionItemStatus::Open if self.chance.percent(30) => Some(item.clone().step(Step::Start, by, now)),
                ActionItemStatus::Open | ActionItemStatus::InProgress | ActionItemStatus::Waiting
                    if self.chance.percent(33) =>
                {
                    let outcome = self.chance.one(&self.words.outcomes).map(|&text| text.to_owned());
                    Some(item.clone().step(Step::Complete { outcome }, by, now))
                }
                ActionItemStatus::Completed if self.chance.percent(60) => {
                    let at = Timestamp::new(now.utc() - TimeDelta::hours(self.chance.between(1, 30)));
                    let how = self.chance.one(&["by phone", "by e-mail"]).map(|&how| how.to_owned());
                    Some(item.clone().tell_customer(Some(at.max(item.created_at)), how, by, now))
                }
                ActionItemStatus::Open
                | ActionItemStatus::InProgress
                | ActionItemStatus::Waiting
                | ActionItemStatus::Completed
                | ActionItemStatus::Canceled => None,
            };
            match step {
                Some(step) => steps.push(step.map_err(broken)?),
                None => rest.push(item),
            }
        }
        rest.extend(unit.save_all(steps).await.map_err(broken)?);
        rest.retain(|item| match item.status {
            ActionItemStatus::Completed => item.fields.customer_promise.is_some() && item.customer_told_at.is_none(),
            ActionItemStatus::Open | ActionItemStatus::InProgress | ActionItemStatus::Waiting => true,
            ActionItemStatus::Canceled => false,
        });
        self.items = rest;
        Ok(())
    }
}
