//! `touchbase jobs` and `touchbase job`: what works in the background.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::Common;
use super::interrupt;
use super::screen::{Unit, table};
use super::server::Server;
use super::trouble::{Exit, Trouble};
use super::wire::Request;

/// How long between two looks at a job: what is done soon is told soon.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

/// Lists what works in the background, the latest first.
#[derive(Args)]
#[command(after_help = "Examples:
  touchbase jobs
  touchbase jobs --status failed --json | jq -r .data[].id")]
pub struct Jobs {
    #[command(flatten)]
    pub(super) common: Common,
    /// Only these: queued, running, completed, failed, canceled.
    #[arg(long, value_name = "STATUS,…")]
    status: Option<String>,
    /// How many.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..=200))]
    limit: u8,
}

impl Jobs {
    pub async fn run(self) -> Result<Exit, Trouble> {
        let server = Server::open(&self.common)?;
        let mut request = Request::get("/v1/jobs").query("limit", self.limit.to_string());
        if let Some(status) = &self.status {
            request = request.query("status_in", status);
        }
        let page = server.json(&request).await?;
        let heading = ["id", "kind", "status", "created_at", "finished_at", "error"];
        let mut rows = vec![heading.map(str::to_owned).to_vec()];
        for job in page["data"].as_array().into_iter().flatten() {
            rows.push(
                heading
                    .map(|name| job[name].as_str().unwrap_or_default().to_owned())
                    .to_vec(),
            );
        }
        server.screen.show(&table(&rows), &page)?;
        Ok(Exit::Done)
    }
}

/// Shows a piece of background work; with `--wait`, when it has come to its end. One that failed or was canceled is exit code 1.
#[derive(Args)]
#[command(after_help = "Examples:
  touchbase job 01980c5e-77e4-7d07-9b2c-0d1e2f3a4b5c --wait")]
pub struct JobCommand {
    #[command(flatten)]
    pub(super) common: Common,
    id: uuid::Uuid,
    /// Come back when it has ended.
    #[arg(long)]
    wait: bool,
}

impl JobCommand {
    pub async fn run(self) -> Result<Exit, Trouble> {
        let server = Server::open(&self.common)?;
        let path = format!("/v1/jobs/{}", self.id);
        let job = if self.wait {
            ended(&server, &path, "Working").await?
        } else {
            server.json(&Request::get(path)).await?
        };
        let text = |name: &str| job[name].as_str().unwrap_or_default().to_owned();
        let mut told = format!("{} {} is {}.", text("kind"), text("id"), text("status"));
        if let Some(error) = job["error"].as_str() {
            told += &format!(" {error}");
        }
        server.screen.show(&told, &job)?;
        let failed = self.wait && matches!(job["status"].as_str(), Some("failed" | "canceled"));
        Ok(if failed { Exit::Failed } else { Exit::Done })
    }
}

/// Looks at a job until it has come to its end, and shows how far it is where it tells.
///
/// # Errors
/// When it cannot be looked at.
pub async fn ended(server: &Server, path: &str, what: &str) -> Result<Value, Trouble> {
    let bar = server.screen.progress(0, what, Unit::Rows);
    let mut pause = SHORTEST;
    loop {
        let job = server.json(&Request::get(path)).await;
        let job = job.inspect_err(|_| bar.finish_and_clear())?;
        if !matches!(job["status"].as_str(), Some("queued" | "running")) {
            bar.finish_and_clear();
            return Ok(job);
        }
        if let (Some(done), Some(all)) = (job["processed_rows"].as_u64(), job["total_rows"].as_u64()) {
            bar.set_length(all);
            bar.set_position(done);
        }
        let id = job["id"].as_str().unwrap_or_default();
        interrupt::standing(format!(
            "It goes on without you: `touchbase job {id} --wait` waits for it."
        ));
        tokio::time::sleep(pause).await;
        pause = LONGEST.min(pause * 2);
    }
}
