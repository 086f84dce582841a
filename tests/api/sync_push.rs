//! Synchronization: what a device sends.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::assignments::assigned;
use crate::support::{Client, Server};
use crate::sync::{afresh, furnished, text};

/// An id, as a device makes it.
pub fn id() -> String {
    Uuid::from_u128(rand::random()).to_string()
}

/// Something that was done on a device, new or known at a revision.
pub fn upsert(collection: &str, id: &str, base: i64, fields: Value) -> Value {
    json!({"mutation_id": format!("{collection}/{id}/{}", rand::random::<u32>()), "collection": collection, "id": id, "op": "upsert", "base_revision": base, "fields": fields})
}

/// Sends what a device has done; what became of each.
pub async fn push(client: &Client, device: &str, mutations: Vec<Value>) -> Vec<Value> {
    let body = json!({"client_id": device, "mutations": mutations});
    let answer = client.post("/v1/sync/push", body).await.expect(200);
    answer["results"].as_array().unwrap().clone()
}

pub fn statuses(results: &[Value]) -> Vec<&str> {
    results
        .iter()
        .map(|result| result["status"].as_str().unwrap())
        .collect()
}

async fn item(manager: &Client, customer: &str, owner: &Client) -> Value {
    let body = json!({"customer_id": customer, "title": "Look into it", "owner_id": owner.id()});
    manager.post("/v1/action-items", body).await.expect(201)
}

#[actix_web::test]
async fn a_debrief_that_was_made_offline_is_replayed_and_sent_twice_is_done_once() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    let assignment = assigned(&manager, &alfreds, &executive).await;
    let mut device = afresh(&executive).await;
    let (attempt, note, answer, todo) = (id(), id(), id(), id());
    let mutations = vec![
        // With what the device shows at once, and what follows by itself.
        upsert(
            "attempts",
            &attempt,
            0,
            json!({"assignment_id": assignment["id"], "customer_id": alfreds, "disposition": "connected", "occurred_at": server.app.clock.now(), "summary": "They are content", "next_call_at": null}),
        ),
        upsert(
            "notes",
            &note,
            0,
            json!({"customer_id": alfreds, "attempt_id": attempt, "type": "praise", "body": "The support is quick", "occurred_at": server.app.clock.now()}),
        ),
        upsert(
            "nps_responses",
            &answer,
            0,
            json!({"customer_id": alfreds, "attempt_id": attempt, "score": 10, "responded_at": server.app.clock.now()}),
        ),
        upsert(
            "action_items",
            &todo,
            0,
            json!({"customer_id": alfreds, "attempt_id": attempt, "title": "Send the story"}),
        ),
        upsert(
            "assignments",
            &text(&assignment["id"]),
            assignment["revision"].as_i64().unwrap(),
            json!({"status": "completed"}),
        ),
    ];
    let first = push(&executive, "telephone", mutations.clone()).await;
    assert_eq!(statuses(&first), ["applied"; 5], "{first:#?}");
    assert_eq!(first[2]["record"]["category"], "promoter");
    assert!(first[0]["record"].get("revision").is_none() && first[0]["revision"].as_i64().unwrap() > 0);
    let now = executive.get("/v1/audit-log?limit=200").await.status;
    assert_eq!(now, 403);
    let audit = |manager: Client| async move {
        manager.get("/v1/audit-log?include_total=true").await.expect(200)["total"].clone()
    };
    let written = audit(manager.clone()).await;

    let again = push(&executive, "telephone", mutations.clone()).await;
    assert_eq!(statuses(&again), statuses(&first));
    // Without their names, too: what is so already is a success.
    let nameless: Vec<Value> = mutations
        .iter()
        .map(|mutation| {
            let mut mutation = mutation.clone();
            mutation.as_object_mut().unwrap().remove("mutation_id");
            mutation
        })
        .collect();
    let again = push(&executive, "telephone", nameless).await;
    assert_eq!(statuses(&again), statuses(&first));
    assert_eq!(audit(manager.clone()).await, written, "nothing was written again");

    device.pull(&executive, 3).await;
    assert_eq!(device.records, afresh(&executive).await.records);
    assert_eq!(device.get("assignments", &assignment["id"])["status"], "completed");
    assert!(device.has("attempts", &json!(attempt)) && device.has("notes", &json!(note)));
}

#[actix_web::test]
async fn a_name_stands_for_one_mutation_and_the_whole_call_can_be_repeated_by_its_key() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    let mut mutation = upsert(
        "notes",
        &id(),
        0,
        json!({"customer_id": alfreds, "type": "idea", "body": "One"}),
    );
    push(&executive, "telephone", vec![mutation.clone()]).await;
    mutation["fields"]["body"] = json!("Another");
    let refused = push(&executive, "telephone", vec![mutation]).await;
    assert_eq!(
        (&refused[0]["status"], &refused[0]["problem"]["code"]),
        (&json!("rejected"), &json!("idempotency_key_reused"))
    );

    let body = json!({"client_id": "telephone", "mutations": [upsert("notes", &id(), 0, json!({"customer_id": alfreds, "type": "idea", "body": "Two"}))]});
    let first = executive.post_once("/v1/sync/push", "a-key", body.clone()).await;
    let again = executive.post_once("/v1/sync/push", "a-key", body).await;
    assert_eq!(
        (first.text.clone(), again.header("idempotency-replayed").as_str()),
        (again.text, "true")
    );
    assert_eq!(first.body["results"][0]["status"], "applied");
}

