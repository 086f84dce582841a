//! Programs: why and how calls are made.

use serde_json::json;

use crate::support::Server;

#[actix_web::test]
async fn every_organization_begins_with_one_a_day() {
    let server = Server::start().await;
    let page = server.viewer().get("/v1/programs").await.expect(200);
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    let program = &page["data"][0];
    assert_eq!(
        (&program["name"], &program["status"], &program["ready_made"]),
        (&json!("One a day"), &json!("active"), &json!(true))
    );
    assert_eq!(
        program["retry_policy"]["no_answer"],
        json!({"after_days": 1, "other_time_of_day": true})
    );
}

#[actix_web::test]
async fn a_program_is_made_changed_paused_and_ended() {
    let server = Server::start().await;
    let manager = server.manager();
    let body = json!({
        "name": "Big ones", "purpose": "To thank them.", "starts_on": "2026-01-01",
        "participants": [{"user_id": server.executive().id(), "calls_to_prepare": 5, "conversations_to_reach": 2, "period": "day"}],
        "retry_policy": {"max_attempts": 3, "busy": {"after_minutes": 5}}
    });
    let reply = manager.post("/v1/programs", body).await;
    let location = reply.header("location");
    let program = reply.expect(201);
    assert_eq!(program["retry_policy"]["max_attempts"], 3);
    assert_eq!(program["retry_policy"]["left_voicemail"], json!({"after_days": 2}));
    assert_eq!(program["participants"][0]["calls_to_prepare"], 5);

    let patch = json!({"retry_policy": {"busy": {"after_minutes": null, "after_days": 1}}, "ends_on": "2026-12-31"});
    let changed = manager.patch(&location, patch).await.expect(200);
    assert_eq!(changed["retry_policy"]["busy"], json!({"after_days": 1}));
    assert_eq!(changed["retry_policy"]["max_attempts"], 3);

    let paused = manager
        .post(&format!("{location}/pause"), json!(null))
        .await
        .expect(200);
    assert_eq!(paused["status"], "paused");
    let again = manager
        .post(&format!("{location}/pause"), json!(null))
        .await
        .expect(200);
    assert_eq!(again["revision"], paused["revision"]);
    let found = manager.get("/v1/programs?status_in=paused,ended").await.expect(200);
    assert_eq!(found["data"][0]["id"], program["id"]);
    manager
        .post(&format!("{location}/resume"), json!(null))
        .await
        .expect(200);
    let ended = manager.post(&format!("{location}/end"), json!(null)).await.expect(200);
    assert_eq!(ended["status"], "ended");
    assert_eq!(
        manager
            .post(&format!("{location}/resume"), json!(null))
            .await
            .problem(409),
        "wrong_state"
    );
}

#[actix_web::test]
async fn what_does_not_fit_a_program_is_told_with_its_place() {
    let server = Server::start().await;
    let manager = server.manager();
    let stranger = server.another_organization().await;
    let me = manager.id();
    let part =
        |user: &str| json!({"user_id": user, "calls_to_prepare": 1, "conversations_to_reach": 1, "period": "week"});
    let faults = |reply: serde_json::Value| -> Vec<(String, String)> {
        let errors = reply["errors"].as_array().unwrap().clone();
        let text = |error: &serde_json::Value, field: &str| error[field].as_str().unwrap().to_owned();
        errors.iter().map(|e| (text(e, "pointer"), text(e, "code"))).collect()
    };
    let body = json!({"name": "X", "starts_on": "2026-02-01", "ends_on": "2026-01-01", "participants": [part(&me), part(&me), part(&stranger.id())]});
    let reply = manager.post("/v1/programs", body).await.expect(400);
    assert_eq!(
        faults(reply),
        [
            ("/ends_on".into(), "out_of_range".into()),
            ("/participants/1/user_id".into(), "duplicate".into()),
            ("/participants/2/user_id".into(), "not_found".into())
        ]
    );
    let body = json!({"name": "X", "retry_policy": {"busy": {"after_minutes": 5, "after_days": 1}}});
    let reply = manager.post("/v1/programs", body).await.expect(400);
    assert!(reply.to_string().contains("exactly one of"), "{reply}");
    let executive = server.executive();
    assert_eq!(
        executive.post("/v1/programs", json!({"name": "X"})).await.problem(403),
        "insufficient_permission"
    );
}

#[actix_web::test]
async fn who_places_no_calls_takes_no_part_and_no_more_conversations_come_than_calls() {
    let server = Server::start().await;
    let manager = server.manager();
    let part = |who: &crate::support::Client, calls: i64, conversations: i64| json!({"user_id": who.id(), "calls_to_prepare": calls, "conversations_to_reach": conversations, "period": "day"});
    for who in [server.viewer(), server.contributor()] {
        let program = json!({"name": "Ours", "participants": [part(&server.executive(), 2, 2), part(&who, 2, 1)]});
        let refused = manager.post("/v1/programs", program).await;
        let fault = refused.body["errors"][0].clone();
        assert_eq!(
            (&fault["pointer"], &fault["code"]),
            (&json!("/participants/1/user_id"), &json!("not_allowed"))
        );
        assert_eq!(refused.problem(400), "invalid_request");
    }
    let program = json!({"name": "Ours", "participants": [part(&server.executive(), 2, 3)]});
    let refused = manager.post("/v1/programs", program).await;
    let fault = refused.body["errors"][0].clone();
    assert_eq!(
        (&fault["pointer"], &fault["code"]),
        (&json!("/participants/0/conversations_to_reach"), &json!("out_of_range"))
    );
}
