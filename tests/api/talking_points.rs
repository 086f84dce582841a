//! Talking points: what to talk about, written once and filled in for each customer.

use serde_json::{Value, json};

use crate::support::{Client, Server};

/// The brief of a call to a new customer.
async fn brief(server: &Server, customer: Value) -> Value {
    let manager = server.manager();
    let customer = manager.post("/v1/customers", customer).await.expect(201);
    let body = json!({"customer_id": customer["id"], "assignee_id": server.executive().id()});
    let assignment = manager.post("/v1/assignments", body).await.expect(201);
    let path = format!("/v1/assignments/{}/brief", assignment["id"].as_str().unwrap());
    server.executive().get(&path).await.expect(200)
}

/// Lets the ready-made program speak of these.
async fn use_in_program(manager: &Client, points: &Value) {
    let programs = manager.get("/v1/programs?ready_made=true").await.expect(200);
    let path = format!("/v1/programs/{}", programs["data"][0]["id"].as_str().unwrap());
    manager
        .patch(&path, json!({"talking_points_id": points["id"]}))
        .await
        .expect(200);
}

#[actix_web::test]
async fn every_organization_begins_with_the_agenda_of_a_listening_call() {
    let server = Server::start().await;
    let page = server.viewer().get("/v1/talking-points").await.expect(200);
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    let points = &page["data"][0];
    assert_eq!(
        (&points["name"], &points["version"], &points["ready_made"]),
        (&json!("A listening call"), &json!(1), &json!(true))
    );
    let programs = server.viewer().get("/v1/programs").await.expect(200);
    assert_eq!(programs["data"][0]["talking_points_id"], points["id"]);

    let today = server.app.clock.now().utc().date_naive();
    let since = (today - chrono::Months::new(24)).to_string();
    let customer = json!({"name": "Alfreds", "customer_since": since, "services": ["Hosting", "Backup", "Support"]});
    let brief = brief(&server, customer).await;
    let shown = &brief["talking_points"];
    assert_eq!((&shown["id"], &shown["version"]), (&points["id"], &json!(1)));
    let text = shown["text"].as_str().unwrap();
    assert!(
        text.contains("2 years with us, and Hosting, Backup and Support: thank you."),
        "{text}"
    );
    assert!(text.contains("0 to 10"), "{text}");
    assert!(
        !text.contains("{{") && !text.contains("Congratulate") && !text.contains("\n\n\n"),
        "{text}"
    );
}

