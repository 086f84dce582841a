//! Customers: kept, found, changed.

use serde_json::json;

use crate::support::Server;

#[actix_web::test]
async fn a_customer_is_made_read_changed_and_found() {
    let server = Server::start().await;
    let manager = server.manager();
    let reply = manager.post("/v1/customers", json!({"name": "Alfreds Futterkiste", "external_id": "ALFKI", "annual_billing": {"amount_minor": 427300, "currency": "USD"}})).await;
    let etag = reply.header("etag");
    let location = reply.header("location");
    let customer = reply.expect(201);
    assert_eq!(location, format!("/v1/customers/{}", customer["id"].as_str().unwrap()));
    assert_eq!(etag, format!("\"{}\"", customer["revision"]));

    let read = server.viewer().get(&location).await;
    assert_eq!(read.header("etag"), etag);
    assert_eq!(read.expect(200), customer);

    let changed = manager
        .patch(&location, json!({"city": "Berlin", "annual_billing": null}))
        .await
        .expect(200);
    assert_eq!(changed["city"], "Berlin");
    assert!(changed["annual_billing"].is_null());
    assert!(changed["revision"].as_i64() > customer["revision"].as_i64());

    manager
        .patch(
            &location,
            json!({"custom_fields": {"tier": "gold", "seat": "A"}, "tags": ["x"]}),
        )
        .await
        .expect(200);
    let cleared = manager
        .patch(&location, json!({"custom_fields": {"tier": null}, "tags": null}))
        .await
        .expect(200);
    assert_eq!(
        (&cleared["custom_fields"], &cleared["tags"]),
        (&json!({"seat": "A"}), &json!([]))
    );
    assert_eq!(
        manager.patch(&location, json!({"name": null})).await.problem(400),
        "invalid_request"
    );

    let found = manager.get("/v1/customers?q=futter").await.expect(200);
    assert_eq!(found["data"][0]["id"], customer["id"]);
    assert_eq!(found["has_more"], false);
    assert_eq!(
        manager.get("/v1/customers?q=nobody").await.expect(200)["data"],
        json!([])
    );
}

#[actix_web::test]
async fn a_long_list_is_read_page_by_page_in_every_order() {
    let server = Server::start().await;
    let manager = server.manager();
    for at in 0..25 {
        manager.post("/v1/customers", json!({"name": format!("Customer {at:02}"), "annual_billing": {"amount_minor": at % 5, "currency": "USD"}})).await.expect(201);
    }
    for sort in [
        "name",
        "-name",
        "annual_billing",
        "-annual_billing,name",
        "annual_billing,-name",
        "-created_at",
    ] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = manager
                .get(&format!("/v1/customers?limit=7&sort={sort}{cursor}"))
                .await
                .expect(200);
            seen.extend(
                page["data"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|customer| customer["name"].as_str().unwrap().to_owned()),
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut names = seen.clone();
        names.sort();
        names.dedup();
        assert_eq!((seen.len(), names.len()), (25, 25), "{sort}: {seen:?}");
    }
    assert_eq!(
        manager
            .get("/v1/customers?include_total=true&limit=1")
            .await
            .expect(200)["total"],
        25
    );
}

#[actix_web::test]
async fn names_sort_alike_on_both_databases() {
    let server = Server::start().await;
    let manager = server.manager();
    for name in ["Über", "ab", "A-C", "a b", "Zürich", "ub"] {
        manager.post("/v1/customers", json!({"name": name})).await.expect(201);
    }
    let page = manager.get("/v1/customers").await.expect(200);
    let names: Vec<_> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|customer| customer["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["a b", "A-C", "ab", "ub", "Über", "Zürich"]);
}
