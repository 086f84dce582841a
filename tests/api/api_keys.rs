//! API keys: shown once, narrowed, revoked.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Client, Server};

#[actix_web::test]
async fn a_key_acts_with_its_role_until_it_is_revoked() {
    let server = Server::start().await;
    let admin = server.admin();
    let created = admin
        .post_once("/v1/api-keys", "k-1", json!({"name": "Dashboard", "role": "viewer"}))
        .await;
    let location = created.header("location");
    let created = created.expect(201);
    let secret = created["secret"].as_str().unwrap();
    assert!(secret.starts_with("tb_") && secret.starts_with(created["api_key"]["hint"].as_str().unwrap()));
    assert_eq!(
        location,
        format!("/v1/api-keys/{}", created["api_key"]["id"].as_str().unwrap())
    );

    let key = server.with_key(&created);
    let me = key.get("/v1/me").await.expect(200);
    assert_eq!(
        (&me["kind"], &me["role"], &me["user"]),
        (&json!("api_key"), &json!("viewer"), &Value::Null)
    );
    assert_eq!(me["api_key"]["id"], created["api_key"]["id"]);
    key.get("/v1/customers").await.expect(200);
    key.post("/v1/customers", json!({"name": "X"})).await.problem(403);
    assert_eq!(key.post("/v1/auth/logout", json!({})).await.problem(409), "wrong_state");
    key.patch("/v1/me", json!({"name": "X"})).await.problem(409);

    // The secret stands nowhere: not in a repetition, the list, the record, the journal.
    let repeated = admin
        .post_once("/v1/api-keys", "k-1", json!({"name": "Dashboard", "role": "viewer"}))
        .await;
    assert_eq!(repeated.header("idempotency-replayed"), "true");
    assert!(repeated.clone().expect(201)["secret"].is_null());
    let log = admin.get("/v1/audit-log?kind=api_key").await;
    let list = admin.get("/v1/api-keys?role_in=viewer&revoked=false").await;
    let read = admin.get(&location).await;
    for shown in [&repeated, &log, &list, &read] {
        assert!(
            !shown.text.contains(secret) && !shown.text.contains("secret_hash"),
            "{}",
            shown.text
        );
    }
    // Noted beside the request, which does not wait for it.
    let mut seen = read.body;
    for _ in 0..200 {
        if seen["last_used_at"].is_string() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        seen = admin.get(&location).await.body;
    }
    assert!(seen["last_used_at"].is_string());
    assert_eq!(list.body["data"].as_array().unwrap().len(), 1);

    server.manager().delete(&location).await.problem(403);
    let revoked = admin.delete(&location).await.expect(200);
    assert!(revoked["revoked_at"].is_string());
    key.get("/v1/me").await.problem(401);
    assert_eq!(
        admin.delete(&location).await.expect(200)["revision"],
        revoked["revision"]
    );
    assert_eq!(
        admin.get("/v1/api-keys?revoked=true").await.expect(200)["data"][0]["id"],
        revoked["id"]
    );
}

