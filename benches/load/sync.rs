//! Offline sync: what a pull costs when a hundred records changed, the first sync, and a push of a hundred mutations.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use touchbase::access::Role;
use touchbase::app::App;
use touchbase::clock::Clock;
use touchbase::features::assignments::assignment::Assignment;
use touchbase::features::customers::customer::Customer;
use touchbase::journal::{self, Record};

use crate::database::{self, Database, PASSWORD, email, import};
use crate::http::{Connection, get, load, post};
use crate::measure::{Rounds, Row, Target, number};
use crate::server::Server;
use crate::{Outcome, Run, writing};

/// How many customers an executive has in hand.
const IN_HAND: usize = 50;
const CHANGED: usize = 100;
const MUTATIONS: usize = 100;
/// Devices that send at the same time.
const DEVICES: usize = 8;

pub async fn sync(run: &mut Run) -> Outcome<()> {
    let small = Database::sqlite(&run.folder, "sync-small").await?;
    let small_server = small.serve(&run.program).await?;
    import(&small_server, 1_000).await?;
    let most = if run.large { 1_000_000 } else { run.customers };
    let large = Database::sqlite(&run.folder, "sync-large").await?;
    let large_server = large.serve(&run.program).await?;
    import(&large_server, most).await?;
    pulls(run, (&small, &small_server), (&large, &large_server), most).await?;
    first(run, &large, &large_server).await?;
    push(run, &large, &large_server).await
}

/// A page, read no further than it takes to ask for the next one: what a device makes of the records is its own.
#[derive(Deserialize)]
struct Page {
    changes: Vec<IgnoredAny>,
    cursor: i64,
    epoch: i64,
    has_more: bool,
}

/// Where the executive's device stands, after reading everything; and how many records that were.
async fn read_all(server: &Server, token: &str) -> Outcome<(String, usize)> {
    let mut connection = Connection::open(&server.address).await?;
    let (mut from, mut records) = (String::new(), 0);
    loop {
        let request = get(&format!("/v1/sync/changes?limit=1000{from}"), token);
        let page: Page = connection.read(&request, 200).await?;
        records += page.changes.len();
        from = format!("&cursor={}&epoch={}", page.cursor, page.epoch);
        if !page.has_more {
            return Ok((from, records));
        }
    }
}

async fn pulls(run: &mut Run, small: (&Database, &Server), large: (&Database, &Server), most: usize) -> Outcome<()> {
    let (_, some) = writing::assign(small.1, small.0, IN_HAND).await?;
    let (_, many) = writing::assign(large.1, large.0, IN_HAND).await?;
    let (mut few_p50, mut many_p50, mut p99, mut one) = (
        Rounds::default(),
        Rounds::default(),
        Rounds::default(),
        Rounds::default(),
    );
    for _ in 0..run.rounds {
        few_p50.add(pull(run, small.1, &some).await?.0);
        let (p50, slowest, get_one) = pull(run, large.1, &many).await?;
        many_p50.add(p50);
        p99.add(slowest);
        one.add(get_one);
    }
    let ratio = many_p50.over(&few_p50).median();
    run.row(Row {
        what: format!(
            "sync pull of {CHANGED} changed records, {} customers in the organization",
            number(most as f64)
        ),
        measured: many_p50.show("ms"),
        against: format!("{}: with 1,000 customers", few_p50.show("ms")),
        ratio: format!("{ratio:.2} ×"),
        target: "≤ 1.5 ×".into(),
        met: Some(Target::AtMost(1.5).met(ratio)),
    });
    let ratio = p99.over(&one).median();
    run.row(Row {
        what: "the same, p99".into(),
        measured: p99.show("ms"),
        against: format!("{}: GET one customer, p99", one.show("ms")),
        ratio: format!("{ratio:.1} ×"),
        target: "≤ 20 ×".into(),
        met: Some(Target::AtMost(20.0).met(ratio)),
    });
    Ok(())
}

/// Changes a hundred records and reads them: half of the pulls, and all but one of a hundred, took no longer; and so a GET.
async fn pull(run: &Run, server: &Server, customers: &[String]) -> Outcome<(f64, f64, f64)> {
    let admin = server.sign_in(&email(Role::Admin), PASSWORD).await?;
    let token = server.sign_in(&email(Role::Executive), PASSWORD).await?;
    let (from, _) = read_all(server, &token).await?;
    let mut connection = Connection::open(&server.address).await?;
    for (at, customer) in customers.iter().cycle().take(CHANGED).enumerate() {
        let note = json!({"customer_id": customer, "type": "general", "body": format!("Number {at}")});
        connection.json(&post("/v1/notes", &admin, "", &note), 201).await?;
    }
    let request = get(&format!("/v1/sync/changes?limit=1000{from}"), &token);
    let page = connection.json(&request, 200).await?;
    if page["changes"].as_array().map_or(0, Vec::len) != CHANGED {
        return Err("a pull does not bring what changed".into());
    }
    let pulls = load(&server.address, 1, run.time, 200, |_| Some(request.clone())).await?;
    let one = get(&format!("/v1/customers/{}", customers[0]), &token);
    let one = load(&server.address, 1, run.time, 200, |_| Some(one.clone())).await?;
    Ok((pulls.p50, pulls.p99, one.p99))
}

