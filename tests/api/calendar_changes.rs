//! What calendars are told of calls that go to others, come back later, or are many.

use chrono::TimeDelta;
use serde_json::{Value, json};
use touchbase::access::Role;

use crate::calendar_feeds::{Entry, assign, entries, subscribe, uid};
use crate::support::Server;

#[actix_web::test]
async fn a_call_that_goes_to_somebody_else_leaves_the_calendar() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let other = server.add("other", Role::Executive).await;
    let at = server.app.clock.now().utc() + TimeDelta::days(3);
    let call = assign(&server, "Given away", json!({"scheduled_for": at})).await;
    let (_, path) = subscribe(&executive).await;
    let (_, others) = subscribe(&other).await;
    let before = entries(&server, &path).await[&uid(&call)].clone();
    let reassign = format!("/v1/assignments/{}/reassign", call["id"].as_str().unwrap());
    let moved = manager
        .post(&reassign, json!({"assignee_id": other.id()}))
        .await
        .expect(200);
    assert_eq!(moved["previous_assignee_id"], json!(executive.id()));
    let after = entries(&server, &path).await[&uid(&call)].clone();
    assert_eq!(
        (before["STATUS"].as_str(), after["STATUS"].as_str()),
        ("CONFIRMED", "CANCELLED")
    );
    let sequence = |entry: &Entry| entry["SEQUENCE"].parse::<i64>().unwrap();
    assert!(sequence(&after) > sequence(&before));
    assert_eq!(entries(&server, &others).await[&uid(&call)]["STATUS"], "CONFIRMED");
}

#[actix_web::test]
async fn a_snoozed_call_stands_on_the_day_it_comes_back_and_says_what_changed() {
    let server = Server::start().await;
    let executive = server.executive();
    let now = server.app.clock.now().utc();
    let (due, back) = (now + TimeDelta::days(3), now + TimeDelta::days(9));
    let call = assign(
        &server,
        "Later",
        json!({"due_on": due.date_naive(), "scheduled_for": due}),
    )
    .await;
    let (_, path) = subscribe(&executive).await;
    let snooze = format!("/v1/assignments/{}/snooze", call["id"].as_str().unwrap());
    executive
        .post(&snooze, json!({"snoozed_until": back}))
        .await
        .expect(200);
    let entry = entries(&server, &path).await[&uid(&call)].clone();
    // Berlin is ahead of UTC by an hour or two.
    let days: Vec<String> = [back, back + TimeDelta::hours(2)]
        .iter()
        .map(|at| at.format("%Y%m%d").to_string())
        .collect();
    assert!(days.contains(&entry["DTSTART;VALUE=DATE"]), "{entry:#?}");
    let customer = format!("/v1/customers/{}", call["customer_id"].as_str().unwrap());
    server
        .manager()
        .patch(&customer, json!({"phone": "+49 30 5550100"}))
        .await
        .expect(200);
    let corrected = entries(&server, &path).await[&uid(&call)].clone();
    assert_eq!(corrected["LOCATION"], "+49305550100");
    let sequence = |entry: &Entry| entry["SEQUENCE"].parse::<i64>().unwrap();
    assert!(sequence(&corrected) > sequence(&entry));
}

#[actix_web::test]
async fn calls_without_a_day_do_not_push_others_out() {
    let server = Server::start().await;
    let manager = server.manager();
    let due = (server.app.clock.now().utc() + TimeDelta::days(2)).date_naive();
    let csv: String = (0..620)
        .map(|number| format!("C-{number},Customer {number}\n"))
        .collect();
    let csv = format!("external_id,name\n{csv}");
    manager.csv("/v1/customers/import", csv).await.expect(200);
    let item = |number: usize| {
        let day = (number % 100 == 99).then_some(due);
        json!({"customer_external_id": format!("C-{number}"), "assignee_id": server.executive().id(), "due_on": day})
    };
    let items: Vec<Value> = (0..620).map(item).collect();
    let bulk = manager
        .post_once("/v1/assignments/bulk", "many", json!({"items": items}))
        .await;
    assert!(bulk.status < 300, "{}", bulk.text);
    let (_, path) = subscribe(&server.executive()).await;
    assert_eq!(entries(&server, &path).await.len(), 6);
}

#[actix_web::test]
async fn who_was_deactivated_has_no_feeds_when_they_come_back_and_admins_revoke_anybodys() {
    let server = Server::start().await;
    let (admin, executive) = (server.admin(), server.executive());
    let (_, path) = crate::calendar_feeds::subscribe(&executive).await;
    let user = format!("/v1/users/{}", executive.id());
    for step in ["deactivate", "reactivate"] {
        admin
            .post(&format!("{user}/{step}"), serde_json::json!({}))
            .await
            .expect(200);
    }
    assert_eq!(server.nobody().get(&path).await.status, 404);
    let executive = server.again(&executive);
    let (feed, path) = crate::calendar_feeds::subscribe(&executive).await;
    let feeds = format!("{user}/calendar-feeds");
    let listed = admin.get(&format!("{feeds}?revoked=false")).await.expect(200);
    assert_eq!(listed["data"], serde_json::json!([feed]));
    assert_eq!(
        server.manager().get(&feeds).await.problem(403),
        "insufficient_permission"
    );
    admin.delete(&feeds).await.expect(204);
    assert_eq!(server.nobody().get(&path).await.status, 404);
    for _ in 0..20 {
        crate::calendar_feeds::subscribe(&executive).await;
    }
    let one_more = executive
        .post("/v1/me/calendar-feeds", serde_json::json!({"name": "Another"}))
        .await;
    assert_eq!(one_more.problem(409), "wrong_state");
}
