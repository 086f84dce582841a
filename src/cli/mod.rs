//! The command line: `serve`, `demo`, `admin`, `keys`, `migrate`, `openapi`, `health`, `completions`, and what asks a server.

mod admin;
mod demo;
mod document;
mod health;
mod serve;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::access::token;
use crate::app::{App, Broken};
use crate::client::{self, Client, EXIT_CODES, Exit};
use crate::clock::Clock;
use crate::config::Config;
use crate::journal;
use crate::telemetry;

/// Runs an executive customer-outreach program over a JSON API.
#[derive(Parser)]
#[command(name = "touchbase", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API.
    Serve {
        #[command(flatten)]
        config: Config,
    },
    /// Serve a made-up organization with a year of calls, to try things on.
    Demo(demo::Demo),
    /// Bring the database's schema up to date, and stop.
    Migrate {
        #[command(flatten)]
        config: Config,
    },
    /// Let people in.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// The keys that sign access tokens.
    #[command(subcommand)]
    Keys(Keys),
    /// After a restored backup, before the server starts: devices and other readers who know of what is gone begin afresh.
    Epoch {
        #[command(flatten)]
        config: Config,
    },
    /// Print the OpenAPI document.
    Openapi(document::Openapi),
    /// Ask a running server whether it can take requests; the exit code says so.
    Health(health::Health),
    /// Print what completes these commands in your shell.
    #[command(after_help = "Examples:
  touchbase completions bash > ~/.local/share/bash-completion/completions/touchbase
  touchbase completions zsh > ~/.zfunc/_touchbase")]
    Completions { shell: clap_complete::Shell },
    #[command(flatten)]
    Client(Client),
}

#[derive(Subcommand)]
enum Keys {
    /// Make a new signing key. Running servers take it up within a minute; tokens of the old one stay good until they expire.
    Rotate {
        #[command(flatten)]
        config: Config,
    },
}

/// Runs the program; the exit code says how it went.
pub fn run() -> ExitCode {
    let matches = sober(Cli::command()).try_get_matches();
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return unread(&error),
    };
    actix_web::rt::System::new().block_on(obey(cli.command)).into()
}

/// An empty variable is one that is not set, as compose files write it (`${NAME:-}`).
fn sober(command: clap::Command) -> clap::Command {
    let of_arg = |arg: clap::Arg| {
        let set = arg.get_env().and_then(std::env::var_os);
        if set.is_some_and(|value| value.is_empty()) {
            arg.env(clap::builder::Resettable::Reset)
        } else {
            arg
        }
    };
    command.mut_args(of_arg).mut_subcommands(sober)
}

/// Help is asked for; anything else is a fault of the command line, which a script is told as it asked to be.
fn unread(error: &clap::Error) -> ExitCode {
    let helps = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !helps && std::env::args_os().any(|argument| argument == "--json") {
        client::misunderstood(error.to_string().trim_start_matches("error: ").trim());
        return Exit::Usage.into();
    }
    drop(error.print());
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

async fn obey(command: Command) -> Exit {
    let done = match command {
        Command::Client(client) => return client.run().await,
        Command::Serve { config } => serve::serve(config).await,
        Command::Demo(demo) => demo.run().await,
        Command::Migrate { config } => migrate(config).await,
        Command::Admin(admin) => admin.run().await,
        Command::Keys(Keys::Rotate { config }) => rotate(config).await,
        Command::Epoch { config } => epoch(config).await,
        Command::Openapi(openapi) => openapi.run(),
        Command::Health(health) => health.run(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "touchbase", &mut script);
            print(String::from_utf8_lossy(&script).trim_end());
            Ok(())
        }
    };
    match done {
        Ok(()) => Exit::Done,
        Err(error) => {
            eprintln!("touchbase: {error}");
            Exit::Failed
        }
    }
}

async fn migrate(config: Config) -> Result<(), Broken> {
    let app = open(config).await?;
    app.db.close().await;
    print("The schema is up to date.");
    Ok(())
}

async fn epoch(config: Config) -> Result<(), Broken> {
    let app = open(config).await?;
    let begun = journal::epoch::begin(&app.db, app.clock.now()).await;
    app.db.close().await;
    let epoch = begun.map_err(|error| Broken(format!("The epoch could not be begun: {error}")))?;
    print(&format!(
        "Epoch {epoch} has begun. Every device reads its working set afresh the next time it asks."
    ));
    Ok(())
}

async fn rotate(config: Config) -> Result<(), Broken> {
    let app = open(config).await?;
    let made = token::rotate(&app.db, &app.clock).await;
    app.db.close().await;
    let id = made.map_err(|error| Broken(format!("The key could not be made: {}", error.0)))?;
    print(&format!(
        "The new key is {id}. Running servers take it up within a minute; tokens of the old keys stay good until they expire."
    ));
    Ok(())
}

/// Opens the installation for a command that does its work and stops.
async fn open(config: Config) -> Result<std::sync::Arc<App>, Broken> {
    telemetry::log(&config.log, config.log_json);
    App::open(config, Clock::default(), None).await
}

/// Prints to standard output; a closed pipe is the reader's choice, not a fault.
pub(crate) fn print(text: &str) {
    use std::io::Write as _;
    drop(writeln!(std::io::stdout(), "{text}"));
}
