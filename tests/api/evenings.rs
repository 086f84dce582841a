//! Tomorrow's list: prepared in the evening before, by the rules of the house, once.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};
use touchbase::access::Role;
use touchbase::local_time;
use touchbase::workers;

use crate::support::{Client, Server};

pub async fn made(client: &Client, path: &str, body: Value) -> Value {
    client.post(path, body).await.expect(201)
}

/// The Monday after next, which is no holiday of anybody's here.
pub fn monday(server: &Server) -> NaiveDate {
    let today = server.app.clock.now().date_naive();
    today + Days::new(14 - u64::from(today.weekday().num_days_from_monday()))
}

pub fn in_berlin(day: NaiveDate, hour: u32, minute: u32) -> DateTime<Utc> {
    local_time::instant(day.and_hms_opt(hour, minute, 0).unwrap(), Tz::Europe__Berlin)
}

/// Moves the clock on to this minute, and does all that is due by then.
pub async fn wait_until(server: &Server, at: DateTime<Utc>) {
    let now = server.app.clock.now().utc();
    assert!(at > now, "{at} is over: {now}");
    server.app.clock.advance(at - now + TimeDelta::seconds(1));
    workers::settle(&server.app).await.unwrap();
}

/// Customers whom nobody has called: the first is billed most.
pub async fn customers(manager: &Client, names: &[&str]) -> Vec<Value> {
    let mut made_ones = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let billing = json!({"amount_minor": 1_000_000 - place * 1000, "currency": "EUR"});
        let body = json!({"name": name, "annual_billing": billing, "time_zone": "Europe/Berlin"});
        made_ones.push(made(manager, "/v1/customers", body).await["id"].clone());
    }
    made_ones
}

