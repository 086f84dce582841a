//! Files in the background: taken in as they arrive, worked off in portions, each row once, and told of.

mod arriving;
mod back_and_forth;
mod begun_again;
mod kept;
mod targets;
mod undone;

use serde_json::{Value, json};
use touchbase::access::{Permission, Role};
use touchbase::db::Sqls;
use touchbase::workers;

use crate::support::{Client, Reply, Server};

/// Sends a file to be imported in the background.
pub async fn send(client: &Client, key: &str, query: &str, kind: &str, file: impl Into<reqwest::Body>) -> Reply {
    let request = client
        .request("POST", &format!("/v1/imports?{query}"))
        .header("idempotency-key", key)
        .header("content-type", kind);
    client.send(request.body(file)).await
}

/// So many customers.
pub fn customers(count: usize) -> String {
    let mut file = String::from("external_id,name,city,tags\n");
    for at in 0..count {
        file.push_str(&format!("C-{at},Customer {at},Ulm,\"a;b\"\n"));
    }
    file
}

/// Imports a file to its end.
pub async fn imported(
    server: &Server,
    client: &Client,
    query: &str,
    kind: &str,
    file: impl Into<reqwest::Body>,
) -> Value {
    let key = format!("{:x}", rand::random::<u128>());
    let import = send(client, &key, query, kind, file).await.expect(202);
    workers::settle(&server.app).await.unwrap();
    read(client, &import).await
}

pub async fn read(client: &Client, import: &Value) -> Value {
    let path = format!("/v1/imports/{}", import["id"].as_str().unwrap());
    client.get(&path).await.expect(200)
}

/// Created, updated, unchanged, failed.
pub fn figures(import: &Value) -> [u64; 4] {
    ["created", "updated", "unchanged", "failed"].map(|name| import["outcome"][name].as_u64().unwrap())
}

pub async fn total(client: &Client, list: &str) -> u64 {
    let page = client.get(&format!("/v1/{list}?limit=1&include_total=true")).await;
    page.expect(200)["total"].as_u64().unwrap()
}

async fn rows_of(server: &Server, table: &str) -> i64 {
    let (count,): (i64,) = server
        .app
        .read()
        .sql(format!("SELECT COUNT(*) FROM {table}"))
        .one()
        .await
        .unwrap();
    count
}

#[actix_web::test]
async fn a_file_is_imported_in_the_background_and_tells_how_far_it_has_come() {
    let server = Server::start().await;
    let manager = server.manager();
    let file = customers(4_500);
    let bytes = file.len();
    let reply = send(&manager, "k", "target=customers", "text/csv", file).await;
    let location = reply.header("location");
    let import = reply.expect(202);
    assert_eq!(location, format!("/v1/jobs/{}", import["id"].as_str().unwrap()));
    assert_eq!(
        [
            "status",
            "target",
            "format",
            "total_bytes",
            "total_rows",
            "outcome",
            "created_by"
        ]
        .map(|name| import[name].clone()),
        [
            json!("queued"),
            json!("customers"),
            json!("csv"),
            json!(bytes),
            json!(null),
            json!(null),
            json!(manager.id())
        ]
    );
    assert_eq!(total(&manager, "customers").await, 0);
    workers::settle(&server.app).await.unwrap();
    let job = manager.get(&location).await.expect(200);
    assert_eq!(
        [
            "status",
            "processed_bytes",
            "total_bytes",
            "processed_rows",
            "total_rows",
            "estimated_end_at"
        ]
        .map(|name| job[name].clone()),
        [
            json!("completed"),
            json!(bytes),
            json!(bytes),
            json!(4500),
            json!(4500),
            json!(null)
        ]
    );
    let done = read(&manager, &import).await;
    assert_eq!(figures(&done), [4500, 0, 0, 0], "{done}");
    assert_eq!(total(&manager, "customers").await, 4500);
    assert_eq!(rows_of(&server, "import_chunks").await, 0, "the bytes are gone");
    // Who did it stands beside each row, as if they had done it by hand.
    let made = manager.get("/v1/customers?external_id=C-4321").await.expect(200)["data"][0].clone();
    let path = format!("/v1/audit-log?record_id={}", made["id"].as_str().unwrap());
    let entry = manager.get(&path).await.expect(200)["data"][0].clone();
    assert_eq!(
        (entry["actor_id"].clone(), entry["verb"].clone()),
        (json!(manager.id()), json!("created"))
    );
    // The same file again says what is known already.
    let again = imported(&server, &manager, "target=customers", "text/csv", customers(4_500)).await;
    assert_eq!(figures(&again), [0, 0, 4500, 0]);
    let list = manager.get("/v1/imports?status_in=completed").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn every_fault_of_a_file_is_told() {
    let server = Server::start().await;
    let manager = server.manager();
    let rows: String = (0..2_500).map(|at| format!("C-{at},Company {at},12\n")).collect();
    let file = format!("external_id,name,annual_billing\n{rows}");
    let done = imported(&server, &manager, "target=customers", "text/csv", file).await;
    assert_eq!(figures(&done), [0, 0, 0, 2_500], "{done}");
    assert_eq!(done["outcome"]["errors"], 2_500);
    let path = format!("/v1/imports/{}/errors", done["id"].as_str().unwrap());
    let told = manager
        .send(manager.request("GET", &path).header("accept", "application/x-ndjson"))
        .await;
    let lines: Vec<i64> = told
        .text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["line"].as_i64().unwrap())
        .collect();
    assert_eq!(lines, (2..2_502).collect::<Vec<_>>());
}

