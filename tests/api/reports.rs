//! Reports: figures against numbers that were worked out by hand.

use chrono::TimeDelta;
use serde_json::{Value, json};
use touchbase::clock::Timestamp;
use touchbase::features::attempts::attempt::{Attempt, Disposition};
use touchbase::features::people::setup;
use touchbase::journal::Change;

use crate::support::{Client, Server};

async fn customer(manager: &Client, name: &str, tags: &[&str]) -> Value {
    let customer = json!({"name": name, "tags": tags});
    manager.post("/v1/customers", customer).await.expect(201)["id"].clone()
}

/// The line of a report's list with this name.
fn line<'r>(report: &'r Value, list: &str, name: Value) -> &'r Value {
    let lines = report[list].as_array().unwrap();
    lines
        .iter()
        .find(|line| line["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {lines:?}"))
}

#[actix_web::test]
async fn the_nps_report_is_what_one_works_out_by_hand() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let gold = customer(&manager, "Gold", &["gold"]).await;
    let both = customer(&manager, "Both", &["gold", "north"]).await;
    let answer = async |customer: &Value, score: Value, at: &str, source: &str| {
        let body = json!({"customer_id": customer, "score": score, "responded_at": at, "source": source});
        executive.post("/v1/nps-responses", body).await.expect(201);
    };
    // 10 promoters, 5 passives, 5 detractors, and two who did not want to say: API.md's first check.
    for at in 0..10 {
        answer(&gold, json!(9 + at % 2), "2026-02-10T12:00:00Z", "call").await;
    }
    for at in 0..5 {
        answer(&gold, json!(7 + at % 2), "2026-02-11T12:00:00Z", "call").await;
        answer(&both, json!(at), "2026-03-11T12:00:00Z", "survey").await;
    }
    answer(&both, Value::Null, "2026-03-12T12:00:00Z", "call").await;
    // Half past midnight in Berlin: March there, February in UTC.
    answer(&both, Value::Null, "2026-02-28T23:30:00Z", "call").await;
    // Outside.
    answer(&gold, json!(0), "2025-12-31T22:59:59Z", "call").await;

    let path = "/v1/reports/nps?from=2026-01-01&to=2026-03-31";
    let report = server.viewer().get(path).await.expect(200);
    assert_eq!(
        report["overall"],
        json!({"responses": 20, "skipped": 2, "promoters": 10, "passives": 5, "detractors": 5,
            "score": 25.0, "adjusted_score": 21.74, "margin": 33.46, "low": -11.72, "high": 55.19})
    );
    assert_eq!(
        (&report["from"], &report["time_zone"]),
        (&json!("2026-01-01"), &json!("Europe/Berlin"))
    );
    let february = line(&report, "by_month", json!("2026-02"));
    assert_eq!(
        (&february["score"], &february["responses"], &february["skipped"]),
        (&json!(66.67), &json!(15), &json!(0))
    );
    let march = line(&report, "by_month", json!("2026-03"));
    assert_eq!(
        (&march["score"], &march["responses"], &march["skipped"]),
        (&json!(-100.0), &json!(5), &json!(2))
    );
    assert_eq!(line(&report, "by_tag", json!("gold"))["responses"], 20);
    assert_eq!(line(&report, "by_tag", json!("north"))["score"], -100.0);
    assert_eq!(line(&report, "by_source", json!("survey"))["detractors"], 5);
    let asked = line(
        &report,
        "by_executive",
        json!(executive.user.as_ref().unwrap().fields.name),
    );
    assert_eq!(
        (&asked["id"], &asked["responses"]),
        (&json!(executive.id()), &json!(15))
    );
    assert_eq!(line(&report, "by_executive", Value::Null)["responses"], 5);
    assert_eq!(line(&report, "by_program", Value::Null)["responses"], 20);

    let none = server
        .viewer()
        .get("/v1/reports/nps?from=2024-01-01&to=2024-12-31")
        .await
        .expect(200);
    assert!(none["overall"]["score"].is_null() && none["overall"]["margin"].is_null());
    assert_eq!(none["overall"]["responses"], 0);
    assert_eq!(none["by_month"], json!([]));
}

