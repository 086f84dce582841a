//! `touchbase admin`: the first person of an organization, who lets in the others over the API.

use std::io::Read as _;

use clap::{Args, Subcommand};

use super::print;
use crate::access::{Role, Scope};
use crate::app::{App, Broken};
use crate::config::Config;
use crate::features::people::sessions::session::password_fault;
use crate::features::people::user::{User, UserInput};
use crate::features::people::{setup, store};
use crate::id::OrganizationId;
use crate::text::{UNFIT, is_unfit};

/// More than this is no password.
const LONGEST_INPUT: u64 = 4096;

#[derive(Subcommand)]
pub enum Admin {
    /// Make an admin, and their organization if it is not there.
    Create(Create),
}

#[derive(Args)]
pub struct Create {
    #[command(flatten)]
    config: Config,
    /// The organization's name.
    #[arg(long)]
    organization: String,
    /// What the admin signs in with.
    #[arg(long)]
    email: String,
    /// The admin's name.
    #[arg(long)]
    name: String,
    /// Read the password from standard input: 10 to 200 characters.
    #[arg(long, required = true)]
    password_stdin: bool,
    /// The organization's time zone, by its IANA name.
    #[arg(long, default_value = "UTC")]
    time_zone: String,
}

impl Admin {
    pub async fn run(self) -> Result<(), Broken> {
        match self {
            Self::Create(create) => create.run().await,
        }
    }
}

impl Create {
    async fn run(self) -> Result<(), Broken> {
        let (email, name) = (self.email.trim().to_lowercase(), self.name.trim().to_owned());
        if !is_address(&email) {
            return Err(Broken(format!("`{email}` is not an e-mail address.")));
        }
        if name.is_empty() || name.chars().count() > 200 {
            return Err(Broken("A name has 1 to 200 characters.".into()));
        }
        let password = password()?;
        if let Some(fault) = password_fault(&password, &email) {
            return Err(Broken(fault.into()));
        }
        let app = super::open(self.config).await?;
        let made = make(&app, &self.organization, &self.time_zone, email, name, &password).await;
        app.db.close().await;
        let user = made?;
        print(&format!(
            "{} is an admin of {}. Sign in at POST {}/v1/auth/login.",
            user.fields.email,
            self.organization,
            app.config.public_url.trim_end_matches('/')
        ));
        Ok(())
    }
}

async fn make(
    app: &App,
    organization: &str,
    time_zone: &str,
    email: String,
    name: String,
    password: &str,
) -> Result<User, Broken> {
    let hash = setup::hash(password).await?;
    let id: OrganizationId = setup::organization(app, organization, time_zone).await?;
    let taken = store::find_by_email(&mut app.read(), &Scope::all(id), &email)
        .await
        .map_err(|error| Broken(format!("The database cannot be read: {error}")))?;
    if taken.is_some() {
        return Err(Broken(format!(
            "{email} is a user of {organization} already. An admin can make them one, or a link for a new password."
        )));
    }
    let fields = UserInput {
        email,
        name,
        role: Role::Admin,
        title: None,
        department: None,
        manager_id: None,
        phone: None,
        time_zone: None,
        city: None,
        country: None,
        hired_on: None,
        holiday_region: None,
    };
    setup::user(app, id, fields, Some(hash)).await
}

/// The first line of standard input.
fn password() -> Result<String, Broken> {
    let mut text = String::new();
    std::io::stdin()
        .take(LONGEST_INPUT)
        .read_to_string(&mut text)
        .map_err(|error| Broken(format!("The password cannot be read from standard input: {error}")))?;
    let line = text.lines().next().unwrap_or_default();
    if is_unfit(line) {
        return Err(Broken(format!("The password cannot be used. {UNFIT}")));
    }
    Ok(crate::http::body::clean(line))
}

/// As strict as it need be here: the API's own rule stands in the document.
fn is_address(text: &str) -> bool {
    text.len() <= 254
        && !text.contains(char::is_whitespace)
        && text
            .rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !local.contains('@'))
}
