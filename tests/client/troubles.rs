//! What goes wrong, and how a script hears of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::desk::{Desk, fed};
use crate::support::running::{signed_in, touchbase};

/// A server that says what it is told to, an answer after the other and the last one for ever; counts the requests.
fn scripted(answers: Vec<String>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            for line in reader
                .by_ref()
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
            {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            drop(std::io::copy(&mut reader.take(length), &mut std::io::sink()));
            let at = count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            drop(stream.write_all(answers[at].as_bytes()));
            if answers[at].contains("transfer-encoding") {
                // It never ends.
                std::thread::spawn(move || std::io::copy(&mut stream, &mut std::io::sink()));
            }
        }
    });
    (url, asked)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    // What is no page is JSON.
    let headers = match body.starts_with('<') {
        true => format!("{headers}content-type: text/html\r\n"),
        false => format!("{headers}content-type: application/json\r\n"),
    };
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A script with a key, which has no profile.
fn script(url: &str, arguments: &[&str]) -> Command {
    let mut command = touchbase("sqlite:///nowhere.db");
    command
        .args(arguments)
        .env("XDG_CONFIG_HOME", "/nowhere")
        .env("TOUCHBASE_SERVER", url)
        .env("TOUCHBASE_API_KEY", "tb_key");
    command
}

