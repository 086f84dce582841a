//! Customers: kept, found, changed.

use serde_json::json;

use crate::support::Server;

#[actix_web::test]
async fn a_customer_is_made_read_changed_and_found() {
    let server = Server::start().await;
    let manager = server.manager();
    let reply = manager.post("/v1/customers", json!({"name": "Alfreds Futterkiste", "external_id": "ALFKI", "annual_billing": {"amount_minor": 427300, "currency": "USD"}})).await;
    let etag = reply.header("etag");
    let location = reply.header("location");
    let customer = reply.expect(201);
    assert_eq!(location, format!("/v1/customers/{}", customer["id"].as_str().unwrap()));
    assert_eq!(etag, format!("\"{}\"", customer["revision"]));

    let read = server.viewer().get(&location).await;
    assert_eq!(read.header("etag"), etag);
    assert_eq!(read.expect(200), customer);

    let changed = manager
        .patch(&location, json!({"city": "Berlin", "annual_billing": null}))
        .await
        .expect(200);
    assert_eq!(changed["city"], "Berlin");
    assert!(changed["annual_billing"].is_null());
    assert!(changed["revision"].as_i64() > customer["revision"].as_i64());

    manager
        .patch(
            &location,
            json!({"custom_fields": {"tier": "gold", "seat": "A"}, "tags": ["x"]}),
        )
        .await
        .expect(200);
    let cleared = manager
        .patch(&location, json!({"custom_fields": {"tier": null}, "tags": null}))
        .await
        .expect(200);
    assert_eq!(
        (&cleared["custom_fields"], &cleared["tags"]),
        (&json!({"seat": "A"}), &json!([]))
    );
    assert_eq!(
        manager.patch(&location, json!({"name": null})).await.problem(400),
        "invalid_request"
    );

    let found = manager.get("/v1/customers?q=futter").await.expect(200);
    assert_eq!(found["data"][0]["id"], customer["id"]);
    assert_eq!(found["has_more"], false);
    assert_eq!(
        manager.get("/v1/customers?q=nobody").await.expect(200)["data"],
        json!([])
    );
}

#[actix_web::test]
async fn a_long_list_is_read_page_by_page_in_every_order() {
    let server = Server::start().await;
    let manager = server.manager();
    for at in 0..25 {
        manager.post("/v1/customers", json!({"name": format!("Customer {at:02}"), "annual_billing": {"amount_minor": at % 5, "currency": "USD"}})).await.expect(201);
    }
    for sort in [
        "name",
        "-name",
        "annual_billing",
        "-annual_billing,name",
        "annual_billing,-name",
        "-created_at",
    ] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = manager
                .get(&format!("/v1/customers?limit=7&sort={sort}{cursor}"))
                .await
                .expect(200);
            seen.extend(
                page["data"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|customer| customer["name"].as_str().unwrap().to_owned()),
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut names = seen.clone();
        names.sort();
        names.dedup();
        assert_eq!((seen.len(), names.len()), (25, 25), "{sort}: {seen:?}");
    }
    assert_eq!(
        manager
            .get("/v1/customers?include_total=true&limit=1")
            .await
            .expect(200)["total"],
        25
    );
}

