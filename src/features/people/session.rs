//! Signing in: a short access token and a rotating refresh token.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::user::User;

/// A refresh token is good this long after its last use.
pub const REFRESH_LIFETIME: TimeDelta = TimeDelta::days(60);

/// E-mail and password, and the organization where one address belongs to several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    #[schema(format = Email, max_length = 254, example = "executive@demo.test")]
    pub email: String,
    #[schema(min_length = 1, max_length = 200, example = "touchbase-demo")]
    pub password: String,
    /// The organization's short name.
    #[schema(max_length = 100)]
    pub organization: Option<String>,
}

/// A session, as it begins and each time it is refreshed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// Send it as `Authorization: Bearer …`.
    #[schema(max_length = 4000)]
    pub access_token: String,
    #[schema(max_length = 20, example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds that the access token is good for.
    #[schema(minimum = 0, maximum = 86400, example = 600)]
    pub expires_in: i64,
    /// Exchange it at `POST /v1/auth/refresh`; each works once.
    #[schema(max_length = 200)]
    pub refresh_token: String,
    pub user: User,
}