#[actix_web::test]
async fn a_report_can_be_had_as_one_table_and_as_nothing_else() {
    let server = Server::start().await;
    let (manager, viewer) = (server.manager(), server.viewer());
    let alfreds = customer(&manager, "Alfreds", &["=cmd()"]).await;
    for _ in 0..2 {
        let body = json!({"customer_id": alfreds, "score": 3, "source": "survey"});
        manager.post("/v1/nps-responses", body).await.expect(201);
    }
    let asking = |path: &str, accept: &str| viewer.send(viewer.request("GET", path).header("accept", accept));
    let table = asking("/v1/reports/nps", "text/csv").await;
    assert_eq!(
        (table.status, table.header("content-type").as_str()),
        (200, "text/csv; charset=utf-8")
    );
    let rows: Vec<&str> = table.text.lines().collect();
    assert!(rows[0].starts_with("group,id,name,"), "{rows:?}");
    assert!(rows[1].starts_with("overall,,,"), "{rows:?}");
    assert!(rows.iter().any(|row| row.starts_with("source,,survey,")), "{rows:?}");
    assert!(rows.iter().all(|row| row.split(',').count() == 15), "{rows:?}");
    assert!(!table.text.contains(",=cmd"), "{rows:?}");
    for path in ["/v1/reports/nps", "/v1/reports/activity", "/v1/reports/action-items"] {
        assert_eq!(asking(path, "application/xml").await.problem(406), "not_acceptable");
        assert_eq!(asking(path, "text/csv").await.status, 200);
        assert_eq!(asking(path, "application/json").await.status, 200);
        assert_eq!(
            server.contributor().get(path).await.problem(403),
            "insufficient_permission"
        );
        let backwards = viewer
            .get(&format!("{path}?from=2026-02-01&to=2026-01-01"))
            .await
            .expect(400);
        assert_eq!(backwards["errors"][0]["pointer"], "from");
        assert_eq!(
            viewer.get(&format!("{path}?from=yesterday")).await.problem(400),
            "invalid_request"
        );
    }
}

#[actix_web::test]
async fn the_activity_report_counts_calls_and_conversations() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = customer(&manager, "Alfreds", &[]).await;
    let assigned = json!({"customer_id": alfreds, "assignee_id": executive.id()});
    let assignment = manager.post("/v1/assignments", assigned).await.expect(201);
    let mut unit = setup::unit(&server.app, server.organization).await.unwrap();
    let made = |disposition, day: &str, local_hour, local_weekday| {
        let at: Timestamp = serde_json::from_value(json!(format!("{day}T09:00:00Z"))).unwrap();
        Attempt {
            id: unit.new_id(),
            assignment_id: serde_json::from_value(assignment["id"].clone()).unwrap(),
            program_id: serde_json::from_value(assignment["program_id"].clone()).unwrap(),
            customer_id: serde_json::from_value(assignment["customer_id"].clone()).unwrap(),
            user_id: executive.user.as_ref().unwrap().id,
            contact_id: None,
            spoke_with: None,
            disposition,
            occurred_at: at,
            duration_seconds: None,
            summary: None,
            callback_promised_at: None,
            next_call_at: None,
            local_hour,
            local_weekday,
            request_hash: String::new(),
            revision: 0,
            created_at: at,
            updated_at: at,
        }
    };
    let attempts = vec![
        made(Disposition::LeftVoicemail, "2026-03-02", 10, 1),
        made(Disposition::NoAnswer, "2026-03-03", 9, 2),
        made(Disposition::Connected, "2026-03-04", 10, 3),
        made(Disposition::Declined, "2025-03-04", 10, 2),
    ];
    unit.save_all(attempts.into_iter().map(Change::created).collect())
        .await
        .unwrap();
    unit.commit().await.unwrap();

    let report = server
        .viewer()
        .get("/v1/reports/activity?from=2026-03-01&to=2026-03-31")
        .await
        .expect(200);
    let all = json!({"attempts": 3, "conversations": 1, "connect_rate": 0.3333, "attempts_per_conversation": 3.0,
        "customers_called": 1, "customers_reached": 1});
    assert_eq!(report["overall"], all);
    let ten = line(&report, "by_hour", json!("10"));
    assert_eq!((&ten["attempts"], &ten["connect_rate"]), (&json!(2), &json!(0.5)));
    let hours: Vec<_> = report["by_hour"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["name"].clone())
        .collect();
    assert_eq!(hours, ["9", "10"]);
    let tuesday = line(&report, "by_weekday", json!("2"));
    assert_eq!(
        (&tuesday["connect_rate"], tuesday["attempts_per_conversation"].is_null()),
        (&json!(0.0), true)
    );
    assert_eq!(report["by_executive"][0]["id"], json!(executive.id()));
    assert_eq!(report["by_program"][0]["id"], assignment["program_id"]);
    let quiet = server
        .viewer()
        .get("/v1/reports/activity?from=2024-03-01&to=2024-03-31")
        .await
        .expect(200);
    assert!(quiet["overall"]["connect_rate"].is_null());
}

