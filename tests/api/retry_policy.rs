//! When to call again, how often, when to give up; and what nobody works goes back to the pool.

use chrono::{Days, TimeDelta};
use serde_json::{Value, json};
use touchbase::access::Role;

use crate::evenings::{customers, in_berlin, made, monday, program, wait_until};
use crate::support::{Client, Server};

async fn attempt(who: &Client, assignment: &Value, disposition: &str) -> Value {
    let path = format!("/v1/assignments/{}/attempts", assignment["id"].as_str().unwrap());
    made(who, &path, json!({"disposition": disposition})).await
}

async fn told(who: &Client, kind: &str) -> Vec<Value> {
    let page = who
        .get(&format!("/v1/me/notifications?kind_in={kind}"))
        .await
        .expect(200);
    page["data"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn a_disposition_may_have_an_end_of_its_own_and_the_manager_is_told() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let customer = customers(&manager, &["Alfreds"]).await.remove(0);
    let policy = json!({"max_attempts": 9, "no_answer": {"after_days": 1, "at_most": 2}});
    let program = made(
        &manager,
        "/v1/programs",
        json!({"name": "Strict", "retry_policy": policy}),
    )
    .await;
    assert_eq!(
        program["retry_policy"]["no_answer"],
        json!({"after_days": 1, "at_most": 2})
    );
    let body = json!({"customer_id": customer, "assignee_id": executive.id(), "program_id": program["id"]});
    let assignment = made(&manager, "/v1/assignments", body).await;
    for (disposition, status) in [
        ("no_answer", "scheduled"),
        ("gatekeeper", "scheduled"),
        ("no_answer", "unreachable"),
    ] {
        let debrief = attempt(&executive, &assignment, disposition).await;
        assert_eq!(debrief["assignment"]["status"], status, "{disposition}");
    }
    let heard = told(&manager, "call_given_up").await;
    assert_eq!(
        (heard.len(), &heard[0]["title"]),
        (1, &json!("Alfreds could not be reached"))
    );
    assert_eq!(
        (&heard[0]["about_kind"], &heard[0]["about_id"]),
        (&json!("assignment"), &assignment["id"])
    );
    assert!(told(&executive, "call_given_up").await.is_empty());
    let wrong = json!({"retry_policy": {"busy": {"after_minutes": 5, "at_most": 51}}});
    let path = format!("/v1/programs/{}", program["id"].as_str().unwrap());
    assert_eq!(manager.patch(&path, wrong).await.problem(400), "invalid_request");
}

#[actix_web::test]
async fn the_own_manager_is_told_where_there_is_one() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let boss = server.add("boss", Role::Executive).await;
    let path = format!("/v1/users/{}", executive.id());
    server
        .admin()
        .patch(&path, json!({"manager_id": boss.id()}))
        .await
        .expect(200);
    let customer = customers(&manager, &["Alfreds"]).await.remove(0);
    let body = json!({"name": "Once", "retry_policy": {"max_attempts": 1}});
    let program = made(&manager, "/v1/programs", body).await;
    let body = json!({"customer_id": customer, "assignee_id": executive.id(), "program_id": program["id"]});
    let assignment = made(&manager, "/v1/assignments", body).await;
    attempt(&executive, &assignment, "busy").await;
    assert_eq!(
        (
            told(&boss, "call_given_up").await.len(),
            told(&manager, "call_given_up").await.len()
        ),
        (1, 0)
    );
}

#[actix_web::test]
async fn what_nobody_works_goes_back_to_the_pool_and_others_may_have_it() {
    let server = Server::start().await;
    let (manager, executive, monday) = (server.manager(), server.executive(), monday(&server));
    let all = customers(&manager, &["Idle", "Worked", "Touched", "Planned", "Snoozed"]).await;
    let segment = json!({"release_after_days": 10, "segments": []});
    let program = program(&manager, &executive, 5, segment).await;
    let far = monday + Days::new(30);
    let mut assignments = Vec::new();
    for customer in &all {
        let mut body = json!({"customer_id": customer, "assignee_id": executive.id(), "program_id": program["id"]});
        if assignments.len() == 3 {
            body["due_on"] = json!(far);
        }
        assignments.push(made(&manager, "/v1/assignments", body).await);
    }
    let path = |at: usize| format!("/v1/assignments/{}", assignments[at]["id"].as_str().unwrap());
    let until = in_berlin(far, 9, 0);
    executive
        .post(&format!("{}/snooze", path(4)), json!({"snoozed_until": until}))
        .await
        .expect(200);
    // A few days later one is called, and one is changed by hand. Lists are made all the while.
    wait_until(&server, server.app.clock.now().utc() + TimeDelta::days(6)).await;
    attempt(&server.again(&executive), &assignments[1], "left_voicemail").await;
    let urgent = json!({"priority": "urgent"});
    server.again(&executive).patch(&path(2), urgent).await.expect(200);
    for _ in 0..5 {
        wait_until(&server, server.app.clock.now().utc() + TimeDelta::days(1)).await;
    }
    let viewer = server.viewer();
    let mut status = Vec::new();
    for at in 0..5 {
        status.push(viewer.get(&path(at)).await.expect(200)["status"].clone());
    }
    assert_eq!(status[0], "canceled", "{status:?}");
    assert!(status[1..].iter().all(|it| it != "canceled"), "{status:?}");
    let released = viewer.get(&path(0)).await.expect(200);
    assert_eq!(released["closed_reason"], "released");
    let log = server
        .manager()
        .get(&format!(
            "/v1/audit-log?record_id={}&verb=released",
            assignments[0]["id"].as_str().unwrap()
        ))
        .await;
    let log = log.expect(200);
    assert_eq!(
        (&log["data"][0]["verb"], &log["data"][0]["actor_kind"]),
        (&json!("released"), &json!("system"))
    );
    let heard = told(&server.manager(), "calls_released").await;
    assert!(
        heard[0]["text"].as_str().unwrap().contains("Idle (Biggest)"),
        "{heard:?}"
    );
    assert_eq!(told(&server.again(&executive), "calls_released").await.len(), 1);
    // Somebody else may have the customer now.
    let other = server.add("other", Role::Executive).await;
    let body = json!({"customer_id": all[0], "assignee_id": other.id(), "program_id": program["id"]});
    made(&server.manager(), "/v1/assignments", body).await;
}
