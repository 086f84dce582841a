//! Who can be given customers to call: users whose role places calls, and nobody else.

use serde_json::{Value, json};
use touchbase::access::Role;

use crate::assignments::{assigned, customer, path};
use crate::support::Server;

#[actix_web::test]
async fn nobody_whose_role_places_no_calls_is_given_customers() {
    let server = Server::start().await;
    let (admin, manager, executive) = (server.admin(), server.manager(), server.executive());
    let (alfreds, ana) = (customer(&manager, "Alfreds").await, customer(&manager, "Ana").await);
    let held = assigned(&manager, &ana, &executive).await;
    for onlooker in [server.contributor(), server.viewer()] {
        let to = json!({"customer_id": alfreds, "assignee_id": onlooker.id()});
        let refused = |problem: &Value, pointer: &str| {
            let error = &problem["errors"][0];
            assert_eq!(
                (&error["pointer"], &error["code"]),
                (&json!(pointer), &json!("not_allowed"))
            );
            let detail = error["detail"].as_str().unwrap();
            assert!(detail.contains("`executive`"), "what to do: {detail}");
        };
        let reply = manager.post("/v1/assignments", to.clone()).await;
        refused(&reply.expect(400), "/assignee_id");
        let items = json!({"items": [to, {"customer_id": alfreds, "assignee_id": executive.id()}], "mode": "partial"});
        let key = format!("to-{}", onlooker.id());
        let results = manager.post_once("/v1/assignments/bulk", &key, items).await.expect(207);
        refused(&results["results"][0]["problem"], "/items/0/assignee_id");
        assert_eq!(results["created"], 1);
        let batch = format!("/v1/assignment-batches/{}", results["batch_id"].as_str().unwrap());
        manager.post(&format!("{batch}/revert"), json!(null)).await.expect(200);
        let reassign = format!("{}/reassign", path(&held));
        let reply = manager.post(&reassign, json!({"assignee_id": onlooker.id()})).await;
        refused(&reply.expect(400), "/assignee_id");
        let transfer = format!("/v1/users/{}/transfer", executive.id());
        let reply = admin.post(&transfer, json!({"to_user_id": onlooker.id()})).await;
        refused(&reply.expect(400), "/to_user_id");
    }
}

#[actix_web::test]
async fn what_somebody_holds_whose_role_is_lowered_stays_until_it_is_handed_on() {
    let server = Server::start().await;
    let (admin, manager) = (server.admin(), server.manager());
    let (lowered, heir) = (
        server.add("lowered", Role::Executive).await,
        server.add("heir", Role::Executive).await,
    );
    let alfreds = customer(&manager, "Alfreds").await;
    let id = "0190b5a0-0000-7000-8000-0000000000a1";
    let new = json!({"id": id, "customer_id": alfreds, "assignee_id": lowered.id()});
    let first = manager.post("/v1/assignments", new.clone()).await.expect(201);
    assigned(&manager, &customer(&manager, "Ana").await, &lowered).await;
    let user = format!("/v1/users/{}", lowered.id());
    admin.patch(&user, json!({"role": "contributor"})).await.expect(200);

    let list = format!(
        "/v1/assignments?status_in=queued,scheduled&assignee_id={}",
        lowered.id()
    );
    let held = manager.get(&list).await.expect(200)["data"].clone();
    assert_eq!(held.as_array().unwrap().len(), 2);
    // Sent once more, as after a lost answer: it was right when it was made.
    assert_eq!(manager.post("/v1/assignments", new).await.expect(200), first);

    let reassign = format!("{}/reassign", path(&first));
    let moved = manager
        .post(&reassign, json!({"assignee_id": heir.id()}))
        .await
        .expect(200);
    assert_eq!(moved["assignee_id"], json!(heir.id()));
    let transfer = format!("{user}/transfer");
    let moved = admin
        .post(&transfer, json!({"to_user_id": heir.id()}))
        .await
        .expect(200);
    assert_eq!(moved["assignments"], 1);
    assert_eq!(manager.get(&list).await.expect(200)["data"], json!([]));
}

#[actix_web::test]
async fn a_customer_in_two_programs_changes_hands_as_a_whole() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let heir = server.add("heir", Role::Executive).await;
    let alfreds = customer(&manager, "Alfreds").await;
    let first = assigned(&manager, &alfreds, &executive).await;
    let program = manager.post("/v1/programs", json!({"name": "Other"})).await.expect(201)["id"].clone();
    let body = json!({"customer_id": alfreds, "assignee_id": executive.id(), "program_id": program});
    let second = manager.post("/v1/assignments", body).await.expect(201);
    let reassign = format!("{}/reassign", path(&first));

    let reply = manager.post(&reassign, json!({"assignee_id": heir.id()})).await;
    let detail = reply.body["detail"].as_str().unwrap().to_owned();
    assert_eq!(reply.problem(409), "already_assigned");
    for named in [second["id"].as_str().unwrap(), "`with_other_programs`"] {
        assert!(detail.contains(named), "{detail}");
    }
    let whole = json!({"assignee_id": heir.id(), "with_other_programs": true});
    let moved = manager.post(&reassign, whole.clone()).await.expect(200);
    assert_eq!((&moved["id"], &moved["assignee_id"]), (&first["id"], &json!(heir.id())));
    let along = manager.get(&path(&second)).await.expect(200);
    assert_eq!(along["assignee_id"], json!(heir.id()));
    // Sent once more, it changes nothing.
    assert_eq!(manager.post(&reassign, whole).await.expect(200), moved);
    assert_eq!(manager.get(&path(&second)).await.expect(200), along);
}
