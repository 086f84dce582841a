//! The client: the same program, at work on any server. It speaks HTTP and knows nothing else of the house.

mod ask;
mod assign;
mod export;
mod import;
mod input;
mod interrupt;
mod jobs;
mod lines;
mod login;
mod plan;
mod profile;
mod report;
mod screen;
mod server;
mod trouble;
mod values;
mod wire;

use clap::{Args, Subcommand};

use self::profile::Place;
use self::screen::Screen;
pub use self::trouble::{Exit, Trouble};

/// What every command of the client takes.
#[derive(Debug, Clone, Args)]
struct Common {
    /// The server's address [default: the profile's; http://127.0.0.1:8080 when signing in].
    #[arg(long, env = "TOUCHBASE_SERVER", value_name = "URL")]
    server: Option<String>,
    /// Which of your sign-ins to use.
    #[arg(long, env = "TOUCHBASE_PROFILE", default_value = "default", value_name = "NAME")]
    profile: String,
    /// For scripts: one JSON document on standard output, troubles as problem documents on standard error.
    #[arg(long)]
    json: bool,
    /// For how long a server that has answered before may be away.
    #[arg(
        long,
        env = "TOUCHBASE_PATIENCE",
        default_value_t = 120,
        value_name = "SECONDS",
        hide_env = true
    )]
    patience: u64,
}

impl Common {
    fn screen(&self) -> Screen {
        Screen { json: self.json }
    }

    fn place(&self) -> Result<Place, Trouble> {
        Place::of(&self.profile)
    }
}

/// How the exit code is to be read.
pub const EXIT_CODES: &str = "Exit codes: 0 done; 1 refused or failed; 2 the command line is not understood; 3 not signed in or not permitted; \
4 some rows failed, the others are in; 5 the server cannot be reached or is in trouble; 130 interrupted; 143 terminated.";

/// The commands that ask a server.
#[derive(Subcommand)]
pub enum Client {
    /// Sign in, and be remembered.
    Login(login::Login),
    /// Sign out, and be forgotten.
    Logout(login::Logout),
    /// Show who is signed in, and where.
    Whoami(login::Whoami),
    /// Import customers, contacts and more from a file.
    Import(import::Import),
    /// Assign customers to executives, thousands at once.
    Assign(assign::Assign),
    /// Plan a program's calls, and commit the plan.
    Plan(plan::PlanCommand),
    /// Write out a list as CSV or NDJSON.
    Export(export::Export),
    /// Show a report.
    Report(report::Report),
    /// List what works in the background.
    Jobs(jobs::Jobs),
    /// Show one piece of background work, wait for it, or cancel it.
    Job(jobs::JobCommand),
    /// Take an import back.
    Undo(jobs::Undo),
}

impl Client {
    fn common(&self) -> &Common {
        match self {
            Self::Login(it) => &it.common,
            Self::Logout(it) => &it.common,
            Self::Whoami(it) => &it.common,
            Self::Import(it) => &it.common,
            Self::Assign(it) => &it.common,
            Self::Plan(it) => &it.common,
            Self::Export(it) => &it.common,
            Self::Report(it) => &it.common,
            Self::Jobs(it) => &it.common,
            Self::Job(it) => &it.common,
            Self::Undo(it) => &it.common,
        }
    }

    /// Does it, and tells what went wrong.
    pub async fn run(self) -> Exit {
        let screen = self.common().screen();
        interrupt::listen(screen);
        match self.obey().await {
            Ok(exit) => exit,
            Err(trouble) => {
                screen.trouble(&trouble);
                trouble.exit
            }
        }
    }

    async fn obey(self) -> Result<Exit, Trouble> {
        match self {
            Self::Login(it) => it.run().await,
            Self::Logout(it) => it.run().await,
            Self::Whoami(it) => it.run().await,
            Self::Import(it) => it.run().await,
            Self::Assign(it) => it.run().await,
            Self::Plan(it) => it.run().await,
            Self::Export(it) => it.run().await,
            Self::Report(it) => it.run().await,
            Self::Jobs(it) => it.run().await,
            Self::Job(it) => it.run().await,
            Self::Undo(it) => it.run().await,
        }
    }
}

/// Tells a script that its command line is not understood.
pub fn misunderstood(detail: &str) {
    Screen { json: true }.trouble(&Trouble::usage(detail));
}
