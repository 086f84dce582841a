//! Reading: one customer, an unchanged one, pages; beside the limit and beside the same query in process.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use touchbase::access::{Role, Scope};
use touchbase::app::App;
use touchbase::clock::Clock;
use touchbase::features::customers::store::{self, CustomerFilter};
use touchbase::journal::Window;

use crate::database::{self, Database, PASSWORD, email};
use crate::http::{Connection, Load, get, load, request};
use crate::measure::{Rounds, Row, Target, number};
use crate::server::Server;
use crate::{Outcome, Run, writing};

/// As many clients as keep two cores busy.
pub const CLIENTS: usize = 16;
const LIST: &str = "/v1/customers?do_not_contact=false&sort=-annual_billing,-name";

/// Ids and revisions of some thousand customers, spread over the whole table.
pub async fn some_customers(server: &Server, token: &str) -> Outcome<Vec<(String, i64)>> {
    let mut connection = Connection::open(&server.address).await?;
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for _ in 0..20 {
        let path = format!("{LIST}&limit=200&fields=revision{cursor}");
        let page = connection.json(&get(&path, token), 200).await?;
        for customer in page["data"].as_array().ok_or("no page")? {
            found.push((
                customer["id"].as_str().ok_or("no id")?.to_owned(),
                customer["revision"].as_i64().ok_or("no revision")?,
            ));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    Ok(found)
}

/// The address of the page with this number, found by walking there.
async fn page_number(server: &Server, token: &str, number: usize) -> Outcome<String> {
    let mut connection = Connection::open(&server.address).await?;
    let mut path = LIST.to_owned();
    for _ in 1..number {
        let page: Value = connection.json(&get(&path, token), 200).await?;
        let cursor = page["next_cursor"].as_str().ok_or("there are not so many pages")?;
        path = format!("{LIST}&cursor={cursor}");
    }
    Ok(path)
}

/// The same page, read and written as JSON without HTTP, by as many tasks as there are cores: pages per second.
fn pages_in_process(database: &Database, time: Duration) -> Outcome<f64> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (url, organization) = (database.url.clone(), database.organization);
    // A thread of its own, because this one is a runtime's already.
    let counted = std::thread::spawn(move || {
        runtime.block_on(async {
            let app = App::open(database::config(&url), Clock::default(), None)
                .await
                .map_err(|error| error.to_string())?;
            let (count, started) = (Arc::new(std::sync::atomic::AtomicU64::new(0)), Instant::now());
            let tasks: Vec<_> = (0..CLIENTS)
                .map(|_| {
                    let (app, count) = (app.clone(), count.clone());
                    tokio::spawn(async move {
                        while started.elapsed() < time {
                            let window = Window {
                                order: ["annual_billing", "name"]
                                    .iter()
                                    .filter_map(|name| store::SORTS.iter().find(|sort| sort.name == *name))
                                    .map(|sort| (sort, true))
                                    .collect(),
                                after: None,
                                limit: 50,
                                total: false,
                            };
                            let filter = CustomerFilter {
                                do_not_contact: Some(false),
                                ..CustomerFilter::default()
                            };
                            let page = store::list(
                                &mut app.read(),
                                &Scope::all(organization),
                                &filter,
                                &window,
                                app.clock.now(),
                            )
                            .await
                            .map_err(|error| error.to_string())?;
                            let json = serde_json::to_vec(&page.rows).map_err(|error| error.to_string())?;
                            std::hint::black_box(json);
                            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        }
                        Ok::<(), String>(())
                    })
                })
                .collect();
            for task in tasks {
                task.await.map_err(|error| error.to_string())??;
            }
            let seconds = started.elapsed().as_secs_f64();
            app.db.close().await;
            Ok::<f64, String>(count.load(std::sync::atomic::Ordering::Relaxed) as f64 / seconds)
        })
    });
    Ok(counted.join().map_err(|_| "the reading in process failed")??)
}

#[derive(Default)]
struct Figures {
    rate: Rounds,
    p50: Rounds,
    p99: Rounds,
}

impl Figures {
    fn add(&mut self, load: Load) {
        self.rate.add(load.per_second);
        self.p50.add(load.p50);
        self.p99.add(load.p99);
    }

    fn show(&self) -> String {
        format!("{}, p99 {} ms", self.rate.show("/s"), number(self.p99.median()))
    }
}

pub async fn reading(run: &mut Run, database: &Database) -> Outcome<()> {
    let server = database.serve(&run.program).await?;
    let plain = Server::start(&std::env::current_exe()?, &["plain"], &database.url).await?;
    let token = server.sign_in(&email(Role::Admin), PASSWORD).await?;
    let customers = some_customers(&server, &token).await?;
    let last = (run.customers / 50).min(1000);
    let far = page_number(&server, &token, last).await?;
    let size = {
        let mut connection = Connection::open(&server.address).await?;
        let path = format!("/v1/customers/{}", customers[0].0);
        connection.json(&get(&path, &token), 200).await?.to_string().len()
    };
    let (mut limit, mut one, mut unchanged, mut first, mut thousandth) = (
        Figures::default(),
        Figures::default(),
        Figures::default(),
        Figures::default(),
        Figures::default(),
    );
    let mut in_process = Rounds::default();
    for _ in 0..run.rounds {
        let token = server.sign_in(&email(Role::Admin), PASSWORD).await?;
        let pick = Cell::new(0_usize);
        let next = || {
            pick.set(pick.get() + 7_919);
            &customers[pick.get() % customers.len()]
        };
        let plain_request = get("/v1/plain", &token);
        limit.add(load(&plain.address, CLIENTS, run.time, 200, |_| Some(plain_request.clone())).await?);
        let ask = |_| Some(get(&format!("/v1/customers/{}", next().0), &token));
        one.add(load(&server.address, CLIENTS, run.time, 200, ask).await?);
        let ask = |_| {
            let (id, revision) = next();
            let tag = format!("If-None-Match: \"{revision}\"\r\n");
            Some(request("GET", &format!("/v1/customers/{id}"), &token, &tag, b""))
        };
        unchanged.add(load(&server.address, CLIENTS, run.time, 304, ask).await?);
        let page = get(LIST, &token);
        first.add(load(&server.address, CLIENTS, run.time, 200, |_| Some(page.clone())).await?);
        let page = get(&far, &token);
        thousandth.add(load(&server.address, CLIENTS, run.time, 200, |_| Some(page.clone())).await?);
        in_process.add(pages_in_process(database, run.time)?);
    }
    let share = |these: &Rounds, those: &Rounds| these.over(those).median();
    let plain_text = format!("{}: the limit, 1 KB of JSON", limit.show());
    let ratio = share(&one.rate, &limit.rate);
    run.row(Row {
        what: format!("GET one customer of {} ({size} bytes)", number(run.customers as f64)),
        measured: one.show(),
        against: plain_text.clone(),
        ratio: format!("{:.0} %", ratio * 100.0),
        target: "≥ 60 %".into(),
        met: Some(Target::AtLeast(0.6).met(ratio)),
    });
    let ratio = share(&one.p99, &limit.p99);
    run.row(Row {
        what: "its p99".into(),
        measured: one.p99.show("ms"),
        against: format!("{}: the limit's", limit.p99.show("ms")),
        ratio: format!("{ratio:.1} ×"),
        target: "≤ 3 ×".into(),
        met: Some(Target::AtMost(3.0).met(ratio)),
    });
    let ratio = share(&unchanged.rate, &limit.rate);
    run.row(Row {
        what: "unchanged GET with `If-None-Match`".into(),
        measured: unchanged.show(),
        against: plain_text,
        ratio: format!("{:.0} %", ratio * 100.0),
        target: "≥ 80 %".into(),
        met: Some(Target::AtLeast(0.8).met(ratio)),
    });
    let ratio = share(&first.rate, &in_process);
    run.row(Row {
        what: "page 1 of 50, filtered and sorted".into(),
        measured: first.show(),
        against: format!("{}: the same in process", in_process.show("/s")),
        ratio: format!("{:.0} %", ratio * 100.0),
        target: "≥ 40 %".into(),
        met: Some(Target::AtLeast(0.4).met(ratio)),
    });
    let ratio = share(&first.rate, &thousandth.rate);
    let ratio = ratio.max(1.0 / ratio);
    run.row(Row {
        what: format!("page {} of it", number(last as f64)),
        measured: thousandth.show(),
        against: format!("{}: page 1", first.rate.show("/s")),
        ratio: format!("{ratio:.2} ×"),
        target: "≤ 1.2 ×".into(),
        met: Some(Target::AtMost(1.2).met(ratio)),
    });
    Ok(())
}

/// What GET, page and debrief cost in a small and in a large organization: milliseconds, one client.
pub async fn growth(run: &mut Run, medium: &Database) -> Outcome<()> {
    const SMALL: usize = 1_000;
    let small = Database::sqlite(&run.folder, "small").await?;
    database::import(&small.serve(&run.program).await?, SMALL).await?;
    let (made, count);
    let large = if run.large {
        made = Database::sqlite(&run.folder, "large").await?;
        count = 1_000_000;
        database::import(&made.serve(&run.program).await?, count).await?;
        &made
    } else {
        count = run.customers;
        medium
    };
    let sides = [
        (small.serve(&run.program).await?, &small),
        (large.serve(&run.program).await?, large),
    ];
    let mut figures: Vec<[Rounds; 3]> = vec![Default::default(), Default::default()];
    let each = 150;
    for _ in 0..run.rounds {
        for (side, (server, database)) in sides.iter().enumerate() {
            let admin = server.sign_in(&email(Role::Admin), PASSWORD).await?;
            let customers = some_customers(server, &admin).await?;
            let ask = |n: usize| {
                let (id, _) = &customers[n * 7_919 % customers.len()];
                Some(get(&format!("/v1/customers/{id}"), &admin))
            };
            let one = load(&server.address, 1, run.time / 2, 200, ask).await?;
            let page = get(LIST, &admin);
            let pages = load(&server.address, 1, run.time / 2, 200, |_| Some(page.clone())).await?;
            let debriefs = writing::debriefs(server, database, 1, each).await?;
            for (rounds, load) in figures[side].iter_mut().zip([one, pages, debriefs]) {
                rounds.add(load.p50);
            }
        }
    }
    for (at, what) in ["GET", "page", "debrief"].into_iter().enumerate() {
        let ratio = figures[1][at].over(&figures[0][at]).median();
        run.row(Row {
            what: format!("growth: {what}, from 1,000 to {} customers", number(count as f64)),
            measured: figures[1][at].show("ms"),
            against: figures[0][at].show("ms"),
            ratio: format!("{ratio:.2} ×"),
            target: "≤ 1.5 ×".into(),
            met: Some(Target::AtMost(1.5).met(ratio)),
        });
    }
    Ok(())
}
