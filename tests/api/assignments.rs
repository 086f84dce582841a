//! Assignments: who is to call whom.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc, Weekday};
use serde_json::{Value, json};
use touchbase::access::Role;

use crate::support::{Client, Server};

/// A new customer's id.
pub async fn customer(manager: &Client, name: &str) -> String {
    let customer = manager
        .post("/v1/customers", json!({"name": name, "external_id": name}))
        .await;
    customer.expect(201)["id"].as_str().unwrap().to_owned()
}

/// A new assignment.
pub async fn assigned(manager: &Client, customer: &str, assignee: &Client) -> Value {
    let body = json!({"customer_id": customer, "assignee_id": assignee.id()});
    manager.post("/v1/assignments", body).await.expect(201)
}

pub fn path(assignment: &Value) -> String {
    format!("/v1/assignments/{}", assignment["id"].as_str().unwrap())
}

/// Ten o'clock in the UTC morning of a workday a week ahead: within everybody's hours in Berlin.
pub fn a_good_time(server: &Server) -> DateTime<Utc> {
    let mut at = server.app.clock.now().utc() + TimeDelta::days(7);
    at = at
        .with_hour(10)
        .unwrap()
        .with_minute(0)
        .unwrap()
        .with_second(0)
        .unwrap()
        .with_nanosecond(0)
        .unwrap();
    while matches!(at.weekday(), Weekday::Sat | Weekday::Sun) {
        at += TimeDelta::days(1);
    }
    at
}

#[actix_web::test]
async fn a_customer_is_given_to_an_executive_and_stands_on_their_list() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = customer(&manager, "Alfreds").await;
    let ana = customer(&manager, "Ana").await;
    let body = json!({"customer_id": alfreds, "assignee_id": executive.id(), "due_on": "2026-03-01", "priority": "high", "reason": "Silent for a year"});
    let reply = manager.post("/v1/assignments", body).await;
    let location = reply.header("location");
    let assignment = reply.expect(201);
    assert_eq!(
        (&assignment["status"], &assignment["attempts_made"]),
        (&json!("queued"), &json!(0))
    );
    let program = manager.get("/v1/programs").await.expect(200)["data"][0].clone();
    assert_eq!(assignment["program_id"], program["id"]);
    let other = assigned(&manager, &ana, &manager).await;

    let mine = executive
        .get("/v1/assignments?mine=true&status_in=queued,scheduled")
        .await
        .expect(200);
    assert_eq!(mine["data"].as_array().unwrap().len(), 1);
    assert_eq!(mine["data"][0], assignment);
    let others = executive.get("/v1/assignments?mine=false").await.expect(200);
    assert_eq!(others["data"][0]["id"], other["id"]);

    let whole = executive
        .get(&format!("{location}?expand=customer,assignee,program"))
        .await
        .expect(200);
    assert_eq!(whole["customer"]["name"], "Alfreds");
    assert_eq!(whole["assignee"]["id"], json!(executive.id()));
    assert_eq!(whole["program"]["name"], "One a day");
    let listed = executive
        .get("/v1/assignments?expand=customer&sort=-priority")
        .await
        .expect(200);
    assert_eq!(listed["data"][0]["customer"]["name"], "Alfreds");
    assert!(listed["data"][0].get("program").is_none());

    for (query, count) in [
        ("due_on_gte=2026-03-01&due_on_lt=2026-03-02", 1),
        ("due_on_lt=2026-03-01", 0),
        ("status=completed", 0),
        ("priority=high", 1),
        ("snoozed=false", 2),
        (&format!("customer_id={alfreds}"), 1),
        (&format!("assignee_id={}", manager.id()), 1),
        (&format!("program_id={}", program["id"].as_str().unwrap()), 2),
    ] {
        let page = manager.get(&format!("/v1/assignments?{query}")).await.expect(200);
        assert_eq!(page["data"].as_array().unwrap().len(), count, "{query}");
    }
    assert_eq!(
        server.contributor().get("/v1/assignments").await.problem(403),
        "insufficient_permission"
    );
}

#[actix_web::test]
async fn the_same_assignment_sent_twice_is_one() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = customer(&manager, "Alfreds").await;
    let id = "0190b5a0-0000-7000-8000-000000000001";
    let body = json!({"id": id, "customer_id": alfreds, "assignee_id": executive.id()});
    let first = manager.post("/v1/assignments", body.clone()).await.expect(201);
    assert_eq!(manager.post("/v1/assignments", body).await.expect(200), first);
    let other = json!({"id": id, "customer_id": alfreds, "assignee_id": executive.id(), "reason": "Other"});
    assert_eq!(manager.post("/v1/assignments", other).await.problem(409), "id_in_use");
}

