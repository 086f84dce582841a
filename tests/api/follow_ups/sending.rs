//! Follow-ups on their way: by the mail server, or by hand.

use chrono::TimeDelta;
use serde_json::{Value, json};
use touchbase::db::Sqls;
use touchbase::workers;

use super::Story;
use super::{draft, path};
use crate::support::Server;
use crate::support::smtp::{Mood, Received};

/// While this is so, no unit can be made durable: as when one waits in vain for the organization.
async fn units_fail(server: &Server, fail: bool) {
    let statement = if fail {
        "ALTER TABLE journal RENAME TO journal_away"
    } else {
        "ALTER TABLE journal_away RENAME TO journal"
    };
    let mut tx = server.app.db.begin().await.unwrap();
    tx.sql(statement).run().await.unwrap();
    tx.commit().await.unwrap();
}

impl Story {
    async fn status(&self, draft: &Value) -> Value {
        self.server.executive().get(&path(draft)).await.expect(200)["status"].clone()
    }

    async fn send(&self, draft: &Value) -> Value {
        let send = format!("{}/send", path(draft));
        self.server.executive().post(&send, json!({})).await.expect(200)["status"].clone()
    }

    /// Mails to the customer: at some hours of the week others get their lists and what the week has brought, too.
    fn to_customer(&self) -> Vec<Received> {
        let mut received = self.smtp.received();
        received.retain(|mail| mail.to.iter().any(|to| to.ends_with("@blondel.test")));
        received
    }

    /// How many of them have gone out.
    fn gone_out(&self) -> usize {
        self.to_customer().len()
    }

    /// The jobs of follow-ups in this state.
    async fn jobs(&self, status: &str) -> Vec<Value> {
        let jobs = format!("/v1/jobs?kind=follow_up_mail&status_in={status}");
        let jobs = self.server.manager().get(&jobs).await.expect(200);
        jobs["data"].as_array().unwrap().clone()
    }

    async fn cancel(&self, job: &Value) {
        let cancel = format!("/v1/jobs/{}/cancel", job["id"].as_str().unwrap());
        self.server.manager().post(&cancel, Value::Null).await.expect(200);
    }
}

#[actix_web::test]
async fn it_is_sent_once_and_stands_on_the_timeline() {
    let story = super::story().await;
    let (server, executive) = (&story.server, story.server.executive());
    let draft = story
        .drafted(json!({"disposition": "left_voicemail", "summary": "Grüße"}))
        .await;
    let edited = executive
        .patch(&path(&draft), json!({"subject": "Our call\r\nBcc: all@northwind.test", "text": "Dear Frédérique,\n\n- one\n- <b>two</b>\n\nNancy"}))
        .await;
    let edited = edited.expect(200);
    assert_eq!(edited["subject"], "Our call Bcc: all@northwind.test");
    let timeline = format!(
        "/v1/customers/{}/timeline?kind_in=follow_up",
        story.customer["id"].as_str().unwrap()
    );
    assert_eq!(executive.get(&timeline).await.expect(200)["data"], json!([]));

    let sending = executive
        .post(&format!("{}/send", path(&draft)), json!({}))
        .await
        .expect(200);
    assert_eq!(sending["status"], "sending");
    assert_eq!(
        executive
            .post(&format!("{}/send", path(&draft)), json!({}))
            .await
            .expect(200),
        sending
    );
    assert_eq!(
        executive.patch(&path(&draft), json!({"text": "x"})).await.problem(409),
        "wrong_state"
    );
    workers::settle(&server.app).await.unwrap();
    workers::settle(&server.app).await.unwrap();

    let received = story.to_customer();
    assert_eq!(received.len(), 1, "{received:?}");
    assert_eq!(
        (received[0].from.as_str(), received[0].to.clone()),
        ("calls@northwind.test", vec!["f.citeaux@blondel.test".to_owned()])
    );
    let expected = format!("<follow-up.{}@touchbase.northwind.test>", draft["id"].as_str().unwrap());
    for (header, value) in [
        ("message-id", expected.as_str()),
        ("from", "\"Nancy Davolio\" <calls@northwind.test>"),
        ("reply-to", "\"Nancy Davolio\" <executive@northwind.test>"),
        ("subject", "Our call Bcc: all@northwind.test"),
        ("bcc", ""),
    ] {
        assert_eq!(received[0].header(header), value, "{}", received[0].message);
    }
    assert!(
        received[0].message.contains("multipart/alternative"),
        "{}",
        received[0].message
    );
    let sent = executive.get(&path(&draft)).await.expect(200);
    assert_eq!(
        (&sent["status"], &sent["sent_by_hand"]),
        (&json!("sent"), &json!(false))
    );
    assert_eq!(sent["message_id"], expected);
    let stands = executive.get(&timeline).await.expect(200);
    assert_eq!(stands["data"][0]["summary"], "Our call Bcc: all@northwind.test");
    assert_eq!(stands["data"][0]["occurred_at"], sent["sent_at"]);
    for step in ["send", "mark-sent"] {
        assert_eq!(
            executive
                .post(&format!("{}/{step}", path(&draft)), json!({}))
                .await
                .problem(409),
            "wrong_state"
        );
    }
    assert_eq!(executive.delete(&path(&draft)).await.problem(409), "wrong_state");
}

