//! Synchronization: what a device may not say, what it says in vain, and what it says again.

use serde_json::{Value, json};
use touchbase::access::Role;

use crate::assignments::{a_good_time, assigned, path};
use crate::support::{Client, Server};
use crate::sync::{furnished, text};
use crate::sync_push::{id, push, statuses, upsert};

pub fn codes(results: &[Value]) -> Vec<&str> {
    let code = |result: &Value| result["problem"]["code"].as_str().map(str::len).map(|_| ());
    assert!(
        results
            .iter()
            .all(|it| (it["status"] == "rejected") == code(it).is_some())
    );
    results
        .iter()
        .map(|result| result["problem"]["code"].as_str().unwrap_or(""))
        .collect()
}

async fn conflicts(manager: &Client, id: &str) -> usize {
    let kept = manager
        .get(&format!("/v1/audit-log?kind=sync_conflict&record_id={id}"))
        .await
        .expect(200);
    kept["data"].as_array().unwrap().len()
}

#[actix_web::test]
async fn nobody_guesses_what_an_item_says_that_is_not_in_their_sight() {
    let server = Server::start().await;
    let (manager, contributor) = (server.manager(), server.contributor());
    let alfreds = furnished(&manager, "Alfreds").await;
    let new = json!({"customer_id": alfreds, "title": "Secret", "owner_id": manager.id(), "department": "Legal"});
    let item = manager.post("/v1/action-items", new).await.expect(201);
    manager
        .patch(
            &format!("/v1/action-items/{}", text(&item["id"])),
            json!({"title": "Another secret"}),
        )
        .await
        .expect(200);
    let guess = |title: &str, base: i64| upsert("action_items", &text(&item["id"]), base, json!({"title": title}));
    let results = push(
        &contributor,
        "telephone",
        vec![
            guess("Secret", 1),
            guess("Another secret", 1),
            guess("Wrong", 1),
            guess("Another secret", 0),
        ],
    )
    .await;
    assert_eq!(codes(&results)[..3], ["not_found"; 3], "{results:#?}");
    assert_eq!(results[3]["status"], "rejected");
    assert!(results.iter().all(|it| it["record"].is_null()));
    let wrong = push(&contributor, "telephone", vec![guess("Wrong", 0)]).await;
    assert_eq!(wrong[0]["problem"]["code"], results[3]["problem"]["code"]);
    assert_eq!(conflicts(&manager, &text(&item["id"])).await, 0);
}

#[actix_web::test]
async fn what_is_in_sight_but_not_theirs_is_refused_whatever_is_said_of_it() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    let theirs = assigned(&manager, &alfreds, &manager).await;
    let patch = json!({"reason": "Because"});
    manager.patch(&path(&theirs), patch).await.expect(200);
    let said = |reason: &str| upsert("assignments", &text(&theirs["id"]), 1, json!({"reason": reason}));
    let results = push(&executive, "telephone", vec![said("Because"), said("Wrong")]).await;
    assert_eq!(codes(&results), ["not_yours"; 2], "{results:#?}");
    assert_eq!(conflicts(&manager, &text(&theirs["id"])).await, 0);
}

#[actix_web::test]
async fn a_department_works_its_items_from_its_devices_too() {
    let server = Server::start().await;
    let (admin, manager) = (server.admin(), server.manager());
    let contributor = server.add("support", Role::Contributor).await;
    let user = format!("/v1/users/{}", contributor.id());
    admin.patch(&user, json!({"department": "Support"})).await.expect(200);
    let alfreds = furnished(&manager, "Alfreds").await;
    let new = json!({"customer_id": alfreds, "title": "Look", "department": "support"});
    let item = manager.post("/v1/action-items", new).await.expect(201);
    let base = item["revision"].as_i64().unwrap();
    let done = upsert("action_items", &text(&item["id"]), base, json!({"status": "completed"}));
    let results = push(&contributor, "telephone", vec![done]).await;
    assert_eq!(statuses(&results), ["applied"], "{results:#?}");
    assert_eq!(results[0]["record"]["status"], "completed");
}

