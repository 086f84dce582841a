//! The report on who begins it: interactions counted against what was worked out by hand.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Client, Server};

async fn made(client: &Client, path: &str, body: Value) -> Value {
    client.post(path, body).await.expect(201)
}

async fn customer(manager: &Client, body: Value) -> Value {
    made(manager, "/v1/customers", body).await["id"].clone()
}

async fn assigned(manager: &Client, customer: &Value, to: &Client) -> String {
    let body = json!({"customer_id": customer, "assignee_id": to.id()});
    let made = made(manager, "/v1/assignments", body).await;
    format!("/v1/assignments/{}", made["id"].as_str().unwrap())
}

fn named<'r>(report: &'r Value, list: &str, name: &str) -> &'r Value {
    let lines = report[list].as_array().unwrap();
    lines.iter().find(|line| line["name"] == name).unwrap()
}

#[actix_web::test]
async fn our_calls_stand_against_their_own_over_any_window() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let now = server.app.clock.now();
    let ago = |days: i64| now.plus(-TimeDelta::days(days)).to_string();
    let call = async |assignment: &str, disposition: &str, days: i64| {
        let body = json!({"disposition": disposition, "occurred_at": ago(days)});
        made(&executive, &format!("{assignment}/attempts"), body).await;
    };
    // Called twice: a machine, then a conversation. And once before the window.
    let alfreds = customer(&manager, json!({"name": "Alfreds"})).await;
    let assignment = assigned(&manager, &alfreds, &executive).await;
    call(&assignment, "left_voicemail", 40).await;
    call(&assignment, "left_voicemail", 5).await;
    call(&assignment, "connected", 3).await;
    // It only rang.
    let bottom = customer(&manager, json!({"name": "Bottom"})).await;
    let assignment = assigned(&manager, &bottom, &executive).await;
    call(&assignment, "no_answer", 4).await;
    call(&assignment, "busy", 3).await;
    // Came by itself, once to Support; what happened elsewhere does not count.
    let cactus = customer(&manager, json!({"name": "Cactus"})).await;
    for (kind, days, user) in [
        ("support_case", 6, Some(server.contributor().id())),
        ("reactive_interaction", 2, None),
        ("purchase", 2, None),
        ("news", 1, None),
        ("support_case", 31, None),
    ] {
        let body = json!({"customer_id": cactus, "kind": kind, "occurred_at": ago(days), "user_id": user});
        made(&manager, "/v1/signals", body).await;
    }
    // A conversation over dinner.
    let dinner = customer(&manager, json!({"name": "Dinner"})).await;
    let assignment = assigned(&manager, &dinner, &executive).await;
    executive
        .post(&format!("{assignment}/complete"), json!({"reason": "Over dinner."}))
        .await
        .expect(200);
    // Nothing at all; but one is to be left alone, and one comes only next year.
    customer(&manager, json!({"name": "Ernst"})).await;
    customer(&manager, json!({"name": "Folk", "do_not_contact": true})).await;
    let next_year = now.plus(TimeDelta::days(365)).date_naive().to_string();
    customer(&manager, json!({"name": "Gourmet", "customer_since": next_year})).await;

    let report = server.viewer().get("/v1/reports/proactivity").await.expect(200);
    assert_eq!(
        report["overall"],
        json!({"interactions": 5, "proactive": 3, "reactive": 2, "proactive_share": 0.6, "calls": 4, "conversations": 1,
            "other_proactive": 1, "customers": 3})
    );
    let me = executive.user.as_ref().unwrap().fields.name.clone();
    let mine = named(&report, "by_executive", &me);
    let figures =
        |line: &Value| ["proactive", "reactive", "calls", "customers"].map(|name| line[name].as_i64().unwrap());
    assert_eq!((figures(mine), &mine["proactive_share"]), ([3, 0, 4, 2], &json!(1.0)));
    let support = &server.contributor().user.unwrap().fields.name;
    assert_eq!(figures(named(&report, "by_executive", support)), [0, 1, 0, 1]);
    let nobody = report["by_executive"]
        .as_array()
        .unwrap()
        .iter()
        .find(|line| line["id"].is_null());
    assert_eq!(figures(nobody.unwrap()), [0, 1, 0, 1]);
    assert_eq!(figures(named(&report, "by_customer", "Cactus")), [0, 2, 0, 1]);
    let rang = named(&report, "by_customer", "Bottom");
    assert_eq!((figures(rang), &rang["proactive_share"]), ([0, 0, 2, 0], &Value::Null));
    assert_eq!(report["customers_without_interaction"], 2);
    let silent: Vec<&Value> = report["without_interaction"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(silent, ["Bottom", "Ernst"]);

    let day = |days: i64| now.plus(-TimeDelta::days(days)).date_naive().to_string();
    let path = format!("/v1/reports/proactivity?from={}&to={}", day(45), day(20));
    let before = server.viewer().get(&path).await.expect(200);
    let overall = &before["overall"];
    assert_eq!((&overall["proactive"], &overall["reactive"]), (&json!(1), &json!(1)));
    assert_eq!(before["customers_without_interaction"], 3);
    let never = server
        .viewer()
        .get("/v1/reports/proactivity?from=2020-01-01&to=2020-01-31")
        .await
        .expect(200);
    assert!(never["overall"]["proactive_share"].is_null(), "{never}");
}

#[actix_web::test]
async fn the_report_on_who_begins_it_is_one_table_too() {
    let server = Server::start().await;
    let (manager, viewer) = (server.manager(), server.viewer());
    customer(&manager, json!({"name": "Alfreds"})).await;
    let request = viewer
        .request("GET", "/v1/reports/proactivity")
        .header("accept", "text/csv");
    let table = viewer.send(request).await;
    let rows: Vec<&str> = table.text.lines().collect();
    assert!(rows[0].starts_with("group,id,name,"), "{rows:?}");
    assert!(rows[1].starts_with("overall,,,"), "{rows:?}");
    assert!(
        rows[2].starts_with("without_interaction,") && rows[2].contains(",Alfreds,"),
        "{rows:?}"
    );
    let contributor = server.contributor().get("/v1/reports/proactivity").await;
    assert_eq!(contributor.problem(403), "insufficient_permission");
}
