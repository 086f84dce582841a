//! Follow-ups: first call, then write.

mod sending;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::smtp::Smtp;
use crate::support::{Client, Server};

struct Story {
    server: Server,
    smtp: Smtp,
    customer: Value,
    contact: Value,
    assignment: String,
}

/// A customer in New York, called by an executive in Berlin whose calls are from 14:00 to 18:00.
async fn story() -> Story {
    let smtp = Smtp::start();
    let server = Server::start_with(|config| {
        config.smtp_url = Some(smtp.url.clone());
        config.mail_from = Some("Northwind <calls@northwind.test>".into());
        config.public_url = "https://touchbase.northwind.test".into();
    })
    .await;
    let (manager, executive) = (server.manager(), server.executive());
    executive
        .patch("/v1/me", json!({"name": "Nancy Davolio", "title": "Chief executive", "phone": "+49 30 5550100", "time_zone": "Europe/Berlin"}))
        .await
        .expect(200);
    // The letter counts on the customer's calendar.
    let today = server
        .app
        .clock
        .now()
        .with_timezone(&chrono_tz::America::New_York)
        .date_naive();
    let since = today - chrono::Months::new(27);
    let customer = json!({"name": "Blondel & Söhne", "time_zone": "America/New_York", "customer_since": since});
    let customer = manager.post("/v1/customers", customer).await.expect(201);
    let contact = json!({"customer_id": customer["id"], "name": "Frédérique Citeaux", "email": "F.Citeaux@blondel.test", "is_primary": true});
    let contact = manager.post("/v1/contacts", contact).await.expect(201);
    let programs = manager.get("/v1/programs").await.expect(200);
    let program = programs["data"][0]["id"].as_str().unwrap();
    let block = json!({"user_id": executive.id(), "calls_to_prepare": 5, "conversations_to_reach": 2, "period": "day", "daily_block": {"starts": "14:00", "ends": "18:00"}});
    manager
        .patch(&format!("/v1/programs/{program}"), json!({"participants": [block]}))
        .await
        .expect(200);
    let assignment = json!({"customer_id": customer["id"], "assignee_id": executive.id()});
    let assignment = manager.post("/v1/assignments", assignment).await.expect(201);
    let assignment = assignment["id"].as_str().unwrap().to_owned();
    Story {
        server,
        smtp,
        customer,
        contact,
        assignment,
    }
}

impl Story {
    async fn called(&self, attempt: Value) -> String {
        let path = format!("/v1/assignments/{}/attempts", self.assignment);
        let debrief = self.server.executive().post(&path, attempt).await.expect(201);
        debrief["attempt"]["id"].as_str().unwrap().to_owned()
    }

    async fn drafted(&self, attempt: Value) -> Value {
        let attempt = self.called(attempt).await;
        draft(&self.server.executive(), &attempt).await
    }
}

async fn draft(client: &Client, attempt: &str) -> Value {
    client
        .post(&format!("/v1/attempts/{attempt}/follow-up"), json!({}))
        .await
        .expect(201)
}

fn path(follow_up: &Value) -> String {
    format!("/v1/follow-ups/{}", follow_up["id"].as_str().unwrap())
}

