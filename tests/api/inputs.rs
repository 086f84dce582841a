//! What is taken in, by whichever door: texts, times, lists, and how large a record may grow.

use serde_json::json;

use crate::assignments::customer;
use crate::support::Server;

#[actix_web::test]
async fn a_map_does_not_grow_beyond_its_limit_by_many_patches() {
    let server = Server::start().await;
    let manager = server.manager();
    let customer = manager
        .post("/v1/customers", json!({"name": "Grows"}))
        .await
        .expect(201);
    let path = format!("/v1/customers/{}", customer["id"].as_str().unwrap());
    let more = |from: usize, to: usize| {
        let fields: serde_json::Map<_, _> = (from..to).map(|at| (format!("field_{at}"), json!("x"))).collect();
        json!({ "custom_fields": fields })
    };
    manager.patch(&path, more(0, 60)).await.expect(200);
    manager.patch(&path, more(60, 100)).await.expect(200);
    let problem = manager.patch(&path, more(100, 101)).await.expect(400);
    assert_eq!(
        (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
        (&json!("/custom_fields"), &json!("too_long")),
        "{problem}"
    );
    // One in the place of another is no growth, and other fields go on.
    let exchange = json!({"custom_fields": {"field_0": null, "field_100": "x"}, "city": "Ulm"});
    manager.patch(&path, exchange).await.expect(200);
}

#[actix_web::test]
async fn a_record_does_not_grow_beyond_a_body_by_many_patches() {
    let server = Server::start_with(|config| config.body_limit = 5_000).await;
    let manager = server.manager();
    let customer = manager
        .post("/v1/customers", json!({"name": "Grows"}))
        .await
        .expect(201);
    let path = format!("/v1/customers/{}", customer["id"].as_str().unwrap());
    let text = "x".repeat(2_000);
    for at in ["a", "b"] {
        manager
            .patch(&path, json!({"custom_fields": {at: text}}))
            .await
            .expect(200);
    }
    let problem = manager
        .patch(&path, json!({"custom_fields": {"c": text}}))
        .await
        .expect(400);
    assert_eq!(problem["errors"][0]["code"], "too_long", "{problem}");
    manager
        .patch(&path, json!({"custom_fields": {"a": null}}))
        .await
        .expect(200);
}

#[actix_web::test]
async fn what_is_put_on_the_record_has_happened() {
    let server = Server::start().await;
    let admin = server.admin();
    let customer = admin
        .post("/v1/customers", json!({"name": "Soon", "external_id": "SOON"}))
        .await
        .expect(201)["id"]
        .clone();
    let in_minutes = |minutes: i64| {
        server
            .app
            .clock
            .now()
            .plus(chrono::TimeDelta::minutes(minutes))
            .to_string()
    };
    for (path, field, new) in [
        ("/v1/notes", "occurred_at", json!({"type": "idea", "body": "A box."})),
        (
            "/v1/nps-responses",
            "responded_at",
            json!({"score": 9, "source": "survey"}),
        ),
        (
            "/v1/service-interests",
            "raised_at",
            json!({"service": "Boxes", "raised_by_customer": true}),
        ),
        ("/v1/signals", "occurred_at", json!({"kind": "news"})),
    ] {
        let at = |minutes| {
            let mut new = new.clone();
            new["customer_id"] = customer.clone();
            new[field] = json!(in_minutes(minutes));
            new
        };
        let problem = admin.post(path, at(7)).await.expect(400);
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"), "{problem}");
        // Clocks of clients differ.
        let made = admin.post(path, at(3)).await.expect(201);
        if path == "/v1/signals" {
            let path = format!("{path}/{}", made["id"].as_str().unwrap());
            admin
                .patch(&path, json!({"occurred_at": in_minutes(7)}))
                .await
                .problem(400);
            admin.patch(&path, json!({"title": "An award"})).await.expect(200);
        }
    }
    let file = format!(
        "Kind,External ID,Customer External ID,Occurred At\npurchase,1,SOON,{}\npurchase,2,SOON,{}\n",
        in_minutes(-7),
        in_minutes(7)
    );
    let report = admin.csv("/v1/signals/import", file).await.expect(200);
    assert_eq!(
        (&report["created"], &report["errors"][0]["line"]),
        (&json!(1), &json!(3)),
        "{report}"
    );
}

#[actix_web::test]
async fn a_list_may_be_given_in_pieces_and_nothing_else_twice() {
    let server = Server::start().await;
    let manager = server.manager();
    let whole = manager
        .get("/v1/users?role_in=admin,viewer&sort=name")
        .await
        .expect(200);
    assert_eq!(whole["data"].as_array().unwrap().len(), 2);
    let pieces = "/v1/users?role_in=admin&sort=name&role_in=viewer";
    assert_eq!(manager.get(pieces).await.expect(200), whole);
    // A cursor belongs to the same list, however it is written.
    let first = manager.get(&format!("{pieces}&limit=1")).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let next = format!("/v1/users?role_in=admin,viewer&sort=name&cursor={cursor}");
    assert_eq!(manager.get(&next).await.expect(200)["data"][0], whole["data"][1]);
    let request = manager.request("GET", pieces).header("accept", "text/csv");
    assert_eq!(manager.send(request).await.text.lines().count(), 3);
    let problem = manager.get("/v1/users?role_in=admin&role_in=king").await.expect(400);
    assert_eq!(problem["errors"][0]["pointer"], "role_in");
    let problem = manager.get("/v1/users?department=a&department=b").await.expect(400);
    assert_eq!(
        (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
        (&json!("department"), &json!("duplicate"))
    );
}

#[actix_web::test]
async fn texts_have_neither_control_characters_nor_overrides_of_direction() {
    let server = Server::start().await;
    let manager = server.manager();
    for unfit in ["\0", "\u{7}", "\u{1b}[31m", "\u{7f}", "\u{85}", "\u{202e}", "\u{2066}"] {
        let new = json!({"name": format!("Acme{unfit}"), "tags": ["fine", unfit], "custom_fields": {"a": unfit}});
        let problem = manager.post("/v1/customers", new).await.expect(400);
        let faults = problem["errors"].as_array().unwrap().iter();
        let unfit_at: Vec<_> = faults
            .filter(|fault| fault["code"] == "invalid_text")
            .map(|fault| &fault["pointer"])
            .collect();
        assert_eq!(
            unfit_at,
            ["/name", "/tags/1", "/custom_fields/a"],
            "{unfit:?} {problem}"
        );
    }
    let fine = "Line one\r\n\tline two, \u{200f}\u{5d0}\u{200e}, \u{1f469}\u{200d}\u{1f467}";
    let customer = manager
        .post("/v1/customers", json!({"name": fine, "external_id": "A"}))
        .await
        .expect(201);
    assert_eq!(customer["name"], fine);
    let path = format!("/v1/customers/{}", customer["id"].as_str().unwrap());
    let problem = manager.patch(&path, json!({"city": "U\u{202e}lm"})).await.expect(400);
    assert_eq!(problem["errors"][0]["pointer"], "/city");
    let problem = manager.get("/v1/customers?q=a%00b").await.expect(400);
    assert_eq!(problem["errors"][0]["pointer"], "q");

    // One bad item or row does not spoil the others.
    let executive = server.executive().id();
    let items = json!({"items": [
        {"customer_external_id": "A", "assignee_id": executive, "reason": "a\u{202e}b"},
        {"customer_external_id": "A", "assignee_id": executive, "reason": "fine"},
    ], "mode": "partial"});
    let bulk = manager
        .post_once("/v1/assignments/bulk", "unfit", items)
        .await
        .expect(207);
    let results: Vec<_> = bulk["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["status"])
        .collect();
    assert_eq!(results, ["failed", "created"], "{bulk}");
    let file = "external_id,name,city\nB,Bo\u{202e}lido,Ulm\nC,Comidas,Ulm\n";
    let report = manager.csv("/v1/customers/import", file).await.expect(200);
    assert_eq!(report["created"], 1, "{report}");
    let fault = &report["errors"][0];
    assert_eq!(
        (&fault["line"], &fault["code"]),
        (&json!(2), &json!("invalid_text")),
        "{report}"
    );
}

#[actix_web::test]
async fn a_body_that_would_have_no_effect_is_refused() {
    let server = Server::start().await;
    let manager = server.manager();
    let body = json!({"customer_id": customer(&manager, "Alfreds").await, "assignee_id": server.executive().id()});
    let assignment = manager.post("/v1/assignments", body).await.expect(201);
    let pause = format!("/v1/programs/{}/pause", assignment["program_id"].as_str().unwrap());
    let problem = manager.post(&pause, json!({"until": "2027-01-01"})).await;
    assert_eq!(problem.problem(400), "malformed_request");
    for nothing in [json!({}), serde_json::Value::Null] {
        manager.post(&pause, nothing).await.expect(200);
        let resume = pause.replace("/pause", "/resume");
        manager.post(&resume, json!({})).await.expect(200);
    }
}
