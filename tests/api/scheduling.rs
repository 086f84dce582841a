//! When a call may be scheduled: one rule, whichever way it is.

use chrono::TimeDelta;
use serde_json::{Value, json};
use touchbase::access::Role;

use crate::assignments::{a_good_time, assigned, customer, path};
use crate::support::Server;

#[actix_web::test]
async fn a_call_is_scheduled_ahead_and_within_the_customers_hours_whichever_way_it_is() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let body = json!({"name": "Tokyo", "external_id": "TOKYO", "time_zone": "Asia/Tokyo"});
    let tokyo = manager.post("/v1/customers", body).await.expect(201)["id"].clone();
    let alfreds = customer(&manager, "Alfreds").await;
    let held = assigned(&manager, &alfreds, &executive).await;
    // 10:00 UTC is 19:00 in Tokyo; eight hours before, it is 11:00 there.
    let evening = a_good_time(&server);
    let morning = evening - TimeDelta::hours(8);
    let past = evening - TimeDelta::days(21);
    for (at, code) in [(evening, "outside_calling_window"), (past, "in_the_past")] {
        let one = json!({"customer_id": tokyo, "assignee_id": executive.id(), "scheduled_for": at});
        let problem = manager.post("/v1/assignments", one.clone()).await.expect(409);
        assert_eq!(
            (&problem["code"], &problem["errors"][0]["pointer"]),
            (&json!(code), &json!("/scheduled_for"))
        );
        let many = json!({"items": [{"customer_external_id": "Alfreds", "assignee_email": "nobody@x.test"}, one]});
        let problem = manager.post_once("/v1/assignments/bulk", code, many).await.expect(422);
        let error = &problem["errors"][1];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!("/items/1/scheduled_for"), &json!(code))
        );
    }
    let reschedule = format!("{}/reschedule", path(&held));
    let reply = manager.post(&reschedule, json!({"scheduled_for": past})).await;
    assert_eq!(reply.problem(409), "in_the_past");

    // On purpose, in a file.
    let file = format!(
        "customer_external_id,assignee_id,scheduled_for,outside_window\r\nTOKYO,{},{},true\r\n",
        executive.id(),
        evening.format("%Y-%m-%dT%H:%M:%SZ")
    );
    let request = manager
        .request("POST", "/v1/assignments/bulk")
        .header("content-type", "text/csv")
        .header("idempotency-key", "on-purpose")
        .body(file);
    let made = manager.send(request).await.expect(201);
    let made = format!(
        "/v1/assignments/{}",
        made["results"][0]["assignment_id"].as_str().unwrap()
    );
    assert_eq!(manager.get(&made).await.expect(200)["status"], "scheduled");
    manager.post(&format!("{made}/cancel"), Value::Null).await.expect(200);

    let id = "0190b5a0-0000-7000-8000-0000000000b2";
    let one = json!({"id": id, "customer_id": tokyo, "assignee_id": executive.id(), "scheduled_for": morning});
    let first = manager.post("/v1/assignments", one.clone()).await.expect(201);
    assert_eq!(first["status"], "scheduled");
    // Sent once more when the time has come: it was ahead when it was made.
    server.app.clock.advance(TimeDelta::days(30));
    assert_eq!(server.manager().post("/v1/assignments", one).await.expect(200), first);
}

#[actix_web::test]
async fn due_day_priority_and_reason_of_an_open_assignment_can_be_changed() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let second = server.add("second", Role::Executive).await;
    let assignment = assigned(&manager, &customer(&manager, "Alfreds").await, &executive).await;
    let path = path(&assignment);
    let more = json!({"due_on": "2026-12-01", "priority": "urgent", "reason": "They asked for it"});
    let changed = executive.patch(&path, more.clone()).await.expect(200);
    for field in ["due_on", "priority", "reason"] {
        assert_eq!(changed[field], more[field], "{field}");
    }
    assert_eq!(changed["status"], "queued");
    // A retry holds already; what another has changed meanwhile is not overwritten.
    let patch = |body: Value| {
        let request = manager.request("PATCH", &path);
        let request = request.header("content-type", "application/merge-patch+json");
        let old = format!("\"{}\"", assignment["revision"]);
        manager.send(request.header("if-match", old).body(body.to_string()))
    };
    assert_eq!(patch(more).await.expect(200), changed);
    assert_eq!(patch(json!({"due_on": null})).await.problem(412), "precondition_failed");
    let cleared = manager
        .patch(&path, json!({"due_on": null, "priority": null}))
        .await
        .expect(200);
    assert_eq!(
        (&cleared["due_on"], &cleared["priority"]),
        (&Value::Null, &json!("normal"))
    );
    let due = executive.get("/v1/assignments?due_on_gte=2026-01-01").await.expect(200);
    assert_eq!(due["data"], json!([]));

    let low = json!({"priority": "low"});
    assert_eq!(second.patch(&path, low.clone()).await.problem(403), "not_yours");
    let reply = server.viewer().patch(&path, low.clone()).await;
    assert_eq!(reply.problem(403), "insufficient_permission");
    let reply = executive.patch(&path, json!({"status": "completed"})).await;
    assert_eq!(reply.problem(400), "invalid_request");
    executive
        .post(&format!("{path}/decline"), Value::Null)
        .await
        .expect(200);
    assert_eq!(executive.patch(&path, low).await.problem(409), "wrong_state");
}