#[actix_web::test]
async fn what_no_step_brings_about_is_refused_and_what_a_step_brings_along_is_not() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    let assignment = assigned(&manager, &alfreds, &executive).await;
    let (id, base) = (text(&assignment["id"]), assignment["revision"].as_i64().unwrap());
    let change = |fields: Value| upsert("assignments", &id, base, fields);
    let at = a_good_time(&server).to_rfc3339();
    let until = "2031-01-01T10:00:00Z";
    for (fields, status) in [
        (json!({"status": "scheduled"}), "rejected"),
        (json!({"closed_reason": "No state for it"}), "rejected"),
        (json!({"scheduled_for": at, "status": "scheduled"}), "applied"),
        (json!({"scheduled_for": null}), "rejected"),
        (json!({"status": null}), "rejected"),
        (json!({"priority": "high", "status": "queued"}), "rejected"),
        // It is put away, and its time with it.
        (
            json!({"snoozed_until": until, "scheduled_for": null, "status": "queued"}),
            "applied",
        ),
        (json!({"snoozed_until": null}), "rejected"),
        (
            json!({"scheduled_for": at, "snoozed_until": null, "status": "scheduled"}),
            "applied",
        ),
        (
            json!({"status": "declined", "closed_reason": "Not now", "scheduled_for": null, "snoozed_until": null}),
            "applied",
        ),
        (json!({"status": "queued"}), "rejected"),
        (json!({"closed_reason": "Another reason"}), "rejected"),
    ] {
        let results = push(&executive, "telephone", vec![change(fields.clone())]).await;
        assert_eq!(statuses(&results), [status], "{fields}: {results:#?}");
        if status == "rejected" {
            let pointer = text(&results[0]["problem"]["errors"][0]["pointer"]);
            assert!(
                fields.get(pointer.trim_start_matches("/fields/")).is_some(),
                "{pointer}"
            );
        }
        assert_ne!(results[0]["record"]["priority"], "high", "nothing of it is done");
    }
}

#[actix_web::test]
async fn what_goes_by_steps_keeps_to_the_limits_of_their_endpoints() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    let assignment = assigned(&manager, &alfreds, &executive).await;
    let new = json!({"customer_id": alfreds, "title": "Look at the invoice", "owner_id": executive.id()});
    let item = manager.post("/v1/action-items", new).await.expect(201);
    let long = "x".repeat(10_001);
    for (collection, record, fields, pointer) in [
        (
            "assignments",
            &assignment,
            json!({"status": "declined", "closed_reason": long}),
            "closed_reason",
        ),
        (
            "assignments",
            &assignment,
            json!({"status": "completed", "closed_reason": long}),
            "closed_reason",
        ),
        (
            "assignments",
            &assignment,
            json!({"scheduled_for": "tomorrow"}),
            "scheduled_for",
        ),
        ("assignments", &assignment, json!({"snoozed_until": 7}), "snoozed_until"),
        (
            "action_items",
            &item,
            json!({"status": "completed", "outcome": long}),
            "outcome",
        ),
        (
            "action_items",
            &item,
            json!({"customer_told_at": "2026-01-01T10:00:00Z", "customer_told_how": long}),
            "customer_told_how",
        ),
    ] {
        let mutation = upsert(
            collection,
            &text(&record["id"]),
            record["revision"].as_i64().unwrap(),
            fields,
        );
        let results = push(&executive, "telephone", vec![mutation]).await;
        assert_eq!(codes(&results), ["invalid_request"], "{collection} {pointer}");
        assert_eq!(
            results[0]["problem"]["errors"][0]["pointer"],
            format!("/fields/{pointer}")
        );
        assert_eq!(results[0]["revision"], record["revision"], "nothing of it is done");
    }
}

