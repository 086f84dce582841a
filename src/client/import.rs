//! `touchbase import`: a file of customers, contacts and more.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::Common;
use super::input::{Format, Input, Output};
use super::interrupt;
use super::jobs::ended;
use super::screen::Unit;
use super::server::Server;
use super::trouble::{Exit, TOLD, Trouble};
use super::wire::Request;

/// So many faults of each sort does a server keep of an import; all are counted.
const KEPT: [(&str, u64); 2] = [("errors", 10_000), ("warnings", 1_000)];

/// What a file holds.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Target {
    Customers,
    Contacts,
    Users,
    Signals,
    Assignments,
    NpsResponses,
}

/// How dates such as 1/2/2020 are written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum DateOrder {
    Dmy,
    Mdy,
    Ymd,
}

/// Imports a file as HubSpot, Salesforce or a spreadsheet exports it, or a JSON object a line. Good rows are in, bad ones are told with line
/// and reason. The server works it off, however long it is; Ctrl-C does not end that.
///
/// Records are known again by their external id (users by their e-mail address), so importing a file again changes what has changed.
#[derive(Args)]
#[command(after_help = "Examples:
  touchbase import customers companies.csv --dry-run
  touchbase import customers companies.csv --mapping '{\"tenure\": \"tenure_months\"}'
  ./crm-export.sh | touchbase import contacts -")]
pub struct Import {
    #[command(flatten)]
    pub(super) common: Common,
    what: Target,
    /// The file; `-` is standard input.
    file: PathBuf,
    /// Tell what would come of it, and write nothing. Of a record that stands twice in a long file both rows count as new.
    #[arg(long)]
    dry_run: bool,
    /// What columns mean, as JSON: header and field.
    #[arg(long, value_name = "JSON")]
    mapping: Option<String>,
    /// The currency of amounts whose row names none.
    #[arg(long, value_name = "ISO")]
    currency: Option<String>,
    #[arg(long)]
    date_order: Option<DateOrder>,
    /// What the file is, when neither its name nor its beginning tells.
    #[arg(long)]
    format: Option<Format>,
    /// Write what is wrong with which row to this file, as CSV, with what stands in each cell.
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    /// Come back when the file is there, before its rows are in.
    #[arg(long, conflicts_with = "errors")]
    no_wait: bool,
}

fn word(value: &impl ValueEnum) -> String {
    value
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}

impl Import {
    pub async fn run(self) -> Result<Exit, Trouble> {
        let server = Server::open(&self.common)?;
        let input = Input::open(&self.file, self.format)?;
        let errors = self
            .errors
            .as_deref()
            .map(|path| Output::create(Some(path)))
            .transpose()?;
        // Who is not signed in hears it before anything is sent; and a server that is there may be away for a while.
        server.json(&Request::get("/v1/me")).await?;
        let bar = server.screen.progress(input.len, "Sending", Unit::Bytes);
        let mut request = Request::post("/v1/imports").query("target", word(&self.what).replace('-', "_"));
        let options = [
            ("dry_run", self.dry_run.then(|| "true".to_owned())),
            ("mapping", self.mapping),
            ("currency", self.currency),
            ("date_order", self.date_order.map(|order| word(&order))),
        ];
        for (name, value) in options {
            if let Some(value) = value {
                request = request.query(name, value);
            }
        }
        interrupt::standing("The file was on its way. Import it again: what is in already is known again.");
        let request = request
            .once(server.fresh_key())
            .file(input.format.kind(), input, bar.clone());
        let import = server.json(&request).await;
        bar.finish_and_clear();
        let import = import.map_err(|trouble| match trouble.exit {
            Exit::Unreachable => {
                trouble.and("Whether the file came is not known. Import it again: what is in already is known again.")
            }
            _ => trouble,
        })?;
        let id = import["id"].as_str().unwrap_or_default().to_owned();
        if self.no_wait {
            let text = format!(
                "The file is there and will be imported. `touchbase job {id} --wait` waits for it, `touchbase undo {id}` takes it back."
            );
            server.screen.show(&text, &import)?;
            return Ok(Exit::Done);
        }
        let path = format!("/v1/imports/{id}");
        let import = ended(&server, &path, "Importing").await;
        let mut import = import.map_err(|mut trouble| {
            trouble.problem["import_id"] = id.as_str().into();
            trouble.and(format!(
                "The file is there as the import {id}, which goes on by itself: `touchbase job {id} --wait` waits for it."
            ))
        })?;
        let faults = Request::get(format!("{path}/errors"));
        if let Some(mut output) = errors {
            output.write(&server.whole(&faults.accept(Format::Csv.kind())).await?.body)?;
            output.finish()?;
        } else {
            let faults = server.whole(&faults.accept(Format::Ndjson.kind())).await?;
            let faults: Result<Vec<Value>, _> =
                serde_json::Deserializer::from_slice(&faults.body).into_iter().collect();
            import["errors"] = faults.map_err(|_| Trouble::answered(200, b""))?.into();
        }
        if import["status"] != "completed" {
            let why = import["error"].as_str().unwrap_or("Somebody ended it.");
            let status = import["status"].as_str().unwrap_or_default();
            let rows = figures(&import["processed_rows"], &import["outcome"]);
            let detail = format!(
                "The import {id} is {status}. {why} {rows}{}",
                back(&id, &import["outcome"])
            );
            return Err(Trouble::failed("import_not_completed", detail));
        }
        server.screen.show(&told(&import), &import)?;
        Ok(exit(&import["outcome"]))
    }
}

