//! Contacts, and signals: what belongs to a customer.

use serde_json::{Value, json};

use crate::support::{Client, Server};

async fn customer(client: &Client, name: &str) -> Value {
    client
        .post("/v1/customers", json!({"name": name, "country": "Germany"}))
        .await
        .expect(201)
}

fn path(kind: &str, record: &Value) -> String {
    format!("/v1/{kind}/{}", record["id"].as_str().unwrap())
}

#[actix_web::test]
async fn a_contact_is_made_found_changed_and_removed() {
    let server = Server::start().await;
    let manager = server.manager();
    let ana = customer(&manager, "Alfreds Futterkiste").await;
    let body = json!({"customer_id": ana["id"], "external_id": "C-1", "first_name": "Maria", "last_name": "Anders", "phone": "030-0074321",
        "mobile": "unknown", "email": "Maria@Alfreds.test"});
    let contact = manager.post("/v1/contacts", body).await.expect(201);
    assert_eq!(contact["name"], "Maria Anders");
    assert_eq!(contact["phone_e164"], "+49300074321");
    assert_eq!(contact["flags"], json!(["mobile_not_understood"]));

    for query in [
        "q=anders",
        "email=maria@alfreds.test",
        "external_id=C-1",
        "is_primary=false",
        "q=0300074321",
    ] {
        let page = server.viewer().get(&format!("/v1/contacts?{query}")).await.expect(200);
        assert_eq!(page["data"][0]["id"], contact["id"], "{query}");
    }
    let found = manager.get("/v1/customers?q=maria").await.expect(200);
    assert_eq!(found["data"][0]["id"], ana["id"]);

    let contact_path = path("contacts", &contact);
    let left = manager.patch(&contact_path, json!({"active": false})).await.expect(200);
    assert!(left["left_at"].is_string());
    assert_eq!(
        server.viewer().delete(&contact_path).await.problem(403),
        "insufficient_permission"
    );
    assert_eq!(manager.delete(&contact_path).await.status, 204);
    assert_eq!(manager.get(&contact_path).await.problem(404), "not_found");
    assert_eq!(
        manager.get("/v1/customers?q=maria").await.expect(200)["data"],
        json!([])
    );
    assert_eq!(manager.get("/v1/contacts?q=maria").await.expect(200)["data"], json!([]));
    let log = server
        .admin()
        .get("/v1/audit-log?kind=contact&verb=deleted")
        .await
        .expect(200);
    assert_eq!(log["data"][0]["record_id"], contact["id"]);
    assert_eq!(log["data"][0]["changes"]["name"], json!(["Maria Anders", null]));
}

#[actix_web::test]
async fn a_customer_has_one_primary_contact() {
    let server = Server::start().await;
    let manager = server.manager();
    let ana = customer(&manager, "Ana").await;
    let make = async |name: &str| {
        let body = json!({"customer_id": ana["id"], "name": name, "is_primary": true});
        manager.post("/v1/contacts", body).await.expect(201)
    };
    let (first, second) = (make("First").await, make("Second").await);
    let primary = async || manager.get("/v1/contacts?is_primary=true").await.expect(200)["data"].clone();
    assert_eq!(primary().await[0]["id"], second["id"]);
    assert_eq!(primary().await.as_array().unwrap().len(), 1);
    manager
        .patch(&path("contacts", &first), json!({"is_primary": true}))
        .await
        .expect(200);
    assert_eq!(primary().await[0]["id"], first["id"]);
    assert_eq!(primary().await.as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_contact_needs_a_name_and_a_customer_of_the_organization() {
    let server = Server::start().await;
    let manager = server.manager();
    let theirs = customer(&server.another_organization().await, "Theirs").await;
    let own = customer(&manager, "Own").await;
    let refused = async |body: Value, pointer: &str| {
        let problem = manager.post("/v1/contacts", body).await.expect(400);
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    };
    refused(json!({"customer_id": theirs["id"], "name": "X"}), "/customer_id").await;
    refused(json!({"customer_id": own["id"]}), "/name").await;
    refused(
        json!({"customer_id": own["id"], "name": "X", "owner_id": theirs["id"]}),
        "/owner_id",
    )
    .await;
    manager
        .post(
            "/v1/contacts",
            json!({"customer_id": own["id"], "name": "X", "external_id": "1"}),
        )
        .await
        .expect(201);
    let again = json!({"customer_id": own["id"], "name": "Y", "external_id": "1"});
    assert_eq!(manager.post("/v1/contacts", again).await.problem(409), "duplicate");
}

#[actix_web::test]
async fn signals_say_what_happened_elsewhere() {
    let server = Server::start().await;
    let manager = server.manager();
    let ana = customer(&manager, "Ana").await;
    let make = async |kind: &str, day: u32| {
        let body = json!({"customer_id": ana["id"], "kind": kind, "external_id": "1", "occurred_at": format!("2026-03-{day:02}T10:00:00Z"),
            "amount": {"amount_minor": 100, "currency": "EUR"}});
        manager.post("/v1/signals", body).await
    };
    let case = make("support_case", 3).await.expect(201);
    assert_eq!(case["status"], "open");
    assert!(make("purchase", 2).await.expect(201)["status"].is_null());
    assert_eq!(make("purchase", 1).await.problem(409), "duplicate");
    make("news", 5).await.expect(201);
    let kinds = async |query: &str| -> Vec<String> {
        let page = server.viewer().get(&format!("/v1/signals?{query}")).await.expect(200);
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|signal| signal["kind"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(kinds("").await, ["news", "support_case", "purchase"]);
    assert_eq!(kinds("kind_in=news,purchase").await, ["news", "purchase"]);
    assert_eq!(kinds("open=true").await, ["support_case"]);
    assert_eq!(kinds("open=false&sort=occurred_at").await, ["purchase", "news"]);
    assert_eq!(
        kinds("occurred_at_gte=2026-03-03T00:00:00Z&occurred_at_lt=2026-03-04T00:00:00Z").await,
        ["support_case"]
    );
    assert_eq!(
        manager.get("/v1/customers?open_case=true").await.expect(200)["data"][0]["id"],
        ana["id"]
    );
    manager
        .patch(&path("signals", &case), json!({"status": "closed"}))
        .await
        .expect(200);
    assert_eq!(
        manager.get("/v1/customers?open_case=true").await.expect(200)["data"],
        json!([])
    );
    assert_eq!(
        manager
            .patch(&path("signals", &case), json!({"kind": "news"}))
            .await
            .problem(409),
        "wrong_state"
    );
    assert_eq!(
        server
            .executive()
            .post(
                "/v1/signals",
                json!({"customer_id": ana["id"], "kind": "news", "occurred_at": "2026-03-01T00:00:00Z"})
            )
            .await
            .status,
        403
    );
}
