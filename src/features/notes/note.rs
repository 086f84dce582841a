//! What was learned from a customer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::Json;
use crate::features::customers::customer::CustomerId;
use crate::features::occasion::Occasion;
use crate::id::UserId;
use crate::journal::{Change, Changing};

crate::id! {
    /// A typed note.
    NoteId;
}

crate::words! {
    /// What sort of thing was learned.
    pub enum NoteType {
        Summary = "summary",
        /// For an employee.
        Praise = "praise",
        Criticism = "criticism",
        Idea = "idea",
        Issue = "issue",
        Insight = "insight",
        SuccessStory = "success_story",
        /// The customer asked for a service.
        ServiceInterest = "service_interest",
        General = "general",
    }
}

/// What can be said in a note.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteInput {
    #[serde(rename = "type")]
    pub kind: NoteType,
    #[schema(min_length = 1, max_length = 10_000)]
    pub body: String,
    /// What it is about, in the organization's own words; kept in lower case.
    #[serde(default)]
    #[schema(value_type = Vec<Theme>, max_items = 20)]
    pub themes: Json<Vec<String>>,
    /// The user who is praised (or meant).
    pub employee_id: Option<UserId>,
    /// Who is praised, when it is not one of the users, or as the customer said it.
    #[schema(max_length = 200)]
    pub employee_name: Option<String>,
}

/// A theme: which area a note is about.
pub struct Theme;

impl utoipa::PartialSchema for Theme {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{ObjectBuilder, schema::Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(60))
            .examples(["billing"])
            .into()
    }
}

impl ToSchema for Theme {}

/// A typed note: what was learned.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Note {
    pub id: NoteId,
    #[serde(flatten)]
    pub fields: NoteInput,
    pub customer_id: CustomerId,
    /// Who said it.
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub contact_id: Option<Uuid>,
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub assignment_id: Option<Uuid>,
    /// The call that it came out of.
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub attempt_id: Option<Uuid>,
    /// Who wrote it down; null for an API key.
    pub author_id: Option<UserId>,
    /// When the customer said it.
    pub occurred_at: Timestamp,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Where a note comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Context {
    pub occasion: Occasion,
    pub author_id: Option<UserId>,
    /// Now, when absent.
    pub occurred_at: Option<Timestamp>,
}

impl Note {
    pub fn new(id: NoteId, fields: NoteInput, context: Context, now: Timestamp) -> Self {
        Self {
            id,
            fields: tidy(fields),
            customer_id: context.occasion.customer_id,
            contact_id: context.occasion.contact_id,
            assignment_id: context.occasion.assignment_id,
            attempt_id: context.occasion.attempt_id,
            author_id: context.author_id,
            occurred_at: context.occurred_at.unwrap_or(now),
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Other words than before.
    pub fn revise(self, fields: NoteInput) -> Change<Self> {
        self.change("updated", |next| next.fields = tidy(fields))
    }
}

/// Themes are compared in lower case, each stands once, none is blank.
fn tidy(mut fields: NoteInput) -> NoteInput {
    let mut themes: Vec<String> = Vec::with_capacity(fields.themes.0.len());
    for theme in &fields.themes.0 {
        let theme = tidy_theme(theme);
        if !theme.is_empty() && !themes.contains(&theme) {
            themes.push(theme);
        }
    }
    fields.themes = Json(themes);
    fields
}

/// A theme as it is kept: lower case, single spaces.
pub fn tidy_theme(theme: &str) -> String {
    theme.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn themes_are_kept_in_one_spelling_and_once() {
        let fields = NoteInput {
            kind: NoteType::Issue,
            body: "The invoice came twice.".into(),
            themes: Json(vec![
                "Billing".into(),
                " billing ".into(),
                "On  Boarding".into(),
                "  ".into(),
            ]),
            employee_id: None,
            employee_name: None,
        };
        assert_eq!(tidy(fields).themes.0, ["billing", "on boarding"]);
    }
}
