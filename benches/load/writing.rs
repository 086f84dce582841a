//! Writing: the debrief and the bulk assignment, beside bare inserts.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use touchbase::access::Role;

use crate::bare;
use crate::database::{Database, PASSWORD, email};
use crate::http::{Connection, Load, get, load, post};
use crate::measure::{Rounds, Row, Target, number};
use crate::server::Server;
use crate::{Outcome, Run};

/// As many clients as the target names.
const CLIENTS: usize = 32;
/// As many assignments as one request takes.
const BULK: usize = 10_000;

/// Assigns `count` customers who have no open assignment to the executive, in one request: how long it took, and the answer.
pub async fn assign(server: &Server, database: &Database, count: usize) -> Outcome<(Duration, Vec<String>)> {
    let admin = server.sign_in(&email(Role::Admin), PASSWORD).await?;
    let mut connection = Connection::open(&server.address).await?;
    let customers = free_customers(database, count).await?;
    let items: Vec<Value> = customers
        .iter()
        .map(|id| json!({"customer_id": id, "assignee_id": database.executive, "reason": "bench"}))
        .collect();
    let key = format!("Idempotency-Key: {}\r\n", touchbase::clock::Clock::default().id());
    let body = post("/v1/assignments/bulk", &admin, &key, &json!({"items": items}));
    let started = Instant::now();
    let answer = connection.send(&body).await?;
    let took = started.elapsed();
    if answer.status >= 300 {
        let text = String::from_utf8_lossy(connection.body(&answer)).into_owned();
        return Err(format!("bulk assignment: {}: {text:.600}", answer.status).into());
    }
    Ok((took, customers))
}

/// Customers without an open assignment, from the file itself: the measurement should not pay for finding them.
async fn free_customers(database: &Database, count: usize) -> Outcome<Vec<String>> {
    use touchbase::db::{Db, Sqls as _};
    let db = Db::open(&database.url, 2).await?;
    let rows: Vec<(uuid::Uuid,)> = db
        .read()
        .sql("SELECT id FROM customers WHERE NOT EXISTS (SELECT 1 FROM assignments a WHERE a.organization_id = customers.organization_id AND a.customer_id = customers.id AND a.status IN ('queued', 'scheduled')) ORDER BY contacted_key, id LIMIT $1")
        .bind(i64::try_from(count)?)
        .all()
        .await?;
    db.close().await;
    if rows.len() < count {
        return Err(format!("only {} customers are free", rows.len()).into());
    }
    Ok(rows.into_iter().map(|(id,)| id.to_string()).collect())
}

