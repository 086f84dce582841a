//! What happens, as pages and as a stream: everybody hears of what they may read, and of nothing else.

use chrono::TimeDelta;
use serde_json::{Value, json};
use touchbase::access::Permission;
use touchbase::app::App;
use touchbase::clock::Clock;
use touchbase::server;

use crate::imports::import;
use crate::support::listening::Listening;
use crate::support::{Client, Server, config};

async fn customer(client: &Client, name: &str) -> Value {
    client.post("/v1/customers", json!({"name": name})).await.expect(201)
}

async fn types(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("/v1/events{query}")).await.expect(200);
    let events = page["data"].as_array().unwrap().iter();
    events.map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

async fn about(listening: &mut Listening) -> Value {
    listening.event().await.expect("the stream has ended").data
}

#[actix_web::test]
async fn events_are_thin_and_in_order() {
    let server = Server::start().await;
    let manager = server.manager();
    let made = customer(&manager, "Alfreds").await;
    let path = format!("/v1/customers/{}", made["id"].as_str().unwrap());
    let patched = manager
        .patch(&path, json!({"name": "Alfreds Futterkiste"}))
        .await
        .expect(200);
    let page = manager.get("/v1/events?type_in=customer.*").await.expect(200);
    assert_eq!(page["has_more"], false);
    let events = page["data"].as_array().unwrap();
    assert_eq!(events.len(), 2);
    for (event, (verb, revision)) in events.iter().zip([("created", &made), ("updated", &patched)]) {
        assert_eq!(
            *event,
            json!({
                "sequence": revision["revision"], "type": format!("customer.{verb}"), "timestamp": revision["updated_at"],
                "data": {"kind": "customer", "id": made["id"], "revision": revision["revision"], "customer_id": made["id"],
                    "actor_kind": "user", "actor_id": manager.id()}
            })
        );
    }
    let after = format!("?last_event_id={}", made["revision"]);
    assert_eq!(types(&manager, &after).await, ["customer.updated"]);
    assert_eq!(
        types(&manager, "?type_in=customer.updated,note.*").await,
        ["customer.updated"]
    );
    for never in ["nothing.created", "customer.creatd", "note.*,customer.reassigned"] {
        let refused = manager.get(&format!("/v1/events?type_in={never}")).await;
        assert_eq!(refused.problem(400), "invalid_request");
    }
    assert_eq!(
        manager.get("/v1/events?last_event_id=999999").await.problem(400),
        "invalid_request"
    );
    let csv = manager
        .request("GET", "/v1/events?type_in=customer.*")
        .header("accept", "text/csv");
    assert_eq!(manager.send(csv).await.text.lines().count(), 3);
}

#[actix_web::test]
async fn pages_go_on_to_the_end() {
    let server = Server::start().await;
    let manager = server.manager();
    for number in 0..7 {
        customer(&manager, &format!("Customer {number}")).await;
    }
    let (mut query, mut seen) = ("?limit=3&type_in=customer.created".to_owned(), Vec::new());
    loop {
        let page = manager.get(&format!("/v1/events{query}")).await.expect(200);
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it["sequence"].as_i64().unwrap()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        query = format!("?limit=3&type_in=customer.created&cursor={cursor}");
    }
    assert_eq!(seen.len(), 7);
    assert!(seen.is_sorted_by(|a, b| a < b));
}

