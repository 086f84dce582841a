//! Cadences: how often customers are spoken with, and who is due.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::assignments::assigned;
use crate::attempts::{attempt, on_monday};
use crate::support::{Client, Server};

async fn due(client: &Client, what: &str) -> Vec<String> {
    let page = client.get(&format!("/v1/customers?due={what}")).await.expect(200);
    let data = page["data"].as_array().unwrap();
    data.iter()
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect()
}

/// A customer of so many days.
async fn customer(manager: &Client, now: DateTime<Utc>, days: i64, mut body: Value) -> String {
    body["customer_since"] = json!((now - TimeDelta::days(days)).date_naive());
    let made = manager.post("/v1/customers", body).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn cadence(client: &Client, customer: &str) -> Value {
    client
        .get(&format!("/v1/customers/{customer}/cadence"))
        .await
        .expect(200)
}

#[actix_web::test]
async fn a_cadence_is_kept_for_a_tag_and_for_everybody_else() {
    let server = Server::start().await;
    let manager = server.manager();
    let reply = manager
        .post(
            "/v1/cadences",
            json!({"tag": "Key", "ideal_days": 30, "longest_days": 60}),
        )
        .await;
    let location = reply.header("location");
    let made = reply.expect(201);
    assert_eq!(made["reviews_per_year"], 0);
    manager
        .post("/v1/cadences", json!({"ideal_days": 100, "longest_days": 200}))
        .await
        .expect(201);
    for (body, code, status) in [
        (
            json!({"tag": " KEY", "ideal_days": 30, "longest_days": 60}),
            "duplicate",
            409,
        ),
        (json!({"ideal_days": 30, "longest_days": 60}), "duplicate", 409),
        (
            json!({"tag": "new", "ideal_days": 30, "longest_days": 29}),
            "invalid_request",
            400,
        ),
        (
            json!({"tag": "  ", "ideal_days": 30, "longest_days": 60}),
            "invalid_request",
            400,
        ),
        (
            json!({"tag": "new", "ideal_days": 0, "longest_days": 60}),
            "invalid_request",
            400,
        ),
        (
            json!({"tag": "new", "ideal_days": 3, "longest_days": 60, "reviews_per_year": 5}),
            "invalid_request",
            400,
        ),
    ] {
        assert_eq!(manager.post("/v1/cadences", body).await.problem(status), code);
    }
    let changed = manager
        .patch(&location, json!({"reviews_per_year": 4}))
        .await
        .expect(200);
    assert_eq!(
        (&changed["reviews_per_year"], &changed["ideal_days"]),
        (&json!(4), &json!(30))
    );
    assert_eq!(
        manager.patch(&location, json!({"longest_days": 10})).await.problem(400),
        "invalid_request"
    );
    let listed = server.executive().get("/v1/cadences").await.expect(200);
    assert_eq!(
        (&listed["data"][0]["tag"], &listed["data"][1]["tag"]),
        (&Value::Null, &json!("Key"))
    );
    let refused = server.executive().patch(&location, json!({"ideal_days": 1})).await;
    assert_eq!(refused.problem(403), "insufficient_permission");
    manager.delete(&location).await.expect(204);
    assert_eq!(manager.get(&location).await.problem(404), "not_found");
}

#[actix_web::test]
async fn the_strictest_word_on_a_customer_says_when_it_is_due() {
    let (server, now) = on_monday().await;
    let manager = server.manager();
    let today = now.date_naive();
    let from = |days: i64, ahead: u64| -> Value {
        let day: NaiveDate = (now - TimeDelta::days(days)).date_naive();
        json!(day.checked_add_days(Days::new(ahead)).unwrap())
    };
    let plain = customer(&manager, now, 100, json!({"name": "Plain"})).await;
    let key = customer(&manager, now, 50, json!({"name": "Key", "tags": ["KEY", "vip"]})).await;
    let own = customer(
        &manager,
        now,
        15,
        json!({"name": "Own", "tags": ["key"], "cadence": {"longest_days": 10}}),
    )
    .await;
    customer(&manager, now, 900, json!({"name": "Alone", "do_not_contact": true})).await;
    // Nothing is said yet: ninety days, half a year, one review.
    let said = cadence(&manager, &plain).await;
    assert_eq!(
        (&said["due_on"], &said["overdue_on"], &said["review_on"]),
        (&from(100, 90), &from(100, 180), &from(100, 365))
    );
    assert_eq!(due(&manager, "due").await, ["Own", "Plain"]);
    assert_eq!(due(&manager, "overdue").await, ["Own"]);

    for body in [
        json!({"tag": "key", "ideal_days": 30, "longest_days": 60, "reviews_per_year": 2}),
        json!({"tag": "VIP", "ideal_days": 40, "longest_days": 45, "reviews_per_year": 4}),
        json!({"ideal_days": 100, "longest_days": 100, "reviews_per_year": 0}),
    ] {
        manager.post("/v1/cadences", body).await.expect(201);
    }
    let said = cadence(&manager, &key).await;
    assert_eq!(
        (&said["ideal_days"], &said["longest_days"], &said["reviews_per_year"]),
        (&json!(30), &json!(45), &json!(4))
    );
    let said = cadence(&manager, &own).await;
    assert_eq!(
        (&said["ideal_days"], &said["longest_days"], &said["due_on"]),
        (&json!(10), &json!(10), &from(15, 10))
    );
    // The hundredth day is the one on which it is due.
    assert_eq!(due(&manager, "due").await, ["Key", "Own", "Plain"]);
    assert_eq!(due(&manager, "overdue").await, ["Key", "Own", "Plain"]);
    assert_eq!(due(&manager, "review").await, Vec::<String>::new());
    let page = manager.get("/v1/segments/overdue/customers").await.expect(200);
    let reasons: Vec<&str> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["reason"].as_str().unwrap())
        .collect();
    assert_eq!(
        reasons,
        [
            "overdue for 5 days: 50 days without a conversation, 45 at most",
            "overdue for 5 days: 15 days without a conversation, 10 at most",
            "overdue today: 100 days without a conversation, 100 at most"
        ]
    );
    assert_eq!(page["data"][0]["overdue_on"], from(50, 45));

    // A conversation begins the clock anew; a voicemail does not.
    let executive = server.executive();
    let assignment = assigned(&manager, &key, &executive).await;
    attempt(&executive, &assignment, json!({"disposition": "left_voicemail"}))
        .await
        .expect(201);
    assert_eq!(due(&manager, "overdue").await, ["Key", "Own", "Plain"]);
    attempt(&executive, &assignment, json!({"disposition": "connected"}))
        .await
        .expect(201);
    assert_eq!(due(&manager, "due").await, ["Own", "Plain"]);
    assert_eq!(cadence(&manager, &key).await["counted_from"], json!(today));
    server.app.clock.advance(TimeDelta::days(91));
    let manager = server.manager();
    assert_eq!(due(&manager, "review").await, ["Key"]);
    let page = manager.get("/v1/segments/due_for_review/customers").await.expect(200);
    assert_eq!(
        page["data"][0]["reason"],
        format!("review due since {}: 4 a year", from(0, 91).as_str().unwrap())
    );
    assert_eq!(
        manager
            .patch(&format!("/v1/customers/{own}"), json!({"cadence": {"ideal_days": 11}}))
            .await
            .problem(400),
        "invalid_request"
    );
    manager
        .patch(&format!("/v1/customers/{own}"), json!({"cadence": null}))
        .await
        .expect(200);
    assert_eq!(cadence(&manager, &own).await["longest_days"], 60);
    assert_eq!(
        manager.get("/v1/customers?due=soon").await.problem(400),
        "invalid_request"
    );
}
