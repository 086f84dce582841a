//! Action items: worked step by step, the promise kept apart, each by whom they belong to.

use serde_json::{Value, json};
use touchbase::access::Role;

use crate::support::{Client, Server};

async fn customer(manager: &Client) -> Value {
    manager
        .post("/v1/customers", json!({"name": "Alfreds"}))
        .await
        .expect(201)["id"]
        .clone()
}

async fn item(client: &Client, fields: Value) -> (String, Value) {
    let reply = client.post("/v1/action-items", fields).await;
    (reply.header("location"), reply.expect(201))
}

async fn count(client: &Client, query: &str) -> usize {
    client.get(&format!("/v1/action-items?{query}")).await.expect(200)["data"]
        .as_array()
        .unwrap()
        .len()
}

#[actix_web::test]
async fn work_goes_from_open_to_done_and_the_customer_is_told_apart_from_it() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = customer(&manager).await;
    let (path, made) = item(
        &executive,
        json!({"customer_id": alfreds, "title": "Send the manual", "customer_promise": {"what": "The manual, by mail", "by": "2020-01-02T12:00:00Z"}}),
    )
    .await;
    assert_eq!(
        (&made["status"], &made["priority"], &made["kind"]),
        (&json!("open"), &json!("normal"), &json!("general"))
    );
    assert_eq!(made["owner_id"], json!(executive.id()));
    let step = async |name: &str, body: Value| executive.post(&format!("{path}/{name}"), body).await;
    let bare = executive
        .send(executive.request("POST", &format!("{path}/start")))
        .await
        .expect(200);
    assert_eq!(bare["status"], "in_progress");
    assert_eq!(
        executive
            .send(executive.request("POST", &format!("{path}/start")))
            .await
            .problem(409),
        "wrong_state"
    );
    assert_eq!(
        executive
            .send(executive.request("POST", &format!("{path}/wait")))
            .await
            .expect(200)["status"],
        "waiting"
    );
    let done = step("complete", json!({"outcome": "Sent."})).await.expect(200);
    assert_eq!(
        (&done["status"], &done["outcome"], &done["closed_by"]),
        (&json!("completed"), &json!("Sent."), &json!(executive.id()))
    );
    assert!(done["customer_told_at"].is_null());
    assert_eq!(count(&manager, "promise_overdue=true").await, 1);
    assert_eq!(
        executive.patch(&path, json!({"title": "x"})).await.problem(409),
        "wrong_state"
    );

    assert_eq!(
        step("tell-customer", json!({"told_at": "2199-01-01T00:00:00Z"}))
            .await
            .problem(400),
        "invalid_request"
    );
    let told = step("tell-customer", json!({"how": "by phone"})).await.expect(200);
    assert_eq!(
        (&told["customer_told_how"], &told["customer_told_by"]),
        (&json!("by phone"), &json!(executive.id()))
    );
    assert_eq!(step("tell-customer", json!({})).await.problem(409), "wrong_state");
    assert_eq!(count(&manager, "promise_overdue=true").await, 0);
    let reopened = executive
        .send(executive.request("POST", &format!("{path}/reopen")))
        .await
        .expect(200);
    assert_eq!(
        (&reopened["status"], reopened["closed_at"].is_null()),
        (&json!("open"), true)
    );
    let canceled = executive
        .send(executive.request("POST", &format!("{path}/cancel")))
        .await
        .expect(200);
    assert_eq!(canceled["status"], "canceled");
}

#[actix_web::test]
async fn everybody_works_what_is_theirs_and_sees_what_they_should() {
    let server = Server::start().await;
    let (manager, executive, contributor) = (server.manager(), server.executive(), server.contributor());
    let colleague = server.add("colleague", Role::Executive).await;
    let alfreds = customer(&manager).await;
    let new = |title: &str, more: Value| {
        let mut fields = json!({"customer_id": alfreds, "title": title});
        fields
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        fields
    };
    // Every test user is of the department Support.
    let (supports, _) = item(&manager, new("Fix", json!({"department": "Support"}))).await;
    let (sales, _) = item(&manager, new("Offer", json!({"department": "Sales"}))).await;
    let (given, _) = item(&executive, new("Call back", json!({"owner_id": manager.id()}))).await;

    assert_eq!(contributor.get(&supports).await.status, 200);
    assert_eq!(contributor.get(&sales).await.problem(404), "not_found");
    assert_eq!(
        contributor
            .post(&format!("{sales}/complete"), json!({}))
            .await
            .problem(404),
        "not_found"
    );
    assert_eq!(count(&contributor, "limit=10").await, 1);
    contributor
        .post(&format!("{supports}/complete"), json!({}))
        .await
        .expect(200);

    assert_eq!(count(&executive, "limit=10").await, 3);
    assert_eq!(
        executive
            .post(&format!("{sales}/complete"), json!({}))
            .await
            .problem(403),
        "not_yours"
    );
    assert_eq!(
        executive.patch(&sales, json!({"title": "x"})).await.problem(403),
        "not_yours"
    );
    // What came of one's own call stays one's own to see through.
    executive.patch(&given, json!({"priority": "urgent"})).await.expect(200);
    assert_eq!(
        colleague.patch(&given, json!({"priority": "low"})).await.problem(403),
        "not_yours"
    );
    assert_eq!(
        server
            .viewer()
            .post(&format!("{sales}/complete"), json!({}))
            .await
            .problem(403),
        "insufficient_permission"
    );
    assert_eq!(
        contributor
            .post("/v1/action-items", new("x", json!({})))
            .await
            .problem(403),
        "insufficient_permission"
    );
    assert_eq!(
        server.another_organization().await.get(&sales).await.problem(404),
        "not_found"
    );

    let to = json!({"owner_id": contributor.id()});
    assert_eq!(
        executive
            .post(&format!("{sales}/reassign"), to.clone())
            .await
            .problem(403),
        "not_yours"
    );
    let moved = manager.post(&format!("{sales}/reassign"), to).await.expect(200);
    assert_eq!(
        (&moved["owner_id"], moved["department"].is_null()),
        (&json!(contributor.id()), true)
    );
    assert_eq!(contributor.get(&sales).await.status, 200);
    for wrong in [json!({}), json!({"owner_id": "01900000-0000-7000-8000-000000000001"})] {
        let problem = manager.post(&format!("{sales}/reassign"), wrong).await.expect(400);
        assert_eq!(problem["errors"][0]["pointer"], "/owner_id");
    }
}

