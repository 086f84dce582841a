//! Directus, from npm, on SQLite.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{Asks, Peer, Process, fill, flat, free_address, ready, run_to_end};
use crate::http::{Connection, post};
use crate::{Outcome, Run};

const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "correct-horse-battery";

fn many(token: &str, customers: &[Value]) -> Vec<u8> {
    post("/items/customers", token, "", &json!(customers))
}

fn ids(answer: &Value) -> Vec<String> {
    let made = answer["data"].as_array().into_iter().flatten();
    made.map(|one| one["id"].to_string()).collect()
}

/// Installs it where it is missing, and fills it.
pub async fn start(run: &Run, tools: &Path) -> Outcome<(Peer, Process)> {
    let folder = tools.join("node");
    let program = folder.join("node_modules/.bin/directus");
    if !program.exists() {
        std::fs::create_dir_all(&folder)?;
        run_to_end(
            Command::new("npm")
                .args([
                    "install",
                    "--no-audit",
                    "--no-fund",
                    "--silent",
                    "directus@11",
                    "sqlite3@5",
                ])
                .current_dir(&folder),
        )?;
    }
    let address = free_address()?;
    let (host, port) = address.split_once(':').ok_or("no port")?;
    let file = run.folder.join("directus.db");
    let directus = |argument: &str| {
        let mut command = Command::new(&program);
        command
            .arg(argument)
            .current_dir(&run.folder)
            .env("DB_CLIENT", "sqlite3")
            .env("DB_FILENAME", &file)
            .env("SECRET", "nobody else sees this database")
            .env("ADMIN_EMAIL", EMAIL)
            .env("ADMIN_PASSWORD", PASSWORD)
            .env("HOST", host)
            .env("PORT", port)
            .env("ACCESS_TOKEN_TTL", "1d")
            .env("CACHE_ENABLED", "false")
            .env("RATE_LIMITER_ENABLED", "false")
            .env("PRESSURE_LIMITER_ENABLED", "false")
            .env("TELEMETRY", "false")
            .env("LOG_LEVEL", "error")
            .env("MAX_PAYLOAD_SIZE", "64mb");
        command
    };
    run_to_end(&mut directus("bootstrap"))?;
    let child = directus("start").stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let running = Process(child);
    ready(&address, "/server/ping").await?;
    let mut connection = Connection::open(&address).await?;
    let session = json!({"email": EMAIL, "password": PASSWORD});
    let session = connection.json(&post("/auth/login", "", "", &session), 200).await?;
    let token = session["data"]["access_token"].as_str().ok_or("no token")?.to_owned();
    let mut fields = vec![json!({
        "field": "id", "type": "integer", "schema": {"is_primary_key": true, "has_auto_increment": true},
    })];
    for (name, value) in flat(0).as_object().into_iter().flatten() {
        let kind = match value {
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            _ => "string",
        };
        let indexed = matches!(name.as_str(), "annual_billing" | "external_id");
        let schema = json!({"is_indexed": indexed, "is_unique": name == "external_id"});
        fields.push(json!({"field": name, "type": kind, "schema": schema}));
    }
    let collection = json!({"collection": "customers", "schema": {}, "meta": {}, "fields": fields});
    connection
        .json(&post("/collections", &token, "", &collection), 200)
        .await?;
    let mut peer = Peer {
        name: "Directus".into(),
        address,
        token,
        ids: Vec::new(),
        asks: Asks {
            records: "/items/customers",
            page: "/items/customers?limit=50&filter%5Bdo_not_contact%5D%5B_eq%5D=false&sort=-annual_billing,-name",
            create: ("/items/customers", 200),
            patch_type: "application/json",
            many,
            many_status: 200,
            shape: flat,
        },
    };
    fill(&mut peer, ids).await?;
    Ok((peer, running))
}
