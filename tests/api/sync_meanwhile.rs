//! Synchronization: what is sent after the world went on: calls given to somebody else, people sent away, calls moved.

use serde_json::{Value, json};
use touchbase::access::Role;

use crate::assignments::{assigned, path};
use crate::merges::merge;
use crate::support::Server;
use crate::sync::{afresh, furnished, text};
use crate::sync_push::{id, push, statuses, upsert};

#[actix_web::test]
async fn a_call_on_an_assignment_that_went_to_somebody_else_is_kept_and_the_manager_hears_of_it() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let other = server.add("other", Role::Executive).await;
    let alfreds = furnished(&manager, "Alfreds").await;
    let assignment = assigned(&manager, &alfreds, &executive).await;
    let mut device = afresh(&executive).await;
    let to = json!({"assignee_id": other.id()});
    manager
        .post(&format!("{}/reassign", path(&assignment)), to)
        .await
        .expect(200);
    let (attempt, note) = (id(), id());
    let call = json!({"assignment_id": assignment["id"], "disposition": "connected", "summary": "We spoke", "notes": [{"type": "idea", "body": "More"}]});
    let mutations = vec![
        upsert("attempts", &attempt, 0, call),
        upsert(
            "notes",
            &note,
            0,
            json!({"customer_id": alfreds, "attempt_id": attempt, "type": "idea", "body": "And more"}),
        ),
    ];
    let results = push(&executive, "telephone", mutations.clone()).await;
    assert_eq!(statuses(&results), ["applied", "applied"], "{results:#?}");
    assert_eq!(results[0]["record"]["user_id"], json!(executive.id()));
    let now = manager.get(&path(&assignment)).await.expect(200);
    assert_eq!(
        (&now["status"], &now["assignee_id"], &now["attempts_made"]),
        (&json!("queued"), &json!(other.id()), &json!(0))
    );
    for who in [&manager, &other] {
        let heard = who.get("/v1/me/notifications?kind_in=late_call").await.expect(200);
        assert_eq!(heard["data"].as_array().unwrap().len(), 1, "{heard}");
        assert_eq!(heard["data"][0]["about_id"], assignment["id"]);
    }
    // It is not the executive's customer any more, so nothing of it stays on the device: not what was just sent, either.
    device
        .records
        .insert(("attempts".into(), attempt.clone()), (0, json!({"id": attempt})));
    device
        .records
        .insert(("notes".into(), note.clone()), (0, json!({"id": note})));
    device.pull(&executive, 3).await;
    assert_eq!(device.records, afresh(&executive).await.records);
    assert_eq!(device.count("attempts") + device.count("notes"), 0);
    assert_eq!(
        statuses(&push(&executive, "telephone", mutations).await),
        ["applied", "applied"]
    );

    // Nobody is without any network for so long.
    server.app.clock.advance(chrono::TimeDelta::days(31));
    let call = json!({"assignment_id": assignment["id"], "disposition": "do_not_call"});
    let results = push(
        &server.again(&executive),
        "telephone",
        vec![upsert("attempts", &id(), 0, call)],
    )
    .await;
    assert_eq!(results[0]["problem"]["code"], "not_yours", "{results:#?}");

    // Whoever never had it has not called.
    let stranger = server.add("stranger", Role::Executive).await;
    let call = upsert(
        "attempts",
        &id(),
        0,
        json!({"assignment_id": assignment["id"], "disposition": "connected"}),
    );
    assert_eq!(
        push(&stranger, "x", vec![call]).await[0]["problem"]["code"],
        "not_yours"
    );
}

