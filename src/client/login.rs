//! `touchbase login`, `logout`, `whoami`.

use clap::Args;
use serde_json::{Value, json};

use super::profile::{Credentials, Profile};
use super::server::{KEY_VARIABLE, Server, api_key, key_of_environment};
use super::trouble::{Exit, Trouble};
use super::wire::Request;
use super::{Common, ask};

/// Signs in with e-mail and password, or with an API key, and keeps the session in a file that you alone can read.
///
/// On a terminal it asks; else it reads the e-mail and the password, or the key, as lines from standard input.
#[derive(Args)]
#[command(after_help = "Examples:
  touchbase login --server https://touchbase.example.com
  touchbase login --email marta@example.com < password.txt
  touchbase login --api-key --profile nightly < key.txt

The profile is kept in $XDG_CONFIG_HOME/touchbase/profiles (else ~/.config/touchbase/profiles). Scripts need none: they set
TOUCHBASE_SERVER and TOUCHBASE_API_KEY.")]
pub struct Login {
    #[command(flatten)]
    pub(super) common: Common,
    /// Who signs in.
    #[arg(long, conflicts_with = "api_key")]
    email: Option<String>,
    /// The organization's short name, where one address belongs to several.
    #[arg(long, conflicts_with = "api_key")]
    organization: Option<String>,
    /// Sign in with an API key instead.
    #[arg(long)]
    api_key: bool,
}

impl Login {
    pub async fn run(self) -> Result<Exit, Trouble> {
        let place = self.common.place()?;
        let server = Server::unknown(&self.common)?;
        if server.wire.is_open_to_all() {
            let warning = format!(
                "{} is not encrypted: what you send can be read on the way.",
                server.wire.server
            );
            server.screen.aside(&warning);
        }
        let with = if self.api_key {
            let api_key = api_key("Standard input", &ask::secret("API key")?)?;
            Credentials::ApiKey { api_key }
        } else {
            let email = match self.email {
                Some(email) => email,
                None => ask::line("E-mail")?,
            };
            let mut body = json!({"email": email, "password": ask::secret("Password")?});
            if let Some(organization) = self.organization {
                body["organization"] = organization.into();
            }
            let answer = server
                .json(&Request::post("/v1/auth/login").json(&body).impatiently())
                .await?;
            Credentials::Session(server.session(&answer)?)
        };
        match &with {
            Credentials::ApiKey { api_key } => server.become_key(api_key),
            Credentials::Session(session) => server.become_key(&session.access_token),
        }
        let me = server.json(&Request::get("/v1/me")).await?;
        if !me["role"].is_string() {
            return Err(Trouble::answered(200, b""));
        }
        let profile = Profile {
            server: server.wire.server.clone(),
            with,
        };
        let locked = place.lock()?;
        place.write(&locked, &profile)?;
        if !matches!(key_of_environment(), Ok(None)) {
            server
                .screen
                .aside(&format!("{KEY_VARIABLE} is set, and wins over this profile."));
        }
        let text = format!(
            "Signed in at {} as {}. This is kept in {}.",
            server.wire.server,
            described(&me),
            place.file().display()
        );
        server.screen.show(&text, &me)?;
        Ok(Exit::Done)
    }
}

/// Ends the session on the server and forgets it here. An API key is only forgotten: an admin revokes it.
#[derive(Args)]
#[command(after_help = "Examples:
  touchbase logout
  touchbase logout --here-only --profile nightly")]
pub struct Logout {
    #[command(flatten)]
    pub(super) common: Common,
    /// Forget it here without telling the server, which goes on with the session until it expires.
    #[arg(long)]
    here_only: bool,
}

impl Logout {
    pub async fn run(self) -> Result<Exit, Trouble> {
        let (place, screen) = (self.common.place()?, self.common.screen());
        let said = |text: &str, ended: bool| {
            let document = json!({"profile": self.common.profile, "session_ended": ended});
            screen.show(text, &document).map(|()| Exit::Done)
        };
        if place.read()?.is_none() {
            return said(&format!("Nobody is signed in in the profile `{}`.", place.name), false);
        }
        let mut ended = false;
        if !self.here_only {
            let server = Server::profile(&self.common)?;
            if server.is_session() {
                match server.whole(&Request::post("/v1/auth/logout")).await {
                    Ok(_) => ended = true,
                    // It was over already.
                    Err(trouble) if trouble.exit == Exit::NotPermitted => {}
                    Err(trouble) => {
                        return Err(trouble.and("You are still signed in. `--here-only` forgets it here alone."));
                    }
                }
            }
        }
        let locked = place.lock()?;
        place.forget(&locked)?;
        said(
            &format!("Signed out; the profile `{}` is forgotten.", place.name),
            ended,
        )
    }
}

/// Shows who is signed in, with which role, and where.
#[derive(Args)]
#[command(after_help = "Examples:
  touchbase whoami
  touchbase whoami --json | jq -r .role")]
pub struct Whoami {
    #[command(flatten)]
    pub(super) common: Common,
}

impl Whoami {
    pub async fn run(self) -> Result<Exit, Trouble> {
        let server = Server::open(&self.common)?;
        let me = server.json(&Request::get("/v1/me")).await?;
        server
            .screen
            .show(&format!("{} at {}", described(&me), server.wire.server), &me)?;
        Ok(Exit::Done)
    }
}

/// `Marta Meier <marta@example.com>, manager of Northwind Traders`.
fn described(me: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (user, role) = (&me["user"], text(&me["role"]));
    let name = match user["email"].as_str() {
        Some(email) => format!("{} <{email}>", text(&user["name"])),
        None => format!("the API key {}", text(&me["api_key"]["name"])),
    };
    format!("{name}, {role} of {}", text(&me["organization"]["name"]))
}
