//! An answer to the recommendation question.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::figures::{Category, FollowUpBranch, Score};
use crate::clock::Timestamp;
use crate::features::customers::customer::CustomerId;
use crate::features::occasion::Occasion;
use crate::id::UserId;

crate::id! {
    /// An answer to the recommendation question.
    NpsResponseId;
}

crate::words! {
    /// How the question was put.
    pub enum NpsSource {
        /// In person, on a call.
        Call = "call",
        Survey = "survey",
        /// Brought over from elsewhere.
        Import = "import",
    }
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NpsResponseInput {
    /// 0 to 10; null when the question was skipped.
    #[schema(minimum = 0, maximum = 10)]
    pub score: Option<i64>,
    /// "Would you recommend us?", asked before the score.
    pub would_recommend: Option<bool>,
    /// The answer to the follow-up question that the score calls for.
    #[schema(max_length = 10_000)]
    pub follow_up_answer: Option<String>,
    #[schema(max_length = 10_000)]
    pub comment: Option<String>,
}

/// An answer to the recommendation question, with what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NpsResponse {
    pub id: NpsResponseId,
    #[serde(flatten)]
    pub fields: NpsResponseInput,
    pub customer_id: CustomerId,
    /// Who answered.
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub contact_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub assignment_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub attempt_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub program_id: Option<Uuid>,
    /// Who asked.
    pub user_id: Option<UserId>,
    pub source: NpsSource,
    pub responded_at: Timestamp,
    /// 9–10 promoter, 7–8 passive, 0–6 detractor; null when skipped.
    pub category: Option<Category>,
    /// The branch of the follow-up question: 8–10 or 0–7; null when skipped.
    pub follow_up: Option<FollowUpBranch>,
    /// What is asked next.
    #[schema(max_length = 200)]
    pub follow_up_question: Option<String>,
    /// Days since the customer's answer before this one, as known when this one was recorded; null for the first.
    /// Few days: asked too recently.
    #[schema(minimum = 0)]
    pub days_since_previous: Option<i64>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Context {
    pub occasion: Occasion,
    pub program_id: Option<Uuid>,
    pub user_id: Option<UserId>,
    pub source: NpsSource,
    /// Now, when absent.
    pub responded_at: Option<Timestamp>,
    /// When the customer answered last before; see [`super::store::previous`].
    pub previous_at: Option<Timestamp>,
}

impl NpsResponse {
    pub fn new(id: NpsResponseId, fields: NpsResponseInput, context: Context, now: Timestamp) -> Self {
        let score = fields.score.and_then(|score| Score::try_from(score).ok());
        let responded_at = context.responded_at.unwrap_or(now);
        let since = context.previous_at.map(|before| responded_at.utc() - before.utc());
        Self {
            id,
            fields,
            customer_id: context.occasion.customer_id,
            contact_id: context.occasion.contact_id,
            assignment_id: context.occasion.assignment_id,
            attempt_id: context.occasion.attempt_id,
            program_id: context.program_id,
            user_id: context.user_id,
            source: context.source,
            responded_at,
            category: score.map(Score::category),
            follow_up: score.map(Score::follow_up),
            follow_up_question: score.map(|score| score.follow_up().question().to_owned()),
            days_since_previous: since.map(|since| since.num_days().max(0)),
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }
}
