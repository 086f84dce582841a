//! The program itself: a server that runs as a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use super::{Client, Database, PASSWORD, http};

/// Whom `admin create` makes.
pub const ADMIN: &str = "anna@northwind.test";

/// The program, with this database and none of the settings of whoever runs the tests.
pub fn touchbase(database_url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchbase"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TOUCHBASE_")) {
        command.env_remove(name);
    }
    command
        .env("TOUCHBASE_DATABASE_URL", database_url)
        .env("TOUCHBASE_LOG", "error");
    command
}

/// A serving process; ended when dropped.
pub struct Running {
    child: Child,
    pub url: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Running {
    /// Serves on a free port.
    pub fn start(database_url: &str) -> Self {
        let mut child = touchbase(database_url)
            .args(["serve", "--listen", "127.0.0.1:0", "--log-json"])
            .env("TOUCHBASE_LOG", "touchbase=info")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(&line).ok())
            .find(|line| line["message"] == "serving")
            .map(|line| line["address"].as_str().unwrap().to_owned())
            .expect("the server says where it serves");
        // Read on, or it would stand still when nobody does.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            url: format!("http://{address}"),
        }
    }
}

/// An organization with one admin, made as an installation makes it.
pub fn create_admin(database: &Database) {
    let mut child = touchbase(&database.url)
        .args([
            "admin",
            "create",
            "--organization",
            "Northwind Traders",
            "--email",
            ADMIN,
        ])
        .args(["--name", "Anna", "--time-zone", "Europe/Berlin", "--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
    assert!(child.wait().unwrap().success());
}

/// Signs in over HTTP.
pub async fn signed_in(url: &str) -> Client {
    let nobody = Client {
        http: http(),
        url: url.to_owned(),
        token: None,
        user: None,
    };
    let login = serde_json::json!({"email": ADMIN, "password": PASSWORD});
    let session = nobody.post("/v1/auth/login", login).await.expect(200);
    Client {
        token: session["access_token"].as_str().map(str::to_owned),
        ..nobody
    }
}
