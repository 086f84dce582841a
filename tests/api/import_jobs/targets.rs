//! What else comes in files: who is to call whom, answers of a survey tool, and our own exports.

use serde_json::{Value, json};

use super::{customers, figures, imported, total};
use crate::support::{Client, Server};

async fn codes(client: &Client, import: &Value) -> Vec<(u64, String, String)> {
    let path = format!("/v1/imports/{}/errors", import["id"].as_str().unwrap());
    let page = client.get(&path).await.expect(200);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| (row["line"].as_u64().unwrap(), text(&row["column"]), text(&row["code"])))
        .collect()
}

fn told(rows: &[(u64, &str, &str)]) -> Vec<(u64, String, String)> {
    rows.iter()
        .map(|(line, column, code)| (*line, (*column).to_owned(), (*code).to_owned()))
        .collect()
}

#[actix_web::test]
async fn assignments_come_by_ids_of_the_crm_or_ours_and_by_address_or_id() {
    let server = Server::start().await;
    let manager = server.manager();
    let nancy = server.executive();
    imported(&server, &manager, "target=customers", "text/csv", customers(2_600)).await;
    let second = manager.get("/v1/customers?external_id=C-1").await.expect(200)["data"][0]["id"].clone();
    let mut file = String::from("Customer ID,Executive,Due date,Reason\n");
    file.push_str(&format!(
        "C-0,{},2030-01-07,\"Big, and silent\"\n",
        nancy.user.as_ref().unwrap().fields.email
    ));
    file.push_str(&format!("{},{},07.01.2030,\n", second.as_str().unwrap(), nancy.id()));
    file.push_str("C-0,executive@northwind.test,,\nC-2,nobody@x.test,,\nC-3,viewer@northwind.test,,\nC-99999,executive@northwind.test,,\n");
    for at in 10..2_510 {
        file.push_str(&format!("C-{at},executive@northwind.test,,\n"));
    }
    let done = imported(&server, &manager, "target=assignments", "text/csv", file).await;
    assert_eq!(figures(&done), [2502, 0, 0, 4], "{done}");
    assert_eq!(
        codes(&manager, &done).await,
        told(&[
            (4, "Customer ID", "duplicate"),
            (5, "Executive", "not_found"),
            (6, "Executive", "not_allowed"),
            (7, "Customer ID", "not_found"),
        ])
    );
    let path = format!("/v1/assignments?customer_id={}", second.as_str().unwrap());
    let one = manager.get(&path).await.expect(200)["data"][0].clone();
    assert_eq!(
        (one["assignee_id"].clone(), one["due_on"].clone()),
        (json!(nancy.id()), json!("2030-01-07"))
    );
    let undo = format!("/v1/imports/{}/undo", done["id"].as_str().unwrap());
    manager.post(&undo, json!({})).await.expect(202);
    touchbase::workers::settle(&server.app).await.unwrap();
    assert_eq!(manager.get(&path).await.expect(200)["data"][0]["status"], "canceled");
    assert_eq!(super::read(&manager, &done).await["outcome"]["undone"]["removed"], 2502);
}

#[actix_web::test]
async fn answers_of_a_survey_tool_are_on_record_once_however_often_they_are_imported() {
    let server = Server::start().await;
    let manager = server.manager();
    imported(&server, &manager, "target=customers", "text/csv", customers(3)).await;
    let people = "external_id,customer_external_id,name,email\nP-1,C-1,Ada,ada@x.test\nP-2,C-2,Ada,both@x.test\nP-3,C-1,Ada,both@x.test\n";
    imported(&server, &manager, "target=contacts", "text/csv", people).await;
    let file = "Response ID,Email,Company,NPS,Feedback,Submitted at\n\
        r1,ADA@x.test,,10,\"Great\nservice\",2026-03-01 10:00\n\
        r2,,Customer 2,3,Slow,2026-03-02T10:00:00Z\n\
        r3,ada@x.test,,,,2026-03-20 10:00\n\
        r4,both@x.test,,5,,2026-03-02\n\
        r5,both@x.test,Customer 1,9,,2026-03-11 10:00\n\
        r6,nobody@x.test,,9,,2026-03-02\n\
        r7,ada@x.test,,11,,2026-03-02\n\
        r8,ada@x.test,,8,,2199-03-02\n";
    let send =
        async |file: &str| imported(&server, &manager, "target=nps_responses", "text/csv", file.to_owned()).await;
    let done = send(file).await;
    assert_eq!(figures(&done), [4, 0, 0, 4], "{done}");
    assert_eq!(
        codes(&manager, &done).await,
        told(&[
            (6, "Email", "ambiguous"),
            (8, "Email", "not_found"),
            (9, "NPS", "out_of_range"),
            (10, "Submitted at", "out_of_range"),
        ])
    );
    let list = manager.get("/v1/nps-responses?sort=responded_at").await.expect(200);
    let rows: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            (
                r["score"].clone(),
                r["category"].clone(),
                r["days_since_previous"].clone(),
                r["source"].clone(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            (json!(10), json!("promoter"), json!(null), json!("import")),
            (json!(3), json!("detractor"), json!(null), json!("import")),
            (json!(9), json!("promoter"), json!(10), json!("import")),
            (json!(null), json!(null), json!(19), json!("import")),
        ]
    );
    assert_eq!(list["data"][0]["comment"], "Great\nservice");
    assert!(list["data"][0]["contact_id"].is_string());
    let again = send(file).await;
    assert_eq!(figures(&again), [0, 0, 4, 4]);
    let other = send("Response ID,Email,NPS,Submitted at\nr1,ada@x.test,2,2026-03-01 10:00\n").await;
    assert_eq!(figures(&other), [0, 0, 0, 1]);
    assert_eq!(codes(&manager, &other).await, told(&[(2, "NPS", "conflict")]));
    assert_eq!(total(&manager, "nps-responses").await, 4);
    let path = format!("/v1/imports/{}/undo", done["id"].as_str().unwrap());
    manager.post(&path, json!({})).await.expect(202);
    touchbase::workers::settle(&server.app).await.unwrap();
    assert_eq!(total(&manager, "nps-responses").await, 0);
}