#[actix_web::test]
async fn a_key_can_do_no_more_than_its_maker() {
    let server = Server::start().await;
    let admin = server.admin();
    let narrowed = admin
        .post(
            "/v1/api-keys",
            json!({"name": "Keys and users", "role": "admin", "permissions": ["api_keys:manage", "users:secure", "users:manage", "customers:read"]}),
        )
        .await
        .expect(201);
    let key = server.with_key(&narrowed);
    let permissions = key.get("/v1/me").await.expect(200)["permissions"].clone();
    assert_eq!(permissions.as_array().unwrap().len(), 4);
    key.get("/v1/customers").await.expect(200);
    key.get("/v1/programs").await.problem(403);

    for (body, code) in [
        (
            json!({"name": "x", "role": "viewer", "permissions": ["customers:manage"]}),
            "invalid_request",
        ),
        (
            json!({"name": "x", "role": "viewer", "permissions": []}),
            "invalid_request",
        ),
        (json!({"name": "x", "role": "king"}), "invalid_request"),
        (
            json!({"name": "x", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"}),
            "invalid_request",
        ),
        (json!({"name": "x", "role": "admin"}), "insufficient_permission"),
        (json!({"name": "x", "role": "viewer"}), "insufficient_permission"),
        (
            json!({"name": "x", "role": "admin", "permissions": ["reports:read"]}),
            "insufficient_permission",
        ),
    ] {
        let reply = key.post("/v1/api-keys", body).await;
        assert_eq!(reply.body["code"], code, "{}", reply.text);
    }
    let less = json!({"name": "x", "role": "viewer", "permissions": ["customers:read"]});
    key.post("/v1/api-keys", less).await.expect(201);

    // Nor does it let in, promote or revive anybody who may more than it.
    let new = json!({"email": "more@northwind.test", "name": "More", "role": "admin"});
    key.post("/v1/users", new).await.problem(403);
    let viewer = format!("/v1/users/{}", server.viewer().id());
    key.patch(&viewer, json!({"role": "admin"})).await.problem(403);
    let own = format!("/v1/users/{}", admin.id());
    key.post(&format!("{own}/password-reset-link"), Value::Null)
        .await
        .problem(403);
    key.patch(&own, json!({"email": "mine@northwind.test"}))
        .await
        .problem(403);
    key.patch(&own, json!({"title": "Director"})).await.expect(200);
}

#[actix_web::test]
async fn a_key_ends_when_it_said_and_typing_errors_do_not_pass() {
    let server = Server::start().await;
    let until = server.app.clock.now().plus(TimeDelta::hours(1));
    let created = server
        .admin()
        .post(
            "/v1/api-keys",
            json!({"name": "Short", "role": "viewer", "expires_at": until}),
        )
        .await
        .expect(201);
    let key = server.with_key(&created);
    key.get("/v1/me").await.expect(200);
    let mut typo = created["secret"].as_str().unwrap().to_owned();
    typo.pop();
    for wrong in [
        typo,
        "tb_".into(),
        format!("{}x", created["secret"].as_str().unwrap()),
        touchbase::access::key::generate(),
    ] {
        let client = Client {
            token: Some(wrong),
            ..server.nobody()
        };
        client.get("/v1/me").await.problem(401);
    }
    server.app.clock.advance(TimeDelta::hours(2));
    key.get("/v1/me").await.problem(401);
}

#[actix_web::test]
async fn the_same_key_made_again_is_the_same_key() {
    let server = Server::start().await;
    let admin = server.admin();
    let id = uuid::Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0001);
    let new = json!({"id": id, "name": "Once", "role": "viewer"});
    assert!(admin.post("/v1/api-keys", new.clone()).await.expect(201)["secret"].is_string());
    assert!(admin.post("/v1/api-keys", new).await.expect(200)["secret"].is_null());
    let other = json!({"id": id, "name": "Other", "role": "viewer"});
    assert_eq!(admin.post("/v1/api-keys", other).await.problem(409), "id_in_use");
}

#[actix_web::test]
async fn the_keys_of_a_leaver_leave_with_them() {
    let server = Server::start().await;
    let leaver = server.add("leaver", touchbase::access::Role::Admin).await;
    let make = async |maker: &Client| {
        let new = json!({"name": "Script", "role": "admin"});
        maker.post("/v1/api-keys", new).await.expect(201)
    };
    let first = make(&leaver).await;
    let second = make(&server.with_key(&first)).await;
    let third = make(&server.with_key(&second)).await;
    let other = make(&server.admin()).await;
    assert_eq!(first["api_key"]["created_by"], leaver.id());
    assert_eq!(second["api_key"]["created_by_key"], first["api_key"]["id"]);
    server.with_key(&third).get("/v1/me").await.expect(200);

    let path = format!("/v1/users/{}/deactivate", leaver.id());
    server.admin().post(&path, Value::Null).await.expect(200);
    for key in [&first, &second, &third] {
        server.with_key(key).get("/v1/me").await.problem(401);
    }
    server.with_key(&other).get("/v1/me").await.expect(200);
    let log = server.admin().get("/v1/audit-log?kind=api_key").await.expect(200);
    let revoked = log["data"].as_array().unwrap().iter();
    assert_eq!(revoked.filter(|entry| entry["verb"] == "revoked").count(), 3);
}

#[actix_web::test]
async fn a_revoked_key_takes_along_what_it_made() {
    let server = Server::start().await;
    let admin = server.admin();
    let new = json!({"name": "Script", "role": "admin"});
    let first = admin.post("/v1/api-keys", new.clone()).await.expect(201);
    let second = server
        .with_key(&first)
        .post("/v1/api-keys", new.clone())
        .await
        .expect(201);
    let third = server.with_key(&second).post("/v1/api-keys", new).await.expect(201);
    let path = format!("/v1/api-keys/{}", second["api_key"]["id"].as_str().unwrap());
    admin.delete(&path).await.expect(200);
    server.with_key(&second).get("/v1/me").await.problem(401);
    server.with_key(&third).get("/v1/me").await.problem(401);
    server.with_key(&first).get("/v1/me").await.expect(200);
}

#[actix_web::test]
async fn a_key_makes_none_that_outlives_it_and_revokes_none_beyond_it() {
    let server = Server::start().await;
    let admin = server.admin();
    let (now, strong) = (server.app.clock.now(), json!({"name": "Strong", "role": "admin"}));
    let soon = now.plus(TimeDelta::hours(1));
    let strong = admin.post("/v1/api-keys", strong).await.expect(201);
    let new = json!({"name": "Short", "role": "admin", "permissions": ["api_keys:manage", "customers:read"], "expires_at": soon});
    let short = admin.post("/v1/api-keys", new).await.expect(201);
    let key = server.with_key(&short);
    for (until, status) in [
        (None, 400),
        (Some(now.plus(TimeDelta::hours(2))), 400),
        (Some(soon), 201),
        (Some(now.plus(TimeDelta::minutes(5))), 201),
    ] {
        let new = json!({"name": "x", "role": "viewer", "permissions": ["customers:read"], "expires_at": until});
        let reply = key.post("/v1/api-keys", new).await;
        assert_eq!(reply.status, status, "{}", reply.text);
        if status == 400 {
            assert_eq!(reply.body["errors"][0]["pointer"], "/expires_at");
        }
    }
    let path = |key: &Value| format!("/v1/api-keys/{}", key["api_key"]["id"].as_str().unwrap());
    assert_eq!(key.delete(&path(&strong)).await.problem(403), "insufficient_permission");
    server.with_key(&strong).get("/v1/me").await.expect(200);
    // Its own end it may bring about.
    key.delete(&path(&short)).await.expect(200);
    key.get("/v1/me").await.problem(401);
}

#[actix_web::test]
async fn a_lowered_role_takes_along_the_keys_that_grant_more() {
    let server = Server::start().await;
    let admin = server.admin();
    let lowered = server.add("lowered", touchbase::access::Role::Admin).await;
    let make = async |maker: &Client, role: &str, only: Value| {
        let new = json!({"name": "Script", "role": role, "permissions": only});
        maker.post("/v1/api-keys", new).await.expect(201)
    };
    let strong = make(&lowered, "admin", Value::Null).await;
    let narrow = make(&lowered, "admin", json!(["customers:read"])).await;
    let weak = make(&lowered, "viewer", Value::Null).await;
    let of_strong = make(&server.with_key(&strong), "viewer", Value::Null).await;
    let other = make(&admin, "admin", Value::Null).await;
    let path = format!("/v1/users/{}", lowered.id());
    // The same role, or more than before, changes nothing.
    admin.patch(&path, json!({"title": "Clerk"})).await.expect(200);
    server.with_key(&strong).get("/v1/me").await.expect(200);
    admin.patch(&path, json!({"role": "manager"})).await.expect(200);
    for key in [&strong, &of_strong] {
        server.with_key(key).get("/v1/me").await.problem(401);
    }
    for key in [&narrow, &weak, &other] {
        server.with_key(key).get("/v1/me").await.expect(200);
    }
    // An import lowers a role just so. A contributor reads no programs, and a viewer's key does.
    let file = "email,role\nlowered@northwind.test,contributor\nviewer@northwind.test,executive\n";
    admin.csv("/v1/users/import", file).await.expect(200);
    server.app.callers.forget();
    server.with_key(&weak).get("/v1/me").await.problem(401);
    server.with_key(&narrow).get("/v1/me").await.expect(200);
}
