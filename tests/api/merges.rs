//! Merges: customers that are one are made one, with all their history; the old ids lead on.

use serde_json::{Value, json};
use touchbase::access::Role;

use crate::assignments::{assigned, customer, path};
use crate::imports::import;
use crate::support::{Client, Server};

pub fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

pub async fn one(client: &Client, path: &str) -> Value {
    client.get(path).await.expect(200)
}

pub async fn data(client: &Client, path: &str) -> Vec<Value> {
    one(client, path).await["data"].as_array().unwrap().clone()
}

pub async fn merge(client: &Client, survivor: &str, others: &[&str]) -> Value {
    let path = format!("/v1/customers/{survivor}/merge");
    client.post(&path, json!({"other_ids": others})).await.expect(201)
}

pub async fn made(client: &Client, path: &str, body: Value) -> Value {
    client.post(path, body).await.expect(201)
}

/// A call with everything that can come of it.
pub async fn debriefed(server: &Server, assignment: &Value) -> Value {
    let call = json!({
        "disposition": "connected", "summary": "They want a blue one.",
        "notes": [{"type": "praise", "body": "Anna is great.", "employee_id": server.contributor().id()}],
        "nps_response": {"score": 9},
        "action_items": [{"title": "Send the book", "department": "Support"}],
        "service_interests": [{"service": "Cheese", "raised_by_customer": true}]
    });
    let at = format!("{}/attempts", path(assignment));
    server.executive().post(&at, call).await.expect(201)
}

/// What reports say of answers and calls: all but how many customers that were, and by whose tags.
pub async fn figures(client: &Client) -> [Value; 2] {
    let mut figures = [
        one(client, "/v1/reports/nps").await,
        one(client, "/v1/reports/activity").await,
    ];
    for report in &mut figures {
        for (name, part) in report.as_object_mut().unwrap() {
            let rows = match part {
                _ if name == "by_tag" => {
                    *part = Value::Null;
                    continue;
                }
                Value::Array(rows) => rows.iter_mut().collect(),
                other => vec![other],
            };
            for row in rows.into_iter().filter_map(Value::as_object_mut) {
                row.retain(|name, _| !name.starts_with("customers_"));
            }
        }
    }
    figures
}

/// The lists of all that hangs on a customer.
pub const HANGING: [&str; 9] = [
    "contacts",
    "signals",
    "assignments",
    "attempts",
    "notes",
    "nps-responses",
    "action-items",
    "service-interests",
    "rescue-cases",
];

/// A customer with something of every kind.
pub async fn with_everything(server: &Server, name: &str) -> String {
    let (manager, executive) = (server.manager(), server.executive());
    let body = json!({"name": name, "external_id": name, "account_manager_id": server.contributor().id()});
    let id = id(&made(&manager, "/v1/customers", body).await);
    let contact = json!({"customer_id": id, "name": format!("Maria of {name}"), "email": format!("maria@{}.test", name.to_lowercase()), "is_primary": true});
    made(&manager, "/v1/contacts", contact).await;
    let signal = json!({"customer_id": id, "kind": "purchase", "occurred_at": "2024-05-01T10:00:00Z", "external_id": format!("{name}-1")});
    made(&manager, "/v1/signals", signal).await;
    let assignment = assigned(&manager, &id, &executive).await;
    let debrief = debriefed(server, &assignment).await;
    let item = debrief["action_items"][0]["id"].as_str().unwrap();
    let comment = json!({"body": "On its way."});
    made(&manager, &format!("/v1/action-items/{item}/comments"), comment).await;
    let attempt = debrief["attempt"]["id"].as_str().unwrap();
    made(&executive, &format!("/v1/attempts/{attempt}/follow-up"), json!({})).await;
    let case = json!({"customer_id": id, "reason": "Silent", "severity": "high"});
    made(&executive, "/v1/rescue-cases", case).await;
    id
}