/// A program of the executive's: so many calls a day from the biggest billers.
pub async fn program(manager: &Client, who: &Client, calls: i64, more: Value) -> Value {
    let participant =
        json!({"user_id": who.id(), "calls_to_prepare": calls, "conversations_to_reach": 1, "period": "day"});
    let mut body = json!({"name": "Biggest", "participants": [participant], "segments": ["biggest_billers"]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    made(manager, "/v1/programs", body).await
}

pub async fn lists(server: &Server) -> Vec<Value> {
    let page = server
        .viewer()
        .get("/v1/call-lists?sort=list_on&limit=200")
        .await
        .expect(200);
    page["data"].as_array().unwrap().clone()
}

/// The customers' names on somebody's day, with their times.
pub async fn on_day(server: &Server, who: &Client, day: NaiveDate) -> Vec<(String, String)> {
    let day = server
        .again(who)
        .get(&format!("/v1/me/day?date={day}"))
        .await
        .expect(200);
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let calls = day["calls"].as_array().unwrap().iter();
    calls
        .map(|it| (text(&it["customer_name"]), text(&it["local_time"])))
        .collect()
}

fn names(day: &[(String, String)]) -> Vec<&str> {
    day.iter().map(|(name, _)| name.as_str()).collect()
}

#[actix_web::test]
async fn the_list_is_there_in_the_evening_and_once() {
    let server = Server::start().await;
    let (manager, executive, monday) = (server.manager(), server.executive(), monday(&server));
    customers(&manager, &["One", "Two", "Three", "Four", "Five"]).await;
    program(&manager, &executive, 3, json!({})).await;
    wait_until(&server, in_berlin(monday, 17, 59)).await;
    let before = lists(&server).await;
    assert!(
        before.iter().all(|list| list["list_on"] == monday.to_string()),
        "{before:?}"
    );

    wait_until(&server, in_berlin(monday, 18, 0)).await;
    let tuesday = monday + Days::new(1);
    let prepared = lists(&server).await;
    let list = prepared.last().unwrap();
    assert_eq!(
        (&list["list_on"], &list["user_id"]),
        (&json!(tuesday), &json!(executive.id()))
    );
    assert_eq!(list["entries"].as_array().unwrap().len(), 3);
    let day = on_day(&server, &executive, tuesday).await;
    let expected = [("One", "09:00"), ("Two", "09:20"), ("Three", "09:40")];
    assert_eq!(day, expected.map(|(name, time)| (name.to_owned(), time.to_owned())));
    let told = server
        .again(&executive)
        .get("/v1/me/notifications?kind_in=day_prepared")
        .await
        .expect(200);
    let text = told["data"][0]["text"].as_str().unwrap();
    assert_eq!(text, "09:00  One\n09:20  Two\n09:40  Three");
    // However often it is looked, there is one.
    workers::settle(&server.app).await.unwrap();
    assert_eq!(lists(&server).await.len(), prepared.len());
    let one = server
        .viewer()
        .get(&format!("/v1/call-lists/{}", list["id"].as_str().unwrap()))
        .await
        .expect(200);
    assert_eq!(&one, list);
    let elsewhere = server.another_organization().await;
    let path = format!("/v1/call-lists/{}", list["id"].as_str().unwrap());
    assert_eq!(elsewhere.get(&path).await.problem(404), "not_found");
    assert_eq!(elsewhere.get("/v1/call-lists").await.expect(200)["data"], json!([]));
    assert_eq!(
        server.contributor().get(&path).await.problem(403),
        "insufficient_permission"
    );
}

#[actix_web::test]
async fn the_rules_of_the_house_decide_who_is_taken() {
    let server = Server::start().await;
    let (manager, executive, monday) = (server.manager(), server.executive(), monday(&server));
    let all = customers(
        &manager,
        &["Own", "Held", "Silent", "Recent", "Far", "Fit", "Rest", "Old"],
    )
    .await;
    let patch = async |customer: &Value, body: Value| {
        manager
            .patch(&format!("/v1/customers/{}", customer.as_str().unwrap()), body)
            .await
            .expect(200)
    };
    patch(&all[0], json!({"account_manager_id": executive.id()})).await;
    let other = server.add("other", Role::Executive).await;
    made(
        &manager,
        "/v1/assignments",
        json!({"customer_id": all[1], "assignee_id": other.id()}),
    )
    .await;
    patch(&all[2], json!({"do_not_contact": true})).await;
    for (customer, days) in [(&all[3], 10), (&all[7], 80)] {
        let assignment = made(
            &manager,
            "/v1/assignments",
            json!({"customer_id": customer, "assignee_id": other.id()}),
        )
        .await;
        let path = format!("/v1/assignments/{}/attempts", assignment["id"].as_str().unwrap());
        let at = server.app.clock.now().plus(-TimeDelta::days(days));
        made(&other, &path, json!({"disposition": "connected", "occurred_at": at})).await;
    }
    // From nine to ten in Berlin nobody is awake in Hawaii.
    patch(&all[4], json!({"time_zone": "Pacific/Honolulu"})).await;
    let block = json!({"starts": "09:00", "ends": "10:00"});
    let participant = json!({"user_id": executive.id(), "calls_to_prepare": 9, "conversations_to_reach": 1, "period": "day", "daily_block": block});
    program(&manager, &executive, 9, json!({"participants": [participant]})).await;
    wait_until(&server, in_berlin(monday, 18, 0)).await;
    // Fit, Rest and Old fill the hour; and no call is made up for the quota.
    let day = on_day(&server, &executive, monday + Days::new(1)).await;
    assert_eq!(names(&day), ["Fit", "Rest", "Old"]);
    assert!(lists(&server).await.last().unwrap()["quota"] == 9);
}

#[actix_web::test]
async fn what_was_left_is_moved_on_and_does_not_pile_up() {
    let server = Server::start().await;
    let (manager, executive, monday) = (server.manager(), server.executive(), monday(&server));
    customers(&manager, &["One", "Two", "Three", "Four", "Five"]).await;
    program(&manager, &executive, 2, json!({})).await;
    wait_until(&server, in_berlin(monday, 18, 0)).await;
    let [tuesday, wednesday, thursday] = [1, 2, 3].map(|days| monday + Days::new(days));
    // Two days on which nobody calls: the same two each evening, and nobody besides.
    for day in [tuesday, wednesday] {
        assert_eq!(names(&on_day(&server, &executive, day).await), ["One", "Two"]);
        wait_until(&server, in_berlin(day, 18, 0)).await;
    }
    let day = on_day(&server, &executive, thursday).await;
    assert_eq!(names(&day), ["One", "Two"]);
    assert!(on_day(&server, &executive, wednesday).await.is_empty());
    // On Thursday One is promised a call on Friday, and Two asks to be called never; so there is room for two beyond the promise.
    wait_until(&server, in_berlin(thursday, 9, 0)).await;
    let me = server.again(&executive);
    let open = me
        .get("/v1/assignments?mine=true&status_in=queued,scheduled&sort=scheduled_for")
        .await
        .expect(200);
    let path = |at: usize| format!("/v1/assignments/{}/attempts", open["data"][at]["id"].as_str().unwrap());
    let friday = thursday + Days::new(1);
    let promise = json!({"disposition": "callback_requested", "callback_promised_at": in_berlin(friday, 15, 30)});
    made(&me, &path(0), promise).await;
    made(&me, &path(1), json!({"disposition": "do_not_call"})).await;
    wait_until(&server, in_berlin(thursday, 18, 0)).await;
    let day = on_day(&server, &executive, friday).await;
    assert_eq!(names(&day), ["Three", "Four", "One"]);
    assert_eq!(day[2].1, "15:30");
}

#[actix_web::test]
async fn weekends_absences_and_pauses_have_no_lists() {
    let server = Server::start().await;
    let (manager, executive, monday) = (server.manager(), server.executive(), monday(&server));
    customers(&manager, &["One", "Two", "Three"]).await;
    let program = program(&manager, &executive, 1, json!({"lists_at": "16:30"})).await;
    let away = monday + Days::new(7);
    let absence = json!({"user_id": executive.id(), "kind": "vacation", "starts_on": away, "ends_on": away});
    made(&manager, "/v1/absences", absence).await;
    let on = |lists: &[Value]| {
        lists
            .iter()
            .map(|it| it["list_on"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let (thursday, friday) = (monday + Days::new(3), monday + Days::new(4));
    wait_until(&server, in_berlin(thursday, 16, 30)).await;
    assert!(on(&lists(&server).await).contains(&friday.to_string()));
    let before = lists(&server).await.len();
    // On Friday for Tuesday: Monday is off.
    wait_until(&server, in_berlin(friday, 16, 29)).await;
    assert_eq!(lists(&server).await.len(), before);
    wait_until(&server, in_berlin(friday, 16, 30)).await;
    assert_eq!(
        on(&lists(&server).await).last().unwrap(),
        &(away + Days::new(1)).to_string()
    );
    let path = format!("/v1/programs/{}/pause", program["id"].as_str().unwrap());
    server.manager().post(&path, Value::Null).await.expect(200);
    wait_until(&server, in_berlin(away + Days::new(1), 16, 30)).await;
    assert_eq!(lists(&server).await.len(), before + 1);
}

#[actix_web::test]
async fn everybody_has_their_evening_on_their_own_clock() {
    let server = Server::start().await;
    let (manager, executive, monday) = (server.manager(), server.executive(), monday(&server));
    let far = server.add("far", Role::Executive).await;
    let zone = json!({"time_zone": "America/New_York"});
    server
        .admin()
        .patch(&format!("/v1/users/{}", far.id()), zone)
        .await
        .expect(200);
    customers(&manager, &["One", "Two"]).await;
    let participant = |who: &Client| json!({"user_id": who.id(), "calls_to_prepare": 1, "conversations_to_reach": 1, "period": "day"});
    program(
        &manager,
        &executive,
        1,
        json!({"participants": [participant(&far), participant(&executive)]}),
    )
    .await;
    wait_until(&server, in_berlin(monday, 18, 0)).await;
    let tuesday = (monday + Days::new(1)).to_string();
    let whose = async || {
        let lists = lists(&server).await;
        let tuesdays = lists.iter().filter(|it| it["list_on"] == tuesday.as_str());
        tuesdays
            .map(|it| it["user_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(whose().await, [executive.id()]);
    let new_york = local_time::instant(monday.and_hms_opt(18, 0, 0).unwrap(), Tz::America__New_York);
    wait_until(&server, new_york).await;
    assert_eq!(whose().await.len(), 2);
}

#[actix_web::test]
async fn a_weekly_quota_is_spread_over_the_week() {
    let server = Server::start().await;
    let (manager, executive, monday) = (server.manager(), server.executive(), monday(&server));
    customers(&manager, &["One", "Two", "Three", "Four"]).await;
    let participant =
        json!({"user_id": executive.id(), "calls_to_prepare": 2, "conversations_to_reach": 1, "period": "week"});
    program(&manager, &executive, 2, json!({"participants": [participant]})).await;
    let sunday = monday - Days::new(1);
    wait_until(&server, in_berlin(sunday, 18, 0)).await;
    assert_eq!(names(&on_day(&server, &executive, monday).await), ["One"]);
    wait_until(&server, in_berlin(monday, 9, 1)).await;
    let me = server.again(&executive);
    let mine = me.get("/v1/assignments?mine=true").await.expect(200);
    let path = format!("/v1/assignments/{}/attempts", mine["data"][0]["id"].as_str().unwrap());
    made(&me, &path, json!({"disposition": "connected"})).await;
    // The pace is kept: nothing for Tuesday, the second on Wednesday, and after that none.
    let mut days = Vec::new();
    for day in 0..4 {
        wait_until(&server, in_berlin(monday + Days::new(day), 18, 0)).await;
        days.push(names(&on_day(&server, &executive, monday + Days::new(day + 1)).await).join(" "));
    }
    assert_eq!(days, ["", "Two", "Two", "Two"]);
}
