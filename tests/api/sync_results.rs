//! Synchronization: what a device does with a record after it has sent something of it, and what a new one has.

use serde_json::{Value, json};
use touchbase::access::Role;

use crate::assignments::{assigned, path};
use crate::support::{Client, Server};
use crate::sync::{Device, afresh, furnished, text};
use crate::sync_push::{id, push, statuses, upsert};
use crate::sync_refused::codes;

/// Sends it, and holds what each result says against what a device has that begins now.
async fn sent(client: &Client, mutations: Vec<Value>) -> Vec<Value> {
    let results = push(client, "telephone", mutations).await;
    let new = afresh(client).await;
    for result in results.iter().filter(|result| !result["op"].is_null()) {
        let (collection, id) = (text(&result["collection"]), &result["id"]);
        assert_eq!(result["op"] == "upsert", new.has(&collection, id), "{result:#}");
        if result["op"] == "upsert" {
            assert_eq!(&result["record"], new.get(&collection, id), "{result:#}");
        }
    }
    results
}

/// Something else is said of each record that the device has.
fn changes(device: &Device) -> Vec<Value> {
    let change = |((collection, id), (revision, _)): (&(String, String), &(i64, Value))| {
        let fields = match collection.as_str() {
            "customers" => json!({"city": "Bern"}),
            "notes" => json!({"body": "Another"}),
            "nps_responses" => json!({"score": 3}),
            "action_items" => json!({"title": "Another"}),
            "assignments" => json!({"priority": "high"}),
            "attempts" => json!({"summary": "Another"}),
            _ => json!({"name": "Another"}),
        };
        upsert(collection, id, *revision, fields)
    };
    device.records.iter().map(change).collect()
}

fn op<'a>(results: &'a [Value], id: &Value) -> &'a Value {
    let result = results.iter().find(|result| &result["id"] == id);
    &result.unwrap()["op"]
}

#[actix_web::test]
async fn each_result_says_whether_the_record_is_on_the_device() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let other = server.add("other", Role::Executive).await;
    let stays = furnished(&manager, "Alfreds").await;
    let goes = furnished(&manager, "Ana").await;
    let nobodys = furnished(&manager, "Around").await;
    let own = json!({"customer_id": nobodys, "title": "Mine", "owner_id": executive.id()});
    let own = manager.post("/v1/action-items", own).await.expect(201);
    assigned(&manager, &stays, &executive).await;
    let going = assigned(&manager, &goes, &executive).await;
    let device = afresh(&executive).await;
    let reassign = format!("{}/reassign", path(&going));
    let to = json!({"assignee_id": other.id()});
    manager.post(&reassign, to).await.expect(200);
    let contacts = manager
        .get(&format!("/v1/contacts?customer_id={stays}"))
        .await
        .expect(200);
    let contact = text(&contacts["data"][0]["id"]);
    let contact_path = format!("/v1/contacts/{contact}");
    assert_eq!(manager.delete(&contact_path).await.status, 204);

    let results = sent(&executive, changes(&device)).await;
    assert!(results.iter().all(|result| !result["op"].is_null()));
    let removed = |result: &&Value| result["op"] == "remove";
    // The customer that went with its contact, note, answer, item and assignment; the contact that was deleted.
    assert_eq!(results.iter().filter(removed).count(), 7, "{results:#?}");
    assert_eq!(op(&results, &own["id"]), "upsert");
    assert_eq!(op(&results, &json!(contact)), "remove");
    assert_eq!(op(&results, &json!(stays)), "upsert");

    // The same, from whoever places no calls any more: what they own is left to them.
    let user = format!("/v1/users/{}", executive.id());
    let role = |role: &str| json!({"role": role});
    server.admin().patch(&user, role("contributor")).await.expect(200);
    let results = sent(&executive, changes(&device)).await;
    let kept: Vec<&Value> = results
        .iter()
        .filter(|result| result["op"] == "upsert")
        .map(|result| &result["id"])
        .collect();
    assert_eq!(kept, [&own["id"]]);
}

#[actix_web::test]
async fn what_was_made_goes_where_it_is_in_nobodys_hand_and_stays_to_be_mended_where_it_is_refused() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let mine = furnished(&manager, "Alfreds").await;
    let nobodys = furnished(&manager, "Ana").await;
    assigned(&manager, &mine, &executive).await;
    let note = |customer: &str, kind: &str| json!({"customer_id": customer, "type": kind, "body": "More"});
    let mut gone = upsert("contacts", &id(), 0, json!({}));
    gone["op"] = json!("delete");
    let mutations = vec![
        upsert("notes", &id(), 0, note(&mine, "idea")),
        upsert("notes", &id(), 0, note(&nobodys, "idea")),
        upsert("notes", &id(), 0, note(&mine, "poem")),
        json!("nothing"),
    ];
    let results = sent(&executive, mutations).await;
    assert_eq!(statuses(&results), ["applied", "applied", "rejected", "rejected"]);
    let ops: Vec<&Value> = results.iter().map(|result| &result["op"]).collect();
    let nothing = Value::Null;
    assert_eq!(ops, [&json!("upsert"), &json!("remove"), &nothing, &nothing]);
    let results = sent(&manager, vec![gone]).await;
    assert_eq!(
        (statuses(&results), &results[0]["op"]),
        (vec!["applied"], &json!("remove"))
    );
}

