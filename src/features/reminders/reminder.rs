//! What is reminded of, when, and in which words.

use chrono::TimeDelta;
use chrono_tz::Tz;

use crate::clock::Timestamp;
use crate::features::action_items::action_item::ActionItem;
use crate::features::notifications::notification::NotificationKind;
use crate::features::reports::promise::TOLERANCE;
use crate::local_time;

crate::words! {
    /// What somebody is reminded of.
    pub enum Occasion {
        /// A customer was promised a call.
        CallbackDue = "callback_due",
        /// An hour later nobody has called.
        CallbackMissed = "callback_missed",
        /// A customer was promised something, by a time that is near.
        PromiseDue = "promise_due",
        /// The time has passed, and the customer was not told.
        PromiseBroken = "promise_broken",
        /// An action item's time is near.
        ItemDue = "item_due",
        /// It has passed.
        ItemOverdue = "item_overdue",
    }
}

/// What was missed while no instance ran is caught up with for so long.
const CAUGHT_UP: TimeDelta = TimeDelta::days(7);

/// So long after the promised time a call counts as missed, as the report on promised calls has it.
const MISSED: TimeDelta = TimeDelta::minutes(TOLERANCE);

/// How long before its time one is reminded.
const AHEAD: TimeDelta = TimeDelta::hours(24);

impl Occasion {
    pub const fn kind(self) -> NotificationKind {
        match self {
            Self::CallbackDue => NotificationKind::CallbackDue,
            Self::CallbackMissed => NotificationKind::CallbackMissed,
            Self::PromiseDue => NotificationKind::PromiseDue,
            Self::PromiseBroken => NotificationKind::PromiseBroken,
            Self::ItemDue => NotificationKind::ActionItemDue,
            Self::ItemOverdue => NotificationKind::ActionItemOverdue,
        }
    }

    /// Between which times something lies of which one is reminded now: later than the first, and not later than the second.
    pub fn window(self, now: Timestamp) -> (Timestamp, Timestamp) {
        match self {
            Self::CallbackDue => (now.plus(-MISSED), now.plus(TimeDelta::minutes(15))),
            Self::CallbackMissed => (now.plus(-CAUGHT_UP), now.plus(-MISSED)),
            Self::PromiseDue | Self::ItemDue => (now, now.plus(AHEAD)),
            Self::PromiseBroken | Self::ItemOverdue => (now.plus(-CAUGHT_UP), now),
        }
    }

    /// Whether the manager of whoever is responsible hears of it, too.
    pub const fn escalates(self) -> bool {
        match self {
            Self::CallbackMissed | Self::PromiseBroken | Self::ItemOverdue => true,
            Self::CallbackDue | Self::PromiseDue | Self::ItemDue => false,
        }
    }

    /// What the person reads: a title and a text. `whose` is named where a manager reads it.
    pub fn words(self, subject: &Subject, at: Timestamp, zone: Tz, whose: Option<&str>) -> (String, String) {
        let (customer, what, when) = (&subject.customer, &subject.what, local_time::said(at.utc(), zone));
        let title = match self {
            Self::CallbackDue => format!("Call {customer} back at {when}"),
            Self::CallbackMissed => format!("{customer} waits for a call"),
            Self::PromiseDue => format!("Promised to {customer} by {when}"),
            Self::PromiseBroken => format!("A promise to {customer} is overdue"),
            Self::ItemDue => format!("Due by {when}: {what}"),
            Self::ItemOverdue => format!("Overdue: {what}"),
        };
        let text = match self {
            Self::CallbackDue => format!("{customer} was told to expect your call at {when}."),
            Self::CallbackMissed => {
                format!("{customer} was told to expect a call at {when}, and nobody has called since.")
            }
            Self::PromiseDue => format!("{customer} was promised by {when}: {what}"),
            Self::PromiseBroken => {
                format!("{customer} was promised by {when}, and has not been told since: {what}")
            }
            Self::ItemDue => format!("For {customer}, by {when}: {what}"),
            Self::ItemOverdue => format!("For {customer}, since {when}: {what}"),
        };
        match whose {
            Some(whose) => (title, format!("{text}\n\nResponsible: {whose}.")),
            None => (title, text),
        }
    }
}

/// What a reminder is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub customer: String,
    pub what: String,
}

/// The time of this occasion as the item has it now; `None` when there is nothing to be reminded of any more.
pub fn time_of(item: &ActionItem, occasion: Occasion) -> Option<Timestamp> {
    match occasion {
        Occasion::CallbackDue | Occasion::CallbackMissed => None,
        Occasion::PromiseDue | Occasion::PromiseBroken => {
            let promise = item.fields.customer_promise.as_ref();
            promise
                .map(|promise| promise.by)
                .filter(|_| item.customer_told_at.is_none())
        }
        Occasion::ItemDue | Occasion::ItemOverdue => item.fields.due_at.filter(|_| item.status.open()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_soon_and_late_meet_and_do_not_overlap() {
        let now = Timestamp::new("2026-11-24T13:30:00Z".parse().unwrap());
        for (soon, late) in [
            (Occasion::CallbackDue, Occasion::CallbackMissed),
            (Occasion::PromiseDue, Occasion::PromiseBroken),
            (Occasion::ItemDue, Occasion::ItemOverdue),
        ] {
            assert_eq!(soon.window(now).0, late.window(now).1);
            assert!(!soon.escalates() && late.escalates());
        }
    }

    #[test]
    fn a_manager_reads_whose_it_is() {
        let at = Timestamp::new("2026-11-24T13:30:00Z".parse().unwrap());
        let subject = Subject {
            customer: "Alfreds".into(),
            what: "A new quote".into(),
        };
        let (title, text) = Occasion::PromiseBroken.words(&subject, at, Tz::Europe__Berlin, Some("Ada"));
        assert_eq!(title, "A promise to Alfreds is overdue");
        assert_eq!(
            text,
            "Alfreds was promised by Tuesday, 24 November, 14:30, and has not been told since: A new quote\n\nResponsible: Ada."
        );
    }
}