#[actix_web::test]
async fn a_busy_server_is_tried_again_and_a_refusal_is_told() {
    let story = super::story().await;
    let server = &story.server;
    let draft = story.drafted(json!({"disposition": "no_answer"})).await;
    story.smtp.is(Mood::Busy);
    story.send(&draft).await;
    workers::settle(&server.app).await.unwrap();
    assert_eq!(story.status(&draft).await, "sending");
    story.smtp.is(Mood::Refuses);
    server.app.clock.advance(TimeDelta::hours(1));
    workers::settle(&server.app).await.unwrap();
    let failed = server.executive().get(&path(&draft)).await.expect(200);
    assert_eq!(
        (&failed["status"], &failed["sent_at"]),
        (&json!("failed"), &Value::Null)
    );
    assert!(
        failed["failure"]
            .as_str()
            .unwrap()
            .contains("refused the message (550)"),
        "{failed}"
    );
    story.smtp.is(Mood::Takes);
    server
        .executive()
        .patch(&path(&draft), json!({"to_email": "info@blondel.test"}))
        .await
        .expect(200);
    story.send(&draft).await;
    workers::settle(&server.app).await.unwrap();
    assert_eq!(story.status(&draft).await, "sent");
    assert_eq!(story.gone_out(), 1);
    // Busy for ever: told at last.
    let story = super::story().await;
    let server = &story.server;
    let draft = story.drafted(json!({"disposition": "no_answer"})).await;
    story.smtp.is(Mood::Busy);
    story.send(&draft).await;
    for _ in 0..12 {
        workers::settle(&server.app).await.unwrap();
        server.app.clock.advance(TimeDelta::hours(2));
    }
    assert_eq!(
        server.executive().get(&path(&draft)).await.expect(200)["status"],
        "failed"
    );
}

#[actix_web::test]
async fn without_a_mail_server_it_is_sent_by_hand() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let customer = manager
        .post("/v1/customers", json!({"name": "Blondel"}))
        .await
        .expect(201);
    let contact =
        json!({"customer_id": customer["id"], "name": "Frédérique \"Freddy\" Citeaux", "email": "f@blondel.test"});
    manager.post("/v1/contacts", contact).await.expect(201);
    let assignment = json!({"customer_id": customer["id"], "assignee_id": executive.id()});
    let assignment = manager.post("/v1/assignments", assignment).await.expect(201);
    let attempts = format!("/v1/assignments/{}/attempts", assignment["id"].as_str().unwrap());
    let attempt = executive
        .post(&attempts, json!({"disposition": "busy"}))
        .await
        .expect(201);
    let draft = draft(&executive, attempt["attempt"]["id"].as_str().unwrap()).await;
    assert_eq!(
        executive
            .post(&format!("{}/send", path(&draft)), json!({}))
            .await
            .problem(409),
        "wrong_state"
    );

    let eml = || {
        executive
            .request("GET", &path(&draft))
            .header("accept", "message/rfc822")
    };
    let file = executive.send(eml()).await;
    assert_eq!(
        (file.status, file.header("content-type").as_str()),
        (200, "message/rfc822")
    );
    let name = format!(
        "attachment; filename=\"follow-up-{}.eml\"",
        draft["id"].as_str().unwrap()
    );
    assert_eq!(file.header("content-disposition"), name);
    assert!(
        file.text.contains("X-Unsent: 1\r\n") && file.text.contains("<executive@northwind.test>"),
        "{}",
        file.text
    );
    assert_eq!(executive.send(eml()).await.text, file.text);
    let pdf = executive
        .request("GET", &path(&draft))
        .header("accept", "application/pdf");
    assert_eq!(executive.send(pdf).await.problem(406), "not_acceptable");

    let later = server.app.clock.now().plus(TimeDelta::days(1));
    let mark = format!("{}/mark-sent", path(&draft));
    assert_eq!(
        executive.post(&mark, json!({"sent_at": later})).await.problem(400),
        "invalid_request"
    );
    let sent = executive.post(&mark, json!({})).await.expect(200);
    assert_eq!((&sent["status"], &sent["sent_by_hand"]), (&json!("sent"), &json!(true)));
    assert_eq!(executive.post(&mark, json!({})).await.expect(200), sent);
    let timeline = format!("/v1/customers/{}/timeline", customer["id"].as_str().unwrap());
    assert_eq!(
        executive.get(&timeline).await.expect(200)["data"][0]["kind"],
        "follow_up"
    );
    let mail = executive
        .get("/v1/follow-ups?sent_by_hand=true&sort=-sent_at")
        .await
        .expect(200);
    assert_eq!(mail["data"][0]["id"], sent["id"]);
}

