//! A desk to work at: a running server, and a person with a terminal.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::running::{ADMIN, Running, create_admin, touchbase};
use crate::support::{Database, PASSWORD};

pub struct Desk {
    pub running: Running,
    _database: Database,
    pub home: tempfile::TempDir,
}

impl Desk {
    /// Nobody has signed in yet.
    pub async fn bare() -> Self {
        let database = Database::new().await;
        create_admin(&database);
        Self {
            running: Running::start(&database.url),
            _database: database,
            home: tempfile::tempdir().unwrap(),
        }
    }

    /// The admin has signed in.
    pub async fn signed_in() -> Self {
        let desk = Self::bare().await;
        desk.login(&["--server", &desk.running.url]).good();
        desk
    }

    /// Two callers, and these many customers: `C-1`, `C-2` …
    pub async fn with_customers(customers: usize) -> Self {
        let desk = Self::signed_in().await;
        let users = "email,name,role\nnancy@northwind.test,Nancy,executive\nandrew@northwind.test,Andrew,executive\n";
        desk.run(&["import", "users", &desk.file("users.csv", users)]).good();
        let rows: String = (1..=customers).map(|at| format!("C-{at},Customer {at}\n")).collect();
        let file = desk.file("customers.csv", format!("external_id,name\n{rows}"));
        desk.run(&["import", "customers", &file]).good();
        desk
    }

    /// The program, at this desk.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = touchbase("sqlite:///nowhere/of/no/use/to/a/client.db");
        command
            .args(arguments)
            .env("XDG_CONFIG_HOME", self.home.path())
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    pub fn run_with(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Ran {
        fed(self.command(arguments), input)
    }

    pub fn login(&self, arguments: &[&str]) -> Ran {
        let arguments = [&["login"], arguments].concat();
        self.run_with(&arguments, format!("{ADMIN}\n{PASSWORD}\n"))
    }

    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    pub fn profile(&self, name: &str) -> PathBuf {
        self.home.path().join(format!("touchbase/profiles/{name}.json"))
    }

    /// How many records a list has.
    pub fn count(&self, list: &str) -> usize {
        self.run(&["export", list, "--format", "ndjson", "--fields", "id"])
            .good()
            .out
            .lines()
            .count()
    }
}

/// A command line and more of it.
pub fn joined<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [command, more].concat()
}

/// Runs it with this on standard input.
pub fn fed(mut command: Command, input: impl AsRef<[u8]>) -> Ran {
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Whoever does not read it to its end has read enough.
    drop(child.stdin.take().unwrap().write_all(input.as_ref()));
    child.wait_with_output().unwrap().into()
}

/// What came of a command.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    #[track_caller]
    pub fn good(self) -> Self {
        self.code(0)
    }

    /// Its document on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no document: {self:?}"))
    }

    /// Its problem document on standard error, which is nothing else.
    #[track_caller]
    pub fn problem(&self) -> Value {
        assert_eq!(self.out, "", "{self:?}");
        let problem: Value = serde_json::from_str(&self.err).unwrap_or_else(|_| panic!("no problem: {self:?}"));
        assert!(
            problem["code"].is_string() && problem["detail"].is_string(),
            "{problem}"
        );
        problem
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.out.contains(text) || self.err.contains(text), "{text}: {self:?}");
        self
    }
}

pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
