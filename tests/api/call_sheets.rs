//! The call sheet: a day's calls on paper.

use base64::Engine as _;
use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Client, Server};

const HOSTILE: &str = "<script>alert('x')</script><img src=x onerror=\"alert(1)\"> & Söhne";

async fn call(server: &Server, customer: &str, fields: Value) -> Value {
    let manager = server.manager();
    let customer = manager
        .post("/v1/customers", json!({"name": customer, "services": [HOSTILE]}))
        .await
        .expect(201);
    let mut body =
        json!({"customer_id": customer["id"], "assignee_id": server.executive().id(), "outside_window": true});
    body.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    manager.post("/v1/assignments", body).await.expect(201)
}

async fn sheet(client: &Client, date: impl std::fmt::Display) -> String {
    let reply = client.get(&format!("/v1/me/call-sheet?date={date}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    reply.text
}

fn in_a_week(server: &Server) -> NaiveDate {
    server.app.clock.now().plus(TimeDelta::days(7)).utc().date_naive()
}

#[actix_web::test]
async fn a_days_calls_are_a_page_each() {
    let server = Server::start().await;
    let executive = server.executive();
    let day = in_a_week(&server);
    let noon = day.and_hms_opt(12, 0, 0).unwrap().and_utc();
    call(&server, "Scheduled", json!({"scheduled_for": noon})).await;
    call(&server, "Due", json!({"due_on": day, "priority": "urgent"})).await;
    call(&server, "Tomorrow", json!({"scheduled_for": noon + TimeDelta::days(1)})).await;
    call(&server, "Never", json!({})).await;

    let page = sheet(&executive, day).await;
    assert_eq!(page.matches("<article>").count(), 2, "{page}");
    let (first, second) = (
        page.find("<h1>Scheduled</h1>").unwrap(),
        page.find("<h1>Due</h1>").unwrap(),
    );
    assert!(
        first < second && !page.contains("Tomorrow") && !page.contains("Never"),
        "{page}"
    );
    assert!(
        page.contains("call 1 of 2")
            && page.contains("Would they recommend us?")
            && page.contains("No NPS answer yet.")
    );

    // Others have their own sheets, and a key has none.
    let empty = sheet(&server.manager(), day).await;
    assert!(empty.contains("No calls on"), "{empty}");
    assert!(executive.get("/v1/me/call-sheet").await.text.contains("No calls on"));
    assert_eq!(
        server.contributor().get("/v1/me/call-sheet").await.problem(403),
        "insufficient_permission"
    );
    executive.get("/v1/me/call-sheet?date=tomorrow").await.expect(400);
    let json = executive
        .request("GET", "/v1/me/call-sheet")
        .header("accept", "application/json");
    assert_eq!(executive.send(json).await.problem(406), "not_acceptable");
}

#[actix_web::test]
async fn the_day_is_that_of_the_callers_own_zone() {
    let server = Server::start().await;
    let executive = server.executive();
    let day = in_a_week(&server);
    // Late in the evening in Berlin: the next day in Tokyo.
    let late = day.and_hms_opt(20, 0, 0).unwrap().and_utc();
    call(&server, "Late", json!({"scheduled_for": late})).await;
    assert!(sheet(&executive, day).await.contains("<h1>Late</h1>"));
    executive
        .patch("/v1/me", json!({"time_zone": "Asia/Tokyo"}))
        .await
        .expect(200);
    assert!(!sheet(&executive, day).await.contains("<h1>Late</h1>"));
    assert!(
        sheet(&executive, day.succ_opt().unwrap())
            .await
            .contains("<h1>Late</h1>")
    );
}

#[actix_web::test]
async fn nothing_that_customers_are_called_runs_on_the_page() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let day = in_a_week(&server);
    let assignment = call(&server, HOSTILE, json!({"due_on": day, "reason": HOSTILE})).await;
    let customer = &assignment["customer_id"];
    let contact = json!({"customer_id": customer, "name": HOSTILE, "title": HOSTILE, "phone": HOSTILE});
    manager.post("/v1/contacts", contact).await.expect(201);
    let past = server.app.clock.now().plus(-TimeDelta::days(9));
    for kind in ["support_case", "news"] {
        let signal = json!({"customer_id": customer, "kind": kind, "occurred_at": past, "title": HOSTILE, "worth_congratulating": true});
        manager.post("/v1/signals", signal).await.expect(201);
    }
    let note = json!({"customer_id": customer, "type": "idea", "body": HOSTILE});
    manager.post("/v1/notes", note).await.expect(201);
    let item = json!({"customer_id": customer, "title": HOSTILE, "customer_promise": {"what": HOSTILE, "by": past}});
    manager.post("/v1/action-items", item).await.expect(201);
    let points = json!({"name": "X", "text": "<script>alert(2)</script> {{ customer.name }} {% for news in good_news %}{{ news.title }}{% endfor %}"});
    let points = manager.post("/v1/talking-points", points).await.expect(201);
    let programs = manager.get("/v1/programs").await.expect(200);
    let program = format!("/v1/programs/{}", programs["data"][0]["id"].as_str().unwrap());
    manager
        .patch(&program, json!({"name": HOSTILE, "talking_points_id": points["id"]}))
        .await
        .expect(200);

    let page = sheet(&executive, day).await;
    assert!(page.matches("&lt;script&gt;").count() > 8, "{page}");
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    let tags: Vec<&str> = page
        .split('<')
        .skip(1)
        .map(|tag| tag.split(['>', ' ', '\n']).next().unwrap())
        .collect();
    let known = |tag: &&str| {
        let tag = tag.trim_start_matches('/');
        [
            "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "article", "header", "p", "h1", "h2", "div",
            "section", "ul", "li", "pre",
        ]
        .contains(&tag)
    };
    assert!(tags.iter().all(known), "{tags:?}");
    let policy = executive
        .get(&format!("/v1/me/call-sheet?date={day}"))
        .await
        .header("content-security-policy");
    // The style that is on the page is the one that the policy lets in.
    let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
    assert!(policy.contains(&format!("'sha256-{hash}'")), "{policy}");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"),
        "{policy}"
    );
}

#[actix_web::test]
async fn the_sheet_can_be_had_as_a_pdf_with_a_page_for_each_call() {
    let server = Server::start().await;
    let executive = server.executive();
    let day = in_a_week(&server);
    for name in [
        "Ångström & Œuvre, Łódź",
        "Ελληνικά Ραδιόφωνα",
        "Ёлка и Щука",
        "東京 株式会社 😀",
        HOSTILE,
    ] {
        call(&server, name, json!({"due_on": day, "reason": name})).await;
    }
    let pdf = async |day: chrono::NaiveDate| {
        let request = executive
            .request("GET", &format!("/v1/me/call-sheet?date={day}"))
            .header("accept", "application/pdf");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/pdf");
        assert_eq!(
            response.headers()["content-disposition"],
            format!("inline; filename=\"calls-{day}.pdf\"").as_str()
        );
        assert_eq!(response.headers()["cache-control"], "private, no-store");
        response.bytes().await.unwrap()
    };
    let file = pdf(day).await;
    assert!(file.starts_with(b"%PDF-") && file.trim_ascii_end().ends_with(b"%%EOF"));
    let text = String::from_utf8_lossy(&file);
    assert_eq!(
        text.matches("/Type/Page/")
            .count()
            .max(text.matches("/Type /Page\n").count()),
        5,
        "pages"
    );
    assert!(file.len() < 300_000, "{}", file.len());
    assert!(pdf(day.succ_opt().unwrap()).await.starts_with(b"%PDF-"));
}
