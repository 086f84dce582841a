//! Files of users: whom they let in, what they give, who manages whom.

use serde_json::{Value, json};

use crate::imports::{figures, import};
use crate::support::{Client, Server};

fn codes(report: &Value, list: &str) -> Vec<(u64, String)> {
    let list = report[list].as_array().unwrap();
    let told = list.iter().map(|fault| {
        (
            fault["line"].as_u64().unwrap(),
            fault["code"].as_str().unwrap().to_owned(),
        )
    });
    told.collect()
}

async fn user(client: &Client, email: &str) -> Value {
    let users = client.get("/v1/users?limit=200").await.expect(200)["data"].clone();
    let user = users.as_array().unwrap().iter().find(|user| user["email"] == email);
    user.cloned().unwrap_or_default()
}

#[actix_web::test]
async fn only_who_may_lets_people_in_and_gives_roles() {
    let server = Server::start().await;
    let file = "email,name,role,title\nnew@northwind.test,New,viewer,\nexecutive@northwind.test,,admin,Boss\nviewer@northwind.test,,,Clerk\n";
    let manager = server.manager();
    let report = import(&manager, "users", &[], file).await.expect(200);
    assert_eq!(figures(&report), [3, 0, 2, 0, 1], "{report}");
    assert_eq!(codes(&report, "errors"), [(2, "insufficient_permission".to_owned())]);
    assert_eq!(codes(&report, "warnings"), [(3, "insufficient_permission".to_owned())]);
    let executive = user(&manager, "executive@northwind.test").await;
    assert_eq!(
        (executive["role"].clone(), executive["title"].clone()),
        (json!("executive"), json!("Boss"))
    );

    let admin = server.admin();
    let report = import(&admin, "users", &[], format!("{file}admin@northwind.test,,viewer,\n"))
        .await
        .expect(200);
    assert_eq!(figures(&report), [4, 1, 1, 2, 0], "{report}");
    assert_eq!(codes(&report, "warnings"), [(5, "not_yours".to_owned())]);
    assert_eq!(user(&admin, "executive@northwind.test").await["role"], "admin");

    // A key that holds less than an admin cannot make one.
    let key = json!({"name": "hr", "role": "admin", "permissions": ["users:manage", "users:secure", "users:read"]});
    let key = admin.post("/v1/api-keys", key).await.expect(201);
    let token = key["secret"].as_str();
    let script = Client {
        token: token.map(str::to_owned),
        ..admin.clone()
    };
    let report = import(
        &script,
        "users",
        &[],
        "email,name,role\ntrojan@northwind.test,T,admin\n",
    )
    .await
    .expect(200);
    assert_eq!(codes(&report, "errors"), [(2, "insufficient_permission".to_owned())]);
}

#[actix_web::test]
async fn managers_may_stand_anywhere_in_the_file_but_not_above_themselves() {
    let server = Server::start().await;
    let admin = server.admin();
    let file = "email,name,role,manager_email\na@x.test,A,,b@x.test\nb@x.test,B,,c@x.test\nc@x.test,C,,c@x.test\n\
        d@x.test,D,emperor,\ne@x.test,E,,nobody@x.test\n";
    let report = import(&admin, "users", &[], file).await.expect(200);
    assert_eq!(figures(&report), [5, 4, 0, 0, 1], "{report}");
    assert_eq!(codes(&report, "errors"), [(5, "not_allowed".to_owned())]);
    assert_eq!(
        codes(&report, "warnings"),
        [(4, "invalid_value".to_owned()), (6, "unknown_user".to_owned())]
    );
    let of = async |name: &str| user(&admin, &format!("{name}@x.test")).await;
    assert_eq!(of("a").await["manager_id"], of("b").await["id"]);
    assert_eq!(of("b").await["manager_id"], of("c").await["id"]);
    assert!(of("c").await["manager_id"].is_null());
    // Turned round in one file it is no circle; on top of what is known it is one.
    let turned = "email,manager_email\nc@x.test,a@x.test\n";
    let report = import(&admin, "users", &[], turned).await.expect(200);
    assert_eq!(
        (figures(&report), codes(&report, "warnings").len()),
        ([1, 0, 0, 1, 0], 1)
    );
    let turned = "email,manager_email\nc@x.test,b@x.test\nb@x.test,a@x.test\na@x.test,e@x.test\n";
    let report = import(&admin, "users", &[], turned).await.expect(200);
    assert_eq!(
        (figures(&report), codes(&report, "warnings").len()),
        ([3, 0, 3, 0, 0], 0),
        "{report}"
    );
    assert_eq!(of("a").await["manager_id"], of("e").await["id"]);
}

#[actix_web::test]
async fn who_was_sent_away_is_not_let_in_again_by_a_file_and_that_is_told() {
    let server = Server::start().await;
    let admin = server.admin();
    let file = "email,name,role\nviewer@northwind.test,Vera,viewer\nnew@northwind.test,New,viewer\n";
    let viewer = server.viewer();
    let away = format!("/v1/users/{}/deactivate", viewer.id());
    admin.post(&away, json!({})).await.expect(200);
    let report = import(&admin, "users", &[], file).await.expect(200);
    assert_eq!(codes(&report, "warnings"), [(2, "not_active".to_owned())], "{report}");
    assert_eq!(user(&admin, "viewer@northwind.test").await["active"], false);
    assert_eq!(user(&admin, "new@northwind.test").await["active"], true);
}
