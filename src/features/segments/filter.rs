//! A filter of the customers' list that is kept: the same fields, by the same schema.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::schema::{AdditionalProperties, OneOfBuilder, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::clock::Timestamp;
use crate::features::cadences::cadence::Due;
use crate::features::customers::shapes::Word;
use crate::features::customers::store::CustomerFilter;

/// Names and values as the customers' list takes them; several values are an array.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SegmentFilter(pub Map<String, Value>);

impl SegmentFilter {
    /// What it says; null says nothing.
    pub fn said(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().filter(|(_, value)| !value.is_null())
    }

    /// What the customers' list makes of it.
    ///
    /// # Errors
    /// Why it makes nothing of it.
    pub fn read(&self) -> Result<CustomerFilter, String> {
        let pairs: Vec<(&String, String)> = self.said().map(|(name, value)| (name, plain(value))).collect();
        let query = serde_urlencoded::to_string(pairs).map_err(|error| error.to_string())?;
        serde_urlencoded::from_str(&query).map_err(|error| error.to_string())
    }

    /// In words: `country Germany, tag key`.
    pub fn in_words(&self) -> String {
        let words: Vec<String> = self
            .said()
            .map(|(name, value)| format!("{} {}", name.replace('_', " "), plain(value).replace(',', " or ")))
            .collect();
        words.join(", ")
    }
}

/// A value as a query has it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

impl PartialSchema for SegmentFilter {
    fn schema() -> RefOr<Schema> {
        let mut object = ObjectBuilder::new()
            .description(Some(
                "A filter of the list of customers: the same fields, with the same meaning.",
            ))
            .additional_properties(Some(AdditionalProperties::FreeForm(false)));
        for parameter in CustomerFilter::into_params(|| Some(ParameterIn::Query)) {
            if let Some(schema) = parameter.schema {
                // In a patch, null takes a field out of the filter.
                let null = ObjectBuilder::new().schema_type(Type::Null);
                object = object.property(parameter.name, OneOfBuilder::new().item(schema).item(null));
            }
        }
        object.into()
    }
}

impl ToSchema for SegmentFilter {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Word::name().into_owned(), Word::schema()));
        schemas.push((Timestamp::name().into_owned(), Timestamp::schema()));
        schemas.push((Due::name().into_owned(), Due::schema()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_filter_is_what_the_list_would_read() {
        let filter: SegmentFilter = serde_json::from_value(serde_json::json!({
            "tag": "Key & big", "external_id_in": ["A", "B"], "do_not_contact": false, "annual_billing_gte": 100,
            "created_at_gte": "2026-03-03T15:30:00+02:00", "due": "overdue", "country": null
        }))
        .unwrap();
        let read = filter.read().unwrap();
        assert_eq!(read.tag.as_deref(), Some("Key & big"));
        assert_eq!(read.external_id_in.unwrap().0, ["A", "B"]);
        assert_eq!((read.do_not_contact, read.annual_billing_gte), (Some(false), Some(100)));
        assert_eq!(read.created_at_gte.unwrap().to_string(), "2026-03-03T13:30:00.000000Z");
        assert_eq!((read.due, read.country), (Some(Due::Overdue), None));
        assert!(filter.in_words().contains("external id in A or B"));
    }
}