#[actix_web::test]
async fn whoever_was_sent_away_while_offline_is_refused_and_loses_nothing_twice() {
    let server = Server::start().await;
    let (admin, manager, executive) = (server.admin(), server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    let assignment = assigned(&manager, &alfreds, &executive).await;
    let call = upsert(
        "attempts",
        &id(),
        0,
        json!({"assignment_id": assignment["id"], "disposition": "no_answer"}),
    );
    let user = format!("/v1/users/{}", executive.id());
    admin.patch(&user, json!({"role": "contributor"})).await.expect(200);
    let results = push(&executive, "telephone", vec![call.clone()]).await;
    assert_eq!(
        (&results[0]["problem"]["code"], &results[0]["record"]),
        (&json!("insufficient_permission"), &Value::Null)
    );
    admin.post(&format!("{user}/deactivate"), json!({})).await.expect(200);
    assert_eq!(executive.get("/v1/sync/changes").await.problem(401), "unauthenticated");
    let body = json!({"client_id": "telephone", "mutations": [call]});
    assert_eq!(
        executive.post("/v1/sync/push", body.clone()).await.problem(401),
        "unauthenticated"
    );
    admin.post(&format!("{user}/reactivate"), json!({})).await.expect(200);
    admin.patch(&user, json!({"role": "executive"})).await.expect(200);
    let results = server.again(&executive).post("/v1/sync/push", body).await.expect(200);
    assert_eq!(
        results["results"][0]["status"], "applied",
        "what was refused was not used up"
    );
}

#[actix_web::test]
async fn a_device_moves_its_calls_and_a_manager_changes_customers_from_theirs() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    let assignment = assigned(&manager, &alfreds, &executive).await;
    let (assignment_id, base) = (text(&assignment["id"]), assignment["revision"].as_i64().unwrap());
    let at = crate::assignments::a_good_time(&server).to_rfc3339();
    let change = |fields: Value| upsert("assignments", &assignment_id, base, fields);
    let results = push(
        &executive,
        "telephone",
        vec![
            change(json!({"scheduled_for": at, "status": "scheduled", "priority": "high"})),
            change(json!({"scheduled_for": "2020-01-01T10:00:00Z"})),
            change(json!({"status": "declined", "closed_reason": "Not now"})),
            change(json!({"priority": "low"})),
        ],
    )
    .await;
    assert_eq!(
        statuses(&results),
        ["applied", "rejected", "applied", "rejected"],
        "{results:#?}"
    );
    assert_eq!(
        (&results[0]["record"]["status"], &results[0]["record"]["priority"]),
        (&json!("declined"), &json!("high")),
        "as it is when all is done"
    );
    assert_eq!(
        (&results[3]["record"]["status"], &results[3]["problem"]["code"]),
        (&json!("declined"), &json!("wrong_state"))
    );

    let contact = id();
    let results = push(
        &manager,
        "desk",
        vec![
            upsert("customers", &alfreds, 1_000, json!({"city": "Bern"})),
            upsert(
                "contacts",
                &contact,
                0,
                json!({"customer_id": alfreds, "name": "Maria"}),
            ),
            upsert(
                "contacts",
                &contact,
                0,
                json!({"customer_id": alfreds, "name": "Maria Anders"}),
            ),
            json!({"collection": "contacts", "id": contact, "op": "delete"}),
            json!({"collection": "contacts", "id": contact, "op": "delete"}),
        ],
    )
    .await;
    assert_eq!(statuses(&results), ["applied"; 5], "{results:#?}");
    assert_eq!(
        (&results[0]["record"]["city"], &results[2]["record"], &results[2]["op"]),
        (&json!("Bern"), &Value::Null, &json!("remove"))
    );
    assert!(results[3]["record"].is_null());
}

#[actix_web::test]
async fn what_a_device_sent_before_it_first_read_goes_from_it_too() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let other = server.add("other", Role::Executive).await;
    let alfreds = furnished(&manager, "Alfreds").await;
    let assignment = assigned(&manager, &alfreds, &executive).await;
    let to = json!({"assignee_id": other.id()});
    manager
        .post(&format!("{}/reassign", path(&assignment)), to)
        .await
        .expect(200);
    let attempt = id();
    let call = json!({"assignment_id": assignment["id"], "disposition": "connected"});
    let results = push(&executive, "telephone", vec![upsert("attempts", &attempt, 0, call)]).await;
    assert_eq!(statuses(&results), ["applied"]);
    // It keeps no cursor of a collection of which it has read nothing.
    let page = executive.get("/v1/sync/changes?collections=attempts").await.expect(200);
    let told = page["changes"].as_array().unwrap();
    assert!(
        told.iter().any(|it| it["id"] == json!(attempt) && it["op"] == "remove"),
        "{page}"
    );
}

