//! `kill -9` at any moment: nothing that was acknowledged is lost, nothing is done by halves, and a repeated request
//! gets the answer that the first one got.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod imports;
mod pushes;
#[path = "../support/mod.rs"]
mod support;
mod undoings;

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use support::{Client, Database, config};
use touchbase::access::{Role, token};
use touchbase::app::App;
use touchbase::clock::Clock;
use touchbase::features::people::setup;
use uuid::Uuid;

const KILLS: usize = 8;
const CLIENTS: usize = 6;

/// The real program, killed when dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

async fn start(database: &str) -> (Process, String) {
    let listen = format!("127.0.0.1:{}", free_port());
    let child = Command::new(env!("CARGO_BIN_EXE_touchbase"))
        .args([
            "serve",
            "--database",
            database,
            "--listen",
            &listen,
            "--workers",
            "2",
            "--log",
            "error",
        ])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let process = Process(child);
    let url = format!("http://{listen}");
    for _ in 0..600 {
        if support::http().get(format!("{url}/openapi.json")).send().await.is_ok() {
            return (process, url);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server did not start");
}

type Acknowledged = Arc<Mutex<HashMap<String, Value>>>;

fn body(key: &str) -> Value {
    json!({"name": format!("Customer {key}"), "external_id": key, "tags": ["kill"]})
}

/// Posts one new customer after another, and notes each that was acknowledged.
async fn work(client: Client, round: usize, number: usize, sent: Arc<Mutex<Vec<String>>>, acknowledged: Acknowledged) {
    for at in 0.. {
        let key = format!("{round}-{number}-{at}");
        sent.lock().unwrap().push(key.clone());
        let request = client
            .request("POST", "/v1/customers")
            .header("idempotency-key", &key)
            .json(&body(&key));
        let Ok(response) = request.send().await else { return };
        let status = response.status().as_u16();
        let Ok(text) = response.text().await else { return };
        assert_eq!(status, 201, "{text}");
        acknowledged
            .lock()
            .unwrap()
            .insert(key, serde_json::from_str(&text).unwrap());
    }
}

/// A database with an organization, and its admin's token.
async fn organization() -> (Database, String) {
    let database = Database::new().await;
    let clock = Clock::default();
    let app = App::open(config(&database.url), clock.clone(), None).await.unwrap();
    let organization = setup::organization(&app, "Northwind Traders", "Europe/Berlin")
        .await
        .unwrap();
    let fields = json!({"email": "admin@northwind.test", "name": "The admin", "role": "admin"});
    let admin = setup::user(&app, organization, serde_json::from_value(fields).unwrap(), None)
        .await
        .unwrap();
    app.db.close().await;
    let keys_db = touchbase::db::Db::open(&database.url, 2).await.unwrap();
    let keys = token::Keys::open(&keys_db, &clock, "http://127.0.0.1:8080")
        .await
        .unwrap();
    let access = keys
        .issue(&clock, organization, admin.id, Role::Admin, Uuid::nil())
        .unwrap();
    keys_db.close().await;
    (database, access)
}

/// A client of a server at this address.
fn client(url: String, access: &str) -> Client {
    Client {
        http: support::http(),
        url,
        token: Some(access.to_owned()),
        user: None,
    }
}

#[actix_web::test]
async fn a_killed_server_has_lost_nothing_and_doubled_nothing() {
    let (database, access) = organization().await;
    let sent = Arc::new(Mutex::new(Vec::new()));
    let acknowledged: Acknowledged = Arc::default();
    for round in 0..KILLS {
        let (mut process, url) = start(&database.url).await;
        let client = Client {
            http: support::http(),
            url,
            token: Some(access.clone()),
            user: None,
        };
        let tasks: Vec<_> = (0..CLIENTS)
            .map(|number| actix_web::rt::spawn(work(client.clone(), round, number, sent.clone(), acknowledged.clone())))
            .collect();
        // On a machine that is busy otherwise little is done in a moment; something must have been.
        for _ in 0..200 {
            if acknowledged.lock().unwrap().len() > 2 * round {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tokio::time::sleep(Duration::from_millis(50 + 37 * round as u64)).await;
        process.0.kill().unwrap();
        process.0.wait().unwrap();
        for task in tasks {
            task.await.unwrap();
        }
    }

    let (_process, url) = start(&database.url).await;
    let client = Client {
        http: support::http(),
        url,
        token: Some(access),
        user: None,
    };
    let (sent, acknowledged) = (sent.lock().unwrap().clone(), acknowledged.lock().unwrap().clone());
    assert!(
        acknowledged.len() > KILLS,
        "too little was done to prove anything: {}",
        acknowledged.len()
    );
    let mut replayed = 0;
    for key in &sent {
        let reply = client.post_once("/v1/customers", key, body(key)).await;
        let was_replayed = reply.header("idempotency-replayed") == "true";
        let answer = reply.expect(201);
        match acknowledged.get(key) {
            Some(first) => assert!(
                was_replayed && answer == *first,
                "{key} was acknowledged and is answered otherwise now"
            ),
            None => replayed += usize::from(was_replayed),
        }
    }
    let all = client.get("/v1/customers?include_total=true&limit=1").await.expect(200);
    assert_eq!(
        all["total"],
        sent.len(),
        "every request has had exactly one effect ({replayed} had committed unanswered)"
    );
}
