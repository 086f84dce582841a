//! The debrief: one call and all that came of it, in one piece.

use chrono::{Datelike, TimeDelta, Timelike};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::attempt::{Attempt, AttemptId, Disposition};
use crate::clock::Timestamp;
use crate::features::action_items::action_item::{ActionItem, ActionItemInput};
use crate::features::assignments::assignment::{Assignment, AssignmentId};
use crate::features::assignments::calling_hours::CallingHours;
use crate::features::cases::service_interest::{ServiceInterest, ServiceInterestInput};
use crate::features::customers::contact::ContactId;
use crate::features::customers::customer::Customer;
use crate::features::notes::note::{Note, NoteInput};
use crate::features::nps::response::{NpsResponse, NpsResponseInput};
use crate::id::UserId;
use crate::local_time;

/// Calls from longer ago are not put on the record.
const BACK: TimeDelta = TimeDelta::days(366);

/// A call, as whoever placed it tells it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAttempt {
    /// Chosen by the client, so that it can be made offline and sent twice; else by the server.
    pub id: Option<AttemptId>,
    pub disposition: Disposition,
    /// Now, when absent; within the last year.
    pub occurred_at: Option<Timestamp>,
    /// Whom they called: a contact of the customer.
    pub contact_id: Option<ContactId>,
    /// Who answered, when it was not the contact.
    #[schema(max_length = 200)]
    pub spoke_with: Option<String>,
    #[schema(minimum = 0, maximum = 86_400)]
    pub duration_seconds: Option<i64>,
    #[schema(max_length = 10_000)]
    pub summary: Option<String>,
    /// When the customer was told to expect the next call. It is scheduled for then, whatever the retry policy says.
    pub callback_promised_at: Option<Timestamp>,
    /// What was learned.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub notes: Vec<NoteInput>,
    /// The answer to the recommendation question.
    pub nps_response: Option<NpsResponseInput>,
    /// What is to be done, and what the customer was promised.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub action_items: Vec<ActionItemInput>,
    /// What the customer asked for.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub service_interests: Vec<ServiceInterestInput>,
}

/// A call on the record, and all that came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Debrief {
    pub attempt: Attempt,
    /// As the call left it; as it is now, when the debrief is sent once more.
    pub assignment: Assignment,
    /// When the next call is to be placed.
    pub next_call_at: Option<Timestamp>,
    /// As the call left it; as it is now, when the debrief is sent once more.
    pub customer: Customer,
    #[schema(max_items = 50)]
    pub notes: Vec<Note>,
    /// With its category and the follow-up question.
    pub nps_response: Option<NpsResponse>,
    /// Those of the debrief, and what follows by itself: a wrong number is work for a data steward.
    #[schema(max_items = 60)]
    pub action_items: Vec<ActionItem>,
    #[schema(max_items = 20)]
    pub service_interests: Vec<ServiceInterest>,
    /// Other assignments that the call closed: of a customer who asked not to be called.
    #[schema(max_items = 1000)]
    pub canceled_assignments: Vec<AssignmentId>,
}

/// What is wrong with a time: the field, a code, a sentence.
pub type TimeFault = (&'static str, &'static str, String);

/// Whether somebody was spoken with who can answer the recommendation question.
fn answers(disposition: Disposition) -> bool {
    match disposition {
        Disposition::Connected | Disposition::CallbackRequested | Disposition::Declined | Disposition::DoNotCall => {
            true
        }
        Disposition::LeftVoicemail
        | Disposition::LeftLiveMessage
        | Disposition::NoAnswer
        | Disposition::Busy
        | Disposition::Gatekeeper
        | Disposition::WrongNumber
        | Disposition::Disconnected
        | Disposition::ContactLeftCompany => false,
    }
}

impl NewAttempt {
    /// Whether the score can have come of this call: a call that reached nobody has none.
    pub fn score_fits(&self) -> bool {
        let scored = self.nps_response.as_ref().is_some_and(|answer| answer.score.is_some());
        !scored || answers(self.disposition)
    }

    /// Of all that was sent, so that its repetition is known as one.
    pub fn hash(&self, assignment: AssignmentId) -> String {
        let mut digest = Sha256::new();
        digest.update(assignment.0.as_bytes());
        digest.update(serde_json::to_vec(self).unwrap_or_default());
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// When the call was.
    ///
    /// # Errors
    /// When that lies ahead or too long ago.
    pub fn when(&self, now: Timestamp) -> Result<Timestamp, TimeFault> {
        let at = self.occurred_at.unwrap_or(now);
        let fault = |detail: String| Err(("/occurred_at", "out_of_range", detail));
        if at.lies_ahead(now) {
            return fault(format!(
                "It is {now} now; a call that is to come is scheduled, not recorded."
            ));
        }
        if at < now.plus(-BACK) {
            return fault("Calls of more than a year ago are not put on the record.".into());
        }
        // Clocks of telephones differ: a call that seems to come from a little ahead is taken for now.
        Ok(at.min(now))
    }

    /// When the customer was told to expect the next call.
    ///
    /// # Errors
    /// When that lies before this call.
    pub fn promise(&self, occurred_at: Timestamp) -> Result<Option<Timestamp>, TimeFault> {
        match self.callback_promised_at {
            Some(at) if at <= occurred_at => Err((
                "/callback_promised_at",
                "out_of_range",
                "What is promised in a call comes after it.".into(),
            )),
            promised => Ok(promised),
        }
    }

    /// The attempt itself, as it is kept.
    pub fn attempt(
        &self,
        id: AttemptId,
        assignment: &Assignment,
        by: UserId,
        occurred_at: Timestamp,
        hours: &CallingHours,
        now: Timestamp,
    ) -> Attempt {
        let there = local_time::wall_clock(occurred_at.utc(), hours.zone);
        Attempt {
            id,
            assignment_id: assignment.id,
            program_id: assignment.program_id,
            customer_id: assignment.customer_id,
            user_id: by,
            contact_id: self.contact_id.map(Into::into),
            spoke_with: self.spoke_with.clone(),
            disposition: self.disposition,
            occurred_at,
            duration_seconds: self.duration_seconds,
            summary: self.summary.clone(),
            callback_promised_at: self.callback_promised_at,
            next_call_at: None,
            local_hour: there.hour().into(),
            local_weekday: there.weekday().number_from_monday().into(),
            request_hash: self.hash(assignment.id),
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }
}
