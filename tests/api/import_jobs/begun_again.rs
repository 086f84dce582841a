//! Imports that are interrupted: canceled, overtaken, dropped in the middle. Every row is in once, or not at all.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use touchbase::app::App;
use touchbase::db::Sqls;
use touchbase::jobs::{LEASE, Runner};
use touchbase::{routes, workers};

use super::{customers, figures, read, send, total};
use crate::support::{Client, Server, config};

/// What stands in the database of a file of so many customers: how many there are, how many entries made them, and under how many ids of
/// the CRM.
async fn made(server: &Server) -> (i64, i64, i64) {
    let mut db = server.app.read();
    let (customers, names): (i64, i64) = db
        .sql("SELECT COUNT(*), COUNT(DISTINCT external_id) FROM customers WHERE organization_id = $1")
        .bind(server.organization)
        .one()
        .await
        .unwrap();
    let (entries,): (i64,) = db
        .sql("SELECT COUNT(*) FROM journal WHERE organization_id = $1 AND kind = 'customer'")
        .bind(server.organization)
        .one()
        .await
        .unwrap();
    (customers, entries, names)
}

/// Waits until so many rows are in.
async fn rows(client: &Client, import: &Value, least: i64) -> Value {
    for _ in 0..3_000 {
        let now = read(client, import).await;
        if now["processed_rows"].as_i64().unwrap() >= least {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it does not get on");
}

#[actix_web::test]
async fn a_canceled_import_keeps_whole_portions_and_goes_no_further() {
    let server = Server::start().await;
    let manager = server.manager();
    let import = send(&manager, "k", "target=customers", "text/csv", customers(30_000))
        .await
        .expect(202);
    let workers = workers::start(&server.app);
    let before = rows(&manager, &import, 2_000).await;
    assert!(before["estimated_end_at"].is_string(), "{before}");
    let path = format!("/v1/imports/{}/cancel", import["id"].as_str().unwrap());
    let canceled = manager.post(&path, json!({})).await.expect(200);
    assert_eq!(
        (canceled["status"].clone(), canceled["estimated_end_at"].clone()),
        (json!("canceled"), json!(null))
    );
    workers.stop().await;
    let after = read(&manager, &import).await;
    let processed = canceled["processed_rows"].as_i64().unwrap();
    assert_eq!(after["processed_rows"], canceled["processed_rows"], "it went on");
    assert!(processed % 2_000 == 0 && processed < 30_000, "{processed}");
    assert_eq!(made(&server).await, (processed, processed, processed));
    assert_eq!(figures(&after)[0], processed.unsigned_abs());
    assert_eq!(manager.post(&path, json!({})).await.expect(200)["status"], "canceled");
}

#[actix_web::test]
async fn an_import_that_is_dropped_anywhere_goes_on_where_it_was() {
    let server = Server::start().await;
    let manager = server.manager();
    // Cut by chunks, and with rows of several lines.
    let mut file = String::from("\u{feff}external_id,name,street\r\n");
    for at in 0..9_000 {
        let street = if at % 3 == 0 {
            "\"Line one\r\nline \"\"two\"\"\""
        } else {
            "Street"
        };
        file.push_str(&format!("C-{at},Customer {at},{street}{}\r\n", "x".repeat(at % 200)));
    }
    let import = send(&manager, "k", "target=customers", "text/csv", file)
        .await
        .expect(202);
    let url = server.app.config.database_url.clone();
    let (mut interrupted, mut before, mut patience) = (0, 0, 0);
    for round in 0..60_u64 {
        // A new instance each time, as after a crash; its clock has gone on beyond the lease.
        let app: Arc<App> = App::open(config(&url), server.app.clock.clone(), None).await.unwrap();
        let runner = Runner::new(app.clone(), routes::jobs());
        let claimed = runner.claim(1).await.unwrap();
        for running in claimed.jobs {
            let moment = Duration::from_millis(round * 37 % 500 + patience);
            if tokio::time::timeout(moment, runner.run(running)).await.is_err() {
                interrupted += 1;
            }
        }
        app.db.close().await;
        server.app.clock.advance(LEASE);
        let now = read(&server.manager(), &import).await;
        let (count, entries, names) = made(&server).await;
        assert_eq!((entries, names), (count, count));
        assert_eq!(
            now["processed_rows"].as_i64().unwrap(),
            count,
            "what is told is what is in"
        );
        if now["status"] == "completed" {
            break;
        }
        // Where the machine is too slow for a portion in so short a time, it is given more.
        patience = if count == before { patience + 500 } else { patience / 2 };
        before = count;
    }
    workers::settle(&server.app).await.unwrap();
    let done = read(&server.manager(), &import).await;
    assert_eq!(done["status"], "completed", "{done}");
    assert!(interrupted > 2, "it was never interrupted: {interrupted}");
    assert_eq!(figures(&done), [9_000, 0, 0, 0]);
    assert_eq!(made(&server).await, (9_000, 9_000, 9_000));
    let streets = server
        .manager()
        .get("/v1/customers?external_id=C-8700")
        .await
        .expect(200);
    assert!(streets["data"][0]["street"].as_str().unwrap().contains("line \"two\""));
}

#[actix_web::test]
async fn others_write_while_a_file_is_imported() {
    let server = Server::start().await;
    let manager = server.manager();
    let import = send(&manager, "k", "target=customers", "text/csv", customers(20_000))
        .await
        .expect(202);
    let workers = workers::start(&server.app);
    rows(&manager, &import, 2_000).await;
    let mut between = 0;
    while read(&manager, &import).await["status"] == "running" && between < 20 {
        let name = format!("Between {between}");
        manager.post("/v1/customers", json!({"name": name})).await.expect(201);
        between += 1;
    }
    assert!(between > 1, "nobody had their turn");
    rows(&manager, &import, 20_000).await;
    workers.stop().await;
    workers::settle(&server.app).await.unwrap();
    assert_eq!(total(&manager, "customers").await, 20_000 + between);
}
