//! Tomorrow's lists of a thousand executives in ten zones, and what others notice of their making; briefs.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use touchbase::access::Role;
use touchbase::app::App;
use touchbase::clock::Clock;
use touchbase::{server, workers};

use crate::database::{self, Database, PASSWORD, email};
use crate::http::{Connection, get, load, post, request};
use crate::measure::{Rounds, Row, Target, number};
use crate::server::sign_in;
use crate::{Outcome, Run};

const EXECUTIVES: usize = 1_000;
const CUSTOMERS: usize = 20_000;
const ZONES: [&str; 10] = [
    "Pacific/Auckland",
    "Asia/Tokyo",
    "Asia/Singapore",
    "Asia/Dubai",
    "Europe/Athens",
    "Europe/Berlin",
    "Europe/London",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Los_Angeles",
];
/// Whoever else works at that time: one after the other, so that there is a core for the lists.
const OTHERS: usize = 1;
/// Every zone has its evening within these.
const HOURS: usize = 26;
const WHILE: Duration = Duration::from_millis(500);

/// A server in this process, whose clock can be moved on.
struct Evenings {
    hours: mpsc::Sender<oneshot::Sender<f64>>,
    address: String,
}

impl Evenings {
    async fn start(database: &Database) -> Outcome<Self> {
        let (hours, asked) = mpsc::channel::<oneshot::Sender<f64>>();
        let (told, address) = oneshot::channel();
        let url = database.url.clone();
        std::thread::spawn(move || {
            let served = actix_web::rt::System::new().block_on(serve(&url, told, asked));
            if let Err(error) = served {
                println!("  {error}");
            }
        });
        Ok(Self {
            hours,
            address: address.await?,
        })
    }

    /// An hour goes by, and what is due is done: how long that took.
    fn hour(&self) -> Outcome<oneshot::Receiver<f64>> {
        let (done, taken) = oneshot::channel();
        self.hours.send(done)?;
        Ok(taken)
    }
}

async fn serve(
    url: &str,
    told: oneshot::Sender<String>,
    asked: mpsc::Receiver<oneshot::Sender<f64>>,
) -> Result<(), String> {
    let app: Arc<App> = App::open(database::config(url), Clock::default(), None)
        .await
        .map_err(|error| error.to_string())?;
    let bound = server::bind(app.clone(), ([127, 0, 0, 1], 0).into()).map_err(|error| error.to_string())?;
    drop(told.send(bound.address.to_string()));
    let handle = bound.server.handle();
    actix_web::rt::spawn(bound.server);
    // Another thread waits, so that this one can serve.
    let worked = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Handle::current();
        while let Ok(done) = asked.recv() {
            app.clock.advance(TimeDelta::hours(1));
            let begun = Instant::now();
            runtime
                .block_on(workers::settle(&app))
                .map_err(|error| format!("{error:?}"))?;
            _ = done.send(begun.elapsed().as_secs_f64());
        }
        Ok(())
    });
    let worked = worked.await.map_err(|error| error.to_string())?;
    handle.stop(false).await;
    worked
}

