//! Bulk assignments: thousands of pairs in one request, in three formats, undone in one call.

use std::time::Instant;

use serde_json::{Value, json};
use touchbase::access::Role;

use crate::assignments::{a_good_time, customer, path};
use crate::support::{Client, Reply, Server};

async fn bulk(client: &Client, key: &str, body: Value) -> Reply {
    client.post_once("/v1/assignments/bulk", key, body).await
}

async fn text(client: &Client, query: &str, kind: &str, body: &str) -> Reply {
    let request = client
        .request("POST", &format!("/v1/assignments/bulk{query}"))
        .header("content-type", kind)
        .header(
            "idempotency-key",
            format!("{kind}{query}{}", body.len()).replace(' ', "-"),
        )
        .body(body.to_owned());
    client.send(request).await
}

async fn count(client: &Client, query: &str) -> i64 {
    let page = client
        .get(&format!("/v1/assignments?limit=1&include_total=true&{query}"))
        .await;
    page.expect(200)["total"].as_i64().unwrap()
}

fn pointers(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().unwrap().iter();
    errors
        .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
        .collect()
}

#[actix_web::test]
async fn pairs_are_assigned_all_or_none() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    for name in ["ALFKI", "ANATR", "ANTON"] {
        customer(&manager, name).await;
    }
    let item = |customer: &str, email: &str| json!({"customer_external_id": customer, "assignee_email": email});
    let bad = json!({"items": [
        item("ALFKI", "executive@northwind.test"), item("NOBODY", "executive@northwind.test"), item("ANATR", "viewer@northwind.test"),
        item("ALFKI", "manager@northwind.test"), {"customer_external_id": "ANTON", "colour": "blue"}, {"customer_external_id": "ANTON", "assignee_email": "executive@northwind.test", "priority": "very"}
    ]});
    let problem = bulk(&manager, "bad", bad.clone()).await.expect(422);
    assert_eq!(problem["code"], "unprocessable");
    assert_eq!(
        pointers(&problem),
        [
            ("/items/1/customer_external_id", "not_found"),
            ("/items/2/assignee_email", "not_allowed"),
            ("/items/3/customer_external_id", "duplicate"),
            ("/items/4/colour", "unknown_field"),
            ("/items/5/priority", "not_allowed"),
        ]
    );
    assert_eq!(count(&manager, "").await, 0);

    let good = json!({"mode": "atomic", "items": [
        item("ALFKI", "Executive@Northwind.test"), item("ANATR", "executive@northwind.test"),
        {"customer_external_id": "ANTON", "assignee_id": executive.id(), "due_on": "2026-03-01", "scheduled_for": a_good_time(&server), "priority": "urgent", "reason": "New"}
    ]});
    let reply = bulk(&manager, "good", good.clone()).await;
    let location = reply.header("location");
    let made = reply.expect(201);
    assert_eq!((&made["created"], &made["results"][2]["index"]), (&json!(3), &json!(2)));
    assert_eq!(
        location,
        format!("/v1/assignment-batches/{}", made["batch_id"].as_str().unwrap())
    );
    let batch = manager.get(&location).await.expect(200);
    assert_eq!(
        (&batch["assignments"], &batch["created_by"]),
        (&json!(3), &json!(manager.id()))
    );
    let third = manager
        .get(&format!(
            "/v1/assignments/{}",
            made["results"][2]["assignment_id"].as_str().unwrap()
        ))
        .await
        .expect(200);
    assert_eq!(
        (&third["priority"], &third["status"]),
        (&json!("urgent"), &json!("scheduled"))
    );

    // Repeated with its key: the same answer, nothing new. With another: taken.
    let again = bulk(&manager, "good", good.clone()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201), made);
    let problem = bulk(&manager, "other", good).await.expect(422);
    assert_eq!(
        pointers(&problem)[0],
        ("/items/0/customer_external_id", "already_assigned")
    );
    assert_eq!(count(&manager, "").await, 3);
}

