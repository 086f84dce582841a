//! `touchbase jobs` and `touchbase job`: what works in the background.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::Common;
use super::import::{back, exit, figures};
use super::interrupt;
use super::screen::{Unit, table};
use super::server::Server;
use super::trouble::{Exit, Trouble};
use super::values;
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

/// Shows a piece of background work; with `--wait`, when it has come to its end. One that failed or was canceled is exit code 1, an import
/// that left rows out is 4.
#[derive(Args)]
#[command(after_help = "Examples:
  touchbase job 01980c5e-77e4-7d07-9b2c-0d1e2f3a4b5c --wait
  touchbase job 01980c5e-77e4-7d07-9b2c-0d1e2f3a4b5c --cancel")]
pub struct JobCommand {
    #[command(flatten)]
    pub(super) common: Common,
    #[arg(value_parser = values::id)]
    id: uuid::Uuid,
    /// Come back when it has ended.
    #[arg(long)]
    wait: bool,
    /// End it: what waits is not begun, what an import has written so far stays until it is undone.
    #[arg(long, conflicts_with = "wait")]
    cancel: bool,
}

impl JobCommand {
    pub async fn run(self) -> Result<Exit, Trouble> {
        let server = Server::open(&self.common)?;
        let path = format!("/v1/jobs/{}", self.id);
        let job = if self.cancel {
            let request = Request::post(format!("{path}/cancel")).once(server.fresh_key());
            server.json(&request).await?
        } else if self.wait {
            ended(&server, &path, "Working").await?
        } else {
            server.json(&Request::get(path)).await?
        };
        let text = |name: &str| job[name].as_str().unwrap_or_default().to_owned();
        let mut told = format!("{} {} is {}.", text("kind"), text("id"), text("status"));
        if let Some(error) = job["error"].as_str() {
            told += &format!(" {error}");
        }
        let imports = job["kind"] == "import" && job["result"].is_object();
        if imports {
            told += &format!(" {}", figures(&job["processed_rows"], &job["result"]));
            if exit(&job["result"]) == Exit::SomeRowsFailed {
                told += &format!("\n`touchbase export imports/{}/errors` tells why.", self.id);
            }
            if text("status") != "reverted" {
                told += &back(&text("id"), &job["result"]);
            }
        }
        server.screen.show(&told, &job)?;
        Ok(match job["status"].as_str() {
            Some("failed" | "canceled") if self.wait => Exit::Failed,
            Some("completed") if self.wait && imports => exit(&job["result"]),
            Some(_) | None => Exit::Done,
        })
    }
}

/// Takes an import back, but for what somebody has changed or used since.
#[derive(Args)]
#[command(after_help = "Examples:
  touchbase undo 01980c5e-77e4-7d07-9b2c-0d1e2f3a4b5c")]
pub struct Undo {
    #[command(flatten)]
    pub(super) common: Common,
    /// The import's id, as `touchbase import` and `touchbase jobs` show it.
    #[arg(value_parser = values::id)]
    id: uuid::Uuid,
}

impl Undo {
    pub async fn run(self) -> Result<Exit, Trouble> {
        let server = Server::open(&self.common)?;
        let path = format!("/v1/imports/{}", self.id);
        let request = Request::post(format!("{path}/undo")).once(server.fresh_key());
        let asked = server.json(&request).await?;
        let job = asked["outcome"]["undone"]["job_id"].as_str().unwrap_or_default();
        let job = ended(&server, &format!("/v1/jobs/{job}"), "Taking back").await?;
        let import = server.json(&Request::get(path)).await?;
        if import["status"] != "reverted" {
            let detail = format!(
                "The import {} was not taken back: that is {}. {}",
                self.id,
                job["status"].as_str().unwrap_or_default(),
                job["error"].as_str().unwrap_or_default()
            );
            return Err(Trouble::failed("import_not_undone", detail.trim_end()));
        }
        let undone = &import["outcome"]["undone"];
        // Some are never removed.
        let gone = match import["target"].as_str() {
            Some("users") => "deactivated",
            Some("assignments") => "canceled",
            Some(_) | None => "removed",
        };
        let mut told = format!(
            "The import {} is taken back: {} {gone}, {} restored, {} left as they are.",
            self.id, undone["removed"], undone["restored"], undone["kept"]
        );
        if undone["kept"].as_u64() > Some(0) {
            told += &format!(
                "\n`touchbase export imports/{}/errors --filter severity_in=kept` tells which and why.",
                self.id
            );
        }
        server.screen.show(&told, &import)?;
        Ok(Exit::Done)
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