#[actix_web::test]
async fn nobody_hears_of_what_they_may_not_read() {
    let server = Server::start().await;
    let manager = server.manager();
    let made = customer(&manager, "Alfreds").await;
    let item = json!({"title": "Call back", "customer_id": made["id"], "owner_id": server.executive().id(), "department": "Sales"});
    manager.post("/v1/action-items", item).await.expect(201);
    let note = json!({"customer_id": made["id"], "type": "general", "body": "They move."});
    manager.post("/v1/notes", note).await.expect(201);
    let narrowed = server.script(&[Permission::NpsRead]).await;
    assert_eq!(types(&narrowed, "").await, [""; 0]);
    let reads_notes = server.script(&[Permission::NotesRead]).await;
    assert_eq!(types(&reads_notes, "").await, ["note.created"]);
    let all = ["customer.created", "action_item.created", "note.created"];
    assert_eq!(
        types(&server.viewer(), "?type_in=customer.*,action_item.*,note.*,api_key.*").await,
        all
    );
    // Neither theirs nor their department's.
    assert_eq!(
        types(&server.contributor(), "?type_in=customer.*,action_item.*,note.*").await,
        ["customer.created", "note.created"]
    );
    assert_eq!(types(&server.admin(), "?type_in=api_key.*").await.len(), 2);
    let other = server.another_organization().await;
    assert!(!types(&other, "").await.contains(&"note.created".to_owned()));
    assert_eq!(server.nobody().get("/v1/events").await.status, 401);
}

#[actix_web::test]
async fn what_is_ones_own_is_heard_by_oneself_alone() {
    let server = Server::start().await;
    let (executive, manager) = (server.executive(), server.manager());
    let absence = |client: &Client| json!({"user_id": client.id(), "kind": "vacation", "starts_on": "2027-01-04", "ends_on": "2027-01-08"});
    executive.post("/v1/absences", absence(&executive)).await.expect(201);
    executive
        .post("/v1/me/calendar-feeds", json!({"name": "Telephone"}))
        .await
        .expect(201);
    let asked = "?type_in=absence.*,calendar_feed.*";
    assert_eq!(
        types(&executive, asked).await,
        ["absence.created", "calendar_feed.created"]
    );
    assert_eq!(types(&manager, asked).await, ["absence.created"]);
    assert_eq!(types(&server.contributor(), asked).await, [""; 0]);
}

#[actix_web::test]
async fn a_stream_tells_what_happens_and_goes_on_where_it_was() {
    let server = Server::start().await;
    let (manager, viewer) = (server.manager(), server.viewer());
    customer(&manager, "Before").await;
    let mut stream = viewer.listen("/v1/events?type_in=customer.*", &[]).await;
    assert_eq!(stream.block().await.unwrap(), "retry: 2000");
    let other = server.another_organization().await;
    customer(&other, "Theirs").await;
    let first = customer(&manager, "First").await;
    let heard = stream.event().await.unwrap();
    assert_eq!((heard.id, heard.event), (first["revision"].as_i64(), None));
    assert_eq!(heard.data["type"], "customer.created");
    assert_eq!(heard.data["data"]["id"], first["id"]);
    drop(stream);
    let missed = customer(&manager, "Missed").await;
    let id = first["revision"].to_string();
    let mut by_header = viewer
        .listen(
            "/v1/events?type_in=customer.*&last_event_id=0",
            &[("last-event-id", &id)],
        )
        .await;
    let mut by_parameter = viewer
        .listen(&format!("/v1/events?last_event_id={id}&type_in=customer.*"), &[])
        .await;
    for stream in [&mut by_header, &mut by_parameter] {
        assert_eq!(about(stream).await["data"]["id"], missed["id"]);
    }
    let head = viewer
        .request("HEAD", "/v1/events")
        .header("accept", "text/event-stream");
    assert_eq!(viewer.send(head).await.status, 200);
}

#[actix_web::test]
async fn who_reads_slowly_hears_everything_all_the_same() {
    let server = Server::start().await;
    let manager = server.manager();
    let mut stream = server.viewer().listen("/v1/events?type_in=customer.created", &[]).await;
    // More than is remembered, and more than a connection holds.
    for round in 0..6 {
        let rows = (0..1000).map(|number| format!("{round}-{number},Customer {round}-{number}\n"));
        let file: String = std::iter::once("external_id,name\n".to_owned()).chain(rows).collect();
        import(&manager, "customers", &[], file).await.expect(200);
    }
    let mut sequence = 0;
    for _ in 0..6000 {
        let next = about(&mut stream).await["sequence"].as_i64().unwrap();
        assert!(next > sequence);
        sequence = next;
    }
}

