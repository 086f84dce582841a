//! What the database keeps when disks fill up, writers crowd and statements never end.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use touchbase::db::{Db, Sqls};

use crate::support::{Database, Server};

#[actix_web::test]
async fn sqlite_is_the_one_that_keeps_its_word() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("promise.db").display());
    let db = Db::open(&url, 1).await.unwrap();
    let Db::Sqlite(sqlite) = &db else {
        panic!("this is SQLite");
    };
    let number = |pragma: &'static str| {
        sqlite.alone(async move |connection| {
            let value: i64 = sqlx::query_scalar(pragma).fetch_one(connection).await.unwrap();
            value
        })
    };
    // 2 is FULL. NORMAL loses acknowledged writes when the power goes.
    assert_eq!(number("PRAGMA synchronous").await.unwrap(), 2);
    assert_eq!(number("PRAGMA foreign_keys").await.unwrap(), 1);
    let (query_only,): (i64,) = db.read().sql("PRAGMA query_only").one().await.unwrap();
    assert_eq!(query_only, 1);
    let (mode,): (String,) = db.read().sql("PRAGMA journal_mode").one().await.unwrap();
    assert_eq!(mode, "wal");
    // Before 3.51.3 a WAL can be corrupted.
    let (version,): (String,) = db.read().sql("SELECT sqlite_version()").one().await.unwrap();
    let parts: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(parts >= vec![3, 51, 3], "{version}");
}

/// Lets the file grow no more, as long as the writer's connection lives.
async fn full_from_now_on(sqlite: &std::sync::Arc<touchbase::db::Sqlite>) {
    sqlite
        .alone(async |connection| {
            let pages: i64 = sqlx::query_scalar("PRAGMA page_count")
                .fetch_one(&mut *connection)
                .await
                .unwrap();
            let limit = format!("PRAGMA max_page_count = {}", pages + 3);
            sqlx::query(sqlx::AssertSqlSafe(limit))
                .execute(connection)
                .await
                .unwrap();
        })
        .await
        .unwrap();
}

#[actix_web::test]
async fn a_full_disk_stops_writing_and_nothing_else() {
    let server = Server::start().await;
    let Db::Sqlite(sqlite) = &server.app.db else {
        return;
    };
    let manager = server.manager();
    let customer = manager
        .post("/v1/customers", json!({"name": "Before"}))
        .await
        .expect(201);
    let path = format!("/v1/customers/{}", customer["id"].as_str().unwrap());
    full_from_now_on(sqlite).await;
    let mut full = false;
    for at in 0..200 {
        let body = json!({"name": format!("Large {at}"), "custom_fields": {"text": "x".repeat(900)}});
        let reply = manager.post("/v1/customers", body).await;
        if reply.status != 201 {
            assert_eq!(reply.problem(507), "storage_full");
            full = true;
            break;
        }
    }
    assert!(full);
    assert_eq!(manager.get(&path).await.expect(200), customer);
    // The writer whose transaction SQLite itself has ended is replaced by a fresh one.
    manager.patch(&path, json!({"city": "Ulm"})).await.expect(200);
}

async fn stored(server: &Server) -> i64 {
    let mut reader = server.app.db.read();
    let (count,): (i64,) = reader.sql("SELECT COUNT(*) FROM customers").one().await.unwrap();
    count
}

#[actix_web::test]
async fn of_many_writers_at_a_full_disk_those_who_were_answered_are_kept() {
    let server = Server::start().await;
    let Db::Sqlite(sqlite) = &server.app.db else {
        return;
    };
    let manager = server.manager();
    full_from_now_on(sqlite).await;
    let writers = (0..40).map(|at| {
        let manager = manager.clone();
        async move {
            let body = json!({"name": format!("Large {at}"), "custom_fields": {"text": "x".repeat(900)}});
            let reply = manager.post("/v1/customers", body).await;
            assert!([201, 503, 507].contains(&reply.status), "{}", reply.status);
            i64::from(reply.status == 201)
        }
    });
    let kept: i64 = join_all(writers).await.into_iter().sum();
    assert!(kept < 40, "the disk was not full");
    assert_eq!(stored(&server).await, kept);
}

#[actix_web::test]
async fn units_that_share_a_transaction_end_each_by_itself() {
    let database = Database::new().await;
    let db = Db::open(&database.url, 16).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    tx.sql("CREATE TABLE kept (n BIGINT NOT NULL)").run().await.unwrap();
    tx.commit().await.unwrap();
    let units = (0..60_i64).map(|n| {
        let db = db.clone();
        async move {
            let mut tx = db.begin().await.unwrap();
            tx.sql("INSERT INTO kept (n) VALUES ($1)").bind(n).run().await.unwrap();
            match n % 3 {
                0 => tx.commit().await.unwrap(),
                1 => drop(tx),
                _ => {
                    // What failed in one unit is that unit's alone.
                    tx.sql("INSERT INTO nowhere VALUES (1)").run().await.unwrap_err();
                }
            }
        }
    });
    tokio::time::timeout(Duration::from_secs(60), join_all(units))
        .await
        .expect("nobody waits for ever");
    let kept: Vec<(i64,)> = db.read().sql("SELECT n FROM kept ORDER BY n").all().await.unwrap();
    assert_eq!(kept, (0..60).filter(|n| n % 3 == 0).map(|n| (n,)).collect::<Vec<_>>());
    // Nobody holds the file when nobody writes: another process can.
    let other = Db::open(&database.url, 2).await.unwrap();
    let mut tx = other.begin().await.unwrap();
    tx.sql("INSERT INTO kept (n) VALUES (99)").run().await.unwrap();
    tx.commit().await.unwrap();
    other.close().await;
    db.close().await;
}

#[actix_web::test]
async fn a_statement_that_takes_too_long_is_ended_on_both_databases() {
    let database = Database::new().await;
    let db = Db::open_with(&database.url, 2, Duration::from_secs(1)).await.unwrap();
    // Ten thousand million rows, counted one by one.
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT COUNT(*) FROM n a, n b";
    let error = db.read().sql(endless).one::<(i64,)>().await.unwrap_err();
    assert_eq!(touchbase::db::fault(&error), touchbase::db::Fault::Deadline);
    db.close().await;
}
