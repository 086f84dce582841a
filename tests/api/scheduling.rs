//! When a call may be scheduled: one rule, whichever way it is.

use chrono::TimeDelta;
use serde_json::{Value, json};

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
