//! A push that is killed twenty times: what a device did offline is on record once, whatever was cut off and sent again.

use std::time::Duration;

use serde_json::{Value, json};
use touchbase::clock::Clock;
use touchbase::db::{Db, Sqls};
use uuid::Uuid;

use crate::support::Client;
use crate::{client, organization, start};

const KILLS: usize = 20;
/// Of one push: as many as a device sends at once.
const MUTATIONS: usize = 100;

/// One of a device's notes. The same number is the same note.
fn note(number: usize, customer: &str, at: &Value) -> Value {
    let id = Uuid::from_u128(0x7000_8000_0000_0000_0000 + number as u128);
    json!({"mutation_id": format!("note-{number}"), "collection": "notes", "id": id, "op": "upsert", "base_revision": 0,
        "fields": {"customer_id": customer, "type": "general", "body": format!("Note {number}"), "occurred_at": at}})
}

async fn push(client: &Client, mutations: &[Value]) -> Result<Value, reqwest::Error> {
    let request = client.request("POST", "/v1/sync/push");
    let body = json!({"client_id": "telephone", "mutations": mutations});
    request.json(&body).send().await?.error_for_status()?.json().await
}

/// Notes that are there, and entries of the journal about them.
async fn standing(url: &str) -> [i64; 2] {
    let db = Db::open(url, 2).await.unwrap();
    let mut read = db.read();
    let (notes,): (i64,) = read.sql("SELECT COUNT(*) FROM notes").one().await.unwrap();
    let (entries,): (i64,) = read
        .sql("SELECT COUNT(*) FROM journal WHERE kind = 'note'")
        .one()
        .await
        .unwrap();
    db.close().await;
    [notes, entries]
}

#[actix_web::test]
async fn a_push_killed_twenty_times_has_every_mutation_once() {
    let (database, access) = organization().await;
    let at = json!(Clock::default().now());
    let customer = {
        let (_process, url) = start(&database.url).await;
        let client = client(url, &access);
        let me = client.get("/v1/me").await.expect(200);
        let made = client
            .post("/v1/customers", json!({"name": "Alfreds"}))
            .await
            .expect(201);
        let assignment = json!({"customer_id": made["id"], "assignee_id": me["user"]["id"]});
        client.post("/v1/assignments", assignment).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    };
    let mut halves = 0;
    for round in 0..KILLS {
        let numbers = round * MUTATIONS..(round + 1) * MUTATIONS;
        let mutations: Vec<Value> = numbers.map(|number| note(number, &customer, &at)).collect();
        let (mut process, url) = start(&database.url).await;
        let client = client(url, &access);
        if let Some(before) = round.checked_sub(1) {
            let numbers = before * MUTATIONS..round * MUTATIONS;
            let again: Vec<Value> = numbers.map(|number| note(number, &customer, &at)).collect();
            let answer = push(&client, &again).await.unwrap();
            let results = answer["results"].as_array().unwrap();
            assert_eq!(results.len(), MUTATIONS);
            assert!(results.iter().all(|result| result["status"] == "applied"), "{answer}");
        }
        let cut = actix_web::rt::spawn(async move { push(&client, &mutations).await.is_ok() });
        tokio::time::sleep(Duration::from_millis(20 + rand::random::<u64>() % 400)).await;
        process.0.kill().unwrap();
        process.0.wait().unwrap();
        cut.await.unwrap();
        let [notes, entries] = standing(&database.url).await;
        assert_eq!(notes, entries, "round {round}");
        let now = notes - i64::try_from(round * MUTATIONS).unwrap();
        assert!(
            (0..=i64::try_from(MUTATIONS).unwrap()).contains(&now),
            "round {round}: {notes}"
        );
        halves += usize::from(now > 0 && now < i64::try_from(MUTATIONS).unwrap());
    }
    assert!(
        halves > 2,
        "it was killed {halves} times between its first mutation and its last"
    );
}