#[actix_web::test]
async fn comments_are_for_whom_the_item_is() {
    let server = Server::start().await;
    let (manager, executive, contributor) = (server.manager(), server.executive(), server.contributor());
    let alfreds = customer(&manager).await;
    let (path, _) = item(
        &manager,
        json!({"customer_id": alfreds, "title": "Fix", "department": "Support"}),
    )
    .await;
    let (hidden, _) = item(
        &manager,
        json!({"customer_id": alfreds, "title": "Offer", "department": "Sales"}),
    )
    .await;
    let comments = format!("{path}/comments");
    let one = contributor.post(&comments, json!({"body": "On it."})).await.expect(201);
    assert_eq!(one["author_id"], json!(contributor.id()));
    let two = json!({"id": "01900000-0000-7000-8000-000000000002", "body": "Thanks."});
    manager.post(&comments, two.clone()).await.expect(201);
    manager.post(&comments, two).await.expect(200);
    let page = server.viewer().get(&comments).await.expect(200);
    let said: Vec<_> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|comment| comment["body"].clone())
        .collect();
    assert_eq!(said, ["On it.", "Thanks."]);
    assert_eq!(
        contributor.get(&format!("{hidden}/comments")).await.problem(404),
        "not_found"
    );
    assert_eq!(
        executive
            .post(&format!("{hidden}/comments"), json!({"body": "x"}))
            .await
            .problem(403),
        "not_yours"
    );
    assert_eq!(
        server.viewer().post(&comments, json!({"body": "x"})).await.problem(403),
        "insufficient_permission"
    );
}

#[actix_web::test]
async fn lists_tell_what_is_due_whose_it_is_and_what_comes_first() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = customer(&manager).await;
    let make = async |fields: Value| {
        let mut all = json!({"customer_id": alfreds});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        item(&executive, all).await
    };
    make(json!({"title": "late", "due_at": "2020-01-01T00:00:00Z", "priority": "low"})).await;
    let (late_done, _) = make(json!({"title": "late but done", "due_at": "2020-01-02T00:00:00Z"})).await;
    executive
        .post(&format!("{late_done}/complete"), json!({}))
        .await
        .expect(200);
    make(json!({"title": "far", "due_at": "2199-01-01T00:00:00Z", "priority": "urgent", "kind": "issue"})).await;
    make(json!({"title": "whenever", "priority": "high", "department": "Sales"})).await;

    for (query, expected) in [
        ("overdue=true", 1),
        ("overdue=false", 3),
        ("status_in=open", 3),
        ("status_in=completed,canceled", 1),
        ("mine=true", 3),
        ("mine=false", 1),
        ("department=Sales", 1),
        ("department=sALES", 1),
        ("my_department=true", 0),
        ("my_department=false", 4),
        ("priority_in=urgent,high", 2),
        ("kind_in=issue", 1),
        ("due_at_gte=2020-01-01T00:00:00Z&due_at_lt=2021-01-01T00:00:00Z", 2),
        ("told=false", 4),
        ("told=true", 0),
        ("promised=true", 0),
    ] {
        assert_eq!(count(&executive, query).await, expected, "{query}");
    }
    assert_eq!(count(&manager, "mine=true").await, 0);
    let titles = async |sort: &str| -> Vec<String> {
        let (mut titles, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = manager
                .get(&format!("/v1/action-items?limit=1&sort={sort}{cursor}"))
                .await
                .expect(200);
            titles.push(page["data"][0]["title"].as_str().unwrap().to_owned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return titles,
            }
        }
    };
    assert_eq!(titles("due_at").await, ["late", "late but done", "far", "whenever"]);
    assert_eq!(titles("-priority").await, ["far", "whenever", "late but done", "late"]);
}

#[actix_web::test]
async fn a_department_is_the_same_whatever_its_case() {
    let server = Server::start().await;
    let (manager, contributor) = (server.manager(), server.contributor());
    let alfreds = customer(&manager).await;
    let new = |title: &str, department: &str| json!({"customer_id": alfreds, "title": title, "department": department});
    // Every test user is of the department Support.
    let (path, fixed) = item(&manager, new("Fix", "support")).await;
    item(&manager, new("Call", "Support")).await;
    item(&manager, new("Write", "Support")).await;
    assert_eq!(fixed["department"], "support", "as it was written");
    assert_eq!(count(&contributor, "limit=10").await, 3);
    assert_eq!(count(&contributor, "my_department=true").await, 3);
    contributor.post(&format!("{path}/start"), json!({})).await.expect(200);
    let timeline = format!("/v1/customers/{}/timeline", alfreds.as_str().unwrap());
    let timeline = contributor.get(&timeline).await.expect(200).to_string();
    assert!(timeline.contains(fixed["id"].as_str().unwrap()), "{timeline}");
    let report = manager.get("/v1/reports/action-items").await.expect(200);
    let lines = report["by_department"].as_array().unwrap();
    assert_eq!(
        (lines.len(), &lines[0]["name"], &lines[0]["open"]),
        (1, &json!("Support"), &json!(3)),
        "{report}"
    );
}