#[actix_web::test]
async fn json_lines_are_imported_as_an_export_writes_them() {
    let server = Server::start().await;
    let manager = server.manager();
    let file = "{\"external_id\": \"1\", \"name\": \"=One\", \"tags\": [\"a\", \"+b\"], \"annual_billing\": {\"amount_minor\": 5, \"currency\": \"EUR\"}, \"custom_fields\": {\"x\": \"y\"}}\n\n[1]\n{\"external_id\": \"2\"}\n";
    let done = imported(&server, &manager, "target=customers", "application/x-ndjson", file).await;
    assert_eq!(figures(&done), [1, 0, 0, 2], "{done}");
    let one = manager.get("/v1/customers?external_id=1").await.expect(200)["data"][0].clone();
    assert_eq!(
        ["name", "tags", "annual_billing", "custom_fields"].map(|name| one[name].clone()),
        [
            json!("=One"),
            json!(["a", "+b"]),
            json!({"amount_minor": 5, "currency": "EUR"}),
            json!({"x": "y"})
        ]
    );
    // What goes out as NDJSON comes back as nothing new.
    let request = manager
        .request("GET", "/v1/customers")
        .header("accept", "application/x-ndjson");
    let exported = manager.send(request).await.text;
    let back = imported(&server, &manager, "target=customers", "application/x-ndjson", exported).await;
    assert_eq!(figures(&back), [0, 0, 1, 0], "{back}");
}

#[actix_web::test]
async fn errors_are_told_by_line_as_pages_csv_and_json_lines() {
    let server = Server::start().await;
    let manager = server.manager();
    let mut file = customers(2_100);
    file.push_str("X-1,,Ulm,\nX-2,Two,Ulm,a,b,c\nC-7,Customer 7,Bonn,\n");
    let done = imported(&server, &manager, "target=customers", "text/csv", file).await;
    assert_eq!(figures(&done), [2100, 1, 0, 2], "{done}");
    let path = format!("/v1/imports/{}/errors", done["id"].as_str().unwrap());
    let page = manager.get(&path).await.expect(200);
    let told: Vec<_> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["line"].as_u64().unwrap(), f["code"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [(2102, "required"), (2103, "too_many_cells"), (2104, "repeated")]);
    let errors = manager
        .get(&format!("{path}?severity_in=error&limit=1"))
        .await
        .expect(200);
    assert_eq!(
        (errors["data"][0]["column"].clone(), errors["has_more"].clone()),
        (json!("name"), json!(true))
    );
    for (accept, lines) in [("text/csv", 4), ("application/x-ndjson", 3)] {
        let text = manager
            .send(manager.request("GET", &path).header("accept", accept))
            .await
            .text;
        assert_eq!(text.lines().count(), lines, "{text}");
    }
    assert_eq!(server.viewer().get(&path).await.problem(403), "insufficient_permission");
    let other = server.another_organization().await;
    assert_eq!(other.get(&path).await.problem(404), "not_found");
}

#[actix_web::test]
async fn a_dry_run_writes_nothing() {
    let server = Server::start().await;
    let manager = server.manager();
    let done = imported(
        &server,
        &manager,
        "target=customers&dry_run=true",
        "text/csv",
        customers(2_500),
    )
    .await;
    assert_eq!(figures(&done), [2500, 0, 0, 0]);
    assert_eq!(
        (done["dry_run"].clone(), done["processed_rows"].clone()),
        (json!(true), json!(2500))
    );
    assert_eq!(total(&manager, "customers").await, 0);
}

#[actix_web::test]
async fn who_may_no_longer_imports_nothing_more() {
    let server = Server::start().await;
    let script = server
        .script(&[Permission::ImportsManage, Permission::CustomersManage])
        .await;
    let users = send(&script, "u", "target=users", "text/csv", "email,name\na@x.test,A\n").await;
    assert_eq!(users.problem(403), "insufficient_permission");
    let other = server.add("second", Role::Manager).await;
    let import = send(&other, "k", "target=customers", "text/csv", customers(10))
        .await
        .expect(202);
    let by_script = send(&script, "k", "target=customers", "text/csv", customers(10))
        .await
        .expect(202);
    let keys = server.admin().get("/v1/api-keys").await.expect(200);
    let key = format!("/v1/api-keys/{}", keys["data"][0]["id"].as_str().unwrap());
    server.admin().delete(&key).await;
    let path = format!("/v1/users/{}", other.id());
    server
        .admin()
        .patch(&path, json!({"role": "executive"}))
        .await
        .expect(200);
    workers::settle(&server.app).await.unwrap();
    for (import, reason) in [(import, "imports:manage"), (by_script, "revoked")] {
        let failed = read(&server.admin(), &import).await;
        assert_eq!(failed["status"], "failed");
        assert!(failed["error"].as_str().unwrap().contains(reason), "{failed}");
    }
    assert_eq!(total(&server.admin(), "customers").await, 0);
}
