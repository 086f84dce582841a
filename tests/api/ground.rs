//! The ground that every endpoint stands on: problems, preconditions, idempotency, methods.

use serde_json::json;

use crate::support::Server;

#[actix_web::test]
async fn every_fault_of_a_body_is_told_at_once() {
    let server = Server::start().await;
    let reply = server
        .manager()
        .post(
            "/v1/customers",
            json!({"name": "", "colour": "blue", "annual_billing": {"amount_minor": "1", "currency": "usd"}}),
        )
        .await;
    let problem = reply.expect(400);
    assert_eq!(problem["code"], "invalid_request");
    let pointers: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect();
    for pointer in ["/name", "/colour"] {
        assert!(pointers.contains(&pointer), "{pointers:?}");
    }
    assert!(
        pointers.iter().any(|pointer| pointer.starts_with("/annual_billing")),
        "{pointers:?}"
    );
}

#[actix_web::test]
async fn a_retry_gets_the_same_answer_and_does_nothing_twice() {
    let server = Server::start().await;
    let manager = server.manager();
    let first = manager.post_once("/v1/customers", "k-1", json!({"name": "Once"})).await;
    let second = manager.post_once("/v1/customers", "k-1", json!({"name": "Once"})).await;
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(second.header("etag"), first.header("etag"));
    assert_eq!(first.expect(201), second.expect(201));
    assert_eq!(
        manager
            .post_once("/v1/customers", "k-1", json!({"name": "Other"}))
            .await
            .problem(422),
        "idempotency_key_reused"
    );
    assert_eq!(
        manager.get("/v1/customers?include_total=true").await.expect(200)["total"],
        1
    );
}

#[actix_web::test]
async fn a_stale_write_is_refused_unless_it_already_holds() {
    let server = Server::start().await;
    let manager = server.manager();
    let customer = manager
        .post("/v1/customers", json!({"name": "Stale"}))
        .await
        .expect(201);
    let path = format!("/v1/customers/{}", customer["id"].as_str().unwrap());
    let etag = format!("\"{}\"", customer["revision"]);
    manager.patch(&path, json!({"city": "Ulm"})).await.expect(200);
    let stale = |body: serde_json::Value| {
        manager.send(
            manager
                .request("PATCH", &path)
                .header("if-match", &etag)
                .header("content-type", "application/merge-patch+json")
                .body(body.to_string()),
        )
    };
    assert_eq!(stale(json!({"city": "Bonn"})).await.problem(412), "precondition_failed");
    stale(json!({"city": "Ulm"})).await.expect(200);
    let unchanged = manager
        .send(
            manager
                .request("GET", &path)
                .header("if-none-match", manager.get(&path).await.header("etag")),
        )
        .await;
    assert_eq!(unchanged.status, 304);
}

#[actix_web::test]
async fn methods_and_paths_that_are_not_there_say_what_is() {
    let server = Server::start().await;
    let manager = server.manager();
    let reply = manager.send(manager.request("DELETE", "/v1/customers")).await;
    assert_eq!(reply.header("allow"), "GET, HEAD, POST, OPTIONS");
    assert_eq!(reply.problem(405), "method_not_allowed");
    assert_eq!(
        manager.send(manager.request("OPTIONS", "/v1/customers")).await.status,
        204
    );
    let head = manager.send(manager.request("HEAD", "/v1/customers")).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    let document = server
        .nobody()
        .send(server.nobody().request("HEAD", "/openapi.json"))
        .await;
    assert_eq!((document.status, document.text.as_str()), (200, ""));
    assert_eq!(manager.get("/v1/nothing").await.problem(404), "not_found");
    assert_eq!(
        manager.get("/v1/customers?colour=blue").await.problem(400),
        "invalid_request"
    );
    assert_eq!(
        server.nobody().get("/v1/customers").await.problem(401),
        "unauthenticated"
    );
    assert_eq!(
        server
            .viewer()
            .post("/v1/customers", json!({"name": "X"}))
            .await
            .problem(403),
        "insufficient_permission"
    );
    assert_eq!(
        server
            .another_organization()
            .await
            .get(&format!("/v1/users/{}", manager.id()))
            .await
            .problem(404),
        "not_found"
    );
}

