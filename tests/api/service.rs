//! Health, readiness, metrics, signing keys, the pages of the problem codes; and the audit log.

use serde_json::json;
use touchbase::refusal::Code;

use crate::support::Server;

#[actix_web::test]
async fn health_and_readiness_say_how_it_is() {
    let server = Server::start().await;
    let nobody = server.nobody();
    assert_eq!(nobody.get("/healthz").await.expect(200)["status"], "ok");
    assert_eq!(nobody.get("/readyz").await.expect(200)["status"], "ok");
    server.app.stopping.set(true);
    assert_eq!(nobody.get("/readyz").await.problem(503), "unavailable");
    nobody.get("/healthz").await.expect(200);
    server.app.stopping.set(false);
    server.app.db.close().await;
    nobody.get("/readyz").await.problem(503);
    nobody.get("/healthz").await.expect(200);
}

#[actix_web::test]
async fn metrics_are_here_unless_they_have_a_listener_of_their_own() {
    let server = Server::start().await;
    let metrics = server.nobody().get("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.header("content-type").starts_with("text/plain"));
    // A proxy on the same machine speaks for anybody.
    for header in ["x-forwarded-for", "forwarded", "via"] {
        let client = server.nobody();
        let request = client.request("GET", "/metrics").header(header, "203.0.113.9");
        assert_eq!(client.send(request).await.problem(404), "not_found", "{header}");
    }
    let behind = Server::start_with(|config| config.trusted_proxies = 1).await;
    behind.nobody().get("/metrics").await.problem(404);
    let server = Server::start_with(|config| config.metrics_listen = Some(([127, 0, 0, 1], 9).into())).await;
    server.nobody().get("/metrics").await.problem(404);
}

#[actix_web::test]
async fn every_problem_code_has_its_page() {
    let server = Server::start().await;
    let nobody = server.nobody();
    let index = nobody.get("/problems").await;
    assert!(index.header("content-type").starts_with("text/html"));
    for code in Code::ALL {
        let page = nobody.get(&format!("/problems/{code}")).await;
        assert_eq!(page.status, 200, "{code}");
        assert!(
            page.text.contains(code.as_str()) && !page.text.contains('`'),
            "{}",
            page.text
        );
        assert!(index.text.contains(&format!("\"/problems/{code}\"")), "{code}");
    }
    nobody.get("/problems/no_such_code").await.problem(404);
}

#[actix_web::test]
async fn the_signing_keys_are_public_and_only_their_public_halves() {
    let server = Server::start().await;
    let keys = server.nobody().get("/.well-known/jwks.json").await.expect(200);
    let key = keys["keys"][0].as_object().unwrap();
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"]),
        (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
    );
    assert!(!key.contains_key("d"));

    // A rotated ring signs with the new key and still verifies the old one's tokens.
    let before = server.admin();
    touchbase::access::token::rotate(&server.app.db, &server.app.clock)
        .await
        .unwrap();
    server.app.keys.refresh(&server.app.db).await.unwrap();
    before.get("/v1/me").await.expect(200);
    server.admin().get("/v1/me").await.expect(200);
    let keys = server.nobody().get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn a_retired_key_verifies_for_as_long_as_its_tokens_may_live() {
    let server = Server::start().await;
    let app = &server.app;
    // The key that signs has been doing so for a month; then somebody rotates again and again.
    app.clock.advance(chrono::TimeDelta::days(30));
    let before = server.admin();
    for _ in 0..5 {
        touchbase::access::token::rotate(&app.db, &app.clock).await.unwrap();
        app.keys.refresh(&app.db).await.unwrap();
    }
    before.get("/v1/me").await.expect(200);
    let count = async || {
        let keys = server.nobody().get("/.well-known/jwks.json").await.expect(200);
        keys["keys"].as_array().unwrap().len()
    };
    assert_eq!(count().await, 6);
    // A day after their retirement they are gone, and the one that signs is not.
    app.clock.advance(chrono::TimeDelta::hours(25));
    touchbase::access::token::rotate(&app.db, &app.clock).await.unwrap();
    app.keys.refresh(&app.db).await.unwrap();
    assert_eq!(count().await, 2);
    server.admin().get("/v1/me").await.expect(200);
}

#[actix_web::test]
async fn the_audit_log_tells_who_changed_what_and_from_where() {
    let server = Server::start().await;
    let (admin, manager) = (server.admin(), server.manager());
    let customer = manager
        .post("/v1/customers", json!({"name": "Alfreds"}))
        .await
        .expect(201);
    let id = customer["id"].as_str().unwrap();
    manager
        .patch(&format!("/v1/customers/{id}"), json!({"city": "Berlin"}))
        .await
        .expect(200);
    server.executive().get("/v1/audit-log").await.problem(403);

    let log = admin
        .get(&format!("/v1/audit-log?record_id={id}&include_total=true"))
        .await
        .expect(200);
    assert_eq!((&log["total"], log["data"].as_array().unwrap().len()), (&json!(2), 2));
    let latest = &log["data"][0];
    assert_eq!(
        (&latest["verb"], &latest["kind"], &latest["actor_kind"]),
        (&json!("updated"), &json!("customer"), &json!("user"))
    );
    assert_eq!(
        (&latest["actor_id"], &latest["address"]),
        (&json!(manager.id()), &json!("127.0.0.1"))
    );
    assert_eq!(latest["changes"], json!({"city": [null, "Berlin"]}));
    assert!(latest["request_id"].is_string());

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin
            .get(&format!("/v1/audit-log?limit=2&sort=revision{cursor}"))
            .await
            .expect(200);
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| entry["revision"].as_i64().unwrap()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let all: Vec<i64> = (1..=i64::try_from(seen.len()).unwrap()).collect();
    assert_eq!(seen, all);
    let actor = manager.id();
    let at = latest["recorded_at"].as_str().unwrap();
    for (query, count) in [
        (format!("customer_id={id}"), 2),
        (format!("actor_id={actor}"), 2),
        (format!("actor_id={actor}&verb=created"), 1),
        (format!("recorded_at_gte={at}"), 1),
        (format!("record_id={id}&recorded_at_lt={at}"), 1),
        ("kind=nothing".into(), 0),
    ] {
        let page = admin.get(&format!("/v1/audit-log?{query}")).await.expect(200);
        assert_eq!(page["data"].as_array().unwrap().len(), count, "{query}");
    }
    admin.get("/v1/audit-log?sort=kind").await.problem(400);
    let others = server.another_organization().await;
    let page = others.get(&format!("/v1/audit-log?record_id={id}")).await.expect(200);
    assert_eq!(page["data"], json!([]));
}
