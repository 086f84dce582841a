//! How somebody wants to be told.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::notification::NotificationKind;
use crate::clock::Timestamp;
use crate::db::Json;
use crate::id::UserId;
use crate::journal::{Change, Changing};

const fn yes() -> bool {
    true
}

/// Of what the user is told by mail, too. What is not said has a sensible default: yes for what somebody else waits for, no for what
/// one sees when one works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "one wish for each kind")]
pub struct MailWishes {
    #[serde(default = "yes")]
    #[schema(value_type = Option<bool>)]
    pub praise: bool,
    #[serde(default = "yes")]
    #[schema(value_type = Option<bool>)]
    pub day_prepared: bool,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub callback_due: bool,
    #[serde(default = "yes")]
    #[schema(value_type = Option<bool>)]
    pub callback_missed: bool,
    #[serde(default = "yes")]
    #[schema(value_type = Option<bool>)]
    pub promise_due: bool,
    #[serde(default = "yes")]
    #[schema(value_type = Option<bool>)]
    pub promise_broken: bool,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub action_item_due: bool,
    #[serde(default = "yes")]
    #[schema(value_type = Option<bool>)]
    pub action_item_overdue: bool,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub call_given_up: bool,
    #[serde(default = "yes")]
    #[schema(value_type = Option<bool>)]
    pub late_call: bool,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub calls_released: bool,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub call_taken_back: bool,
    #[serde(default = "yes")]
    #[schema(value_type = Option<bool>)]
    pub lapsed_executives: bool,
    #[serde(default = "yes")]
    #[schema(value_type = Option<bool>)]
    pub weekly_summary: bool,
    #[serde(default = "yes")]
    #[schema(value_type = Option<bool>)]
    pub webhook_disabled: bool,
}

impl Default for MailWishes {
    fn default() -> Self {
        Self {
            praise: true,
            day_prepared: true,
            callback_due: false,
            callback_missed: true,
            promise_due: true,
            promise_broken: true,
            action_item_due: false,
            action_item_overdue: true,
            call_given_up: false,
            late_call: true,
            calls_released: false,
            call_taken_back: false,
            lapsed_executives: true,
            weekly_summary: true,
            webhook_disabled: true,
        }
    }
}

impl MailWishes {
    /// Whether this is to come by mail, too.
    pub const fn of(self, kind: NotificationKind) -> bool {
        match kind {
            NotificationKind::Praise => self.praise,
            NotificationKind::DayPrepared => self.day_prepared,
            NotificationKind::CallbackDue => self.callback_due,
            NotificationKind::CallbackMissed => self.callback_missed,
            NotificationKind::PromiseDue => self.promise_due,
            NotificationKind::PromiseBroken => self.promise_broken,
            NotificationKind::ActionItemDue => self.action_item_due,
            NotificationKind::ActionItemOverdue => self.action_item_overdue,
            NotificationKind::CallGivenUp => self.call_given_up,
            NotificationKind::LateCall => self.late_call,
            NotificationKind::CallsReleased => self.calls_released,
            NotificationKind::CallTakenBack => self.call_taken_back,
            NotificationKind::LapsedExecutives => self.lapsed_executives,
            NotificationKind::WeeklySummary => self.weekly_summary,
            NotificationKind::WebhookDisabled => self.webhook_disabled,
        }
    }
}

/// What can be said of how to be told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationPreferencesInput {
    /// Everything stands in the list; this comes by mail, too, where mail is set up.
    #[serde(default)]
    #[schema(value_type = MailWishes)]
    pub mail: Json<MailWishes>,
}

/// How a user wants to be told.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NotificationPreferences {
    /// The user's own id.
    pub id: UserId,
    #[serde(flatten)]
    pub fields: NotificationPreferencesInput,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl NotificationPreferences {
    /// What holds until the user says otherwise.
    pub fn usual(user: UserId, now: Timestamp) -> Self {
        Self {
            id: user,
            fields: NotificationPreferencesInput::default(),
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Other wishes than before.
    pub fn revise(self, fields: NotificationPreferencesInput) -> Change<Self> {
        self.change("updated", |next| next.fields = fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_usual() {
        let read: MailWishes = serde_json::from_str("{}").unwrap();
        assert_eq!(read, MailWishes::default());
        let all = serde_json::to_value(MailWishes::default()).unwrap();
        let kinds: Vec<&str> = NotificationKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(all.as_object().unwrap().keys().collect::<Vec<_>>(), kinds);
        for kind in NotificationKind::ALL {
            assert_eq!(all[kind.as_str()], MailWishes::default().of(*kind), "{kind}");
        }
    }
}
