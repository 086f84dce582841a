//! NPS responses: recorded with what follows, listed, never guessed.

use serde_json::{Value, json};

use crate::support::{Client, Server};

async fn customer(manager: &Client, name: &str) -> Value {
    manager.post("/v1/customers", json!({"name": name})).await.expect(201)["id"].clone()
}

#[actix_web::test]
async fn an_eight_is_a_passive_who_gets_the_promoters_question() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = customer(&manager, "Alfreds").await;
    for (score, category, branch) in [
        (json!(10), json!("promoter"), json!("what_they_said")),
        (json!(9), json!("promoter"), json!("what_they_said")),
        (json!(8), json!("passive"), json!("what_they_said")),
        (json!(7), json!("passive"), json!("what_it_would_take")),
        (json!(6), json!("detractor"), json!("what_it_would_take")),
        (json!(0), json!("detractor"), json!("what_it_would_take")),
        (Value::Null, Value::Null, Value::Null),
    ] {
        let response = executive
            .post(
                "/v1/nps-responses",
                json!({"customer_id": alfreds, "score": score, "would_recommend": true}),
            )
            .await
            .expect(201);
        assert_eq!(
            (&response["category"], &response["follow_up"]),
            (&category, &branch),
            "{score}"
        );
        assert_eq!(response["follow_up_question"].is_null(), score.is_null());
        assert_eq!(response["user_id"], json!(executive.id()));
        assert_eq!(response["source"], "call");
    }
    for wrong in [json!(11), json!(-1), json!(7.5), json!("9")] {
        let reply = executive
            .post("/v1/nps-responses", json!({"customer_id": alfreds, "score": wrong}))
            .await;
        assert_eq!(reply.expect(400)["errors"][0]["pointer"], "/score");
    }
}

#[actix_web::test]
async fn a_customers_history_tells_who_was_asked_too_recently() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let (alfreds, bolido) = (customer(&manager, "Alfreds").await, customer(&manager, "Bólido").await);
    let answer = async |customer: &Value, score: Value, at: &str, source: &str| {
        executive
            .post(
                "/v1/nps-responses",
                json!({"customer_id": customer, "score": score, "responded_at": at, "source": source}),
            )
            .await
            .expect(201)
    };
    let first = answer(&alfreds, json!(3), "2026-01-10T09:00:00Z", "survey").await;
    assert!(first["days_since_previous"].is_null() && first["user_id"].is_null());
    answer(&alfreds, Value::Null, "2026-01-20T09:00:00Z", "call").await;
    answer(&bolido, json!(10), "2026-01-15T09:00:00Z", "import").await;
    let again = answer(&alfreds, json!(9), "2026-02-09T09:00:00Z", "call").await;
    assert_eq!(again["days_since_previous"], 30);

    let alfreds = alfreds.as_str().unwrap();
    for (query, count) in [
        (format!("customer_id={alfreds}"), 3),
        (format!("customer_id={alfreds}&skipped=false"), 2),
        ("category_in=promoter,passive".into(), 2),
        ("source=import".into(), 1),
        ("score_gte=9".into(), 2),
        ("score_lte=3".into(), 1),
        (format!("user_id={}", executive.id()), 2),
        (
            "responded_at_gte=2026-01-15T00:00:00Z&responded_at_lt=2026-02-01T00:00:00Z".into(),
            2,
        ),
    ] {
        let page = server
            .viewer()
            .get(&format!("/v1/nps-responses?{query}"))
            .await
            .expect(200);
        assert_eq!(page["data"].as_array().unwrap().len(), count, "{query}");
    }
    let page = manager.get("/v1/nps-responses?sort=-score&limit=3").await.expect(200);
    let scores: Vec<_> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|response| response["score"].clone())
        .collect();
    assert_eq!(scores, [json!(10), json!(9), json!(3)]);

    let path = format!("/v1/nps-responses/{}", first["id"].as_str().unwrap());
    assert_eq!(server.viewer().get(&path).await.expect(200), first);
    assert_eq!(
        server.contributor().get(&path).await.problem(403),
        "insufficient_permission"
    );
    assert_eq!(
        server.another_organization().await.get(&path).await.problem(404),
        "not_found"
    );
    let new = json!({"customer_id": alfreds, "score": 5});
    assert_eq!(
        server
            .viewer()
            .post("/v1/nps-responses", new.clone())
            .await
            .problem(403),
        "insufficient_permission"
    );
    let unknown = json!({"customer_id": "01900000-0000-7000-8000-000000000001", "score": 5, "user_id": "01900000-0000-7000-8000-000000000002"});
    let problem = executive.post("/v1/nps-responses", unknown).await.expect(400);
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
}
