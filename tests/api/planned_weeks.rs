//! Plans of whole weeks: when clocks change, and of Northwind's customers.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, Weekday};
use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::attempts::{on_monday, time};
use crate::plans::{all, content, days, plan_path, planned};

#[actix_web::test]
async fn calls_lie_within_both_clocks_when_one_of_them_is_put_back() {
    let (server, _) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let body = json!({"name": "Afternoons", "participants": [{
        "user_id": executive.id(), "calls_to_prepare": 3, "conversations_to_reach": 1, "period": "day",
        "daily_block": {"starts": "13:00", "ends": "16:00"}
    }]});
    let program = manager.post("/v1/programs", body).await.expect(201);
    let program = program["id"].as_str().unwrap();
    let mut ids = Vec::new();
    for at in 0..40 {
        let body = json!({"name": format!("New York {at}"), "time_zone": "America/New_York"});
        ids.push(manager.post("/v1/customers", body).await.expect(201)["id"].clone());
    }
    // New York's clocks are put back on the first Sunday of November, Berlin's a week before: between them it is five hours, not six.
    let today = server.app.clock.now().utc().date_naive();
    let back = |year| NaiveDate::from_weekday_of_month_opt(year, 11, Weekday::Sun, 1).unwrap();
    let from = |year| back(year) - Days::new(10);
    let year = today.year() + i32::from(from(today.year()) <= today);
    let back = back(year);
    let body = json!({"customer_ids": ids, "from": from(year), "to": back + Days::new(2)});
    let plan = planned(&manager, program, body).await;
    let calls = all(&manager, &plan, "calls").await;
    let on = |day: NaiveDate| calls.iter().filter(|call| call["day"] == json!(day)).count();
    // From 15:00 on it is nine in New York; in the week between already from 14:00 on.
    for (day, first) in [
        (back - Days::new(9), "15:00"),
        (back - Days::new(5), "14:00"),
        (back + Days::new(2), "15:00"),
    ] {
        assert_eq!(on(day), 3);
        let call = calls.iter().find(|call| call["day"] == json!(day)).unwrap();
        assert_eq!(call["executive_time"], format!("{day}T{first}"));
        assert_eq!(call["customer_time"], format!("{day}T09:00"));
    }
}

fn local(call: &Value, whose: &str) -> NaiveDateTime {
    let text = call[format!("{whose}_time")].as_str().unwrap();
    let shown = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap();
    let zone: Tz = call[format!("{whose}_zone")].as_str().unwrap().parse().unwrap();
    assert_eq!(time(&call["starts_at"]).with_timezone(&zone).naive_local(), shown);
    shown
}

#[actix_web::test]
async fn northwinds_week_is_planned_out_of_its_segments() {
    let (server, monday) = on_monday().await;
    let (manager, admin) = (server.manager(), server.admin());
    for (kind, file) in [
        ("users", "northwind-users.csv"),
        ("customers", "northwind-companies.hubspot.csv"),
    ] {
        let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
        let report = admin
            .csv(&format!("/v1/{kind}/import"), std::fs::read(path).unwrap())
            .await
            .expect(200);
        assert_eq!(report["failed"], 0, "{report}");
    }
    let users = admin.get("/v1/users?role_in=executive&limit=200").await.expect(200);
    let users = users["data"].as_array().unwrap();
    let parts: Vec<Value> = users
        .iter()
        .filter(|user| user["email"].as_str().unwrap().ends_with("northwind.test"))
        .map(
            |user| json!({"user_id": user["id"], "calls_to_prepare": 5, "conversations_to_reach": 2, "period": "week"}),
        )
        .collect();
    let body = json!({"name": "Northwind listens", "participants": parts, "segments": ["never_contacted", "longest_standing"]});
    let program = manager.post("/v1/programs", body).await.expect(201);
    let (from, to) = days(monday, 7);
    let path = format!("/v1/programs/{}/plans", program["id"].as_str().unwrap());
    let plan = manager.post(&path, json!({"from": from, "to": to})).await.expect(201);
    assert_eq!(plan["considered"], 93);
    let room = 5 * parts.len() as i64;
    assert_eq!(plan["planned"], json!(room.min(93)));
    let (objective, bound) = (
        plan["objective"].as_f64().unwrap(),
        plan["upper_bound"].as_f64().unwrap(),
    );
    assert!(plan["greedy"].as_f64().unwrap() <= objective && objective <= bound);
    assert!(bound - objective <= bound / 100.0, "{objective} of {bound}");
    let calls = all(&manager, &plan, "calls").await;
    let customers = manager.get("/v1/customers?limit=200").await.expect(200);
    let customers = customers["data"].as_array().unwrap();
    for call in &calls {
        let customer = customers
            .iter()
            .find(|customer| customer["id"] == call["customer_id"])
            .unwrap();
        assert_ne!(
            customer["account_manager_id"], call["executive_id"],
            "never the own account manager"
        );
        for whose in ["executive", "customer"] {
            let shown = local(call, whose).time().format("%H:%M").to_string();
            assert!(("09:00".."17:00").contains(&shown.as_str()), "{call}");
        }
        assert!(call["reason"].as_str().unwrap().len() > 10, "{call}");
    }
    for part in plan["executives"].as_array().unwrap() {
        assert_eq!(part["calls"], 5);
    }
    let again = manager.post(&path, json!({"from": from, "to": to})).await.expect(201);
    let others = all(&manager, &again, "calls").await;
    assert_eq!(
        calls.iter().map(content).collect::<Vec<_>>(),
        others.iter().map(content).collect::<Vec<_>>()
    );
    let committed = manager
        .post(&format!("{}/commit", plan_path(&plan)), json!({"strict": true}))
        .await
        .expect(200);
    assert_eq!(committed["committed"], json!(calls.len()));
    // What is assigned is in hand: next week's plan is of others.
    let (from, to) = days(monday + chrono::TimeDelta::days(7), 7);
    let next = manager.post(&path, json!({"from": from, "to": to})).await.expect(201);
    let left = all(&manager, &next, "left-out").await;
    assert_eq!(left.iter().filter(|row| row["code"] == "in_hand").count(), calls.len());
}