/// The executive's open assignments, up to `count`.
async fn open_assignments(server: &Server, database: &Database, count: usize) -> Outcome<Vec<String>> {
    let admin = server.sign_in(&email(Role::Admin), PASSWORD).await?;
    let mut connection = Connection::open(&server.address).await?;
    let (mut open, mut cursor) = (Vec::new(), String::new());
    while open.len() < count {
        let path = format!(
            "/v1/assignments?assignee_id={}&status_in=queued,scheduled&limit=200{cursor}",
            database.executive
        );
        let page = connection.json(&get(&path, &admin), 200).await?;
        for assignment in page["data"].as_array().ok_or("no page")? {
            open.push(assignment["id"].as_str().ok_or("no id")?.to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    open.truncate(count);
    Ok(open)
}

/// What an executive sends after a conversation.
pub fn debrief_body() -> Value {
    json!({
        "disposition": "connected",
        "duration_seconds": 840,
        "summary": "Happy with support, worried about the move in spring. Wants to see the plan before the board meets.",
        "notes": [
            {"type": "praise", "body": "Support answered within the hour, twice, and knew the account."},
            {"type": "issue", "body": "The migration is not documented well enough to hand to a partner."},
        ],
        "nps_response": {"score": 8, "follow_up_answer": "That they listen, and come back with an answer."},
        "action_items": [{"title": "Send the migration guide", "priority": "high"}],
    })
}

/// So many open assignments of the executive, made where there are fewer.
pub async fn open_for_debrief(server: &Server, database: &Database, count: usize) -> Outcome<Vec<String>> {
    if open_assignments(server, database, count).await?.len() < count {
        assign(server, database, count).await?;
    }
    open_assignments(server, database, count).await
}

/// So many debriefs by so many clients. Makes the assignments first.
pub async fn debriefs(server: &Server, database: &Database, clients: usize, count: usize) -> Outcome<Load> {
    let open = open_for_debrief(server, database, count).await?;
    let token = server.sign_in(&email(Role::Executive), PASSWORD).await?;
    let body = debrief_body();
    let ask = |n: usize| {
        let path = format!("/v1/assignments/{}/attempts", open.get(n)?);
        Some(post(&path, &token, "", &body))
    };
    load(&server.address, clients, Duration::from_secs(120), 201, ask).await
}

pub async fn debrief(run: &mut Run, database: &Database) -> Outcome<()> {
    let server = database.serve(&run.program).await?;
    let count = if run.customers < 100_000 { 1_000 } else { 3_000 };
    let (mut rate, mut p99, mut bare, mut bare_five) = (
        Rounds::default(),
        Rounds::default(),
        Rounds::default(),
        Rounds::default(),
    );
    for _ in 0..run.rounds {
        let load = debriefs(&server, database, CLIENTS, count).await?;
        rate.add(load.per_second);
        p99.add(load.p99);
        bare.add(bare::transactions(&run.folder, CLIENTS, count, 1).await?);
        bare_five.add(bare::transactions(&run.folder, CLIENTS, count, 5).await?);
    }
    let ratio = rate.over(&bare).median();
    run.row(Row {
        what: "debrief: attempt, 2 notes, NPS response, action item; 32 clients".into(),
        measured: format!("{}, p99 {} ms", rate.show("/s"), number(p99.median())),
        against: format!("{}: bare durable inserts of one row", bare.show("/s")),
        ratio: format!("{:.0} %", ratio * 100.0),
        target: "≥ 50 % (stretch: 150 %)".into(),
        met: Some(Target::AtLeast(0.5).met(ratio)),
    });
    run.row(Row {
        what: "the same".into(),
        measured: rate.show("/s"),
        against: format!("{}: bare durable inserts of five rows", bare_five.show("/s")),
        ratio: format!("{:.0} %", rate.over(&bare_five).median() * 100.0),
        target: String::new(),
        met: None,
    });
    Ok(())
}

/// The organization's last revision.
pub async fn revision(database: &Database) -> Outcome<i64> {
    use touchbase::db::{Db, Sqls as _};
    let db = Db::open(&database.url, 2).await?;
    let (revision,): (i64,) = db.read().sql("SELECT last_revision FROM organizations").one().await?;
    db.close().await;
    Ok(revision)
}

pub async fn bulk(run: &mut Run, database: &Database) -> Outcome<()> {
    let count = BULK.min(run.customers / 4);
    let server = database.serve(&run.program).await?;
    let (mut times, mut bare) = (Rounds::default(), Rounds::default());
    for _ in 0..run.rounds.min(3) {
        let revision = revision(database).await?;
        times.add(assign(&server, database, count).await?.0.as_secs_f64() * 1000.0);
        let newer = format!("revision > {revision}");
        let assignments = bare::read(&database.path, "assignments", &newer).await?;
        let journal = bare::read(&database.path, "journal", &newer).await?;
        bare.add(bare::write(&run.folder, &[&assignments, &journal]).await?.as_secs_f64() * 1000.0);
    }
    let ratio = times.over(&bare).median();
    run.row(Row {
        what: format!("bulk assignment of {} in one request", number(count as f64)),
        measured: times.show("ms"),
        against: format!(
            "{}: bare multi-row inserts of the same rows and their journal",
            bare.show("ms")
        ),
        ratio: format!("{ratio:.1} ×"),
        target: "≤ 3 ×".into(),
        met: Some(Target::AtMost(3.0).met(ratio)),
    });
    Ok(())
}
