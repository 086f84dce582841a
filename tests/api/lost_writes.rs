//! sqlx 0.9.0 returns a connection to the pool inside an open transaction when a future is dropped during `begin`. The next
//! autocommit write is answered and then lost. The pool's `after_release` ends such a transaction.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use touchbase::db::Db;

use crate::support::Database;
use crate::support::database::on_postgres;

/// Drops `begin` at many points, other ones in each attempt, each time followed by a write that is acknowledged; how many of those are gone.
async fn lost(pool: &PgPool, url: &str, attempt: u64) -> usize {
    let mut kept = Vec::new();
    for round in 0..120_u32 {
        let mut begin = Box::pin(pool.begin());
        for _ in 0..1 + round % 6 {
            if poll_fn(|context| Poll::Ready(begin.as_mut().poll(context).is_ready())).await {
                break;
            }
            // The database answers meanwhile.
            std::thread::sleep(Duration::from_micros(300 * attempt));
            tokio::task::yield_now().await;
        }
        drop(begin);
        let name = format!("canary-{attempt}-{round}");
        let written = sqlx::query("INSERT INTO installation_secrets (name, secret) VALUES ($1, $2)")
            .bind(&name)
            .bind(vec![1_u8])
            .execute(pool)
            .await;
        if written.is_ok() {
            kept.push(name);
        }
    }
    pool.close().await;
    let elsewhere = PgPoolOptions::new().max_connections(1).connect(url).await.unwrap();
    let there: Vec<String> = sqlx::query_scalar("SELECT name FROM installation_secrets")
        .fetch_all(&elsewhere)
        .await
        .unwrap();
    assert!(kept.len() > 60, "only {} writes were acknowledged", kept.len());
    kept.iter().filter(|name| !there.contains(name)).count()
}

#[actix_web::test]
async fn an_acknowledged_write_survives_the_futures_that_others_drop() {
    if !on_postgres() {
        return;
    }
    let database = Database::new().await;
    let Db::Postgres { writers, .. } = Db::open(&database.url, 2).await.unwrap() else {
        panic!("this is PostgreSQL");
    };
    assert_eq!(lost(&writers, &database.url, 1).await, 0);
}

#[actix_web::test]
async fn without_the_defence_it_would_not() {
    if !on_postgres() {
        return;
    }
    let database = Database::new().await;
    // Where the futures are dropped is a matter of moments, and a busy machine has others.
    for attempt in 1..=20 {
        let bare = PgPoolOptions::new()
            .max_connections(1)
            .connect(&database.url)
            .await
            .unwrap();
        if lost(&bare, &database.url, attempt).await > 0 {
            return;
        }
    }
    panic!("the negative control loses nothing any more: sqlx is mended, and the defence in db/mod.rs can go");
}