#[actix_web::test]
async fn everything_that_hangs_on_a_customer_goes_along_and_figures_stay() {
    let server = Server::start().await;
    let manager = server.manager();
    let (one_id, other) = (
        with_everything(&server, "ALFKI").await,
        with_everything(&server, "ALFREDS").await,
    );
    let third = made(
        &manager,
        "/v1/customers",
        json!({"name": "Bo", "referred_by_id": other}),
    )
    .await;
    let told = figures(&manager).await;
    let merge = merge(&manager, &one_id, &[&other]).await;
    assert_eq!(merge["merged"][0]["id"], json!(other));
    assert_eq!(merge["merged"][0]["external_id"], "ALFREDS");
    for list in HANGING {
        let theirs = data(&manager, &format!("/v1/{list}?customer_id={one_id}")).await;
        assert!(theirs.len() >= 2, "{list}: {theirs:?}");
        assert!(theirs.iter().all(|it| it["customer_id"] == json!(one_id)), "{list}");
        // The old id means the customer that it is today.
        let by_old = data(&manager, &format!("/v1/{list}?customer_id={other}")).await;
        assert_eq!(by_old.len(), theirs.len(), "{list}");
    }
    let follow_ups = data(&manager, &format!("/v1/follow-ups?customer_id={one_id}")).await;
    assert_eq!(follow_ups.len(), 2);
    let periods = data(&manager, &format!("/v1/customers/{one_id}/account-managers")).await;
    assert_eq!(periods.len(), 2);
    assert_eq!(periods.iter().filter(|it| it["ended_on"].is_null()).count(), 1);
    let contacts = data(&manager, &format!("/v1/contacts?customer_id={one_id}&is_primary=true")).await;
    assert_eq!(contacts.len(), 1);
    let third = one(&manager, &format!("/v1/customers/{}", id(&third))).await;
    assert_eq!(third["referred_by_id"], json!(one_id));
    let survivor = one(&manager, &format!("/v1/customers/{one_id}")).await;
    assert_eq!(
        (&survivor["referral_count"], &survivor["account_manager_count"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(figures(&manager).await, told);
    let timeline = data(&manager, &format!("/v1/customers/{one_id}/timeline?limit=200")).await;
    assert!(timeline.iter().filter(|it| it["kind"] == "attempt").count() == 2);
    let found = data(&manager, "/v1/customers?q=maria").await;
    assert_eq!(found.len(), 1);
    assert_eq!(id(&found[0]), one_id);
    let audit = data(&manager, &format!("/v1/audit-log?record_id={other}")).await;
    assert!(audit.iter().any(|it| it["verb"] == "deleted"), "{audit:?}");
}

#[actix_web::test]
async fn the_old_id_leads_to_the_customer_that_it_is_today() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let (alfreds, ana, bo) = (
        customer(&manager, "Alfreds").await,
        customer(&manager, "Ana").await,
        customer(&manager, "Bo").await,
    );
    merge(&manager, &ana, &[&bo]).await;
    merge(&manager, &alfreds, &[&ana]).await;
    let foreign = server.another_organization().await;
    for old in [&ana, &bo] {
        // As a client without redirects sees it.
        let plain = Client {
            http: touchbase::tls::client()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            ..executive.clone()
        };
        let reply = plain.get(&format!("/v1/customers/{old}")).await;
        assert_eq!(reply.status, 308, "{}", reply.text);
        assert_eq!(reply.header("location"), format!("/v1/customers/{alfreds}"));
        assert_eq!(reply.header("cache-control"), "private, no-cache");
        let reply = plain.get(&format!("/v1/customers/{old}/timeline?limit=5")).await;
        assert_eq!(
            reply.header("location"),
            format!("/v1/customers/{alfreds}/timeline?limit=5")
        );
        // And as one that follows.
        assert_eq!(id(&one(&executive, &format!("/v1/customers/{old}")).await), alfreds);
        let path = format!("/v1/customers/{old}");
        let reply = manager.patch(&path, json!({"name": "New"})).await;
        assert!(reply.text.contains(&alfreds));
        assert_eq!(reply.problem(410), "merged");
        let reply = manager
            .post(&format!("{path}/merge"), json!({"other_ids": [alfreds]}))
            .await;
        assert_eq!(reply.problem(410), "merged");
        let note = json!({"customer_id": old, "type": "idea", "body": "A blue one"});
        let reply = executive.post("/v1/notes", note).await;
        assert_eq!(reply.body["errors"][0]["code"], "merged");
        assert!(reply.text.contains(&alfreds), "{}", reply.text);
        assert_eq!(reply.problem(400), "invalid_request");
        assert_eq!(foreign.get(&path).await.problem(404), "not_found");
    }
    // An assignment is made for the customer that it is today.
    let items = json!({"items": [{"customer_external_id": "Bo", "assignee_id": executive.id()}]});
    let bulk = manager.post_once("/v1/assignments/bulk", "k", items).await.expect(201);
    let assignment = one(
        &manager,
        &format!(
            "/v1/assignments/{}",
            bulk["results"][0]["assignment_id"].as_str().unwrap()
        ),
    )
    .await;
    assert_eq!(assignment["customer_id"], json!(alfreds));
    let again = manager
        .post(
            "/v1/assignments",
            json!({"customer_id": bo, "assignee_id": manager.id()}),
        )
        .await;
    assert_eq!(again.problem(409), "already_assigned");
}

#[actix_web::test]
async fn an_old_id_of_the_crm_finds_the_customer_that_it_is_today() {
    let server = Server::start().await;
    let manager = server.manager();
    let (alfreds, ana) = (customer(&manager, "ALFKI").await, customer(&manager, "ANATR").await);
    merge(&manager, &alfreds, &[&ana]).await;
    for filter in ["external_id=ANATR", "external_id=ALFKI", "external_id_in=ANATR,X"] {
        let found = data(&manager, &format!("/v1/customers?{filter}")).await;
        assert_eq!(
            found.iter().map(id).collect::<Vec<_>>(),
            std::slice::from_ref(&alfreds),
            "{filter}"
        );
    }
    let file = "external_id,name,city\nANATR,Ana Trujillo,Berlin\nANATR,Ana Trujillo,Potsdam\n";
    let report = import(&manager, "customers", &[], file).await.expect(200);
    assert_eq!(
        (&report["created"], &report["updated"], &report["failed"]),
        (&json!(0), &json!(2), &json!(0))
    );
    let survivor = one(&manager, &format!("/v1/customers/{alfreds}")).await;
    assert_eq!(
        (&survivor["external_id"], &survivor["name"], &survivor["city"]),
        (&json!("ALFKI"), &json!("Ana Trujillo"), &json!("Potsdam"))
    );
    let file = "customer_external_id,name,email\nANATR,Maria,maria@a.test\n";
    let report = import(&manager, "contacts", &[], file).await.expect(200);
    assert_eq!(report["created"], 1, "{report}");
    assert_eq!(
        data(&manager, &format!("/v1/contacts?customer_id={alfreds}"))
            .await
            .len(),
        1
    );
    let taken = manager
        .post("/v1/customers", json!({"name": "New", "external_id": "ANATR"}))
        .await;
    assert!(taken.text.contains(&alfreds));
    assert_eq!(taken.problem(409), "duplicate");
}

#[actix_web::test]
async fn one_executive_keeps_the_customer_in_hand() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let second = server.add("second", Role::Executive).await;
    let (alfreds, ana) = (customer(&manager, "Alfreds").await, customer(&manager, "Ana").await);
    let idle = assigned(&manager, &alfreds, &executive).await;
    let called = assigned(&manager, &ana, &second).await;
    let attempt = format!("{}/attempts", path(&called));
    second
        .post(&attempt, json!({"disposition": "no_answer"}))
        .await
        .expect(201);
    let merge = merge(&manager, &alfreds, &[&ana]).await;
    assert_eq!(merge["canceled"], json!([idle["id"]]));
    let (idle, called) = (one(&manager, &path(&idle)).await, one(&manager, &path(&called)).await);
    assert_eq!(idle["status"], "canceled");
    assert!(idle["closed_reason"].as_str().unwrap().contains(&id(&called)), "{idle}");
    assert_eq!(
        (&called["customer_id"], &called["closed_at"]),
        (&json!(alfreds), &Value::Null)
    );
    // Who has it in hand debriefs as before.
    second
        .post(&attempt, json!({"disposition": "connected"}))
        .await
        .expect(201);
}

#[actix_web::test]
async fn who_asked_not_to_be_contacted_is_left_alone_under_every_name() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = customer(&manager, "Alfreds").await;
    let body = json!({"name": "Ana", "do_not_contact": true, "do_not_contact_reason": "They said so."});
    let ana = id(&made(&manager, "/v1/customers", body).await);
    let open = assigned(&manager, &alfreds, &executive).await;
    merge(&manager, &alfreds, &[&ana]).await;
    let survivor = one(&manager, &format!("/v1/customers/{alfreds}")).await;
    assert_eq!(
        (&survivor["do_not_contact"], &survivor["do_not_contact_reason"]),
        (&json!(true), &json!("They said so."))
    );
    assert_eq!(one(&manager, &path(&open)).await["status"], "canceled");
}

