//! What somebody is told whose request does not fit: where it is, what is wanted there, and what to do.

use serde_json::{Value, json};

use crate::support::{Client, Reply, Server};

/// Pointer, code and sentence of each fault.
fn faults(reply: &Reply) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let faults = reply.body["errors"].as_array();
    let faults = faults.unwrap_or_else(|| panic!("no faults: {}", reply.text));
    faults
        .iter()
        .map(|fault| (text(&fault["pointer"]), text(&fault["code"]), text(&fault["detail"])))
        .collect()
}

/// The fault at this pointer, which must be the only one there.
#[track_caller]
fn at(reply: &Reply, pointer: &str) -> (String, String) {
    let all = faults(reply);
    let mut here = all.iter().filter(|(found, ..)| found == pointer);
    let (_, code, detail) = here.next().unwrap_or_else(|| panic!("nothing at {pointer}: {all:?}"));
    assert_eq!(here.next(), None, "{all:?}");
    (code.clone(), detail.clone())
}

#[track_caller]
fn told(reply: &Reply, pointer: &str, code: &str, detail: &str) {
    assert_eq!(at(reply, pointer), (code.to_owned(), detail.to_owned()), "{pointer}");
}

const TIME: &str = "This must be a time like 2026-11-22T14:30:00Z, with its offset.";
const ID: &str = "This must be an id like 01997f2e-8c4b-7d21-9a53-4e6f8b2c1d07.";

async fn bulk(client: &Client, body: Value) -> Reply {
    client
        .post_once("/v1/assignments/bulk", &body.to_string().len().to_string(), body)
        .await
}

#[actix_web::test]
async fn what_may_be_null_is_told_like_everything_else() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let id = "01997f2e-8c4b-7d21-9a53-4e6f8b2c1d07";
    let debrief = json!({
        "disposition": "completed", "nps_response": {"score": 11, "stars": 5}, "callback_promised_at": "tomorrow", "contact_id": "x",
        "action_items": [{"title": "A", "due_at": "soon", "customer_promise": {}}]
    });
    let reply = executive.post(&format!("/v1/assignments/{id}/attempts"), debrief).await;
    told(
        &reply,
        "/nps_response/score",
        "out_of_range",
        "11 is greater than 10; this takes 0 to 10.",
    );
    let (code, detail) = at(&reply, "/nps_response/stars");
    assert_eq!(code, "unknown_field");
    assert!(detail.contains("There are `score`, `would_recommend`"), "{detail}");
    told(&reply, "/callback_promised_at", "invalid_format", TIME);
    told(&reply, "/contact_id", "invalid_format", ID);
    told(&reply, "/action_items/0/due_at", "invalid_format", TIME);
    told(
        &reply,
        "/action_items/0/customer_promise/what",
        "required",
        "`what` must be given.",
    );
    told(
        &reply,
        "/action_items/0/customer_promise/by",
        "required",
        "`by` must be given.",
    );

    let billed = "This must be an object with `amount_minor` and `currency`, or null; the number 100 was given.";
    let reply = manager
        .post("/v1/customers", json!({"name": "A", "annual_billing": 100}))
        .await;
    told(&reply, "/annual_billing", "wrong_type", billed);
    let customer = manager.post("/v1/customers", json!({"name": "A"})).await.expect(201);
    let customer = format!("/v1/customers/{}", customer["id"].as_str().unwrap());
    let reply = manager.patch(&customer, json!({"annual_billing": 100})).await;
    told(&reply, "/annual_billing", "wrong_type", billed);
    let reply = manager
        .patch(
            &customer,
            json!({"annual_billing": {"amount_minor": "1", "currency": "euro"}}),
        )
        .await;
    told(
        &reply,
        "/annual_billing/amount_minor",
        "wrong_type",
        "This must be a whole number; a text was given.",
    );
    told(
        &reply,
        "/annual_billing/currency",
        "invalid_format",
        "This must be a currency's three capital letters, like EUR.",
    );
    let reply = bulk(&manager, json!({"items": [{"scheduled_for": "2026-12-01T10:00"}]})).await;
    told(&reply, "/items/0/scheduled_for", "invalid_format", TIME);
}

