//! What an undoing leaves as it is, because somebody has built upon it: told each time, and why.

use serde_json::{Value, json};
use touchbase::workers;

use super::undone::{kept, undo, undone};
use super::{figures, imported};
use crate::attempts::on_monday;
use crate::plans::{days, planned};
use crate::support::{Client, Server};

async fn one(client: &Client, path: &str) -> Value {
    client.get(path).await.expect(200)["data"][0].clone()
}

/// The id of the customer that has this id in the CRM.
async fn called(client: &Client, external_id: &str) -> String {
    let found = one(client, &format!("/v1/customers?external_id={external_id}")).await;
    found["id"].as_str().unwrap().to_owned()
}

async fn import(server: &Server, client: &Client, target: &str, file: &str) -> Value {
    imported(server, client, &format!("target={target}"), "text/csv", file.to_owned()).await
}

fn told(kind: &str, column: Value, code: &str) -> (String, Value, String) {
    (kind.to_owned(), column, code.to_owned())
}

#[actix_web::test]
async fn assignments_that_somebody_has_touched_since_stay() {
    let server = Server::start().await;
    let manager = server.manager();
    let file = "external_id,name\nA,A\nB,B\nC,C\n";
    import(&server, &manager, "customers", file).await;
    let file =
        "Customer ID,Executive\nA,executive@northwind.test\nB,executive@northwind.test\nC,executive@northwind.test\n";
    let done = import(&server, &manager, "assignments", file).await;
    assert_eq!(figures(&done), [3, 0, 0, 0], "{done}");
    let list = manager.get("/v1/assignments?sort=created_at").await.expect(200);
    let assignments = list["data"].as_array().unwrap();
    let of = |customer: &str| {
        let found = assignments.iter().find(|it| it["customer_id"] == customer).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    let (a, b) = (called(&manager, "A").await, called(&manager, "B").await);
    let patch = json!({"reason": "They have asked for it."});
    manager
        .patch(&format!("/v1/assignments/{}", of(&a)), patch)
        .await
        .expect(200);
    let note = json!({"customer_id": b, "assignment_id": of(&b), "type": "general", "body": "Nice people."});
    manager.post("/v1/notes", note).await.expect(201);
    let back = undo(&server, &manager, &done).await;
    assert_eq!(undone(&back), [1, 0, 2], "{back}");
    let mut codes = kept(&manager, &done).await;
    codes.sort_by_key(|(_, _, code)| code.clone());
    let row = |code| told("assignment", json!(null), code);
    assert_eq!(codes, [row("changed_since"), row("used_since")]);
    let open = manager.get("/v1/assignments?status_in=queued").await.expect(200);
    assert_eq!(open["data"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn users_who_have_something_in_hand_or_people_who_stay_remain_active() {
    let server = Server::start().await;
    let admin = server.admin();
    let file = "email,name,role,manager_email\nboss@x.test,Boss,manager,\nann@x.test,Ann,executive,boss@x.test\n\
        idle@x.test,Idle,executive,head@x.test\nhead@x.test,Head,manager,\n";
    let done = import(&server, &admin, "users", file).await;
    assert_eq!(figures(&done)[0], 4, "{done}");
    let ann = one(&admin, "/v1/users?email=ann@x.test").await["id"].clone();
    let customer = admin.post("/v1/customers", json!({"name": "One"})).await.expect(201);
    let assignment = json!({"customer_id": customer["id"], "assignee_id": ann});
    admin.post("/v1/assignments", assignment).await.expect(201);
    let boss = one(&admin, "/v1/users?email=boss@x.test").await["id"].clone();
    let viewer = format!("/v1/users/{}", server.viewer().id());
    admin.patch(&viewer, json!({"manager_id": boss})).await.expect(200);
    let back = undo(&server, &admin, &done).await;
    assert_eq!((undone(&back)[0], undone(&back)[2]), (2, 2), "{back}");
    for (email, active) in [
        ("ann@x.test", true),
        ("boss@x.test", true),
        ("idle@x.test", false),
        ("head@x.test", false),
    ] {
        let user = one(&admin, &format!("/v1/users?email={email}")).await;
        assert_eq!(user["active"], active, "{email}");
    }
    let row = || told("user", json!(null), "used_since");
    assert_eq!(kept(&admin, &done).await, [row(), row()]);
}

#[actix_web::test]
async fn who_has_referred_another_or_stands_in_a_plan_stays() {
    let (server, monday) = on_monday().await;
    let manager = server.manager();
    let known = manager
        .post("/v1/customers", json!({"name": "Known"}))
        .await
        .expect(201);
    let done = import(
        &server,
        &manager,
        "customers",
        "external_id,name\nR,Referrer\nP,Planned\nX,Free\n",
    )
    .await;
    let participants = json!([{
        "user_id": server.executive().id(), "calls_to_prepare": 5, "conversations_to_reach": 1, "period": "week",
        "daily_block": {"starts": "09:00", "ends": "12:00"}
    }]);
    let program = json!({"name": "Planned", "participants": participants});
    let program = manager.post("/v1/programs", program).await.expect(201);
    let (from, to) = days(monday, 5);
    let body = json!({"customer_ids": [called(&manager, "P").await], "from": from, "to": to});
    planned(&manager, program["id"].as_str().unwrap(), body).await;
    let path = format!("/v1/customers/{}", known["id"].as_str().unwrap());
    let referred = json!({"referred_by_id": called(&manager, "R").await});
    manager.patch(&path, referred).await.expect(200);
    let back = undo(&server, &manager, &done).await;
    assert_eq!(undone(&back), [1, 0, 2], "{back}");
    let row = || told("customer", json!(null), "used_since");
    assert_eq!(kept(&manager, &done).await, [row(), row()]);
    called(&manager, "R").await;
    called(&manager, "P").await;
}

#[actix_web::test]
async fn what_we_found_by_ourselves_keeps_no_customer() {
    let server = Server::start().await;
    let manager = server.manager();
    let like = json!({"name": "Königlich Essen GmbH", "city": "Brandenburg"});
    manager.post("/v1/customers", like).await.expect(201);
    let file = "external_id,name,city\nK,KONIGLICH ESSEN,Brandenburg\n";
    let done = import(&server, &manager, "customers", file).await;
    assert_ne!(one(&manager, "/v1/duplicates").await, Value::Null);
    let path = format!("/v1/imports/{}/undo", done["id"].as_str().unwrap());
    manager.post(&path, json!({})).await.expect(202);
    workers::settle(&server.app).await.unwrap();
    let back = super::read(&manager, &done).await;
    assert_eq!(undone(&back), [1, 0, 0], "{back}");
    assert_eq!(one(&manager, "/v1/duplicates").await, Value::Null);
}

#[actix_web::test]
async fn an_id_that_another_has_by_now_does_not_come_back() {
    let server = Server::start().await;
    let manager = server.manager();
    let customer = json!({"name": "X", "external_id": "A"});
    let x = manager.post("/v1/customers", customer).await.expect(201)["id"].clone();
    let contact = json!({"customer_id": x, "name": "Ada", "external_id": "P-1"});
    let ada = manager.post("/v1/contacts", contact).await.expect(201)["id"].clone();
    let text = |id: &Value| id.as_str().unwrap().to_owned();
    let file = format!("id,external_id,name\n{},B,Renamed\n", text(&x));
    let customers = import(&server, &manager, "customers", &file).await;
    let file = format!("id,external_id,customer_external_id,name\n{},P-2,B,Adele\n", text(&ada));
    let people = import(&server, &manager, "contacts", &file).await;
    for done in [&customers, &people] {
        assert_eq!(figures(done), [0, 1, 0, 0], "{done}");
    }
    let other = json!({"name": "Y", "external_id": "A"});
    manager.post("/v1/customers", other).await.expect(201);
    let other = json!({"customer_id": x, "name": "Bob", "external_id": "P-1"});
    manager.post("/v1/contacts", other).await.expect(201);
    for (done, kind) in [(&people, "contact"), (&customers, "customer")] {
        let back = undo(&server, &manager, done).await;
        assert_eq!(undone(&back), [0, 1, 1], "{back}");
        let row = told(kind, json!("external_id"), "external_id_taken");
        assert_eq!(kept(&manager, done).await, [row]);
    }
    let x = manager.get(&format!("/v1/customers/{}", text(&x))).await.expect(200);
    assert_eq!((x["name"].clone(), x["external_id"].clone()), (json!("X"), json!("B")));
    let ada = manager.get(&format!("/v1/contacts/{}", text(&ada))).await.expect(200);
    assert_eq!(
        (ada["name"].clone(), ada["external_id"].clone()),
        (json!("Ada"), json!("P-2"))
    );
}

#[actix_web::test]
async fn what_was_merged_into_another_since_is_told() {
    let server = Server::start().await;
    let manager = server.manager();
    let known = manager
        .post("/v1/customers", json!({"name": "Known"}))
        .await
        .expect(201);
    let done = import(&server, &manager, "customers", "external_id,name\nX,Merged\n").await;
    let merge = json!({"other_ids": [called(&manager, "X").await]});
    let path = format!("/v1/customers/{}/merge", known["id"].as_str().unwrap());
    manager.post(&path, merge).await.expect(201);
    let back = undo(&server, &manager, &done).await;
    assert_eq!(undone(&back), [0, 0, 1], "{back}");
    assert_eq!(kept(&manager, &done).await, [told("customer", json!(null), "merged")]);
}

#[actix_web::test]
async fn whom_somebody_wrote_since_not_to_contact_is_not_contacted() {
    let server = Server::start().await;
    let manager = server.manager();
    import(&server, &manager, "customers", "external_id,name\nC-1,Alfreds\n").await;
    let file = "external_id,do_not_contact,do_not_contact_reason,city\nC-1,yes,from the file,Berlin\n";
    let done = import(&server, &manager, "customers", file).await;
    let path = format!("/v1/customers/{}", called(&manager, "C-1").await);
    let reason = json!({"do_not_contact_reason": "their lawyer wrote to us"});
    manager.patch(&path, reason).await.expect(200);
    undo(&server, &manager, &done).await;
    let now = manager.get(&path).await.expect(200);
    assert_eq!(
        (&now["do_not_contact"], &now["do_not_contact_reason"], &now["city"]),
        (&json!(true), &json!("their lawyer wrote to us"), &Value::Null)
    );
    let mut said = kept(&manager, &done).await;
    said.sort_by_key(|(_, column, _)| column.to_string());
    let of = |column: &str| told("customer", json!(column), "changed_since");
    assert_eq!(said, [of("do_not_contact"), of("do_not_contact_reason")]);
}
