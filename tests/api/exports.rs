//! Lists as files: every one of them, as CSV and as JSON lines, with the filters of the list.

use touchbase::routes;

use crate::support::{Client, Server};

async fn lines(client: &Client, path: &str, kind: &str) -> Vec<String> {
    let reply = client.send(client.request("GET", path).header("accept", kind)).await;
    assert_eq!(reply.status, 200, "{path} as {kind}: {}", reply.text);
    assert!(
        reply.header("content-type").starts_with(kind),
        "{path}: {}",
        reply.header("content-type")
    );
    assert!(reply.header("content-disposition").starts_with("attachment"), "{path}");
    reply.text.lines().map(str::to_owned).collect()
}

#[actix_web::test]
async fn every_list_is_the_same_as_pages_csv_and_json_lines() {
    let server = Server::start().await;
    let admin = server.admin();
    for at in 0..230 {
        let name = serde_json::json!({"name": format!("Customer {at}")});
        admin.post("/v1/customers", name).await.expect(201);
    }
    let mut seen = 0;
    for endpoint in routes::endpoints() {
        let list = endpoint.id.starts_with("list_") && endpoint.offers.contains(&"text/csv");
        // Of lists within a record there is a law; holidays need to be told whose.
        if !list || endpoint.path.contains('{') || endpoint.id == "list_holidays" {
            continue;
        }
        seen += 1;
        let rows = lines(&admin, &endpoint.path, "application/x-ndjson").await;
        for row in &rows {
            serde_json::from_str::<serde_json::Value>(row).unwrap();
        }
        let page = admin.get(&endpoint.path).await.expect(200);
        let shown = page["data"].as_array().unwrap().len();
        assert!(
            rows.len() == shown || (page["has_more"] == true && rows.len() > shown),
            "{}",
            endpoint.id
        );
        let csv = lines(&admin, &endpoint.path, "text/csv").await;
        assert!(csv.len() > rows.len(), "{}: {csv:?}", endpoint.id);
    }
    assert!(seen > 20, "{seen}");
    let customers = lines(&admin, "/v1/customers?sort=name", "application/x-ndjson").await;
    assert_eq!(customers.len(), 230);
}

#[actix_web::test]
async fn the_audit_log_is_exported_with_its_filters() {
    let server = Server::start().await;
    let admin = server.admin();
    for at in 0..210 {
        let name = serde_json::json!({"name": format!("=Customer {at}")});
        admin.post("/v1/customers", name).await.expect(201);
    }
    let all = lines(&admin, "/v1/audit-log", "application/x-ndjson").await;
    let path = format!("/v1/audit-log?kind=customer&verb=created&actor_id={}", admin.id());
    let some = lines(&admin, &path, "application/x-ndjson").await;
    assert!(all.len() > 210);
    assert_eq!(some.len(), 210);
    let csv = lines(&admin, &path, "text/csv").await;
    assert_eq!(csv.len(), 211);
    assert!(
        csv[0].starts_with("revision,recorded_at,actor_kind,actor_id,client,address"),
        "{}",
        csv[0]
    );
    let refused = admin
        .send(
            server
                .executive()
                .request("GET", "/v1/audit-log")
                .header("accept", "text/csv"),
        )
        .await;
    assert_eq!(refused.problem(403), "insufficient_permission");
}

#[actix_web::test]
async fn an_export_ends_when_its_reader_may_not_read_any_more() {
    let server = Server::start().await;
    let admin = server.admin();
    // A page is more than what networks hold by themselves.
    let text = "🎉".repeat(9_900);
    let customer = admin
        .post("/v1/customers", serde_json::json!({"name": "Alfreds"}))
        .await
        .expect(201);
    for at in 0..450 {
        let note =
            serde_json::json!({"customer_id": customer["id"], "type": "general", "body": format!("{at} {text}")});
        admin.post("/v1/notes", note).await.expect(201);
    }
    let script = server.script(&[touchbase::access::Permission::NotesRead]).await;
    let request = script
        .request("GET", "/v1/notes")
        .header("accept", "application/x-ndjson");
    let mut response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut read = response.chunk().await.unwrap().unwrap().len();
    let keys = admin.get("/v1/api-keys").await.expect(200);
    let key = keys["data"][0]["id"].as_str().unwrap().to_owned();
    admin.delete(&format!("/v1/api-keys/{key}")).await;
    let broken = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => read += chunk.len(),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken, "all of it came: {read}");
}
