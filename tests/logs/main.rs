//! Logs carry no personal data and no secret, not even at TRACE. A binary of its own, because a process logs to one place.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly")]

#[path = "../support/mod.rs"]
mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use serde_json::json;
use support::receiver::Receiver;
use support::{PASSWORD, Server};
use touchbase::access::key;
use touchbase::features::webhooks::{Lookup, Office};
use tracing_subscriber::fmt::MakeWriter;

/// Everything that was logged.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Logged {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

impl Logged {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

const NAME: &str = "Canarina Gelbfeder";
const EMAIL: &str = "canarina@gelbfeder.test";
const PHONE: &str = "+49 30 5550199";
const WORD: &str = "canarysecretword";

#[actix_web::test]
async fn nothing_of_a_person_is_ever_logged() {
    let logged = Logged::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(logged.clone())
        .init();
    let server = Server::start_with(|config| {
        config.smtp_url = Some(format!("smtp://{WORD}:{WORD}@127.0.0.1:1"));
        config.mail_from = Some(EMAIL.into());
        config.webhook_allow = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let (manager, nobody) = (server.manager(), server.nobody());
    let key = key::generate();

    // Written, refused, found, not found; signed in wrongly, with every sort of token.
    let customer = json!({"name": NAME, "phone": PHONE, "website": EMAIL, "custom_fields": {"note": WORD}});
    let made = manager
        .post_once("/v1/customers", WORD, customer.clone())
        .await
        .expect(201);
    manager.post_once("/v1/customers", WORD, customer).await.expect(201);
    manager
        .post("/v1/customers", json!({"name": 5, "phone": WORD, EMAIL: NAME}))
        .await
        .expect(400);
    manager
        .patch(
            &format!("/v1/customers/{}", made["id"].as_str().unwrap()),
            json!({"city": WORD}),
        )
        .await
        .expect(200);
    manager.get(&format!("/v1/customers?q={WORD}")).await.expect(200);
    manager.get(&format!("/v1/customers?colour={WORD}")).await.expect(400);
    manager.get(&format!("/v1/nothing/{WORD}")).await.expect(404);
    nobody.get(&format!("/v1/calendar-feeds/{WORD}.ics")).await.expect(404);
    let file = manager
        .request("POST", "/v1/imports?target=customers")
        .header("content-type", "application/x-ndjson")
        .header("idempotency-key", "file");
    let file = file.body(format!("{{\"{EMAIL}\": \"{NAME}\"}}\n"));
    manager.send(file).await.expect(202);
    let calendar = written_to(&server).await;
    let webhooks = delivered(&server).await;
    manager.get(&format!("/v1/customers?cursor={WORD}")).await.expect(400);
    let broken = manager
        .request("POST", "/v1/customers")
        .header("content-type", "application/json");
    manager
        .send(broken.body(format!("{{\"name\": \"{NAME}\" {WORD}")))
        .await
        .expect(400);
    let login = json!({"email": EMAIL, "password": WORD, "organization": "gelbfeder"});
    nobody.post("/v1/auth/login", login).await.expect(401);
    for token in [WORD, key.as_str(), "eyJhbGciOiJub25lIn0.e30.canarysecretword"] {
        let client = support::Client {
            token: Some(token.to_owned()),
            ..nobody.clone()
        };
        client.get("/v1/customers").await.expect(401);
    }
    let agent = manager
        .request("GET", "/v1/me")
        .header("user-agent", WORD)
        .header("x-forwarded-for", WORD);
    manager.send(agent).await.expect(200);

    let text = logged.text();
    assert!(text.lines().count() > 20, "the logs were not captured:\n{text}");
    let token = manager.token.unwrap();
    let known = [NAME, EMAIL, PHONE, WORD, PASSWORD, &key, &token, &calendar, "gelbfeder"];
    for canary in known.into_iter().chain(webhooks.iter().map(String::as_str)) {
        let hits: Vec<&str> = text.lines().filter(|line| line.contains(canary)).take(5).collect();
        assert!(hits.is_empty(), "`{canary}` was logged:\n{}", hits.join("\n"));
    }
}

/// Somebody is called and written to, and the mail server cannot be reached. A calendar tells of it: the secret of its address.
async fn written_to(server: &Server) -> String {
    let (manager, executive) = (server.manager(), server.executive());
    let customer = manager.post("/v1/customers", json!({"name": NAME})).await.expect(201);
    let contact = json!({"customer_id": customer["id"], "name": NAME, "email": EMAIL});
    manager.post("/v1/contacts", contact).await.expect(201);
    let assignment = json!({"customer_id": customer["id"], "assignee_id": executive.id()});
    let assignment = manager.post("/v1/assignments", assignment).await.expect(201);
    let attempts = format!("/v1/assignments/{}/attempts", assignment["id"].as_str().unwrap());
    let attempt = json!({"disposition": "left_voicemail", "summary": WORD});
    let attempt = executive.post(&attempts, attempt).await.expect(201);
    let path = format!("/v1/attempts/{}/follow-up", attempt["attempt"]["id"].as_str().unwrap());
    let draft = executive.post(&path, json!({})).await.expect(201);
    let send = format!("/v1/follow-ups/{}/send", draft["id"].as_str().unwrap());
    executive.post(&send, json!({})).await.expect(200);
    touchbase::workers::settle(&server.app).await.unwrap();
    let feed = executive
        .post("/v1/me/calendar-feeds", json!({"name": WORD}))
        .await
        .expect(201);
    let url = feed["url"].as_str().unwrap();
    let path = &url[url.find("/v1/").unwrap()..];
    let calendar = server.nobody().get(path).await;
    assert!(
        calendar.status == 200 && calendar.text.contains("VCALENDAR"),
        "{}",
        calendar.text
    );
    path.rsplit('/').next().unwrap().trim_end_matches(".ics").to_owned()
}

/// An event is delivered to a program that listens, and to one that does not: the secrets, and a signature.
async fn delivered(server: &Server) -> Vec<String> {
    let (admin, receiver) = (server.admin(), Receiver::start());
    let mut secrets = Vec::new();
    for url in [
        format!("{}/{WORD}?{WORD}", receiver.url()),
        format!("http://127.0.0.1:1/{WORD}"),
        format!("http://nowhere.test/{WORD}"),
    ] {
        let new = json!({"name": WORD, "url": url, "types": ["customer.*"]});
        let made = admin.post("/v1/webhook-endpoints", new).await.expect(201);
        secrets.push(made["secret"].as_str().unwrap().trim_start_matches("whsec_").to_owned());
    }
    admin.post("/v1/customers", json!({"name": NAME})).await.expect(201);
    let nowhere: Lookup = Arc::new(|_| async { Ok(Vec::new()) }.boxed());
    let office = Office::open(&server.app, nowhere).unwrap();
    assert_eq!(office.settle().await.unwrap(), 3);
    let signature = receiver.received()[0].header("webhook-signature").to_owned();
    secrets.push(signature.trim_start_matches("v1,").to_owned());
    secrets
}
