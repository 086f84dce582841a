//! A leaver's open work is handed on, all at once.

use serde_json::{Value, json};
use touchbase::access::Role;

use crate::support::Server;

#[actix_web::test]
async fn a_leavers_open_work_goes_to_somebody_else_in_one_request() {
    let server = Server::start().await;
    let manager = server.manager();
    let (leaver, heir) = (server.executive(), server.add("heir", Role::Executive).await);
    let mut customers = Vec::new();
    for name in ["Alfreds", "Bottom-Dollar", "Chop-suey"] {
        let customer = manager.post("/v1/customers", json!({"name": name})).await.expect(201);
        let new = json!({"customer_id": customer["id"], "assignee_id": leaver.id()});
        customers.push((
            customer["id"].clone(),
            manager.post("/v1/assignments", new).await.expect(201),
        ));
    }
    let done = format!("/v1/assignments/{}/complete", customers[2].1["id"].as_str().unwrap());
    manager.post(&done, json!({})).await.expect(200);
    let item = |title: &str, fields: Value| {
        let mut new = json!({"title": title, "customer_id": customers[0].0});
        new.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let manager = manager.clone();
        async move { manager.post("/v1/action-items", new).await }
    };
    let mine = item("Own", json!({"owner_id": leaver.id()})).await.expect(201);
    let told = json!({"owner_id": manager.id(), "customer_promise": {"what": "An answer", "by": "2040-01-01T00:00:00Z", "contact_by": leaver.id()}});
    let promised = item("Promised", told).await.expect(201);
    let others =
        json!({"owner_id": manager.id(), "customer_promise": {"what": "An answer", "by": "2040-01-01T00:00:00Z"}});
    let theirs = item("Another's", others).await.expect(201);

    // Done, but the customer has not been told.
    let untold =
        json!({"owner_id": leaver.id(), "customer_promise": {"what": "An answer", "by": "2040-01-01T00:00:00Z"}});
    let untold = item("Untold", untold).await.expect(201);
    let done = format!("/v1/action-items/{}/complete", untold["id"].as_str().unwrap());
    manager.post(&done, json!({})).await.expect(200);

    let path = format!("/v1/users/{}/transfer", leaver.id());
    let to = |id: String| json!({"to_user_id": id});
    assert_eq!(
        heir.post(&path, to(heir.id())).await.problem(403),
        "insufficient_permission"
    );
    manager.post(&path, to(leaver.id())).await.problem(400);
    manager
        .post(&path, to(uuid::Uuid::nil().to_string()))
        .await
        .problem(400);
    // A viewer does not call customers.
    let reply = manager.post(&path, to(server.viewer().id())).await;
    assert_eq!(reply.body["errors"][0]["pointer"], "/to_user_id", "{}", reply.text);
    let other = server.another_organization().await;
    manager.post(&path, to(other.id())).await.problem(400);
    other.post(&path, to(other.id())).await.problem(404);

    let moved = manager.post_once(&path, "t-1", to(heir.id())).await.expect(200);
    let expected = json!({"assignments": 2, "action_items": 3, "rescue_cases": 0, "service_interests": 0});
    assert_eq!(moved, expected);
    assert_eq!(
        manager.post_once(&path, "t-1", to(heir.id())).await.expect(200),
        expected
    );
    let of = |who: String| {
        let (manager, path) = (
            manager.clone(),
            format!("/v1/assignments?assignee_id={who}&include_total=true"),
        );
        async move { manager.get(&path).await.expect(200)["total"].as_i64().unwrap() }
    };
    assert_eq!((of(heir.id()).await, of(leaver.id()).await), (2, 1));
    let read = |item: &Value| {
        let (manager, path) = (
            manager.clone(),
            format!("/v1/action-items/{}", item["id"].as_str().unwrap()),
        );
        async move { manager.get(&path).await.expect(200) }
    };
    assert_eq!(read(&mine).await["owner_id"], heir.id());
    let promised = read(&promised).await;
    assert_eq!(
        (&promised["owner_id"], &promised["customer_promise"]["contact_by"]),
        (&json!(manager.id()), &json!(heir.id()))
    );
    let untold = read(&untold).await;
    assert_eq!(
        (&untold["owner_id"], &untold["customer_promise"]["contact_by"]),
        (&json!(leaver.id()), &json!(heir.id()))
    );
    assert_eq!(read(&theirs).await["revision"], theirs["revision"]);
    let nothing = manager.post(&path, to(heir.id())).await.expect(200);
    assert_eq!(nothing["assignments"], 0);
}
