//! A program: purpose, who takes part and how much, when to call again, what to talk about.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::daily_block::{DailyBlock, DailyBlockBody};
use super::retry_policy::RetryPolicy;
use crate::clock::Timestamp;
use crate::db::Json;
use crate::features::segments::segment::SegmentKey;
use crate::features::talking_points::points::TalkingPointsId;
use crate::id::UserId;
use crate::journal::{Change, Changing};
use crate::refusal::Refusal;

crate::id! {
    /// A program: why and how calls are made.
    ProgramId;
}

crate::words! {
    /// Whether a program runs.
    pub enum ProgramStatus {
        /// It runs.
        Active = "active",
        /// It rests for a while; what is assigned stays assigned.
        Paused = "paused",
        /// It is over; nothing new is assigned in it.
        Ended = "ended",
    }
}

crate::words! {
    /// What a quota is counted over.
    pub enum Period {
        Day = "day",
        Week = "week",
    }
}

/// Who takes part, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Participant {
    pub user_id: UserId,
    /// How many customers to have on the list, each period.
    #[schema(minimum = 1, maximum = 1000)]
    pub calls_to_prepare: i64,
    /// How many conversations to reach with them.
    #[schema(minimum = 1, maximum = 1000)]
    pub conversations_to_reach: i64,
    pub period: Period,
    /// The hours of the day that are kept free for calls, on the user's own clock; 09:00 to 17:00 when it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DailyBlockBody>)]
    pub daily_block: Option<DailyBlock>,
}

/// What can be said of a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgramInput {
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Why these calls are made.
    #[schema(max_length = 5000)]
    pub purpose: Option<String>,
    pub starts_on: Option<NaiveDate>,
    /// Its last day.
    pub ends_on: Option<NaiveDate>,
    #[serde(default)]
    #[schema(value_type = Vec<Participant>, max_items = 1000)]
    pub participants: Json<Vec<Participant>>,
    /// Whom to call: segments by their word or id, the first before the others.
    #[serde(default)]
    #[schema(value_type = Vec<SegmentKey>, max_items = 20)]
    pub segments: Json<Vec<SegmentKey>>,
    /// When to call again after a call that reached nobody, and when to stop.
    #[serde(default)]
    #[schema(value_type = RetryPolicy)]
    pub retry_policy: Json<RetryPolicy>,
    /// What to talk about; shown in the brief of each call.
    pub talking_points_id: Option<TalkingPointsId>,
    /// An assignment that nobody has worked for so many days is released.
    #[schema(minimum = 1, maximum = 365)]
    pub release_after_days: Option<i64>,
    /// When tomorrow's lists are prepared, `HH:MM` on each executive's own clock; 18:00 when null.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length = 5, example = "18:00")]
    pub lists_at: Option<String>,
    /// Over so many weeks from its start the quotas grow evenly to the whole; at once when null.
    #[schema(minimum = 1, maximum = 52)]
    pub ramp_up_weeks: Option<i64>,
}

/// A program: why and how calls are made.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Program {
    pub id: ProgramId,
    #[serde(flatten)]
    pub fields: ProgramInput,
    pub status: ProgramStatus,
    /// The one that every organization begins with; it is meant when several run and none is named.
    pub ready_made: bool,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

const PURPOSE: &str = "One customer a day, in person, with no sales agenda: to listen, to thank, and to learn what would make us worth recommending.";

impl Program {
    /// A new program, which runs.
    pub fn new(id: ProgramId, fields: ProgramInput, now: Timestamp) -> Self {
        Self {
            id,
            fields,
            status: ProgramStatus::Active,
            ready_made: false,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// The program that every organization begins with: one customer a day.
    pub fn one_a_day(id: ProgramId, now: Timestamp) -> Self {
        let fields = ProgramInput {
            name: "One a day".into(),
            purpose: Some(PURPOSE.into()),
            starts_on: None,
            ends_on: None,
            participants: Json(Vec::new()),
            segments: Json(Vec::new()),
            retry_policy: Json(RetryPolicy::default()),
            talking_points_id: None,
            release_after_days: Some(30),
            lists_at: None,
            ramp_up_weeks: None,
        };
        Self {
            ready_made: true,
            ..Self::new(id, fields, now)
        }
    }

    /// Other fields than before.
    pub fn revise(self, fields: ProgramInput) -> Change<Self> {
        self.change("updated", |next| next.fields = fields)
    }

    /// Lets it rest. One that rests already stays so.
    ///
    /// # Errors
    /// `wrong_state` when it has ended.
    pub fn pause(self) -> Result<Change<Self>, Refusal> {
        match self.status {
            ProgramStatus::Active | ProgramStatus::Paused => {
                Ok(self.change("paused", |next| next.status = ProgramStatus::Paused))
            }
            ProgramStatus::Ended => Err(over()),
        }
    }

    /// Lets it run again. One that runs already stays so.
    ///
    /// # Errors
    /// `wrong_state` when it has ended.
    pub fn resume(self) -> Result<Change<Self>, Refusal> {
        match self.status {
            ProgramStatus::Active | ProgramStatus::Paused => {
                Ok(self.change("resumed", |next| next.status = ProgramStatus::Active))
            }
            ProgramStatus::Ended => Err(over()),
        }
    }

    /// Ends it for good. What is open in it can still be worked.
    pub fn end(self) -> Change<Self> {
        self.change("ended", |next| next.status = ProgramStatus::Ended)
    }

    /// Whether something new may be assigned in it.
    ///
    /// # Errors
    /// `wrong_state` when it has ended.
    pub fn takes_assignments(&self) -> Result<(), Refusal> {
        match self.status {
            ProgramStatus::Active | ProgramStatus::Paused => Ok(()),
            ProgramStatus::Ended => Err(over()),
        }
    }
}

fn over() -> Refusal {
    Refusal::state("The program has ended. Make a new one.")
}

/// The program that is meant when none is named: the only one that runs, else the ready-made one.
pub fn default_of(programs: &[Program]) -> Option<&Program> {
    let mut active = programs
        .iter()
        .filter(|program| program.status == ProgramStatus::Active);
    match (active.next(), active.next()) {
        (Some(only), None) => Some(only),
        (Some(_), Some(_)) => programs
            .iter()
            .find(|program| program.ready_made && program.status == ProgramStatus::Active),
        (None, _) => None,
    }
}