/// The program, its executives and its customers.
async fn fill(run: &Run) -> Outcome<Database> {
    let database = Database::sqlite(&run.folder, "evenings").await?;
    let server = database.serve(&run.program).await?;
    database::import(&server, CUSTOMERS).await?;
    let token = server.sign_in(&email(Role::Admin), PASSWORD).await?;
    let mut connection = Connection::open(&server.address).await?;
    let rows = (0..EXECUTIVES).map(|number| {
        let zone = ZONES[number % ZONES.len()];
        format!("executive{number}@bench.test,Executive {number},executive,{zone}\n")
    });
    let file = format!("email,name,role,time_zone\n{}", rows.collect::<String>());
    let import = request(
        "POST",
        "/v1/users/import",
        &token,
        "Content-Type: text/csv\r\n",
        file.as_bytes(),
    );
    connection.json(&import, 200).await?;
    let (mut participants, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/users?role_in=executive&limit=200{cursor}");
        let page = connection.json(&get(&path, &token), 200).await?;
        participants.extend(page["data"].as_array().into_iter().flatten().map(
            |user| json!({"user_id": user["id"], "calls_to_prepare": 3, "conversations_to_reach": 1, "period": "day"}),
        ));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    participants.truncate(EXECUTIVES);
    let program = json!({"name": "Every evening", "participants": participants, "segments": ["never_contacted"]});
    connection
        .json(&post("/v1/programs", &token, "", &program), 201)
        .await?;
    Ok(database)
}

/// The p99 of reading customers, in milliseconds.
async fn others(address: &str, customers: &[String], token: &str) -> Outcome<f64> {
    let ask = |number: usize| {
        let id = &customers[number * 7_919 % customers.len()];
        Some(get(&format!("/v1/customers/{id}"), token))
    };
    Ok(load(address, OTHERS, WHILE, 200, ask).await?.p99)
}

async fn ids(address: &str, path: &str, token: &str) -> Outcome<Vec<String>> {
    let page = Connection::open(address).await?.json(&get(path, token), 200).await?;
    let ids = page["data"].as_array().into_iter().flatten();
    Ok(ids.filter_map(|it| Some(it["id"].as_str()?.to_owned())).collect())
}

/// A day goes by, hour by hour; then the briefs of the calls that it brought are read.
pub async fn evenings(run: &mut Run) -> Outcome<()> {
    let database = fill(run).await?;
    let server = Evenings::start(&database).await?;
    let admin = email(Role::Admin);
    let token = sign_in(&server.address, &admin, PASSWORD).await?;
    let customers = ids(&server.address, "/v1/customers?limit=200", &token).await?;
    let mut quiet = Rounds::default();
    for _ in 0..6 {
        quiet.add(others(&server.address, &customers, &token).await?);
    }
    let (mut seconds, mut busy) = (0.0, Rounds::default());
    for _ in 0..HOURS {
        let mut taken = server.hour()?;
        let token = sign_in(&server.address, &admin, PASSWORD).await?;
        let took = loop {
            let p99 = others(&server.address, &customers, &token).await?;
            if let Ok(took) = taken.try_recv() {
                break took;
            }
            // All of it fell into the time of the lists.
            busy.add(p99);
        };
        seconds += took;
    }
    let token = sign_in(&server.address, &admin, PASSWORD).await?;
    let path = "/v1/call-lists?limit=1&include_total=true";
    let page: Value = Connection::open(&server.address)
        .await?
        .json(&get(path, &token), 200)
        .await?;
    let lists = page["total"].as_f64().unwrap_or_default();
    run.row(Row {
        what: format!("evening lists of {} executives in ten zones", number(EXECUTIVES as f64)),
        measured: format!("{} s for {} lists", number(seconds), number(lists)),
        against: String::new(),
        ratio: format!("{:.1} ms each", seconds / lists * 1000.0),
        target: "minutes".into(),
        met: Some(Target::AtMost(600.0).met(seconds) && lists >= EXECUTIVES as f64),
    });
    run.row(Row {
        what: "p99 of others' GET meanwhile".into(),
        measured: busy.show("ms"),
        against: format!("{}: before", quiet.show("ms")),
        ratio: format!("{:.1} ×", busy.median() / quiet.median()),
        target: "≤ 3 ×".into(),
        met: Some(Target::AtMost(3.0).met(busy.median() / quiet.median())),
    });
    briefs(run, &server.address, &customers, &token).await
}

async fn briefs(run: &mut Run, address: &str, customers: &[String], token: &str) -> Outcome<()> {
    let assignments = ids(address, "/v1/assignments?limit=200", token).await?;
    let (mut one, mut brief) = (Rounds::default(), Rounds::default());
    for _ in 0..run.rounds {
        one.add(others(address, customers, token).await?);
        let ask = |number: usize| {
            let id = &assignments[number * 7_919 % assignments.len()];
            Some(get(&format!("/v1/assignments/{id}/brief"), token))
        };
        brief.add(load(address, OTHERS, WHILE, 200, ask).await?.p99);
    }
    let ratio = brief.over(&one).median();
    run.row(Row {
        what: "brief: p99".into(),
        measured: brief.show("ms"),
        against: format!("{}: GET one customer's", one.show("ms")),
        ratio: format!("{ratio:.1} ×"),
        target: "≤ 5 ×".into(),
        met: Some(Target::AtMost(5.0).met(ratio)),
    });
    Ok(())
}