#[actix_web::test]
async fn fields_are_chosen_and_contacts_who_may_be_one_are_proposed() {
    let server = Server::start().await;
    let manager = server.manager();
    let body =
        json!({"name": "Alfreds", "tags": ["key"], "services": ["Tea"], "phone": "1", "customer_since": "2021-01-01"});
    let alfreds = id(&made(&manager, "/v1/customers", body).await);
    let body = json!({"name": "Alfreds GmbH", "tags": ["KEY", "new"], "services": ["Cheese"], "phone": "2", "customer_since": "2019-01-01"});
    let gmbh = id(&made(&manager, "/v1/customers", body).await);
    let mut contacts = Vec::new();
    for (customer, name, email) in [
        (&alfreds, "Maria Anders", "m@a.test"),
        (&gmbh, "maria anders", "maria@a.test"),
        (&gmbh, "Anna", "anna@a.test"),
    ] {
        let contact = json!({"customer_id": customer, "name": name, "email": email});
        contacts.push(made(&manager, "/v1/contacts", contact).await["id"].clone());
    }
    let body = json!({"other_ids": [gmbh], "fields": {"name": gmbh, "phone": gmbh}});
    let merge = made(&manager, &format!("/v1/customers/{alfreds}/merge"), body).await;
    assert_eq!(merge["same_contacts"].as_array().unwrap().len(), 1, "{merge}");
    assert_eq!(merge["same_contacts"][0]["contact_ids"], json!(contacts[..2]));
    let survivor = one(&manager, &format!("/v1/customers/{alfreds}")).await;
    assert_eq!(
        [
            &survivor["name"],
            &survivor["phone"],
            &survivor["tags"],
            &survivor["services"],
            &survivor["customer_since"]
        ],
        [
            &json!("Alfreds GmbH"),
            &json!("2"),
            &json!(["key", "new"]),
            &json!(["Tea", "Cheese"]),
            &json!("2019-01-01")
        ]
    );
    let listed = data(&manager, &format!("/v1/merges?merged_id={gmbh}&status=merged")).await;
    assert_eq!(listed, [one(&manager, &format!("/v1/merges/{}", id(&merge))).await]);
}

#[actix_web::test]
async fn the_id_of_a_merged_customer_is_not_free_and_the_merge_can_be_taken_back() {
    let server = Server::start().await;
    let manager = server.manager();
    let (one, other) = (customer(&manager, "One").await, customer(&manager, "Other").await);
    let merged = merge(&manager, &one, &[&other]).await;
    for body in [
        json!({"id": other, "name": "Other"}),
        json!({"id": other, "name": "Ghost"}),
    ] {
        let refused = manager.post("/v1/customers", body).await.expect(410);
        assert_eq!(refused["code"], "merged");
        assert!(refused["detail"].as_str().unwrap().contains(&one), "{refused}");
    }
    let undo = format!("/v1/merges/{}/undo", id(&merged));
    manager.post(&undo, json!({})).await.expect(200);
    assert_eq!(
        self::one(&manager, &format!("/v1/customers/{other}")).await["name"],
        "Other"
    );
}
