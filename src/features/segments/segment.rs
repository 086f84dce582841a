//! A segment: a ready-made one by its word, or one that the organization has saved.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, schema::Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::filter::SegmentFilter;
use super::ready_made::{ReadyMade, SegmentParameters};
use crate::clock::Timestamp;
use crate::db::Json;
use crate::fold;
use crate::journal::{Change, Changing};

crate::id! {
    /// A segment that an organization has saved.
    SegmentId;
}

/// What a segment is called by: a ready-made one's word, a saved one's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SegmentKey {
    ReadyMade(ReadyMade),
    Saved(SegmentId),
}

/// What became of looking a segment up by its key.
#[derive(Debug, Clone)]
pub enum Found {
    Chosen(Choice),
    /// A ready-made one that chooses nobody without parameters.
    NeedsParameters,
    Missing(SegmentId),
    /// A saved one that does not fit any more.
    Unfit,
}

impl fmt::Display for SegmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadyMade(word) => word.fmt(f),
            Self::Saved(id) => id.fmt(f),
        }
    }
}

impl FromStr for SegmentKey {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<Uuid>() {
            Ok(id) => Ok(Self::Saved(id.into())),
            Err(_) => text
                .parse()
                .map(Self::ReadyMade)
                .map_err(|reason| format!("{reason}, nor the id of a saved segment")),
        }
    }
}

impl Serialize for SegmentKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SegmentKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl PartialSchema for SegmentKey {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(36))
            .description(Some("The word of a ready-made segment, or the id of a saved one."))
            .examples([serde_json::json!("biggest_billers")])
            .into()
    }
}

impl ToSchema for SegmentKey {}

/// What can be said of a saved segment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentInput {
    /// Unique in the organization, whatever its case.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[schema(max_length = 2000)]
    pub description: Option<String>,
    /// A ready-made segment, with parameters of its own; else a `filter`.
    #[schema(example = "silent")]
    pub ready_made: Option<ReadyMade>,
    /// What the ready-made segment is told.
    #[serde(default)]
    #[schema(value_type = SegmentParameters)]
    pub parameters: Json<SegmentParameters>,
    /// A filter of the list of customers; else a `ready_made` segment.
    #[schema(value_type = Option<SegmentFilter>)]
    pub filter: Option<Json<SegmentFilter>>,
}

/// A way to choose customers that the organization has saved under a name.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Segment {
    pub id: SegmentId,
    #[serde(flatten)]
    pub fields: SegmentInput,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Whom a segment chooses: what a store can look for.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// With settled parameters.
    ReadyMade(ReadyMade, SegmentParameters),
    Filter(SegmentFilter),
}

/// Why a segment cannot be saved: where, and what to tell the person.
pub type Fault = (String, String);

impl Segment {
    pub fn new(id: SegmentId, fields: SegmentInput, now: Timestamp) -> Self {
        Self {
            id,
            fields,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Other fields than before.
    pub fn revise(self, fields: SegmentInput) -> Change<Self> {
        self.change("updated", |next| next.fields = fields)
    }

    /// What its name is compared by.
    pub fn name_key(&self) -> String {
        fold::key(&self.fields.name)
    }

    /// Whom it chooses.
    ///
    /// # Errors
    /// When it says neither or both of ready-made and filter, or what the one that it says does not take.
    pub fn choice(&self) -> Result<Choice, Vec<Fault>> {
        let fields = &self.fields;
        match (fields.ready_made, &fields.filter) {
            (Some(which), None) => which
                .settle(*fields.parameters)
                .map(|settled| Choice::ReadyMade(which, settled))
                .map_err(|faults| {
                    let place = |(name, reason)| (format!("/parameters/{name}"), reason);
                    faults.into_iter().map(place).collect()
                }),
            (None, Some(filter)) => {
                let mut faults = Vec::new();
                if *fields.parameters != SegmentParameters::default() {
                    faults.push(("/parameters".into(), "A filter takes no parameters.".into()));
                }
                if let Err(reason) = filter.read() {
                    faults.push(("/filter".into(), format!("The filter cannot be read: {reason}.")));
                }
                if faults.is_empty() {
                    Ok(Choice::Filter(filter.0.clone()))
                } else {
                    Err(faults)
                }
            }
            (Some(_), Some(_)) | (None, None) => Err(vec![(
                "/ready_made".into(),
                "Say either `ready_made` or `filter`.".into(),
            )]),
        }
    }
}

/// A customer of a segment: its place, and what put it there.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub customer_id: crate::features::customers::customer::CustomerId,
    pub rank: i64,
    /// How many were ranked.
    pub of: i64,
    /// A score, a number of open cases, a gap in days: as the segment has it.
    pub number: Option<i64>,
    pub at: Option<Timestamp>,
    /// Percent of all billing, with everybody before.
    pub share: Option<f64>,
}

/// The time at which a segment is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub now: Timestamp,
    /// Where the organization is.
    pub zone: chrono_tz::Tz,
}

impl Moment {
    /// The day, where the organization is.
    pub fn today(&self) -> NaiveDate {
        self.day_of(self.now)
    }

    /// The day of an instant, where the organization is.
    pub fn day_of(&self, at: Timestamp) -> NaiveDate {
        crate::local_time::wall_clock(at.utc(), self.zone).date()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn choice(fields: serde_json::Value) -> Result<Choice, Vec<Fault>> {
        let now = Timestamp::new(chrono::DateTime::UNIX_EPOCH);
        Segment::new(SegmentId(Uuid::nil()), serde_json::from_value(fields).unwrap(), now).choice()
    }

    #[test]
    fn a_segment_is_a_ready_made_one_or_a_filter() {
        let (days, ninety) = (json!({"days": 30}), json!({}));
        assert!(matches!(
            choice(json!({"name": "A", "ready_made": "silent", "parameters": days})),
            Ok(Choice::ReadyMade(
                ReadyMade::Silent,
                SegmentParameters { days: Some(30), .. }
            ))
        ));
        assert!(matches!(
            choice(json!({"name": "A", "ready_made": "silent", "parameters": ninety})),
            Ok(Choice::ReadyMade(
                ReadyMade::Silent,
                SegmentParameters { days: Some(90), .. }
            ))
        ));
        assert!(matches!(
            choice(json!({"name": "A", "filter": {"tag": "key"}})),
            Ok(Choice::Filter(_))
        ));
        for (fields, pointer) in [
            (json!({"name": "A"}), "/ready_made"),
            (
                json!({"name": "A", "ready_made": "silent", "filter": {}}),
                "/ready_made",
            ),
            (
                json!({"name": "A", "ready_made": "silent", "parameters": {"top": 3}}),
                "/parameters/top",
            ),
            (
                json!({"name": "A", "filter": {}, "parameters": {"top": 3}}),
                "/parameters",
            ),
            (json!({"name": "A", "filter": {"created_at_gte": "soon"}}), "/filter"),
        ] {
            assert_eq!(choice(fields).unwrap_err()[0].0, pointer);
        }
    }

    #[test]
    fn a_segment_is_called_by_its_word_or_its_id() {
        let id = Uuid::from_u128(7);
        assert_eq!("silent".parse(), Ok(SegmentKey::ReadyMade(ReadyMade::Silent)));
        assert_eq!(id.to_string().parse(), Ok(SegmentKey::Saved(SegmentId(id))));
        assert!(
            "loud"
                .parse::<SegmentKey>()
                .unwrap_err()
                .contains("`loud` is not one of biggest_billers")
        );
        assert_eq!(
            serde_json::to_value(SegmentKey::Saved(SegmentId(id))).unwrap(),
            json!(id)
        );
    }
}
