//! A follow-up: what is written to a customer after a call, from draft to sent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::layout;
use crate::clock::Timestamp;
use crate::db::Json;
use crate::features::assignments::assignment::AssignmentId;
use crate::features::attempts::attempt::{Attempt, AttemptId, Disposition};
use crate::features::customers::customer::CustomerId;
use crate::id::UserId;
use crate::journal::{Change, Changing};
use crate::refusal::{Code, Refusal};

crate::id! {
    /// A follow-up e-mail.
    FollowUpId;
}

crate::words! {
    /// After what sort of call it is written.
    pub enum FollowUpKind {
        /// A message was left, on a machine or with somebody.
        Voicemail = "voicemail",
        /// Nobody was reached who could be spoken with.
        Missed = "missed",
        /// The customer asked to be called another time.
        Callback = "callback",
        Conversation = "conversation",
    }
}

impl FollowUpKind {
    /// What is written after a call that ended so.
    ///
    /// # Errors
    /// When nothing is.
    pub fn after(disposition: Disposition) -> Result<Self, Refusal> {
        match disposition {
            Disposition::Connected => Ok(Self::Conversation),
            Disposition::LeftVoicemail | Disposition::LeftLiveMessage => Ok(Self::Voicemail),
            Disposition::NoAnswer | Disposition::Busy | Disposition::Gatekeeper => Ok(Self::Missed),
            Disposition::CallbackRequested => Ok(Self::Callback),
            Disposition::WrongNumber | Disposition::Disconnected | Disposition::ContactLeftCompany => {
                Err(Refusal::state(
                    "The record of whom to call is wrong: that is work for a data steward, and nothing to write about.",
                ))
            }
            Disposition::Declined => Err(Refusal::state(
                "The customer declined the conversation: nothing is written after that.",
            )),
            Disposition::DoNotCall => Err(Refusal::new(
                Code::DoNotContact,
                "The customer asked not to be contacted: that holds for writing, too.",
            )),
        }
    }
}

crate::words! {
    /// How far a follow-up has come.
    pub enum FollowUpStatus {
        /// Can be edited.
        Draft = "draft",
        /// Is on its way to the mail server.
        Sending = "sending",
        Sent = "sent",
        /// The mail server did not take it; it can be edited and sent again.
        Failed = "failed",
    }
}

/// What can be edited of a follow-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpInput {
    /// To whom; the contact who was called, unless another is named.
    #[schema(max_length = 300)]
    pub to_name: Option<String>,
    /// Where to; null where the contact has no address.
    #[schema(format = Email, max_length = 254)]
    pub to_email: Option<String>,
    /// One line.
    #[schema(min_length = 1, max_length = 250)]
    pub subject: String,
    /// Plain text. Paragraphs are parted by empty lines; lines that begin with `- ` are a list.
    #[schema(min_length = 1, max_length = 20_000)]
    pub text: String,
}

/// A time that is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FollowUpSlot {
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// As the customer reads it.
    #[schema(max_length = 60, example = "Tuesday, 3 March, 16:30 your time")]
    pub words: String,
}

/// Something that a draft could not say, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FollowUpLack {
    /// What it is about: `to_email`, `slots`.
    #[schema(max_length = 60, example = "to_email")]
    pub field: String,
    #[schema(max_length = 500)]
    pub says: String,
}

/// What is written to a customer after a call.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FollowUp {
    pub id: FollowUpId,
    #[serde(flatten)]
    pub fields: FollowUpInput,
    /// Made of `text`, which alone is edited.
    #[schema(max_length = 200_000)]
    pub html: String,
    /// Opens a mail program with all of it; without the text where that would be longer than mail programs take.
    #[schema(max_length = 2_000)]
    pub mailto_url: Option<String>,
    pub kind: FollowUpKind,
    pub status: FollowUpStatus,
    /// The times that were offered, when it was drafted.
    #[schema(value_type = Vec<FollowUpSlot>, max_items = 10)]
    pub slots: Json<Vec<FollowUpSlot>>,
    /// What could not be said.
    #[schema(value_type = Vec<FollowUpLack>, max_items = 20)]
    pub missing: Json<Vec<FollowUpLack>>,
    pub attempt_id: AttemptId,
    pub assignment_id: AssignmentId,
    pub customer_id: CustomerId,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub contact_id: Option<Uuid>,
    /// Who called, and writes.
    pub user_id: UserId,
    /// The `Message-ID` of the e-mail: the same however often sending is tried.
    #[schema(max_length = 300)]
    pub message_id: String,
    pub sent_at: Option<Timestamp>,
    /// Sent from the executive's own mail program, and marked so.
    pub sent_by_hand: bool,
    /// Why it could not be sent.
    #[schema(max_length = 500)]
    pub failure: Option<String>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A draft, as it was composed.
#[derive(Debug, Clone, PartialEq)]
pub struct Composed {
    pub kind: FollowUpKind,
    pub fields: FollowUpInput,
    pub contact_id: Option<Uuid>,
    pub slots: Vec<FollowUpSlot>,
    pub missing: Vec<FollowUpLack>,
}

const TO_EMAIL: &str = "to_email";

