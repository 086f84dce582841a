//! What stands in a brief, part by part.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::features::action_items::action_item::{ActionItemKind, ActionItemStatus, CustomerPromise};
use crate::features::assignments::assignment::AssignmentStatus;
use crate::features::attempts::attempt::Disposition;
use crate::features::cases::rescue_case::{RescueStatus, Severity};
use crate::features::cases::service_interest::InterestStage;
use crate::features::customers::calling_window::CallingWindowBody;
use crate::features::customers::customer::Money;
use crate::features::customers::signal::{SignalKind, SignalStatus, SignalTopic};
use crate::features::notes::note::{NoteType, Theme};
use crate::features::nps::figures::Category;
use crate::features::nps::response::NpsSource;
use crate::id::UserId;

/// A person of ours.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Colleague {
    pub id: UserId,
    #[schema(max_length = 200)]
    pub name: String,
    #[schema(max_length = 200)]
    pub title: Option<String>,
    #[schema(max_length = 254)]
    pub email: Option<String>,
    #[schema(max_length = 50)]
    pub phone: Option<String>,
    #[schema(max_length = 64)]
    pub time_zone: Option<String>,
}

/// The name of a record, and where to read the rest.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Named {
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    #[schema(max_length = 300)]
    pub name: String,
}

/// The program, in short.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BriefProgram {
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    #[schema(max_length = 200)]
    pub name: String,
    #[schema(max_length = 5000)]
    pub purpose: Option<String>,
}

/// What to talk about, filled in for this customer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BriefTalkingPoints {
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    #[schema(max_length = 200)]
    pub name: String,
    /// Which version of the text this is.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub version: i64,
    #[schema(max_length = 200_000)]
    pub text: String,
}

/// What time it is for the customer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CustomerClock {
    /// The customer's zone; the organization's where it has none.
    #[schema(max_length = 64)]
    pub time_zone: String,
    /// What the customer's clock shows now, to the minute: `2026-03-03T16:30`.
    #[schema(max_length = 20, example = "2026-03-03T16:30")]
    pub local_time: String,
    /// The same, as one says it.
    #[schema(max_length = 60, example = "Tuesday, 3 March 2026, 16:30")]
    pub words: String,
    /// Whether its people may be called now.
    pub within_calling_hours: bool,
    /// When they may be called next, where they may not be called now.
    pub next_opening: Option<Timestamp>,
    pub calling_window: CallingWindowBody,
}

/// A person at the customer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BriefContact {
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    #[schema(max_length = 300)]
    pub name: String,
    #[schema(max_length = 150)]
    pub first_name: Option<String>,
    #[schema(max_length = 200)]
    pub title: Option<String>,
    #[schema(max_length = 254)]
    pub email: Option<String>,
    /// In E.164 where it could be understood.
    #[schema(max_length = 100)]
    pub phone: Option<String>,
    #[schema(max_length = 100)]
    pub mobile: Option<String>,
    /// Whom to call first.
    pub is_primary: bool,
}

/// A time during which somebody looked after the customer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ManagerPeriod {
    pub user_id: Option<UserId>,
    #[schema(max_length = 200)]
    pub name: Option<String>,
    pub started_on: Option<NaiveDate>,
    pub ended_on: Option<NaiveDate>,
}

/// Who looks after the customer, and who did before.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BriefAccountManager {
    pub current: Option<Colleague>,
    /// Since when, where that is known.
    pub since: Option<NaiveDate>,
    /// How many there have been, with the one who does now.
    #[schema(minimum = 0)]
    pub count: i64,
    /// The latest first.
    #[schema(max_items = 20)]
    pub history: Vec<ManagerPeriod>,
}

/// Something that happened elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BriefSignal {
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    pub kind: Option<SignalKind>,
    pub occurred_at: Option<Timestamp>,
    #[schema(max_length = 300)]
    pub title: Option<String>,
    /// The beginning of it.
    #[schema(max_length = 1000)]
    pub detail: Option<String>,
    /// Of a support case.
    pub status: Option<SignalStatus>,
    /// Of a news item or a finding.
    pub topic: Option<SignalTopic>,
    pub amount: Option<Money>,
    #[schema(max_length = 2000)]
    pub source_url: Option<String>,
    pub worth_congratulating: bool,
    /// Who of ours has to do with it.
    #[schema(max_length = 200)]
    pub user_name: Option<String>,
}

/// How the customer was helped.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Support {
    /// How many cases are open.
    #[schema(minimum = 0)]
    pub open: i64,
    /// The open ones first, then the latest.
    #[schema(max_items = 10)]
    pub cases: Vec<BriefSignal>,
}

/// Who recommended whom.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Referrals {
    /// The customer who recommended us to this one.
    pub referred_by: Option<Named>,
    /// How many customers this one has referred.
    #[schema(minimum = 0)]
    pub count: i64,
    /// The latest of them.
    #[schema(max_items = 10)]
    pub referred: Vec<Named>,
}