#[actix_web::test]
async fn what_the_mail_server_has_taken_is_not_sent_again_when_saying_so_fails() {
    let story = super::story().await;
    let server = &story.server;
    let draft = story.drafted(json!({"disposition": "no_answer"})).await;
    story.send(&draft).await;
    units_fail(server, true).await;
    for _ in 0..3 {
        workers::settle(&server.app).await.unwrap();
        server.app.clock.advance(TimeDelta::minutes(5));
    }
    units_fail(server, false).await;
    assert_eq!(story.status(&draft).await, "sending");
    let waits = story.jobs("queued").await;
    assert_eq!((waits.len(), &waits[0]["attempts"]), (1, &json!(3)));
    workers::settle(&server.app).await.unwrap();
    assert_eq!(story.gone_out(), 1);
    let sent = server.executive().get(&path(&draft)).await.expect(200);
    assert_eq!(
        (&sent["status"], &sent["sent_at"]),
        (&json!("sent"), &waits[0]["handed_over_at"])
    );
}

#[actix_web::test]
async fn one_whose_job_was_canceled_is_sent_again_unless_it_had_gone_out() {
    let story = super::story().await;
    let server = &story.server;
    let draft = story.drafted(json!({"disposition": "no_answer"})).await;
    assert_eq!(story.send(&draft).await, "sending");
    story.cancel(&story.jobs("queued").await[0]).await;
    workers::settle(&server.app).await.unwrap();
    assert_eq!(story.status(&draft).await, "sending");
    // Nobody works at it any more: it begins anew, and stays so when it is asked for again.
    assert_eq!(story.send(&draft).await, "sending");
    assert_eq!(story.send(&draft).await, "sending");
    assert_eq!(story.jobs("queued").await.len(), 1);
    workers::settle(&server.app).await.unwrap();
    assert_eq!(story.status(&draft).await, "sent");
    assert_eq!(story.gone_out(), 1);

    let story = super::story().await;
    let server = &story.server;
    let draft = story.drafted(json!({"disposition": "no_answer"})).await;
    story.send(&draft).await;
    units_fail(server, true).await;
    workers::settle(&server.app).await.unwrap();
    units_fail(server, false).await;
    story.cancel(&story.jobs("queued").await[0]).await;
    assert_eq!(story.send(&draft).await, "sent");
    workers::settle(&server.app).await.unwrap();
    assert_eq!(story.gone_out(), 1);
}

#[actix_web::test]
async fn nothing_is_sent_in_the_name_of_who_has_left() {
    let story = super::story().await;
    let server = &story.server;
    let draft = story.drafted(json!({"disposition": "no_answer"})).await;
    assert_eq!(story.send(&draft).await, "sending");
    let leave = format!("/v1/users/{}/deactivate", server.executive().id());
    server.admin().post(&leave, json!({})).await.expect(200);
    workers::settle(&server.app).await.unwrap();
    let path = format!("/v1/follow-ups/{}", draft["id"].as_str().unwrap());
    assert_eq!(server.manager().get(&path).await.expect(200)["status"], "failed");
    assert_eq!(story.gone_out(), 0);
}
