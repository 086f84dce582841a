//! `touchbase demo`: a made-up organization to try things on.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use clap::{Args, Parser};

use super::print;
use super::serve::serve_app;
use crate::app::{App, Broken};
use crate::clock::Clock;
use crate::config::Config;
use crate::{demo, telemetry};

#[derive(Args)]
pub struct Demo {
    /// Where its data are kept, or found again.
    #[arg(long, default_value = "touchbase-demo")]
    folder: PathBuf,
    /// Address to serve on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

impl Demo {
    /// Fills the folder if it is empty, tells how to begin, and serves.
    pub async fn run(self) -> Result<(), Broken> {
        // Before the work, not after it.
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
        serve_app(app, || print(&self.greeting(was_there))).await
    }

    /// The server's settings for this database.
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

    /// Makes the data in a file that gets its name when it is whole; one that was cut short is begun afresh.
    async fn fill(&self, fresh: &Path) -> Result<(), Broken> {
        std::fs::create_dir_all(&self.folder).map_err(|error| self.unusable(&error))?;
        for ending in ["db", "db-wal", "db-shm"] {
            let left = fresh.with_extension(ending);
            if left.exists() {
                std::fs::remove_file(&left).map_err(|error| self.unusable(&error))?;
            }
        }
        demo::fill(self.config(fresh)?, Clock::default().now()).await
    }

    fn unusable(&self, error: &std::io::Error) -> Broken {
        Broken(format!("The folder {} cannot be used: {error}", self.folder.display()))
    }

    fn greeting(&self, was_there: bool) -> String {
        let address = format!("http://{}", self.listen);
        let found = if was_there { "Found" } else { "Made" };
        let folder = self.folder.display();
        let password = demo::PASSWORD;
        format!(
            "{found} the demonstration in {folder}/: 500 customers, 10 executives, a year of calls.

Touchbase serves at {address}
The reference page:  {address}/docs

Sign in with the password {password} as
  executive@demo.test    has customers to call today
  manager@demo.test      runs the program and reads the reports
  contributor@demo.test  heads Support and works action items
  viewer@demo.test       looks
  admin@demo.test        may everything

To begin, in another terminal:

  curl -s {address}/v1/auth/login -H 'Content-Type: application/json' \\
    -d '{{\"email\": \"executive@demo.test\", \"password\": \"{password}\"}}'

Ctrl-C stops it. The data stay in {folder}/; remove the folder to begin anew."
        )
    }
}