/// How an import ends of which this has come.
pub fn exit(outcome: &Value) -> Exit {
    match outcome["failed"].as_u64() {
        None | Some(0) => Exit::Done,
        Some(_) => Exit::SomeRowsFailed,
    }
}

/// What has come of so many rows.
pub fn figures(rows: &Value, outcome: &Value) -> String {
    let figure = |name: &str| outcome[name].as_u64().unwrap_or_default();
    format!(
        "{rows} rows: {} created, {} updated, {} unchanged, {} failed.",
        figure("created"),
        figure("updated"),
        figure("unchanged"),
        figure("failed")
    )
}

/// How it is taken back, when there is something.
pub fn back(id: &str, outcome: &Value) -> String {
    let written = ["created", "updated"]
        .iter()
        .any(|name| outcome[name].as_u64() > Some(0));
    match written {
        true => format!("\n`touchbase undo {id}` takes it back."),
        false => String::new(),
    }
}

fn told(import: &Value) -> String {
    let outcome = &import["outcome"];
    let mut text = figures(&import["processed_rows"], outcome);
    if import["dry_run"] == true {
        text += " Nothing was written.";
    }
    let ignored = outcome["columns"]["ignored"].as_array().into_iter().flatten();
    let ignored: Vec<String> = ignored
        .filter_map(Value::as_str)
        .map(|header| format!("`{header}`"))
        .collect();
    if !ignored.is_empty() {
        text += &format!(
            "\nColumns that were not used: {}. `--mapping` says what they mean.",
            ignored.join(", ")
        );
    }
    let faults = import["errors"].as_array().into_iter().flatten();
    for fault in faults.clone().take(TOLD) {
        let column = fault["column"]
            .as_str()
            .map(|column| format!(", {column}"))
            .unwrap_or_default();
        let mark = if fault["severity"] == "error" { "" } else { "warning: " };
        text += &format!(
            "\n  line {}{column}: {mark}{}",
            fault["line"],
            fault["reason"].as_str().unwrap_or_default()
        );
    }
    let more = faults.count().saturating_sub(TOLD);
    if more > 0 {
        text += &format!("\n  and {more} more; `--errors FILE` has them.");
    }
    for (sort, kept) in KEPT {
        let all = outcome[sort].as_u64().unwrap_or_default();
        if all > kept {
            text +=
                &format!("\nOf {all} {sort} the server keeps the first {kept}: mend those and import the file again.");
        }
    }
    if import["dry_run"] != true {
        text += &back(import["id"].as_str().unwrap_or_default(), outcome);
    }
    text
}
