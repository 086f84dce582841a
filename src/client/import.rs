//! `touchbase import`: a file of customers, contacts and more.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::Common;
use super::input::{Format, Input};
use super::interrupt;
use super::screen::Unit;
use super::server::Server;
use super::trouble::{Exit, Trouble};
use super::wire::Request;

/// So many faults are told to a person.
const TOLD: usize = 50;

/// What a file holds.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Target {
    Customers,
    Contacts,
    Users,
    Signals,
}

/// How dates such as 1/2/2020 are written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum DateOrder {
    Dmy,
    Mdy,
    Ymd,
}

/// Imports a file as HubSpot, Salesforce or a spreadsheet exports it. Good rows are in, bad ones are told with line and reason.
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
    /// Tell what would come of it, and write nothing.
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
        let input = Input::open(&self.file, Some(Format::Csv))?;
        let bar = server.screen.progress(input.len, "Sending", Unit::Bytes);
        let mut request = Request::post(format!("/v1/{}/import", word(&self.what)));
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
        let report = server.json(&request).await;
        bar.finish_and_clear();
        let report = report?;
        server.screen.show(&told(&report, self.dry_run), &report)?;
        let failed = report["failed"].as_u64().unwrap_or_default();
        Ok(if failed > 0 { Exit::SomeRowsFailed } else { Exit::Done })
    }
}

fn told(report: &Value, dry_run: bool) -> String {
    let mut text = format!(
        "{} rows: {} created, {} updated, {} unchanged, {} failed.",
        report["rows"], report["created"], report["updated"], report["unchanged"], report["failed"]
    );
    if dry_run {
        text += " Nothing was written.";
    }
    for (list, mark) in [("errors", ""), ("warnings", "warning: ")] {
        let faults = report[list].as_array().into_iter().flatten();
        for fault in faults.clone().take(TOLD) {
            let column = fault["column"]
                .as_str()
                .map(|column| format!(", {column}"))
                .unwrap_or_default();
            text += &format!(
                "\n  line {}{column}: {mark}{}",
                fault["line"],
                fault["reason"].as_str().unwrap_or_default()
            );
        }
        let more = faults.count().saturating_sub(TOLD);
        if more > 0 {
            text += &format!("\n  and {more} more {list}; `--json` shows them.");
        }
    }
    text
}
