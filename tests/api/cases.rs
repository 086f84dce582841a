//! Cases: services that customers asked for, and rescues.

use serde_json::{Value, json};
use touchbase::access::Role;

use crate::support::{Client, Server};

async fn customer(manager: &Client, name: &str) -> Value {
    manager.post("/v1/customers", json!({"name": name})).await.expect(201)["id"].clone()
}

async fn count(client: &Client, path: &str) -> usize {
    client.get(path).await.expect(200)["data"].as_array().unwrap().len()
}

#[actix_web::test]
async fn a_service_that_the_customer_asked_for_goes_through_to_won() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = customer(&manager, "Alfreds").await;
    let pushed = json!({"customer_id": alfreds, "service": "Training", "raised_by_customer": false});
    let problem = executive.post("/v1/service-interests", pushed).await.expect(400);
    assert_eq!(problem["errors"][0]["pointer"], "/raised_by_customer");
    let new = json!({"customer_id": alfreds, "service": "Training", "raised_by_customer": true, "raised_at": "2026-03-01T09:00:00Z"});
    let made = executive.post("/v1/service-interests", new.clone()).await;
    let path = made.header("location");
    assert_eq!(made.expect(201)["stage"], "raised");
    let patch = async |body: Value| executive.patch(&path, body).await;
    patch(json!({"stage": "offered", "value": {"amount_minor": 500_000, "currency": "EUR"}}))
        .await
        .expect(200);
    assert_eq!(patch(json!({"stage": "contacted"})).await.problem(409), "wrong_state");
    let won = patch(json!({"stage": "won"})).await.expect(200);
    assert!(won["closed_at"].is_string());
    assert_eq!(patch(json!({"stage": "lost"})).await.problem(409), "wrong_state");

    executive
        .post(
            "/v1/service-interests",
            json!({"customer_id": alfreds, "service": "Hosting", "raised_by_customer": true}),
        )
        .await
        .expect(201);
    for (query, expected) in [
        ("stage_in=won,lost", 1),
        ("service=Hosting", 1),
        ("raised_at_lt=2026-03-02T00:00:00Z", 1),
        (&format!("customer_id={}", alfreds.as_str().unwrap()), 2),
    ] {
        assert_eq!(
            count(&manager, &format!("/v1/service-interests?{query}")).await,
            expected,
            "{query}"
        );
    }
    let dearest = manager
        .get("/v1/service-interests?sort=-value&limit=1")
        .await
        .expect(200);
    assert_eq!(dearest["data"][0]["service"], "Training");

    let colleague = server.add("colleague", Role::Executive).await;
    assert_eq!(
        colleague.patch(&path, json!({"note": "x"})).await.problem(403),
        "not_yours"
    );
    manager.patch(&path, json!({"note": "Signed."})).await.expect(200);
    assert_eq!(
        server.viewer().post("/v1/service-interests", new).await.problem(403),
        "insufficient_permission"
    );
    assert_eq!(
        server.contributor().get(&path).await.problem(403),
        "insufficient_permission"
    );
    assert_eq!(
        server.another_organization().await.get(&path).await.problem(404),
        "not_found"
    );
}

#[actix_web::test]
async fn an_unhappy_answer_opens_a_case_that_somebody_owns() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let (alfreds, bolido) = (customer(&manager, "Alfreds").await, customer(&manager, "Bólido").await);
    let answer = executive
        .post("/v1/nps-responses", json!({"customer_id": alfreds, "score": 2}))
        .await
        .expect(201);
    let new = |customer: &Value| json!({"customer_id": customer, "reason": "Late twice.", "competitor": "Initech", "severity": "critical", "nps_response_id": answer["id"]});
    let wrong = executive.post("/v1/rescue-cases", new(&bolido)).await.expect(400);
    assert_eq!(wrong["errors"][0]["pointer"], "/nps_response_id");
    let made = executive.post("/v1/rescue-cases", new(&alfreds)).await;
    let path = made.header("location");
    let case = made.expect(201);
    assert_eq!(
        (&case["status"], &case["owner_id"]),
        (&json!("open"), &json!(executive.id()))
    );
    assert_eq!(
        executive.patch(&path, json!({"status": "resolved"})).await.problem(400),
        "invalid_request"
    );
    executive.patch(&path, json!({"status": "working"})).await.expect(200);
    let closed = executive
        .patch(
            &path,
            json!({"status": "resolved", "resolution": "Weekly call agreed."}),
        )
        .await
        .expect(200);
    assert!(closed["closed_at"].is_string());
    assert_eq!(
        executive.patch(&path, json!({"status": "lost"})).await.problem(409),
        "wrong_state"
    );
    let again = executive.patch(&path, json!({"status": "working"})).await.expect(200);
    assert!(again["closed_at"].is_null());

    manager
        .post(
            "/v1/rescue-cases",
            json!({"customer_id": bolido, "reason": "Silent.", "severity": "low"}),
        )
        .await
        .expect(201);
    for (query, expected) in [
        ("status_in=working", 1),
        ("severity_in=low,critical", 2),
        (&format!("owner_id={}", executive.id()), 1),
        (&format!("nps_response_id={}", answer["id"].as_str().unwrap()), 1),
    ] {
        assert_eq!(
            count(&manager, &format!("/v1/rescue-cases?{query}")).await,
            expected,
            "{query}"
        );
    }
    let worst = manager.get("/v1/rescue-cases").await.expect(200);
    assert_eq!(worst["data"][0]["severity"], "critical");
    let closed_at_once = json!({"customer_id": bolido, "reason": "x", "status": "lost"});
    assert_eq!(
        manager.post("/v1/rescue-cases", closed_at_once).await.problem(409),
        "wrong_state"
    );
    assert_eq!(
        server
            .viewer()
            .patch(&path, json!({"severity": "low"}))
            .await
            .problem(403),
        "insufficient_permission"
    );
    assert_eq!(
        server.another_organization().await.get(&path).await.problem(404),
        "not_found"
    );
}

#[actix_web::test]
async fn anybodys_notes_and_cases_are_a_permission_of_their_own() {
    let server = Server::start().await;
    let (admin, executive) = (server.admin(), server.executive());
    let customer = admin
        .post("/v1/customers", json!({"name": "Alfreds"}))
        .await
        .expect(201)["id"]
        .clone();
    let with = async |permissions: Value| {
        let key = json!({"name": "Script", "role": "manager", "permissions": permissions});
        let key = admin.post("/v1/api-keys", key).await.expect(201);
        Client {
            token: key["secret"].as_str().map(str::to_owned),
            ..server.nobody()
        }
    };
    let (writes, manages) = (
        json!(["notes:write", "cases:write"]),
        json!(["notes:write", "notes:manage", "cases:write", "cases:manage"]),
    );
    let (writes, manages) = (with(writes).await, with(manages).await);
    for (path, new, edit) in [
        (
            "/v1/notes",
            json!({"type": "idea", "body": "A box."}),
            json!({"body": "A better box."}),
        ),
        (
            "/v1/rescue-cases",
            json!({"reason": "No box"}),
            json!({"severity": "high"}),
        ),
        (
            "/v1/service-interests",
            json!({"service": "Boxes", "raised_by_customer": true}),
            json!({"stage": "contacted"}),
        ),
    ] {
        let mut new = new;
        new["customer_id"] = customer.clone();
        let made = executive.post(path, new).await.expect(201);
        let path = format!("{path}/{}", made["id"].as_str().unwrap());
        assert_eq!(
            writes.patch(&path, edit.clone()).await.problem(403),
            "not_yours",
            "{path}"
        );
        manages.patch(&path, edit).await.expect(200);
    }
}
