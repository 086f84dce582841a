//! Shapes of the document that attributes cannot say: bounded words and maps of texts.

use utoipa::openapi::schema::{AdditionalProperties, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A word that a record has several of: a tag, a service, a flag.
#[derive(Debug)]
pub struct Word;

impl PartialSchema for Word {
    fn schema() -> RefOr<Schema> {
        text(Some(1), 200).into()
    }
}

impl ToSchema for Word {}

/// The organization's own fields.
#[derive(Debug)]
pub struct CustomFields;

impl PartialSchema for CustomFields {
    fn schema() -> RefOr<Schema> {
        texts("The organization's own fields: names of `a-z`, `0-9` and `_`, texts as values.")
    }
}

impl ToSchema for CustomFields {}

/// Where a customer presents itself.
#[derive(Debug)]
pub struct SocialProfiles;

impl PartialSchema for SocialProfiles {
    fn schema() -> RefOr<Schema> {
        texts("Network → address of the profile.")
    }
}

impl ToSchema for SocialProfiles {}

/// Texts by name.
fn texts(description: &str) -> RefOr<Schema> {
    let name = ObjectBuilder::new()
        .schema_type(Type::String)
        .max_length(Some(64))
        .pattern(Some("^[a-z0-9_]+$"))
        .build();
    let value = RefOr::T(Schema::Object(text(None, 2000).build()));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(description))
        .property_names(Some(Schema::Object(name)))
        .additional_properties(Some(AdditionalProperties::RefOr(value)))
        .max_properties(Some(100))
        .into()
}

fn text(least: Option<usize>, most: usize) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(least)
        .max_length(Some(most))
}
