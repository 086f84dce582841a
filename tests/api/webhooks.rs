//! Webhooks: every event reaches the program that asked for it, signed, until it is taken.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use touchbase::app::App;
use touchbase::clock::Clock;
use touchbase::db::Sqls;
use touchbase::features::webhooks::endpoint::WebhookEndpointId;
use touchbase::features::webhooks::{Office, names};

use crate::support::receiver::{Answers, Received, Receiver};
use crate::support::{Client, Server, config};

mod addresses;
mod instances;
mod types;

async fn start() -> Server {
    Server::start_with(|config| config.webhook_allow = vec!["127.0.0.0/8".parse().unwrap()]).await
}

fn office(server: &Server) -> Arc<Office> {
    Office::open(&server.app, names()).unwrap()
}

/// An endpoint that asks for customers; the record, and its secret.
async fn endpoint(admin: &Client, url: &str) -> (Value, String) {
    let new = json!({"name": "Chat", "url": url, "types": ["customer.*"]});
    let made = admin.post("/v1/webhook-endpoints", new).await.expect(201);
    (
        made["webhook_endpoint"].clone(),
        made["secret"].as_str().unwrap().to_owned(),
    )
}

fn path(endpoint: &Value, action: &str) -> String {
    format!("/v1/webhook-endpoints/{}{action}", endpoint["id"].as_str().unwrap())
}

async fn customer(client: &Client, name: &str) -> Value {
    client.post("/v1/customers", json!({"name": name})).await.expect(201)
}

async fn deliveries(admin: &Client, query: &str) -> Vec<Value> {
    let page = admin
        .get(&format!("/v1/webhook-deliveries?sort=created_at{query}"))
        .await
        .expect(200);
    page["data"].as_array().unwrap().clone()
}

/// As a receiver verifies it.
fn is_signed(received: &Received, secret: &str) -> bool {
    let secret = secret.strip_prefix("whsec_").unwrap();
    let base64 = base64::engine::general_purpose::STANDARD;
    let mut mac = Hmac::<Sha256>::new_from_slice(&base64.decode(secret).unwrap()).unwrap();
    let signed = [
        received.header("webhook-id"),
        received.header("webhook-timestamp"),
        received.text.as_str(),
    ];
    mac.update(signed.join(".").as_bytes());
    let signature = format!("v1,{}", base64.encode(mac.finalize().into_bytes()));
    received
        .header("webhook-signature")
        .split(' ')
        .any(|known| known == signature)
}

#[actix_web::test]
async fn an_event_is_delivered_thin_and_signed() {
    let (server, receiver) = (start().await, Receiver::start());
    let (admin, office) = (server.admin(), office(&server));
    customer(&admin, "Before").await;
    let (endpoint, secret) = endpoint(&admin, &receiver.url()).await;
    assert!(secret.starts_with("whsec_") && endpoint.get("secret").is_none());
    let made = customer(&admin, "Alfreds").await;
    admin
        .post("/v1/programs", json!({"name": "Not asked for"}))
        .await
        .expect(201);
    let other = server.another_organization().await;
    customer(&other, "Theirs").await;
    assert_eq!(office.settle().await.unwrap(), 1);
    let received = receiver.received().pop().unwrap();
    assert_eq!(
        received.body,
        json!({"type": "customer.created", "timestamp": made["created_at"], "sequence": made["revision"],
            "data": {"kind": "customer", "id": made["id"], "revision": made["revision"], "customer_id": made["id"],
                "actor_kind": "user", "actor_id": admin.id()}})
    );
    assert!(is_signed(&received, &secret));
    assert_eq!(
        (received.path.as_str(), received.header("content-type")),
        ("/hook", "application/json")
    );
    let all = deliveries(&admin, "").await;
    assert_eq!(all.len(), 1);
    assert_eq!(
        (&all[0]["status"], &all[0]["status_code"]),
        (&json!("delivered"), &json!(204))
    );
    let log = admin
        .get(&format!("/v1/webhook-deliveries/{}", all[0]["id"].as_str().unwrap()))
        .await
        .expect(200);
    assert_eq!(log["tries"].as_array().unwrap().len(), 1);
    assert_eq!(office.settle().await.unwrap(), 0);
}

