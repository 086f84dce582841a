//! A person of the organization.

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Role;
use crate::clock::Timestamp;
use crate::id::UserId;
use crate::journal::{Change, Changing};
use crate::refusal::Refusal;

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
    /// Whose public holidays they keep, as `GET /v1/holiday-regions` lists them; the organization's when null.
    #[schema(max_length = 64, example = "DE-BY")]
    pub holiday_region: Option<String>,
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
    pub password_changed_at: Option<Timestamp>,
    /// When they last asked for a way back in; an admin makes them a link.
    pub password_reset_requested_at: Option<Timestamp>,
    /// When a link for another password was last made for them.
    pub password_reset_offered_at: Option<Timestamp>,
    /// When they last signed out everywhere.
    pub signed_out_at: Option<Timestamp>,
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
            password_changed_at: None,
            password_reset_requested_at: None,
            password_reset_offered_at: None,
            signed_out_at: None,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Other fields than before.
    pub fn revise(self, fields: UserInput) -> Change<Self> {
        self.change("updated", |next| next.fields = tidy(fields))
    }

    /// Has left: no signing in, no new work. Again is the same as once.
    pub fn deactivate(self) -> Change<Self> {
        self.change("deactivated", |next| next.active = false)
    }

    /// Is back.
    pub fn reactivate(self) -> Change<Self> {
        self.change("reactivated", |next| next.active = true)
    }

    /// Gets a link to set the first password with.
    ///
    /// # Errors
    /// `wrong_state` when they have left, or have a password already.
    pub fn invite(self, now: Timestamp) -> Result<Change<Self>, Refusal> {
        if !self.active {
            return Err(Refusal::state("This user is not active. Reactivate them first."));
        }
        if self.joined_at.is_some() {
            return Err(Refusal::state(
                "This user has joined already. Make a password-reset link instead.",
            ));
        }
        Ok(self.change("invited", |next| next.invited_at = Some(now)))
    }

    /// Gets a link to set another password with.
    ///
    /// # Errors
    /// `wrong_state` when they have left, or have not joined yet.
    pub fn offer_reset(self, now: Timestamp) -> Result<Change<Self>, Refusal> {
        if !self.active {
            return Err(Refusal::state("This user is not active. Reactivate them first."));
        }
        if self.joined_at.is_none() {
            return Err(Refusal::state("This user has not joined yet. Invite them instead."));
        }
        Ok(self.change("password_reset_offered", |next| {
            next.password_reset_requested_at = None;
            next.password_reset_offered_at = Some(now);
        }))
    }

    /// Has ended all their sessions.
    pub fn sign_out(self, now: Timestamp) -> Change<Self> {
        self.change("signed_out", |next| next.signed_out_at = Some(now))
    }

    /// Has set a password: the first one, or another.
    pub fn set_password(self, now: Timestamp) -> Change<Self> {
        let verb = if self.joined_at.is_some() {
            "password_changed"
        } else {
            "joined"
        };
        self.change(verb, |next| {
            next.joined_at = next.joined_at.or(Some(now));
            next.password_changed_at = Some(now);
            next.password_reset_requested_at = None;
        })
    }

    /// Has asked for a way back in. Noted once an hour, so that asking often does nothing more.
    pub fn request_reset(self, now: Timestamp) -> Option<Change<Self>> {
        let lately = |at: Timestamp| at.plus(TimeDelta::hours(1)) > now;
        if !self.active || self.password_reset_requested_at.is_some_and(lately) {
            return None;
        }
        Some(self.change("password_reset_requested", |next| {
            next.password_reset_requested_at = Some(now);
        }))
    }
}

/// E-mail addresses are compared in lower case.
pub fn tidy(mut fields: UserInput) -> UserInput {
    fields.email = fields.email.trim().to_lowercase();
    fields
}
