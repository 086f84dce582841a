//! Decides: what an event says, which there are, and who may hear of which.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::verbs;
use crate::access::{ActorKind, Caller, Permission};
use crate::clock::Timestamp;
use crate::journal::feed::{Happening, Sorts};

crate::words! {
    /// What sort of record an event is about, as the journal names it.
    pub enum Subject {
        Absence = "absence",
        AccountManagerPeriod = "account_manager_period",
        ActionItem = "action_item",
        ActionItemComment = "action_item_comment",
        ApiKey = "api_key",
        Assignment = "assignment",
        AssignmentBatch = "assignment_batch",
        Attempt = "attempt",
        Cadence = "cadence",
        CalendarFeed = "calendar_feed",
        CallList = "call_list",
        Contact = "contact",
        Customer = "customer",
        Duplicate = "duplicate",
        FollowUp = "follow_up",
        Job = "job",
        Merge = "merge",
        Note = "note",
        Notification = "notification",
        NotificationPreferences = "notification_preferences",
        NpsResponse = "nps_response",
        Organization = "organization",
        Plan = "plan",
        Program = "program",
        RescueCase = "rescue_case",
        Segment = "segment",
        ServiceInterest = "service_interest",
        Signal = "signal",
        TalkingPoints = "talking_points",
        TalkingPointsVersion = "talking_points_version",
        User = "user",
        WebhookDelivery = "webhook_delivery",
        WebhookEndpoint = "webhook_endpoint",
    }
}

/// Who may hear of a sort of record: whoever may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearers {
    /// Whoever has this permission.
    With(Permission),
    /// The same, of the items that are theirs or their department's where they see no others.
    OfItems(Permission),
    /// The person whose it is; whoever has the permission hears of everybody's.
    Owner(Option<Permission>),
}

impl Subject {
    pub const fn hearers(self) -> Hearers {
        match self {
            Self::AccountManagerPeriod
            | Self::Contact
            | Self::Customer
            | Self::Duplicate
            | Self::Merge
            | Self::Signal => Hearers::With(Permission::CustomersRead),
            Self::Cadence | Self::Program | Self::Segment | Self::TalkingPoints | Self::TalkingPointsVersion => {
                Hearers::With(Permission::ProgramsRead)
            }
            Self::Assignment | Self::AssignmentBatch | Self::CallList | Self::Plan => {
                Hearers::With(Permission::AssignmentsRead)
            }
            Self::Attempt => Hearers::With(Permission::AttemptsRead),
            Self::FollowUp => Hearers::With(Permission::FollowUpsRead),
            Self::Note => Hearers::With(Permission::NotesRead),
            Self::NpsResponse => Hearers::With(Permission::NpsRead),
            Self::RescueCase | Self::ServiceInterest => Hearers::With(Permission::CasesRead),
            Self::ActionItem | Self::ActionItemComment => Hearers::OfItems(Permission::ActionItemsRead),
            Self::User => Hearers::With(Permission::UsersRead),
            Self::Organization => Hearers::With(Permission::OrganizationRead),
            Self::ApiKey => Hearers::With(Permission::ApiKeysManage),
            Self::WebhookDelivery | Self::WebhookEndpoint => Hearers::With(Permission::WebhooksManage),
            Self::Job => Hearers::With(Permission::JobsRead),
            Self::Absence => Hearers::Owner(Some(Permission::AbsencesManage)),
            Self::CalendarFeed | Self::Notification | Self::NotificationPreferences => Hearers::Owner(None),
        }
    }

    /// Whether this caller hears of any of these at all.
    pub fn is_heard_by(self, caller: &Caller) -> bool {
        match self.hearers() {
            Hearers::With(permission) | Hearers::OfItems(permission) => caller.may(permission),
            Hearers::Owner(everybodys) => caller.user.is_some() || everybodys.is_some_and(|it| caller.may(it)),
        }
    }

    /// Whether one has to look whose it is, before this caller hears of it.
    pub fn is_asked_of(self, caller: &Caller) -> bool {
        match self.hearers() {
            Hearers::With(_) => false,
            Hearers::OfItems(_) => caller.scope().own_items.is_some(),
            Hearers::Owner(everybodys) => !everybodys.is_some_and(|it| caller.may(it)),
        }
    }
}

/// Which events are asked for: `attempt.created`, or `attempt.*` for all of a sort.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType {
    subject: Subject,
    verb: Option<String>,
}

impl EventType {
    /// The sort and what happens to it; none where all of a sort is meant.
    pub fn named(&self) -> Option<(Subject, &str)> {
        Some((self.subject, self.verb.as_deref()?))
    }
}

/// How long a verb is at most.
const VERB: usize = 40;

