//! What a brief is put together of: narrow lines out of many tables, read at once.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::access::Permission;
use crate::clock::Timestamp;

crate::words! {
    /// Which part of a brief a line belongs to.
    pub enum Part {
        Organization = "organization",
        Executive = "executive",
        Program = "program",
        TalkingPoints = "talking_points",
        AccountManager = "account_manager",
        Contact = "contacts",
        SupportCase = "support.cases",
        ManagerPeriod = "account_manager.history",
        Purchase = "purchases",
        Interaction = "interactions",
        News = "news",
        ReferredBy = "referrals.referred_by",
        Referred = "referrals.referred",
        Call = "past_calls",
        Note = "notes",
        NpsResponse = "nps",
        ActionItem = "action_items",
        OtherAssignment = "other_assignments",
        RescueCase = "rescue_cases",
        ServiceInterest = "service_interests",
    }
}

impl Part {
    /// What one must be allowed to read to see it.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Organization | Self::Executive | Self::OtherAssignment => Permission::AssignmentsRead,
            Self::Program | Self::TalkingPoints => Permission::ProgramsRead,
            Self::AccountManager
            | Self::Contact
            | Self::SupportCase
            | Self::ManagerPeriod
            | Self::Purchase
            | Self::Interaction
            | Self::News
            | Self::ReferredBy
            | Self::Referred => Permission::CustomersRead,
            Self::Call => Permission::AttemptsRead,
            Self::Note => Permission::NotesRead,
            Self::NpsResponse => Permission::NpsRead,
            Self::ActionItem => Permission::ActionItemsRead,
            Self::RescueCase | Self::ServiceInterest => Permission::CasesRead,
        }
    }

    /// Its place among the parts.
    pub fn rank(self) -> i64 {
        let place = Self::ALL.iter().position(|part| *part == self);
        place.and_then(|place| i64::try_from(place).ok()).unwrap_or_default()
    }
}

/// One record of a part, in columns that all parts share. What a column means is the part's to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub part: Part,
    pub id: Uuid,
    pub at: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub day: Option<NaiveDate>,
    pub last_day: Option<NaiveDate>,
    pub number: Option<i64>,
    pub flag: Option<bool>,
    /// A person of ours, by id and name.
    pub who: Option<Uuid>,
    pub who_name: Option<String>,
    pub kind: Option<String>,
    pub word: Option<String>,
    pub name: Option<String>,
    pub text: Option<String>,
    pub more: Option<String>,
    pub other: Option<String>,
}

impl Line {
    /// A word of a closed set, as it stands in a column.
    pub fn read<T: std::str::FromStr>(column: &Option<String>) -> Option<T> {
        column.as_deref().and_then(|word| word.parse().ok())
    }

    /// What a column holds as JSON.
    pub fn json<T: serde::de::DeserializeOwned>(column: &Option<String>) -> Option<T> {
        column.as_deref().and_then(|text| serde_json::from_str(text).ok())
    }
}