#[actix_web::test]
async fn in_partial_mode_each_pair_is_for_itself() {
    let server = Server::start().await;
    let manager = server.manager();
    customer(&manager, "ALFKI").await;
    let item = |customer: &str| json!({"customer_external_id": customer, "assignee_email": "executive@northwind.test"});
    let body = json!({"mode": "partial", "items": [item("NOBODY"), item("ALFKI"), item("ALFKI"), {"due_on": "soon"}]});
    let answer = bulk(&manager, "one", body).await.expect(207);
    let results = answer["results"].as_array().unwrap();
    let states: Vec<_> = results
        .iter()
        .map(|result| result["status"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["failed", "created", "failed", "failed"]);
    assert_eq!((&answer["created"], &answer["failed"]), (&json!(1), &json!(3)));
    assert_eq!(
        results[0]["problem"]["errors"][0]["pointer"],
        "/items/0/customer_external_id"
    );
    assert_eq!(results[3]["problem"]["errors"][0]["pointer"], "/items/3/due_on");
    assert!(results[1]["assignment_id"].is_string());
    let nothing = bulk(&manager, "two", json!({"mode": "partial", "items": [item("ALFKI")]}))
        .await
        .expect(207);
    assert_eq!((&nothing["created"], &nothing["batch_id"]), (&json!(0), &Value::Null));
    assert_eq!(nothing["results"][0]["problem"]["code"], "already_assigned");
}

#[actix_web::test]
async fn lines_and_rows_do_as_well() {
    let server = Server::start().await;
    let manager = server.manager();
    for name in ["ALFKI", "ANATR", "ANTON", "AROUT"] {
        customer(&manager, name).await;
    }
    let rows = "\u{feff}customer_external_id,assignee_email,due_on,reason\r\nALFKI,executive@northwind.test,,\"Silent, for a year\"\r\nANATR,executive@northwind.test,2026-03-01,\r\n";
    let made = text(&manager, "", "text/csv; charset=utf-8", rows).await.expect(201);
    assert_eq!(made["created"], 2);
    let first = manager
        .get(&format!(
            "/v1/assignments/{}",
            made["results"][0]["assignment_id"].as_str().unwrap()
        ))
        .await
        .expect(200);
    assert_eq!(
        (&first["reason"], &first["due_on"]),
        (&json!("Silent, for a year"), &Value::Null)
    );

    let lines = "{\"customer_external_id\": \"ANTON\", \"assignee_email\": \"executive@northwind.test\"}\n{\"customer_external_id\": \n\n{\"customer_external_id\": \"AROUT\", \"assignee_email\": \"executive@northwind.test\"}\n";
    let problem = text(&manager, "", "application/x-ndjson", lines).await.expect(422);
    assert_eq!(pointers(&problem), [("/items/1", "malformed")]);
    let made = text(&manager, "?mode=partial", "application/x-ndjson", lines)
        .await
        .expect(207);
    assert_eq!((&made["created"], &made["failed"]), (&json!(2), &json!(1)));

    let reply = text(
        &manager,
        "",
        "text/csv",
        "customer_external_id,customer_external_id\nA,B\n",
    )
    .await;
    assert_eq!(reply.problem(400), "malformed_request");
    let reply = text(&manager, "", "text/plain", rows).await;
    assert_eq!(reply.problem(415), "unsupported_media_type");
    assert_eq!(
        manager
            .post("/v1/assignments/bulk", json!({"items": []}))
            .await
            .problem(400),
        "idempotency_key_required"
    );
    assert_eq!(
        bulk(&manager, "none", json!({"items": []})).await.problem(400),
        "invalid_request"
    );
    assert_eq!(
        bulk(&server.executive(), "mine", json!({"items": [{}]}))
            .await
            .problem(403),
        "insufficient_permission"
    );
}

#[actix_web::test]
async fn an_open_quote_swallows_no_rows() {
    let server = Server::start().await;
    let manager = server.manager();
    for name in ["ALFKI", "ANATR"] {
        customer(&manager, name).await;
    }
    let rows = "customer_external_id,assignee_email,reason\nALFKI,executive@northwind.test,\"Silent\nANATR,executive@northwind.test,New\n";
    for query in ["", "?mode=partial"] {
        let refused = text(&manager, query, "text/csv", rows).await.expect(400);
        assert_eq!(refused["code"], "malformed_request");
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.starts_with("Line 2: a quote is opened here"), "{detail}");
    }
    assert_eq!(count(&manager, "").await, 0);
}

