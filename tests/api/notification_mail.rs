//! What people are told comes by mail where they want it, once, over a real SMTP server.

use serde_json::{Value, json};
use touchbase::workers;

use crate::support::smtp::{Mood, Smtp};
use crate::support::{Client, Server};

async fn start(smtp: &Smtp) -> Server {
    Server::start_with(|config| {
        config.smtp_url = Some(smtp.url.clone());
        config.mail_from = Some("Northwind <calls@northwind.test>".into());
    })
    .await
}

/// A customer praises the contributor, who works for the viewer.
async fn praise(server: &Server, name: &str) {
    let path = format!("/v1/users/{}", server.contributor().id());
    let boss = json!({"manager_id": server.viewer().id()});
    server.admin().patch(&path, boss).await.expect(200);
    let manager = server.manager();
    let customer = manager.post("/v1/customers", json!({"name": name})).await.expect(201);
    let note = json!({"customer_id": customer["id"], "type": "praise", "body": "Anna saved our week.", "employee_id": server.contributor().id()});
    manager.post("/v1/notes", note).await.expect(201);
    workers::settle(&server.app).await.unwrap();
}

async fn jobs(client: &Client, query: &str) -> Vec<Value> {
    let path = format!("/v1/jobs?kind=notification_mail&{query}");
    client.get(&path).await.expect(200)["data"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn what_somebody_is_told_comes_by_mail_if_they_want_it() {
    let smtp = Smtp::start();
    let server = start(&smtp).await;
    let wishes = json!({"mail": {"praise": false}});
    server
        .viewer()
        .patch("/v1/me/notification-preferences", wishes)
        .await
        .expect(200);
    praise(&server, "Alfreds").await;
    workers::settle(&server.app).await.unwrap();
    let received = smtp.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].to, ["contributor@northwind.test"]);
    assert_eq!(received[0].header("subject"), "Alfreds praised you");
    assert!(received[0].header("message-id").starts_with("<notification."));
    assert!(
        received[0].message.contains("Anna saved our week."),
        "{}",
        received[0].message
    );
    let heard = server.viewer().get("/v1/me/notifications").await.expect(200);
    assert_eq!(heard["data"].as_array().unwrap().len(), 1);
    assert_eq!(jobs(&server.manager(), "status_in=completed").await.len(), 1);
}

#[actix_web::test]
async fn mail_is_tried_again_while_the_server_is_busy_and_given_up_where_it_refuses() {
    let smtp = Smtp::start();
    let server = start(&smtp).await;
    smtp.is(Mood::Busy);
    praise(&server, "Alfreds").await;
    let waiting = jobs(&server.manager(), "status_in=queued").await;
    assert_eq!(waiting.len(), 2);
    assert_eq!(waiting[0]["attempts"], 1);
    smtp.is(Mood::Takes);
    server.app.clock.advance(chrono::TimeDelta::minutes(1));
    workers::settle(&server.app).await.unwrap();
    assert_eq!(smtp.received().len(), 2);
    smtp.is(Mood::Refuses);
    praise(&server, "Berglunds").await;
    let failed = jobs(&server.manager(), "status_in=failed").await;
    assert_eq!(failed.len(), 2);
    // Whom it was for stands in the notification, and nowhere else.
    assert!(!failed[0].to_string().contains("northwind.test"), "{}", failed[0]);
    assert_eq!(smtp.received().len(), 2);
}
