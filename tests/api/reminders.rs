//! What is due soon or late, who has let go of the habit, and what a week has brought: told once, whoever looks.

mod changes;

use std::sync::Arc;

use chrono::{Datelike, Days, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use serde_json::{Value, json};
use touchbase::access::Role;
use touchbase::app::App;
use touchbase::clock::Timestamp;
use touchbase::{local_time, workers};

use crate::assignments::customer;
use crate::support::{Client, Server, config};

/// An action item of the contributor's.
async fn item(server: &Server, customer: &str, more: Value) -> String {
    let mut item = json!({"customer_id": customer, "title": "Send a quote", "owner_id": server.contributor().id()});
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = server.manager().post("/v1/action-items", item).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

fn ahead(server: &Server, by: TimeDelta) -> String {
    server.app.clock.now().plus(by).to_string()
}

/// Time goes by, and what is due is done.
async fn pass(server: &Server, by: TimeDelta) {
    server.app.clock.advance(by);
    workers::settle(&server.app).await.unwrap();
}

/// The same but for what each Monday brings.
async fn heard(client: Client) -> Vec<(String, String)> {
    let all = all_heard(client).await.into_iter();
    all.filter(|(kind, _)| kind != "weekly_summary" && kind != "lapsed_executives")
        .collect()
}

/// Kinds and titles of what somebody was told, in order.
async fn all_heard(client: Client) -> Vec<(String, String)> {
    let page = client.get("/v1/me/notifications?sort=created_at").await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let told = page["data"].as_array().unwrap().iter();
    told.map(|told| (text(&told["kind"]), text(&told["title"]))).collect()
}

async fn kinds(client: Client) -> Vec<String> {
    heard(client).await.into_iter().map(|(kind, _)| kind).collect()
}

/// The contributor works for the viewer.
async fn boss(server: &Server) {
    let path = format!("/v1/users/{}", server.contributor().id());
    let boss = json!({"manager_id": server.viewer().id()});
    server.admin().patch(&path, boss).await.expect(200);
}

#[actix_web::test]
async fn a_promised_call_is_remembered_in_time_and_not_when_it_was_moved() {
    let server = Server::start().await;
    let mut paths = Vec::new();
    for name in ["Alfreds", "Berglunds"] {
        let assignment =
            json!({"customer_id": customer(&server.manager(), name).await, "assignee_id": server.executive().id()});
        let assignment = server.manager().post("/v1/assignments", assignment).await.expect(201);
        let path = format!("/v1/assignments/{}", assignment["id"].as_str().unwrap());
        let call =
            json!({"disposition": "callback_requested", "callback_promised_at": ahead(&server, TimeDelta::days(2))});
        server
            .executive()
            .post(&format!("{path}/attempts"), call)
            .await
            .expect(201);
        paths.push(path);
    }
    let later = json!({"scheduled_for": ahead(&server, TimeDelta::days(4)), "outside_window": true});
    server
        .executive()
        .post(&format!("{}/reschedule", paths[1]), later)
        .await
        .expect(200);
    pass(&server, TimeDelta::hours(47)).await;
    assert_eq!(heard(server.executive()).await, []);
    pass(&server, TimeDelta::minutes(50)).await;
    pass(&server, TimeDelta::minutes(1)).await;
    let told = heard(server.executive()).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].0 == "callback_due" && told[0].1.starts_with("Call Alfreds back at "),
        "{told:?}"
    );
    assert_eq!(heard(server.manager()).await, []);
    pass(&server, TimeDelta::minutes(71)).await;
    pass(&server, TimeDelta::minutes(1)).await;
    assert_eq!(kinds(server.executive()).await, ["callback_due", "callback_missed"]);
    let waits = ("callback_missed".to_owned(), "Alfreds waits for a call".to_owned());
    assert_eq!(heard(server.manager()).await, [waits]);
}