#[actix_web::test]
async fn exports_of_contacts_signals_and_answers_are_imported_and_nothing_changes() {
    let server = Server::start().await;
    let manager = server.manager();
    imported(&server, &manager, "target=customers", "text/csv", customers(2)).await;
    let customer = manager.get("/v1/customers?external_id=C-1").await.expect(200)["data"][0]["id"].clone();
    let of_customer = |mut record: Value| {
        record["customer_id"] = customer.clone();
        record
    };
    for contact in [
        json!({"name": "=Ada", "phone": "+49 30 1", "owner_id": manager.id(), "language": "de", "is_primary": true}),
        json!({"name": "Bob", "external_id": "P-2", "email": "bob@x.test", "active": false}),
    ] {
        manager.post("/v1/contacts", of_customer(contact)).await.expect(201);
    }
    for signal in [
        json!({"kind": "purchase", "external_id": "1", "occurred_at": "2026-03-01T10:00:00.123456Z", "amount": {"amount_minor": 1234, "currency": "JPY"}, "user_id": manager.id()}),
        json!({"kind": "news", "occurred_at": "2026-03-01T10:00:00Z", "title": "-Award", "detail": "Two\nlines", "topic": "award", "worth_congratulating": true, "source_url": "https://x.test"}),
        json!({"kind": "support_case", "external_id": "7", "occurred_at": "2026-03-01T10:00:00Z", "status": "closed"}),
    ] {
        manager.post("/v1/signals", of_customer(signal)).await.expect(201);
    }
    let ada = manager.get("/v1/contacts?q=Ada").await.expect(200)["data"][0]["id"].clone();
    for answer in [
        json!({"score": 9, "source": "survey", "contact_id": ada, "comment": "=Great\nservice", "would_recommend": true}),
        json!({"score": 3, "source": "survey", "responded_at": "2026-03-01T10:00:00.123456Z"}),
    ] {
        manager.post("/v1/nps-responses", of_customer(answer)).await.expect(201);
    }
    for (list, rows) in [("contacts", 2), ("signals", 3), ("nps-responses", 2)] {
        for kind in ["text/csv", "application/x-ndjson"] {
            let request = manager.request("GET", &format!("/v1/{list}")).header("accept", kind);
            let file = manager.send(request).await.text;
            let target = format!("target={}", list.replace('-', "_"));
            let done = imported(&server, &manager, &target, kind, file.clone()).await;
            assert_eq!(figures(&done), [0, 0, rows, 0], "{list} {kind}: {done}\n{file}");
            assert_eq!(done["outcome"]["warnings"], 0, "{list} {kind}");
        }
    }
}

#[actix_web::test]
async fn what_is_wrong_is_told_once_and_what_is_left_out_is_told() {
    let server = Server::start().await;
    let manager = server.manager();
    let file = "external_id,name,annual_billing,currency\nE,Alfreds,5,EURO\n";
    let done = imported(&server, &manager, "target=customers", "text/csv", file).await;
    assert_eq!(figures(&done), [0, 0, 0, 1], "{done}");
    assert_eq!(
        codes(&manager, &done).await,
        told(&[(2, "currency", "invalid_currency")])
    );
    let file = "external_id,name,do_not_contact_reason\nE,Alfreds,asked by phone\n";
    let done = imported(&server, &manager, "target=customers", "text/csv", file).await;
    assert_eq!(figures(&done), [1, 0, 0, 0], "{done}");
    assert_eq!(
        codes(&manager, &done).await,
        told(&[(2, "do_not_contact_reason", "not_used")])
    );
}