#[actix_web::test]
async fn a_fault_says_what_would_fit() {
    let server = Server::start().await;
    let (admin, manager) = (server.admin(), server.manager());
    let reply = admin
        .post(
            "/v1/users",
            json!({"nmae": "A", "email": "ada", "role": "exective", "zip": 1}),
        )
        .await;
    told(
        &reply,
        "/email",
        "invalid_format",
        "This must be an e-mail address like ada@example.com.",
    );
    told(
        &reply,
        "/role",
        "not_allowed",
        "This must be one of `admin`, `manager`, `executive`, `contributor`, `viewer`. Is `executive` meant?",
    );
    let (code, detail) = at(&reply, "/nmae");
    assert_eq!(code, "unknown_field");
    let nearest = "`nmae` is not a field of this request. Is `name` meant? There are `name`, ";
    assert!(detail.starts_with(nearest), "{detail}");
    told(&reply, "/zip", "unknown_field", "`zip` is not a field of this request.");

    let reply = manager
        .post(
            "/v1/customers",
            json!({"name": "", "customer_since": "2026-02-30", "tags": "vip", "website": 3}),
        )
        .await;
    told(&reply, "/name", "too_short", "This must not be empty.");
    told(&reply, "/tags", "wrong_type", "This must be a list; a text was given.");
    let reply = manager.post("/v1/customers", json!({"name": "x".repeat(400)})).await;
    assert!(
        at(&reply, "/name").1.starts_with("This has 400 characters; at most "),
        "{}",
        reply.text
    );

    let reply = bulk(&manager, json!([{"reason": "A"}])).await;
    let (code, detail) = at(&reply, "");
    assert_eq!(code, "wrong_type");
    assert!(
        detail.ends_with("; a list was given. Wrap the list: {\"items\": […]}."),
        "{detail}"
    );

    // A query is told the same way.
    let reply = manager
        .get("/v1/customers?limit=many&updated_at_gte=today&tagg=vip")
        .await;
    told(
        &reply,
        "limit",
        "wrong_type",
        "This must be a whole number; a text was given.",
    );
    told(&reply, "updated_at_gte", "invalid_format", TIME);
    assert!(at(&reply, "tagg").1.contains("it takes tag, "), "{}", reply.text);
}

#[actix_web::test]
async fn what_is_not_there_is_named_as_it_was_sent() {
    let server = Server::start().await;
    let manager = server.manager();
    let id = "01997f2e-8c4b-7d21-9a53-4e6f8b2c1d07";
    let item = json!({"customer_external_id": "Ö".repeat(120), "assignee_email": "nobody@northwind.test"});
    let reply = bulk(
        &manager,
        json!({"items": [item, {"customer_id": id, "assignee_id": id}]}),
    )
    .await;
    let cut = format!("There is no customer `{}…`.", "Ö".repeat(100));
    told(&reply, "/items/0/customer_external_id", "not_found", &cut);
    let nobody = "There is no user `nobody@northwind.test`.";
    told(&reply, "/items/0/assignee_email", "not_found", nobody);
    told(
        &reply,
        "/items/1/customer_id",
        "not_found",
        &format!("There is no customer `{id}`."),
    );
    told(
        &reply,
        "/items/1/assignee_id",
        "not_found",
        &format!("There is no user `{id}`."),
    );
    let reply = manager
        .post("/v1/notes", json!({"customer_id": id, "type": "general", "body": "A"}))
        .await;
    told(
        &reply,
        "/customer_id",
        "not_found",
        &format!("There is no customer `{id}`."),
    );
}