#[actix_web::test]
async fn what_is_not_taken_is_tried_ten_times_under_one_id_and_can_be_replayed() {
    let (server, receiver) = (start().await, Receiver::start());
    let (admin, office) = (server.admin(), office(&server));
    let (_, secret) = endpoint(&admin, &receiver.url()).await;
    let bad = [
        Answers::Status(500),
        Answers::Nothing,
        Answers::With(302, "location: http://127.0.0.1:1/".into()),
        Answers::Status(404),
    ];
    receiver.answer(bad.into_iter().cycle().take(10));
    customer(&admin, "Alfreds").await;
    for seconds in [12, 70, 340, 2_000, 8_000, 24_000, 48_000, 96_000, 108_000, 200_000] {
        assert_eq!(office.settle().await.unwrap(), 1, "{seconds}");
        assert_eq!(office.settle().await.unwrap(), 0, "before it is due");
        server.app.clock.advance(TimeDelta::seconds(seconds));
    }
    assert_eq!(office.settle().await.unwrap(), 0);
    let received = receiver.received();
    assert_eq!(received.len(), 10);
    assert!(received.iter().all(|it| is_signed(it, &secret)));
    let ids: std::collections::BTreeSet<&str> = received.iter().map(|it| it.header("webhook-id")).collect();
    let times: std::collections::BTreeSet<&str> = received.iter().map(|it| it.header("webhook-timestamp")).collect();
    assert_eq!((ids.len(), times.len()), (1, 10));
    // By now it has failed for five days: with the next failure it is disabled, and the admin knows.
    receiver.answer([Answers::Status(500)]);
    let admin = server.again(&admin);
    customer(&admin, "Later").await;
    assert_eq!(office.settle().await.unwrap(), 1);
    let dead = deliveries(&admin, "&status_in=failed").await;
    assert_eq!(dead[0]["attempts"], 10);
    let told = admin
        .get("/v1/me/notifications?kind_in=webhook_disabled")
        .await
        .expect(200);
    assert_eq!(told["data"][0]["about_kind"], "webhook_endpoint");
    let replay = format!("/v1/webhook-deliveries/{}/replay", dead[0]["id"].as_str().unwrap());
    assert_eq!(admin.post(&replay, json!({})).await.problem(409), "wrong_state");
    let endpoints = admin.get("/v1/webhook-endpoints").await.expect(200);
    let disabled = &endpoints["data"][0];
    assert_eq!(
        (&disabled["status"], &disabled["disabled_because"]),
        (&json!("disabled"), &json!("failing"))
    );
    admin.post(&path(disabled, "/enable"), json!({})).await.expect(200);
    admin.post(&replay, json!({})).await.expect(200);
    assert_eq!(office.settle().await.unwrap(), 1);
    assert_eq!(
        receiver.received()[11].header("webhook-id"),
        received[0].header("webhook-id")
    );
    assert_eq!(deliveries(&admin, "&status_in=delivered").await.len(), 1);
}

#[actix_web::test]
async fn an_endpoint_says_when_to_come_back_and_that_it_is_gone() {
    let (server, receiver) = (start().await, Receiver::start());
    let (admin, office) = (server.admin(), office(&server));
    let (endpoint, _) = endpoint(&admin, &receiver.url()).await;
    receiver.answer([Answers::With(429, "retry-after: 3600".into()), Answers::Status(410)]);
    customer(&admin, "Alfreds").await;
    assert_eq!(office.settle().await.unwrap(), 1);
    server.app.clock.advance(TimeDelta::minutes(50));
    assert_eq!(office.settle().await.unwrap(), 0);
    server.app.clock.advance(TimeDelta::minutes(11));
    assert_eq!(office.settle().await.unwrap(), 1);
    let admin = server.again(&admin);
    let gone = admin.get(&path(&endpoint, "")).await.expect(200);
    assert_eq!(
        (&gone["status"], &gone["disabled_because"]),
        (&json!("disabled"), &json!("gone"))
    );
    customer(&admin, "Meanwhile").await;
    server.app.clock.advance(TimeDelta::days(4));
    assert_eq!(office.settle().await.unwrap(), 0);
    assert_eq!(receiver.count(), 2);
}