#[actix_web::test]
async fn a_promise_is_remembered_a_day_before_and_the_manager_hears_when_it_is_broken() {
    let server = Server::start().await;
    boss(&server).await;
    let alfreds = customer(&server.manager(), "Alfreds").await;
    let promise =
        |days| json!({"customer_promise": {"what": "A new quote", "by": ahead(&server, TimeDelta::days(days))}});
    let kept = item(&server, &alfreds, promise(2)).await;
    item(&server, &alfreds, promise(3)).await;
    pass(&server, TimeDelta::hours(20)).await;
    assert_eq!(heard(server.contributor()).await, []);
    pass(&server, TimeDelta::hours(5)).await;
    assert_eq!(kinds(server.contributor()).await, ["promise_due"]);
    // Done, but the customer does not know: that is still a promise. Then they are told.
    server
        .contributor()
        .post(&format!("/v1/action-items/{kept}/complete"), json!({}))
        .await
        .expect(200);
    server
        .contributor()
        .post(&format!("/v1/action-items/{kept}/tell-customer"), json!({}))
        .await
        .expect(200);
    pass(&server, TimeDelta::hours(24)).await;
    assert_eq!(kinds(server.contributor()).await, ["promise_due", "promise_due"]);
    assert_eq!(heard(server.viewer()).await, []);
    pass(&server, TimeDelta::hours(24)).await;
    pass(&server, TimeDelta::hours(1)).await;
    assert_eq!(
        kinds(server.contributor()).await,
        ["promise_due", "promise_due", "promise_broken"]
    );
    let told = server.viewer().get("/v1/me/notifications").await.expect(200);
    assert_eq!(told["data"][0]["title"], "A promise to Alfreds is overdue");
    let text = told["data"][0]["text"].as_str().unwrap();
    assert!(text.ends_with("A new quote\n\nResponsible: The contributor."), "{text}");
    assert_eq!(heard(server.manager()).await, []);
}

#[actix_web::test]
async fn an_item_is_remembered_before_and_after_its_time_and_again_at_another_time() {
    let server = Server::start().await;
    let alfreds = customer(&server.manager(), "Alfreds").await;
    let due = json!({"due_at": ahead(&server, TimeDelta::hours(30))});
    let id = item(&server, &alfreds, due).await;
    pass(&server, TimeDelta::hours(7)).await;
    assert_eq!(kinds(server.contributor()).await, ["action_item_due"]);
    let later = json!({"due_at": ahead(&server, TimeDelta::hours(72))});
    server
        .manager()
        .patch(&format!("/v1/action-items/{id}"), later)
        .await
        .expect(200);
    pass(&server, TimeDelta::hours(24)).await;
    assert_eq!(kinds(server.contributor()).await, ["action_item_due"]);
    pass(&server, TimeDelta::hours(25)).await;
    assert_eq!(
        kinds(server.contributor()).await,
        ["action_item_due", "action_item_due"]
    );
    pass(&server, TimeDelta::hours(24)).await;
    // Nobody is above the contributor: the program's owner hears of it.
    assert_eq!(kinds(server.manager()).await, ["action_item_overdue"]);
    server
        .contributor()
        .post(&format!("/v1/action-items/{id}/cancel"), json!({}))
        .await
        .expect(200);
    pass(&server, TimeDelta::hours(1)).await;
    assert_eq!(
        kinds(server.contributor()).await,
        ["action_item_due", "action_item_due", "action_item_overdue"]
    );
}

#[actix_web::test]
async fn what_is_a_departments_is_told_to_all_of_it() {
    let server = Server::start().await;
    let (one, other) = (
        server.add("one", Role::Contributor).await,
        server.add("other", Role::Contributor).await,
    );
    for client in [&one, &other] {
        let path = format!("/v1/users/{}", client.id());
        server
            .admin()
            .patch(&path, json!({"department": "Sales"}))
            .await
            .expect(200);
    }
    let alfreds = customer(&server.manager(), "Alfreds").await;
    let due = json!({"due_at": ahead(&server, TimeDelta::hours(3)), "owner_id": null, "department": "SALES"});
    item(&server, &alfreds, due).await;
    workers::settle(&server.app).await.unwrap();
    assert_eq!(kinds(one).await, ["action_item_due"]);
    assert_eq!(kinds(other).await, ["action_item_due"]);
    assert_eq!(heard(server.contributor()).await, []);
}

/// To the Monday after next, nine o'clock in Berlin: the week before it is whole, and lies ahead.
async fn to_monday(server: &Server) {
    let (now, zone) = (server.app.clock.now(), Tz::Europe__Berlin);
    let today = local_time::wall_clock(now.utc(), zone).date();
    let days = 14 - u64::from(today.weekday().num_days_from_monday());
    let monday = today.checked_add_days(Days::new(days)).unwrap();
    let nine = local_time::instant(monday.and_time(NaiveTime::from_hms_opt(9, 0, 0).unwrap()), zone);
    pass(server, Timestamp::new(nine).utc() - now.utc()).await;
}

async fn another_instance(server: &Server) -> Arc<App> {
    let url = server.app.config.database_url.clone();
    App::open(config(&url), server.app.clock.clone(), None).await.unwrap()
}

