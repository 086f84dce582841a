//! Connected devices are told when there is something to read, and of nothing else.

use chrono::TimeDelta;
use serde_json::{Value, json};
use touchbase::access::{Permission, Role};

use crate::support::{Client, Server};

async fn assigned(manager: &Client, to: &Client, name: &str) -> Value {
    let customer = manager.post("/v1/customers", json!({"name": name})).await.expect(201);
    let assignment = json!({"customer_id": customer["id"], "assignee_id": to.id()});
    manager.post("/v1/assignments", assignment).await.expect(201);
    customer
}

#[actix_web::test]
async fn a_device_is_poked_when_its_own_working_set_changes() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let colleague = server.add("colleague", Role::Executive).await;
    let read = executive.get("/v1/sync/changes").await.expect(200);
    let mut stream = executive.listen("/v1/sync/stream", &[]).await;
    assert_eq!(stream.block().await.unwrap(), "retry: 2000");
    assigned(&manager, &colleague, "A colleague's").await;
    let mine = assigned(&manager, &executive, "Mine").await;
    let poked = stream.event().await.unwrap();
    assert_eq!((poked.event.as_deref(), poked.data), (Some("changed"), json!({})));
    assert!(poked.id.unwrap() >= mine["revision"].as_i64().unwrap());
    let path = format!("/v1/sync/changes?cursor={}&epoch={}", read["cursor"], read["epoch"]);
    let changes = executive.get(&path).await.expect(200);
    assert!(
        changes["changes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["id"] == mine["id"])
    );
    // Who was away is told at once; who has missed nothing is not.
    drop(stream);
    let mut back = executive.listen("/v1/sync/stream?last_event_id=0", &[]).await;
    let latest = back.event().await.unwrap().id.unwrap().to_string();
    let mut current = executive.listen("/v1/sync/stream", &[("last-event-id", &latest)]).await;
    let later = assigned(&manager, &executive, "Later").await;
    assert!(current.event().await.unwrap().id.unwrap() >= later["revision"].as_i64().unwrap());
    // The token's time is over.
    server.app.clock.advance(TimeDelta::minutes(11));
    assigned(&server.again(&manager), &executive, "Too late").await;
    assert_eq!(current.rest().await, []);
}

#[actix_web::test]
async fn a_key_has_no_working_set_to_hear_of() {
    let server = Server::start().await;
    let script = server.script(&[Permission::AssignmentsRead]).await;
    assert_eq!(script.get("/v1/sync/stream").await.problem(409), "wrong_state");
    assert_eq!(server.nobody().get("/v1/sync/stream").await.status, 401);
}

#[actix_web::test]
async fn what_follows_at_once_is_one_poke() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let mut stream = executive.listen("/v1/sync/stream", &[]).await;
    stream.block().await.unwrap();
    let mut last = 0;
    for number in 0..20 {
        let mine = assigned(&manager, &executive, &format!("Mine {number}")).await;
        last = mine["revision"].as_i64().unwrap();
    }
    let mut heard = Vec::new();
    while heard.last().is_none_or(|heard| *heard < last) {
        heard.push(stream.event().await.unwrap().id.unwrap());
    }
    assert!(heard.len() < 10, "{heard:?}");
}
