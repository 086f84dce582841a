//! Signing in, staying signed in, signing out; passwords and links.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};
use touchbase::access::Role;

use crate::support::{Client, PASSWORD, Reply, Server};

/// A user made over the API, who has accepted their invitation: their session.
pub async fn joined(server: &Server, name: &str, role: Role) -> Value {
    let admin = server.admin();
    let user = admin
        .post(
            "/v1/users",
            json!({"email": format!("{name}@northwind.test"), "name": name, "role": role}),
        )
        .await
        .expect(201);
    let path = format!("/v1/users/{}/invitation", user["id"].as_str().unwrap());
    let link = admin.post(&path, Value::Null).await.expect(200);
    let accepted = json!({"token": link["token"], "password": PASSWORD});
    server
        .nobody()
        .post("/v1/auth/accept-invitation", accepted)
        .await
        .expect(200)
}

/// A client with the session's access token.
pub fn signed_in(server: &Server, session: &Value) -> Client {
    Client {
        token: Some(session["access_token"].as_str().unwrap().to_owned()),
        ..server.nobody()
    }
}

pub async fn login(server: &Server, email: &str, password: &str) -> Reply {
    let body = json!({"email": email, "password": password});
    server.nobody().post("/v1/auth/login", body).await
}

async fn refresh(server: &Server, session: &Value) -> Reply {
    refresh_with(server, session["refresh_token"].as_str().unwrap()).await
}

async fn refresh_with(server: &Server, token: &str) -> Reply {
    let body = json!({"refresh_token": token});
    server.nobody().post("/v1/auth/refresh", body).await
}

#[actix_web::test]
async fn an_invited_user_sets_a_password_and_signs_in() {
    let server = Server::start().await;
    let admin = server.admin();
    let new = json!({"email": "Anna@Northwind.test", "name": "Anna", "role": "executive"});
    let user = admin.post("/v1/users", new).await.expect(201);
    assert_eq!(user["email"], "anna@northwind.test");
    assert!(user["joined_at"].is_null());
    login(&server, "anna@northwind.test", PASSWORD).await.problem(401);

    let path = format!("/v1/users/{}/invitation", user["id"].as_str().unwrap());
    server.manager().post(&path, Value::Null).await.problem(403);
    let stale = admin.post(&path, Value::Null).await.expect(200);
    let link = admin.post(&path, Value::Null).await.expect(200);
    let token = link["token"].as_str().unwrap();
    assert_eq!(
        link["url"],
        format!("{}/accept-invitation#token={token}", server.app.config.public_url)
    );
    let accept = |token: &str, password: &str| {
        let body = json!({"token": token, "password": password});
        async { server.nobody().post("/v1/auth/accept-invitation", body).await }
    };
    // An earlier link has stopped working; a reset is another thing; a weak password is told of, and the link stays good.
    accept(stale["token"].as_str().unwrap(), PASSWORD).await.problem(400);
    let reset = json!({"token": token, "password": PASSWORD});
    server
        .nobody()
        .post("/v1/auth/reset-password", reset)
        .await
        .problem(400);
    let weak = accept(token, "anna@NORTHWIND.test").await;
    assert_eq!(weak.body["errors"][0]["pointer"], "/password", "{}", weak.text);
    let session = accept(token, PASSWORD).await.expect(200);
    accept(token, PASSWORD).await.problem(400);
    assert!(session["user"]["joined_at"].is_string());
    admin.post(&path, Value::Null).await.problem(409);

    let me = signed_in(&server, &session).get("/v1/me").await.expect(200);
    assert_eq!((&me["kind"], &me["role"]), (&json!("user"), &json!("executive")));
    assert_eq!(me["user"]["id"], user["id"]);
    assert_eq!(me["organization"]["slug"], "northwind-traders");
    assert!(
        me["permissions"]
            .as_array()
            .unwrap()
            .contains(&json!("attempts:create"))
    );
    let again = login(&server, "ANNA@northwind.test", PASSWORD).await.expect(200);
    assert_eq!(again["token_type"], "Bearer");
}