#[actix_web::test]
async fn a_debrief_is_kept_though_people_and_customers_it_names_are_gone_meanwhile() {
    let server = Server::start().await;
    let (admin, manager, executive) = (server.admin(), server.manager(), server.executive());
    let gone = server.add("gone", Role::Contributor).await;
    let (alfreds, ana) = (furnished(&manager, "Alfreds").await, furnished(&manager, "Ana").await);
    let assignment = assigned(&manager, &alfreds, &executive).await;
    assigned(&manager, &ana, &executive).await;
    let contact = json!({"customer_id": alfreds, "name": "Maria"});
    let contact = manager.post("/v1/contacts", contact).await.expect(201);
    // Away from any network, by a clock that is ahead.
    let at = server.app.clock.now().plus(chrono::TimeDelta::hours(2));
    let call = json!({
        "assignment_id": assignment["id"], "disposition": "connected", "contact_id": contact["id"], "occurred_at": at,
        "notes": [{"type": "idea", "body": "More"}], "nps_response": {"score": 9},
        "action_items": [{"title": "Call logistics", "owner_id": gone.id()}]
    });
    let note = json!({"customer_id": ana, "type": "idea", "body": "And more"});
    manager
        .delete(&format!("/v1/contacts/{}", text(&contact["id"])))
        .await
        .expect(204);
    admin
        .post(&format!("/v1/users/{}/deactivate", gone.id()), json!({}))
        .await
        .expect(200);
    merge(&manager, &alfreds, &[&ana]).await;
    let (attempt, idea) = (id(), id());
    let mutations = vec![
        upsert("attempts", &attempt, 0, call.clone()),
        upsert("notes", &idea, 0, note),
    ];
    let results = push(&executive, "telephone", mutations.clone()).await;
    assert_eq!(statuses(&results), ["applied", "applied"], "{results:#?}");
    assert_eq!(results[0]["record"]["contact_id"], Value::Null);
    assert_eq!(results[1]["record"]["customer_id"], json!(alfreds));
    let items = manager
        .get(&format!(
            "/v1/action-items?customer_id={alfreds}&owner_id={}",
            executive.id()
        ))
        .await
        .expect(200);
    assert_eq!(items["data"][0]["title"], "Call logistics");
    assert_eq!(
        statuses(&push(&executive, "telephone", mutations).await),
        ["applied", "applied"]
    );
    // What never was is no misfortune.
    let unknown = json!({"assignment_id": assignment["id"], "disposition": "connected", "contact_id": id()});
    let results = push(&executive, "telephone", vec![upsert("attempts", &id(), 0, unknown)]).await;
    assert_eq!(statuses(&results), ["rejected"], "{results:#?}");
}

/// Something that was made on a device which has no names for what it does.
fn made(collection: &str, id: &str, fields: Value) -> Value {
    json!({"collection": collection, "id": id, "op": "upsert", "base_revision": 0, "fields": fields})
}

