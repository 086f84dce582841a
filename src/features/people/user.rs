//! A person of the organization.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Role;
use crate::clock::Timestamp;
use crate::id::UserId;

/// What can be said of a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserInput {
    /// Signs in with it; one user per address in an organization.
    #[schema(format = Email, max_length = 254)]
    pub email: String,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    pub role: Role,
    #[schema(max_length = 200)]
    pub title: Option<String>,
    /// Action items can be given to a department.
    #[schema(max_length = 100)]
    pub department: Option<String>,
    pub manager_id: Option<UserId>,
    #[schema(max_length = 50)]
    pub phone: Option<String>,
    /// IANA name; the organization's zone when null.
    #[schema(max_length = 64, example = "Europe/Berlin")]
    pub time_zone: Option<String>,
    #[schema(max_length = 100)]
    pub city: Option<String>,
    #[schema(max_length = 100)]
    pub country: Option<String>,
    pub hired_on: Option<NaiveDate>,
}

/// A person of the organization, with a role.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct User {
    pub id: UserId,
    #[serde(flatten)]
    pub fields: UserInput,
    /// A user who is not active cannot sign in and gets no work.
    pub active: bool,
    pub invited_at: Option<Timestamp>,
    /// When they first set a password.
    pub joined_at: Option<Timestamp>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl User {
    /// A new, active user.
    pub fn new(id: UserId, fields: UserInput, now: Timestamp) -> Self {
        Self {
            id,
            fields: tidy(fields),
            active: true,
            invited_at: None,
            joined_at: None,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }
}

/// E-mail addresses are compared in lower case.
pub fn tidy(mut fields: UserInput) -> UserInput {
    fields.email = fields.email.trim().to_lowercase();
    fields
}
