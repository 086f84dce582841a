//! An import that is killed twenty times, and a bulk assignment with each: no row and no assignment is lost, or there twice.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use touchbase::clock::Clock;
use touchbase::db::{Db, Sqls};

use crate::support::Client;
use crate::{client, organization, start};

const KILLS: usize = 20;
const ROWS: usize = 60_000;
/// Assignments of one request.
const BULK: usize = 100;

pub fn file(prefix: &str, rows: usize) -> String {
    let mut file = String::from("external_id,name,city\n");
    for at in 0..rows {
        file.push_str(&format!("{prefix}-{at},Customer {at},Ulm\n"));
    }
    file
}

pub async fn send(client: &Client, body: impl Into<reqwest::Body>) -> Result<reqwest::Response, reqwest::Error> {
    let request = client.request("POST", "/v1/imports?target=customers");
    let request = request
        .header("content-type", "text/csv")
        .header("idempotency-key", "file");
    request.body(body).send().await
}

async fn assign(client: &Client, round: usize, executive: &str) -> Result<reqwest::Response, reqwest::Error> {
    let items: Vec<Value> = (round * BULK..(round + 1) * BULK)
        .map(|at| json!({"customer_external_id": format!("A-{at}"), "assignee_email": executive}))
        .collect();
    let request = client.request("POST", "/v1/assignments/bulk");
    let request = request.header("idempotency-key", format!("bulk-{round}"));
    request.json(&json!({"items": items})).send().await
}

/// What stands in the database: customers of the file, under how many ids, made by how many entries; rows that the job tells of; and
/// assignments, of how many customers.
async fn standing(url: &str) -> [i64; 6] {
    let db = Db::open(url, 2).await.unwrap();
    let mut read = db.read();
    let (customers, names): (i64, i64) = read
        .sql("SELECT COUNT(*), COUNT(DISTINCT external_id) FROM customers")
        .one()
        .await
        .unwrap();
    let (entries,): (i64,) = read
        .sql("SELECT COUNT(*) FROM journal WHERE kind = 'customer'")
        .one()
        .await
        .unwrap();
    let told: Option<(Option<i64>,)> = read
        .sql("SELECT processed_rows FROM jobs WHERE kind = 'import'")
        .optional()
        .await
        .unwrap();
    let (assignments, called): (i64, i64) = read
        .sql("SELECT COUNT(*), COUNT(DISTINCT customer_id) FROM assignments")
        .one()
        .await
        .unwrap();
    db.close().await;
    let told = told.and_then(|(told,)| told).unwrap_or(0);
    [customers, names, entries, told, assignments, called]
}

/// As if six minutes had gone by: whoever had the work in hand is not coming back.
pub async fn lease_ends(url: &str) {
    let db = Db::open(url, 2).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    tx.sql("UPDATE jobs SET due_at = $1 WHERE status = 'running'")
        .bind(Clock::default().now())
        .run()
        .await
        .unwrap();
    tx.commit().await.unwrap();
    db.close().await;
}

#[actix_web::test]
async fn an_import_killed_twenty_times_has_every_row_once() {
    let (database, access) = organization().await;
    let executive = "admin@northwind.test";
    let called = i64::try_from(KILLS * BULK).unwrap();
    {
        let (_process, url) = start(&database.url).await;
        let client = client(url, &access);
        let program = client.get("/v1/programs").await.expect(200);
        assert_eq!(program["data"].as_array().unwrap().len(), 1);
        let report = client
            .csv("/v1/customers/import", file("A", KILLS * BULK))
            .await
            .expect(200);
        assert_eq!(report["created"], KILLS * BULK);
    }
    // The first upload does not get to its end.
    {
        let (mut process, url) = start(&database.url).await;
        let piece = vec![b'x'; 1 << 20];
        let pieces = futures_util::stream::iter(0..1_000).then(move |_| {
            let piece = piece.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                Ok::<_, std::io::Error>(piece)
            }
        });
        let client = client(url, &access);
        let upload =
            actix_web::rt::spawn(async move { send(&client, reqwest::Body::wrap_stream(pieces)).await.is_err() });
        tokio::time::sleep(Duration::from_millis(400)).await;
        process.0.kill().unwrap();
        process.0.wait().unwrap();
        assert!(upload.await.unwrap(), "it was answered before it was whole");
    }
    let mut import = None;
    let (mut between, mut before, mut patience) = (0, 0, 0);
    for round in 0..KILLS {
        lease_ends(&database.url).await;
        let (mut process, url) = start(&database.url).await;
        let client = client(url, &access);
        // Sent again each time: it is the same import, whether the answer had been lost or not.
        let answer = send(&client, file("C", ROWS)).await.unwrap();
        assert_eq!(answer.status().as_u16(), 202);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(*import.get_or_insert(answer["id"].clone()), answer["id"]);
        if round > 0 {
            let again = assign(&client, round - 1, executive).await.unwrap();
            assert_eq!(again.status().as_u16(), 201, "{}", again.text().await.unwrap());
        }
        let bulk = client.clone();
        let bulk = actix_web::rt::spawn(async move { assign(&bulk, round, executive).await.is_ok() });
        tokio::time::sleep(Duration::from_millis(40 + rand::random::<u64>() % 1_500 + patience)).await;
        process.0.kill().unwrap();
        process.0.wait().unwrap();
        drop(bulk.await);
        let [customers, names, entries, told, assignments, of] = standing(&database.url).await;
        assert_eq!([names, entries, told + called], [customers; 3], "round {round}");
        assert_eq!(
            assignments % i64::try_from(BULK).unwrap(),
            0,
            "half of a bulk assignment"
        );
        assert_eq!(assignments, of);
        // Where the machine is too slow for a portion in so short a time, it is given more.
        patience = if told == before { patience + 700 } else { patience / 2 };
        before = told;
        between += usize::from(told > 0 && told < i64::try_from(ROWS).unwrap());
    }
    assert!(
        between > 2,
        "it was killed {between} times between its first row and its last"
    );
    lease_ends(&database.url).await;
    let (_process, url) = start(&database.url).await;
    let client = client(url, &access);
    assert_eq!(
        assign(&client, KILLS - 1, executive).await.unwrap().status().as_u16(),
        201
    );
    let path = format!("/v1/imports/{}", import.unwrap().as_str().unwrap());
    let mut done = Value::Null;
    for _ in 0..6_000 {
        done = client.get(&path).await.expect(200);
        if done["status"] != "running" && done["status"] != "queued" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(
        (&done["status"], &done["outcome"]["created"]),
        (&json!("completed"), &json!(ROWS)),
        "{done}"
    );
    let list = async |list: &str| {
        client
            .get(&format!("/v1/{list}?limit=1&include_total=true"))
            .await
            .expect(200)["total"]
            .clone()
    };
    assert_eq!(list("customers").await, ROWS + KILLS * BULK);
    assert_eq!(list("assignments").await, KILLS * BULK);
}
