//! Attempts: the debrief of a call.

use chrono::{DateTime, Datelike, Days, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use serde_json::{Value, json};
use touchbase::access::Role;
use touchbase::local_time;

use crate::assignments::{assigned, customer, path};
use crate::support::{Client, Reply, Server};

/// A server whose clock shows a Monday, eleven o'clock in Berlin.
pub async fn on_monday() -> (Server, DateTime<Utc>) {
    let server = Server::start().await;
    let now = server.app.clock.now().utc();
    let mut day = now.date_naive() + Days::new(1);
    while day.weekday() != Weekday::Mon {
        day = day + Days::new(1);
    }
    let monday = local_time::instant(day.and_hms_opt(11, 0, 0).unwrap(), Tz::Europe__Berlin);
    server.app.clock.advance(monday - now);
    (server, monday)
}

pub fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// Half a minute is nothing: the clock of the test goes on.
#[track_caller]
pub fn about(value: &Value, expected: DateTime<Utc>) {
    let off = (time(value) - expected).num_seconds().abs();
    assert!(off < 30, "{value} is not {expected}");
}

pub async fn attempt(client: &Client, assignment: &Value, body: Value) -> Reply {
    client.post(&format!("{}/attempts", path(assignment)), body).await
}

#[actix_web::test]
async fn a_conversation_is_debriefed_in_one_request() {
    let (server, monday) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = customer(&manager, "Alfreds").await;
    let contact = manager
        .post("/v1/contacts", json!({"customer_id": alfreds, "name": "Maria Anders"}))
        .await
        .expect(201);
    let assignment = assigned(&manager, &alfreds, &executive).await;
    let body = json!({
        "disposition": "connected", "contact_id": contact["id"], "duration_seconds": 900, "summary": "A good talk.", "spoke_with": "Her assistant first",
        "notes": [
            {"type": "praise", "body": "The support is quick.", "employee_id": server.contributor().id(), "themes": ["support"]},
            {"type": "idea", "body": "Order by telephone."}
        ],
        "nps_response": {"score": 8, "would_recommend": true},
        "action_items": [{"title": "Send the new price list", "department": "Sales", "customer_promise": {"what": "The list, by e-mail", "by": monday + TimeDelta::days(2)}}, {"title": "Write to her"}],
        "service_interests": [{"service": "Training", "raised_by_customer": true}]
    });
    let reply = attempt(&executive, &assignment, body).await;
    let location = reply.header("location");
    let debrief = reply.expect(201);
    assert_eq!(
        (
            &debrief["assignment"]["status"],
            &debrief["assignment"]["attempts_made"]
        ),
        (&json!("completed"), &json!(1))
    );
    assert_eq!(debrief["next_call_at"], Value::Null);
    about(&debrief["customer"]["last_contacted_at"], monday);
    let made = &debrief["attempt"];
    assert_eq!(
        (&made["disposition"], &made["user_id"]),
        (&json!("connected"), &json!(executive.id()))
    );
    assert_eq!(made["local_weekday"], 1);
    assert!(
        [11, 12].contains(&made["local_hour"].as_i64().unwrap()),
        "late morning in Berlin: {made}"
    );
    assert!(made.get("request_hash").is_none());
    assert_eq!(debrief["nps_response"]["category"], "passive");
    assert_eq!(debrief["nps_response"]["source"], "call");
    assert!(
        debrief["nps_response"]["follow_up_question"]
            .as_str()
            .unwrap()
            .contains("recommended"),
        "{debrief}"
    );
    assert_eq!(debrief["notes"][0]["attempt_id"], made["id"]);
    assert_eq!(debrief["action_items"][0]["attempt_id"], made["id"]);
    assert_eq!(debrief["action_items"][1]["owner_id"], json!(executive.id()));
    assert_eq!(debrief["service_interests"][0]["attempt_id"], made["id"]);

    assert_eq!(server.viewer().get(&location).await.expect(200), *made);
    let id = made["id"].as_str().unwrap();
    for list in [
        format!("/v1/notes?attempt_id={id}"),
        format!("/v1/nps-responses?attempt_id={id}"),
        format!("/v1/action-items?attempt_id={id}"),
    ] {
        let page = manager.get(&list).await.expect(200);
        assert!(!page["data"].as_array().unwrap().is_empty(), "{list}");
    }
    // Closed: the next call needs an assignment of its own.
    let reply = attempt(&executive, &assignment, json!({"disposition": "connected"})).await;
    assert_eq!(reply.problem(409), "wrong_state");
}

#[actix_web::test]
async fn only_the_assigned_executive_places_the_call() {
    let (server, _) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let second = server.add("second", Role::Executive).await;
    let assignment = assigned(&manager, &customer(&manager, "Alfreds").await, &executive).await;
    let call = json!({"disposition": "connected"});
    for other in [&manager, &server.admin(), &second] {
        assert_eq!(
            attempt(other, &assignment, call.clone()).await.problem(403),
            "not_yours"
        );
    }
    for other in [server.viewer(), server.contributor()] {
        assert_eq!(
            attempt(&other, &assignment, call.clone()).await.problem(403),
            "insufficient_permission"
        );
    }
    let stranger = server.another_organization().await;
    assert_eq!(
        attempt(&stranger, &assignment, call.clone()).await.problem(404),
        "not_found"
    );
    manager
        .post(
            &format!("{}/reassign", path(&assignment)),
            json!({"assignee_id": manager.id()}),
        )
        .await
        .expect(200);
    assert_eq!(
        attempt(&executive, &assignment, call.clone()).await.problem(403),
        "not_yours"
    );
    attempt(&manager, &assignment, call).await.expect(201);
}

#[actix_web::test]
async fn a_debrief_that_does_not_fit_leaves_nothing_behind() {
    let (server, monday) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let nobody = "0190b5a0-0000-7000-8000-00000000dead";
    let assignment = assigned(&manager, &customer(&manager, "Alfreds").await, &executive).await;
    let other = customer(&manager, "Ana").await;
    let foreign = manager
        .post("/v1/contacts", json!({"customer_id": other, "name": "Ana"}))
        .await
        .expect(201);
    let body = json!({
        "disposition": "connected", "contact_id": foreign["id"], "occurred_at": monday + TimeDelta::hours(2), "callback_promised_at": monday - TimeDelta::hours(2),
        "notes": [{"type": "general", "body": "A"}, {"type": "praise", "body": "B", "employee_id": nobody}],
        "nps_response": {"score": 9}, "action_items": [{"title": "C", "owner_id": nobody}],
        "service_interests": [{"service": "D", "raised_by_customer": true, "owner_id": nobody}]
    });
    let problem = attempt(&executive, &assignment, body).await.expect(400);
    let pointers: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(
        pointers,
        [
            "/occurred_at",
            "/callback_promised_at",
            "/contact_id",
            "/notes/1/employee_id",
            "/service_interests/0/owner_id",
            "/action_items/0/owner_id"
        ]
    );
    for body in [
        json!({"disposition": "hung_up"}),
        json!({"disposition": "connected", "nps_response": {"score": 11}}),
        json!({"disposition": "connected", "mood": "good"}),
        json!({"disposition": "connected", "occurred_at": monday - TimeDelta::days(400)}),
    ] {
        assert_eq!(
            attempt(&executive, &assignment, body).await.problem(400),
            "invalid_request"
        );
    }
    for list in ["/v1/attempts", "/v1/notes", "/v1/nps-responses", "/v1/action-items"] {
        assert_eq!(manager.get(list).await.expect(200)["data"], json!([]), "{list}");
    }
    assert_eq!(
        manager.get(&path(&assignment)).await.expect(200)["revision"],
        assignment["revision"]
    );
}

#[actix_web::test]
async fn a_call_lies_not_ahead_and_what_it_promises_lies_after_it() {
    let (server, monday) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let assignment = assigned(&manager, &customer(&manager, "Alfreds").await, &executive).await;
    let tell = |occurred_at: DateTime<Utc>, promised: Option<DateTime<Utc>>| {
        let body = json!({"disposition": "no_answer", "occurred_at": occurred_at, "callback_promised_at": promised});
        attempt(&executive, &assignment, body)
    };
    // Clocks of telephones differ by minutes; then it is now.
    let debrief = tell(monday + TimeDelta::minutes(4), None).await.expect(201);
    about(&debrief["attempt"]["occurred_at"], monday);
    let problem = tell(monday + TimeDelta::minutes(7), None).await.expect(400);
    assert_eq!(problem["errors"][0]["pointer"], "/occurred_at");
    let call = monday - TimeDelta::hours(1);
    for promised in [call, call - TimeDelta::seconds(1)] {
        let problem = tell(call, Some(promised)).await.expect(400);
        assert_eq!(problem["errors"][0]["pointer"], "/callback_promised_at");
    }
    tell(call, Some(call + TimeDelta::seconds(1))).await.expect(201);
}

#[actix_web::test]
async fn a_debrief_sent_twice_from_a_plane_is_one() {
    let (server, monday) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let assignment = assigned(&manager, &customer(&manager, "Alfreds").await, &executive).await;
    let call = json!({"id": "0190b5a0-0000-7000-8000-000000000007", "disposition": "connected", "occurred_at": monday - TimeDelta::hours(5), "notes": [{"type": "idea", "body": "A"}, {"type": "issue", "body": "B"}], "nps_response": {"score": 3}, "action_items": [{"title": "C"}]});
    let first = attempt(&executive, &assignment, call.clone()).await.expect(201);
    assert_eq!(time(&first["attempt"]["occurred_at"]), monday - TimeDelta::hours(5));
    let again = attempt(&executive, &assignment, call.clone()).await.expect(200);
    assert_eq!(again, first);
    let mut other = call.clone();
    other["summary"] = json!("Another");
    assert_eq!(attempt(&executive, &assignment, other).await.problem(409), "id_in_use");
    assert_eq!(
        manager.get("/v1/attempts").await.expect(200)["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let second = assigned(&manager, &customer(&manager, "Ana").await, &executive).await;
    let body = json!({"disposition": "no_answer"});
    let path = format!("{}/attempts", path(&second));
    let first = executive.post_once(&path, "once", body.clone()).await.expect(201);
    let again = executive.post_once(&path, "once", body).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201), first);
}

#[actix_web::test]
async fn calls_are_listed_by_who_whom_how_and_when() {
    let (server, monday) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let (alfreds, ana) = (customer(&manager, "Alfreds").await, customer(&manager, "Ana").await);
    let first = assigned(&manager, &alfreds, &executive).await;
    let second = assigned(&manager, &ana, &manager).await;
    attempt(
        &executive,
        &first,
        json!({"disposition": "no_answer", "occurred_at": monday - TimeDelta::days(3)}),
    )
    .await
    .expect(201);
    attempt(&executive, &first, json!({"disposition": "connected"}))
        .await
        .expect(201);
    attempt(&manager, &second, json!({"disposition": "busy"}))
        .await
        .expect(201);
    let program = first["program_id"].as_str().unwrap();
    for (query, count) in [
        (format!("assignment_id={}", first["id"].as_str().unwrap()), 2),
        (format!("customer_id={ana}"), 1),
        (format!("user_id={}", executive.id()), 2),
        (format!("program_id={program}"), 3),
        ("disposition=busy".into(), 1),
        ("disposition_in=busy,connected".into(), 2),
        (
            format!(
                "occurred_at_gte={}",
                (monday - TimeDelta::days(1)).format("%Y-%m-%dT%H:%M:%SZ")
            ),
            2,
        ),
        (
            format!(
                "occurred_at_lt={}",
                (monday - TimeDelta::days(1)).format("%Y-%m-%dT%H:%M:%SZ")
            ),
            1,
        ),
    ] {
        let page = server.viewer().get(&format!("/v1/attempts?{query}")).await.expect(200);
        assert_eq!(page["data"].as_array().unwrap().len(), count, "{query}");
    }
    assert_eq!(
        manager.get("/v1/attempts?disposition=hung_up").await.problem(400),
        "invalid_request"
    );
}