#[actix_web::test]
async fn nobody_gets_a_customer_whom_another_has_in_hand() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let second = server.add("second", Role::Executive).await;
    let alfreds = customer(&manager, "Alfreds").await;
    let program = manager.post("/v1/programs", json!({"name": "Other"})).await.expect(201)["id"].clone();
    let first = assigned(&manager, &alfreds, &executive).await;
    let give =
        |to: &Client, program: &Value| json!({"customer_id": alfreds, "assignee_id": to.id(), "program_id": program});
    let reply = manager.post("/v1/assignments", give(&second, &program)).await;
    assert!(reply.text.contains(first["id"].as_str().unwrap()), "{}", reply.text);
    assert_eq!(reply.problem(409), "already_assigned");
    let reply = manager
        .post("/v1/assignments", give(&executive, &first["program_id"]))
        .await;
    assert_eq!(reply.problem(409), "already_assigned");
    let another = manager
        .post("/v1/assignments", give(&executive, &program))
        .await
        .expect(201);
    let moved = manager
        .post(
            &format!("{}/reassign", path(&another)),
            json!({"assignee_id": second.id()}),
        )
        .await;
    assert_eq!(moved.problem(409), "already_assigned");
    manager
        .post(&format!("{}/cancel", path(&first)), json!({"reason": "Wrong list"}))
        .await
        .expect(200);
    let moved = manager
        .post(
            &format!("{}/reassign", path(&another)),
            json!({"assignee_id": second.id()}),
        )
        .await;
    assert_eq!(moved.expect(200)["assignee_id"], json!(second.id()));
}

#[actix_web::test]
async fn who_cannot_be_called_and_who_cannot_call_are_refused() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let stranger = server.another_organization().await;
    let foreign = customer(&stranger, "Foreign").await;
    let alfreds = customer(&manager, "Alfreds").await;
    let ana = customer(&manager, "Ana").await;
    manager
        .patch(&format!("/v1/customers/{ana}"), json!({"do_not_contact": true}))
        .await
        .expect(200);
    let give = |customer: &str, to: String| json!({"customer_id": customer, "assignee_id": to});
    let reply = manager.post("/v1/assignments", give(&ana, executive.id())).await;
    assert_eq!(reply.problem(409), "do_not_contact");
    for (body, pointer, code) in [
        (give(&foreign, executive.id()), "/customer_id", "not_found"),
        (give(&alfreds, stranger.id()), "/assignee_id", "not_found"),
        (give(&alfreds, server.viewer().id()), "/assignee_id", "not_allowed"),
    ] {
        let problem = manager.post("/v1/assignments", body).await.expect(400);
        assert_eq!(
            (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
            (&json!(pointer), &json!(code))
        );
    }
    let reply = executive.post("/v1/assignments", give(&alfreds, executive.id())).await;
    assert_eq!(reply.problem(403), "insufficient_permission");
    let here = assigned(&manager, &alfreds, &executive).await;
    assert_eq!(stranger.get(&path(&here)).await.problem(404), "not_found");
    let reply = stranger.post(&format!("{}/complete", path(&here)), json!({})).await;
    assert_eq!(reply.problem(404), "not_found");
}

#[actix_web::test]
async fn an_executive_works_their_own_and_a_manager_anybodys() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let second = server.add("second", Role::Executive).await;
    let alfreds = customer(&manager, "Alfreds").await;
    let assignment = assigned(&manager, &alfreds, &executive).await;
    let at = a_good_time(&server);
    for (command, body) in [
        ("reschedule", json!({"scheduled_for": at})),
        ("snooze", json!({"snoozed_until": at})),
        ("decline", json!({"reason": "No time"})),
        ("complete", json!(null)),
    ] {
        let path = format!("{}/{command}", path(&assignment));
        assert_eq!(second.post(&path, body).await.problem(403), "not_yours", "{command}");
    }
    for command in ["cancel", "reassign"] {
        let path = format!("{}/{command}", path(&assignment));
        let reply = executive.post(&path, json!({"assignee_id": second.id()})).await;
        assert_eq!(reply.problem(403), "insufficient_permission", "{command}");
    }
    let scheduled = executive
        .post(
            &format!("{}/reschedule", path(&assignment)),
            json!({"scheduled_for": at}),
        )
        .await
        .expect(200);
    assert_eq!(scheduled["status"], "scheduled");
    let snoozed = manager
        .post(
            &format!("{}/snooze", path(&assignment)),
            json!({"snoozed_until": at + TimeDelta::days(1)}),
        )
        .await
        .expect(200);
    assert_eq!(
        (&snoozed["status"], &snoozed["scheduled_for"]),
        (&json!("queued"), &Value::Null)
    );
    let hidden = executive
        .get("/v1/assignments?mine=true&snoozed=false")
        .await
        .expect(200);
    assert_eq!(hidden["data"], json!([]));
    let declined = executive
        .post(
            &format!("{}/decline", path(&assignment)),
            json!({"reason": "An old quarrel"}),
        )
        .await
        .expect(200);
    assert_eq!(
        (&declined["status"], &declined["closed_reason"]),
        (&json!("declined"), &json!("An old quarrel"))
    );
    let reply = manager
        .post(&format!("{}/complete", path(&assignment)), json!({}))
        .await;
    assert_eq!(reply.problem(409), "wrong_state");
    // Closed is closed: the customer is free again.
    let next = assigned(&manager, &alfreds, &second).await;
    let no_body = second
        .send(second.request("POST", &format!("{}/complete", path(&next))))
        .await;
    let completed = no_body.expect(200);
    assert_eq!(completed["status"], "completed");
    // There was a conversation, so the customer has been reached.
    let reached = manager.get(&format!("/v1/customers/{alfreds}")).await.expect(200);
    assert_eq!(reached["last_contacted_at"], completed["closed_at"]);
}