/// A call that was placed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PastCall {
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    pub occurred_at: Option<Timestamp>,
    pub disposition: Option<Disposition>,
    #[schema(max_length = 200)]
    pub user_name: Option<String>,
    /// Who answered, or whom it was meant for.
    #[schema(max_length = 300)]
    pub spoke_with: Option<String>,
    #[schema(minimum = 0, maximum = 86_400)]
    pub duration_seconds: Option<i64>,
    #[schema(max_length = 2000)]
    pub summary: Option<String>,
    pub callback_promised_at: Option<Timestamp>,
}

/// What was learned.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BriefNote {
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    #[serde(rename = "type")]
    pub kind: Option<NoteType>,
    pub occurred_at: Option<Timestamp>,
    /// The beginning of it.
    #[schema(max_length = 2000)]
    pub body: String,
    #[schema(value_type = Vec<Theme>, max_items = 20)]
    pub themes: Vec<String>,
    /// Who was praised.
    #[schema(max_length = 200)]
    pub employee_name: Option<String>,
    #[schema(max_length = 200)]
    pub author_name: Option<String>,
}

/// An answer to the recommendation question.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BriefAnswer {
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    pub responded_at: Option<Timestamp>,
    /// Null when the question was skipped.
    #[schema(minimum = 0, maximum = 10)]
    pub score: Option<i64>,
    pub category: Option<Category>,
    pub would_recommend: Option<bool>,
    pub source: Option<NpsSource>,
    #[schema(max_length = 300)]
    pub contact_name: Option<String>,
    #[schema(max_length = 2000)]
    pub comment: Option<String>,
    #[schema(max_length = 2000)]
    pub follow_up_answer: Option<String>,
}

crate::words! {
    /// Where the answers go.
    pub enum Trend {
        /// The last one is higher than the one before.
        Up = "up",
        /// The last two are the same.
        Steady = "steady",
        Down = "down",
    }
}

/// The customer's answers to the recommendation question.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NpsHistory {
    /// The latest first; skipped ones too.
    #[schema(max_items = 10)]
    pub answers: Vec<BriefAnswer>,
    /// From the answer before to the last one; null with fewer than two.
    pub trend: Option<Trend>,
    pub last_asked_at: Option<Timestamp>,
    #[schema(minimum = 0)]
    pub days_since_asked: Option<i64>,
    /// Less than 90 days ago: leave the question out this time.
    pub asked_too_recently: bool,
}

/// Work for this customer that is not done, or not told.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BriefItem {
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    #[schema(max_length = 300)]
    pub title: String,
    #[schema(max_length = 1000)]
    pub detail: Option<String>,
    pub kind: Option<ActionItemKind>,
    pub status: Option<ActionItemStatus>,
    #[schema(max_length = 200)]
    pub owner_name: Option<String>,
    #[schema(max_length = 100)]
    pub department: Option<String>,
    pub due_at: Option<Timestamp>,
    /// Not done, and its time is over.
    pub overdue: bool,
    /// What the customer was promised.
    pub customer_promise: Option<CustomerPromise>,
    pub customer_told_at: Option<Timestamp>,
    /// The customer was promised to hear of it, and was not told in time.
    pub promise_broken: bool,
}

/// Another open assignment of the same customer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OtherAssignment {
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    #[schema(max_length = 200)]
    pub program_name: Option<String>,
    pub assignee_id: Option<UserId>,
    #[schema(max_length = 200)]
    pub assignee_name: Option<String>,
    pub status: Option<AssignmentStatus>,
    pub scheduled_for: Option<Timestamp>,
    pub due_on: Option<NaiveDate>,
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// An unhappy customer whom somebody is winning back.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BriefRescue {
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    #[schema(max_length = 2000)]
    pub reason: String,
    pub severity: Option<Severity>,
    pub status: Option<RescueStatus>,
    #[schema(max_length = 200)]
    pub competitor: Option<String>,
    #[schema(max_length = 200)]
    pub owner_name: Option<String>,
    pub opened_at: Option<Timestamp>,
}

/// A service that the customer asked for by itself.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BriefInterest {
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    #[schema(max_length = 200)]
    pub service: String,
    pub stage: Option<InterestStage>,
    #[schema(max_length = 200)]
    pub owner_name: Option<String>,
    pub raised_at: Option<Timestamp>,
    #[schema(max_length = 1000)]
    pub note: Option<String>,
}

/// Something that is not known, and so not in the brief.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Missing {
    /// Where it would stand.
    #[schema(max_length = 60, example = "nps")]
    pub field: String,
    #[schema(max_length = 1000, example = "No NPS answer yet.")]
    pub says: String,
}
