//! Other products beside ours: the same customers, filter, sort and sign-in, in turns.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use touchbase::access::Role;

use crate::database::{self, Database, PASSWORD, email};
use crate::http::{Connection, Load, get, load, post, request};
use crate::measure::{Rounds, Row, Target, number};
use crate::reading::some_customers;
use crate::server::Server;
use crate::{Outcome, Run};

mod directus;
mod pocketbase;

/// As many customers as every product holds.
const CUSTOMERS: usize = 20_000;
/// As many as one bulk request creates.
pub const AT_ONCE: usize = 1_000;
const READERS: usize = 16;
const WRITERS: usize = 32;
/// Pages of 50, sorted by billing, of those who may be called.
const OURS: &str = "/v1/customers?do_not_contact=false&sort=-annual_billing,-name";

/// A product that is signed in to: what it is asked, as it goes over the wire.
pub struct Peer {
    pub name: String,
    pub address: String,
    pub token: String,
    /// Ids of some thousand of its customers.
    pub ids: Vec<String>,
    pub asks: Asks,
}

/// How a product is asked for the same things.
#[derive(Clone, Copy)]
pub struct Asks {
    /// Where one customer is read.
    pub records: &'static str,
    /// The page.
    pub page: &'static str,
    /// Where one is created, and the status of a good answer.
    pub create: (&'static str, u16),
    pub patch_type: &'static str,
    /// Many of them in one request.
    pub many: fn(&str, &[Value]) -> Vec<u8>,
    pub many_status: u16,
    /// A customer as this product takes it.
    pub shape: fn(usize) -> Value,
}

/// A process that is ended with this.
pub struct Process(pub std::process::Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(std::process::Command::new("kill").arg(self.0.id().to_string()).status());
        drop(self.0.wait());
    }
}

/// Waits until a path answers 200.
pub async fn ready(address: &str, path: &str) -> Outcome<()> {
    for _ in 0..1_200 {
        if let Ok(mut connection) = Connection::open(address).await
            && let Ok(answer) = connection.send(&get(path, "")).await
            && answer.status == 200
        {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Err(format!("{address} did not become ready").into())
}

pub fn free_address() -> Outcome<String> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// Runs a command to its end; what it printed is told when it fails.
pub fn run_to_end(command: &mut std::process::Command) -> Outcome<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    Err(format!("{command:?}: {}\n{out:.2000}\n{err:.2000}", output.status).into())
}

/// Where what is not ours is installed.
pub fn tools() -> Outcome<PathBuf> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers");
    std::fs::create_dir_all(&tools)?;
    Ok(tools)
}

/// A customer of fourteen columns, in the words that all three share.
pub fn flat(number: usize) -> Value {
    json!({
        "external_id": format!("P-{number:07}"),
        "name": format!("{} {number:07}", ["Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo"][(number * 31) % 7]),
        "time_zone": "Europe/Berlin",
        "customer_since": format!("20{:02}-{:02}-{:02}", number % 24, number % 12 + 1, number % 28 + 1),
        "annual_billing": (number * 7_919) % 1_000_003,
        "currency": "EUR",
        "phone": format!("+49 30 55{:05}", number % 100_000),
        "website": format!("https://customer-{number}.example"),
        "industry": "Wholesale",
        "street": format!("Street {}", number % 900),
        "city": "Berlin",
        "postal_code": format!("{:05}", number % 100_000),
        "country": "Germany",
        "do_not_contact": false,
    })
}

fn our_shape(number: usize) -> Value {
    let mut customer = flat(number);
    let billing = json!({"amount_minor": customer["annual_billing"], "currency": "EUR"});
    if let Value::Object(fields) = &mut customer {
        fields.remove("currency");
        fields.remove("do_not_contact");
        fields.insert("annual_billing".into(), billing);
    }
    customer
}

/// Ours creates many by an import of a file.
fn our_many(token: &str, customers: &[Value]) -> Vec<u8> {
    const COLUMNS: [&str; 12] = [
        "external_id",
        "name",
        "time_zone",
        "customer_since",
        "phone",
        "website",
        "industry",
        "street",
        "city",
        "postal_code",
        "country",
        "annual_billing",
    ];
    let mut file = format!("{},currency\n", COLUMNS.join(","));
    for customer in customers {
        for column in COLUMNS {
            match &customer[column] {
                Value::String(text) => file.push_str(text),
                amount => file.push_str(&amount["amount_minor"].to_string()),
            }
            file.push(',');
        }
        file.push_str("EUR\n");
    }
    let kind = "Content-Type: text/csv\r\n";
    request("POST", "/v1/customers/import", token, kind, file.as_bytes())
}

async fn ours(run: &Run) -> Outcome<(Peer, Server)> {
    let database = Database::sqlite(&run.folder, "beside-peers").await?;
    let server = database.serve(&run.program).await?;
    database::import(&server, CUSTOMERS).await?;
    let token = server.sign_in(&email(Role::Admin), PASSWORD).await?;
    let ids = some_customers(&server, &token)
        .await?
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    let asks = Asks {
        records: "/v1/customers",
        page: OURS,
        create: ("/v1/customers", 201),
        patch_type: "application/merge-patch+json",
        many: our_many,
        many_status: 200,
        shape: our_shape,
    };
    let peer = Peer {
        name: "Touchbase".into(),
        address: server.address.clone(),
        token,
        ids,
        asks,
    };
    Ok((peer, server))
}

