//! The demonstration: an organization of made-up people with a year of calls behind it and a list for today.

mod chance;
mod customers;
mod learned;
mod staff;
mod words;
mod year;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::TimeDelta;
use clap::{Args, Parser};

use crate::app::{App, Broken};
use crate::cli::{print, serve_app};
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::features::people::setup;
use crate::telemetry;
use chance::Chance;

/// Everybody's password.
const PASSWORD: &str = "touchbase-demo";
/// Another seed would make other people.
const SEED: u64 = 1_871;

/// Settings of the demonstration.
#[derive(Debug, Clone, Args)]
#[group(id = "demonstration")]
pub struct Settings {
    /// Where its data are kept, or found again.
    #[arg(long, default_value = "touchbase-demo")]
    pub folder: PathBuf,
    /// Address to serve on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
}

impl Settings {
    /// The server's settings for a database in this folder.
    fn config(&self, database: &Path) -> Result<Config, Broken> {
        #[derive(Parser)]
        struct Flags {
            #[command(flatten)]
            config: Config,
        }
        let flags = Flags::try_parse_from(["touchbase"]).map_err(|error| Broken(error.to_string()))?;
        Ok(Config {
            database_url: format!("sqlite://{}", database.display()),
            listen: self.listen,
            public_url: format!("http://{}", self.listen),
            log: "warn".into(),
            ..flags.config
        })
    }

    /// Fills the folder if it is empty, tells how to begin, and serves.
    ///
    /// # Errors
    /// With a sentence for the person who starts it.
    pub async fn run(self) -> Result<(), Broken> {
        // Before the work, not after it; the server tells the rest.
        if let Err(error) = TcpListener::bind(self.listen) {
            return Err(Broken(format!(
                "Cannot listen on {}: {error}. Choose another address, like `--listen 127.0.0.1:8081`.",
                self.listen
            )));
        }
        let (database, fresh) = (self.folder.join("touchbase.db"), self.folder.join("filling.db"));
        let was_there = database.exists();
        if !was_there {
            print("Making a year of calls …");
            self.fill(&fresh).await?;
            std::fs::rename(&fresh, &database).map_err(|error| self.unusable(&error))?;
        }
        let config = self.config(&database)?;
        telemetry::log(&config.log, config.log_json);
        let app = App::open(config, Clock::default(), telemetry::metrics()).await?;
        let greeting = self.greeting(was_there);
        serve_app(app, |_| print(&greeting)).await
    }

    fn unusable(&self, error: &std::io::Error) -> Broken {
        Broken(format!("The folder {} cannot be used: {error}", self.folder.display()))
    }

    /// Makes the data in a file that gets its name when it is whole; one that was cut short is begun afresh.
    async fn fill(&self, fresh: &Path) -> Result<(), Broken> {
        std::fs::create_dir_all(&self.folder).map_err(|error| self.unusable(&error))?;
        for ending in ["db", "db-wal", "db-shm"] {
            let left = fresh.with_extension(ending);
            if left.exists() {
                std::fs::remove_file(&left).map_err(|error| self.unusable(&error))?;
            }
        }
        let (clock, now) = (Clock::default(), Clock::default().now());
        let begin = now.plus(-TimeDelta::days(year::DAYS));
        set(&clock, begin);
        let app = App::open(self.config(fresh)?, clock, None).await?;
        let outcome = make(&app, now).await;
        app.db.close().await;
        outcome
    }

    fn greeting(&self, was_there: bool) -> String {
        let address = format!("http://{}", self.listen);
        let found = if was_there { "Found" } else { "Made" };
        let folder = self.folder.display();
        format!(
            "{found} the demonstration in {folder}/: 500 customers, 10 executives, a year of calls.

Touchbase serves at {address}
The reference page:  {address}/docs

Sign in with the password {PASSWORD} as
  executive@demo.test    has customers to call today
  manager@demo.test      runs the program and reads the reports
  contributor@demo.test  heads Support and works action items
  viewer@demo.test       looks
  admin@demo.test        may everything

To begin, in another terminal:

  curl -s {address}/v1/auth/login -H 'Content-Type: application/json' \\
    -d '{{\"email\": \"executive@demo.test\", \"password\": \"{PASSWORD}\"}}'

Ctrl-C stops it. The data stay in {folder}/; remove the folder to begin anew."
        )
    }
}

/// Sets the clock to this instant; it goes on from there.
fn set(clock: &Clock, to: Timestamp) {
    clock.advance(to.signed_duration_since(clock.now().utc()));
}

/// Makes everything, from a year ago until `now`.
async fn make(app: &Arc<App>, now: Timestamp) -> Result<(), Broken> {
    let mut chance = Chance::new(SEED);
    let organization = setup::organization(app, "Demo", staff::ZONE).await?;
    let staff = staff::make(app, organization, &mut chance).await?;
    let customers = customers::make(app, organization, &staff, &mut chance, now).await?;
    year::make(app, organization, &staff, customers, &mut chance, now).await
}

/// What went wrong while the data were made, as a sentence.
fn broken(error: impl std::fmt::Debug) -> Broken {
    Broken(format!("The demonstration could not be made: {error:?}"))
}

/// A record's fields, as a client would send them: what is not said has its default.
fn fields<T: serde::de::DeserializeOwned>(json: serde_json::Value) -> Result<T, Broken> {
    serde_json::from_value(json).map_err(broken)
}