async fn first(run: &mut Run, database: &Database, server: &Server) -> Outcome<()> {
    let count = 5_000.min(run.customers / 4);
    let (_, customers) = writing::assign(server, database, count).await?;
    let (mut rate, mut bare) = (Rounds::default(), Rounds::default());
    for _ in 0..run.rounds {
        let token = server.sign_in(&email(Role::Executive), PASSWORD).await?;
        let started = Instant::now();
        let (_, records) = read_all(server, &token).await?;
        rate.add(records as f64 / started.elapsed().as_secs_f64());
        bare.add(selected(database, &customers).await?);
    }
    let ratio = rate.over(&bare).median();
    run.row(Row {
        what: format!("first sync of some {} records", number((2 * count) as f64)),
        measured: rate.show("records/s"),
        against: format!(
            "{}: a bare SELECT and serialisation, in process",
            bare.show("records/s")
        ),
        ratio: format!("{:.0} %", ratio * 100.0),
        target: "≥ 50 %".into(),
        met: Some(Target::AtLeast(0.5).met(ratio)),
    });
    Ok(())
}

/// These customers and the executive's assignments, read and written as JSON: records per second.
async fn selected(database: &Database, customers: &[String]) -> Outcome<f64> {
    let app = App::open(database::config(&database.url), Clock::default(), None).await?;
    let ids: Vec<uuid::Uuid> = customers.iter().map(|id| id.parse()).collect::<Result<_, _>>()?;
    let started = Instant::now();
    let mut count = 0;
    let mut db = app.read();
    for chunk in ids.chunks(500) {
        let customers: Vec<Customer> = journal::find_all(&mut db, database.organization, chunk).await?;
        count += customers.len();
        std::hint::black_box(serde_json::to_vec(&customers)?);
        let open: Vec<Assignment> = journal::select(&mut db, database.organization, |sql| {
            sql.push(&format!(" AND {}.customer_id IN ", Assignment::TABLE))
                .list(chunk.iter().copied());
        })
        .await?;
        count += open.len();
        std::hint::black_box(serde_json::to_vec(&open)?);
    }
    let seconds = started.elapsed().as_secs_f64();
    app.db.close().await;
    Ok(count as f64 / seconds)
}

async fn push(run: &mut Run, database: &Database, server: &Server) -> Outcome<()> {
    let calls = DEVICES * if run.customers < 100_000 { 1 } else { 4 };
    let (mut rate, mut debriefs) = (Rounds::default(), Rounds::default());
    for _ in 0..run.rounds {
        let open = writing::open_for_debrief(server, database, calls * MUTATIONS).await?;
        let token = server.sign_in(&email(Role::Executive), PASSWORD).await?;
        let bodies: Vec<Vec<u8>> = open
            .chunks(MUTATIONS)
            .enumerate()
            .map(|(at, chunk)| {
                let mutations: Vec<Value> = chunk.iter().map(|assignment| mutation(assignment)).collect();
                let body = json!({"client_id": format!("device-{at}"), "mutations": mutations});
                post("/v1/sync/push", &token, "", &body)
            })
            .collect();
        let sent = load(&server.address, DEVICES, Duration::from_secs(120), 200, |n| {
            bodies.get(n).cloned()
        })
        .await?;
        rate.add(sent.per_second * MUTATIONS as f64);
        debriefs.add(
            writing::debriefs(server, database, 32, calls * MUTATIONS)
                .await?
                .per_second,
        );
    }
    let ratio = rate.over(&debriefs).median();
    run.row(Row {
        what: format!("push of {MUTATIONS} debriefs in one call, {DEVICES} devices"),
        measured: rate.show("mutations/s"),
        against: format!("{}: debriefs one by one, 32 clients", debriefs.show("/s")),
        ratio: format!("{:.0} %", ratio * 100.0),
        target: "≥ 50 %".into(),
        met: Some(Target::AtLeast(0.5).met(ratio)),
    });
    Ok(())
}

fn mutation(assignment: &str) -> Value {
    let mut fields = writing::debrief_body();
    fields["assignment_id"] = json!(assignment);
    let id = touchbase::clock::Clock::default().id();
    json!({"mutation_id": id, "collection": "attempts", "id": id, "op": "upsert", "base_revision": 0, "fields": fields})
}
