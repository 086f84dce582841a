//! An absence: whole days on which somebody makes no calls.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::id::UserId;
use crate::journal::{Change, Changing};

crate::id! {
    /// An absence of a user.
    AbsenceId;
}

crate::words! {
    /// Why somebody is away.
    pub enum AbsenceKind {
        Vacation = "vacation",
        Sick = "sick",
        Travel = "travel",
        Training = "training",
        Other = "other",
    }
}

/// What can be said of an absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AbsenceInput {
    /// The first day away, on the user's own calendar.
    pub starts_on: NaiveDate,
    /// The last day away.
    pub ends_on: NaiveDate,
    pub kind: AbsenceKind,
    #[schema(max_length = 1000)]
    pub note: Option<String>,
}

/// Days on which a user makes no calls. Absences may overlap: they add up.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Absence {
    pub id: AbsenceId,
    pub user_id: UserId,
    #[serde(flatten)]
    pub fields: AbsenceInput,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The longest absence that can be said at once, in days: two years.
pub const LONGEST: i64 = 731;

/// Why the days of an absence do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAnAbsence {
    /// It ends before it starts.
    Backwards,
    /// More than [`LONGEST`] days.
    TooLong,
}

impl NotAnAbsence {
    /// For the person who said it.
    pub fn sentence(self) -> String {
        match self {
            Self::Backwards => "An absence ends on the day on which it starts, or later.".to_owned(),
            Self::TooLong => format!("An absence has {LONGEST} days at most; deactivate a user who has left."),
        }
    }
}

impl AbsenceInput {
    /// Whether the days make an absence.
    ///
    /// # Errors
    /// When they end before they start, or are more than two years.
    pub fn check(&self) -> Result<(), NotAnAbsence> {
        if self.ends_on < self.starts_on {
            return Err(NotAnAbsence::Backwards);
        }
        if (self.ends_on - self.starts_on).num_days() >= LONGEST {
            return Err(NotAnAbsence::TooLong);
        }
        Ok(())
    }
}

impl Absence {
    pub fn new(id: AbsenceId, user_id: UserId, fields: AbsenceInput, now: Timestamp) -> Self {
        Self {
            id,
            user_id,
            fields,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Other fields than before.
    pub fn revise(self, fields: AbsenceInput) -> Change<Self> {
        self.change("updated", |next| next.fields = fields)
    }
}