#[actix_web::test]
async fn two_devices_that_change_different_fields_keep_both_and_of_the_same_field_one_is_told() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    let todo = item(&manager, &alfreds, &executive).await;
    let (id, base) = (text(&todo["id"]), todo["revision"].as_i64().unwrap());
    let change = |fields: Value| upsert("action_items", &id, base, fields);
    let one = push(
        &executive,
        "telephone",
        vec![change(json!({"title": "From the telephone"}))],
    )
    .await;
    let other = push(&executive, "tablet", vec![change(json!({"priority": "high"}))]).await;
    assert_eq!((statuses(&one), statuses(&other)), (vec!["applied"], vec!["merged"]));
    assert_eq!(
        (&other[0]["record"]["title"], &other[0]["record"]["priority"]),
        (&json!("From the telephone"), &json!("high"))
    );

    let lost = push(
        &executive,
        "tablet",
        vec![change(json!({"title": "From the tablet", "detail": "And this"}))],
    )
    .await;
    assert_eq!(
        (&lost[0]["status"], &lost[0]["conflicts"]),
        (&json!("conflict"), &json!(["title"]))
    );
    assert_eq!(
        (&lost[0]["record"]["title"], &lost[0]["record"]["detail"]),
        (&json!("From the telephone"), &json!("And this"))
    );
    let kept = manager
        .get(&format!("/v1/audit-log?kind=sync_conflict&record_id={id}"))
        .await
        .expect(200);
    assert_eq!(
        kept["data"][0]["changes"]["title"],
        json!(["From the telephone", "From the tablet"])
    );

    // The second change without reading in between is no conflict with one's own first, nor is a whole record.
    let second = push(&executive, "telephone", vec![change(json!({"title": "Once more"}))]).await;
    assert_eq!(
        (&second[0]["status"], &second[0]["record"]["title"]),
        (&json!("merged"), &json!("Once more"))
    );
    let mut whole = todo.clone();
    whole["detail"] = Value::Null;
    whole["due_at"] = json!("2027-01-02T03:04:05Z");
    let whole = push(&executive, "tablet", vec![change(whole)]).await;
    assert_eq!(whole[0]["status"], "merged", "{whole:#?}");
    assert_eq!(whole[0]["record"]["title"], "Once more");
    assert_eq!(whole[0]["record"]["due_at"], "2027-01-02T03:04:05.000000Z");
}

#[actix_web::test]
async fn a_bad_mutation_does_not_hold_up_the_others() {
    let server = Server::start().await;
    let (manager, executive, viewer) = (server.manager(), server.executive(), server.viewer());
    let alfreds = furnished(&manager, "Alfreds").await;
    let theirs = assigned(&manager, &alfreds, &manager).await;
    let todo = item(&manager, &alfreds, &executive).await;
    let (todo_id, base) = (text(&todo["id"]), todo["revision"].as_i64().unwrap());
    let note = manager
        .get(&format!("/v1/notes?customer_id={alfreds}"))
        .await
        .expect(200)["data"][0]
        .clone();
    let step = |status: &str| upsert("action_items", &todo_id, base, json!({"status": status}));
    let results = push(
        &executive,
        "telephone",
        vec![
            upsert(
                "notes",
                &id(),
                0,
                json!({"customer_id": alfreds, "type": "poem", "body": "?"}),
            ),
            upsert(
                "notes",
                &id(),
                0,
                json!({"customer_id": id(), "type": "idea", "body": "To nobody"}),
            ),
            upsert(
                "notes",
                &text(&note["id"]),
                note["revision"].as_i64().unwrap(),
                json!({"body": "Other words"}),
            ),
            json!({"collection": "notes", "id": note["id"], "op": "delete"}),
            upsert(
                "attempts",
                &id(),
                0,
                json!({"assignment_id": theirs["id"], "disposition": "connected"}),
            ),
            upsert("customers", &alfreds, 1, json!({"city": "Bern"})),
            upsert("programs", &id(), 0, json!({"name": "Mine"})),
            upsert("action_items", &todo_id, base, json!({"customer_id": id()})),
            step("completed"),
            step("waiting"),
            step("open"),
            upsert("action_items", &id(), 7, json!({"title": "Of nothing"})),
            upsert(
                "notes",
                &id(),
                0,
                json!({"customer_id": alfreds, "type": "idea", "body": "A good one"}),
            ),
        ],
    )
    .await;
    let codes: Vec<&str> = results
        .iter()
        .map(|result| result["problem"]["code"].as_str().unwrap_or(""))
        .collect();
    assert_eq!(
        codes,
        [
            "invalid_request",
            "invalid_request",
            "wrong_state",
            "wrong_state",
            "not_yours",
            "insufficient_permission",
            "invalid_request",
            "invalid_request",
            "",
            "wrong_state",
            "",
            "not_found",
            ""
        ]
    );
    assert_eq!(results[0]["problem"]["errors"][0]["pointer"], "/fields/type");
    assert_eq!(results[2]["record"]["body"], "Of Alfreds");
    assert_eq!(
        (&results[9]["record"]["status"], &results[10]["record"]["status"]),
        (&json!("open"), &json!("open")),
        "as it is when all is done"
    );
    assert_eq!(
        statuses(&push(&viewer, "x", vec![step("completed")]).await),
        ["rejected"]
    );

    assert_eq!(
        executive
            .post("/v1/sync/push", json!({"client_id": "x", "mutations": [], "more": 1}))
            .await
            .problem(400),
        "invalid_request"
    );
    assert_eq!(
        server.nobody().post("/v1/sync/push", json!({})).await.problem(401),
        "unauthenticated"
    );
}