#[actix_web::test]
async fn a_bulk_assignment_is_undone_but_for_what_was_worked() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    for name in ["ALFKI", "ANATR", "ANTON"] {
        customer(&manager, name).await;
    }
    let items: Vec<_> = ["ALFKI", "ANATR", "ANTON"]
        .iter()
        .map(|name| json!({"customer_external_id": name, "assignee_email": "executive@northwind.test"}))
        .collect();
    let made = bulk(&manager, "one", json!({"items": items})).await.expect(201);
    let assignment = |at: usize| json!({"id": made["results"][at]["assignment_id"]});
    executive
        .post(&format!("{}/decline", path(&assignment(0))), json!({"reason": "No"}))
        .await
        .expect(200);
    let attempt = json!({"disposition": "left_voicemail"});
    executive
        .post(&format!("{}/attempts", path(&assignment(1))), attempt)
        .await
        .expect(201);
    let revert = format!("/v1/assignment-batches/{}/revert", made["batch_id"].as_str().unwrap());
    assert_eq!(
        executive.post(&revert, json!(null)).await.problem(403),
        "insufficient_permission"
    );
    let undone = manager.post(&revert, json!(null)).await.expect(200);
    assert_eq!(undone["reverted"], 1);
    let mut kept: Vec<_> = undone["kept"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kept| kept["reason"].as_str().unwrap())
        .collect();
    kept.sort_unstable();
    assert_eq!(kept, ["attempted", "closed"]);
    assert_eq!(
        (&undone["batch"]["status"], &undone["batch"]["kept"]),
        (&json!("reverted"), &json!(2))
    );
    assert_eq!(
        manager.get(&path(&assignment(2))).await.expect(200)["status"],
        "canceled"
    );
    assert_eq!(manager.post(&revert, json!(null)).await.expect(200), undone);
    let stranger = server.another_organization().await;
    assert_eq!(stranger.post(&revert, json!(null)).await.problem(404), "not_found");
}

#[actix_web::test]
async fn ten_thousand_pairs_take_one_request() {
    let server = Server::start().await;
    let manager = server.manager();
    let mut executives = Vec::new();
    for number in 0..4 {
        executives.push(server.add(&format!("e{number}"), Role::Executive).await);
    }
    fill(&server, 10_000).await;
    let items: Vec<_> = (0..10_000)
        .map(|at| json!({"customer_external_id": format!("C{at:05}"), "assignee_email": format!("e{}@northwind.test", at % 4), "due_on": "2026-12-01"}))
        .collect();
    let mut too_many = items.clone();
    too_many.push(items[0].clone());
    assert_eq!(
        bulk(&manager, "many", json!({"items": too_many})).await.problem(400),
        "invalid_request"
    );
    let begun = Instant::now();
    let made = bulk(&manager, "ten", json!({"items": items})).await.expect(201);
    println!("10,000 assignments took {:?}", begun.elapsed());
    assert_eq!(
        (&made["created"], made["results"].as_array().unwrap().len()),
        (&json!(10_000), 10_000)
    );
    assert_eq!(count(&executives[3], "mine=true").await, 2_500);
    let revert = format!("/v1/assignment-batches/{}/revert", made["batch_id"].as_str().unwrap());
    assert_eq!(manager.post(&revert, json!(null)).await.expect(200)["reverted"], 10_000);
    assert_eq!(count(&manager, "status_in=queued,scheduled").await, 0);
}

/// So many customers, `C00000` and on, past the API.
async fn fill(server: &Server, customers: usize) {
    use touchbase::features::customers::customer::{Customer, CustomerInput};
    use touchbase::features::people::setup;
    let mut unit = setup::unit(&server.app, server.organization).await.unwrap();
    let now = unit.now();
    let changes = (0..customers)
        .map(|at| {
            let fields: CustomerInput =
                serde_json::from_value(json!({"name": format!("Customer {at}"), "external_id": format!("C{at:05}")}))
                    .unwrap();
            touchbase::journal::Change::created(Customer::new(unit.new_id(), fields, now))
        })
        .collect();
    unit.save_all(changes).await.unwrap();
    unit.commit().await.unwrap();
}
