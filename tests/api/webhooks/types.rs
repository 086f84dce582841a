//! Which types of events there are.

use serde_json::json;

use super::{endpoint, path, start};

#[actix_web::test]
async fn a_type_of_event_that_there_is_not_is_told_at_its_place() {
    let server = start().await;
    let admin = server.admin();
    let made = endpoint(&admin, "https://hooks.example.com/").await.0;
    for types in [
        json!(["customer.*", "call.made"]),
        json!(["customer.*", "customer.Made"]),
    ] {
        let new = json!({"name": "Chat", "url": "https://hooks.example.com/", "types": types});
        let refused = admin.post("/v1/webhook-endpoints", new).await.expect(400);
        assert_eq!(refused["errors"][0]["pointer"], "/types/1", "{refused}");
        let detail = refused["errors"][0]["detail"].as_str().unwrap();
        assert!(
            detail.contains("like attempt.created") && detail.contains("nps_response"),
            "{detail}"
        );
        let patched = admin.patch(&path(&made, ""), json!({"types": types})).await.expect(400);
        assert_eq!(patched["errors"][0]["pointer"], "/types/1");
    }
    let asked = admin.get("/v1/events?type_in=call.made").await.expect(400);
    assert_eq!(asked["errors"][0]["pointer"], "type_in");
    assert!(
        asked["errors"][0]["detail"].as_str().unwrap().contains("nps_response"),
        "{asked}"
    );
}

#[actix_web::test]
async fn types_that_never_happen_are_refused_with_those_that_do() {
    let server = start().await;
    let admin = server.admin();
    let made = endpoint(&admin, "https://hooks.example.com/").await.0;
    let never =
        json!({"name": "Chat", "url": "https://hooks.example.com/", "types": ["customer.*", "customer.creatd"]});
    let refused = admin.post("/v1/webhook-endpoints", never).await.expect(400);
    assert_eq!(refused["errors"][0]["pointer"], "/types/1", "{refused}");
    assert!(refused.to_string().contains("created, updated"), "{refused}");
    let refused = admin
        .patch(&path(&made, ""), json!({"types": ["note.reassigned"]}))
        .await;
    assert_eq!(refused.problem(400), "invalid_request");
    let assigned = json!({"types": ["assignment.reassigned"]});
    admin.patch(&path(&made, ""), assigned).await.expect(200);
}
