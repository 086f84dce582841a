//! The organization itself: the tenant that everything belongs to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::db::Json;
use crate::features::customers::calling_window::DayName;
use crate::id::{OrganizationId, UserId};
use crate::journal::{Change, Changing};

/// What can be said of an organization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationInput {
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// IANA name: the zone of users and customers who have none of their own.
    #[schema(min_length = 1, max_length = 64, example = "Europe/Berlin")]
    pub time_zone: String,
    /// Whose public holidays are kept by users who have no region of their own, as `GET /v1/holiday-regions` lists them; without one no public holidays are known.
    #[schema(max_length = 64, example = "DE-BY")]
    pub holiday_region: Option<String>,
    /// The weekdays on which calls are made; Monday to Friday when null.
    #[schema(value_type = Option<Vec<DayName>>, min_items = 1, max_items = 7)]
    pub working_weekdays: Option<Json<Vec<DayName>>>,
    /// Whose work it is to put right what calls have shown to be wrong of customers and contacts: an active user.
    pub data_steward_id: Option<UserId>,
    /// The same for a department, where it is nobody in particular, or while that user is not active; `Data` when neither is said.
    #[schema(min_length = 1, max_length = 100)]
    pub data_steward_department: Option<String>,
}

/// The tenant: everything belongs to exactly one.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Organization {
    pub id: OrganizationId,
    #[serde(flatten)]
    pub fields: OrganizationInput,
    /// Its short name, given once; tells organizations apart when one address signs in to several.
    #[schema(max_length = 100)]
    pub slug: String,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Organization {
    pub fn new(id: OrganizationId, slug: String, fields: OrganizationInput, now: Timestamp) -> Self {
        Self {
            id,
            fields,
            slug,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Another name, another zone.
    pub fn revise(self, fields: OrganizationInput) -> Change<Self> {
        self.change("updated", |next| next.fields = fields)
    }
}
