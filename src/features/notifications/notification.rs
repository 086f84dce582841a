//! What somebody is told.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::id::UserId;
use crate::journal::{Change, Changing};

crate::id! {
    /// Something that a user was told.
    NotificationId;
}

crate::words! {
    /// What somebody is told of.
    pub enum NotificationKind {
        /// A customer praised the user, or somebody of theirs.
        Praise = "praise",
        /// The next day's calls are prepared.
        DayPrepared = "day_prepared",
        /// A customer was promised a call, and it is time.
        CallbackDue = "callback_due",
        /// A customer was promised a call, and nobody called.
        CallbackMissed = "callback_missed",
        /// What a customer was promised is due soon.
        PromiseDue = "promise_due",
        /// What a customer was promised did not happen in time.
        PromiseBroken = "promise_broken",
        /// An action item is due soon.
        ActionItemDue = "action_item_due",
        /// An action item is past its time.
        ActionItemOverdue = "action_item_overdue",
        /// A call was tried enough, and is given up.
        CallGivenUp = "call_given_up",
        /// A call was made without a network, on an assignment that had gone to somebody else or was taken back meanwhile.
        LateCall = "late_call",
        /// Calls that nobody worked went back to the pool.
        CallsReleased = "calls_released",
        /// A call was taken back, because its customer was merged with one whom somebody else calls, or nobody may.
        CallTakenBack = "call_taken_back",
        /// Executives who have let go of the habit.
        LapsedExecutives = "lapsed_executives",
        /// What the week before has brought.
        WeeklySummary = "weekly_summary",
        /// An endpoint of webhooks was disabled, because it failed or is gone.
        WebhookDisabled = "webhook_disabled",
    }
}

/// The longest title, and the longest text: what is longer is cut.
const TITLE: usize = 200;
const TEXT: usize = 4000;

/// What is to be told, and to whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub user_id: UserId,
    pub kind: NotificationKind,
    /// What it is about, unique per user: told twice of the same, they hear it once. `promise_due/<id>/<when>`.
    pub key: String,
    pub title: String,
    pub text: String,
    /// The record that it leads to: its kind as the journal names it, and its id.
    pub about: Option<(&'static str, Uuid)>,
}

/// Something that a user was told.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Notification {
    pub id: NotificationId,
    /// Whom it was told to.
    pub user_id: UserId,
    pub kind: NotificationKind,
    /// What happened, the same for everybody who was told of it.
    #[schema(max_length = 300)]
    pub occasion: String,
    /// In a line.
    #[schema(max_length = 200)]
    pub title: String,
    #[schema(max_length = 4000)]
    pub text: String,
    /// What sort of record it leads to: `note`, `action_item`, `assignment`.
    #[schema(max_length = 40)]
    pub about_kind: Option<String>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub about_id: Option<Uuid>,
    /// When the user has read it.
    pub read_at: Option<Timestamp>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Notification {
    pub fn new(id: NotificationId, told: Told, now: Timestamp) -> Self {
        Self {
            id,
            user_id: told.user_id,
            kind: told.kind,
            occasion: told.key,
            title: cut(&told.title, TITLE),
            text: cut(&told.text, TEXT),
            about_kind: told.about.map(|(kind, _)| kind.to_owned()),
            about_id: told.about.map(|(_, id)| id),
            read_at: None,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// The same in other words.
    pub fn reworded(self, told: Told) -> Change<Self> {
        self.change("updated", |next| {
            next.title = cut(&told.title, TITLE);
            next.text = cut(&told.text, TEXT);
        })
    }

    /// Has been read. Again is the same as once.
    pub fn read(self, now: Timestamp) -> Change<Self> {
        self.change("read", |next| next.read_at = next.read_at.or(Some(now)))
    }
}

/// The text, or its beginning and an ellipsis.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_at_a_letter() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }
}
