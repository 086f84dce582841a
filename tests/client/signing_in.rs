//! Signing in, being remembered, and being forgotten.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::desk::{Desk, fed, mode};
use crate::support::PASSWORD;
use crate::support::proxy::Proxy;
use crate::support::running::{ADMIN, signed_in};

#[actix_web::test]
async fn a_person_signs_in_is_remembered_and_signs_out() {
    let desk = Desk::bare().await;
    desk.run(&["whoami"])
        .code(3)
        .says("Nobody is signed in")
        .says("touchbase login");
    let url = desk.running.url.clone();
    let wrong = desk.run_with(&["login", "--server", &url], format!("{ADMIN}\nwrong password\n"));
    wrong.code(3).says("E-mail or password is wrong");
    assert!(!desk.profile("default").exists());
    desk.run(&["login", "--server", &url]).code(2).says("standard input");

    let login = desk
        .login(&["--server", &url])
        .good()
        .says("Anna <anna@northwind.test>, admin of Northwind Traders");
    assert!(!format!("{login:?}").contains(PASSWORD));
    assert_eq!(mode(&desk.profile("default")), 0o600);
    assert_eq!(mode(desk.profile("default").parent().unwrap()), 0o700);
    desk.run(&["whoami"])
        .good()
        .says(&format!("admin of Northwind Traders at {url}"));
    let me = desk.run(&["whoami", "--json"]).good().json();
    assert_eq!(
        (me["kind"].as_str(), me["role"].as_str()),
        (Some("user"), Some("admin"))
    );

    let token = token(&desk, "default");
    desk.run(&["logout"]).good().says("Signed out");
    assert!(!desk.profile("default").exists());
    desk.run(&["logout", "--json"]).good().says("\"session_ended\":false");
    assert_eq!(
        desk.run(&["whoami", "--json"]).code(3).problem()["code"],
        "not_signed_in"
    );
    let mut left = signed_in(&url).await;
    left.token = Some(token);
    left.get("/v1/me").await.problem(401);
}

fn token(desk: &Desk, profile: &str) -> String {
    read(desk, profile)["access_token"].as_str().unwrap().to_owned()
}

fn read(desk: &Desk, profile: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(desk.profile(profile)).unwrap()).unwrap()
}

/// As if ten minutes had passed.
fn expire(desk: &Desk) {
    let mut profile = read(desk, "default");
    profile["access_expires_at"] = json!("2020-01-01T00:00:00Z");
    std::fs::write(desk.profile("default"), profile.to_string()).unwrap();
}

#[actix_web::test]
async fn whoever_guesses_is_told_to_wait_and_not_kept_waiting() {
    let desk = Desk::bare().await;
    let login = ["login", "--server", &desk.running.url, "--email", ADMIN];
    for _ in 0..10 {
        desk.run_with(&login, "a wrong password\n").code(3);
    }
    desk.run_with(&login, PASSWORD).code(5).says("The server asks to wait");
}

#[actix_web::test]
async fn profiles_have_names_and_a_key_of_the_environment_wins() {
    let desk = Desk::signed_in().await;
    let url = desk.running.url.as_str();
    let key = json!({"name": "Nightly", "role": "viewer"});
    let key = signed_in(url).await.post("/v1/api-keys", key).await.expect(201);
    let secret = key["secret"].as_str().unwrap();

    let login = ["login", "--api-key", "--profile", "nightly", "--server", url];
    desk.run_with(&login, "tb_nonsense\n").code(3);
    desk.run_with(&login, format!("{secret}\n"))
        .good()
        .says("the API key Nightly, viewer");
    assert_eq!(mode(&desk.profile("nightly")), 0o600);
    desk.run(&["whoami", "--profile", "nightly"]).good().says("viewer of");
    desk.run(&["whoami"]).good().says("admin of");
    let mut chosen = desk.command(&["whoami"]);
    chosen.env("TOUCHBASE_PROFILE", "nightly");
    fed(chosen, "").good().says("viewer of");

    let mut scripted = desk.command(&["whoami"]);
    scripted
        .env("TOUCHBASE_API_KEY", secret)
        .env("TOUCHBASE_SERVER", url)
        .env("XDG_CONFIG_HOME", "/nowhere");
    fed(scripted, "").good().says("viewer of");
    let mut scripted = desk.command(&["whoami"]);
    scripted.env("TOUCHBASE_API_KEY", secret);
    fed(scripted, "").good().says("viewer of");

    // What opens one door is not shown at another.
    let elsewhere = Proxy::before(&[url]);
    desk.run(&["whoami", "--server", &elsewhere.url]).code(3).says("not at");
    assert_eq!(elsewhere.seen("GET"), 0);
    desk.run(&["whoami", "--profile", "../default"]).code(2);

    // Only forgotten: an admin revokes it.
    desk.run(&["logout", "--profile", "nightly"]).good();
    assert!(!desk.profile("nightly").exists() && desk.profile("default").exists());
}

#[actix_web::test]
async fn a_profile_that_others_can_read_is_refused() {
    let desk = Desk::signed_in().await;
    let path = desk.profile("default");
    for open in [0o640, 0o604, 0o620] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(open)).unwrap();
        desk.run(&["whoami"])
            .code(3)
            .says(&format!("chmod 600 {}", path.display()));
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    desk.run(&["whoami"]).good();
    std::fs::write(&path, "{\"server\": ").unwrap();
    desk.run(&["whoami"]).code(3).says("touchbase login");
}

#[actix_web::test]
async fn a_session_goes_on_for_many_processes_at_once() {
    let desk = Desk::signed_in().await;
    let before = read(&desk, "default");
    expire(&desk);
    let all: Vec<_> = (0..8)
        .map(|_| {
            desk.command(&["whoami"])
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut one in all {
        assert!(one.wait().unwrap().success());
    }
    let after = read(&desk, "default");
    assert_ne!(before["refresh_token"], after["refresh_token"]);
    assert_eq!(mode(&desk.profile("default")), 0o600);
    expire(&desk);
    desk.run(&["whoami"]).good();
    let left = std::fs::read_dir(desk.profile("default").parent().unwrap())
        .unwrap()
        .count();
    assert_eq!(left, 2, "the profile and its lock");
}

#[actix_web::test]
async fn a_lost_answer_does_not_sign_anybody_out() {
    let desk = Desk::bare().await;
    let proxy = Proxy::before(&[&desk.running.url]);
    desk.login(&["--server", &proxy.url]).good();
    expire(&desk);
    proxy.cut("POST /v1/auth/refresh", 0, 2);
    desk.run(&["whoami"]).good();
    assert_eq!(proxy.seen("POST /v1/auth/refresh"), 3);
    expire(&desk);
    desk.run(&["whoami"]).good();
    // A session that was ended elsewhere.
    signed_in(&desk.running.url)
        .await
        .post("/v1/auth/logout", json!({"everywhere": true}))
        .await
        .expect(204);
    desk.run(&["whoami"]).code(3).says("is over");
    desk.run(&["logout"]).good();
}
