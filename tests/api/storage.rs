//! What the database keeps when disks fill up, writers crowd and statements never end.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;
use touchbase::db::{Db, Json, Kind, Sqls};
use touchbase::id::OrganizationId;
use touchbase::workers;

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

#[actix_web::test]
async fn tables_are_counted_once_they_have_grown_and_every_connection_knows() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("counted.db").display());
    let db = Db::open(&url, 1).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    for (table, rows) in [("few", 999), ("many", 5_000)] {
        tx.sql(format!("CREATE TABLE {table} (a BIGINT, b BIGINT)"))
            .run()
            .await
            .unwrap();
        for column in ["a", "b"] {
            let index = format!("CREATE INDEX {table}_by_{column} ON {table} ({column})");
            tx.sql(index).run().await.unwrap();
        }
        tx.sql(format!("INSERT INTO {table} WITH RECURSIVE n (a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n WHERE a < {rows}) SELECT 7, a FROM n"))
            .run()
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let plan = "EXPLAIN QUERY PLAN SELECT * FROM many WHERE a = 7 AND b IN (1, 2, 3)";
    let before: Vec<(i64, i64, i64, String)> = db.read().sql(plan).all().await.unwrap();
    assert!(before[0].3.contains("many_by_a"), "{before:?}");
    db.take_stock().await.unwrap();
    let counted: Vec<(String,)> = db
        .read()
        .sql("SELECT DISTINCT tbl FROM sqlite_stat1")
        .all()
        .await
        .unwrap();
    assert_eq!(counted, [("many".to_owned(),)]);
    let after: Vec<(i64, i64, i64, String)> = db.read().sql(plan).all().await.unwrap();
    assert!(
        after[0].3.contains("many_by_b"),
        "an index that leaves all rows helps nobody: {after:?}"
    );
    db.close().await;
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
            // Some of them long.
            let begun = if n % 5 == 0 {
                db.begin_turn(OrganizationId::from(uuid::Uuid::nil()), true).await
            } else {
                db.begin().await
            };
            let mut tx = begun.unwrap();
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
    let error = db.read().sql(ENDLESS).one::<(i64,)>().await.unwrap_err();
    assert_eq!(touchbase::db::fault(&error), touchbase::db::Fault::Deadline);
    db.close().await;
}

#[cfg(unix)]
#[actix_web::test]
async fn a_new_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new customers.db");
    let db = Db::open(&format!("sqlite://{}", path.display()), 1).await.unwrap();
    db.migrate().await.unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }
    db.close().await;
}

#[actix_web::test]
async fn an_address_that_leads_to_no_database_is_told_apart() {
    for (url, says) in [
        ("touchbase", "sqlite://PATH"),
        ("mysql://localhost/touchbase", "postgres://"),
        ("postgres://touchbase@127.0.0.1:1/touchbase", "refused"),
    ] {
        let Err(error) = Db::open(url, 1).await else {
            panic!("{url} was opened");
        };
        assert!(error.to_string().contains(says), "{url}: {error}");
    }
}

#[actix_web::test]
async fn a_migration_may_take_longer_than_what_is_asked() {
    let database = Database::fresh().await;
    let db = Db::open_with(&database.url, 2, Duration::from_millis(1)).await.unwrap();
    db.migrate().await.unwrap();
    // Asked with more patience.
    let db = Db::open(&database.url, 2).await.unwrap();
    assert!(db.is_migrated().await.unwrap());
}

/// Counts ten thousand million rows one by one: an hour, if it is let.
const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT COUNT(*) FROM n a, n b";

