//! What to talk about on a call: a text with personal fields, and each of its versions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::id::UserId;
use crate::journal::{Change, Changing};

crate::id! {
    /// What to talk about on a call.
    TalkingPointsId;
    /// A text that talking points had, or have.
    TalkingPointsVersionId;
}

/// What can be said of talking points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TalkingPointsInput {
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// For which calls.
    #[schema(max_length = 5000)]
    pub purpose: Option<String>,
    /// What to say and ask, with `{{ personal fields }}`, `{% if … %}` and `{% for … %}`.
    #[schema(
        min_length = 1,
        max_length = 20_000,
        example = "Thank {{ contact.name }} for {{ tenure }} with us."
    )]
    pub text: String,
}

/// What to talk about on a call: a text that is filled in for each customer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TalkingPoints {
    pub id: TalkingPointsId,
    #[serde(flatten)]
    pub fields: TalkingPointsInput,
    /// Which version of the text this is, from 1.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub version: i64,
    /// The ones that every organization begins with.
    pub ready_made: bool,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A text that talking points had, or have. Never changed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TalkingPointsVersion {
    pub id: TalkingPointsVersionId,
    pub talking_points_id: TalkingPointsId,
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub version: i64,
    #[schema(max_length = 20_000)]
    pub text: String,
    /// Who wrote it; null for an API key and for the ready-made text.
    pub written_by: Option<UserId>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

const NAME: &str = "A listening call";
const PURPOSE: &str =
    "The agenda of a call that has nothing to sell: to thank, to listen, and to ask whether they would recommend us.";
const TEXT: &str = include_str!("listening_call.txt");

impl TalkingPoints {
    pub fn new(id: TalkingPointsId, fields: TalkingPointsInput, now: Timestamp) -> Self {
        Self {
            id,
            fields,
            version: 1,
            ready_made: false,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// The ones that every organization begins with.
    pub fn listening_call(id: TalkingPointsId, now: Timestamp) -> Self {
        let fields = TalkingPointsInput {
            name: NAME.into(),
            purpose: Some(PURPOSE.into()),
            text: TEXT.into(),
        };
        Self {
            ready_made: true,
            ..Self::new(id, fields, now)
        }
    }

    /// Other fields than before. Another text is another version.
    pub fn revise(self, fields: TalkingPointsInput) -> Change<Self> {
        self.change("updated", |next| {
            if fields.text != next.fields.text {
                next.version += 1;
            }
            next.fields = fields;
        })
    }

    /// The version that stands now, to be kept.
    pub fn kept(
        &self,
        id: TalkingPointsVersionId,
        written_by: Option<UserId>,
        now: Timestamp,
    ) -> Change<TalkingPointsVersion> {
        Change::created(TalkingPointsVersion {
            id,
            talking_points_id: self.id,
            version: self.version,
            text: self.fields.text.clone(),
            written_by,
            revision: 0,
            created_at: now,
            updated_at: now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_text_is_another_version_and_another_name_is_not() {
        let now = Timestamp::new(chrono::DateTime::UNIX_EPOCH);
        let points = TalkingPoints::listening_call(TalkingPointsId(uuid::Uuid::nil()), now);
        let mut fields = points.fields.clone();
        fields.name = "Another".into();
        let points = points.revise(fields.clone()).after;
        assert_eq!(points.version, 1);
        fields.text = "Listen.".into();
        assert_eq!(points.revise(fields).after.version, 2);
    }
}