impl FollowUp {
    /// A new draft.
    pub fn new(id: FollowUpId, attempt: &Attempt, composed: Composed, message_id: String, now: Timestamp) -> Self {
        let mut draft = Self {
            id,
            fields: composed.fields,
            html: String::new(),
            mailto_url: None,
            kind: composed.kind,
            status: FollowUpStatus::Draft,
            slots: Json(composed.slots),
            missing: Json(composed.missing),
            attempt_id: attempt.id,
            assignment_id: attempt.assignment_id,
            customer_id: attempt.customer_id,
            contact_id: composed.contact_id,
            user_id: attempt.user_id,
            message_id,
            sent_at: None,
            sent_by_hand: false,
            failure: None,
            revision: 0,
            created_at: now,
            updated_at: now,
        };
        draft.settle();
        draft
    }

    /// Other words than before, or another recipient. The same ones change nothing, sent or not.
    ///
    /// # Errors
    /// `wrong_state` when it is on its way or sent.
    pub fn revise(self, fields: FollowUpInput) -> Result<Change<Self>, Refusal> {
        if fields != self.fields {
            self.must_be_unsent()?;
        }
        Ok(self.change("updated", |next| {
            next.fields = fields;
            next.settle();
        }))
    }

    /// Puts it on its way. One that is on its way already stays so.
    ///
    /// # Errors
    /// `wrong_state` when it was sent, or nobody is named to send it to.
    pub fn send(self) -> Result<Change<Self>, Refusal> {
        match self.status {
            FollowUpStatus::Draft | FollowUpStatus::Failed if self.fields.to_email.is_none() => Err(Refusal::state(
                "It has no recipient: give `to_email`, or the contact an e-mail address.",
            )),
            FollowUpStatus::Draft | FollowUpStatus::Failed => Ok(self.change("sending", |next| {
                next.status = FollowUpStatus::Sending;
                next.failure = None;
            })),
            FollowUpStatus::Sending => Ok(self.change("sending", |_| {})),
            FollowUpStatus::Sent => Err(self.wrong_state()),
        }
    }

    /// The mail server took it.
    ///
    /// # Errors
    /// `wrong_state` when it was not on its way.
    pub fn delivered(self, now: Timestamp) -> Result<Change<Self>, Refusal> {
        match self.status {
            FollowUpStatus::Sending => Ok(self.change("sent", |next| {
                next.status = FollowUpStatus::Sent;
                next.sent_at = Some(now);
            })),
            FollowUpStatus::Draft | FollowUpStatus::Sent | FollowUpStatus::Failed => Err(self.wrong_state()),
        }
    }

    /// The mail server did not take it.
    ///
    /// # Errors
    /// `wrong_state` when it was not on its way.
    pub fn fail(self, why: &str) -> Result<Change<Self>, Refusal> {
        match self.status {
            FollowUpStatus::Sending => Ok(self.change("failed", |next| {
                next.status = FollowUpStatus::Failed;
                next.failure = Some(why.chars().take(500).collect());
            })),
            FollowUpStatus::Draft | FollowUpStatus::Sent | FollowUpStatus::Failed => Err(self.wrong_state()),
        }
    }

    /// It was sent from somebody's own mail program. Again is the same as once.
    ///
    /// # Errors
    /// `wrong_state` when Touchbase sends it, or has sent it; `invalid_request` for a time to come.
    pub fn mark_sent(
        self,
        at: Option<Timestamp>,
        called_at: Timestamp,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        let sent_at = at.unwrap_or(now);
        if at.is_some_and(|at| at < called_at) {
            return Err(Refusal::new(
                Code::Invalid,
                format!("`sent_at` lies before the call, which was at {called_at}: first call, then write."),
            ));
        }
        if sent_at.lies_ahead(now) {
            return Err(Refusal::new(
                Code::Invalid,
                "`sent_at` lies in the future: this is for what has happened.",
            ));
        }
        match self.status {
            FollowUpStatus::Draft | FollowUpStatus::Failed => Ok(self.change("marked_sent", |next| {
                next.status = FollowUpStatus::Sent;
                next.sent_at = Some(sent_at.min(now));
                next.sent_by_hand = true;
                next.failure = None;
            })),
            FollowUpStatus::Sent if self.sent_by_hand => Ok(self.change("marked_sent", |_| {})),
            FollowUpStatus::Sending | FollowUpStatus::Sent => Err(self.wrong_state()),
        }
    }

    /// # Errors
    /// `wrong_state` when it is on its way or sent.
    pub fn must_be_unsent(&self) -> Result<(), Refusal> {
        match self.status {
            FollowUpStatus::Draft | FollowUpStatus::Failed => Ok(()),
            FollowUpStatus::Sending | FollowUpStatus::Sent => Err(self.wrong_state()),
        }
    }

    fn wrong_state(&self) -> Refusal {
        Refusal::state(format!("The follow-up is `{}`.", self.status))
    }

    /// Sets what follows from the fields.
    fn settle(&mut self) {
        let fields = &mut self.fields;
        fields.subject = crate::mail::clean(&fields.subject);
        fields.to_email = fields.to_email.take().map(|email| email.trim().to_lowercase());
        self.html = layout::html(&fields.subject, &fields.text);
        self.mailto_url = fields
            .to_email
            .as_deref()
            .map(|to| layout::mailto(to, &fields.subject, &fields.text));
        let missing = &mut self.missing.0;
        missing.retain(|lack| lack.field != TO_EMAIL);
        if fields.to_email.is_none() {
            let lack = FollowUpLack {
                field: TO_EMAIL.into(),
                says: "Nobody at the customer whom this could go to has an e-mail address on record: give `to_email`."
                    .into(),
            };
            missing.insert(0, lack);
        }
    }
}

#[cfg(test)]
#[path = "follow_up_tests.rs"]
mod tests;
