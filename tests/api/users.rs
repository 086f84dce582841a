//! Users, one's own profile, the organization.

use serde_json::{Value, json};
use touchbase::access::Role;

use crate::sessions::{joined, signed_in};
use crate::support::Server;

#[actix_web::test]
async fn users_are_found_filtered_and_sorted() {
    let server = Server::start().await;
    let admin = server.admin();
    let boss = admin
        .post(
            "/v1/users",
            json!({"email": "margaret@northwind.test", "name": "Margaret Peacock", "role": "executive", "department": "Sales"}),
        )
        .await
        .expect(201);
    let report = json!({"email": "janet@northwind.test", "name": "Janet Léverling", "role": "contributor", "manager_id": boss["id"]});
    let janet = admin.post("/v1/users", report).await.expect(201);
    let names = |query: String| {
        let viewer = server.viewer();
        async move {
            let page = viewer.get(&format!("/v1/users?{query}")).await.expect(200);
            let names = page["data"].as_array().unwrap().iter();
            names
                .map(|user| user["name"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(names("q=leverling".into()).await, ["Janet Léverling"]);
    assert_eq!(names("q=margaret%20north".into()).await, ["Margaret Peacock"]);
    assert_eq!(names("email=JANET@northwind.test".into()).await, ["Janet Léverling"]);
    assert_eq!(
        names("role_in=executive,admin&sort=email".into()).await,
        ["The admin", "The executive", "Margaret Peacock"]
    );
    assert_eq!(names("department=Sales".into()).await, ["Margaret Peacock"]);
    let manager = boss["id"].as_str().unwrap();
    assert_eq!(names(format!("manager_id={manager}")).await, ["Janet Léverling"]);
    assert_eq!(names("active=false".into()).await, Vec::<String>::new());
    let since = janet["updated_at"].as_str().unwrap();
    assert_eq!(names(format!("updated_at_gte={since}")).await, ["Janet Léverling"]);
    assert_eq!(names("sort=-created_at&limit=1".into()).await, ["Janet Léverling"]);
    server.viewer().get("/v1/users?role_in=king").await.problem(400);
    server.viewer().get("/v1/users?sort=phone").await.problem(400);
}

#[actix_web::test]
async fn a_manager_edits_profiles_and_an_admin_roles() {
    let server = Server::start().await;
    let (admin, manager) = (server.admin(), server.manager());
    let path = format!("/v1/users/{}", server.executive().id());
    let changed = manager
        .patch(&path, json!({"title": "Vice-president", "time_zone": "Asia/Tokyo"}))
        .await
        .expect(200);
    assert_eq!(
        (&changed["title"], &changed["time_zone"]),
        (&json!("Vice-president"), &json!("Asia/Tokyo"))
    );
    for secure in [json!({"role": "manager"}), json!({"email": "new@northwind.test"})] {
        assert_eq!(
            manager.patch(&path, secure).await.problem(403),
            "insufficient_permission"
        );
    }
    // What is asked holds already: nothing is changed, so nothing more is needed.
    manager.patch(&path, json!({"role": "executive"})).await.expect(200);
    admin.patch(&path, json!({"role": "manager"})).await.expect(200);
    server.executive().get("/v1/audit-log").await.expect(200);

    let own = format!("/v1/users/{}", admin.id());
    assert_eq!(
        admin.patch(&own, json!({"role": "viewer"})).await.problem(403),
        "not_yours"
    );
    for (wrong, pointer) in [
        (json!({"time_zone": "Mars/Olympus"}), "/time_zone"),
        (json!({"manager_id": uuid::Uuid::nil()}), "/manager_id"),
        (json!({"manager_id": server.executive().id()}), "/manager_id"),
        (json!({"email": "not an address"}), "/email"),
    ] {
        let reply = admin.patch(&path, wrong).await;
        assert_eq!(reply.body["errors"][0]["pointer"], pointer, "{}", reply.text);
    }
    let other = server.another_organization().await;
    admin.patch(&path, json!({"manager_id": other.id()})).await.problem(400);
    let taken = admin.patch(&path, json!({"email": "Viewer@northwind.test"})).await;
    assert_eq!(taken.problem(409), "duplicate");
}

#[actix_web::test]
async fn managers_never_form_a_circle() {
    let server = Server::start().await;
    let admin = server.admin();
    let (top, middle, low) = (server.manager().id(), server.executive().id(), server.viewer().id());
    let set = |who: &str, manager: Option<&str>| {
        let (path, body) = (format!("/v1/users/{who}"), json!({"manager_id": manager}));
        let admin = admin.clone();
        async move { admin.patch(&path, body).await }
    };
    set(&middle, Some(&top)).await.expect(200);
    set(&low, Some(&middle)).await.expect(200);
    set(&top, Some(&low)).await.problem(400);
    set(&top, Some(&top)).await.problem(400);
    set(&middle, None).await.expect(200);
    set(&top, Some(&low)).await.expect(200);
}

#[actix_web::test]
async fn a_leaver_is_out_at_once_and_an_admin_remains() {
    let server = Server::start().await;
    let admin = server.admin();
    let session = joined(&server, "leaver", Role::Admin).await;
    let leaver = signed_in(&server, &session);
    let path = format!("/v1/users/{}", session["user"]["id"].as_str().unwrap());
    leaver.get("/v1/me").await.expect(200);
    server
        .manager()
        .post(&format!("{path}/deactivate"), Value::Null)
        .await
        .problem(403);
    let left = admin.post(&format!("{path}/deactivate"), Value::Null).await.expect(200);
    assert_eq!(left["active"], false);
    leaver.get("/v1/me").await.problem(401);
    let refresh = json!({"refresh_token": session["refresh_token"]});
    server
        .nobody()
        .post("/v1/auth/refresh", refresh.clone())
        .await
        .problem(401);
    let login = json!({"email": "leaver@northwind.test", "password": crate::support::PASSWORD});
    server.nobody().post("/v1/auth/login", login.clone()).await.problem(401);
    // Again is the same as once.
    let again = admin.post(&format!("{path}/deactivate"), Value::Null).await.expect(200);
    assert_eq!(again["revision"], left["revision"]);

    // The last active admin stays, whatever is tried.
    let own = format!("/v1/users/{}", admin.id());
    assert_eq!(
        admin.post(&format!("{own}/deactivate"), Value::Null).await.problem(409),
        "wrong_state"
    );
    let key = admin
        .post("/v1/api-keys", json!({"name": "script", "role": "admin"}))
        .await
        .expect(201);
    let script = server.with_key(&key);
    assert_eq!(
        script.patch(&own, json!({"role": "viewer"})).await.problem(409),
        "wrong_state"
    );

    let back = admin.post(&format!("{path}/reactivate"), Value::Null).await.expect(200);
    assert_eq!(back["active"], true);
    leaver.get("/v1/me").await.problem(401);
    server.nobody().post("/v1/auth/refresh", refresh).await.problem(401);
    server.nobody().post("/v1/auth/login", login).await.expect(200);
    admin.post(&format!("{own}/deactivate"), Value::Null).await.expect(200);
}

#[actix_web::test]
async fn everybody_keeps_their_own_profile_and_nothing_more() {
    let server = Server::start().await;
    let viewer = server.viewer();
    let me = viewer
        .patch(
            "/v1/me",
            json!({"name": "Vera", "time_zone": "Europe/Paris", "phone": "+33 1 23"}),
        )
        .await
        .expect(200);
    assert_eq!(
        (&me["name"], &me["time_zone"], &me["role"]),
        (&json!("Vera"), &json!("Europe/Paris"), &json!("viewer"))
    );
    for beyond in [
        json!({"role": "admin"}),
        json!({"email": "x@y.test"}),
        json!({"department": "Sales"}),
        json!({"manager_id": null}),
        json!({"active": true}),
    ] {
        viewer.patch("/v1/me", beyond).await.problem(400);
    }
    viewer.patch("/v1/me", json!({"name": null})).await.problem(400);
    viewer
        .patch("/v1/me", json!({"time_zone": "Nowhere"}))
        .await
        .problem(400);
}

#[actix_web::test]
async fn the_organization_is_a_record_like_any_other() {
    let server = Server::start().await;
    let admin = server.admin();
    let there = server.viewer().get("/v1/organization").await;
    let etag = there.header("etag");
    let organization = there.expect(200);
    assert_eq!(
        (&organization["slug"], &organization["time_zone"]),
        (&json!("northwind-traders"), &json!("Europe/Berlin"))
    );
    server
        .manager()
        .patch("/v1/organization", json!({"name": "X"}))
        .await
        .problem(403);
    admin.patch("/v1/organization", json!({"slug": "x"})).await.problem(400);
    admin
        .patch("/v1/organization", json!({"time_zone": "X"}))
        .await
        .problem(400);
    let changed = admin
        .patch(
            "/v1/organization",
            json!({"name": "Northwind", "time_zone": "Europe/London"}),
        )
        .await
        .expect(200);
    assert_eq!(
        (&changed["name"], &changed["slug"]),
        (&json!("Northwind"), &json!("northwind-traders"))
    );
    let stale = admin
        .request("PATCH", "/v1/organization")
        .header("if-match", etag)
        .header("content-type", "application/merge-patch+json")
        .body(json!({"name": "Southwind"}).to_string());
    admin.send(stale).await.problem(412);
    let log = admin.get("/v1/audit-log?kind=organization").await.expect(200);
    let verbs: Vec<_> = log["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["verb"])
        .collect();
    assert_eq!(verbs, ["updated", "created"]);
    assert_eq!(
        log["data"][0]["changes"]["name"],
        json!(["Northwind Traders", "Northwind"])
    );
}

#[actix_web::test]
async fn a_file_gives_no_role_that_a_request_could_not_give() {
    let server = Server::start().await;
    let admin = server.admin();
    let role = |email: &'static str| {
        let admin = admin.clone();
        async move { admin.get(&format!("/v1/users?email={email}")).await.expect(200)["data"][0]["role"].clone() }
    };
    // Nobody changes their own role.
    let own = "email,name,role\nadmin@northwind.test,The admin,viewer\n";
    let report = admin.csv("/v1/users/import", own).await.expect(200);
    assert_eq!(report["warnings"][0]["code"], "not_yours", "{report}");
    assert_eq!(role("admin@northwind.test").await, "admin");
    let key = |permissions: Value| {
        let (server, admin) = (&server, admin.clone());
        async move {
            let new = json!({"name": "People", "role": "admin", "permissions": permissions});
            server.with_key(&admin.post("/v1/api-keys", new).await.expect(201))
        }
    };
    // A narrowed key makes nobody mightier than itself, in a file as little as in a request.
    let narrowed = key(json!(["users:secure", "users:manage"])).await;
    let file = "email,name,role\nnew@northwind.test,The new one,admin\n";
    let report = narrowed.csv("/v1/users/import", file).await.expect(200);
    assert_eq!(report["errors"][0]["code"], "insufficient_permission", "{report}");
    assert_eq!(role("new@northwind.test").await, Value::Null);
    // The last admin stays one.
    let whole = key(Value::Null).await;
    assert_eq!(whole.csv("/v1/users/import", own).await.problem(409), "wrong_state");
    assert_eq!(role("admin@northwind.test").await, "admin");
}