#[actix_web::test]
async fn an_item_is_worked_before_it_is_first_sent_and_what_stays_as_it_is_is_told() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    let new = id();
    let told = server.app.clock.now();
    let fields = json!({"customer_id": alfreds, "title": "Send it", "status": "completed", "outcome": "Sent", "customer_told_at": told, "customer_told_how": "By telephone"});
    let made = upsert("action_items", &new, 0, fields);
    let results = push(&executive, "telephone", vec![made.clone()]).await;
    assert_eq!(statuses(&results), ["applied"], "{results:#?}");
    let record = &results[0]["record"];
    assert_eq!(
        (&record["status"], &record["outcome"], &record["customer_told_at"]),
        (&json!("completed"), &json!("Sent"), &json!(told))
    );
    let base = results[0]["revision"].as_i64().unwrap();
    let again = push(
        &executive,
        "telephone",
        vec![upsert("action_items", &new, 0, made["fields"].clone())],
    )
    .await;
    assert_eq!(
        (statuses(&again), again[0]["revision"].as_i64()),
        (vec!["applied"], Some(base))
    );
    let change = |fields: Value| upsert("action_items", &new, base, fields);
    for fields in [
        json!({"status": null}),
        json!({"customer_told_at": null}),
        json!({"status": "open", "outcome": "Open again, with an outcome"}),
    ] {
        let results = push(&executive, "telephone", vec![change(fields.clone())]).await;
        assert_eq!(codes(&results), ["invalid_request"], "{fields}: {results:#?}");
    }
    let reopened = json!({"status": "open", "outcome": null});
    assert_eq!(
        statuses(&push(&executive, "telephone", vec![change(reopened)]).await),
        ["applied"]
    );
}

#[actix_web::test]
async fn what_was_lost_is_kept_once_however_often_it_is_sent() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    let assignment = assigned(&manager, &alfreds, &executive).await;
    let (id, base) = (text(&assignment["id"]), assignment["revision"].as_i64().unwrap());
    manager
        .patch(&path(&assignment), json!({"reason": "Theirs", "priority": "high"}))
        .await
        .expect(200);
    let mine = |reason: &str| upsert("assignments", &id, base, json!({"reason": reason, "priority": "low"}));
    for _ in 0..3 {
        let results = push(&executive, "telephone", vec![mine("Mine")]).await;
        assert_eq!(statuses(&results), ["conflict"]);
    }
    assert_eq!(conflicts(&manager, &id).await, 2, "one for each field");
    push(&executive, "telephone", vec![mine("Mine, again")]).await;
    assert_eq!(conflicts(&manager, &id).await, 3);
    push(&executive, "tablet", vec![mine("Mine")]).await;
    assert_eq!(
        conflicts(&manager, &id).await,
        5,
        "another device has lost something, too"
    );
}

#[actix_web::test]
async fn a_call_on_ones_own_assignment_that_was_closed_meanwhile_is_kept() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    let assignment = assigned(&manager, &alfreds, &executive).await;
    let complete = format!("{}/complete", path(&assignment));
    manager.post(&complete, json!({})).await.expect(200);
    let call = json!({"assignment_id": assignment["id"], "disposition": "connected", "summary": "We spoke", "notes": [{"type": "idea", "body": "More"}], "nps_response": {"score": 9}});
    let attempt = id();
    let sent = upsert("attempts", &attempt, 0, call.clone());
    let results = push(&executive, "telephone", vec![sent.clone(), sent]).await;
    assert_eq!(statuses(&results), ["applied"; 2], "{results:#?}");
    let notes = manager
        .get(&format!("/v1/notes?attempt_id={attempt}"))
        .await
        .expect(200);
    assert_eq!(notes["data"].as_array().unwrap().len(), 1);
    let now = manager.get(&path(&assignment)).await.expect(200);
    assert_eq!(
        (&now["status"], &now["attempts_made"]),
        (&json!("completed"), &json!(0))
    );
    // Whoever is at the desk sees that it is closed.
    let mut call = call;
    call.as_object_mut().unwrap().remove("assignment_id");
    let refused = executive.post(&format!("{}/attempts", path(&assignment)), call).await;
    assert_eq!(refused.problem(409), "wrong_state");
}

