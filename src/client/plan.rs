//! `touchbase plan`: who would call whom and when; with `--commit` they do.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use clap::Args;
use serde_json::{Value, json};

use super::Common;
use super::input::Format;
use super::interrupt;
use super::screen::table;
use super::server::Server;
use super::trouble::{Exit, Trouble};
use super::values::day;
use super::wire::Request;

/// The largest page there is.
const PAGE: &str = "200";

/// Plans a program's calls: a proposal, until it is committed.
#[derive(Args)]
#[command(after_help = "Examples:
  touchbase plan \"One a day\" --segment overdue --segment biggest_billers --from 2026-12-01 --to 2026-12-04
  touchbase plan \"One a day\" --executive clara@example.com --from 2026-12-01 --to 2026-12-04 --commit

`touchbase export plans/ID/calls` lists the calls with their reasons, `touchbase export plans/ID/left-out` whom it left out and why.")]
pub struct PlanCommand {
    #[command(flatten)]
    pub(super) common: Common,
    /// The program, by its name or id.
    program: String,
    /// Whom to call: a segment's word, name or id; the first before the others [default: the program's own].
    #[arg(long = "segment", value_name = "SEGMENT")]
    segments: Vec<String>,
    /// Who is to call, by e-mail or id [default: everybody who takes part].
    #[arg(long = "executive", value_name = "USER")]
    executives: Vec<String>,
    /// The first day.
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: NaiveDate,
    /// The last day, included.
    #[arg(long, value_name = "DAY", value_parser = day)]
    to: NaiveDate,
    /// Make assignments of it.
    #[arg(long)]
    commit: bool,
    /// Commit all of it or nothing, should something have changed meanwhile.
    #[arg(long, requires = "commit")]
    strict: bool,
}

impl PlanCommand {
    pub async fn run(self) -> Result<Exit, Trouble> {
        let server = Server::open(&self.common)?;
        let program = named(&server, "programs", &self.program).await?;
        let mut asked = json!({"from": self.from, "to": self.to});
        let mut segments = Vec::new();
        for segment in &self.segments {
            segments.push(segment_key(&server, segment).await?);
        }
        let mut executives = Vec::new();
        for executive in &self.executives {
            executives.push(user(&server, executive).await?);
        }
        if !segments.is_empty() {
            asked["segments"] = segments.into();
        }
        if !executives.is_empty() {
            asked["executives"] = executives.into();
        }
        let bar = server.screen.working("Planning", super::screen::Unit::Rows);
        let request = Request::post(format!("/v1/programs/{program}/plans")).json(&asked);
        let plan = server.json(&request.once(server.fresh_key())).await;
        bar.finish_and_clear();
        let mut plan = plan?;
        if self.commit {
            let id = text(&plan, "id");
            interrupt::standing(format!("Whether the plan {id} is committed: GET /v1/plans/{id} tells."));
            let request = Request::post(format!("/v1/plans/{id}/commit")).json(&json!({"strict": self.strict}));
            let committed = server.json(&request.once(format!("plan-{id}"))).await;
            plan = committed.map_err(|trouble| trouble.and(format!("The plan {id} stands as a proposal.")))?;
        }
        let told = told(&server, &plan).await?;
        server.screen.show(&told, &plan)?;
        Ok(Exit::Done)
    }
}

async fn told(server: &Server, plan: &Value) -> Result<String, Trouble> {
    if server.screen.json {
        return Ok(String::new());
    }
    let mut said = format!(
        "{} calls from {} to {}; {} customers left out. The plan {} is {}.",
        plan["planned"],
        text(plan, "starts_on"),
        text(plan, "ends_on"),
        plan["left_out"],
        text(plan, "id"),
        text(plan, "status")
    );
    if plan["status"] == "committed" {
        said += &format!(
            "\n{} assignments were made, {} calls skipped.",
            plan["committed"], plan["skipped"]
        );
    }
    // Whatever becomes of the question, the plan is made.
    let why = reasons(server, plan).await.unwrap_or_default();
    if !why.is_empty() {
        said += &format!(
            "\nLeft out: {why}. `touchbase export plans/{}/left-out` says it of each.",
            text(plan, "id")
        );
    }
    let mut rows = vec![["executive", "calls", "capacity"].map(str::to_owned).to_vec()];
    for executive in plan["executives"].as_array().into_iter().flatten() {
        let id = text(executive, "user_id");
        // Who may not read users sees ids.
        let user = server.json(&Request::get(format!("/v1/users/{id}"))).await;
        let name = user.map_or_else(|_| id, |user| text(&user, "name"));
        rows.push(vec![
            name,
            executive["calls"].to_string(),
            executive["capacity"].to_string(),
        ]);
    }
    Ok(format!("{said}\n{}", table(&rows)))
}

/// For which reasons customers are left out, the most frequent first.
async fn reasons(server: &Server, plan: &Value) -> Result<String, Trouble> {
    let request = Request::get(format!("/v1/plans/{}/left-out", text(plan, "id"))).query("fields", "code");
    let listed = server.whole(&request.accept(Format::Ndjson.kind())).await?;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for left in serde_json::Deserializer::from_slice(&listed.body).into_iter::<Value>() {
        let left = left.map_err(|_| Trouble::answered(200, b""))?;
        *counts.entry(text(&left, "code").replace('_', " ")).or_default() += 1;
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let said: Vec<String> = counts.iter().map(|(code, count)| format!("{count} {code}")).collect();
    Ok(said.join(", "))
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// A record by its id, else the only one of this name.
async fn named(server: &Server, list: &str, name: &str) -> Result<String, Trouble> {
    if name.parse::<uuid::Uuid>().is_ok() {
        return Ok(name.to_owned());
    }
    let (mut cursor, mut known, mut found) = (None, Vec::new(), Vec::new());
    loop {
        let mut request = Request::get(format!("/v1/{list}")).query("limit", PAGE);
        if let Some(cursor) = cursor {
            request = request.query("cursor", cursor);
        }
        let page = server.json(&request).await?;
        for record in page["data"].as_array().into_iter().flatten() {
            if text(record, "name").to_lowercase() == name.to_lowercase() {
                found.push(text(record, "id"));
            }
            known.push(text(record, "name"));
        }
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    let only = found.pop().ok_or_else(|| {
        let known = known.join("`, `");
        Trouble::failed(
            "not_found",
            format!("Among {list} there is no `{name}`; there are `{known}`."),
        )
    })?;
    if !found.is_empty() {
        return Err(Trouble::failed(
            "ambiguous",
            format!("Several {list} are called `{name}`; give the id."),
        ));
    }
    Ok(only)
}

/// A ready-made segment's word and an id are taken as they are; the server knows them. Anything else is a name.
async fn segment_key(server: &Server, segment: &str) -> Result<String, Trouble> {
    let word = segment.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if word {
        return Ok(segment.to_owned());
    }
    named(server, "segments", segment).await
}

async fn user(server: &Server, user: &str) -> Result<String, Trouble> {
    if !user.contains('@') {
        return Ok(user.to_owned());
    }
    let page = server.json(&Request::get("/v1/users").query("email", user)).await?;
    let id = page["data"][0]["id"].as_str().map(str::to_owned);
    id.ok_or_else(|| Trouble::failed("not_found", format!("There is no user with the address {user}.")))
}
