//! Attempts: the debrief of a call, and what follows by itself from every way in which a call can end.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc, Weekday};
use serde_json::{Value, json};
use touchbase::access::Role;

use crate::assignments::{assigned, customer, path};
use crate::support::{Client, Reply, Server};

/// A server whose clock shows a Monday, ten o'clock in UTC: late morning in Berlin.
async fn on_monday() -> (Server, DateTime<Utc>) {
    let server = Server::start().await;
    let now = server.app.clock.now().utc();
    let mut monday = now + TimeDelta::days(1);
    while monday.weekday() != Weekday::Mon {
        monday += TimeDelta::days(1);
    }
    let monday = monday.with_hour(10).unwrap().with_minute(0).unwrap();
    server.app.clock.advance(monday - now);
    (server, monday)
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// Half a minute is nothing: the clock of the test goes on.
#[track_caller]
fn about(value: &Value, expected: DateTime<Utc>) {
    let off = (time(value) - expected).num_seconds().abs();
    assert!(off < 30, "{value} is not {expected}");
}

async fn attempt(client: &Client, assignment: &Value, body: Value) -> Reply {
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
async fn a_voicemail_schedules_the_promised_call_back() {
    let (server, monday) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let assignment = assigned(&manager, &customer(&manager, "Alfreds").await, &executive).await;
    // A Sunday evening, because that is what they asked for.
    let promised = monday + TimeDelta::days(6) + TimeDelta::hours(9);
    let body = json!({"disposition": "left_voicemail", "callback_promised_at": promised});
    let debrief = attempt(&executive, &assignment, body).await.expect(201);
    assert_eq!(time(&debrief["next_call_at"]), promised);
    assert_eq!(time(&debrief["assignment"]["scheduled_for"]), promised);
    assert_eq!(time(&debrief["assignment"]["callback_promised_at"]), promised);
    assert_eq!(debrief["assignment"]["status"], "scheduled");
    let due = executive
        .get("/v1/assignments?mine=true&status=scheduled&sort=scheduled_for")
        .await
        .expect(200);
    assert_eq!(due["data"][0]["id"], assignment["id"]);
}

#[actix_web::test]
async fn who_is_not_reached_is_called_again_by_the_policy_within_their_hours() {
    let (server, monday) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    for (disposition, next) in [
        ("left_voicemail", TimeDelta::days(2)),
        ("left_live_message", TimeDelta::days(2)),
        ("busy", TimeDelta::hours(1)),
        ("gatekeeper", TimeDelta::days(1)),
        ("callback_requested", TimeDelta::days(1)),
    ] {
        let assignment = assigned(&manager, &customer(&manager, disposition).await, &executive).await;
        let debrief = attempt(&executive, &assignment, json!({"disposition": disposition}))
            .await
            .expect(201);
        about(&debrief["next_call_at"], monday + next);
        assert_eq!(debrief["assignment"]["status"], "scheduled", "{disposition}");
        assert_eq!(debrief["customer"]["last_contacted_at"], Value::Null, "{disposition}");
    }
    // Not reached in the morning: the next afternoon, from the middle of the window, 13:00 in Berlin.
    let assignment = assigned(&manager, &customer(&manager, "no_answer").await, &executive).await;
    let debrief = attempt(&executive, &assignment, json!({"disposition": "no_answer"}))
        .await
        .expect(201);
    let next = time(&debrief["next_call_at"]);
    assert_eq!(next.date_naive(), (monday + TimeDelta::days(1)).date_naive());
    assert!([11, 12].contains(&next.hour()), "{next}");
    // 10:00 in UTC is evening in Tokyo: an hour after a busy line is the next morning there.
    let tokyo = manager
        .post("/v1/customers", json!({"name": "Tokyo", "time_zone": "Asia/Tokyo"}))
        .await
        .expect(201);
    let assignment = assigned(&manager, tokyo["id"].as_str().unwrap(), &executive).await;
    let debrief = attempt(&executive, &assignment, json!({"disposition": "busy"}))
        .await
        .expect(201);
    let morning = (monday + TimeDelta::days(1))
        .with_hour(0)
        .unwrap()
        .with_minute(0)
        .unwrap();
    about(&debrief["next_call_at"], morning.with_second(0).unwrap());
    assert_eq!(debrief["attempt"]["local_hour"], 19);
}

#[actix_web::test]
async fn who_is_never_reached_is_given_up_as_unreachable() {
    let (server, _) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let program = manager
        .post(
            "/v1/programs",
            json!({"name": "Two calls", "retry_policy": {"max_attempts": 2}}),
        )
        .await
        .expect(201);
    let alfreds = customer(&manager, "Alfreds").await;
    let body = json!({"customer_id": alfreds, "assignee_id": executive.id(), "program_id": program["id"]});
    let assignment = manager.post("/v1/assignments", body).await.expect(201);
    let first = attempt(&executive, &assignment, json!({"disposition": "no_answer"}))
        .await
        .expect(201);
    assert_eq!(first["assignment"]["status"], "scheduled");
    let second = attempt(&executive, &assignment, json!({"disposition": "no_answer"}))
        .await
        .expect(201);
    assert_eq!(
        (&second["assignment"]["status"], &second["next_call_at"]),
        (&json!("unreachable"), &Value::Null)
    );
    let calls = executive
        .get(&format!("{}/attempts", path(&assignment)))
        .await
        .expect(200);
    assert_eq!(calls["data"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn a_wrong_record_becomes_work_for_a_data_steward() {
    let (server, _) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    for (disposition, flag) in [
        ("wrong_number", "wrong_number"),
        ("disconnected", "disconnected"),
        ("contact_left_company", "contact_left_company"),
    ] {
        let id = customer(&manager, disposition).await;
        let contact = manager
            .post(
                "/v1/contacts",
                json!({"customer_id": id, "name": "Maria Anders", "phone": "+49 30 0074321"}),
            )
            .await
            .expect(201);
        let assignment = assigned(&manager, &id, &executive).await;
        let body = json!({"disposition": disposition, "contact_id": contact["id"]});
        let debrief = attempt(&executive, &assignment, body).await.expect(201);
        let item = &debrief["action_items"][0];
        assert_eq!(
            (&item["kind"], &item["owner_id"], &item["department"]),
            (&json!("data_quality"), &Value::Null, &json!("Data"))
        );
        assert!(item["title"].as_str().unwrap().contains("Maria Anders"), "{item}");
        assert_eq!(
            (&debrief["assignment"]["status"], &debrief["next_call_at"]),
            (&json!("queued"), &Value::Null)
        );
        let contact = manager
            .get(&format!("/v1/contacts/{}", contact["id"].as_str().unwrap()))
            .await
            .expect(200);
        if disposition == "contact_left_company" {
            assert_eq!(contact["active"], false);
        } else {
            assert_eq!(contact["flags"], json!([flag]));
        }
        // Once more without naming the contact: the customer carries the flag.
        let debrief = attempt(&executive, &assignment, json!({"disposition": disposition}))
            .await
            .expect(201);
        assert_eq!(debrief["customer"]["flags"], json!([flag]));
    }
}

#[actix_web::test]
async fn who_declines_is_left_in_peace_and_who_asks_not_to_be_called_is_not_called_by_anybody() {
    let (server, _) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let ana = customer(&manager, "Ana").await;
    let assignment = assigned(&manager, &ana, &executive).await;
    let debrief = attempt(&executive, &assignment, json!({"disposition": "declined"}))
        .await
        .expect(201);
    assert_eq!(
        (&debrief["assignment"]["status"], &debrief["customer"]["do_not_contact"]),
        (&json!("declined"), &json!(false))
    );

    let alfreds = customer(&manager, "Alfreds").await;
    let first = assigned(&manager, &alfreds, &executive).await;
    let program = manager.post("/v1/programs", json!({"name": "Other"})).await.expect(201);
    let body = json!({"customer_id": alfreds, "assignee_id": executive.id(), "program_id": program["id"]});
    let second = manager.post("/v1/assignments", body.clone()).await.expect(201);
    let call = json!({"disposition": "do_not_call", "summary": "Never again, please."});
    let debrief = attempt(&executive, &first, call).await.expect(201);
    assert_eq!(
        (
            &debrief["customer"]["do_not_contact"],
            &debrief["customer"]["do_not_contact_reason"]
        ),
        (&json!(true), &json!("Never again, please."))
    );
    assert_eq!(debrief["assignment"]["status"], "canceled");
    assert_eq!(debrief["canceled_assignments"], json!([second["id"]]));
    assert_eq!(executive.get(&path(&second)).await.expect(200)["status"], "canceled");
    assert_eq!(
        manager.post("/v1/assignments", body).await.problem(409),
        "do_not_contact"
    );
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