#[actix_web::test]
async fn every_list_can_be_had_whole_as_csv_and_ndjson() {
    let server = Server::start().await;
    let manager = server.manager();
    for at in 0..230 {
        let billing = json!({"amount_minor": at, "currency": "USD"});
        let body = json!({"name": format!("=Customer {at:03}"), "annual_billing": billing, "tags": ["a", "b"]});
        manager.post("/v1/customers", body).await.expect(201);
    }
    let accept = |kind: &str, path: &str| manager.send(manager.request("GET", path).header("accept", kind));
    let csv = accept("text/csv", "/v1/customers").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.header("vary").contains("accept"), "{:?}", csv.headers);
    assert_eq!(
        csv.header("content-disposition"),
        "attachment; filename=\"customers.csv\""
    );
    let lines: Vec<&str> = csv.text.lines().collect();
    assert_eq!(lines.len(), 231);
    assert!(lines[0].starts_with("id,external_id,name,"), "{}", lines[0]);
    assert!(
        lines[0].contains("annual_billing.amount_minor,annual_billing.currency"),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].contains(",'=Customer 000,") && lines[1].contains(",0,USD,") && lines[1].contains("a;b"),
        "{}",
        lines[1]
    );
    let page = accept("text/csv", "/v1/customers?limit=5&fields=name").await;
    assert_eq!(
        (page.text.lines().count(), page.text.lines().next()),
        (6, Some("id,name"))
    );
    let ndjson = accept("application/x-ndjson", "/v1/customers?q=customer").await;
    assert_eq!(
        ndjson.header("content-disposition"),
        "attachment; filename=\"customers.ndjson\""
    );
    let is_json = |line: &str| serde_json::from_str::<serde_json::Value>(line).is_ok();
    assert!(ndjson.text.lines().all(is_json), "{}", ndjson.text);
    assert_eq!(ndjson.text.lines().count(), 230);
    assert_eq!(
        accept("application/xml", "/v1/customers").await.problem(406),
        "not_acceptable"
    );
    assert_eq!(
        accept("text/csv", "/v1/customers?sort=colour").await.problem(400),
        "invalid_request"
    );
}

#[actix_web::test]
async fn a_value_that_does_not_fit_is_not_repeated_and_costs_little() {
    let server = Server::start().await;
    let manager = server.manager();
    let reply = manager
        .post("/v1/customers", json!({"name": "secret".repeat(10_000)}))
        .await;
    assert!(reply.text.len() < 1_000, "{}", reply.text.len());
    assert_eq!(reply.problem(400), "invalid_request");
    let many = json!({"name": "A", "tags": vec![1; 400_000]});
    assert_eq!(
        manager.post("/v1/customers", many).await.problem(400),
        "malformed_request"
    );
    let customer = manager
        .post("/v1/customers", json!({"name": "Stale"}))
        .await
        .expect(201);
    let path = format!("/v1/customers/{}", customer["id"].as_str().unwrap());
    let odd = reqwest::header::HeaderValue::from_bytes(b"\xff").unwrap();
    let patch = manager
        .request("PATCH", &path)
        .header("if-match", odd)
        .json(&json!({"city": "Ulm"}));
    assert_eq!(manager.send(patch).await.problem(400), "invalid_request");
}

#[actix_web::test]
async fn a_header_that_makes_no_sense_is_refused_even_of_a_repeated_request() {
    let server = Server::start().await;
    let manager = server.manager();
    let customer = manager
        .post("/v1/customers", json!({"name": "Again"}))
        .await
        .expect(201);
    let path = format!("/v1/customers/{}", customer["id"].as_str().unwrap());
    let patch = |tag: &str, key: &str| {
        let request = manager.request("PATCH", &path).header("idempotency-key", key);
        manager.send(request.header("if-match", tag).json(&json!({"city": "Ulm"})))
    };
    let etag = format!("\"{}\"", customer["revision"]);
    patch(&etag, "once").await.expect(200);
    assert_eq!(patch(&etag, "once").await.header("idempotency-replayed"), "true");
    assert_eq!(patch("", "once").await.problem(400), "invalid_request");
    assert_eq!(patch(&etag, "two words").await.problem(400), "invalid_request");
}

#[actix_web::test]
async fn a_refusal_leaves_its_key_free_for_the_request_once_it_is_mended() {
    let server = Server::start().await;
    let manager = server.manager();
    let missing = json!({"name": "Ana Trujillo", "customer_id": "0190b5a0-0000-7000-8000-000000000001"});
    let refused = manager.post_once("/v1/contacts", "mended", missing.clone()).await;
    assert_eq!(refused.problem(400), "invalid_request");
    // The same request, once the customer is there.
    let customer = json!({"id": missing["customer_id"], "name": "Ana Trujillo Emparedados"});
    manager.post("/v1/customers", customer).await.expect(201);
    let made = manager.post_once("/v1/contacts", "mended", missing).await;
    assert_eq!(made.status, 201);
    // Another request, corrected.
    let refused = manager
        .post_once("/v1/customers", "corrected", json!({"name": ""}))
        .await;
    assert_eq!(refused.problem(400), "invalid_request");
    let made = manager
        .post_once("/v1/customers", "corrected", json!({"name": "Berglunds"}))
        .await;
    assert_eq!(made.status, 201);
}
