//! An import that is taken back, by a server that is killed again and again: every record goes once, and none is left.

use std::time::Duration;

use serde_json::{Value, json};
use touchbase::db::{Db, Sqls};

use crate::imports::{file, lease_ends, send};
use crate::support::Client;
use crate::support::database::on_postgres;
use crate::{client, organization, start};

const KILLS: usize = 12;
const ROWS: usize = 30_000;

/// How many customers are there, and how many entries tell of one that went.
async fn standing(url: &str) -> [i64; 2] {
    let db = Db::open(url, 2).await.unwrap();
    let counts: (i64, i64) = db
        .read()
        .sql("SELECT (SELECT COUNT(*) FROM customers), (SELECT COUNT(*) FROM journal WHERE kind = 'customer' AND verb = 'deleted')")
        .one()
        .await
        .unwrap();
    db.close().await;
    [counts.0, counts.1]
}

/// Waits until a job has come to an end.
async fn ended(client: &Client, path: &str) -> Value {
    for _ in 0..6_000 {
        let job = client.get(path).await.expect(200);
        if job["status"] != "running" && job["status"] != "queued" {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not come to an end");
}

#[actix_web::test]
async fn an_undoing_killed_twelve_times_leaves_nothing_and_takes_nothing_twice() {
    let (database, access) = organization().await;
    let (import, undo) = {
        let (mut process, url) = start(&database.url).await;
        let client = client(url, &access);
        let import: Value = send(&client, file("C", ROWS)).await.unwrap().json().await.unwrap();
        let import = format!("/v1/imports/{}", import["id"].as_str().unwrap());
        assert_eq!(ended(&client, &import).await["status"], "completed");
        let reply = client.post(&format!("{import}/undo"), json!({})).await;
        process.0.kill().unwrap();
        process.0.wait().unwrap();
        (import, reply.header("location"))
    };
    let rows = i64::try_from(ROWS).unwrap();
    let (mut between, mut before, mut patience) = (0, 0, 0);
    for round in 0..KILLS {
        if on_postgres() {
            lease_ends(&database.url).await;
        }
        let (mut process, url) = start(&database.url).await;
        tokio::time::sleep(Duration::from_millis(40 + rand::random::<u64>() % 1_000 + patience)).await;
        // Asked for again at any moment, it is the same.
        let reply = client(url, &access).post(&format!("{import}/undo"), json!({})).await;
        assert_eq!(reply.header("location"), undo);
        process.0.kill().unwrap();
        process.0.wait().unwrap();
        let [left, gone] = standing(&database.url).await;
        assert_eq!(left + gone, rows, "round {round}");
        patience = if gone == before { patience + 700 } else { patience / 2 };
        before = gone;
        between += usize::from(gone > 0 && left > 0);
    }
    assert!(
        between > 2,
        "it was killed {between} times between its first record and its last"
    );
    if on_postgres() {
        lease_ends(&database.url).await;
    }
    let (_process, url) = start(&database.url).await;
    let client = client(url, &access);
    assert_eq!(ended(&client, &undo).await["status"], "completed");
    let back = client.get(&import).await.expect(200);
    assert_eq!(
        (&back["status"], &back["outcome"]["undone"]["removed"]),
        (&json!("reverted"), &json!(ROWS)),
        "{back}"
    );
    assert_eq!(standing(&database.url).await, [0, rows]);
}
