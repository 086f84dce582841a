//! Segments that an organization saves, and their pages.

use serde_json::json;

use crate::segments::{customer, names, reasons, usd};
use crate::support::Server;

#[actix_web::test]
async fn a_segment_of_ones_own_is_saved_changed_looked_into_and_deleted() {
    let server = Server::start().await;
    let manager = server.manager();
    for (name, tags, country) in [
        ("Ana", json!(["Key"]), "DE"),
        ("Bo", json!(["key"]), "US"),
        ("Cy", json!([]), "DE"),
    ] {
        customer(
            &manager,
            json!({"name": name, "tags": tags, "country": country, "annual_billing": usd(10)}),
        )
        .await;
    }
    let body = json!({"name": "German key accounts", "filter": {"tag": "KEY", "country": "Germany"}});
    let reply = manager.post("/v1/segments", body).await;
    let location = reply.header("location");
    let saved = reply.expect(201);
    let page = manager.get(&format!("{location}/customers")).await.expect(200);
    assert_eq!(names(&page), ["Ana"]);
    assert_eq!(reasons(&page), ["fits the filter: tag KEY, country Germany"]);
    let changed = manager
        .patch(&location, json!({"filter": {"country": null}}))
        .await
        .expect(200);
    assert!(changed["revision"].as_i64() > saved["revision"].as_i64());
    let read = server.viewer().get(&location).await;
    assert_eq!(read.header("etag"), format!("\"{}\"", changed["revision"]));
    assert_eq!((&read.body["count"], &read.body["saved"]), (&json!(2), &json!(true)));
    let page = manager.get(&format!("{location}/customers?limit=1")).await.expect(200);
    let next = page["next_cursor"].as_str().unwrap();
    let page = manager
        .get(&format!("{location}/customers?limit=1&cursor={next}"))
        .await
        .expect(200);
    assert_eq!(
        (names(&page), &page["data"][0]["rank"]),
        (vec!["Bo".to_owned()], &json!(2))
    );

    let tail = json!({"name": "Tail", "ready_made": "biggest_billers", "parameters": {"share": 50}});
    let tail = manager.post("/v1/segments", tail).await.expect(201);
    let listed = manager
        .get("/v1/segments?saved=true&include_total=true&include_counts=true")
        .await
        .expect(200);
    assert_eq!(names(&listed), ["German key accounts", "Tail"]);
    assert_eq!((&listed["total"], &listed["data"][1]["count"]), (&json!(2), &json!(2)));
    assert_eq!(listed["data"][1]["parameters"]["share"], 50);
    let all = manager.get("/v1/segments").await.expect(200);
    assert_eq!(all["data"].as_array().unwrap().len(), 16);

    for (body, code, status) in [
        (json!({"name": "tail", "filter": {}}), "duplicate", 409),
        (json!({"name": "X"}), "invalid_request", 400),
        (
            json!({"name": "X", "ready_made": "silent", "filter": {}}),
            "invalid_request",
            400,
        ),
        (json!({"name": "X", "ready_made": "loud"}), "invalid_request", 400),
        (
            json!({"name": "X", "ready_made": "silent", "parameters": {"top": 4}}),
            "invalid_request",
            400,
        ),
        (json!({"name": "X", "filter": {"shoe_size": 4}}), "invalid_request", 400),
        (
            json!({"name": "X", "filter": {"do_not_contact": "maybe"}}),
            "invalid_request",
            400,
        ),
    ] {
        assert_eq!(manager.post("/v1/segments", body).await.problem(status), code);
    }
    let refused = server
        .executive()
        .post("/v1/segments", json!({"name": "X", "filter": {}}))
        .await;
    assert_eq!(refused.problem(403), "insufficient_permission");
    assert_eq!(
        manager
            .patch("/v1/segments/silent", json!({"name": "X"}))
            .await
            .problem(409),
        "wrong_state"
    );
    assert_eq!(manager.delete("/v1/segments/silent").await.problem(409), "wrong_state");
    let told = manager.get(&format!("{location}/customers?top=3")).await;
    assert_eq!(told.problem(400), "invalid_request");

    // Programs name segments by word or id; one that a program names stays.
    let unknown = "01997f2e-8c4b-7d21-9a53-4e6f8b2c1d07";
    let body = json!({"name": "P", "segments": ["silent", unknown, "silent"]});
    let refused = manager.post("/v1/programs", body).await.expect(400);
    assert_eq!(refused["errors"][0]["pointer"], "/segments/1");
    assert_eq!(refused["errors"][1]["pointer"], "/segments/2");
    let program = json!({"name": "P", "segments": ["silent", tail["id"]]});
    let program = manager.post("/v1/programs", program).await.expect(201);
    assert_eq!(program["segments"], json!(["silent", tail["id"]]));
    let tail = format!("/v1/segments/{}", tail["id"].as_str().unwrap());
    assert_eq!(manager.delete(&tail).await.problem(409), "wrong_state");
    let program = format!("/v1/programs/{}", program["id"].as_str().unwrap());
    manager
        .patch(&program, json!({"segments": ["silent"]}))
        .await
        .expect(200);
    manager.delete(&tail).await.expect(204);
    assert_eq!(manager.get(&tail).await.problem(404), "not_found");
}

#[actix_web::test]
async fn a_page_goes_on_after_the_customer_seen_last_wherever_it_stands_by_then() {
    let server = Server::start().await;
    let manager = server.manager();
    let mut ids = Vec::new();
    for (name, units) in [("Ana", 500), ("Bo", 400), ("Cy", 300), ("Di", 200)] {
        ids.push(customer(&manager, json!({"name": name, "annual_billing": usd(units)})).await);
    }
    let first = "/v1/segments/biggest_billers/customers?limit=2";
    let next = manager.get(first).await.expect(200)["next_cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    let rest = format!("{first}&cursor={next}");
    assert_eq!(names(&manager.get(&rest).await.expect(200)), ["Cy", "Di"]);
    // Somebody new stands before them: nobody comes twice.
    customer(&manager, json!({"name": "Eve", "annual_billing": usd(900)})).await;
    assert_eq!(names(&manager.get(&rest).await.expect(200)), ["Cy", "Di"]);
    // The one seen last has left: it goes on from its place.
    let leave = json!({"do_not_contact": true, "do_not_contact_reason": "asked"});
    manager
        .patch(&format!("/v1/customers/{}", ids[1]), leave)
        .await
        .expect(200);
    assert_eq!(names(&manager.get(&rest).await.expect(200)), ["Cy", "Di"]);
}
