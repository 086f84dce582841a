//! The habit report: quotas, streaks and lapses, against weeks that were worked out by hand.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use touchbase::access::Role;

use crate::support::{Client, Server};

async fn made(client: &Client, path: &str, body: Value) -> Value {
    client.post(path, body).await.expect(201)
}

/// The Monday of the week before last, so that two whole weeks are over.
fn monday(server: &Server) -> NaiveDate {
    let today = server.app.clock.now().date_naive();
    let back = u64::from(today.weekday().num_days_from_monday()) + 14;
    today.checked_sub_days(Days::new(back)).unwrap()
}

/// Noon in UTC, which is the same day in Berlin.
fn noon(monday: NaiveDate, days: i64) -> DateTime<Utc> {
    (monday + TimeDelta::days(days))
        .and_hms_opt(12, 0, 0)
        .unwrap()
        .and_utc()
}

async fn program(server: &Server, name: &str, period: &str, who: &[&Client], quota: (i64, i64)) -> Value {
    let participant = |client: &&Client| json!({"user_id": client.id(), "calls_to_prepare": quota.0, "conversations_to_reach": quota.1, "period": period});
    let participants: Vec<Value> = who.iter().map(participant).collect();
    made(
        &server.manager(),
        "/v1/programs",
        json!({"name": name, "participants": participants}),
    )
    .await["id"]
        .clone()
}

/// A call to another customer.
async fn call(server: &Server, program: &Value, caller: &Client, disposition: &str, at: DateTime<Utc>) {
    let manager = server.manager();
    let customer = made(&manager, "/v1/customers", json!({"name": "Somebody"})).await["id"].clone();
    let body = json!({"customer_id": customer, "assignee_id": caller.id(), "program_id": program});
    let assignment = made(&manager, "/v1/assignments", body).await["id"].clone();
    let path = format!("/v1/assignments/{}/attempts", assignment.as_str().unwrap());
    made(caller, &path, json!({"disposition": disposition, "occurred_at": at})).await;
}

fn line<'r>(report: &'r Value, list: &str, id: &str) -> &'r Value {
    let lines = report[list].as_array().unwrap();
    let mut found = lines.iter().filter(|line| line["id"] == id || line["user_id"] == id);
    found.next().unwrap_or_else(|| panic!("no {id} in {lines:?}"))
}

fn figures(line: &Value, names: [&str; 6]) -> [Option<i64>; 6] {
    names.map(|name| line[name].as_i64())
}

const DAYS: [&str; 6] = [
    "quotas",
    "attained",
    "kept_days",
    "missed_days",
    "current_streak",
    "longest_streak",
];

#[actix_web::test]
async fn two_weeks_of_a_daily_quota_are_what_one_works_out_by_hand() {
    let server = Server::start().await;
    let (ada, ben) = (server.executive(), server.add("ben", Role::Executive).await);
    let monday = monday(&server);
    let daily = program(&server, "Daily", "day", &[&ada, &ben], (2, 1)).await;
    // A conversation on Monday and Tuesday; two machines on Wednesday; one on Thursday, which is not enough; nothing on Friday.
    for (day, disposition) in [
        (0, "connected"),
        (1, "connected"),
        (2, "left_voicemail"),
        (2, "no_answer"),
        (3, "busy"),
    ] {
        call(&server, &daily, &ada, disposition, noon(monday, day)).await;
    }
    // On Saturday, which counts towards no day. The next week: Monday a holiday of hers, Tuesday to Friday kept.
    call(&server, &daily, &ada, "connected", noon(monday, 5)).await;
    let away = (monday + TimeDelta::days(7)).to_string();
    made(
        &ada,
        "/v1/absences",
        json!({"user_id": ada.id(), "kind": "vacation", "starts_on": away, "ends_on": away}),
    )
    .await;
    for day in 8..12 {
        call(&server, &daily, &ada, "connected", noon(monday, day)).await;
    }
    // Ben called once, on the second Tuesday.
    call(&server, &daily, &ben, "no_answer", noon(monday, 8)).await;

    let path = format!("/v1/reports/habit?from={monday}&to={}", monday + TimeDelta::days(13));
    let report = server.viewer().get(&path).await.expect(200);
    assert_eq!(
        figures(line(&report, "by_executive", &ada.id()), DAYS),
        [9, 7, 7, 2, 4, 4].map(Some)
    );
    assert_eq!(line(&report, "by_executive", &ada.id())["calls"], 10);
    assert_eq!(line(&report, "by_executive", &ada.id())["attained_share"], 0.7778);
    // He had nobody to call before that Tuesday, and missed it and the days after.
    assert_eq!(
        figures(line(&report, "by_executive", &ben.id()), DAYS),
        [4, 0, 0, 4, 0, 0].map(Some)
    );
    let both = &report["overall"];
    assert_eq!(
        (&both["quotas"], &both["attained"], &both["current_streak"]),
        (&json!(13), &json!(7), &Value::Null)
    );
    let board: Vec<(&Value, &Value)> = report["leader_board"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["place"], &it["user_id"]))
        .collect();
    assert_eq!(board, [(&json!(1), &json!(ada.id())), (&json!(2), &json!(ben.id()))]);
    assert_eq!(line(&report, "by_program", daily.as_str().unwrap())["quotas"], 13);
    assert_eq!(report["quotas"].as_array().unwrap().len(), 2);

    // Wednesday, Thursday and Friday are over since he called.
    let three = server.viewer().get(&format!("{path}&lapsed_after=3")).await.expect(200);
    assert_eq!(line(&three, "lapsed", &ben.id())["idle_days"], 3);
    assert_eq!(three["lapsed"].as_array().unwrap().len(), 1);
    let four = server.viewer().get(&format!("{path}&lapsed_after=4")).await.expect(200);
    assert_eq!(four["lapsed"], json!([]));

    let one = server
        .viewer()
        .get(&format!("{path}&user_id={}", ada.id()))
        .await
        .expect(200);
    assert_eq!(one["by_executive"].as_array().unwrap().len(), 1);
    let periods = one["quotas"][0]["periods"].as_array().unwrap();
    let status: Vec<&str> = periods.iter().map(|it| it["status"].as_str().unwrap()).collect();
    assert_eq!(
        status,
        [
            "kept", "kept", "kept", "missed", "missed", "kept", "kept", "kept", "kept"
        ]
    );
    assert_eq!(
        (&periods[2]["customers_called"], &periods[2]["customers_reached"]),
        (&json!(2), &json!(0))
    );
}