#[actix_web::test]
async fn a_refresh_token_works_once_and_a_copied_one_ends_the_session() {
    let server = Server::start().await;
    let first = joined(&server, "rita", Role::Executive).await;
    let second = refresh(&server, &first).await.expect(200);
    signed_in(&server, &second).get("/v1/me").await.expect(200);
    let third = refresh(&server, &second).await.expect(200);
    // The first one again: its successor has been used, so somebody has copied it.
    assert_eq!(refresh(&server, &first).await.problem(401), "unauthenticated");
    refresh(&server, &third).await.problem(401);
    // What the session's access tokens could do is over, too.
    signed_in(&server, &third).get("/v1/me").await.problem(401);
    refresh_with(&server, "never issued").await.problem(401);
}

#[actix_web::test]
async fn a_lost_answer_does_not_sign_a_traveller_out() {
    let server = Server::start().await;
    let first = joined(&server, "tara", Role::Executive).await;
    let lost = refresh(&server, &first).await.expect(200);
    let found = refresh(&server, &first).await.expect(200);
    assert_ne!(lost["refresh_token"], found["refresh_token"]);
    let next = refresh(&server, &found).await.expect(200);
    signed_in(&server, &next).get("/v1/me").await.expect(200);
    // The lost answer turns up after all, in somebody's hands: that is one party too many.
    refresh(&server, &lost).await.problem(401);
    refresh(&server, &next).await.problem(401);
}

