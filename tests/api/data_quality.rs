//! What a call has shown to be wrong becomes work for a data steward, not for the executive.

use serde_json::{Value, json};

use crate::support::{Client, Server};

/// A customer with a contact, in the executive's hands: customer, contact, and where calls are put on the record.
async fn in_hand(server: &Server, name: &str) -> (String, String, String) {
    let manager = server.manager();
    let text = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let customer = text(&manager.post("/v1/customers", json!({"name": name})).await.expect(201));
    let contact = json!({"name": "Maria Anders", "customer_id": customer, "phone": "+49 30 12345678"});
    let contact = manager.post("/v1/contacts", contact).await.expect(201);
    let assignment = json!({"customer_id": customer, "assignee_id": server.executive().id()});
    let assignment = manager.post("/v1/assignments", assignment).await.expect(201);
    let path = format!("/v1/assignments/{}/attempts", text(&assignment));
    (customer, text(&contact), path)
}

/// The data-quality item that came of a call with this contact, or with nobody in particular.
async fn wrong(server: &Server, path: &str, disposition: &str, contact: Option<&str>) -> Value {
    let call = json!({"disposition": disposition, "contact_id": contact});
    let debrief = server.executive().post(path, call).await.expect(201);
    let items = debrief["action_items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(
        (&items[0]["kind"], &items[0]["created_by"]),
        (&json!("data_quality"), &Value::Null)
    );
    items[0].clone()
}

async fn say(server: &Server, settings: Value) {
    server.admin().patch("/v1/organization", settings).await.expect(200);
}

async fn flags(client: &Client, path: &str) -> Value {
    client.get(path).await.expect(200)["flags"].clone()
}

#[actix_web::test]
async fn the_organization_says_whose_work_it_is() {
    let server = Server::start().await;
    let steward = server.contributor();
    let (_, contact, path) = in_hand(&server, "Alfreds").await;
    let item = wrong(&server, &path, "wrong_number", Some(&contact)).await;
    assert_eq!((&item["owner_id"], &item["department"]), (&Value::Null, &json!("Data")));

    say(&server, json!({"data_steward_department": "Back office"})).await;
    let (_, contact, path) = in_hand(&server, "Berglunds").await;
    let item = wrong(&server, &path, "disconnected", Some(&contact)).await;
    assert_eq!(
        (&item["owner_id"], &item["department"]),
        (&Value::Null, &json!("Back office"))
    );

    say(
        &server,
        json!({"data_steward_id": steward.id(), "data_steward_department": null}),
    )
    .await;
    let (_, contact, path) = in_hand(&server, "Chop-suey").await;
    let item = wrong(&server, &path, "contact_left_company", Some(&contact)).await;
    assert_eq!(
        (&item["owner_id"], &item["department"]),
        (&json!(steward.id()), &Value::Null)
    );
    let own = steward.get("/v1/action-items?mine=true").await.expect(200);
    assert_eq!(own["data"][0]["id"], item["id"]);
    let executives = server.executive().get("/v1/action-items?mine=true").await.expect(200);
    assert_eq!(executives["data"], json!([]));
}

#[actix_web::test]
async fn a_steward_who_has_left_is_nobody() {
    let server = Server::start().await;
    let (admin, steward) = (server.admin(), server.contributor());
    let other = server.another_organization().await;
    for (id, code) in [
        (other.id(), "not_found"),
        (uuid::Uuid::from_u128(7).to_string(), "not_found"),
    ] {
        let reply = admin.patch("/v1/organization", json!({"data_steward_id": id})).await;
        assert_eq!(reply.body["errors"][0]["pointer"], "/data_steward_id");
        assert_eq!(reply.body["errors"][0]["code"], code);
    }
    say(&server, json!({"data_steward_id": steward.id()})).await;
    admin
        .post(&format!("/v1/users/{}/deactivate", steward.id()), Value::Null)
        .await
        .expect(200);
    let (_, contact, path) = in_hand(&server, "Alfreds").await;
    let item = wrong(&server, &path, "wrong_number", Some(&contact)).await;
    assert_eq!((&item["owner_id"], &item["department"]), (&Value::Null, &json!("Data")));
    // What was said stays, and may be said again with the rest.
    say(&server, json!({"name": "Northwind"})).await;
    let reply = server
        .manager()
        .patch("/v1/organization", json!({"data_steward_id": null}))
        .await;
    assert_eq!(reply.problem(403), "insufficient_permission");
}

#[actix_web::test]
async fn completing_or_canceling_the_work_takes_the_flag_down() {
    let server = Server::start().await;
    let (manager, steward) = (server.manager(), server.contributor());
    say(&server, json!({"data_steward_id": steward.id()})).await;
    for step in ["complete", "cancel"] {
        let (_, contact, path) = in_hand(&server, step).await;
        let item = wrong(&server, &path, "wrong_number", Some(&contact)).await;
        let contact = format!("/v1/contacts/{contact}");
        assert_eq!(flags(&manager, &contact).await, json!(["wrong_number"]));
        let step = format!("/v1/action-items/{}/{step}", item["id"].as_str().unwrap());
        steward
            .post(&step, json!({"outcome": "Asked at the desk."}))
            .await
            .expect(200);
        assert_eq!(flags(&manager, &contact).await, json!([]));
    }
    for step in ["complete", "cancel"] {
        let (customer, _, path) = in_hand(&server, step).await;
        let item = wrong(&server, &path, "disconnected", None).await;
        let customer = format!("/v1/customers/{customer}");
        assert_eq!(flags(&manager, &customer).await, json!(["disconnected"]));
        let step = format!("/v1/action-items/{}/{step}", item["id"].as_str().unwrap());
        steward.post(&step, json!({})).await.expect(200);
        assert_eq!(flags(&manager, &customer).await, json!([]));
    }
}

#[actix_web::test]
async fn the_flag_stays_while_other_work_on_it_is_open_and_comes_back_when_it_is_reopened() {
    let server = Server::start().await;
    let (manager, steward) = (server.manager(), server.contributor());
    say(&server, json!({"data_steward_id": steward.id()})).await;
    let (customer, contact, path) = in_hand(&server, "Alfreds").await;
    let step = async |item: &Value, step: &str| {
        let path = format!("/v1/action-items/{}/{step}", item["id"].as_str().unwrap());
        steward.post(&path, json!({})).await.expect(200);
    };
    let first = wrong(&server, &path, "wrong_number", Some(&contact)).await;
    let second = wrong(&server, &path, "wrong_number", Some(&contact)).await;
    let other = wrong(&server, &path, "disconnected", Some(&contact)).await;
    let customers = wrong(&server, &path, "wrong_number", None).await;
    let (contact, customer) = (format!("/v1/contacts/{contact}"), format!("/v1/customers/{customer}"));
    let both = json!(["wrong_number", "disconnected"]);
    step(&first, "complete").await;
    assert_eq!(flags(&manager, &contact).await, both);
    step(&second, "cancel").await;
    assert_eq!(flags(&manager, &contact).await, json!(["disconnected"]));
    assert_eq!(flags(&manager, &customer).await, json!(["wrong_number"]));
    step(&first, "reopen").await;
    step(&first, "start").await;
    assert_eq!(flags(&manager, &contact).await, json!(["disconnected", "wrong_number"]));
    step(&customers, "complete").await;
    assert_eq!(flags(&manager, &customer).await, json!([]));
    step(&customers, "reopen").await;
    assert_eq!(flags(&manager, &customer).await, json!(["wrong_number"]));
    for item in [&first, &other] {
        step(item, "complete").await;
    }
    assert_eq!(flags(&manager, &contact).await, json!([]));
}
