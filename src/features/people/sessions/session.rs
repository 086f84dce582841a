//! Signing in: a short access token and a rotating refresh token.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::features::people::user::User;

/// A refresh token is good this long after it was issued.
pub const REFRESH_LIFETIME: TimeDelta = TimeDelta::days(60);

/// A password has at least so many characters; the schemas below say the same.
pub const SHORTEST_PASSWORD: usize = 10;
pub const LONGEST_PASSWORD: usize = 200;

/// What is wrong with a password for the user with this address, if anything is.
pub fn password_fault(password: &str, email: &str) -> Option<&'static str> {
    let length = password.chars().count();
    if !(SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&length) {
        return Some("A password has 10 to 200 characters.");
    }
    if password.trim().to_lowercase() == email.trim().to_lowercase() {
        return Some("The password must not be the e-mail address.");
    }
    None
}

/// E-mail and password, and the organization where one address belongs to several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    #[schema(format = Email, max_length = 254, example = "executive@demo.test")]
    pub email: String,
    #[schema(min_length = 1, max_length = 200, format = Password, example = "touchbase-demo")]
    pub password: String,
    /// The organization's short name. Needed where the address has joined several organizations.
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

/// The refresh token of the session's last answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    #[schema(min_length = 1, max_length = 200)]
    pub refresh_token: String,
}

/// Which sessions to end.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Logout {
    /// End all of the user's sessions, on every device; else this one alone.
    #[serde(default)]
    pub everywhere: bool,
}

/// A new password, and the one until now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    #[schema(min_length = 1, max_length = 200, format = Password)]
    pub current_password: String,
    /// 10 to 200 characters, and not the e-mail address.
    #[schema(min_length = 10, max_length = 200, format = Password, example = "a walk in the rain")]
    pub new_password: String,
}

/// Whose password is forgotten.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordResetRequest {
    #[schema(format = Email, max_length = 254, example = "executive@demo.test")]
    pub email: String,
    /// The organization's short name.
    #[schema(max_length = 100)]
    pub organization: Option<String>,
}

/// The same words whoever asks, and for whomever.
#[derive(Debug, Serialize, ToSchema)]
pub struct Notice {
    #[schema(max_length = 1000)]
    pub detail: &'static str,
}

/// What is in a link, and the password that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkSignIn {
    #[schema(min_length = 1, max_length = 200)]
    pub token: String,
    /// 10 to 200 characters, and not the e-mail address.
    #[schema(min_length = 10, max_length = 200, format = Password, example = "a walk in the rain")]
    pub password: String,
}

/// A link for one user, shown once. Hand it over in a way that reaches nobody else.
#[derive(Debug, Serialize, ToSchema)]
pub struct Link {
    #[schema(max_length = 2000)]
    pub url: String,
    /// What the link carries, for clients that make links of their own.
    #[schema(max_length = 200)]
    pub token: String,
    /// It works once, until then.
    pub expires_at: Timestamp,
}

crate::words! {
    /// What a link is for.
    pub enum LinkPurpose {
        /// To set the first password.
        Invitation = "invitation",
        /// To set another one.
        PasswordReset = "password_reset",
    }
}

impl LinkPurpose {
    /// How long the link works.
    pub fn lifetime(self) -> TimeDelta {
        match self {
            Self::Invitation => TimeDelta::days(7),
            Self::PasswordReset => TimeDelta::hours(24),
        }
    }

    /// The address to open. What is secret stands behind the `#`, which browsers keep out of requests and logs.
    pub fn url(self, public_url: &str, token: &str) -> String {
        let page = match self {
            Self::Invitation => "accept-invitation",
            Self::PasswordReset => "reset-password",
        };
        format!("{}/{page}#token={token}", public_url.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_enough_and_not_the_address() {
        let email = "anna@northwind.test";
        for (password, good) in [
            ("short", false),
            ("123456789", false),
            ("1234567890", true),
            ("Anna@Northwind.test ", false),
            ("anna@northwind.test!", true),
            ("ééééééééé", false),
            ("éééééééééé", true),
        ] {
            assert_eq!(password_fault(password, email).is_none(), good, "{password}");
        }
        assert!(password_fault(&"x".repeat(200), email).is_none());
        assert!(password_fault(&"x".repeat(201), email).is_some());
    }

    #[test]
    fn a_link_is_built_from_the_configured_address() {
        assert_eq!(
            LinkPurpose::Invitation.url("https://touch.example/", "abc"),
            "https://touch.example/accept-invitation#token=abc"
        );
    }
}