#[actix_web::test]
async fn what_is_sent_again_is_a_success_however_the_world_has_gone_on() {
    let server = Server::start().await;
    let (admin, manager, executive) = (server.admin(), server.manager(), server.executive());
    let colleague = server.add("colleague", Role::Contributor).await;
    let (alfreds, ana) = (furnished(&manager, "Alfreds").await, furnished(&manager, "Ana").await);
    let assignment = assigned(&manager, &alfreds, &executive).await;
    assigned(&manager, &ana, &executive).await;
    let contact = json!({"customer_id": ana, "name": "Maria"});
    let contact = text(&manager.post("/v1/contacts", contact).await.expect(201)["id"]);
    // By a clock that is a little too far ahead to be taken for now; in a moment it is not any more.
    let at = server.app.clock.now().plus(chrono::TimeDelta::seconds(306));
    let item = |title: &str| json!({"title": title, "owner_id": colleague.id()});
    let mut of_ana = item("Call logistics");
    of_ana["customer_id"] = json!(ana);
    let mutations = vec![
        made(
            "attempts",
            &id(),
            json!({"assignment_id": assignment["id"], "disposition": "connected", "occurred_at": at, "action_items": [item("Look")]}),
        ),
        made(
            "notes",
            &id(),
            json!({"customer_id": ana, "contact_id": contact, "type": "idea", "body": "More", "occurred_at": at}),
        ),
        made(
            "nps_responses",
            &id(),
            json!({"customer_id": ana, "score": 9, "responded_at": at}),
        ),
        made("action_items", &id(), of_ana.clone()),
    ];
    let all = ["applied"; 4];
    let results = push(&executive, "telephone", mutations.clone()).await;
    assert_eq!(statuses(&results), all, "{results:#?}");
    manager.delete(&format!("/v1/contacts/{contact}")).await.expect(204);
    let away = format!("/v1/users/{}/deactivate", colleague.id());
    admin.post(&away, json!({})).await.expect(200);
    merge(&manager, &alfreds, &[&ana]).await;
    server.app.clock.advance(chrono::TimeDelta::seconds(30));
    let results = push(&executive, "telephone", mutations).await;
    assert_eq!(statuses(&results), all, "{results:#?}");
    // Made after all that, and sent twice; then changed before it was ever read.
    let (late, person) = (id(), id());
    let new = made("action_items", &late, of_ana.clone());
    for _ in 0..2 {
        let results = push(&executive, "telephone", vec![new.clone()]).await;
        assert_eq!(statuses(&results), ["applied"], "{results:#?}");
    }
    of_ana["title"] = json!("Call them");
    let results = push(&executive, "telephone", vec![made("action_items", &late, of_ana)]).await;
    assert_eq!(statuses(&results), ["applied"], "{results:#?}");
    assert_eq!(results[0]["record"]["title"], "Call them");
    let person = made("contacts", &person, json!({"customer_id": ana, "name": "Eva"}));
    for _ in 0..2 {
        let results = push(&manager, "desk", vec![person.clone()]).await;
        assert_eq!(statuses(&results), ["applied"], "{results:#?}");
        assert_eq!(results[0]["record"]["customer_id"], json!(alfreds));
    }
}

#[actix_web::test]
async fn what_left_long_ago_is_told_to_nobody_who_begins() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let other = server.add("other", Role::Executive).await;
    let alfreds = furnished(&manager, "Alfreds").await;
    let assignment = assigned(&manager, &alfreds, &executive).await;
    let to = json!({"assignee_id": other.id()});
    manager
        .post(&format!("{}/reassign", path(&assignment)), to)
        .await
        .expect(200);
    let removals = async |client: &crate::support::Client| {
        let page = client.get("/v1/sync/changes").await.expect(200);
        let told = page["changes"].as_array().unwrap().clone();
        told.iter().filter(|it| it["op"] == "remove").count()
    };
    assert!(removals(&executive).await > 0);
    server.app.clock.advance(chrono::TimeDelta::days(91));
    assert_eq!(removals(&server.again(&executive)).await, 0);
    assert!(!afresh(&server.again(&other)).await.records.is_empty());
}

#[actix_web::test]
async fn a_push_ends_with_its_users_access() {
    let server = Server::start().await;
    let (admin, manager, executive) = (server.admin(), server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    assigned(&manager, &alfreds, &executive).await;
    let notes = (0..500).map(|_| {
        made(
            "notes",
            &id(),
            json!({"customer_id": alfreds, "type": "idea", "body": "More"}),
        )
    });
    let body = json!({"client_id": "telephone", "mutations": notes.collect::<Vec<_>>()});
    let there = format!("/v1/notes?customer_id={alfreds}&include_total=true&limit=1");
    let away = async {
        while manager.get(&there).await.expect(200)["total"].as_i64() < Some(25) {}
        let user = format!("/v1/users/{}/deactivate", executive.id());
        admin.post(&user, json!({})).await.expect(200);
    };
    let (answer, ()) = futures_util::future::join(executive.post("/v1/sync/push", body), away).await;
    assert_eq!(answer.problem(401), "unauthenticated");
    let total = manager.get(&there).await.expect(200)["total"].as_i64();
    assert!(total < Some(500), "{total:?}");
}
