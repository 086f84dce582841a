//! An executive's day in one answer.

use chrono::{Days, TimeDelta};
use serde_json::{Value, json};
use touchbase::access::Scope;
use touchbase::features::days::store;

use crate::evenings::{customers, in_berlin, made, monday, program, wait_until};
use crate::support::Server;
use crate::support::counting::Counting;

fn kinds(day: &Value, list: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let due = day[list].as_array().unwrap().iter();
    due.map(|it| (text(&it["kind"]), text(&it["customer_name"]))).collect()
}

#[actix_web::test]
async fn a_day_tells_whom_to_call_and_what_was_promised_and_what_is_late() {
    let server = Server::start().await;
    let (manager, executive, monday) = (server.manager(), server.executive(), monday(&server));
    let all = customers(&manager, &["One", "Two", "Three", "Four"]).await;
    let since = (monday - Days::new(800)).to_string();
    let path = format!("/v1/customers/{}", all[0].as_str().unwrap());
    manager
        .patch(
            &path,
            json!({"customer_since": since, "city": "Berlin", "time_zone": "Europe/London"}),
        )
        .await
        .expect(200);
    let answer = json!({"customer_id": all[0], "score": 9, "source": "survey"});
    made(&manager, "/v1/nps-responses", answer).await;
    program(&manager, &executive, 2, json!({})).await;
    wait_until(&server, in_berlin(monday, 18, 0)).await;
    let tuesday = monday + Days::new(1);
    let day = server
        .again(&executive)
        .get(&format!("/v1/me/day?date={tuesday}"))
        .await
        .expect(200);
    assert_eq!(
        (&day["is_working_day"], &day["quota"], &day["time_zone"]),
        (&json!(true), &json!(2), &json!("Europe/Berlin"))
    );
    assert!(day["prepared_at"].is_string() && day["day_off"].is_null(), "{day}");
    // One is in London: their day begins at ten here.
    let one = &day["calls"][1];
    assert_eq!(
        (&one["customer_name"], &one["local_time"], &one["customer_local_time"]),
        (&json!("One"), &json!("10:00"), &json!("09:00"))
    );
    assert_eq!(
        (&one["nps"]["score"], &one["nps"]["category"], &one["city"]),
        (&json!(9), &json!("promoter"), &json!("Berlin"))
    );
    assert_eq!(one["tenure"]["words"], "2 years and 2 months");
    assert_eq!(
        (&one["listed"], &one["reason"]),
        (&json!("new"), &json!("1st of 4 by billing: 10,000 EUR"))
    );

    // On Tuesday: a voicemail with a promise for Wednesday at three, and a conversation with a promise of an answer by noon.
    wait_until(&server, in_berlin(tuesday, 10, 30)).await;
    let me = server.again(&executive);
    let attempts = |at: usize| {
        format!(
            "/v1/assignments/{}/attempts",
            day["calls"][at]["assignment_id"].as_str().unwrap()
        )
    };
    let wednesday = tuesday + Days::new(1);
    let promise = json!({"disposition": "left_voicemail", "callback_promised_at": in_berlin(wednesday, 15, 0)});
    made(&me, &attempts(1), promise).await;
    let item =
        json!({"title": "Answer them", "customer_promise": {"what": "The manual", "by": in_berlin(wednesday, 12, 0)}});
    made(
        &me,
        &attempts(0),
        json!({"disposition": "connected", "action_items": [item]}),
    )
    .await;
    let today = me.get("/v1/me/day").await.expect(200);
    assert_eq!(
        (&today["date"], &today["calls_placed"], &today["conversations"]),
        (&json!(tuesday), &json!(2), &json!(1))
    );
    assert_eq!(today["calls"], json!([]));
    let next = me.get(&format!("/v1/me/day?date={wednesday}")).await.expect(200);
    let name = |at: usize| day["calls"][at]["customer_name"].as_str().unwrap().to_owned();
    assert_eq!(
        kinds(&next, "promised"),
        [("promise".to_owned(), name(0)), ("call_back".to_owned(), name(1))]
    );
    assert_eq!(next["promised"][0]["what"], "The manual");
    assert_eq!(next["overdue"], json!([]));
    // On Thursday both are broken, and Wednesday's other calls are late.
    wait_until(&server, in_berlin(wednesday + Days::new(1), 8, 0)).await;
    let late = server.again(&executive).get("/v1/me/day").await.expect(200);
    let overdue = kinds(&late, "overdue");
    assert_eq!(
        overdue[..2],
        [("promise".to_owned(), name(0)), ("call_back".to_owned(), name(1))]
    );
    assert_eq!(late["promised"], json!([]));
}

#[actix_web::test]
async fn a_day_says_why_nobody_works_on_it() {
    let server = Server::start().await;
    let (executive, monday) = (server.executive(), monday(&server));
    let off = async |day: chrono::NaiveDate| {
        let day = executive.get(&format!("/v1/me/day?date={day}")).await.expect(200);
        (
            day["is_working_day"].clone(),
            day["day_off"].clone(),
            day["next_working_day"].clone(),
        )
    };
    assert_eq!(
        off(monday).await,
        (json!(true), Value::Null, json!(monday + Days::new(1)))
    );
    assert_eq!(
        off(monday - Days::new(1)).await,
        (json!(false), json!("no working day"), json!(monday))
    );
    let until = monday + Days::new(2);
    let absence = json!({"user_id": executive.id(), "kind": "travel", "starts_on": monday, "ends_on": until});
    made(&executive, "/v1/absences", absence).await;
    let away = json!(format!("an absence until {until}"));
    assert_eq!(off(monday).await, (json!(false), away, json!(monday + Days::new(3))));
    // A key is nobody's, and a contributor has no calls to read.
    let secret = server
        .admin()
        .post("/v1/api-keys", json!({"name": "board", "role": "viewer"}))
        .await
        .expect(201);
    let mut key = server.nobody();
    key.token = secret["secret"].as_str().map(str::to_owned);
    assert_eq!(key.get("/v1/me/day").await.problem(409), "wrong_state");
    assert_eq!(
        server.contributor().get("/v1/me/day").await.problem(403),
        "insufficient_permission"
    );
}

#[actix_web::test]
async fn a_day_takes_eight_statements_however_many_calls_there_are() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let scope = Scope::all(server.organization);
    let today = server.app.clock.now().date_naive();
    for calls in [0_usize, 1, 20] {
        let names: Vec<String> = (0..calls).map(|it| format!("Customer {it}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for customer in customers(&manager, &names).await {
            let day = (today - TimeDelta::days(1)).to_string();
            let body = json!({"customer_id": customer, "assignee_id": executive.id(), "due_on": day});
            made(&manager, "/v1/assignments", body).await;
        }
        let mut db = Counting::new(server.app.read());
        let me = executive.user.as_ref().unwrap().id;
        let rows = store::gather(&mut db, &scope, me, None, server.app.clock.now())
            .await
            .unwrap();
        assert!(rows.calls.len() >= calls);
        assert!(db.trips() <= 8, "{calls}");
    }
}