#[actix_web::test]
async fn a_call_is_moved_within_the_customers_hours_or_on_purpose() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let tokyo = manager
        .post("/v1/customers", json!({"name": "Tokyo", "time_zone": "Asia/Tokyo"}))
        .await
        .expect(201);
    let assignment = assigned(&manager, tokyo["id"].as_str().unwrap(), &executive).await;
    let reschedule = format!("{}/reschedule", path(&assignment));
    // 10:00 UTC is 19:00 in Tokyo.
    let evening = a_good_time(&server);
    let reply = executive.post(&reschedule, json!({"scheduled_for": evening})).await;
    assert!(
        reply.text.contains("T00:00:00"),
        "the next opening, 09:00 in Tokyo: {}",
        reply.text
    );
    assert_eq!(reply.problem(409), "outside_calling_window");
    let body = json!({"scheduled_for": evening, "outside_window": true});
    executive.post(&reschedule, body).await.expect(200);
    let morning = evening - TimeDelta::hours(9);
    executive
        .post(&reschedule, json!({"scheduled_for": morning}))
        .await
        .expect(200);
    let past = server.app.clock.now().utc() - TimeDelta::days(1);
    let reply = executive.post(&reschedule, json!({"scheduled_for": past})).await;
    assert_eq!(reply.problem(409), "in_the_past");
}

#[actix_web::test]
async fn what_a_narrowed_key_may_not_read_it_may_not_expand() {
    let server = Server::start().await;
    let admin = server.admin();
    let key = json!({"name": "Board", "role": "viewer", "permissions": ["assignments:read", "programs:read"]});
    let key = admin.post("/v1/api-keys", key).await.expect(201);
    let mut board = server.nobody();
    board.token = key["secret"].as_str().map(str::to_owned);
    let customer = admin
        .post("/v1/customers", json!({"name": "Seen by few"}))
        .await
        .expect(201);
    let new = json!({"customer_id": customer["id"], "assignee_id": server.executive().id()});
    admin.post("/v1/assignments", new).await.expect(201);
    board.get("/v1/assignments?expand=program").await.expect(200);
    for hidden in ["customer", "assignee", "program,customer"] {
        let reply = board.get(&format!("/v1/assignments?expand={hidden}")).await;
        assert_eq!(reply.problem(403), "insufficient_permission", "{hidden}");
    }
}

#[actix_web::test]
async fn who_asks_to_be_left_alone_is_taken_from_every_list_at_once() {
    let server = Server::start().await;
    let manager = server.manager();
    let mut paths = Vec::new();
    for name in ["By hand", "By file"] {
        let customer = manager
            .post("/v1/customers", json!({"name": name, "external_id": name}))
            .await
            .expect(201);
        let new = json!({"customer_id": customer["id"], "assignee_id": server.executive().id()});
        let assignment = manager.post("/v1/assignments", new).await.expect(201);
        paths.push((
            customer["id"].as_str().unwrap().to_owned(),
            format!("/v1/assignments/{}", assignment["id"].as_str().unwrap()),
        ));
    }
    let by_hand = format!("/v1/customers/{}", paths[0].0);
    manager
        .patch(
            &by_hand,
            json!({"do_not_contact": true, "do_not_contact_reason": "Asked by letter."}),
        )
        .await
        .expect(200);
    manager
        .csv("/v1/customers/import", "external_id,do_not_contact\r\nBy file,yes\r\n")
        .await
        .expect(200);
    for (_, path) in paths {
        let assignment = manager.get(&path).await.expect(200);
        assert_eq!(assignment["status"], "canceled", "{assignment}");
    }
}
