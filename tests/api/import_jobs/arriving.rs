//! Files on their way in: once, plain or as a form, and refused as early as can be.

use chrono::TimeDelta;
use serde_json::json;
use touchbase::db::Sqls;
use touchbase::workers;

use super::{customers, imported, rows_of, send, total};
use crate::support::Server;

#[actix_web::test]
async fn the_same_request_again_is_the_same_import_and_another_body_is_refused() {
    let server = Server::start().await;
    let manager = server.manager();
    let post = async |file: String| send(&manager, "once", "target=customers", "text/csv", file).await;
    let first = post(customers(10)).await.expect(202);
    let again = post(customers(10)).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(202), first);
    assert_eq!(post(customers(11)).await.problem(422), "idempotency_key_reused");
    let request = manager
        .request("POST", "/v1/imports?target=customers")
        .header("content-type", "text/csv");
    let without = manager.send(request.body(customers(1))).await;
    assert_eq!(without.problem(400), "idempotency_key_required");
    assert_eq!(
        rows_of(&server, "import_chunks").await,
        1,
        "what was not needed is gone"
    );
    workers::settle(&server.app).await.unwrap();
    assert_eq!(total(&manager, "customers").await, 10);
}

fn form(boundary: &str, file: &str, fields: &[(&str, &str)]) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str(&format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\ncontent-type: text/csv\r\n\r\n{file}\r\n--{boundary}--\r\n"
    ));
    body
}

#[actix_web::test]
async fn a_form_brings_the_file_and_its_options_whatever_its_boundary() {
    let server = Server::start().await;
    let manager = server.manager();
    let fields = [
        ("target", "customers"),
        ("mapping", "{\"Rev\": \"annual_billing\"}"),
        ("currency", "EUR"),
    ];
    let file = "id,name,Rev\n1,One,12.50\n";
    let post = async |key: &str, query: &str, boundary: &str, fields: &[(&str, &str)]| {
        let kind = format!("multipart/form-data; boundary={boundary}");
        send(&manager, key, query, &kind, form(boundary, file, fields)).await
    };
    let first = post("a", "", "xxx", &fields).await.expect(202);
    let again = post("a", "", "yyyy", &fields).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(202)["id"], first["id"]);
    assert_eq!(
        post("a", "", "xxx", &fields[..2]).await.problem(422),
        "idempotency_key_reused"
    );
    workers::settle(&server.app).await.unwrap();
    let one = manager.get("/v1/customers?external_id=1").await.expect(200)["data"][0].clone();
    assert_eq!(one["annual_billing"], json!({"amount_minor": 1250, "currency": "EUR"}));
    // What the document says of the query holds for the form's fields.
    for (fields, pointer) in [
        (&[("target", "planets")][..], "target"),
        (&[("currency", "euro"), ("target", "customers")], "currency"),
        (&[("colour", "red"), ("target", "customers")], "colour"),
        (&[], "target"),
    ] {
        let refused = post("b", "", "xxx", fields).await.expect(400);
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    let twice = post("b", "target=customers", "xxx", &fields).await.expect(400);
    assert_eq!(twice["errors"][0]["code"], "duplicate");
    assert_eq!(rows_of(&server, "import_chunks").await, 0);
}

#[actix_web::test]
async fn what_can_be_told_of_a_file_at_once_is_told_at_once() {
    let server = Server::start().await;
    let manager = server.manager();
    let post = async |query: &str, kind: &str, file: &str| send(&manager, "x", query, kind, file.to_owned()).await;
    let missing = post("target=customers", "text/csv", "name,city\nOne,Ulm\n")
        .await
        .expect(400);
    assert_eq!(missing["errors"][0]["pointer"], "header");
    let mapped = post(
        "target=customers&mapping=%7B%22x%22:%22name%22%7D",
        "text/csv",
        "id,name\n1,One\n",
    )
    .await
    .expect(400);
    assert_eq!(mapped["errors"][0]["code"], "unknown_column");
    assert_eq!(
        post("target=customers", "text/csv", "").await.problem(400),
        "malformed_request"
    );
    assert_eq!(
        post("target=customers", "application/pdf", "%PDF").await.problem(415),
        "unsupported_media_type"
    );
    assert_eq!(
        post("target=planets", "text/csv", "a\n").await.problem(400),
        "invalid_request"
    );
    let list = manager.get("/v1/imports").await.expect(200);
    assert_eq!(list["data"], json!([]));
    // What only the whole of it shows, the import tells.
    let failed = imported(&server, &manager, "target=customers", "text/csv", "id,name\n1,\"One\n").await;
    assert_eq!(
        (failed["status"].clone(), failed["outcome"].clone()),
        (json!("failed"), json!(null))
    );
    assert!(
        failed["error"].as_str().unwrap().starts_with("Line 2: a quote"),
        "{failed}"
    );
    let failed = imported(
        &server,
        &manager,
        "target=customers",
        "application/x-ndjson",
        "{\"name\": \"One\"}\n",
    )
    .await;
    assert!(
        failed["error"].as_str().unwrap().contains("no column for external_id"),
        "{failed}"
    );
}

#[actix_web::test]
async fn bytes_that_were_never_sent_to_their_end_are_gone_after_a_day() {
    let server = Server::start_with(|config| config.upload_limit = 3 << 20).await;
    let manager = server.manager();
    // Its length is not announced, so it is found out on the way.
    let piece = || Ok::<_, std::io::Error>(vec![b'a'; 1 << 20]);
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter((0..5).map(move |_| piece())));
    let reply = send(&manager, "k", "target=customers", "text/csv", body).await;
    assert_eq!(reply.problem(413), "body_too_large");
    assert_eq!(rows_of(&server, "import_chunks").await, 0);
    // As a process leaves them that dies before the end.
    let mut tx = server.app.db.begin().await.unwrap();
    tx.sql(
        "INSERT INTO import_chunks (organization_id, import_id, number, bytes, created_at) VALUES ($1, $2, 0, $3, $4)",
    )
    .bind(server.organization)
    .bind(uuid::Uuid::from_u128(7))
    .bind(vec![1_u8])
    .bind(server.app.clock.now())
    .run()
    .await
    .unwrap();
    tx.commit().await.unwrap();
    workers::settle(&server.app).await.unwrap();
    assert_eq!(rows_of(&server, "import_chunks").await, 1);
    server.app.clock.advance(TimeDelta::days(2));
    workers::settle(&server.app).await.unwrap();
    assert_eq!(rows_of(&server, "import_chunks").await, 0);
}
