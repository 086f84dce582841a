//! Segments: ready-made and saved, counted and looked into.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use crate::support::{Client, Server};

pub fn names(page: &Value) -> Vec<String> {
    let data = page["data"].as_array().unwrap();
    data.iter()
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect()
}

pub fn reasons(page: &Value) -> Vec<String> {
    let data = page["data"].as_array().unwrap();
    data.iter()
        .map(|row| row["reason"].as_str().unwrap().to_owned())
        .collect()
}

/// Today, where the organization of the tests is.
fn today(server: &Server) -> NaiveDate {
    touchbase::local_time::wall_clock(server.app.clock.now().utc(), chrono_tz::Tz::Europe__Berlin).date()
}

pub fn usd(units: i64) -> Value {
    json!({"amount_minor": units * 100, "currency": "USD"})
}

pub async fn customer(manager: &Client, body: Value) -> String {
    let made = manager.post("/v1/customers", body).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn count(client: &Client, segment: &str) -> i64 {
    let segment = client.get(&format!("/v1/segments/{segment}")).await.expect(200);
    segment["count"].as_i64().unwrap()
}

#[actix_web::test]
async fn every_ready_made_segment_is_listed_with_its_count_and_can_be_looked_into() {
    let server = Server::start().await;
    let manager = server.manager();
    customer(
        &manager,
        json!({"name": "Ana", "customer_since": "2001-05-01", "annual_billing": usd(100)}),
    )
    .await;
    let page = server
        .viewer()
        .get("/v1/segments?include_counts=true")
        .await
        .expect(200);
    let segments = page["data"].as_array().unwrap();
    let words: Vec<&str> = segments.iter().map(|segment| segment["id"].as_str().unwrap()).collect();
    assert_eq!(
        words,
        [
            "biggest_billers",
            "newest",
            "longest_standing",
            "most_referrals",
            "recent_problem",
            "silent",
            "pareto",
            "promoters",
            "passives",
            "detractors",
            "never_contacted",
            "due_for_review",
            "anniversaries",
            "overdue"
        ]
    );
    for segment in segments {
        let (word, counted) = (segment["id"].as_str().unwrap(), segment["count"].as_i64().unwrap());
        assert_eq!(segment["saved"], false);
        assert!(
            segment["takes"]
                .as_array()
                .unwrap()
                .iter()
                .any(|p| p["name"] == "min_tenure_days")
        );
        let preview = manager
            .get(&format!("/v1/segments/{word}/customers?include_total=true"))
            .await
            .expect(200);
        assert_eq!(preview["total"], counted, "{word}");
        assert_eq!(preview["data"].as_array().unwrap().len() as i64, counted, "{word}");
    }
    let silent = &segments[5];
    assert_eq!(
        (&silent["parameters"]["days"], &silent["count"]),
        (&json!(90), &json!(1))
    );
    let plain = manager.get("/v1/segments?limit=3").await.expect(200);
    assert_eq!(
        (&plain["data"][0]["count"], &plain["has_more"]),
        (&Value::Null, &json!(true))
    );
    let next = plain["next_cursor"].as_str().unwrap();
    let next = manager
        .get(&format!("/v1/segments?limit=3&cursor={next}"))
        .await
        .expect(200);
    assert_eq!(next["data"][0]["id"], "most_referrals");
}

#[actix_web::test]
async fn the_biggest_billers_come_with_their_place_and_page_by_page() {
    let server = Server::start().await;
    let manager = server.manager();
    for at in 0..12 {
        customer(
            &manager,
            json!({"name": format!("Customer {at:02}"), "annual_billing": usd(1000 * (at / 2))}),
        )
        .await;
    }
    customer(
        &manager,
        json!({"name": "Leave alone", "annual_billing": usd(90_000), "do_not_contact": true}),
    )
    .await;
    customer(&manager, json!({"name": "Unbilled"})).await;
    let whole = manager.get("/v1/segments/biggest_billers/customers").await.expect(200);
    assert_eq!(whole["data"].as_array().unwrap().len(), 10);
    assert_eq!(whole["data"][0]["rank"], 1);
    assert_eq!(reasons(&whole)[2], "3rd of 13 by billing: 4,000 USD");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = manager
            .get(&format!("/v1/segments/biggest_billers/customers?limit=3{cursor}"))
            .await
            .expect(200);
        seen.extend(names(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, names(&whole));
    let share = manager
        .get("/v1/segments/biggest_billers/customers?share=20")
        .await
        .expect(200);
    assert_eq!(names(&share).len(), 3);
    let request = manager
        .request("GET", "/v1/segments/biggest_billers/customers?top=2")
        .header("accept", "text/csv");
    let csv = manager.send(request).await;
    assert_eq!(csv.text.lines().count(), 3, "{}", csv.text);
    assert!(csv.text.contains("1st of 13 by billing: 5,000 USD"));
    for wrong in ["days=3", "top=3&share=3", "top=0", "sort=-rank", "sort=name"] {
        let refused = manager
            .get(&format!("/v1/segments/biggest_billers/customers?{wrong}"))
            .await;
        assert_eq!(refused.problem(400), "invalid_request", "{wrong}");
    }
    for nothing in ["loudest", "01997f2e-8c4b-7d21-9a53-4e6f8b2c1d07"] {
        let missing = manager.get(&format!("/v1/segments/{nothing}/customers")).await;
        assert_eq!(missing.problem(404), "not_found");
    }
}

#[actix_web::test]
async fn tenure_and_its_anniversaries_are_told_in_words() {
    let server = Server::start().await;
    let manager = server.manager();
    let today = today(&server);
    let years_ago = |years: u32, days: u64| {
        let day = today.checked_add_days(Days::new(days)).unwrap();
        day.checked_sub_months(chrono::Months::new(12 * years)).unwrap()
    };
    customer(&manager, json!({"name": "Ten", "customer_since": years_ago(10, 1)})).await;
    customer(&manager, json!({"name": "Five", "customer_since": years_ago(5, 3)})).await;
    customer(&manager, json!({"name": "Later", "customer_since": years_ago(3, 20)})).await;
    customer(
        &manager,
        json!({"name": "Fresh", "customer_since": today.checked_sub_days(Days::new(20)).unwrap()}),
    )
    .await;
    customer(&manager, json!({"name": "Unknown"})).await;
    let page = manager.get("/v1/segments/anniversaries/customers").await.expect(200);
    assert_eq!(names(&page), ["Ten", "Five"]);
    assert_eq!(
        reasons(&page),
        ["customer for 10 years tomorrow", "customer for 5 years in 3 days"]
    );
    let page = manager
        .get("/v1/segments/anniversaries/customers?days=30")
        .await
        .expect(200);
    assert_eq!(names(&page), ["Ten", "Five", "Later"]);
    let page = manager.get("/v1/segments/newest/customers?top=2").await.expect(200);
    assert_eq!(names(&page), ["Fresh", "Later"]);
    let page = manager
        .get("/v1/segments/newest/customers?min_tenure_days=100&top=1")
        .await
        .expect(200);
    assert_eq!(names(&page), ["Later"]);
    let page = manager
        .get("/v1/segments/longest_standing/customers?top=1")
        .await
        .expect(200);
    let since = years_ago(10, 1);
    assert_eq!(
        reasons(&page),
        [format!("1st of 4 by tenure: customer since {since}, 9 years")]
    );
}

#[actix_web::test]
async fn referrals_problems_and_silence_follow_from_what_happened() {
    let server = Server::start().await;
    let manager = server.manager();
    let now = server.app.clock.now();
    let ago = |days: i64| now.plus(chrono::TimeDelta::days(-days)).to_string();
    let ana = customer(&manager, json!({"name": "Ana", "customer_since": "2001-05-01"})).await;
    let bo = customer(
        &manager,
        json!({"name": "Bo", "customer_since": "2001-05-01", "referred_by_id": ana}),
    )
    .await;
    customer(
        &manager,
        json!({"name": "Cy", "referred_by_id": ana, "last_activity_on": ago(200)[..10]}),
    )
    .await;
    let page = manager.get("/v1/segments/most_referrals/customers").await.expect(200);
    assert_eq!(reasons(&page), ["1st of 1 by referrals: 2 customers"]);

    let case = |id: &str, at: String| json!({"customer_id": id, "kind": "support_case", "occurred_at": at});
    let open = manager.post("/v1/signals", case(&ana, ago(112))).await.expect(201);
    manager.post("/v1/signals", case(&bo, ago(5))).await.expect(201);
    let page = manager.get("/v1/segments/recent_problem/customers").await.expect(200);
    assert_eq!(names(&page), ["Bo", "Ana"]);
    let closed = format!("/v1/signals/{}", open["id"].as_str().unwrap());
    let closed = manager.patch(&closed, json!({"status": "closed"})).await.expect(200);
    assert!(closed["closed_at"].is_string());
    let page = manager.get("/v1/segments/recent_problem/customers").await.expect(200);
    assert_eq!(names(&page), ["Bo", "Ana"]);
    assert!(reasons(&page)[0].starts_with("support case open since "), "{page}");
    assert!(reasons(&page)[1].starts_with("support case closed on "), "{page}");

    let page = manager.get("/v1/segments/silent/customers").await.expect(200);
    assert_eq!(names(&page), ["Cy", "Ana"]);
    assert_eq!(reasons(&page), ["silent for 200 days", "silent for 112 days"]);
    assert_eq!(
        names(&manager.get("/v1/segments/silent/customers?days=150").await.expect(200)),
        ["Cy"]
    );
    let page = manager.get("/v1/segments/never_contacted/customers").await.expect(200);
    assert_eq!(names(&page).len(), 3);
    assert!(
        reasons(&page)[0].starts_with("never contacted; customer since 2001-05-01"),
        "{page}"
    );
}

#[actix_web::test]
async fn the_last_answer_says_who_is_a_promoter_and_who_is_not() {
    let server = Server::start().await;
    let manager = server.manager();
    let mut ids = Vec::new();
    for name in ["Ana", "Bo", "Cy", "Di"] {
        ids.push(customer(&manager, json!({"name": name})).await);
    }
    let at = |days: i64| server.app.clock.now().plus(chrono::TimeDelta::days(-days)).to_string();
    for (of, score, days) in [
        (0, json!(4), 30),
        (0, json!(9), 2),
        (1, json!(3), 3),
        (1, json!(null), 1),
        (2, json!(6), 4),
        (3, json!(8), 5),
    ] {
        let answer = json!({"customer_id": ids[of], "score": score, "responded_at": at(days)});
        manager.post("/v1/nps-responses", answer).await.expect(201);
    }
    let page = manager.get("/v1/segments/detractors/customers").await.expect(200);
    assert_eq!(names(&page), ["Bo", "Cy"]);
    assert_eq!(
        reasons(&page)[0],
        format!("detractor: 3 on {}", today(&server) - Days::new(3))
    );
    assert_eq!(count(&manager, "promoters").await, 1);
    assert_eq!(count(&manager, "passives").await, 1);
    let recent = manager.get("/v1/segments/passives/customers?days=4").await.expect(200);
    assert_eq!(names(&recent), Vec::<String>::new());
    // A contributor may read customers, but not what they answered.
    let contributor = server.contributor();
    assert_eq!(
        names(&contributor.get("/v1/segments/newest/customers").await.expect(200)).len(),
        0
    );
    let refused = contributor.get("/v1/segments/detractors/customers").await;
    assert_eq!(refused.problem(403), "insufficient_permission");
}
