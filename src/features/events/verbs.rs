//! What happens to which sort of record: of a type that is none, nobody would ever hear.

use super::event::{EventType, Subject};

/// What may happen to any record.
pub const COMMON: [&str; 5] = ["created", "updated", "deleted", "moved", "reverted"];

/// What else happens to records of this sort.
pub const fn of(subject: Subject) -> &'static [&'static str] {
    match subject {
        Subject::AccountManagerPeriod => &["continued", "ended"],
        Subject::ActionItem => &[
            "canceled",
            "completed",
            "customer_told",
            "reassigned",
            "reopened",
            "started",
            "waiting",
        ],
        Subject::ApiKey | Subject::CalendarFeed => &["revoked"],
        Subject::Assignment => &[
            "attempted",
            "canceled",
            "completed",
            "declined",
            "listed",
            "moved_on",
            "reassigned",
            "released",
            "reopened",
            "rescheduled",
            "snoozed",
        ],
        Subject::Contact => &["flag_cleared", "flagged", "left"],
        Subject::Customer => &[
            "contacted",
            "do_not_contact",
            "flag_cleared",
            "flagged",
            "merged",
            "referred",
            "restored",
            "unmerged",
        ],
        Subject::Duplicate => &["dismissed", "judged", "reopened", "restored"],
        Subject::FollowUp => &["failed", "marked_sent", "sending", "sent"],
        Subject::Job => &["canceled", "resumed", "retried"],
        Subject::Merge => &["merged", "undone"],
        Subject::Notification => &["read"],
        Subject::Plan => &["committed"],
        Subject::Program => &["ended", "paused", "resumed"],
        Subject::RescueCase | Subject::ServiceInterest => &["reassigned"],
        Subject::User => &[
            "deactivated",
            "invited",
            "joined",
            "password_changed",
            "password_reset_offered",
            "password_reset_requested",
            "reactivated",
            "signed_out",
        ],
        Subject::WebhookDelivery => &["replayed"],
        Subject::WebhookEndpoint => &["disabled", "enabled", "replayed", "secret_rotated", "tested"],
        Subject::Absence
        | Subject::ActionItemComment
        | Subject::AssignmentBatch
        | Subject::Attempt
        | Subject::Cadence
        | Subject::CallList
        | Subject::Note
        | Subject::NotificationPreferences
        | Subject::NpsResponse
        | Subject::Organization
        | Subject::Segment
        | Subject::Signal
        | Subject::TalkingPoints
        | Subject::TalkingPointsVersion => &[],
    }
}

/// All that happens to records of this sort.
pub fn all(subject: Subject) -> impl Iterator<Item = &'static str> {
    COMMON.into_iter().chain(of(subject).iter().copied())
}

/// The first of these that never happens: where it stands, and what to write instead.
pub fn unheard(types: &[EventType]) -> Option<(usize, String)> {
    let (at, (subject, verb)) = types
        .iter()
        .enumerate()
        .filter_map(|(at, each)| Some((at, each.named()?)))
        .find(|(_, (subject, verb))| all(*subject).all(|known| known != *verb))?;
    let known: Vec<&str> = all(subject).collect();
    let detail = format!(
        "Nothing is ever told as `{subject}.{verb}`. Of `{subject}` there are {}; `{subject}.*` for all of them.",
        known.join(", ")
    );
    Some((at, detail))
}

/// Which types there are, for the document.
pub fn listed() -> String {
    let special = Subject::ALL.iter().filter(|subject| !of(**subject).is_empty());
    let special: Vec<String> = special
        .map(|subject| format!("`{subject}`: {}", of(*subject).join(", ")))
        .collect();
    format!(
        "Of every sort: {}. Beside that, of {}.",
        COMMON.join(", "),
        special.join("; of ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_that_never_happens_is_told_with_those_that_do() {
        let types: Vec<EventType> = [
            "customer.*",
            "customer.merged",
            "rescue_case.reassigned",
            "customer.creatd",
        ]
        .map(|it| it.parse().unwrap())
        .into();
        assert_eq!(unheard(&types[..3]), None);
        let (at, detail) = unheard(&types).unwrap();
        assert_eq!(at, 3);
        assert!(
            detail.contains("created, updated") && detail.contains("unmerged"),
            "{detail}"
        );
    }
}