#[actix_web::test]
async fn who_may_no_longer_hear_hears_no_more() {
    let server = Server::start().await;
    let (admin, manager) = (server.admin(), server.manager());
    let gone = server.add("leaver", touchbase::access::Role::Viewer).await;
    let key = admin
        .post("/v1/api-keys", json!({"name": "Dashboard", "role": "viewer"}))
        .await
        .expect(201);
    let script = server.with_key(&key);
    let (mut leaver, mut dashboard) = (
        gone.listen("/v1/events", &[]).await,
        script.listen("/v1/events", &[]).await,
    );
    let mut demoted = manager.listen("/v1/events?type_in=job.*,customer.*", &[]).await;
    admin
        .post(&format!("/v1/users/{}/deactivate", gone.id()), json!({}))
        .await
        .expect(200);
    let id = key["api_key"]["id"].as_str().or(key["id"].as_str()).unwrap();
    assert!(admin.delete(&format!("/v1/api-keys/{id}")).await.status < 300);
    server.app.clock.advance(TimeDelta::seconds(2));
    let secret = customer(&admin, "Secret").await;
    for stream in [&mut leaver, &mut dashboard] {
        let heard = stream.rest().await;
        assert!(
            heard.iter().all(|it| it.data["data"]["id"] != secret["id"]),
            "{heard:?}"
        );
    }
    assert_eq!(about(&mut demoted).await["data"]["id"], secret["id"]);
    // The token's time is over.
    server.app.clock.advance(TimeDelta::minutes(11));
    customer(&server.again(&admin), "Later").await;
    assert_eq!(demoted.rest().await, []);
}

#[actix_web::test]
async fn an_idle_stream_gives_signs_of_life_and_ends_with_the_server() {
    let server = Server::start_with(|config| {
        config.stream_heartbeat_seconds = 1;
        config.streams_per_caller = 2;
    })
    .await;
    let (manager, viewer) = (server.manager(), server.viewer());
    let mut stream = viewer.listen("/v1/events?type_in=note.*", &[]).await;
    let _second = viewer.listen("/v1/events", &[]).await;
    let request = viewer
        .request("GET", "/v1/events")
        .header("accept", "text/event-stream");
    let third = viewer.send(request).await;
    assert_eq!(third.header("retry-after"), "30");
    assert_eq!(third.problem(429), "too_many_requests");
    let _another = manager.listen("/v1/events", &[]).await;
    let made = customer(&manager, "Not for this one").await;
    let sign = format!(":\nid: {}", made["revision"]);
    while stream.block().await.unwrap() != sign {}
    server.app.stopping.set(true);
    assert_eq!(stream.rest().await, []);
    server.app.stopping.set(false);
}

#[actix_web::test]
async fn what_another_instance_writes_is_told_here() {
    let server = Server::start().await;
    let url = server.app.config.database_url.clone();
    let other = App::open(config(&url), Clock::default(), None).await.unwrap();
    let bound = server::bind(other.clone(), ([127, 0, 0, 1], 0).into()).unwrap();
    let (handle, there) = (bound.server.handle(), format!("http://{}", bound.address));
    actix_web::rt::spawn(bound.server);
    let apps = [server.app.clone(), other.clone()];
    let loops = apps.map(|app| tokio::spawn(async move { app.db.hear().await }));
    let manager = server.manager();
    let elsewhere = Client {
        url: there,
        ..manager.clone()
    };
    let mut stream = manager.listen("/v1/events?type_in=customer.*", &[]).await;
    for number in 0..3 {
        let made = customer(&elsewhere, &format!("Customer {number}")).await;
        assert_eq!(about(&mut stream).await["data"]["id"], made["id"]);
    }
    loops.iter().for_each(tokio::task::JoinHandle::abort);
    handle.stop(false).await;
    other.db.close().await;
}
