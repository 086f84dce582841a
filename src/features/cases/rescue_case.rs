//! An unhappy customer whom somebody is to win back.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::features::customers::customer::CustomerId;
use crate::features::nps::response::NpsResponseId;
use crate::id::UserId;
use crate::journal::{Change, Changing};
use crate::refusal::{Code, Refusal};

crate::id! {
    /// A rescue case.
    RescueCaseId;
}

crate::words! {
    /// How bad it is.
    pub enum Severity {
        Low = "low",
        Medium = "medium",
        High = "high",
        /// The customer is about to leave.
        Critical = "critical",
    }
}

crate::words! {
    /// Where the rescue stands.
    pub enum RescueStatus {
        Open = "open",
        Working = "working",
        /// The customer stays.
        Resolved = "resolved",
        /// The customer has left.
        Lost = "lost",
    }
}

fn medium() -> Severity {
    Severity::Medium
}

fn open() -> RescueStatus {
    RescueStatus::Open
}

/// What can be said of a rescue case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RescueCaseInput {
    /// Why the customer is unhappy.
    #[schema(min_length = 1, max_length = 10_000)]
    pub reason: String,
    /// Who else is courting the customer.
    #[schema(max_length = 200)]
    pub competitor: Option<String>,
    #[serde(default = "medium")]
    pub severity: Severity,
    /// Whose it is: an active user; its creator's when absent.
    pub owner_id: Option<UserId>,
    #[serde(default = "open")]
    pub status: RescueStatus,
    /// What came of it: required once it is resolved or lost.
    #[schema(max_length = 10_000)]
    pub resolution: Option<String>,
}

/// A rescue case: an unhappy customer whom somebody is to win back.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RescueCase {
    pub id: RescueCaseId,
    #[serde(flatten)]
    pub fields: RescueCaseInput,
    pub customer_id: CustomerId,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub contact_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub attempt_id: Option<Uuid>,
    /// The answer that opened it.
    pub nps_response_id: Option<NpsResponseId>,
    pub created_by: Option<UserId>,
    /// When it was resolved or lost.
    pub closed_at: Option<Timestamp>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Where a rescue case comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Context {
    pub customer_id: CustomerId,
    pub contact_id: Option<Uuid>,
    pub attempt_id: Option<Uuid>,
    pub nps_response_id: Option<NpsResponseId>,
    pub created_by: Option<UserId>,
}

impl RescueCase {
    /// A new case, open or worked on at once.
    ///
    /// # Errors
    /// `wrong_state` for a case that would be closed from the start, `invalid_request` without anybody to own it.
    pub fn new(
        id: RescueCaseId,
        mut fields: RescueCaseInput,
        context: Context,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        if fields.status.is_closed() {
            return Err(Refusal::state("A new case is `open` or `working`."));
        }
        fields.owner_id = fields.owner_id.or(context.created_by);
        owned(&fields)?;
        Ok(Self {
            id,
            fields,
            customer_id: context.customer_id,
            contact_id: context.contact_id,
            attempt_id: context.attempt_id,
            nps_response_id: context.nps_response_id,
            created_by: context.created_by,
            closed_at: None,
            revision: 0,
            created_at: now,
            updated_at: now,
        })
    }

    /// Other fields than before. A closed case can be taken up again; closing it needs a resolution.
    ///
    /// # Errors
    /// `wrong_state`, `invalid_request`.
    pub fn revise(self, fields: RescueCaseInput, now: Timestamp) -> Result<Change<Self>, Refusal> {
        let (from, to) = (self.fields.status, fields.status);
        if !from.leads_to(to) {
            return Err(Refusal::state(format!(
                "The case is `{from}` and cannot become `{to}`."
            )));
        }
        owned(&fields)?;
        let resolved = fields.resolution.as_deref().is_some_and(|text| !text.trim().is_empty());
        if to.is_closed() && !resolved {
            return Err(Refusal::new(
                Code::Invalid,
                "`resolution`: say what came of it when you close the case.",
            ));
        }
        Ok(self.change("updated", |next| {
            next.closed_at = to.is_closed().then(|| next.closed_at.unwrap_or(now));
            next.fields = fields;
        }))
    }
}

fn owned(fields: &RescueCaseInput) -> Result<(), Refusal> {
    match fields.owner_id {
        Some(_) => Ok(()),
        None => Err(Refusal::new(Code::Invalid, "`owner_id`: somebody must own the case.")),
    }
}

impl RescueStatus {
    pub fn is_closed(self) -> bool {
        match self {
            Self::Resolved | Self::Lost => true,
            Self::Open | Self::Working => false,
        }
    }

    /// Whether this status may be followed by the other.
    pub fn leads_to(self, other: Self) -> bool {
        match self {
            Self::Open => true,
            Self::Working => !matches!(other, Self::Open),
            Self::Resolved => matches!(other, Self::Resolved | Self::Working),
            Self::Lost => matches!(other, Self::Lost | Self::Working),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RescueStatus::{self, Lost, Open, Resolved, Working};

    #[test]
    fn every_status_leads_only_where_it_should() {
        // To open, working, resolved, lost.
        let table = [
            (Open, [true, true, true, true]),
            (Working, [false, true, true, true]),
            (Resolved, [false, true, true, false]),
            (Lost, [false, true, false, true]),
        ];
        for (from, row) in table {
            for (to, may) in RescueStatus::ALL.iter().zip(row) {
                assert_eq!(from.leads_to(*to), may, "{from} to {to}");
            }
        }
    }
}