#[actix_web::test]
async fn a_weekly_quota_is_measured_by_the_week_and_a_short_week_owes_less() {
    let server = Server::start().await;
    let (ada, manager) = (server.executive(), server.manager());
    let monday = monday(&server);
    let weekly = program(&server, "Weekly", "week", &[&ada], (5, 5)).await;
    // Five in the first week, one of them on Sunday. In the second she is away from Wednesday on: two of five days owe two calls.
    for day in [0, 1, 1, 4, 6, 7, 8] {
        call(&server, &weekly, &ada, "connected", noon(monday, day)).await;
    }
    let (starts, ends) = (
        (monday + TimeDelta::days(9)).to_string(),
        (monday + TimeDelta::days(11)).to_string(),
    );
    let absence = json!({"user_id": ada.id(), "kind": "sick", "starts_on": starts, "ends_on": ends});
    made(&manager, "/v1/absences", absence).await;
    let path = format!(
        "/v1/reports/habit?from={monday}&to={}&user_id={}",
        monday + TimeDelta::days(13),
        ada.id()
    );
    let report = manager.get(&path).await.expect(200);
    assert_eq!(
        figures(line(&report, "by_executive", &ada.id()), DAYS),
        [2, 2, 7, 0, 7, 7].map(Some)
    );
    let second = &report["quotas"][0]["periods"][1];
    assert_eq!(
        (&second["calls_to_prepare"], &second["customers_reached"]),
        (&json!(2), &json!(2))
    );
    // Begun in the middle of a week, the whole week is looked at.
    let path = format!(
        "/v1/reports/habit?from={}&to={}",
        monday + TimeDelta::days(4),
        monday + TimeDelta::days(6)
    );
    let report = manager.get(&path).await.expect(200);
    assert_eq!(
        figures(line(&report, "by_executive", &ada.id()), DAYS),
        [1, 1, 1, 0, 1, 1].map(Some)
    );
}

#[actix_web::test]
async fn who_takes_over_a_call_has_missed_nothing_before() {
    let server = Server::start().await;
    let (manager, ada) = (server.manager(), server.executive());
    let ben = server.add("ben", Role::Executive).await;
    let daily = program(&server, "Daily", "day", &[&ada, &ben], (1, 1)).await;
    let customer = made(&manager, "/v1/customers", json!({"name": "Old"})).await["id"].clone();
    let body = json!({"customer_id": customer, "assignee_id": ada.id(), "program_id": daily});
    let assignment = made(&manager, "/v1/assignments", body).await["id"].clone();
    server.app.clock.advance(TimeDelta::days(28));
    let (manager, reassign) = (
        server.again(&manager),
        format!("/v1/assignments/{}/reassign", assignment.as_str().unwrap()),
    );
    manager
        .post(&reassign, json!({"assignee_id": ben.id()}))
        .await
        .expect(200);
    let report = manager.get("/v1/reports/habit").await.expect(200);
    assert_eq!(line(&report, "by_executive", &ben.id())["missed_days"], json!(0));
}

#[actix_web::test]
async fn the_habit_is_one_table_too_and_a_year_at_most() {
    let server = Server::start().await;
    let ada = server.executive();
    let daily = program(&server, "Daily", "day", &[&ada], (1, 1)).await;
    call(&server, &daily, &ada, "connected", server.app.clock.now().utc()).await;
    let viewer = server.viewer();
    let table = viewer
        .send(viewer.request("GET", "/v1/reports/habit").header("accept", "text/csv"))
        .await;
    let rows: Vec<&str> = table.text.lines().collect();
    assert!(rows[0].starts_with("group,id,name,"), "{rows:?}");
    assert!(
        rows[1].starts_with("overall,,,") && rows[2].starts_with("executive,"),
        "{rows:?}"
    );
    assert!(rows[3].starts_with("program,") && rows.len() == 4, "{rows:?}");
    let long = viewer.get("/v1/reports/habit?from=2025-01-01&to=2026-06-01").await;
    assert_eq!(long.problem(400), "invalid_request");
    assert_eq!(
        server.contributor().get("/v1/reports/habit").await.problem(403),
        "insufficient_permission"
    );
}
