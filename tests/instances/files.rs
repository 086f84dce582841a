//! A file that two instances could import: one does, and where it stops the other goes on.

use std::time::Duration;

use serde_json::{Value, json};

use crate::Pair;

const ROWS: usize = 20_000;

#[actix_web::test]
async fn a_file_is_imported_once_and_taken_back_once() {
    let Some(pair) = Pair::start().await else { return };
    let admin = pair.admin().await;
    let rows: String = (0..ROWS).map(|at| format!("C-{at},Customer {at}\n")).collect();
    let file = format!("external_id,name\n{rows}");
    // The same request at both, as a client sends it whose answer was lost.
    let mut ids = Vec::new();
    for client in pair.each(&admin) {
        let request = client.request("POST", "/v1/imports?target=customers");
        let request = request
            .header("content-type", "text/csv")
            .header("idempotency-key", "file");
        let import = client.send(request.body(file.clone())).await.expect(202);
        ids.push(import["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids[0], ids[1]);
    let import = format!("/v1/imports/{}", ids[0]);
    let ended = async |path: &str| -> Value {
        loop {
            let job = admin.get(path).await.expect(200);
            if job["status"] != "running" && job["status"] != "queued" {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let total = async || admin.get("/v1/customers?limit=1&include_total=true").await.expect(200)["total"].clone();
    let done = ended(&import).await;
    assert_eq!(
        (
            &done["status"],
            &done["outcome"]["created"],
            &done["outcome"]["updated"]
        ),
        (&json!("completed"), &json!(ROWS), &json!(0)),
        "{done}"
    );
    assert_eq!(total().await, ROWS);
    let mut jobs = Vec::new();
    for client in pair.each(&admin) {
        let reply = client.post(&format!("{import}/undo"), json!({})).await;
        jobs.push(reply.header("location"));
        reply.expect(202);
    }
    assert_eq!(jobs[0], jobs[1]);
    assert_eq!(ended(&jobs[0]).await["status"], "completed");
    let back = admin.get(&import).await.expect(200);
    assert_eq!(
        (&back["status"], &back["outcome"]["undone"]["removed"]),
        (&json!("reverted"), &json!(ROWS)),
        "{back}"
    );
    assert_eq!(total().await, 0);
}