#[actix_web::test]
async fn who_may_not_is_told_whether_it_is_the_role_or_the_key() {
    let server = Server::start().await;
    let detail = |reply: Reply| {
        assert_eq!(reply.status, 403, "{}", reply.text);
        reply.body["detail"].as_str().unwrap().to_owned()
    };
    let reply = server.viewer().post("/v1/customers", json!({"name": "A"})).await;
    assert_eq!(
        detail(reply),
        "This needs the permission `customers:manage`, which your role `viewer` does not have."
    );
    let key = json!({"name": "Reads", "role": "manager", "permissions": ["customers:read"]});
    let key = server.admin().post("/v1/api-keys", key).await.expect(201);
    let token = key["secret"].as_str().unwrap().to_owned();
    let key = Client {
        token: Some(token),
        ..server.nobody()
    };
    assert_eq!(
        detail(key.post("/v1/customers", json!({"name": "A"})).await),
        "This needs the permission `customers:manage`, which this API key was not given: it is narrowed to `customers:read`. Use a key that has it."
    );
    assert_eq!(
        detail(key.get("/v1/api-keys").await),
        "This needs the permission `api_keys:manage`, which the role `manager` of this API key does not have."
    );
}

#[actix_web::test]
async fn who_is_not_believed_is_told_what_to_do() {
    let server = Server::start().await;
    let detail = async |client: &Client| {
        let reply = client.get("/v1/me").await;
        assert_eq!(reply.status, 401, "{}", reply.text);
        reply.body["detail"].as_str().unwrap().to_owned()
    };
    let with = |token: &str| Client {
        token: Some(token.to_owned()),
        ..server.nobody()
    };
    assert!(
        detail(&server.nobody())
            .await
            .starts_with("Sign in at `POST /v1/auth/login`, or send an API key")
    );
    let viewer = server.viewer();
    let key = server
        .admin()
        .post("/v1/api-keys", json!({"name": "A", "role": "viewer"}))
        .await
        .expect(201);
    let revoked = with(key["secret"].as_str().unwrap());
    revoked.get("/v1/me").await.expect(200);
    let id = key["api_key"]["id"].as_str().unwrap();
    server.admin().delete(&format!("/v1/api-keys/{id}")).await.expect(200);
    // A key that was there and one that never was are told the same.
    let never = with(&touchbase::access::key::generate());
    let told = detail(&revoked).await;
    assert!(told.starts_with("This API key is not good here: "), "{told}");
    assert_eq!(told, detail(&never).await);
    assert_eq!(told, detail(&with("tb_x")).await);
    assert!(
        detail(&with("a.b.c"))
            .await
            .starts_with("This access token is not good here")
    );
    viewer.get("/v1/me").await.expect(200);
    server.app.clock.advance(chrono::TimeDelta::minutes(11));
    let told = detail(&viewer).await;
    assert!(told.ends_with("Get the next one at `POST /v1/auth/refresh`."), "{told}");
}

#[actix_web::test]
async fn every_list_says_in_the_document_what_it_sorts_by() {
    let server = Server::start().await;
    let admin = server.admin();
    let document = admin.get("/openapi.json").await.expect(200);
    let mut lists = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
        let Some(sort) = parameters.into_iter().find(|parameter| parameter["name"] == "sort") else {
            continue;
        };
        lists += 1;
        let description = sort["description"].as_str().unwrap();
        let named = description
            .split("One or more of ")
            .nth(1)
            .unwrap_or_else(|| panic!("{path} says nothing"));
        let (named, default) = named.split_once("; ").unwrap();
        let path = path.replace("{id}", "01997f2e-8c4b-7d21-9a53-4e6f8b2c1d07");
        if path.contains('{') || admin.get(&path).await.status == 404 {
            continue;
        }
        let reply = admin.get(&format!("{path}?sort=nothing")).await;
        let taken = at(&reply, "sort").1;
        let taken = taken.split("but by ").nth(1).unwrap().trim_end_matches('.').to_owned();
        assert_eq!(named.replace('`', ""), taken.replace(", -revision", ""), "{path}");
        let default = default.trim_start_matches('`').split('`').next().unwrap();
        admin.get(&format!("{path}?sort={default}")).await.expect(200);
    }
    assert!(lists > 20, "{lists}");
}
