//! Notes: written, found again, praised employees, the register of themes.

use serde_json::{Value, json};

use crate::support::{Client, Server};

async fn customer(manager: &Client, name: &str) -> Value {
    manager.post("/v1/customers", json!({"name": name})).await.expect(201)["id"].clone()
}

fn ids(page: &Value) -> Vec<&Value> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| &record["id"])
        .collect()
}

#[actix_web::test]
async fn what_was_learned_is_written_down_and_found_again() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let (alfreds, bolido) = (customer(&manager, "Alfreds").await, customer(&manager, "Bólido").await);
    let employee = server.contributor().id();
    let praise = executive
        .post(
            "/v1/notes",
            json!({"customer_id": alfreds, "type": "praise", "body": "Nancy solved it within the hour.", "themes": ["Support", "support "],
                "employee_id": employee, "occurred_at": "2026-03-03T10:00:00Z"}),
        )
        .await;
    let path = praise.header("location");
    let praise = praise.expect(201);
    assert_eq!(praise["themes"], json!(["support"]));
    assert_eq!(praise["author_id"], json!(executive.id()));
    let issue = executive
        .post(
            "/v1/notes",
            json!({"customer_id": bolido, "type": "issue", "body": "The invoice came twice.", "themes": ["billing", "support"]}),
        )
        .await
        .expect(201);
    assert_eq!(server.viewer().get(&path).await.expect(200), praise);

    for (query, found) in [
        ("q=invoi", &issue),
        ("type_in=praise,idea", &praise),
        ("theme=Billing", &issue),
        (&format!("employee_id={employee}"), &praise),
        (&format!("customer_id={}", bolido.as_str().unwrap()), &issue),
        ("occurred_at_lt=2026-03-04T00:00:00Z", &praise),
        ("occurred_at_gte=2026-03-04T00:00:00Z", &issue),
    ] {
        let page = manager.get(&format!("/v1/notes?{query}")).await.expect(200);
        assert_eq!(ids(&page), [&found["id"]], "{query}");
    }
    let by = format!("/v1/notes?author_id={}&sort=occurred_at", executive.id());
    assert_eq!(ids(&manager.get(&by).await.expect(200)), [&praise["id"], &issue["id"]]);

    let themes = manager.get("/v1/themes").await.expect(200);
    assert_eq!(themes["data"][0]["theme"], "support");
    assert_eq!(themes["data"][0]["notes"], 2);
    assert_eq!(themes["data"][0]["first_seen_at"], "2026-03-03T10:00:00.000000Z");
    assert_eq!(themes["data"][1]["theme"], "billing");
    let early = manager
        .get("/v1/themes?occurred_at_lt=2026-03-04T00:00:00Z")
        .await
        .expect(200);
    assert_eq!(early["data"].as_array().unwrap().len(), 1);

    let changed = executive
        .patch(&path, json!({"themes": ["speed"], "body": "Nancy was quick."}))
        .await
        .expect(200);
    assert_eq!(changed["themes"], json!(["speed"]));
    assert_eq!(
        ids(&manager.get("/v1/notes?theme=support").await.expect(200)),
        [&issue["id"]]
    );
    assert_eq!(
        ids(&manager.get("/v1/notes?q=hour").await.expect(200)),
        Vec::<&Value>::new()
    );
}

#[actix_web::test]
async fn a_note_is_changed_by_its_author_or_a_manager() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = customer(&manager, "Alfreds").await;
    let new = json!({"customer_id": alfreds, "type": "idea", "body": "A portal."});
    let note = executive.post("/v1/notes", new.clone()).await;
    let path = note.header("location");
    note.expect(201);
    let colleague = server.add("colleague", touchbase::access::Role::Executive).await;
    assert_eq!(
        colleague.patch(&path, json!({"body": "x"})).await.problem(403),
        "not_yours"
    );
    assert_eq!(
        server.viewer().patch(&path, json!({"body": "x"})).await.problem(403),
        "insufficient_permission"
    );
    manager
        .patch(&path, json!({"body": "A customer portal."}))
        .await
        .expect(200);
    let mine = executive.post("/v1/notes", new.clone()).await.header("location");
    assert_eq!(colleague.delete(&mine).await.problem(403), "not_yours");
    assert_eq!(executive.delete(&mine).await.status, 204);
    assert_eq!(executive.get(&mine).await.problem(404), "not_found");

    assert_eq!(
        server.contributor().post("/v1/notes", new.clone()).await.problem(403),
        "insufficient_permission"
    );
    let other = server.another_organization().await;
    assert_eq!(other.get(&path).await.problem(404), "not_found");
    assert_eq!(other.patch(&path, json!({"body": "x"})).await.problem(404), "not_found");
    let elsewhere = other.post("/v1/notes", new).await.expect(400);
    assert_eq!(elsewhere["errors"][0]["pointer"], "/customer_id");
    assert_eq!(elsewhere["errors"][0]["code"], "not_found");
}

#[actix_web::test]
async fn a_note_made_offline_is_the_same_note_when_sent_twice() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = customer(&manager, "Alfreds").await;
    let new = json!({"id": "01900000-0000-7000-8000-000000000001", "customer_id": alfreds, "type": "insight", "body": "They hire."});
    let first = executive.post("/v1/notes", new.clone()).await.expect(201);
    assert_eq!(executive.post("/v1/notes", new.clone()).await.expect(200), first);
    let mut other = new;
    other["body"] = json!("They fire.");
    assert_eq!(executive.post("/v1/notes", other).await.problem(409), "id_in_use");
}
