//! `touchbase assign`: who is to call whom, from a file, however long it is and however often the connection breaks.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::Common;
use super::input::{Format, Input};
use super::interrupt;
use super::lines::{Most, Piece, Pieces};
use super::screen::Unit;
use super::server::Server;
use super::trouble::{Exit, TOLD, Trouble};
use super::wire::Request;

/// With the blank lines before them below the 8 MiB that a server takes at once when nobody has told it otherwise.
const BYTES: usize = 6 << 20;

/// Assigns customers to executives, in requests of up to 10,000 rows.
///
/// A row names the customer (customer_external_id or customer_id) and who is to call it (assignee_email or assignee_id), and may say
/// program_id, due_on, scheduled_for, outside_window, priority and reason: as CSV with these headings, or a JSON object a line.
///
/// Each request is all or nothing, and the first that is refused ends it. Run it again, and it goes on where it ended: what was assigned
/// is not sent twice, for each request carries a key that is made of its content, the profile and the server, for seven days.
#[derive(Args)]
#[command(after_help = "Examples:
  touchbase assign pairs.csv
  touchbase assign --partial --json pairs.ndjson > results.json
  ./who-calls-whom.sh | touchbase assign -")]
pub struct Assign {
    #[command(flatten)]
    pub(super) common: Common,
    /// The file; `-` is standard input.
    file: PathBuf,
    /// What the file is, when neither its name nor its beginning tells.
    #[arg(long)]
    format: Option<Format>,
    /// Each row for itself: the good ones are in, the others are told.
    #[arg(long)]
    partial: bool,
    /// Send it as something new, although the same was sent before.
    #[arg(long)]
    again: bool,
    /// Rows of a request.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u16).range(1..=10_000), value_name = "ROWS")]
    rows_per_request: u16,
}

/// What has become of the file so far.
#[derive(Default)]
struct Done {
    created: u64,
    failed: u64,
    /// Rows that had been sent before.
    replayed: u64,
    batches: Vec<Value>,
    results: Vec<Value>,
}

impl Assign {
    pub async fn run(self) -> Result<Exit, Trouble> {
        let server = Server::open(&self.common)?;
        let input = Input::open(&self.file, self.format)?;
        let most = Most {
            rows: usize::from(self.rows_per_request),
            bytes: BYTES,
        };
        let mut counting = Pieces::of(&input, most)?;
        let (mut rows, mut requests) = (0, 0_u64);
        while let Some(piece) = counting.next()? {
            rows += piece.lines.len() as u64;
            requests += 1;
        }
        let salt = if self.again { server.fresh_key() } else { String::new() };
        let bar = server.screen.progress(rows, "Assigning", Unit::Rows);
        let (mut pieces, mut done) = (Pieces::of(&input, most)?, Done::default());
        while let Some(piece) = pieces.next()? {
            let sent = self.send(&server, (&piece, input.format), &salt).await;
            let (answer, replayed) = sent.map_err(|trouble| {
                bar.finish_and_clear();
                refused(trouble, &piece, &done)
            })?;
            done.add(&answer, &piece, replayed);
            bar.inc(piece.lines.len() as u64);
            interrupt::standing(format!("{} Run it again to go on: nothing is doubled.", done.so_far()));
        }
        bar.finish_and_clear();
        server.screen.show(&done.told(rows, requests), &done.document(rows))?;
        Ok(if done.failed > 0 {
            Exit::SomeRowsFailed
        } else {
            Exit::Done
        })
    }

    /// Sends a piece; tells whether it had been sent before.
    async fn send(
        &self,
        server: &Server,
        (piece, format): (&Piece, Format),
        salt: &str,
    ) -> Result<(Value, bool), Trouble> {
        let mode = if self.partial { "partial" } else { "atomic" };
        let mut seed = vec![salt.to_owned()];
        loop {
            interrupt::standing("Rows were on their way. Run it again to go on: nothing is doubled.");
            let request = Request::post("/v1/assignments/bulk")
                .query("mode", mode)
                .bytes(format.kind(), piece.body.clone())
                .once(self.key(server, mode, &piece.body, &seed));
            let answer = server.whole(&request).await?;
            let (replayed, answer) = (answer.replayed(), answer.json()?);
            let count = |name: &str| answer[name].as_u64();
            let told = count("created").zip(count("failed"));
            // Each row was assigned or was not: else somebody else has answered.
            if told.and_then(|(created, failed)| created.checked_add(failed)) != Some(piece.lines.len() as u64) {
                return Err(Trouble::answered(200, b""));
            }
            // What was undone since is not there any more: it is asked for anew, under the next key.
            match answer["batch_id"].as_str().filter(|_| replayed) {
                Some(batch) if is_reverted(server, batch).await? => seed.push(batch.to_owned()),
                Some(_) | None => return Ok((answer, replayed)),
            }
        }
    }