#[actix_web::test]
async fn the_action_item_report_tells_what_is_late_and_which_promises_were_kept() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = customer(&manager, "Alfreds", &[]).await;
    let (clock, start) = (&server.app.clock, server.app.clock.now());
    let after = |hours: i64| json!(start.plus(TimeDelta::hours(hours)));
    let item = async |fields: Value| -> String {
        let mut all = json!({"customer_id": alfreds, "title": "Do it"});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let reply = executive.post("/v1/action-items", all).await;
        let path = reply.header("location");
        reply.expect(201);
        path
    };
    let promise = |hours: i64| json!({"what": "A call", "by": after(hours)});
    let one = item(json!({"customer_promise": promise(2)})).await;
    let two = item(json!({"customer_promise": promise(2), "department": "Sales"})).await;
    let three = item(json!({"customer_promise": promise(30)})).await;
    let four = item(json!({})).await;
    item(json!({"due_at": after(5), "department": "Sales"})).await;
    item(json!({"due_at": after(50)})).await;
    let step = async |path: &str, step: &str| {
        // The clock outruns tokens: each step signs in anew.
        server
            .manager()
            .post(&format!("{path}/{step}"), json!({}))
            .await
            .expect(200);
    };
    clock.advance(TimeDelta::hours(1));
    step(&one, "tell-customer").await;
    step(&one, "complete").await;
    clock.advance(TimeDelta::hours(2));
    step(&two, "complete").await;
    step(&three, "complete").await;
    clock.advance(TimeDelta::hours(5));
    step(&four, "complete").await;
    step(&two, "tell-customer").await;

    let manager = server.manager();
    let report = manager.get("/v1/reports/action-items").await.expect(200);
    let overall = &report["overall"];
    assert_eq!(
        (&overall["open"], &overall["overdue"], &overall["completed"]),
        (&json!(2), &json!(1), &json!(4))
    );
    // One, three, three and eight hours.
    assert_eq!(
        (&overall["mean_hours_to_close"], &overall["median_hours_to_close"]),
        (&json!(3.75), &json!(3.0))
    );
    let promises = (
        &overall["promises_kept"],
        &overall["promises_broken"],
        &overall["promises_pending"],
    );
    assert_eq!(promises, (&json!(1), &json!(1), &json!(1)));
    let sales = line(&report, "by_department", json!("Sales"));
    assert_eq!(
        (&sales["open"], &sales["completed"], &sales["promises_broken"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(sales["median_hours_to_close"], 3.0);
    let own = line(&report, "by_owner", json!(executive.user.as_ref().unwrap().fields.name));
    assert_eq!(
        (
            &own["completed"],
            &own["median_hours_to_close"],
            &own["mean_hours_to_close"]
        ),
        (&json!(3), &json!(3.0), &json!(4.0))
    );
    assert_eq!(
        manager.get("/v1/action-items?promise_overdue=true").await.expect(200)["data"],
        json!([])
    );
}
