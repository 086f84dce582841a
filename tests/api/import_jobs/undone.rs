//! Imports that are taken back: what they made goes, what they changed is as it was, and what others have touched since stays.

use serde_json::{Value, json};
use touchbase::workers;

use super::{customers, figures, imported, read, total};
use crate::support::{Client, Server};

pub async fn undo(server: &Server, client: &Client, import: &Value) -> Value {
    let path = format!("/v1/imports/{}/undo", import["id"].as_str().unwrap());
    let reply = client.post(&path, json!({})).await;
    let location = reply.header("location");
    reply.expect(202);
    workers::settle(&server.app).await.unwrap();
    let job = client.get(&location).await.expect(200);
    assert_eq!(
        (job["status"].clone(), job["kind"].clone()),
        (json!("completed"), json!("import_undo")),
        "{job}"
    );
    let again = client.post(&path, json!({})).await;
    assert_eq!(again.header("location"), location);
    again.expect(202);
    assert_eq!(
        workers::settle(&server.app).await.unwrap(),
        0,
        "a second time changes nothing"
    );
    read(client, import).await
}

pub fn undone(import: &Value) -> [u64; 3] {
    ["removed", "restored", "kept"].map(|name| import["outcome"]["undone"][name].as_u64().unwrap())
}

pub async fn kept(client: &Client, import: &Value) -> Vec<(String, Value, String)> {
    let path = format!("/v1/imports/{}/errors?severity_in=kept", import["id"].as_str().unwrap());
    let page = client.get(&path).await.expect(200);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| (text(&row["record_kind"]), row["column"].clone(), text(&row["code"])))
        .collect()
}

#[actix_web::test]
async fn an_undone_import_leaves_what_was_there_before() {
    let server = Server::start().await;
    let manager = server.manager();
    let nancy = server.executive().id();
    let known =
        json!({"name": "Known", "external_id": "C-1", "city": "Bonn", "tags": ["old"], "account_manager_id": nancy});
    let known = manager.post("/v1/customers", known).await.expect(201);
    let mut file = customers(3_000).replace(
        "external_id,name,city,tags",
        "external_id,name,city,tags,account manager",
    );
    file.push_str("C-1,Known,Köln,,manager@northwind.test\n");
    let done = imported(&server, &manager, "target=customers", "text/csv", file).await;
    assert_eq!(figures(&done), [2999, 2, 0, 0], "{done}");
    let path = format!("/v1/customers/{}", known["id"].as_str().unwrap());
    let changed = manager.get(&path).await.expect(200);
    assert_eq!(
        (changed["city"].clone(), changed["account_manager_count"].clone()),
        (json!("Köln"), json!(2))
    );
    let back = undo(&server, &manager, &done).await;
    assert_eq!(back["status"], "reverted");
    let figures = undone(&back);
    assert_eq!((figures[0], figures[2]), (2999, 0), "{back}");
    assert_eq!(total(&manager, "customers").await, 1);
    let restored = manager.get(&path).await.expect(200);
    for field in ["name", "city", "tags", "account_manager_id", "account_manager_count"] {
        assert_eq!(restored[field], known[field], "{field}");
    }
    let periods = manager.get(&format!("{path}/account-managers")).await.expect(200);
    let periods = periods["data"].as_array().unwrap();
    assert_eq!(
        (periods.len(), periods[0]["ended_on"].clone()),
        (1, json!(null)),
        "{periods:?}"
    );
    // Nothing of it is found any more, and the file can be imported again.
    assert_eq!(
        manager.get("/v1/customers?q=customer").await.expect(200)["data"],
        json!([])
    );
    let again = imported(&server, &manager, "target=customers", "text/csv", customers(3_000)).await;
    assert_eq!(super::figures(&again)[0], 2999);
}

