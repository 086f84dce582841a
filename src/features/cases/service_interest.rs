//! A service that a customer asked for. The program does not sell: only what the customer raised is kept.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::Json;
use crate::features::customers::customer::{CustomerId, Money};
use crate::features::occasion::Occasion;
use crate::id::UserId;
use crate::journal::{Change, Changing};
use crate::refusal::Refusal;

crate::id! {
    /// A service that a customer asked for.
    ServiceInterestId;
}

crate::words! {
    /// How far it has come.
    pub enum InterestStage {
        Raised = "raised",
        Contacted = "contacted",
        Offered = "offered",
        Won = "won",
        Lost = "lost",
    }
}

/// Always true: an interest that the customer did not raise is not recorded.
pub struct RaisedByCustomer;

impl utoipa::PartialSchema for RaisedByCustomer {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{ObjectBuilder, schema::Type};
        ObjectBuilder::new()
            .schema_type(Type::Boolean)
            .enum_values(Some([true]))
            .description(Some(
                "Always true: an interest that the customer did not raise is not recorded.",
            ))
            .into()
    }
}

impl ToSchema for RaisedByCustomer {}

fn raised() -> InterestStage {
    InterestStage::Raised
}

/// What can be said of a service interest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceInterestInput {
    /// What the customer asked for.
    #[schema(min_length = 1, max_length = 200)]
    pub service: String,
    #[schema(value_type = RaisedByCustomer)]
    pub raised_by_customer: bool,
    #[serde(default = "raised")]
    pub stage: InterestStage,
    /// What it is or would be worth.
    #[schema(value_type = Option<Money>)]
    pub value: Option<Json<Money>>,
    /// Who follows it up.
    pub owner_id: Option<UserId>,
    #[schema(max_length = 10_000)]
    pub note: Option<String>,
}

/// A service that a customer asked for, through to won or lost.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ServiceInterest {
    pub id: ServiceInterestId,
    #[serde(flatten)]
    pub fields: ServiceInterestInput,
    pub customer_id: CustomerId,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub contact_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub assignment_id: Option<Uuid>,
    /// The call in which it was raised.
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub attempt_id: Option<Uuid>,
    pub created_by: Option<UserId>,
    pub raised_at: Timestamp,
    /// When it was won or lost.
    pub closed_at: Option<Timestamp>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Where a service interest comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Context {
    pub occasion: Occasion,
    pub created_by: Option<UserId>,
    /// Now, when absent.
    pub raised_at: Option<Timestamp>,
}

impl ServiceInterest {
    pub fn new(id: ServiceInterestId, fields: ServiceInterestInput, context: Context, now: Timestamp) -> Self {
        let closed = fields.stage.is_closed();
        Self {
            id,
            fields,
            customer_id: context.occasion.customer_id,
            contact_id: context.occasion.contact_id,
            assignment_id: context.occasion.assignment_id,
            attempt_id: context.occasion.attempt_id,
            created_by: context.created_by,
            raised_at: context.raised_at.unwrap_or(now),
            closed_at: closed.then_some(now),
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Other fields than before. The stage goes forward; what was lost may be taken up again; what was won stays won.
    ///
    /// # Errors
    /// `wrong_state`.
    pub fn revise(self, fields: ServiceInterestInput, now: Timestamp) -> Result<Change<Self>, Refusal> {
        let (from, to) = (self.fields.stage, fields.stage);
        if !from.leads_to(to) {
            return Err(Refusal::state(format!(
                "The interest is `{from}` and cannot become `{to}`."
            )));
        }
        Ok(self.change("updated", |next| {
            next.closed_at = to.is_closed().then(|| next.closed_at.unwrap_or(now));
            next.fields = fields;
        }))
    }
}

impl InterestStage {
    pub fn is_closed(self) -> bool {
        match self {
            Self::Won | Self::Lost => true,
            Self::Raised | Self::Contacted | Self::Offered => false,
        }
    }

    /// Whether this stage may be followed by the other.
    pub fn leads_to(self, other: Self) -> bool {
        use InterestStage::{Contacted, Lost, Offered, Raised, Won};
        match self {
            Raised => true,
            Contacted | Lost => matches!(other, Contacted | Offered | Won | Lost),
            Offered => matches!(other, Offered | Won | Lost),
            Won => matches!(other, Won),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::InterestStage::{self, Contacted, Lost, Offered, Raised, Won};

    #[test]
    fn every_stage_leads_only_where_it_should() {
        // To raised, contacted, offered, won, lost.
        let table = [
            (Raised, [true, true, true, true, true]),
            (Contacted, [false, true, true, true, true]),
            (Offered, [false, false, true, true, true]),
            (Won, [false, false, false, true, false]),
            (Lost, [false, true, true, true, true]),
        ];
        for (from, row) in table {
            for (to, may) in InterestStage::ALL.iter().zip(row) {
                assert_eq!(from.leads_to(*to), may, "{from} to {to}");
            }
        }
    }
}