#[actix_web::test]
async fn a_new_secret_signs_beside_the_old_one_for_a_day() {
    let (server, receiver) = (start().await, Receiver::start());
    let (admin, office) = (server.admin(), office(&server));
    let (endpoint, old) = endpoint(&admin, &receiver.url()).await;
    let rotated = admin
        .post(&path(&endpoint, "/rotate-secret"), json!({}))
        .await
        .expect(200);
    let new = rotated["secret"].as_str().unwrap();
    assert_ne!(new, old);
    customer(&admin, "Both").await;
    office.settle().await.unwrap();
    server.app.clock.advance(TimeDelta::hours(25));
    customer(&server.again(&admin), "New").await;
    office.settle().await.unwrap();
    let received = receiver.received();
    assert!(is_signed(&received[0], &old) && is_signed(&received[0], new));
    assert!(!is_signed(&received[1], &old) && is_signed(&received[1], new));
    // Nobody reads a secret again.
    let admin = server.again(&admin);
    let audit = admin
        .get("/v1/audit-log?kind=webhook_endpoint")
        .await
        .expect(200)
        .to_string();
    let shown = admin.get(&path(&endpoint, "")).await.text;
    for secret in [&old, new] {
        let bare = secret.strip_prefix("whsec_").unwrap();
        assert!(!audit.contains(bare) && !shown.contains(bare));
    }
}

#[actix_web::test]
async fn what_was_missed_is_replayed_since_a_time() {
    let (server, receiver) = (start().await, Receiver::start());
    let (admin, office) = (server.admin(), office(&server));
    let (endpoint, _) = endpoint(&admin, &receiver.url()).await;
    let first = customer(&admin, "Delivered").await;
    office.settle().await.unwrap();
    admin.post(&path(&endpoint, "/disable"), json!({})).await.expect(200);
    server.app.clock.advance(TimeDelta::seconds(1));
    customer(&admin, "Missed").await;
    admin.post(&path(&endpoint, "/enable"), json!({})).await.expect(200);
    assert_eq!(office.settle().await.unwrap(), 0);
    let since = json!({"since": first["created_at"]});
    admin.post(&path(&endpoint, "/replay"), since).await.expect(200);
    assert_eq!(office.settle().await.unwrap(), 1);
    let all = json!({"since": first["created_at"], "include_delivered": true});
    admin.post(&path(&endpoint, "/replay"), all).await.expect(200);
    assert_eq!(office.settle().await.unwrap(), 2);
    let ids: Vec<String> = receiver
        .received()
        .iter()
        .map(|it| it.header("webhook-id").to_owned())
        .collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(std::collections::BTreeSet::from_iter(&ids).len(), 2);
    // Once more is once more, not for ever.
    customer(&admin, "New").await;
    assert_eq!(office.settle().await.unwrap(), 1);
    // What was delivered is known for 30 days; before then nobody could tell a repetition.
    server.app.clock.advance(TimeDelta::days(31));
    let admin = server.again(&admin);
    let long_ago = json!({"since": first["created_at"]});
    let refused = admin.post(&path(&endpoint, "/replay"), long_ago).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/since");
    assert_eq!(refused.problem(400), "invalid_request");
    assert_eq!(office.settle().await.unwrap(), 0);
}

/// Where an endpoint stands in the journal.
async fn place(server: &Server, endpoint: &Value) -> i64 {
    let id: WebhookEndpointId = serde_json::from_value(endpoint["id"].clone()).unwrap();
    let mut db = server.app.read();
    let sql = db
        .sql("SELECT place FROM webhook_places WHERE endpoint_id = $1")
        .bind(id);
    let (place,): (i64,) = sql.one().await.unwrap();
    place
}

#[actix_web::test]
async fn what_does_not_concern_an_endpoint_is_not_written_down_for_it() {
    let (server, receiver) = (start().await, Receiver::start());
    let (admin, office) = (server.admin(), office(&server));
    let (endpoint, _) = endpoint(&admin, &receiver.url()).await;
    customer(&admin, "Alfreds").await;
    assert_eq!(office.settle().await.unwrap(), 1);
    let stands = place(&server, &endpoint).await;
    for number in 0..3 {
        let program = json!({"name": format!("Not asked for {number}")});
        admin.post("/v1/programs", program).await.expect(201);
        assert_eq!(office.settle().await.unwrap(), 0);
    }
    assert_eq!(place(&server, &endpoint).await, stands);
    // Whoever asks for more hears of it from now on.
    let patch = json!({"types": ["customer.*", "program.*"]});
    admin.patch(&path(&endpoint, ""), patch).await.expect(200);
    assert_eq!(office.settle().await.unwrap(), 0);
    customer(&admin, "Ana").await;
    admin
        .post("/v1/programs", json!({"name": "Asked for"}))
        .await
        .expect(201);
    assert_eq!(office.settle().await.unwrap(), 2);
    let received = receiver.received();
    assert!(received.iter().any(|it| it.body["type"] == "program.created"));
    // An office that remembers nothing goes on from where the endpoint stands.
    admin
        .post("/v1/segments", json!({"name": "Nobody's", "filter": {}}))
        .await;
    assert_eq!(self::office(&server).settle().await.unwrap(), 0);
}