#[actix_web::test]
async fn what_others_have_changed_or_used_since_is_kept_and_told() {
    let server = Server::start().await;
    let manager = server.manager();
    let known = json!({"name": "Known", "external_id": "K", "city": "Bonn", "phone": "1"});
    manager.post("/v1/customers", known).await.expect(201);
    let file = "external_id,name,city,phone\nK,Renamed,Ulm,2\nA,Edited,Ulm,\nB,Noted,Ulm,\nC,Untouched,Ulm,\n";
    let done = imported(&server, &manager, "target=customers", "text/csv", file).await;
    let of = async |id: &str| {
        let page = manager
            .get(&format!("/v1/customers?external_id={id}"))
            .await
            .expect(200);
        page["data"][0].clone()
    };
    let path = async |id: &str| format!("/v1/customers/{}", of(id).await["id"].as_str().unwrap());
    manager
        .patch(&path("K").await, json!({"city": "Köln"}))
        .await
        .expect(200);
    manager
        .patch(&path("A").await, json!({"city": "Köln"}))
        .await
        .expect(200);
    let note = json!({"customer_id": of("B").await["id"], "type": "general", "body": "Nice people."});
    manager.post("/v1/notes", note).await.expect(201);
    let back = undo(&server, &manager, &done).await;
    assert_eq!(undone(&back), [1, 1, 3], "{back}");
    assert_eq!(of("C").await, Value::Null);
    let k = of("K").await;
    assert_eq!(
        ["name", "city", "phone"].map(|f| k[f].clone()),
        [json!("Known"), json!("Köln"), json!("1")]
    );
    let mut told = kept(&manager, &done).await;
    told.sort_by_key(|(_, column, code)| (code.clone(), column.to_string()));
    let row = |column: Value, code: &str| ("customer".to_owned(), column, code.to_owned());
    assert_eq!(
        told,
        [
            row(json!("city"), "changed_since"),
            row(json!(null), "changed_since"),
            row(json!(null), "used_since")
        ]
    );
}

