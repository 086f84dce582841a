//! What was made under an id that the client chose, and is asked for again after its answer was lost.

use serde_json::{Value, json};

use crate::support::{Client, Server};

fn fresh_id() -> String {
    uuid::Uuid::from_u128(rand::random()).to_string()
}

/// Makes a record, lets somebody edit it, and makes it again: what was edited stays, and the retry hears of it.
async fn survives_an_edit(client: &Client, collection: &str, new: Value, edit: Value) {
    let made = client.post(collection, new.clone()).await.expect(201);
    let path = format!("{collection}/{}", made["id"].as_str().unwrap());
    client.post(collection, new.clone()).await.expect(200);
    let edited = client.patch(&path, edit.clone()).await.expect(200);
    assert_ne!(edited["revision"], made["revision"], "{collection}");
    let again = client.post(collection, new.clone()).await.expect(200);
    assert_eq!(again, edited, "{collection}");
    let mut other = new;
    for (field, value) in edit.as_object().unwrap() {
        other[field] = value.clone();
    }
    // It says what the record says today; and that is not what was made under this id.
    assert_eq!(
        client.post(collection, other).await.problem(409),
        "id_in_use",
        "{collection}"
    );
}

#[actix_web::test]
async fn an_honest_retry_succeeds_after_somebody_edited_the_record() {
    let server = Server::start().await;
    let (admin, id) = (server.admin(), fresh_id);
    let (me, other) = (server.manager().id(), server.executive().id());
    let customer = id();
    survives_an_edit(
        &admin,
        "/v1/customers",
        json!({"id": customer, "name": "Alfreds", "tags": ["key"], "account_manager_id": me, "custom_fields": {"tier": "gold"}}),
        json!({"name": "Alfreds Futterkiste", "account_manager_id": other}),
    )
    .await;
    let made = [
        (
            "/v1/contacts",
            json!({"name": "Maria", "is_primary": true}),
            json!({"active": false}),
        ),
        (
            "/v1/signals",
            json!({"kind": "support_case", "occurred_at": "2026-01-02T08:00:00Z"}),
            json!({"status": "closed"}),
        ),
        (
            "/v1/notes",
            json!({"type": "idea", "body": "A box.", "themes": ["packing"]}),
            json!({"body": "A better box."}),
        ),
        (
            "/v1/action-items",
            json!({"title": "Send the box"}),
            json!({"priority": "high"}),
        ),
        (
            "/v1/service-interests",
            json!({"service": "Boxes", "raised_by_customer": true}),
            json!({"stage": "contacted"}),
        ),
        (
            "/v1/rescue-cases",
            json!({"reason": "No box"}),
            json!({"severity": "high"}),
        ),
    ];
    for (collection, mut new, edit) in made {
        new["id"] = json!(id());
        new["customer_id"] = json!(customer);
        survives_an_edit(&admin, collection, new, edit).await;
    }
    survives_an_edit(
        &admin,
        "/v1/users",
        json!({"id": id(), "email": "Nancy@northwind.test", "name": "Nancy", "role": "viewer"}),
        json!({"role": "executive"}),
    )
    .await;
    survives_an_edit(
        &admin,
        "/v1/programs",
        json!({"id": id(), "name": "Two a week"}),
        json!({"name": "Three a week"}),
    )
    .await;
}