#[actix_web::test]
async fn an_organization_has_fifty_endpoints_at_most() {
    let server = start().await;
    let admin = server.admin();
    let new =
        |name: String| json!({"name": name, "url": "https://hooks.example.com/touchbase", "types": ["customer.*"]});
    let mut id = Value::Null;
    for number in 0..50 {
        let made = admin
            .post("/v1/webhook-endpoints", new(number.to_string()))
            .await
            .expect(201);
        id = made["webhook_endpoint"]["id"].clone();
    }
    let refused = admin.post("/v1/webhook-endpoints", new("One more".into())).await;
    assert_eq!(refused.problem(409), "wrong_state");
    let mut again = new("49".into());
    again["id"] = id;
    admin.post("/v1/webhook-endpoints", again).await.expect(200);
}

#[actix_web::test]
async fn a_test_reaches_its_endpoint_alone_whatever_that_asked_for() {
    let (server, receiver, other) = (start().await, Receiver::start(), Receiver::start());
    let (admin, office) = (server.admin(), office(&server));
    let (tested, _) = endpoint(&admin, &receiver.url()).await;
    let everything = json!({"name": "All", "url": other.url(), "types": ["webhook_endpoint.*"]});
    admin.post("/v1/webhook-endpoints", everything).await.expect(201);
    admin.post(&path(&tested, "/test"), json!({})).await.expect(200);
    assert_eq!(office.settle().await.unwrap(), 1);
    assert_eq!(receiver.received()[0].body["type"], "webhook_endpoint.tested");
    assert_eq!(other.count(), 0);
    admin.post(&path(&tested, "/disable"), json!({})).await.expect(200);
    assert_eq!(
        admin.post(&path(&tested, "/test"), json!({})).await.problem(409),
        "wrong_state"
    );
    assert_eq!(office.settle().await.unwrap(), 1);
    assert_eq!(other.received()[0].body["type"], "webhook_endpoint.disabled");
    assert_eq!(admin.delete(&path(&tested, "")).await.status, 204);
    assert_eq!(admin.get(&path(&tested, "")).await.status, 404);
    assert_eq!(
        deliveries(&admin, &format!("&endpoint_id={}", tested["id"].as_str().unwrap())).await,
        [Value::Null; 0]
    );
    assert_eq!(
        server.manager().get("/v1/webhook-endpoints").await.problem(403),
        "insufficient_permission"
    );
}

#[actix_web::test]
async fn a_reminder_is_an_event_that_names_whom_it_is_for() {
    let (server, receiver) = (start().await, Receiver::start());
    let (admin, office) = (server.admin(), office(&server));
    let new = json!({"name": "Reminders", "url": receiver.url(), "types": ["notification.created"]});
    admin.post("/v1/webhook-endpoints", new).await.expect(201);
    let executive = server.executive();
    let praised = customer(&admin, "Alfreds").await;
    let praise =
        json!({"customer_id": praised["id"], "type": "praise", "body": "Splendid!", "employee_id": executive.id()});
    let note = admin.post("/v1/notes", praise).await.expect(201);
    assert!(office.settle().await.unwrap() >= 1);
    let received = receiver.received();
    assert!(received.iter().all(|it| !it.text.contains("Splendid")));
    let theirs = received
        .iter()
        .find(|it| it.body["data"]["notification"]["user_id"] == executive.id().as_str());
    assert_eq!(
        theirs.unwrap().body["data"]["notification"],
        json!({"user_id": executive.id(), "kind": "praise", "about_kind": "note", "about_id": note["id"]})
    );
}
