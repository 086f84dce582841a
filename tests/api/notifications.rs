//! What people are told of by itself, and how they want to be told.

use serde_json::{Value, json};
use touchbase::access::Role;
use touchbase::features::notifications::notification::{NotificationKind, Told};
use touchbase::features::notifications::store::tell;
use touchbase::id::UserId;
use uuid::Uuid;

use crate::support::{Client, Server};

fn told(user: UserId, key: &str) -> Told {
    Told {
        user_id: user,
        kind: NotificationKind::CallbackDue,
        key: key.into(),
        title: format!("About {key}"),
        text: "It is time.".into(),
        about: Some(("assignment", Uuid::from_u128(5))),
    }
}

async fn tell_all(server: &Server, all: Vec<Told>) -> usize {
    let mut unit = server.app.write_by_itself(server.organization).await.unwrap();
    let fresh = tell(&mut unit, all).await.unwrap();
    unit.commit().await.unwrap();
    fresh.len()
}

fn id_of(client: &Client) -> UserId {
    client.user.as_ref().unwrap().id
}

async fn of(client: &Client, query: &str) -> Vec<Value> {
    let page = client.get(&format!("/v1/me/notifications?{query}")).await.expect(200);
    page["data"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn telling_twice_of_the_same_is_telling_once() {
    let server = Server::start().await;
    let (one, other) = (server.executive(), server.manager());
    let all = || {
        vec![
            told(id_of(&one), "a"),
            told(id_of(&one), "a"),
            told(id_of(&other), "a"),
            told(id_of(&one), "b"),
        ]
    };
    assert_eq!(tell_all(&server, all()).await, 3);
    assert_eq!(tell_all(&server, all()).await, 0);
    let heard = of(&one, "").await;
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0]["about_kind"], "assignment");
    assert_eq!(of(&one, "kind_in=praise,day_prepared").await.len(), 0);
    assert_eq!(of(&one, "kind_in=callback_due&limit=1").await.len(), 1);
    assert_eq!(of(&server.admin(), "").await.len(), 0);
}

#[actix_web::test]
async fn what_was_read_is_read_for_good_and_only_by_whom_it_was_told() {
    let server = Server::start().await;
    let executive = server.executive();
    let me = id_of(&executive);
    tell_all(&server, vec![told(me, "a"), told(me, "b"), told(me, "c")]).await;
    let first = of(&executive, "unread=true&sort=created_at").await[0].clone();
    let read = format!("/v1/notifications/{}/read", first["id"].as_str().unwrap());
    assert_eq!(
        server.manager().post(&read, Value::Null).await.problem(404),
        "not_found"
    );
    let then = executive.post(&read, Value::Null).await.expect(200);
    assert!(then["read_at"].is_string());
    assert_eq!(executive.post(&read, Value::Null).await.expect(200), then);
    assert_eq!(of(&executive, "unread=true").await.len(), 2);
    assert_eq!(of(&executive, "unread=false").await, [then]);
    let all = executive
        .post("/v1/me/notifications/read-all", Value::Null)
        .await
        .expect(200);
    assert_eq!(all, json!({"read": 2}));
    assert_eq!(of(&executive, "unread=true").await.len(), 0);
    let all = executive
        .post("/v1/me/notifications/read-all", Value::Null)
        .await
        .expect(200);
    assert_eq!(all, json!({"read": 0}));
}

#[actix_web::test]
async fn who_has_left_is_told_nothing() {
    let server = Server::start().await;
    let leaver = server.add("leaver", Role::Executive).await;
    let path = format!("/v1/users/{}/deactivate", leaver.id());
    server.admin().post(&path, Value::Null).await.expect(200);
    assert_eq!(tell_all(&server, vec![told(id_of(&leaver), "a")]).await, 0);
}

#[actix_web::test]
async fn each_user_says_what_comes_by_mail() {
    let server = Server::start().await;
    let (one, other) = (server.executive(), server.contributor());
    let path = "/v1/me/notification-preferences";
    let usual = one.get(path).await.expect(200);
    assert_eq!(
        (&usual["mail"]["praise"], &usual["mail"]["callback_due"]),
        (&json!(true), &json!(false))
    );
    let said = one
        .patch(path, json!({"mail": {"praise": false, "callback_due": true}}))
        .await
        .expect(200);
    assert_eq!(
        (&said["mail"]["praise"], &said["mail"]["callback_due"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(said["mail"]["weekly_summary"], true);
    assert_eq!(one.get(path).await.expect(200), said);
    assert_eq!(other.get(path).await.expect(200)["mail"], usual["mail"]);
    assert_eq!(
        one.patch(path, json!({"mail": {"spam": true}})).await.problem(400),
        "invalid_request"
    );
    let stale = one.request("PATCH", path).header("if-match", "\"1\"");
    let stale = stale
        .header("content-type", "application/merge-patch+json")
        .body(r#"{"mail": {"praise": true}}"#);
    assert_eq!(one.send(stale).await.problem(412), "precondition_failed");
}

#[actix_web::test]
async fn a_key_is_told_nothing() {
    let server = Server::start().await;
    let made = server
        .admin()
        .post("/v1/api-keys", json!({"name": "dashboard", "role": "viewer"}))
        .await
        .expect(201);
    let key = Client {
        token: Some(made["secret"].as_str().unwrap().to_owned()),
        ..server.nobody()
    };
    assert_eq!(key.get("/v1/me/notifications").await.problem(409), "wrong_state");
    assert_eq!(
        key.get("/v1/me/notification-preferences").await.problem(409),
        "wrong_state"
    );
}

#[actix_web::test]
async fn null_means_as_usual_again() {
    let server = Server::start().await;
    let executive = server.executive();
    let path = "/v1/me/notification-preferences";
    let wishes = json!({"mail": {"praise": false, "callback_due": true}});
    let said = executive.patch(path, wishes).await.expect(200);
    assert_eq!(
        (&said["mail"]["praise"], &said["mail"]["callback_due"]),
        (&json!(false), &json!(true))
    );
    let said = executive
        .patch(path, json!({"mail": {"praise": null}}))
        .await
        .expect(200);
    assert_eq!(
        (&said["mail"]["praise"], &said["mail"]["callback_due"]),
        (&json!(true), &json!(true))
    );
    // So it is of every kind.
    let usual = server.viewer().get(path).await.expect(200)["mail"].clone();
    let fields = usual.as_object().unwrap();
    let turned = fields
        .iter()
        .map(|(kind, wish)| (kind.clone(), json!(wish != &json!(true))));
    let turned: serde_json::Map<_, _> = turned.collect();
    let said = executive.patch(path, json!({"mail": turned})).await.expect(200);
    assert_eq!(said["mail"], json!(turned));
    let nulls: serde_json::Map<_, _> = fields.keys().map(|kind| (kind.clone(), json!(null))).collect();
    let said = executive.patch(path, json!({"mail": nulls})).await.expect(200);
    assert_eq!(said["mail"], usual);
}