    /// The same for the same content in the same profile at the same server, and for nothing else.
    fn key(&self, server: &Server, mode: &str, body: &[u8], seed: &[String]) -> String {
        let mut hash = Sha256::new();
        for part in [&server.wire.server, &self.common.profile, mode] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        for part in seed {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.update(body);
        let hex: String = hash
            .finalize()
            .iter()
            .take(20)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("assign-{hex}")
    }
}

/// Whoever may not look takes the answer as it is.
async fn is_reverted(server: &Server, batch: &str) -> Result<bool, Trouble> {
    match server
        .json(&Request::get(format!("/v1/assignment-batches/{batch}")))
        .await
    {
        Ok(batch) => Ok(batch["status"] == "reverted"),
        Err(trouble) if matches!(trouble.exit, Exit::NotPermitted | Exit::Failed) => Ok(false),
        Err(trouble) => Err(trouble),
    }
}

impl Done {
    fn add(&mut self, answer: &Value, piece: &Piece, replayed: bool) {
        let count = |name: &str| answer[name].as_u64().unwrap_or_default();
        self.created += count("created");
        self.failed += count("failed");
        if replayed {
            self.replayed += piece.lines.len() as u64;
        }
        self.batches.extend(answer["batch_id"].as_str().map(Value::from));
        let results = answer["results"].as_array().into_iter().flatten();
        self.results.extend(results.map(|result| {
            let mut row = Map::new();
            row.insert("line".into(), line_of(piece, &result["index"]).into());
            for name in ["status", "assignment_id", "problem"] {
                if let Some(value) = result.get(name) {
                    row.insert(name.into(), value.clone());
                }
            }
            Value::Object(row)
        }));
    }

    fn so_far(&self) -> String {
        match self.created {
            0 => "Nothing is assigned.".into(),
            1 => "1 row is assigned.".into(),
            created => format!("{created} rows are assigned."),
        }
    }

    fn document(&self, rows: u64) -> Value {
        json!({
            "rows": rows, "created": self.created, "failed": self.failed, "replayed": self.replayed,
            "batch_ids": self.batches, "results": self.results,
        })
    }

    fn told(&self, rows: u64, requests: u64) -> String {
        let mut text = match requests {
            0 | 1 => format!("{} of {rows} rows assigned.", self.created),
            _ => format!("{} of {rows} rows assigned, in {requests} requests.", self.created),
        };
        if self.replayed > 0 {
            let again = if self.failed > 0 {
                " `--again` sends them as new."
            } else {
                ""
            };
            text += &format!(
                " {} rows had been sent before, and were not sent twice.{again}",
                self.replayed
            );
        }
        let failed = self.results.iter().filter(|result| result["status"] == "failed");
        for result in failed.clone().take(TOLD) {
            let problem = &result["problem"];
            let faults = problem["errors"].as_array().into_iter().flatten();
            let mut faults = faults
                .filter_map(|fault| {
                    let (at, detail) = (fault["pointer"].as_str()?, fault["detail"].as_str()?);
                    Some(match at.rsplit('/').next().unwrap_or_default() {
                        field if field.bytes().all(|byte| byte.is_ascii_digit()) => detail.to_owned(),
                        field => format!("{field}: {detail}"),
                    })
                })
                .peekable();
            let why = match faults.peek() {
                Some(_) => faults.collect::<Vec<_>>().join(" "),
                None => problem["detail"].as_str().unwrap_or_default().to_owned(),
            };
            text += &format!("\n  line {}: {why}", result["line"]);
        }
        let more = failed.count().saturating_sub(TOLD);
        if more > 0 {
            text += &format!("\n  and {more} more; `--json` has them all.");
        }
        text
    }
}

fn line_of(piece: &Piece, index: &Value) -> Option<u64> {
    let index = usize::try_from(index.as_u64()?).ok()?;
    piece.lines.get(index).copied()
}

/// Faults point at items of the request; the person has lines of a file.
fn refused(mut trouble: Trouble, piece: &Piece, done: &Done) -> Trouble {
    for fault in trouble.problem["errors"].as_array_mut().into_iter().flatten() {
        let place = fault["pointer"]
            .as_str()
            .and_then(|pointer| pointer.strip_prefix("/items/"));
        let Some(place) = place else { continue };
        let (index, field) = place.split_once('/').unwrap_or((place, ""));
        let Some(line) = index.parse().ok().and_then(|index: u64| line_of(piece, &index.into())) else {
            continue;
        };
        fault["pointer"] = format!("line {line} {field}").trim_end().into();
        fault["line"] = line.into();
    }
    trouble.problem["created"] = done.created.into();
    trouble.problem["batch_ids"] = done.batches.clone().into();
    match done.created {
        0 => trouble,
        _ => trouble.and(format!(
            "Requests before it were accepted: {} Mend it and run it again: nothing is doubled.",
            done.so_far()
        )),
    }
}