#[actix_web::test]
async fn nobody_waits_behind_a_statement_that_nobody_waits_for() {
    let database = Database::new().await;
    let db = Db::open_with(&database.url, 32, Duration::from_secs(3600))
        .await
        .unwrap();
    // PostgreSQL goes on by itself until its own deadline; its connections are many, and not asked meanwhile.
    if db.kind() == Kind::Postgres {
        return;
    }
    for _ in 0..10 {
        let mut reader = db.read();
        let gone = tokio::time::timeout(Duration::from_millis(20), reader.sql(ENDLESS).one::<(i64,)>());
        gone.await.expect_err("it ended");
    }
    let mut tx = db.begin().await.unwrap();
    let gone = tokio::time::timeout(Duration::from_millis(20), tx.sql(ENDLESS).one::<(i64,)>());
    gone.await.expect_err("it ended");
    drop(tx);
    let others = async {
        for _ in 0..10 {
            let (one,): (i64,) = db.read().sql("SELECT CAST(1 AS BIGINT)").one().await.unwrap();
            assert_eq!(one, 1);
        }
        let mut tx = db.begin().await.unwrap();
        tx.sql("CREATE TABLE free (n BIGINT)").run().await.unwrap();
        tx.commit().await.unwrap();
    };
    let others = tokio::time::timeout(Duration::from_secs(60), others);
    others.await.expect("the connections are free again");
}

#[actix_web::test]
async fn who_writes_without_end_leaves_connections_for_others() {
    let database = Database::new().await;
    let db = Db::open(&database.url, 8).await.unwrap();
    // SQLite has one writer, whom all wait for.
    if db.kind() == Kind::Sqlite {
        return;
    }
    let organization = |number: u128| OrganizationId::from(uuid::Uuid::from_u128(number));
    let first = db.begin_turn(organization(0), false).await.unwrap();
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move { db.begin_turn(organization(0), false).await.map(drop) })
        })
        .collect();
    // Each of them comes to where it waits.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let mut others = Vec::new();
    for number in 1..4 {
        others.push(db.begin_turn(organization(number), false).await.unwrap());
    }
    drop(first);
    for turn in waiting {
        turn.await.unwrap().unwrap();
    }
}

#[actix_web::test]
async fn who_is_told_that_nothing_was_kept_is_told_the_truth() {
    let database = Database::new().await;
    let db = Db::open(&database.url, 16).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    tx.sql("CREATE TABLE kept (n BIGINT NOT NULL)").run().await.unwrap();
    tx.commit().await.unwrap();
    let mut told = Vec::new();
    for round in 0..100_i64 {
        let write = |n: i64| {
            let db = db.clone();
            async move {
                let mut tx = db.begin().await?;
                tx.sql("INSERT INTO kept (n) VALUES ($1)").bind(n).run().await?;
                tx.commit().await
            }
        };
        // Each third one goes away, somewhere on its way.
        let away = tokio::time::timeout(Duration::from_micros(u64::try_from(round).unwrap() * 40), write(-1));
        let (first, _, second) = tokio::join!(write(round * 2), away, write(round * 2 + 1));
        told.push((round * 2, first.is_ok()));
        told.push((round * 2 + 1, second.is_ok()));
    }
    let kept: Vec<(i64,)> = db
        .read()
        .sql("SELECT n FROM kept WHERE n >= 0 ORDER BY n")
        .all()
        .await
        .unwrap();
    let acknowledged: Vec<(i64,)> = told.iter().filter(|(_, ok)| *ok).map(|(n, _)| (*n,)).collect();
    assert_eq!(kept, acknowledged);
    db.close().await;
}

#[actix_web::test]
async fn what_has_expired_goes_although_a_table_makes_trouble() {
    let server = Server::start().await;
    let mut tx = server.app.db.begin().await.unwrap();
    tx.sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) INSERT INTO idempotency_records (organization_id, scope, fingerprint, status, headers, body, created_at) SELECT $1, CAST(i AS TEXT), $2, 200, $3, $2, $4 FROM n")
        .bind(server.organization)
        .bind(vec![0_u8])
        .bind(Json(json!([])))
        .bind(server.app.clock.now())
        .run()
        .await
        .unwrap();
    tx.sql("ALTER TABLE login_failures RENAME TO away").run().await.unwrap();
    tx.commit().await.unwrap();
    for (days, left) in [(6, 2_500), (2, 0)] {
        server.app.clock.advance(TimeDelta::days(days));
        assert!(workers::swept(&server.app).await.is_err(), "a table is away");
        let count = "SELECT COUNT(*) FROM idempotency_records WHERE scope < 'A'";
        let (count,): (i64,) = server.app.read().sql(count).one().await.unwrap();
        assert_eq!(count, left);
    }
}