#[test]
fn a_server_that_is_busy_is_waited_for() {
    let problem = |code: &str| json!({"code": code, "detail": "Later.", "title": "Later"}).to_string();
    let me =
        json!({"user": {"name": "Anna", "email": "a@b"}, "role": "admin", "organization": {"name": "N"}}).to_string();
    let (url, asked) = scripted(vec![
        answer("503 Service Unavailable", "retry-after: 1\r\n", &problem("unavailable")),
        answer(
            "429 Too Many Requests",
            "retry-after: 0\r\n",
            &problem("too_many_requests"),
        ),
        answer("409 Conflict", "retry-after: 0\r\n", &problem("request_in_progress")),
        answer("502 Bad Gateway", "", "<html>"),
        answer("503 Service Unavailable", "", "<html>"),
        answer("200 OK", "", &me),
    ]);
    fed(script(&url, &["whoami"]), "").good().says("Anna <a@b>, admin of N");
    assert_eq!(asked.load(Ordering::SeqCst), 6);
    let (url, asked) = scripted(vec![answer(
        "429 Too Many Requests",
        "retry-after: 86400\r\n",
        &problem("too_many_requests"),
    )]);
    fed(script(&url, &["whoami"]), "").code(5).says("86400 seconds");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn what_is_no_touchbase_is_told_so() {
    for (status, headers, code, says) in [
        ("200 OK", "", 1, "not as Touchbase does"),
        ("404 Not Found", "", 1, "not as Touchbase does"),
        ("500 Internal Server Error", "", 5, "answers 500"),
        (
            "301 Moved Permanently",
            "location: http://127.0.0.1:1/\r\n",
            1,
            "its own address",
        ),
    ] {
        let (url, _) = scripted(vec![answer(status, headers, "<html>Hello</html>")]);
        fed(script(&url, &["whoami"]), "").code(code).says(says);
        let problem = fed(script(&url, &["whoami", "--json"]), "").code(code).problem();
        assert_eq!(problem["code"], "not_understood");
        // The API's problems are explained at their addresses; the program's own have none.
        assert_eq!(problem["type"], "about:blank");
    }
    let (url, _) = scripted(vec![answer("200 OK", "", "<html>Sign in to the hotel</html>")]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.csv").display().to_string();
    for command in [
        &["report", "nps"] as &[&str],
        &["report", "nps", "--csv"],
        &["report", "nps", "--json"],
        &["export", "customers"],
        &["export", "customers", "-o", &file],
        &["export", "customers", "--format", "ndjson"],
        &["jobs"],
    ] {
        let ran = fed(script(&url, command), "").code(1).says("not as Touchbase does");
        assert_eq!(ran.out, "");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    fed(script("nonsense", &["whoami"]), "").code(2).says("no address");
    fed(script("ftp://example.com", &["whoami"]), "").code(2);
}

#[test]
fn what_is_almost_touchbase_is_not_taken_for_it() {
    let me = json!({"user": {"name": "Anna\u{1b}]0;owned\u{7}", "email": "a@b"}, "role": "admin", "organization": {"name": "N"}});
    let (url, _) = scripted(vec![answer("200 OK", "", &me.to_string())]);
    let ran = fed(script(&url, &["whoami"]), "").good();
    assert!(ran.out.contains("Anna\u{fffd}]0;owned\u{fffd}"), "{}", ran.out);
    for body in [
        json!({"data": [], "has_more": false}),
        json!({"created": 5, "failed": 0}),
        json!({"created": -1, "failed": 2}),
        json!({"created": 1}),
    ] {
        let (url, _) = scripted(vec![answer("201 Created", "", &body.to_string())]);
        fed(script(&url, &["assign", "-"]), "customer_id,assignee_id\na,b\n")
            .code(1)
            .says("not as Touchbase does");
    }
    for (list, code) in [
        ("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n", 1),
        (
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/csv\r\n\r\nid,name\r\n1,",
            5,
        ),
    ] {
        let (url, _) = scripted(vec![list.to_owned()]);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out.csv").display().to_string();
        fed(script(&url, &["export", "customers", "-o", &file]), "").code(code);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
    for (access, seconds) in [("a\r\nb", 900), ("\u{e4}", 900), ("", 900), ("a", i64::MAX)] {
        let session = json!({"access_token": access, "refresh_token": "r", "expires_in": seconds});
        let (url, _) = scripted(vec![answer("200 OK", "", &session.to_string())]);
        let folder = tempfile::tempdir().unwrap();
        let mut login = script(&url, &["login", "--email", "a@b"]);
        login
            .env_remove("TOUCHBASE_API_KEY")
            .env("XDG_CONFIG_HOME", folder.path());
        fed(login, "password\n").code(1).says("not as Touchbase does");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_server_that_is_away_is_exit_code_five() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}");
    fed(script(&url, &["whoami"]), "").code(5).says("cannot be reached");
    assert_eq!(
        fed(script(&url, &["whoami", "--json"]), "").code(5).problem()["code"],
        "unreachable"
    );
}

#[test]
fn of_a_server_that_goes_away_it_is_told_what_it_has() {
    let id = "01a20655-a6f1-7ac1-8b7e-3f2d6a0b9c11";
    let me = json!({"role": "admin"}).to_string();
    let taken = json!({"id": id, "status": "queued"}).to_string();
    let import = |url: &str| {
        let mut command = script(url, &["import", "customers", "-", "--json"]);
        command.env("TOUCHBASE_PATIENCE", "1");
        fed(command, "external_id,name\nA,Alfreds\n").code(5).problem()
    };
    let (url, _) = scripted(vec![
        answer("200 OK", "", &me),
        answer("202 Accepted", "", &taken),
        String::new(),
    ]);
    let problem = import(&url);
    assert_eq!(
        (&problem["code"], &problem["import_id"]),
        (&json!("unreachable"), &json!(id))
    );
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains(&format!("touchbase job {id} --wait")),
        "{problem}"
    );
    let (url, _) = scripted(vec![answer("200 OK", "", &me), String::new()]);
    let problem = import(&url);
    assert!(
        problem["detail"].as_str().unwrap().contains("Import it again"),
        "{problem}"
    );
}

#[test]
fn a_command_line_that_is_not_understood_is_exit_code_two() {
    let run = |arguments: &[&str]| fed(script("http://127.0.0.1:1", arguments), "");
    run(&["asign", "file.csv"]).code(2).says("assign");
    run(&["assign"]).code(2).says("<FILE>");
    assert_eq!(run(&["assign", "--json"]).code(2).problem()["code"], "usage");
    assert_eq!(
        run(&["export", "customers", "--json"]).code(2).problem()["code"],
        "usage"
    );
    run(&["--help"]).good().says("Exit codes: 0 done");
    for command in [
        "login", "logout", "whoami", "import", "assign", "plan", "export", "report", "jobs", "job", "undo",
    ] {
        run(&[command, "--help"])
            .good()
            .says("Examples:")
            .says(&format!("touchbase {command}"));
    }
    for shell in ["bash", "zsh", "fish"] {
        run(&["completions", shell]).good().says("assign");
    }
}

#[test]
fn an_address_or_a_key_that_can_be_none_is_refused_before_anything_is_asked() {
    let me = json!({"user": null, "api_key": {"name": "Wall"}, "role": "viewer", "organization": {"name": "N"}});
    let (url, asked) = scripted(vec![answer("200 OK", "", &me.to_string())]);
    let rest = url.strip_prefix("http://").unwrap();
    for (server, says) in [
        (format!("http://user:hidden@{rest}"), "a user name or password"),
        (format!("http://user@{rest}"), "a user name or password"),
        (format!("{url}/?a=b"), "a query"),
        (format!("{url}/#part"), "a fragment"),
    ] {
        for command in [
            &["login", "--api-key", "--server", &server] as &[&str],
            &["whoami", "--server", &server],
        ] {
            let refused = fed(script("http://127.0.0.1:1", command), "tb_key\n")
                .code(2)
                .says(says);
            assert!(!format!("{refused:?}").contains("hidden"), "{refused:?}");
        }
        fed(script(&server, &["whoami"]), "").code(2).says(says);
    }
    let with_key = |key: &str| {
        let mut command = script(&url, &["whoami"]);
        command.env("TOUCHBASE_API_KEY", key);
        fed(command, "")
    };
    for key in ["tb_a\ntb_b", "tb_a\r\nx-other: 1", "tb_\u{1}a", "tb_a\tb"] {
        with_key(key).code(2).says("TOUCHBASE_API_KEY holds no API key");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    // As `$(cat key.txt; echo)` and Windows leave it.
    with_key(" tb_a\r\n").good().says("the API key Wall");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[actix_web::test]
async fn who_may_not_is_exit_code_three() {
    let desk = Desk::signed_in().await;
    let key = json!({"name": "Wall", "role": "viewer"});
    let key = signed_in(&desk.running.url)
        .await
        .post("/v1/api-keys", key)
        .await
        .expect(201);
    let secret = key["secret"].as_str().unwrap();
    let as_viewer = |arguments: &[&str]| {
        let mut command = script(&desk.running.url, arguments);
        command.env("TOUCHBASE_API_KEY", secret);
        command
    };
    fed(as_viewer(&["report", "nps"]), "").good();
    let file = "external_id,name\nA,Alfreds\n";
    fed(as_viewer(&["import", "customers", "-"]), file)
        .code(3)
        .says("imports:manage");
    let problem = fed(as_viewer(&["assign", "-", "--json"]), "customer_id\nx\n")
        .code(3)
        .problem();
    assert_eq!(problem["code"], "insufficient_permission");
    let said = format!("{:?}", fed(as_viewer(&["jobs"]), "").code(3));
    assert!(!said.contains(secret));
}

#[test]
fn ctrl_c_leaves_nothing_half_written() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n5\r\nid,na\r\n";
    let (url, asked) = scripted(vec![head.to_owned()]);
    let folder = tempfile::tempdir().unwrap();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let before = asked.load(Ordering::SeqCst);
        let mut command = script(&url, &["export", "customers", "-o", "out.csv", "--json"]);
        let mut child = command
            .current_dir(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Until something of the answer is in the file.
        while asked.load(Ordering::SeqCst) == before || written(folder.path()) == 0 {
            std::thread::yield_now();
        }
        let killed = Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        assert_eq!(child.wait().unwrap().code(), Some(code));
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let problem: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(problem["code"], "interrupted");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

fn written(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .sum()
}