#[actix_web::test]
async fn what_was_deleted_is_not_made_again_by_a_device_that_still_has_it() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    assigned(&manager, &alfreds, &executive).await;
    let whole = json!({"customer_id": alfreds, "type": "idea", "body": "Ship on Fridays"});
    for collection in ["notes", "contacts"] {
        let (fields, path) = match collection {
            "notes" => (whole.clone(), "/v1/notes"),
            _ => (json!({"customer_id": alfreds, "name": "Maria"}), "/v1/contacts"),
        };
        let made = push(&manager, "tablet", vec![upsert(collection, &id(), 0, fields.clone())]).await;
        let (record, revision) = (text(&made[0]["id"]), made[0]["revision"].as_i64().unwrap());
        manager.delete(&format!("{path}/{record}")).await.expect(204);
        let results = push(&manager, "tablet", vec![upsert(collection, &record, revision, fields)]).await;
        assert_eq!(codes(&results), ["not_found"], "{results:#?}");
        assert_eq!(results[0]["op"], "remove");
        manager.get(&format!("{path}/{record}")).await.expect(404);
    }
}

#[actix_web::test]
async fn what_is_lost_fits_like_what_is_kept() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    let assignment = assigned(&manager, &alfreds, &executive).await;
    let (id, base) = (text(&assignment["id"]), assignment["revision"].as_i64().unwrap());
    let theirs = json!({"reason": "Theirs", "priority": "high"});
    manager.patch(&path(&assignment), theirs).await.expect(200);
    manager
        .post(&format!("{}/cancel", path(&assignment)), json!({}))
        .await
        .expect(200);
    for (fields, pointer) in [
        (json!({"reason": {"deep": ["x".repeat(2000)]}}), "/fields/reason"),
        (json!({"reason": "x".repeat(2000)}), "/fields/reason"),
        (json!({"priority": "later"}), "/fields/priority"),
        (json!({"status": {"deep": "x"}}), "/fields/status"),
    ] {
        let results = push(&executive, "telephone", vec![upsert("assignments", &id, base, fields)]).await;
        assert_eq!(codes(&results), ["invalid_request"], "{results:#?}");
        assert_eq!(results[0]["problem"]["errors"][0]["pointer"], pointer);
    }
    let fields =
        json!({"reason": "Mine", "priority": "low", "status": "declined", "closed_at": "2026-01-01T10:00:00Z"});
    let results = push(&executive, "telephone", vec![upsert("assignments", &id, base, fields)]).await;
    assert_eq!(statuses(&results), ["conflict"], "{results:#?}");
    assert_eq!(results[0]["conflicts"], json!(["reason", "priority", "status"]));
}

#[actix_web::test]
async fn what_is_sent_again_is_known_in_whatever_order_it_comes() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    assigned(&manager, &alfreds, &executive).await;
    let record = id();
    let one = json!({"mutation_id": "m", "collection": "notes", "id": record, "op": "upsert", "base_revision": 0, "fields": {"customer_id": alfreds, "type": "idea", "body": "More"}});
    let other = json!({"fields": {"body": "More", "type": "idea", "customer_id": alfreds}, "base_revision": null, "op": "upsert", "id": record, "collection": "notes", "mutation_id": "m"});
    let another = json!({"mutation_id": "m", "collection": "notes", "id": record, "op": "upsert", "fields": {"customer_id": alfreds, "type": "idea", "body": "Less"}});
    assert_eq!(statuses(&push(&executive, "telephone", vec![one]).await), ["applied"]);
    assert_eq!(statuses(&push(&executive, "telephone", vec![other]).await), ["applied"]);
    let results = push(&executive, "telephone", vec![another]).await;
    assert_eq!(codes(&results), ["idempotency_key_reused"]);
}

#[actix_web::test]
async fn a_contact_of_another_client_is_deleted_unless_it_was_changed_since() {
    let server = Server::start().await;
    let manager = server.manager();
    let alfreds = furnished(&manager, "Alfreds").await;
    for (based, status) in [(true, "rejected"), (false, "applied")] {
        let new = json!({"customer_id": alfreds, "name": "Maria"});
        let contact = manager.post("/v1/contacts", new).await.expect(201);
        let path = format!("/v1/contacts/{}", text(&contact["id"]));
        manager.patch(&path, json!({"name": "Maria A."})).await.expect(200);
        let mut gone = json!({"collection": "contacts", "id": contact["id"], "op": "delete"});
        if based {
            gone["base_revision"] = contact["revision"].clone();
        }
        let results = push(&manager, "telephone", vec![gone]).await;
        assert_eq!(statuses(&results), [status], "{results:#?}");
    }
}

#[actix_web::test]
async fn each_result_tells_of_its_record_when_all_is_done() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    let assignment = assigned(&manager, &alfreds, &executive).await;
    let (call, base) = (text(&assignment["id"]), assignment["revision"].as_i64().unwrap());
    let mutations = vec![
        upsert("assignments", &call, base, json!({"reason": "Their move"})),
        upsert(
            "attempts",
            &id(),
            0,
            json!({"assignment_id": call, "disposition": "connected"}),
        ),
    ];
    let results = sent(&executive, mutations).await;
    assert_eq!(statuses(&results), ["applied", "applied"], "{results:#?}");
    let now = manager.get(&path(&assignment)).await.expect(200);
    assert_eq!(now["status"], "completed");
    assert_eq!(
        (&results[0]["revision"], &results[0]["record"]["status"]),
        (&now["revision"], &now["status"])
    );
}