#[actix_web::test]
async fn people_signals_and_users_are_taken_back_as_well() {
    let server = Server::start().await;
    let admin = server.admin();
    imported(&server, &admin, "target=customers", "text/csv", customers(3)).await;
    let file =
        "external_id,customer_external_id,name,email,primary\nP-1,C-1,Ada,ada@x.test,yes\nP-2,C-1,Bob,bob@x.test,\n";
    let people = imported(&server, &admin, "target=contacts", "text/csv", file).await;
    let file = "external_id,customer_external_id,name,primary\nP-2,C-1,Robert,yes\n";
    let renamed = imported(&server, &admin, "target=contacts", "text/csv", file).await;
    let file =
        "order_id,customer_external_id,occurred_on,amount,currency\n1,C-1,2026-01-05,10,EUR\n2,C-2,2026-01-05,20,EUR\n";
    let signals = imported(&server, &admin, "target=signals", "text/csv", file).await;
    let file = "email,name,role,manager_email\nnew@x.test,New,executive,manager@northwind.test\nviewer@northwind.test,The viewer,executive,new@x.test\n";
    let users = imported(&server, &admin, "target=users", "text/csv", file).await;
    assert_eq!(figures(&users), [1, 1, 0, 0], "{users}");
    let manager_only = undo_refused(&server, &users).await;
    assert_eq!(manager_only, "insufficient_permission");

    let back = undo(&server, &admin, &users).await;
    assert_eq!(undone(&back)[0], 1, "{back}");
    let list = admin.get("/v1/users?limit=200").await.expect(200);
    let find = |email: &str| {
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .find(|user| user["email"] == email)
            .unwrap()
            .clone()
    };
    assert_eq!(find("new@x.test")["active"], false);
    let viewer = find("viewer@northwind.test");
    assert_eq!(
        (viewer["role"].clone(), viewer["manager_id"].clone()),
        (json!("viewer"), json!(null))
    );

    assert_eq!(undone(&undo(&server, &admin, &signals).await), [2, 0, 0]);
    assert_eq!(total(&admin, "signals").await, 0);
    let back = undo(&server, &admin, &renamed).await;
    assert_eq!(undone(&back)[2], 0, "{back}");
    let contacts = admin.get("/v1/contacts").await.expect(200);
    let mut shown: Vec<_> = contacts["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["name"].as_str().unwrap(), c["is_primary"].as_bool().unwrap()))
        .collect();
    shown.sort_unstable();
    assert_eq!(shown, [("Ada", true), ("Bob", false)]);
    assert_eq!(undone(&undo(&server, &admin, &people).await), [2, 0, 0]);
    assert_eq!(total(&admin, "contacts").await, 0);
}

async fn undo_refused(server: &Server, import: &Value) -> String {
    let path = format!("/v1/imports/{}/undo", import["id"].as_str().unwrap());
    server.manager().post(&path, json!({})).await.problem(403)
}

#[actix_web::test]
async fn what_has_written_nothing_has_nothing_to_undo() {
    let server = Server::start().await;
    let manager = server.manager();
    let dry = imported(
        &server,
        &manager,
        "target=customers&dry_run=true",
        "text/csv",
        customers(3),
    )
    .await;
    let path = |import: &Value| format!("/v1/imports/{}/undo", import["id"].as_str().unwrap());
    assert_eq!(manager.post(&path(&dry), json!({})).await.problem(409), "wrong_state");
    let waiting = super::send(&manager, "k", "target=customers", "text/csv", customers(3))
        .await
        .expect(202);
    assert_eq!(
        manager.post(&path(&waiting), json!({})).await.problem(409),
        "wrong_state"
    );
}

#[actix_web::test]
async fn what_follows_from_fields_is_as_it_was_too() {
    let server = Server::start().await;
    let manager = server.manager();
    let file = "external_id,name,phone\nC-1,Alfreds,call the office\n";
    imported(&server, &manager, "target=customers", "text/csv", file).await;
    let customer = manager.get("/v1/customers").await.expect(200)["data"][0]["id"].clone();
    let left = json!({"customer_id": customer, "name": "Ada", "external_id": "P-1", "active": false, "phone": "hers", "mobile": "too"});
    manager.post("/v1/contacts", left).await.expect(201);
    let closed = json!({"customer_id": customer, "kind": "support_case", "external_id": "7", "occurred_at": "2026-01-01T10:00:00Z", "status": "closed"});
    manager.post("/v1/signals", closed).await.expect(201);
    let everything = async || {
        let mut all = Vec::new();
        for list in ["customers", "contacts", "signals"] {
            let mut record = manager.get(&format!("/v1/{list}")).await.expect(200)["data"][0].clone();
            for moves in ["revision", "updated_at"] {
                record.as_object_mut().unwrap().remove(moves);
            }
            all.push(record);
        }
        all
    };
    let before = everything().await;
    assert!(
        before[1]["left_at"].is_string() && before[2]["closed_at"].is_string(),
        "{before:#?}"
    );
    server.app.clock.advance(chrono::TimeDelta::minutes(5));
    for (target, file) in [
        ("customers", "external_id,phone\nC-1,+49 30 5550100\n"),
        (
            "contacts",
            "external_id,customer_external_id,active,phone\nP-1,C-1,yes,+49 30 5550100\n",
        ),
        (
            "signals",
            "case_id,customer_external_id,occurred_at,status\n7,C-1,2026-01-01T10:00:00Z,open\n",
        ),
    ] {
        let done = imported(&server, &manager, &format!("target={target}"), "text/csv", file).await;
        assert_eq!(figures(&done), [0, 1, 0, 0], "{target} {done}");
        let back = undo(&server, &manager, &done).await;
        assert_eq!(undone(&back), [0, 1, 0], "{back}");
        assert_eq!(everything().await, before, "{target}");
    }
}