/// Everybody of these takes part in the program that is there from the start, and has a customer to call: the assignments.
async fn take_part(server: &Server, people: &[&Client]) -> Vec<String> {
    let programs = server.manager().get("/v1/programs").await.expect(200);
    let path = format!("/v1/programs/{}", programs["data"][0]["id"].as_str().unwrap());
    let participants: Vec<Value> = people
        .iter()
        .map(|one| json!({"user_id": one.id(), "calls_to_prepare": 5, "conversations_to_reach": 2, "period": "week"}))
        .collect();
    server
        .manager()
        .patch(&path, json!({"participants": participants}))
        .await
        .expect(200);
    let mut assignments = Vec::new();
    for one in people {
        let customer = customer(&server.manager(), &format!("Of {}", one.id())).await;
        let assignment = json!({"customer_id": customer, "assignee_id": one.id()});
        let assignment = server.manager().post("/v1/assignments", assignment).await.expect(201);
        assignments.push(assignment["id"].as_str().unwrap().to_owned());
    }
    assignments
}

#[actix_web::test]
async fn managers_hear_each_monday_who_has_let_go_of_the_habit_and_all_what_they_have_done() {
    let server = Server::start().await;
    let (lazy, away) = (
        server.add("lazy", Role::Executive).await,
        server.add("away", Role::Executive).await,
    );
    let assignments = take_part(&server, &[&server.executive(), &lazy, &away]).await;
    // In the middle of the week that will be looked back on.
    let today = local_time::wall_clock(server.app.clock.now().utc(), Tz::Europe__Berlin).date();
    let monday = today
        .checked_add_days(Days::new(7 - u64::from(today.weekday().num_days_from_monday())))
        .unwrap();
    let until = monday.checked_add_days(Days::new(6)).unwrap();
    let absence = json!({"user_id": away.id(), "kind": "vacation", "starts_on": monday, "ends_on": until});
    server.manager().post("/v1/absences", absence).await.expect(201);
    let wednesday = monday
        .checked_add_days(Days::new(2))
        .unwrap()
        .and_time(NaiveTime::from_hms_opt(11, 0, 0).unwrap());
    let wednesday = local_time::instant(wednesday, Tz::Europe__Berlin);
    server.app.clock.advance(wednesday - server.app.clock.now().utc());
    let path = format!("/v1/assignments/{}/attempts", assignments[0]);
    server
        .executive()
        .post(&path, json!({"disposition": "connected"}))
        .await
        .expect(201);
    let next = monday
        .checked_add_days(Days::new(7))
        .unwrap()
        .and_time(NaiveTime::from_hms_opt(7, 59, 0).unwrap());
    let next = local_time::instant(next, Tz::Europe__Berlin);
    pass(&server, next - server.app.clock.now().utc()).await;
    assert_eq!(all_heard(server.manager()).await, []);
    pass(&server, TimeDelta::minutes(2)).await;
    pass(&server, TimeDelta::hours(1)).await;
    let told = all_heard(server.manager()).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0].1, "The lazy has let go of the habit");
    assert!(told[1].0 == "weekly_summary", "{told:?}");
    let own = server.executive().get("/v1/me/notifications").await.expect(200);
    assert_eq!(
        own["data"][0]["text"],
        "1 call, 1 conversation. 0 action items to do, 0 of them overdue."
    );
    // The next week is another one; nobody called at all.
    pass(&server, TimeDelta::days(7)).await;
    let told = all_heard(server.manager()).await;
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(told[2].1, "3 executives have let go of the habit");
}

#[actix_web::test]
async fn two_instances_remind_once() {
    let server = Server::start().await;
    boss(&server).await;
    let other = another_instance(&server).await;
    let mut people = Vec::new();
    for name in ["a", "b", "c"] {
        people.push(server.add(name, Role::Executive).await);
    }
    take_part(&server, &people.iter().collect::<Vec<_>>()).await;
    let alfreds = customer(&server.manager(), "Alfreds").await;
    for hours in 1..10 {
        item(
            &server,
            &alfreds,
            json!({"due_at": ahead(&server, TimeDelta::hours(hours))}),
        )
        .await;
    }
    let both = async || {
        let (one, two) = tokio::join!(workers::settle(&server.app), workers::settle(&other));
        one.unwrap() + two.unwrap()
    };
    // A reminder for each, beside what is looked for every day.
    both().await;
    let jobs = server.manager().get("/v1/jobs?kind=remind").await.expect(200);
    assert_eq!(jobs["data"].as_array().unwrap().len(), 9);
    assert_eq!(kinds(server.contributor()).await.len(), 9);
    assert_eq!(both().await, 0);
    to_monday(&server).await;
    assert_eq!(both().await, 0);
    let told = all_heard(server.manager()).await;
    let lapsed = told.iter().filter(|(kind, _)| kind == "lapsed_executives");
    assert_eq!(lapsed.count(), 1, "{told:?}");
    other.db.close().await;
}
