//! What must hold when things go wrong: lost connections, slow and compressed bodies, full disks, crowds of writers.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use touchbase::db::{Db, Sqls};

use crate::support::database::on_postgres;
use crate::support::{Client, Database, Server};

/// A request by hand: its head, and as much of its body as `body` holds.
async fn by_hand(client: &Client, head: &str, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(client.url.trim_start_matches("http://"))
        .await
        .unwrap();
    let token = client.token.as_deref().unwrap_or_default();
    let head = format!("{head}\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    stream
}

fn new_customer(id: &str) -> Vec<u8> {
    json!({"id": id, "name": "Interrupted"}).to_string().into_bytes()
}

fn fresh_id() -> String {
    uuid::Uuid::from_u128(rand::random()).to_string()
}

async fn count(server: &Server, sql: &'static str) -> i64 {
    let (count,): (i64,) = server.app.db.read().sql(sql).one().await.unwrap();
    count
}

#[actix_web::test]
async fn a_client_that_goes_away_in_the_middle_of_a_write_harms_nobody() {
    let server = Server::start().await;
    let manager = server.manager();
    // Somebody holds the lock that every write of this organization waits for.
    let mut holder = server.app.db.begin().await.unwrap();
    holder
        .sql("UPDATE organizations SET last_revision = last_revision WHERE id = $1")
        .bind(server.organization)
        .run()
        .await
        .unwrap();
    let ids: Vec<String> = (0..4).map(|_| fresh_id()).collect();
    for id in &ids {
        let body = new_customer(id);
        let head = format!(
            "POST /v1/customers HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {}",
            body.len()
        );
        let stream = by_hand(&manager, &head, &body).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        // Not a farewell but a reset.
        stream.set_zero_linger().unwrap();
        drop(stream);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    holder.commit().await.unwrap();
    // The pool is not stuck: everybody else goes on.
    for reply in join_all((0..12).map(|at| manager.post("/v1/customers", json!({"name": format!("After {at}")})))).await
    {
        reply.expect(201);
    }
    // Each interrupted write is there whole, with its entry in the journal, or not at all.
    for id in &ids {
        let there = i64::from(manager.get(&format!("/v1/customers/{id}")).await.status == 200);
        let (entries,): (i64,) = server
            .app
            .db
            .read()
            .sql("SELECT COUNT(*) FROM journal WHERE record_id = $1")
            .bind(id.parse::<uuid::Uuid>().unwrap())
            .one()
            .await
            .unwrap();
        assert_eq!(there, entries, "{id}");
    }
    assert_eq!(
        count(&server, "SELECT COUNT(*) FROM journal").await,
        count(&server, "SELECT MAX(revision) FROM journal").await
    );
}

#[actix_web::test]
async fn a_compressed_body_is_refused_before_it_is_unpacked() {
    let server = Server::start().await;
    let manager = server.manager();
    for encoding in ["gzip", "br", "zstd", "deflate"] {
        let request = manager
            .request("POST", "/v1/customers")
            .header("content-encoding", encoding)
            .header("content-type", "application/json")
            .body(vec![31_u8, 139, 8, 0]);
        assert_eq!(
            manager.send(request).await.problem(415),
            "unsupported_media_type",
            "{encoding}"
        );
    }
}

#[actix_web::test]
async fn a_body_that_never_ends_is_not_waited_for() {
    let server = Server::start_with(|config| config.body_seconds = 1).await;
    let started = Instant::now();
    let head = "POST /v1/customers HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 100";
    let mut stream = by_hand(&server.manager(), head, b"{\"name\": ").await;
    let mut answer = vec![0_u8; 4096];
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut answer))
        .await
        .unwrap()
        .unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("body_timeout"), "{answer}");
    assert!(
        started.elapsed() >= Duration::from_millis(900),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn the_server_has_no_http2_of_its_own() {
    let lock = include_str!("../../Cargo.lock");
    assert!(
        !lock.contains("name = \"h2\""),
        "the proxy terminates HTTP/2; see RUSTSEC-2026-0258"
    );
}

#[actix_web::test]
async fn four_instances_that_start_at_once_all_start() {
    let database = Database::fresh().await;
    let dbs = join_all((0..4).map(|_| Db::open(&database.url, 2))).await;
    let migrated = dbs.iter().map(|db| db.as_ref().unwrap().migrate());
    let migrated = tokio::time::timeout(Duration::from_secs(60), join_all(migrated)).await;
    for outcome in migrated.expect("nobody hangs") {
        outcome.unwrap();
    }
}

#[actix_web::test]
async fn many_requests_with_one_key_have_one_effect() {
    let server = Server::start().await;
    let manager = server.manager();
    let replies = join_all((0..16).map(|_| manager.post_once("/v1/customers", "once", json!({"name": "Once"})))).await;
    let made: Vec<Value> = replies
        .into_iter()
        .filter_map(|reply| match reply.status {
            201 => Some(reply.body),
            _ => {
                assert_eq!(reply.problem(409), "request_in_progress");
                None
            }
        })
        .collect();
    assert!(made.windows(2).all(|two| two[0] == two[1]), "{made:?}");
    let again = manager
        .post_once("/v1/customers", "once", json!({"name": "Once"}))
        .await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    again.expect(201);
    assert_eq!(count(&server, "SELECT COUNT(*) FROM customers").await, 1);
}

#[actix_web::test]
async fn what_postgres_cannot_store_is_refused_on_both() {
    let server = Server::start().await;
    let manager = server.manager();
    assert_eq!(
        manager
            .post("/v1/customers", json!({"name": "a\u{0}b"}))
            .await
            .problem(400),
        "invalid_request"
    );
    let reply = manager
        .post("/v1/customers", json!({"name": "a", "custom_fields": {"k\u{0}": "v"}}))
        .await;
    assert_eq!(reply.problem(400), "invalid_request");
    assert_eq!(
        manager.get("/v1/customers?q=a%00b").await.problem(400),
        "invalid_request"
    );
    assert_eq!(manager.get("/v1/customers/%00").await.problem(404), "not_found");
    let key = manager.post_once("/v1/customers", "ä", json!({"name": "key"})).await;
    assert_eq!(key.problem(400), "invalid_request");
}

#[actix_web::test]
async fn json_that_is_no_json_is_refused_with_a_sentence() {
    let server = Server::start().await;
    let manager = server.manager();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for body in [
        "{\"name\": \"a\", \"name\": \"b\"}",
        "{\"name\": \"a\"} and more",
        "{\"name\": 1e999}",
        "{\"name\": \"\\ud800\"}",
        "nothing",
        deep.as_str(),
    ] {
        let request = manager
            .request("POST", "/v1/customers")
            .header("content-type", "application/json")
            .body(body.to_owned());
        let reply = manager.send(request).await;
        assert_eq!(reply.status, 400, "{}", &reply.text[..reply.text.len().min(300)]);
        assert!(
            reply.body["detail"].as_str().is_some_and(|detail| detail.len() > 10),
            "{}",
            reply.text
        );
    }
}

#[actix_web::test]
async fn what_cannot_be_answered_in_a_format_that_is_accepted_is_not_answered() {
    let server = Server::start().await;
    let viewer = server.viewer();
    for (accept, status) in [
        ("application/xml", 406),
        ("text/html", 406),
        ("*/*", 200),
        ("application/*;q=0.5, text/html", 200),
    ] {
        let reply = viewer
            .send(viewer.request("GET", "/v1/me").header("accept", accept))
            .await;
        assert_eq!(reply.status, status, "{accept}");
    }
}

#[actix_web::test]
async fn an_old_client_gets_a_list_without_pieces() {
    let server = Server::start().await;
    let manager = server.manager();
    manager
        .post("/v1/customers", json!({"name": "Alfreds"}))
        .await
        .expect(201);
    for connection in ["close", "keep-alive"] {
        let head = format!("GET /v1/customers?fields=name HTTP/1.0\r\nAccept: text/csv\r\nConnection: {connection}");
        let mut answer = String::new();
        by_hand(&manager, &head, b"")
            .await
            .read_to_string(&mut answer)
            .await
            .unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.0 200") && !head.to_lowercase().contains("transfer-encoding"),
            "{head}"
        );
        assert!(
            body.starts_with("id,name\r\n") && body.ends_with(",Alfreds\r\n"),
            "{body}"
        );
    }
}

#[actix_web::test]
async fn a_crowd_of_writers_waits_its_turn() {
    if on_postgres() {
        return;
    }
    let server = Server::start().await;
    let manager = server.manager();
    let writers = (0..64).map(|writer| {
        let manager = &manager;
        async move {
            for at in 0..5 {
                let name = format!("Writer {writer} row {at}");
                manager.post("/v1/customers", json!({ "name": name })).await.expect(201);
            }
        }
    });
    join_all(writers).await;
    assert_eq!(count(&server, "SELECT COUNT(*) FROM customers").await, 320);
}