#[actix_web::test]
async fn another_text_is_another_version_and_the_brief_names_it() {
    let server = Server::start().await;
    let manager = server.manager();
    let body = json!({"name": "Short", "purpose": "For old friends.", "text": "Greet {{ customer.name }}."});
    let reply = manager.post("/v1/talking-points", body.clone()).await;
    let path = reply.header("location");
    let points = reply.expect(201);
    use_in_program(&manager, &points).await;
    assert_eq!(
        brief(&server, json!({"name": "A"})).await["talking_points"]["text"],
        "Greet A."
    );

    let renamed = manager.patch(&path, json!({"name": "Shorter"})).await.expect(200);
    assert_eq!(renamed["version"], 1);
    let changed = manager
        .patch(&path, json!({"text": "Listen to {{ customer.name }}."}))
        .await
        .expect(200);
    assert_eq!(changed["version"], 2);
    let same = manager.patch(&path, json!({"text": changed["text"]})).await.expect(200);
    assert_eq!((&same["version"], &same["revision"]), (&json!(2), &changed["revision"]));

    // Hostile names are text like any other here: JSON speaks for itself.
    let name = "<script>alert(1)</script> {{ tenure }} & Söhne";
    let shown = brief(&server, json!({"name": name})).await["talking_points"].clone();
    assert_eq!(
        (&shown["name"], &shown["version"], &shown["text"]),
        (&json!("Shorter"), &json!(2), &json!(format!("Listen to {name}.")))
    );

    let versions = server.viewer().get(&format!("{path}/versions")).await.expect(200);
    let texts: Vec<(&Value, &Value)> = versions["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| (&version["version"], &version["text"]))
        .collect();
    assert_eq!(
        texts,
        [
            (&json!(2), &json!("Listen to {{ customer.name }}.")),
            (&json!(1), &json!("Greet {{ customer.name }}."))
        ]
    );
    assert_eq!(versions["data"][0]["written_by"], json!(manager.id()));
    let one = server
        .viewer()
        .get(&format!("{path}/versions?version=1"))
        .await
        .expect(200);
    assert_eq!(one["data"].as_array().unwrap().len(), 1);

    // Sent once more, an honest repetition succeeds; other content does not.
    let mut again = body;
    again["id"] = points["id"].clone();
    manager.post("/v1/talking-points", again.clone()).await.expect(200);
    again["text"] = json!("Another");
    assert_eq!(
        manager.post("/v1/talking-points", again).await.problem(409),
        "id_in_use"
    );
}

#[actix_web::test]
async fn a_text_that_cannot_be_filled_in_is_refused_with_its_place() {
    let server = Server::start().await;
    let manager = server.manager();
    let refused = async |text: &str| {
        let reply = manager
            .post("/v1/talking-points", json!({"name": "X", "text": text}))
            .await;
        let fault = reply.expect(400)["errors"][0].clone();
        assert_eq!(fault["pointer"], "/text", "{fault}");
        (
            fault["code"].as_str().unwrap().to_owned(),
            fault["detail"].as_str().unwrap().to_owned(),
        )
    };
    for (text, code, detail) in [
        (
            "Hello\n{{ tenur }}",
            "unknown_field",
            "Line 2: There is no field `tenur`; there are organization",
        ),
        (
            "{{ contact.nme }}",
            "unknown_field",
            "there are name, first_name, title",
        ),
        ("{% if tenure %}", "syntax", "Line 1"),
        ("{% include '/etc/passwd' %}", "syntax", "include"),
        ("{% set x = tenure %}", "not_allowed", "`set`"),
        ("{{ services }}", "wrong_type", "{{ services | words }}"),
    ] {
        let (said, why) = refused(text).await;
        assert!(said == code && why.contains(detail), "{text}: {said} {why}");
    }
    let for_ever = format!("{}x{}", "{% for p in probes %}".repeat(12), "{% endfor %}".repeat(12));
    let (code, detail) = refused(&for_ever).await;
    assert!(
        code == "not_renderable" && detail.contains("too many steps"),
        "{code} {detail}"
    );
    let page = manager.get("/v1/talking-points").await.expect(200);
    assert_eq!(page["data"].as_array().unwrap().len(), 1, "nothing was written");

    let made = manager
        .post("/v1/talking-points", json!({"name": "X", "text": "Listen."}))
        .await;
    let path = made.header("location");
    let reply = manager.patch(&path, json!({"text": "{{ nobody }}"})).await.expect(400);
    assert_eq!(reply["errors"][0]["pointer"], "/text");
    assert_eq!(manager.get(&path).await.expect(200)["version"], 1);
}

#[actix_web::test]
async fn those_who_run_programs_write_them_and_nobody_sees_anothers() {
    let server = Server::start().await;
    let (manager, stranger) = (server.manager(), server.another_organization().await);
    let body = json!({"name": "X", "text": "Listen."});
    assert_eq!(
        server
            .executive()
            .post("/v1/talking-points", body.clone())
            .await
            .problem(403),
        "insufficient_permission"
    );
    let theirs = stranger.post("/v1/talking-points", body).await.expect(201);
    let path = format!("/v1/talking-points/{}", theirs["id"].as_str().unwrap());
    assert_eq!(manager.get(&path).await.problem(404), "not_found");
    assert_eq!(manager.get(&format!("{path}/versions")).await.problem(404), "not_found");
    let program = json!({"name": "P", "talking_points_id": theirs["id"]});
    let fault = manager.post("/v1/programs", program).await.expect(400)["errors"][0].clone();
    assert_eq!(
        (&fault["pointer"], &fault["code"]),
        (&json!("/talking_points_id"), &json!("not_found"))
    );
    let program = manager.post("/v1/programs", json!({"name": "P"})).await.expect(201);
    assert_eq!(program["talking_points_id"], Value::Null);
}

/// The document names every field that a text may have, and so it cannot fall behind.
#[actix_web::test]
async fn the_document_tells_every_field() {
    use touchbase::features::talking_points::fields::{FIELDS, Shape};
    let document = touchbase::openapi::document(&touchbase::routes::endpoints());
    let told = document["paths"]["/v1/talking-points"]["post"]["description"]
        .as_str()
        .unwrap()
        .to_owned();
    let has = |name: &str| assert!(told.contains(&format!("`{name}`")), "{name}");
    for (name, shape) in FIELDS {
        has(name);
        match shape {
            Shape::Record(fields) | Shape::List(Shape::Record(fields)) => fields.iter().for_each(|(name, _)| has(name)),
            Shape::Text | Shape::Number | Shape::Flag | Shape::List(_) => {}
        }
    }
}