#[actix_web::test]
async fn names_sort_alike_on_both_databases() {
    let server = Server::start().await;
    let manager = server.manager();
    for name in ["Über", "ab", "A-C", "a b", "Zürich", "ub"] {
        manager.post("/v1/customers", json!({"name": name})).await.expect(201);
    }
    let page = manager.get("/v1/customers").await.expect(200);
    let names: Vec<_> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|customer| customer["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["a b", "A-C", "ab", "ub", "Über", "Zürich"]);
}

fn names(page: &serde_json::Value) -> Vec<String> {
    let data = page["data"].as_array().unwrap();
    data.iter()
        .map(|record| record["name"].as_str().unwrap().to_owned())
        .collect()
}

#[actix_web::test]
async fn customers_are_found_by_everything_that_is_known_of_them() {
    let server = Server::start().await;
    let manager = server.manager();
    for body in [
        json!({"name": "Ana", "external_id": "A", "tags": ["Key account"], "services": ["Internet"], "country": "UK", "industry": "Food",
            "customer_since": "2020-05-01", "annual_billing": {"amount_minor": 100, "currency": "USD"}}),
        json!({"name": "Bo", "external_id": "B", "tags": ["key ACCOUNT", "key account"], "country": "Great Britain", "do_not_contact": true,
            "do_not_contact_reason": "asked", "account_manager_id": manager.id(), "customer_since": "2021-05-01",
            "annual_billing": {"amount_minor": 200, "currency": "USD"}}),
        json!({"name": "Cy", "country": "Mexico", "industry": "FOOD"}),
    ] {
        manager.post("/v1/customers", body).await.expect(201);
    }
    for (query, found) in [
        ("tag=KEY%20account", vec!["Ana", "Bo"]),
        ("tag=key", vec![]),
        ("service=internet", vec!["Ana"]),
        ("country=GB", vec!["Ana", "Bo"]),
        ("industry=food", vec!["Ana", "Cy"]),
        ("external_id_in=A,B,X", vec!["Ana", "Bo"]),
        ("external_id=B", vec!["Bo"]),
        ("do_not_contact=true", vec!["Bo"]),
        ("never_contacted=true", vec!["Ana", "Bo", "Cy"]),
        ("never_contacted=false", vec![]),
        ("customer_since_gte=2021-01-01", vec!["Bo"]),
        ("customer_since_lt=2021-01-01", vec!["Ana"]),
        ("annual_billing_gte=150", vec!["Bo"]),
        ("annual_billing_lt=150", vec!["Ana"]),
        ("created_at_lt=2020-01-01T00:00:00Z", vec![]),
        ("last_contacted_at_lt=2100-01-01T00:00:00Z", vec![]),
        ("open_case=false", vec!["Ana", "Bo", "Cy"]),
    ] {
        let page = manager.get(&format!("/v1/customers?{query}")).await.expect(200);
        assert_eq!(names(&page), found, "{query}");
    }
    let page = manager
        .get(&format!("/v1/customers?account_manager_id={}", manager.id()))
        .await;
    assert_eq!(names(&page.expect(200)), ["Bo"]);
}

#[actix_web::test]
async fn labels_follow_the_record() {
    let server = Server::start().await;
    let manager = server.manager();
    let customer = manager
        .post("/v1/customers", json!({"name": "Ana", "tags": ["old", "kept"]}))
        .await
        .expect(201);
    let path = format!("/v1/customers/{}", customer["id"].as_str().unwrap());
    manager.patch(&path, json!({"tags": ["kept", "new"]})).await.expect(200);
    for (tag, count) in [("old", 0), ("kept", 1), ("new", 1)] {
        let page = manager.get(&format!("/v1/customers?tag={tag}")).await.expect(200);
        assert_eq!(names(&page).len(), count, "{tag}");
    }
}

#[actix_web::test]
async fn what_a_customer_refers_to_must_be_there() {
    let server = Server::start().await;
    let manager = server.manager();
    let stranger = server.another_organization().await;
    let theirs = stranger
        .post("/v1/customers", json!({"name": "Theirs"}))
        .await
        .expect(201);
    let problem = manager
        .post(
            "/v1/customers",
            json!({"name": "X", "time_zone": "Mars/Base", "account_manager_id": stranger.id(), "referred_by_id": theirs["id"]}),
        )
        .await
        .expect(400);
    let faults: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["pointer"].clone(), f["code"].clone()))
        .collect();
    assert_eq!(
        faults,
        [
            (json!("/time_zone"), json!("invalid_value")),
            (json!("/account_manager_id"), json!("not_found")),
            (json!("/referred_by_id"), json!("not_found")),
        ]
    );
    let own = manager.post("/v1/customers", json!({"name": "Own"})).await.expect(201);
    let path = format!("/v1/customers/{}", own["id"].as_str().unwrap());
    manager
        .patch(&path, json!({"referred_by_id": own["id"]}))
        .await
        .problem(400);
}

