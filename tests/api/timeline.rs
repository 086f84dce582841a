//! All that ever happened with a customer, in one stream.

use serde_json::{Value, json};

use crate::support::Server;

#[actix_web::test]
async fn everything_stands_in_one_stream_newest_first() {
    let server = Server::start().await;
    let manager = server.manager();
    let body = json!({"name": "Ana", "account_manager_id": server.contributor().id()});
    let customer = manager.post("/v1/customers", body).await.expect(201)["id"].clone();
    let other = manager.post("/v1/customers", json!({"name": "Bo"})).await.expect(201)["id"].clone();
    for (at, kind) in [
        ("2020-03-01", "purchase"),
        ("2021-03-01", "support_case"),
        ("2020-03-01", "news"),
    ] {
        for customer in [&customer, &other] {
            let body = json!({"customer_id": customer, "kind": kind, "occurred_at": format!("{at}T10:00:00Z"), "title": "So it was"});
            manager.post("/v1/signals", body).await.expect(201);
        }
    }
    let note = json!({"customer_id": customer, "type": "idea", "body": "x".repeat(900), "occurred_at": "2020-03-01T10:00:00Z"});
    manager.post("/v1/notes", note).await.expect(201);
    let answer =
        json!({"customer_id": customer, "score": 9, "responded_at": "2020-03-01T10:00:00Z", "source": "import"});
    manager.post("/v1/nps-responses", answer).await.expect(201);
    let item = json!({"customer_id": customer, "title": "Send the book", "department": "Sales"});
    manager.post("/v1/action-items", item).await.expect(201);

    let path = format!("/v1/customers/{}/timeline", customer.as_str().unwrap());
    let whole = manager.get(&format!("{path}?include_total=true")).await.expect(200);
    let data = whole["data"].as_array().unwrap().clone();
    assert_eq!((data.len(), whole["total"].as_i64().unwrap()), (7, 7), "{whole}");
    let times: Vec<&str> = data
        .iter()
        .map(|entry| entry["occurred_at"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
    assert!(
        data.iter()
            .any(|entry| entry["summary"].as_str().is_some_and(|text| text.len() == 500))
    );

    // Page by page it is the same stream.
    for limit in 1..5 {
        let (mut seen, mut cursor): (Vec<Value>, _) = (Vec::new(), String::new());
        loop {
            let page = manager.get(&format!("{path}?limit={limit}{cursor}")).await.expect(200);
            seen.extend(page["data"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, data, "{limit}");
    }

    let some = manager
        .get(&format!(
            "{path}?kind_in=note,nps_response&occurred_at_lt=2020-06-01T00:00:00Z"
        ))
        .await
        .expect(200);
    assert_eq!(some["data"].as_array().unwrap().len(), 2);
    assert_eq!(
        manager.get(&format!("{path}?sort=occurred_at")).await.problem(400),
        "invalid_request"
    );
    assert_eq!(
        server.another_organization().await.get(&path).await.problem(404),
        "not_found"
    );
}

#[actix_web::test]
async fn a_timeline_shows_what_the_caller_may_read() {
    let server = Server::start().await;
    let manager = server.manager();
    let customer = manager.post("/v1/customers", json!({"name": "Ana"})).await.expect(201)["id"].clone();
    let answer = json!({"customer_id": customer, "score": 9, "source": "import"});
    manager.post("/v1/nps-responses", answer).await.expect(201);
    manager
        .post(
            "/v1/notes",
            json!({"customer_id": customer, "type": "idea", "body": "A blue one"}),
        )
        .await
        .expect(201);
    for department in ["Support", "Sales"] {
        let item = json!({"customer_id": customer, "title": department, "department": department});
        manager.post("/v1/action-items", item).await.expect(201);
    }
    let path = format!("/v1/customers/{}/timeline", customer.as_str().unwrap());
    let page = server.contributor().get(&path).await.expect(200);
    let seen: Vec<(&str, &str)> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["kind"].as_str().unwrap(), entry["summary"].as_str().unwrap()))
        .collect();
    // Neither the answers to the question nor another department's work.
    assert_eq!(seen, [("action_item", "Support"), ("note", "A blue one")]);
}
