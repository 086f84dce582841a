//! The program as it is run: its commands, what they print, how they exit.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

use serde_json::json;
use touchbase::db::Db;

use crate::support::{Client, Database, http};

fn touchbase(database: &Database) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchbase"));
    command
        .env("TOUCHBASE_DATABASE_URL", &database.url)
        .env("TOUCHBASE_LOG", "error");
    command
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn create_admin(database: &Database, email: &str, password: &str) -> Output {
    let mut child = touchbase(database)
        .args([
            "admin",
            "create",
            "--organization",
            "Northwind Traders",
            "--email",
            email,
        ])
        .args(["--name", "Anna", "--password-stdin", "--time-zone", "Europe/Berlin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
    child.wait_with_output().unwrap()
}

#[actix_web::test]
async fn an_installation_is_set_up_from_the_command_line() {
    let database = Database::new().await;
    let mut migrate = touchbase(&database);
    // As compose files write what is not set.
    for name in [
        "WEBHOOK_ALLOW",
        "METRICS_LISTEN",
        "BODY_LIMIT",
        "SMTP_URL",
        "CORS_ORIGINS",
        "LOG_JSON",
    ] {
        migrate.env(format!("TOUCHBASE_{name}"), "");
    }
    let migrated = migrate.arg("migrate").output().unwrap();
    assert!(migrated.status.success(), "{}", text(&migrated));

    for (email, password) in [
        ("anna@northwind.test", "short"),
        ("nonsense", "long enough for anybody"),
    ] {
        let refused = create_admin(&database, email, password);
        assert!(!refused.status.success(), "{}", text(&refused));
        assert!(text(&refused).starts_with("touchbase: "), "{}", text(&refused));
    }
    let made = create_admin(&database, "Anna@Northwind.test", "long enough for anybody");
    assert!(made.status.success(), "{}", text(&made));
    let again = create_admin(&database, "anna@northwind.test", "long enough for anybody");
    assert!(
        !again.status.success() && text(&again).contains("already"),
        "{}",
        text(&again)
    );
    let rotated = touchbase(&database).args(["keys", "rotate"]).output().unwrap();
    assert!(rotated.status.success(), "{}", text(&rotated));

    let mut serving = touchbase(&database)
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--metrics-listen",
            "127.0.0.1:0",
            "--log-json",
        ])
        .env("TOUCHBASE_LOG", "info")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(serving.stderr.take().unwrap()).lines();
    let mut address = |message: &str| {
        lines
            .by_ref()
            .map_while(Result::ok)
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(&line).ok())
            .find(|line| line["message"] == message)
            .map(|line| line["address"].as_str().unwrap().to_owned())
            .unwrap()
    };
    let (api, metrics) = (address("serving"), address("serving metrics"));
    let client = Client {
        http: http(),
        url: format!("http://{api}"),
        token: None,
        user: None,
    };
    let login = json!({"email": "anna@northwind.test", "password": "long enough for anybody"});
    let session = client.post("/v1/auth/login", login).await.expect(200);
    assert_eq!(session["user"]["role"], "admin");
    client.get("/metrics").await.problem(404);
    let figures = Client {
        url: format!("http://{metrics}"),
        ..client.clone()
    };
    let figures = figures.get("/metrics").await;
    assert!(
        figures.text.contains("http_request_duration_seconds"),
        "{}",
        figures.text
    );

    let healthy = touchbase(&database)
        .arg("health")
        .env("TOUCHBASE_LISTEN", &api)
        .output()
        .unwrap();
    assert!(healthy.status.success(), "{}", text(&healthy));
    serving.kill().unwrap();
    serving.wait().unwrap();
    let gone = touchbase(&database)
        .arg("health")
        .env("TOUCHBASE_LISTEN", &api)
        .output()
        .unwrap();
    assert!(
        !gone.status.success() && text(&gone).contains("Nothing answers"),
        "{}",
        text(&gone)
    );
    drop(Db::open(&database.url, 1).await.unwrap());
}

#[actix_web::test]
async fn the_document_is_printed_and_compared() {
    let database = Database::new().await;
    let printed = touchbase(&database).arg("openapi").output().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, &printed.stdout).unwrap();
    let same = touchbase(&database)
        .args(["openapi", "--check"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(same.status.success(), "{}", text(&same));
    std::fs::write(&file, "{}\n").unwrap();
    let other = touchbase(&database)
        .args(["openapi", "--check"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(
        !other.status.success() && text(&other).contains("line 1"),
        "{}",
        text(&other)
    );
    let missing = touchbase(&database)
        .args(["openapi", "--check", "/nowhere.json"])
        .output()
        .unwrap();
    assert!(!missing.status.success(), "{}", text(&missing));
}