#[actix_web::test]
async fn what_cannot_be_read_is_refused_for_itself_and_the_others_are_done() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    let note = |body: &str| {
        upsert(
            "notes",
            &id(),
            0,
            json!({"customer_id": alfreds, "type": "idea", "body": body}),
        )
    };
    let but = |field: &str, value: Value| {
        let mut mutation = note("Never kept");
        mutation[field] = value;
        mutation
    };
    let mut nameless = note("Never kept");
    nameless.as_object_mut().unwrap().remove("id");
    let bad = [
        (but("id", json!("4O4PMXE5gSEHmUaC")), "/id"),
        (nameless, "/id"),
        (note("Bell \u{7} and \u{202e} and \u{0}"), "/fields/body"),
        (but("collection", json!("recipes")), "/collection"),
        (but("op", json!("wish")), "/op"),
        (but("more", json!(1)), "/more"),
        (but("mutation_id", json!("m".repeat(101))), "/mutation_id"),
        (but("base_revision", json!(-1)), "/base_revision"),
        (but("fields", json!([])), "/fields"),
        (json!("nothing"), ""),
    ];
    let mut mutations = vec![note("The first")];
    mutations.extend(bad.iter().map(|(mutation, _)| mutation.clone()));
    mutations.push(note("The last"));
    let results = push(&executive, "telephone", mutations).await;
    assert_eq!(results.len(), 12);
    assert_eq!(
        (&results[0]["status"], &results[11]["status"]),
        (&json!("applied"), &json!("applied"))
    );
    for ((sent, pointer), result) in bad.iter().zip(&results[1..]) {
        assert_eq!(
            codes(std::slice::from_ref(result)),
            ["invalid_request"],
            "{sent}: {result}"
        );
        assert_eq!(result["problem"]["errors"][0]["pointer"], *pointer, "{result}");
        assert!(result["record"].is_null());
    }
    assert_eq!(
        (&results[1]["id"], &results[1]["collection"]),
        (&Value::Null, &json!("notes"))
    );
    assert_eq!(results[1]["mutation_id"], bad[0].0["mutation_id"]);
    let notes = manager
        .get(&format!("/v1/notes?customer_id={alfreds}"))
        .await
        .expect(200);
    assert_eq!(notes["data"].as_array().unwrap().len(), 3);
    // What is wrong with the call as such fails it whole.
    for body in [
        json!({"client_id": "", "mutations": [note("Never kept")]}),
        json!({"client_id": "telephone", "mutations": {}}),
        json!({"client_id": "telephone", "mutations": [], "more": 1}),
    ] {
        assert_eq!(
            executive.post("/v1/sync/push", body).await.problem(400),
            "invalid_request"
        );
    }
}

#[actix_web::test]
async fn of_a_merged_customer_it_is_told_which_one_it_is_today() {
    let server = Server::start().await;
    let manager = server.manager();
    let (alfreds, ana) = (furnished(&manager, "Alfreds").await, furnished(&manager, "Ana").await);
    crate::merges::merge(&manager, &alfreds, &[&ana]).await;
    for (path, body) in [
        ("/v1/contacts", json!({"customer_id": ana, "name": "Maria"})),
        ("/v1/notes", json!({"customer_id": ana, "type": "idea", "body": "More"})),
        ("/v1/action-items", json!({"customer_id": ana, "title": "More"})),
    ] {
        let refused = manager.post(path, body).await;
        let fault = &refused.body["errors"][0];
        assert_eq!(
            (&fault["pointer"], &fault["code"]),
            (&json!("/customer_id"), &json!("merged")),
            "{path}"
        );
        assert!(text(&fault["detail"]).contains(&alfreds), "{path}");
    }
}