#[actix_web::test]
async fn referrals_are_counted_at_the_referrer() {
    let server = Server::start().await;
    let manager = server.manager();
    let make = async |name: &str, by: serde_json::Value| {
        manager
            .post("/v1/customers", json!({"name": name, "referred_by_id": by}))
            .await
            .expect(201)
    };
    let path = |customer: &serde_json::Value| format!("/v1/customers/{}", customer["id"].as_str().unwrap());
    let (one, other) = (make("One", json!(null)).await, make("Other", json!(null)).await);
    let friend = make("Friend", one["id"].clone()).await;
    make("Second friend", one["id"].clone()).await;
    assert_eq!(manager.get(&path(&one)).await.expect(200)["referral_count"], 2);
    manager
        .patch(&path(&friend), json!({"referred_by_id": other["id"]}))
        .await
        .expect(200);
    assert_eq!(manager.get(&path(&one)).await.expect(200)["referral_count"], 1);
    assert_eq!(manager.get(&path(&other)).await.expect(200)["referral_count"], 1);
    let page = manager.get("/v1/customers?sort=-referral_count,name").await.expect(200);
    assert_eq!(names(&page).len(), 4);
}

#[actix_web::test]
async fn account_managers_leave_a_history() {
    let server = Server::start().await;
    let manager = server.manager();
    let (first, second) = (server.executive(), server.contributor());
    let customer = manager
        .post(
            "/v1/customers",
            json!({"name": "Ana", "account_manager_id": first.id()}),
        )
        .await
        .expect(201);
    assert_eq!(customer["account_manager_count"], 1);
    let path = format!("/v1/customers/{}", customer["id"].as_str().unwrap());
    server.app.clock.advance(chrono::TimeDelta::days(30));
    let manager = server.manager();
    let changed = manager
        .patch(&path, json!({"account_manager_id": second.id()}))
        .await
        .expect(200);
    assert_eq!(changed["account_manager_count"], 2);
    let list = format!("{path}/account-managers");
    let past = json!({"user_id": first.id(), "started_on": "2019-01-01", "ended_on": "2020-01-01"});
    manager.post(&list, past.clone()).await.expect(201);
    assert_eq!(manager.post(&list, past).await.problem(400), "invalid_request");
    manager
        .post(&list, json!({"user_id": manager.id(), "started_on": "2020-01-01"}))
        .await
        .problem(400);
    manager
        .post(
            &list,
            json!({"user_id": manager.id(), "started_on": "2020-01-01", "ended_on": "2020-02-01"}),
        )
        .await
        .expect(201);
    let history = manager.get(&list).await.expect(200);
    let who: Vec<_> = history["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|period| period["user_id"].as_str().unwrap())
        .collect();
    assert_eq!(who, [first.id(), manager.id(), first.id(), second.id()]);
    assert!(history["data"][3]["ended_on"].is_null());
    assert_eq!(history["data"][2]["ended_on"], history["data"][3]["started_on"]);
    assert_eq!(history["account_manager_count"], 3);
    assert_eq!(manager.get(&path).await.expect(200)["account_manager_count"], 3);
    manager
        .patch(&path, json!({"account_manager_id": null}))
        .await
        .expect(200);
    assert!(!manager.get(&list).await.expect(200)["data"][3]["ended_on"].is_null());
}

#[actix_web::test]
async fn a_customer_made_twice_under_one_id_is_one_customer() {
    let server = Server::start().await;
    let manager = server.manager();
    let id = server.app.clock.id();
    let body = json!({"id": id, "name": "Ana", "account_manager_id": manager.id(), "phone": "1", "tags": ["a"]});
    manager.post("/v1/customers", body.clone()).await.expect(201);
    assert_eq!(
        manager.post("/v1/customers", body).await.expect(200)["id"],
        id.to_string()
    );
    assert_eq!(
        manager
            .post("/v1/customers", json!({"id": id, "name": "Bo"}))
            .await
            .problem(409),
        "id_in_use"
    );
}
