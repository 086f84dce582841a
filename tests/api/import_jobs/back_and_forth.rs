//! An import, its undoing, and those who begin, cancel and repeat them: none of it works against another.

use serde_json::{Value, json};
use touchbase::access::Permission;
use touchbase::db::Sqls;
use touchbase::workers;

use super::undone::undone;
use super::{customers, figures, imported, read, rows_of, send, total};
use crate::support::{Client, Reply, Server};

async fn ask(client: &Client, import: &Value) -> Reply {
    let path = format!("/v1/imports/{}/undo", import["id"].as_str().unwrap());
    client.post(&path, json!({})).await
}

/// Lets the jobs run, and sees that everything that was imported is gone.
async fn all_is_taken_back(server: &Server, client: &Client, import: &Value, imported: u64) {
    workers::settle(&server.app).await.unwrap();
    let back = read(client, import).await;
    assert_eq!(
        (back["status"].clone(), undone(&back)),
        (json!("reverted"), [imported, 0, 0])
    );
    assert_eq!(total(client, "customers").await, 0);
}

async fn run(server: &Server, statement: &str) {
    let mut tx = server.app.db.begin().await.unwrap();
    tx.sql(statement.to_owned()).run().await.unwrap();
    tx.commit().await.unwrap();
}

#[actix_web::test]
async fn a_failed_import_that_is_taken_back_does_not_go_on() {
    let server = Server::start().await;
    let manager = server.manager();
    let done = imported(&server, &manager, "target=customers", "text/csv", customers(2_500)).await;
    run(&server, "UPDATE jobs SET status = 'failed' WHERE kind = 'import'").await;
    ask(&manager, &done).await.expect(202);
    let retry = format!("/v1/jobs/{}/retry", done["id"].as_str().unwrap());
    assert_eq!(manager.post(&retry, json!({})).await.problem(409), "wrong_state");
    all_is_taken_back(&server, &manager, &done, 2_500).await;
}

#[actix_web::test]
async fn an_undoing_that_was_canceled_goes_on_when_it_is_asked_for_again() {
    let server = Server::start().await;
    let manager = server.manager();
    let done = imported(&server, &manager, "target=customers", "text/csv", customers(6_500)).await;
    let reply = ask(&manager, &done).await;
    let location = reply.header("location");
    reply.expect(202);
    let workers = workers::start(&server.app);
    while undone(&read(&manager, &done).await)[0] == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    manager.post(&format!("{location}/cancel"), json!({})).await.expect(200);
    workers.stop().await;
    let before = undone(&read(&manager, &done).await)[0];
    assert!((1..6_500).contains(&before), "{before}");
    assert_eq!(
        total(&manager, "customers").await,
        6_500 - before,
        "what is told is what is gone"
    );
    let reply = ask(&manager, &done).await;
    assert_eq!(reply.header("location"), location);
    reply.expect(202);
    all_is_taken_back(&server, &manager, &done, 6_500).await;
}

#[actix_web::test]
async fn whoever_asks_again_takes_the_place_of_one_who_may_no_longer() {
    let server = Server::start().await;
    let admin = server.admin();
    let script = server
        .script(&[Permission::ImportsManage, Permission::CustomersManage])
        .await;
    let done = imported(&server, &admin, "target=customers", "text/csv", customers(10)).await;
    let location = ask(&script, &done).await.header("location");
    let keys = admin.get("/v1/api-keys").await.expect(200);
    admin
        .delete(&format!("/v1/api-keys/{}", keys["data"][0]["id"].as_str().unwrap()))
        .await;
    workers::settle(&server.app).await.unwrap();
    assert_eq!(admin.get(&location).await.expect(200)["status"], "failed");
    assert_eq!(ask(&admin, &done).await.header("location"), location);
    workers::settle(&server.app).await.unwrap();
    let job = admin.get(&location).await.expect(200);
    assert_eq!(
        (job["status"].clone(), job["error"].clone()),
        (json!("completed"), json!(null))
    );
    assert_eq!(read(&admin, &done).await["status"], "reverted");
}

#[actix_web::test]
async fn bytes_that_are_gone_are_not_the_end_of_the_file() {
    let server = Server::start().await;
    let manager = server.manager();
    let mut file = String::from("external_id,name,street\n");
    for at in 0..12_000 {
        file.push_str(&format!("C-{at},Customer,{}\n", "x".repeat(200)));
    }
    let import = send(&manager, "k", "target=customers", "text/csv", file)
        .await
        .expect(202);
    run(&server, "DELETE FROM import_chunks WHERE number >= 1").await;
    workers::settle(&server.app).await.unwrap();
    let failed = read(&manager, &import).await;
    assert_eq!(failed["status"], "failed", "{failed}");
    assert!(failed["error"].as_str().unwrap().contains("is gone"), "{failed}");
    // What failed is kept for a day, so that it can be tried again.
    assert_eq!(rows_of(&server, "import_chunks").await, 1);
    server.app.clock.advance(chrono::TimeDelta::hours(25));
    workers::settle(&server.app).await.unwrap();
    assert_eq!(rows_of(&server, "import_chunks").await, 0);
}

#[actix_web::test]
async fn what_no_text_may_have_is_told_and_keeps_nobody_else_out() {
    let server = Server::start().await;
    let admin = server.admin();
    for (target, header) in [
        ("customers", "external_id,name,no\0te"),
        ("contacts", "external_id,name,customer_external_id"),
        ("signals", "order_id,customer_external_id,occurred_on"),
        ("assignments", "Customer ID,Executive,Reason"),
        ("users", "email,name,manager_email"),
        ("nps_responses", "Response ID,Email,NPS,Submitted at"),
    ] {
        let mut file = format!("{header}\n");
        for at in 0..3 {
            let mut cells = ["a", "b", "c"];
            cells[at] = "\0\u{202e}\u{1b}x";
            file.push_str(&format!("{}\n", cells.join(",")));
        }
        if target == "customers" {
            file.push_str("N,Good,row\n");
        }
        let query = format!("target={target}");
        let done = imported(&server, &admin, &query, "text/csv", file).await;
        assert_eq!(done["status"], "completed", "{target}: {done}");
        let path = format!("/v1/imports/{}/errors", done["id"].as_str().unwrap());
        let errors = admin.send(admin.request("GET", &path)).await.text;
        for unfit in ["\\u0000", "\\u001b", "\u{202e}"] {
            assert!(!errors.contains(unfit) && !done.to_string().contains(unfit), "{errors}");
        }
        if target == "customers" {
            assert_eq!(figures(&done), [2, 0, 0, 2], "{done}");
        }
    }
}