impl FromStr for EventType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || {
            let known: Vec<&str> = Subject::ALL.iter().map(|subject| subject.as_str()).collect();
            format!(
                "`{text}` is no type of event: write `attempt.created`, or `attempt.*` for all of a sort. There are {}",
                known.join(", ")
            )
        };
        let (subject, verb) = text.split_once('.').ok_or_else(known)?;
        let subject = subject.parse().map_err(|_| known())?;
        let letters =
            !verb.is_empty() && verb.len() <= VERB && verb.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
        match verb {
            "*" => Ok(Self { subject, verb: None }),
            verb if letters => Ok(Self {
                subject,
                verb: Some(verb.to_owned()),
            }),
            _ => Err(known()),
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.subject, self.verb.as_deref().unwrap_or("*"))
    }
}

impl Serialize for EventType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for EventType {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{ObjectBuilder, schema::Type};
        let sorts: Vec<&str> = Subject::ALL.iter().map(|subject| subject.as_str()).collect();
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(3))
            .max_length(Some(80))
            .pattern(Some(format!(r"^({})\.([a-z_]{{1,40}}|\*)$", sorts.join("|"))))
            .description(Some(format!(
                "A type of event: `attempt.created`; `attempt.*` for all of a sort. {}",
                verbs::listed()
            )))
            .examples([serde_json::json!("attempt.created")])
            .into()
    }
}

impl ToSchema for EventType {}

/// What this caller may hear of what was asked for; of everything, when nothing was named.
pub fn sorts(asked: Option<&[EventType]>, caller: &Caller) -> Sorts {
    let heard = Subject::ALL
        .iter()
        .copied()
        .filter(|subject| subject.is_heard_by(caller));
    chosen(asked, heard)
}

/// What was asked for, of everything there is.
pub fn all_sorts(asked: Option<&[EventType]>) -> Sorts {
    chosen(asked, Subject::ALL.iter().copied())
}

fn chosen(asked: Option<&[EventType]>, heard: impl Iterator<Item = Subject>) -> Sorts {
    let mut sorts = Sorts::default();
    for subject in heard {
        let Some(asked) = asked else {
            sorts.kinds.push(subject.as_str());
            continue;
        };
        for each in asked.iter().filter(|each| each.subject == subject) {
            match &each.verb {
                None => sorts.kinds.push(subject.as_str()),
                Some(verb) => sorts.verbs.push((subject.as_str(), verb.clone())),
            }
        }
    }
    sorts
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Event {
    /// Its place in the organization's history: later events have higher numbers. Not every number is an event that you hear of.
    #[schema(minimum = 1)]
    pub sequence: i64,
    /// The sort of record, and what happened to it.
    #[serde(rename = "type")]
    #[schema(max_length = 80, example = "attempt.created")]
    pub event_type: String,
    pub timestamp: Timestamp,
    pub data: EventData,
}

/// Which record, and as of which revision: read it for the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EventData {
    /// What sort of record.
    #[schema(max_length = 40, example = "attempt")]
    pub kind: String,
    pub id: Uuid,
    /// The record's revision after it: its `ETag`, unless it has changed since.
    #[schema(minimum = 1)]
    pub revision: i64,
    /// The customer that it is about.
    pub customer_id: Option<Uuid>,
    pub actor_kind: ActorKind,
    /// The user or API key who did it.
    pub actor_id: Option<Uuid>,
}

impl From<Happening> for Event {
    fn from(it: Happening) -> Self {
        Self {
            sequence: it.revision,
            event_type: format!("{}.{}", it.kind, it.verb),
            timestamp: it.recorded_at,
            data: EventData {
                kind: it.kind,
                id: it.record_id,
                revision: it.revision,
                customer_id: it.customer_id,
                actor_kind: it.actor_kind,
                actor_id: it.actor_id,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_as_they_are_written() {
        for text in ["attempt.created", "customer.*", "action_item.customer_told"] {
            assert_eq!(text.parse::<EventType>().unwrap().to_string(), text);
        }
        for text in [
            "attempt",
            "attempt.",
            ".created",
            "attempt.Created",
            "nothing.created",
            "*",
            "*.*",
            "attempt.created.x",
            "",
        ] {
            assert!(text.parse::<EventType>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_was_asked_for_is_chosen() {
        let asked: Vec<EventType> = ["attempt.created", "customer.*"].map(|it| it.parse().unwrap()).into();
        let sorts = all_sorts(Some(&asked));
        assert!(sorts.has("attempt", "created") && sorts.has("customer", "merged"));
        assert!(!sorts.has("attempt", "updated") && !sorts.has("note", "created"));
        assert_eq!(all_sorts(None).kinds.len(), Subject::ALL.len());
    }
}
