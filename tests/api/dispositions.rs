//! What follows by itself from every way in which a call can end.

use chrono::{TimeDelta, Timelike};
use serde_json::{Value, json};

use crate::assignments::{assigned, customer, path};
use crate::attempts::{about, attempt, on_monday, time};

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
    // Late morning in Berlin is evening in Tokyo: an hour after a busy line is the next morning there.
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
    let there = monday.with_timezone(&chrono_tz::Asia::Tokyo);
    assert_eq!(debrief["attempt"]["local_hour"], there.hour());
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
        let item = &debrief["action_items"][0].clone();
        assert_eq!(
            (&item["kind"], &item["owner_id"], &item["department"]),
            (&json!("data_quality"), &Value::Null, &json!("Data"))
        );
        assert!(item["title"].as_str().unwrap().contains("Maria Anders"), "{item}");
        assert_eq!(
            (&debrief["assignment"]["status"], &debrief["next_call_at"]),
            (&json!("queued"), &Value::Null)
        );
        let contact_path = format!("/v1/contacts/{}", contact["id"].as_str().unwrap());
        let contact = manager.get(&contact_path).await.expect(200);
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
        // The data steward looks at both: no flag is left.
        for item in [item, &debrief["action_items"][0]] {
            let path = format!("/v1/action-items/{}", item["id"].as_str().unwrap());
            let owner = json!({"owner_id": server.contributor().id()});
            manager.patch(&path, owner).await.expect(200);
            let done = server.contributor().post(&format!("{path}/complete"), json!({})).await;
            done.expect(200);
        }
        for path in [format!("/v1/customers/{id}"), contact_path.clone()] {
            assert_eq!(
                manager.get(&path).await.expect(200)["flags"],
                json!([]),
                "{disposition}"
            );
        }
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
    let call = json!({"id": "0190b5a0-0000-7000-8000-0000000000c3", "disposition": "do_not_call", "summary": "Never again, please."});
    let debrief = attempt(&executive, &first, call.clone()).await.expect(201);
    // The answer got lost, so the telephone sends it once more: it tells the same, all of it.
    assert_eq!(attempt(&executive, &first, call).await.expect(200), debrief);
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
async fn a_debrief_that_arrives_days_late_schedules_nothing_in_the_past() {
    let (server, monday) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let assignment = assigned(&manager, &customer(&manager, "Alfreds").await, &executive).await;
    // Written on a plane on Friday: an hour later would be long gone. Monday's hours have begun, so now is as good a time as any.
    let friday = monday - TimeDelta::days(3);
    let body = json!({"disposition": "busy", "occurred_at": friday});
    let debrief = attempt(&executive, &assignment, body).await.expect(201);
    about(&debrief["next_call_at"], monday);
    assert!(time(&debrief["next_call_at"]) >= monday, "{debrief}");
    // What was promised stays as it was told: it is due at once, and late.
    let promised = monday - TimeDelta::days(1);
    let body = json!({"disposition": "left_voicemail", "occurred_at": friday, "callback_promised_at": promised});
    let debrief = attempt(&executive, &assignment, body).await.expect(201);
    assert_eq!(time(&debrief["next_call_at"]), promised);
}

#[actix_web::test]
async fn a_call_that_reached_nobody_has_no_score() {
    let (server, _) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let assignment = assigned(&manager, &customer(&manager, "Alfreds").await, &executive).await;
    for disposition in ["left_voicemail", "no_answer", "busy", "gatekeeper", "wrong_number"] {
        let call = json!({"disposition": disposition, "nps_response": {"score": 9}});
        let refused = attempt(&executive, &assignment, call).await;
        assert_eq!(refused.body["errors"][0]["pointer"], "/nps_response/score");
        assert_eq!(refused.problem(400), "invalid_request", "{disposition}");
    }
    let call = json!({"disposition": "declined", "nps_response": {"score": 2}});
    attempt(&executive, &assignment, call).await.expect(201);
}
