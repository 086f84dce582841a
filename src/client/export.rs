//! `touchbase export`: a list, all of it, as it comes in.

use std::path::PathBuf;

use clap::Args;
use reqwest::StatusCode;
use serde_json::json;

use super::Common;
use super::input::{Format, Output};
use super::interrupt;
use super::screen::Unit;
use super::server::Server;
use super::trouble::{Exit, Trouble};
use super::wire::{Request, spelled};

/// How often an export that breaks off is begun anew.
const TRIES: u32 = 5;

/// What can be written out; a test holds it to the document.
const LISTS: &str = "absences, action-items, action-items/ID/comments, api-keys, assignment-batches, assignments, \
assignments/ID/attempts, attempts, audit-log, cadences, call-lists, contacts, customers, customers/ID/account-managers, \
customers/ID/duplicates, customers/ID/timeline, duplicates, events, follow-ups, holiday-regions, holidays, imports, imports/ID/errors, \
jobs, me/calendar-feeds, me/notifications, merges, notes, nps-responses, plans, plans/ID/calls, plans/ID/left-out, programs, recognition, \
rescue-cases, segments, segments/ID/customers, service-interests, signals, talking-points, talking-points/ID/versions, themes, users, \
users/ID/calendar-feeds, webhook-deliveries, webhook-endpoints";

/// Writes out a list: everything that its filters let through, in constant memory.
#[derive(Args)]
#[command(after_help = "Examples:
  touchbase export customers > customers.csv
  touchbase export nps-responses --filter responded_at_gte=2026-01-01T00:00:00Z --format ndjson -o nps.ndjson
  touchbase export assignments --filter status_in=queued,scheduled --sort due_on | head")]
pub struct Export {
    #[command(flatten)]
    pub(super) common: Common,
    /// The list's name, as in its address: customers, assignments, plans/ID/calls … Without it, all that there are are told.
    list: Option<String>,
    /// A filter of the list, as the reference at /docs has them; can be given several times.
    #[arg(long = "filter", value_name = "NAME=VALUE", value_parser = pair)]
    filters: Vec<(String, String)>,
    /// Only these columns, and the id.
    #[arg(long, value_name = "NAME,…")]
    fields: Option<String>,
    /// In which order.
    #[arg(long, value_name = "NAME,…", allow_hyphen_values = true)]
    sort: Option<String>,
    /// CSV has lines that end with CR LF, as its standard says; of NDJSON each ends with LF.
    #[arg(long, default_value = "csv")]
    format: Format,
    /// Where to; a file is there when it is whole, and not before.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or("a filter is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Export {
    pub async fn run(self) -> Result<Exit, Trouble> {
        let Some(named) = &self.list else {
            return Err(Trouble::usage(format!("Which list? There are {LISTS}.")));
        };
        let list = named.trim_matches('/').replace('_', "-");
        let fit = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '/');
        if list.is_empty() || !list.chars().all(fit) {
            return Err(Trouble::usage(format!(
                "`{named}` is no name of a list. There are {LISTS}."
            )));
        }
        if self.common.json && self.output.is_none() {
            return Err(Trouble::usage(
                "The list itself goes to standard output: `--json` needs `--output FILE`.",
            ));
        }
        let server = Server::open(&self.common)?;
        let mut request = Request::get(format!("/v1/{list}")).accept(self.format.kind());
        let more = [("fields", &self.fields), ("sort", &self.sort)];
        let more = more
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
        for (name, value) in self.filters.iter().cloned().chain(more) {
            request = request.query(name, value);
        }
        let mut output = Output::create(self.output.as_deref())?;
        interrupt::standing("The list is not whole.");
        let bar = server.screen.working("Exporting", Unit::Bytes);
        let written = written(&server, &request, &mut output, &bar).await;
        bar.finish_and_clear();
        let bytes = written?;
        output.finish()?;
        if let Some(path) = &self.output {
            let document = json!({"list": list, "file": path.display().to_string(), "bytes": bytes});
            let text = format!("{list} are in {}.", path.display());
            if self.common.json {
                server.screen.show("", &document)?;
            } else {
                server.screen.aside(&text);
            }
        }
        Ok(Exit::Done)
    }
}

/// Writes what comes; begins anew where it breaks off, as long as nobody has read it.
async fn written(
    server: &Server,
    request: &Request,
    output: &mut Output,
    bar: &indicatif::ProgressBar,
) -> Result<u64, Trouble> {
    let mut tries = 0;
    loop {
        let mut answer = server.begun(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(Trouble::answered(answer.status().as_u16(), b""));
        }
        let (mut bytes, mut last) = (0, b'\n');
        let why = loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => {
                    output.write(&chunk)?;
                    bytes += chunk.len() as u64;
                    last = chunk.last().copied().unwrap_or(last);
                    bar.set_position(bytes);
                }
                // Where a body ends with its connection, nothing else tells whether it was cut off.
                Ok(None) if last != b'\n' => break "it ends in the midst of a line".to_owned(),
                Ok(None) => return Ok(bytes),
                Err(error) => break spelled(&error),
            }
        };
        tries += 1;
        if tries == TRIES || (bytes > 0 && !output.anew()?) {
            return Err(Trouble::unreachable(format!(
                "The list broke off and is not whole: {why}."
            )));
        }
    }
}
