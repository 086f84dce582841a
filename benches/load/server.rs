//! Starting the program that is measured, and asking the machine about it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::Outcome;
use crate::http::{Connection, post};

/// A server in a process of its own; stopped when dropped.
pub struct Server {
    child: Child,
    pub address: String,
    /// From the start of the process to its first good answer.
    pub ready_after: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGTERM and not SIGKILL, so that it closes its database.
        drop(Command::new("kill").arg(self.child.id().to_string()).status());
        drop(self.child.wait());
    }
}

impl Server {
    /// Starts `program … --database URL --listen ADDRESS` and waits until it is ready.
    pub async fn start(program: &Path, arguments: &[&str], database: &str) -> Outcome<Self> {
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let started = Instant::now();
        let child = Command::new(program)
            .args(arguments)
            .args(["--database", database, "--listen", &address, "--log", "error"])
            .stdout(Stdio::null())
            .spawn()?;
        let mut server = Self {
            child,
            address,
            ready_after: Duration::ZERO,
        };
        let deadline = started + Duration::from_secs(60);
        loop {
            if let Ok(mut connection) = Connection::open(&server.address).await
                && let Ok(answer) = connection.send(&crate::http::get("/readyz", "")).await
                && answer.status == 200
            {
                server.ready_after = started.elapsed();
                return Ok(server);
            }
            if server.child.try_wait()?.is_some() || Instant::now() > deadline {
                return Err("the server did not become ready".into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// An access token; it is good for ten minutes, so every part of the measurement takes its own.
    pub async fn sign_in(&self, email: &str, password: &str) -> Outcome<String> {
        sign_in(&self.address, email, password).await
    }

    /// A line of `/proc/…/status`, in MB: `VmRSS`, `VmHWM`.
    pub fn memory(&self, line: &str) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let value = status
            .lines()
            .find_map(|text| text.strip_prefix(line)?.strip_prefix(':'))
            .and_then(|text| text.trim().strip_suffix(" kB"))
            .ok_or("no such line")?;
        Ok(value.trim().parse::<f64>()? / 1024.0)
    }
}

/// An access token of the server at this address.
pub async fn sign_in(address: &str, email: &str, password: &str) -> Outcome<String> {
    let body = json!({"email": email, "password": password});
    let request = post("/v1/auth/login", "", "", &body);
    let session = Connection::open(address).await?.json(&request, 200).await?;
    Ok(session["access_token"].as_str().ok_or("no token")?.to_owned())
}