/// Fills a product through its own bulk request, and reads ids back from the answers.
pub async fn fill(peer: &mut Peer, id_of: fn(&Value) -> Vec<String>) -> Outcome<()> {
    let mut connection = Connection::open(&peer.address).await?;
    for from in (0..CUSTOMERS).step_by(AT_ONCE) {
        let customers: Vec<Value> = (from..from + AT_ONCE).map(peer.asks.shape).collect();
        let answer = connection
            .json(&(peer.asks.many)(&peer.token, &customers), peer.asks.many_status)
            .await?;
        peer.ids.extend(id_of(&answer).into_iter().step_by(5));
    }
    if peer.ids.is_empty() {
        return Err(format!("{} holds nothing", peer.name).into());
    }
    Ok(())
}

/// What one product did: requests a second, and customers a second for the last.
#[derive(Default)]
struct Figures([Rounds; 5]);

const WHAT: [&str; 5] = [
    "GET one customer",
    "page of 50, filtered and sorted",
    "insert of one, 32 clients",
    "patch of one, 32 clients",
    "insert of 1,000 in one request",
];

async fn round(peer: &Peer, run: &Run, next: &Cell<usize>) -> Outcome<[f64; 5]> {
    let asks = &peer.asks;
    let pick = Cell::new(0_usize);
    let some_id = || {
        pick.set(pick.get() + 7_919);
        &peer.ids[pick.get() % peer.ids.len()]
    };
    let fresh = || {
        next.set(next.get() + 1);
        next.get()
    };
    let one = |_| Some(get(&format!("{}/{}", asks.records, some_id()), &peer.token));
    let one: Load = load(&peer.address, READERS, run.time, 200, one).await?;
    let page = get(asks.page, &peer.token);
    let page = load(&peer.address, READERS, run.time, 200, |_| Some(page.clone())).await?;
    let create = |_| Some(post(asks.create.0, &peer.token, "", &(asks.shape)(fresh())));
    let create = load(&peer.address, WRITERS, run.time, asks.create.1, create).await?;
    let kind = format!("Content-Type: {}\r\n", asks.patch_type);
    let patch = |_| {
        let body = json!({"phone": format!("+49 30 66{:05}", fresh() % 100_000)}).to_string();
        let path = format!("{}/{}", asks.records, some_id());
        Some(request("PATCH", &path, &peer.token, &kind, body.as_bytes()))
    };
    let patch = load(&peer.address, WRITERS, run.time, 200, patch).await?;
    let many = |_| {
        let customers: Vec<Value> = (0..AT_ONCE).map(|_| (asks.shape)(fresh())).collect();
        Some((asks.many)(&peer.token, &customers))
    };
    let many = load(&peer.address, 1, run.time, asks.many_status, many).await?;
    Ok([
        one.per_second,
        page.per_second,
        create.per_second,
        patch.per_second,
        many.per_second * AT_ONCE as f64,
    ])
}

/// Measures ours and every peer that installs.
pub async fn peers(run: &mut Run) -> Outcome<()> {
    let tools = tools()?;
    let (mut all, mut running) = (Vec::new(), Vec::new());
    for (name, started) in [
        ("PocketBase", pocketbase::start(run, &tools).await),
        ("Directus", directus::start(run, &tools).await),
    ] {
        match started {
            Ok((peer, process)) => {
                all.push(peer);
                running.push(process);
            }
            Err(error) => run.remarks.push(format!("{name} was not measured: {error}")),
        }
    }
    // Last, because its token is good for ten minutes.
    let (mine, _server) = ours(run).await?;
    all.insert(0, mine);
    let next = Cell::new(10 * CUSTOMERS);
    let mut figures: Vec<Figures> = all.iter().map(|_| Figures::default()).collect();
    for _ in 0..run.rounds.min(3) {
        for (peer, figures) in all.iter().zip(&mut figures) {
            let one_round = round(peer, run, &next).await;
            let one_round = one_round.map_err(|error| format!("{}: {error}", peer.name))?;
            for (rounds, figure) in figures.0.iter_mut().zip(one_round) {
                rounds.add(figure);
            }
        }
    }
    drop(running);
    let Some((own, others)) = figures.split_first() else {
        return Ok(());
    };
    for (peer, figures) in all.iter().skip(1).zip(others) {
        for ((what, mine), theirs) in WHAT.iter().zip(&own.0).zip(&figures.0) {
            let ratio = mine.over(theirs).median();
            run.row(Row {
                what: format!(
                    "beside {}: {what}, of {} customers",
                    peer.name,
                    number(CUSTOMERS as f64)
                ),
                measured: mine.show("/s"),
                against: theirs.show("/s"),
                ratio: format!("{ratio:.1} ×"),
                target: "> 1 ×".into(),
                met: Some(Target::AtLeast(1.0).met(ratio)),
            });
        }
    }
    Ok(())
}