fn lacks(follow_up: &Value) -> Vec<&str> {
    let missing = follow_up["missing"].as_array().unwrap();
    missing.iter().map(|lack| lack["field"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn after_a_voicemail_the_message_is_repeated_with_times_that_suit_both() {
    let story = story().await;
    let draft = story
        .drafted(json!({"disposition": "left_voicemail", "contact_id": story.contact["id"], "summary": "Thanked them for <two> years.\nWould like to hear how we are doing."}))
        .await;
    assert_eq!(draft["kind"], "voicemail");
    assert_eq!(draft["status"], "draft");
    assert_eq!(draft["to_email"], "f.citeaux@blondel.test");
    assert_eq!(draft["subject"], "Sorry to have missed you");
    let text = draft["text"].as_str().unwrap();
    for said in [
        "Dear Frédérique Citeaux,\n\nI called today and left a message on your voicemail.",
        "\nThanked them for <two> years.\nWould like to hear how we are doing.\n",
        "Thank you for the 2 years and 3 months that you have been our customer",
        "Kind regards,\nNancy Davolio\nChief executive, Northwind Traders\n+49 30 5550100\nexecutive@northwind.test",
    ] {
        assert!(text.contains(said), "{said:?} is not in:\n{text}");
    }
    let slots = draft["slots"].as_array().unwrap();
    assert_eq!(slots.len(), 3, "{draft}");
    for slot in slots {
        let words = slot["words"].as_str().unwrap();
        assert!(
            words.ends_with(" your time") && text.contains(&format!("\n- {words}\n")),
            "{text}"
        );
        // 14:00 to 18:00 in Berlin, 09:00 to 17:00 in New York: five or six hours behind.
        let hour: u32 = words.split(", ").nth(2).unwrap()[..2].parse().unwrap();
        assert!((9..13).contains(&hour) && !words.starts_with('S'), "{words}");
    }
    let html = draft["html"].as_str().unwrap();
    assert!(
        html.contains("Thanked them for &lt;two&gt; years.<br>") && !html.contains("<two>"),
        "{html}"
    );
    assert!(html.contains("<li>") && html.contains("F") && !html.contains("<script"));
    let mailto = draft["mailto_url"].as_str().unwrap();
    assert!(
        mailto.starts_with(
            "mailto:f.citeaux@blondel.test?subject=Sorry%20to%20have%20missed%20you&body=Dear%20Fr%C3%A9d%C3%A9rique"
        ),
        "{mailto}"
    );
    assert!(lacks(&draft).is_empty(), "{draft}");
}

#[actix_web::test]
async fn a_promised_call_is_named_and_comes_before_other_times() {
    let story = story().await;
    let promised = story.server.app.clock.now().plus(TimeDelta::days(2));
    let draft = story
        .drafted(json!({"disposition": "callback_requested", "callback_promised_at": promised}))
        .await;
    assert_eq!(draft["kind"], "callback");
    assert!(
        draft["subject"].as_str().unwrap().starts_with("Our call on "),
        "{draft}"
    );
    let local = promised.with_timezone(&chrono_tz::America::New_York);
    let words = local
        .format("I will call you on %A, %-d %B, %H:%M your time")
        .to_string();
    assert!(draft["text"].as_str().unwrap().contains(&words), "{draft}");
}

#[actix_web::test]
async fn after_a_conversation_the_customer_reads_what_was_agreed_and_nothing_else() {
    let story = story().await;
    let (server, executive) = (&story.server, story.server.executive());
    let by = server.app.clock.now().plus(TimeDelta::days(1));
    let (owner, words) = (
        server.contributor(),
        by.with_timezone(&chrono_tz::America::New_York)
            .format("%A, %-d %B, %H:%M your time")
            .to_string(),
    );
    let draft = story
        .drafted(json!({
            "disposition": "connected", "contact_id": story.contact["id"], "summary": "Sounded annoyed.",
            "notes": [
                {"type": "summary", "body": "- The new invoices are easier to read\n- Deliveries come late on Fridays"},
                {"type": "criticism", "body": "Our driver is rude", "themes": ["rude drivers"]},
                {"type": "praise", "body": "Andrew is great"},
                {"type": "insight", "body": "They look at a competitor"}
            ],
            "action_items": [
                {"title": "Talk to logistics", "owner_id": owner.id(), "customer_promise": {"what": "Why deliveries are late on Fridays", "by": by}},
                {"title": "Send the brochure", "customer_promise": {"what": "Our new brochure", "by": by, "contact_by": executive.id()}},
                {"title": "Check the margin of this account"}
            ]
        }))
        .await;
    assert_eq!(draft["kind"], "conversation");
    let text = draft["text"].as_str().unwrap();
    for said in [
        "\n- The new invoices are easier to read\n- Deliveries come late on Fridays\n",
        &format!(
            "\n- Why deliveries are late on Fridays: The contributor, by {words}\n- Our new brochure: I, by {words}\n"
        ),
        "Thank you for the time that you gave me today, and for the 2 years and 3 months",
        "+49 30 5550100",
    ] {
        assert!(text.contains(said), "{said:?} is not in:\n{text}");
    }
    for kept in [
        "annoyed",
        "rude",
        "Andrew",
        "competitor",
        "margin",
        "logistics",
        "brochure.",
    ] {
        assert!(!draft.to_string().contains(kept), "{kept} is in {draft}");
    }
    assert_eq!(draft["slots"], json!([]));
    assert_eq!(lacks(&draft), ["notes", "action_items"]);
}

#[actix_web::test]
async fn what_is_missing_is_said() {
    let story = story().await;
    let (server, executive) = (&story.server, story.server.executive());
    let contact = format!("/v1/contacts/{}", story.contact["id"].as_str().unwrap());
    server
        .manager()
        .patch(&contact, json!({"email": null}))
        .await
        .expect(200);
    let draft = story
        .drafted(json!({"disposition": "left_live_message", "spoke_with": "Ms. Lebihan"}))
        .await;
    assert_eq!(lacks(&draft), ["to_email", "summary"]);
    assert_eq!((&draft["to_email"], &draft["mailto_url"]), (&Value::Null, &Value::Null));
    assert!(
        draft["text"]
            .as_str()
            .unwrap()
            .contains("left a message with Ms. Lebihan."),
        "{draft}"
    );
    assert_eq!(
        executive
            .post(&format!("{}/send", path(&draft)), json!({}))
            .await
            .problem(409),
        "wrong_state"
    );
    let eml = executive
        .request("GET", &path(&draft))
        .header("accept", "message/rfc822");
    assert_eq!(executive.send(eml).await.problem(409), "wrong_state");
    let draft = executive
        .patch(&path(&draft), json!({"to_email": "info@blondel.test"}))
        .await
        .expect(200);
    assert_eq!(lacks(&draft), ["summary"]);
}

#[actix_web::test]
async fn first_call_then_write() {
    let story = story().await;
    let (server, executive) = (&story.server, story.server.executive());
    // There was no call: an assignment has nothing to write about.
    executive
        .post(&format!("/v1/attempts/{}/follow-up", story.assignment), json!({}))
        .await
        .expect(404);
    let attempt = story.called(json!({"disposition": "no_answer"})).await;
    let follow_up = format!("/v1/attempts/{attempt}/follow-up");
    assert_eq!(
        server.manager().post(&follow_up, json!({})).await.problem(403),
        "not_yours"
    );
    assert_eq!(
        server.viewer().post(&follow_up, json!({})).await.problem(403),
        "insufficient_permission"
    );
    server
        .another_organization()
        .await
        .post(&follow_up, json!({}))
        .await
        .expect(404);
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let made = executive.post(&follow_up, json!({"id": id})).await.expect(201);
    assert_eq!(made["kind"], "missed");
    // Sent twice it is the same one; another is one too many.
    assert_eq!(executive.post(&follow_up, json!({"id": id})).await.expect(200), made);
    assert_eq!(executive.post(&follow_up, json!({})).await.problem(409), "duplicate");
    // The manager reads it, other executives do not.
    assert_eq!(server.manager().get(&path(&made)).await.expect(200), made);
    assert_eq!(
        server
            .manager()
            .get("/v1/follow-ups?status_in=draft,failed")
            .await
            .expect(200)["data"][0],
        made
    );
    let other = server.add("other", touchbase::access::Role::Executive).await;
    other.get(&path(&made)).await.expect(404);
    assert_eq!(other.get("/v1/follow-ups").await.expect(200)["data"], json!([]));
    assert_eq!(
        server
            .manager()
            .patch(&path(&made), json!({"subject": "x"}))
            .await
            .problem(403),
        "not_yours"
    );
    assert_eq!(
        server
            .manager()
            .post(&format!("{}/send", path(&made)), json!({}))
            .await
            .problem(403),
        "not_yours"
    );
    executive.delete(&path(&made)).await.expect(204);
    executive.get(&path(&made)).await.expect(404);

    for disposition in ["wrong_number", "declined"] {
        let story = self::story().await;
        let attempt = story.called(json!({"disposition": disposition})).await;
        let follow_up = format!("/v1/attempts/{attempt}/follow-up");
        assert_eq!(
            story.server.executive().post(&follow_up, json!({})).await.problem(409),
            "wrong_state"
        );
    }
    let attempt = story.called(json!({"disposition": "do_not_call"})).await;
    let follow_up = format!("/v1/attempts/{attempt}/follow-up");
    assert_eq!(
        executive.post(&follow_up, json!({})).await.problem(409),
        "do_not_contact"
    );
}