#[actix_web::test]
async fn of_fifty_refreshes_at_once_one_session_goes_on() {
    let server = Server::start().await;
    let first = joined(&server, "fifty", Role::Executive).await;
    let all = (0..50).map(|_| refresh(&server, &first));
    let replies = futures_util::future::join_all(all).await;
    // None of the successors has been used, so each request replaces the one before: all are answered …
    let tokens: BTreeSet<String> = replies
        .into_iter()
        .map(|reply| reply.expect(200)["refresh_token"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(tokens.len(), 50);
    // … and exactly one of the successors is good.
    let mut tx = server.app.db.begin().await.unwrap();
    let (good,): (i64,) = touchbase::db::Sqls::sql(
        &mut tx,
        "SELECT COUNT(*) FROM refresh_tokens WHERE used_at IS NULL AND replaced_at IS NULL AND revoked_at IS NULL",
    )
    .one()
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(good, 1);
}

#[actix_web::test]
async fn an_expired_session_is_over() {
    let server = Server::start().await;
    let session = joined(&server, "sleeper", Role::Viewer).await;
    server.app.clock.advance(TimeDelta::minutes(11));
    signed_in(&server, &session).get("/v1/me").await.problem(401);
    let session = refresh(&server, &session).await.expect(200);
    signed_in(&server, &session).get("/v1/me").await.expect(200);
    server.app.clock.advance(TimeDelta::days(61));
    refresh(&server, &session).await.problem(401);
}

#[actix_web::test]
async fn signing_out_ends_this_session_or_all_of_them() {
    let server = Server::start().await;
    let phone = joined(&server, "many", Role::Executive).await;
    let desk = login(&server, "many@northwind.test", PASSWORD).await.expect(200);
    let car = login(&server, "many@northwind.test", PASSWORD).await.expect(200);
    let (phone_client, desk_client) = (signed_in(&server, &phone), signed_in(&server, &desk));
    assert_eq!(
        phone_client
            .send(phone_client.request("POST", "/v1/auth/logout"))
            .await
            .status,
        204
    );
    phone_client.get("/v1/me").await.problem(401);
    refresh(&server, &phone).await.problem(401);
    desk_client.get("/v1/me").await.expect(200);

    let everywhere = json!({"everywhere": true});
    assert_eq!(desk_client.post("/v1/auth/logout", everywhere).await.status, 204);
    for session in [&desk, &car] {
        signed_in(&server, session).get("/v1/me").await.problem(401);
        refresh(&server, session).await.problem(401);
    }
    login(&server, "many@northwind.test", PASSWORD).await.expect(200);
}

#[actix_web::test]
async fn a_changed_password_ends_the_other_sessions() {
    let server = Server::start().await;
    let here = joined(&server, "paula", Role::Manager).await;
    let there = login(&server, "paula@northwind.test", PASSWORD).await.expect(200);
    let client = signed_in(&server, &here);
    let change = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        async { client.post("/v1/auth/password", body).await }
    };
    assert_eq!(
        change("not this one", "a much better one").await.problem(401),
        "wrong_credentials"
    );
    change(PASSWORD, "short").await.problem(400);
    change(PASSWORD, "paula@northwind.test").await.problem(400);
    assert_eq!(change(PASSWORD, "a much better one").await.status, 204);
    client.get("/v1/me").await.expect(200);
    refresh(&server, &here).await.expect(200);
    signed_in(&server, &there).get("/v1/me").await.problem(401);
    refresh(&server, &there).await.problem(401);
    login(&server, "paula@northwind.test", PASSWORD).await.problem(401);
    login(&server, "paula@northwind.test", "a much better one")
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_forgotten_password_is_reset_by_an_admins_link() {
    let server = Server::start().await;
    let session = joined(&server, "fred", Role::Contributor).await;
    let (admin, id) = (server.admin(), session["user"]["id"].as_str().unwrap());
    let ask = |email: &str| {
        let body = json!({"email": email});
        async { server.nobody().post("/v1/auth/password-reset", body).await }
    };
    let (known, unknown) = (ask("fred@northwind.test").await, ask("nobody@northwind.test").await);
    assert_eq!((known.status, unknown.status, &known.text), (202, 202, &unknown.text));
    let mut waiting = Value::Null;
    for _ in 0..100 {
        let list = admin.get("/v1/users?password_reset_requested=true").await.expect(200);
        waiting = list["data"][0]["id"].clone();
        if waiting.is_string() {
            break;
        }
        actix_web::rt::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(waiting, id);

    let path = format!("/v1/users/{id}/password-reset-link");
    let link = admin.post_once(&path, "r-1", Value::Null).await.expect(200);
    let body = json!({"token": link["token"], "password": "remembered for good"});
    let fresh = server
        .nobody()
        .post("/v1/auth/reset-password", body.clone())
        .await
        .expect(200);
    server.nobody().post("/v1/auth/reset-password", body).await.problem(400);
    signed_in(&server, &fresh).get("/v1/me").await.expect(200);
    signed_in(&server, &session).get("/v1/me").await.problem(401);
    refresh(&server, &session).await.problem(401);
    login(&server, "fred@northwind.test", PASSWORD).await.problem(401);
    let list = admin.get("/v1/users?password_reset_requested=true").await.expect(200);
    assert_eq!(list["data"], json!([]));

    // A link that nobody used in time.
    let late = admin.post(&path, Value::Null).await.expect(200);
    server.app.clock.advance(TimeDelta::hours(25));
    let body = json!({"token": late["token"], "password": "remembered too late"});
    server.nobody().post("/v1/auth/reset-password", body).await.problem(400);
}

#[actix_web::test]
async fn a_link_does_not_outlive_the_address_or_role_it_was_made_for() {
    let server = Server::start().await;
    let admin = server.admin();
    let session = joined(&server, "mover", Role::Viewer).await;
    let path = format!("/v1/users/{}", session["user"]["id"].as_str().unwrap());
    let client = signed_in(&server, &session);
    for (change, goes_on) in [
        (json!({"title": "Head of moving"}), true),
        (json!({"role": "manager"}), true),
        (json!({"email": "moved@northwind.test"}), false),
    ] {
        let link = admin
            .post(&format!("{path}/password-reset-link"), Value::Null)
            .await
            .expect(200);
        admin.patch(&path, change.clone()).await.expect(200);
        assert_eq!(client.get("/v1/me").await.status == 200, goes_on, "{change}");
        if change["title"].is_null() {
            let body = json!({"token": link["token"], "password": "remembered for good"});
            server.nobody().post("/v1/auth/reset-password", body).await.problem(400);
        }
    }
    refresh(&server, &session).await.problem(401);
    login(&server, "moved@northwind.test", PASSWORD).await.expect(200);

    // An invitation, too; and by import.
    let new = json!({"email": "late@northwind.test", "name": "Late", "role": "viewer"});
    let late = admin.post("/v1/users", new).await.expect(201);
    let path = format!("/v1/users/{}", late["id"].as_str().unwrap());
    let spent = async |link: Value| {
        let body = json!({"token": link["token"], "password": PASSWORD});
        server
            .nobody()
            .post("/v1/auth/accept-invitation", body)
            .await
            .problem(400);
    };
    let link = admin.post(&format!("{path}/invitation"), Value::Null).await.expect(200);
    admin.patch(&path, json!({"role": "manager"})).await.expect(200);
    spent(link).await;
    let link = admin.post(&format!("{path}/invitation"), Value::Null).await.expect(200);
    let file = "email,role\nlate@northwind.test,admin\n";
    admin.csv("/v1/users/import", file).await.expect(200);
    spent(link).await;
}

#[actix_web::test]
async fn nothing_that_is_kept_of_a_request_lets_its_password_be_guessed() {
    let server = Server::start().await;
    let session = joined(&server, "keeper", Role::Viewer).await;
    let body = json!({"current_password": PASSWORD, "new_password": "a walk in the rain"});
    let changed = signed_in(&server, &session)
        .post_once("/v1/auth/password", "p-1", body.clone())
        .await;
    assert_eq!(changed.status, 204);
    let (kept,): (Vec<u8>,) = touchbase::db::Sqls::sql(
        &mut server.app.read(),
        "SELECT fingerprint FROM idempotency_records WHERE status = 204",
    )
    .one()
    .await
    .unwrap();
    // Whoever reads the table cannot tell a right word from a wrong one without the installation's secret.
    let mut plain = vec![0];
    plain.extend_from_slice(body.to_string().as_bytes());
    assert_eq!(kept.len(), 32);
    assert_ne!(kept, <sha2::Sha256 as sha2::Digest>::digest(&plain).to_vec());
    // The key still knows its own body from another.
    let client = signed_in(&server, &session);
    assert_eq!(client.post_once("/v1/auth/password", "p-1", body).await.status, 204);
    let other = json!({"current_password": PASSWORD, "new_password": "a walk in the snow"});
    client.post_once("/v1/auth/password", "p-1", other).await.problem(422);
}

#[actix_web::test]
async fn what_lets_a_user_in_or_out_is_in_the_audit_log() {
    let server = Server::start().await;
    let admin = server.admin();
    let session = joined(&server, "logged", Role::Viewer).await;
    let id = session["user"]["id"].as_str().unwrap();
    let link = format!("/v1/users/{id}/password-reset-link");
    admin.post(&link, Value::Null).await.expect(200);
    // Once more, without anybody having asked.
    admin.post(&link, Value::Null).await.expect(200);
    let user = signed_in(&server, &session);
    let passwords = json!({"current_password": PASSWORD, "new_password": "another horse battery"});
    assert_eq!(user.post("/v1/auth/password", passwords).await.status, 204);
    let everywhere = json!({"everywhere": true});
    assert_eq!(user.post("/v1/auth/logout", everywhere).await.status, 204);
    let log = admin
        .get(&format!("/v1/audit-log?record_id={id}&sort=revision"))
        .await
        .expect(200);
    let entries = log["data"].as_array().unwrap().iter();
    let verbs: Vec<_> = entries.map(|entry| entry["verb"].as_str().unwrap()).collect();
    let told = [
        "created",
        "invited",
        "joined",
        "password_reset_offered",
        "password_reset_offered",
        "password_changed",
        "signed_out",
    ];
    assert_eq!(verbs, told);
    for secret in ["password_hash", "token", "battery"] {
        assert!(!log.to_string().contains(secret), "{secret}");
    }
}
