//! Briefs: everything that one should know before calling, in one request.

use chrono::TimeDelta;
use serde_json::{Value, json};
use touchbase::access::{Permission, Scope};
use touchbase::features::briefs::{part::Part, store};

use crate::support::counting::Counting;
use crate::support::{Client, Server};

async fn made(client: &Client, path: &str, body: Value) -> Value {
    client.post(path, body).await.expect(201)
}

fn path(assignment: &Value) -> String {
    format!("/v1/assignments/{}/brief", assignment["id"].as_str().unwrap())
}

/// A customer of whom nothing is known, to be called by the executive.
async fn unknown(server: &Server) -> (Value, Value) {
    let manager = server.manager();
    let customer = made(&manager, "/v1/customers", json!({"name": "Who"})).await;
    let body = json!({"customer_id": customer["id"], "assignee_id": server.executive().id()});
    let assignment = made(&manager, "/v1/assignments", body).await;
    (customer, assignment)
}

/// A customer of whom everything is known, to be called by the executive.
async fn known(server: &Server) -> (Value, Value) {
    let (manager, now) = (server.manager(), server.app.clock.now());
    let ago = |days: i64| now.plus(-TimeDelta::days(days)).to_string();
    let since = (now.utc().date_naive() - chrono::Months::new(27)).to_string();
    let father = made(&manager, "/v1/customers", json!({"name": "The Father"})).await["id"].clone();
    let customer = json!({
        "name": "Alfreds", "customer_since": since, "services": ["Hosting", "Support"], "time_zone": "Asia/Tokyo", "city": "Tokyo",
        "annual_billing": {"amount_minor": 1_102_770, "currency": "EUR"}, "referred_by_id": father, "account_manager_id": server.contributor().id(),
        "phone": "+49 30 0074321"
    });
    let customer = made(&manager, "/v1/customers", customer).await;
    let id = customer["id"].clone();
    made(
        &manager,
        "/v1/customers",
        json!({"name": "The Child", "referred_by_id": id}),
    )
    .await;
    for (name, primary) in [("Bo Zimmer", false), ("Maria Anders", true), ("Al Adler", false)] {
        let contact =
            json!({"customer_id": id, "name": name, "is_primary": primary, "email": format!("{}@x.test", &name[..2])});
        made(&manager, "/v1/contacts", contact).await;
    }
    made(
        &manager,
        "/v1/contacts",
        json!({"customer_id": id, "name": "Gone", "active": false}),
    )
    .await;
    for (kind, days, more) in [
        ("support_case", 3, json!({"title": "Slow", "status": "closed"})),
        ("support_case", 40, json!({"title": "Broken", "status": "open"})),
        ("support_case", 50, json!({"title": "Odd", "status": "open"})),
        (
            "purchase",
            9,
            json!({"title": "Ten seats", "amount": {"amount_minor": 5000, "currency": "EUR"}}),
        ),
        (
            "news",
            5,
            json!({"title": "Best bakery", "topic": "award", "worth_congratulating": true, "source_url": "https://x.test"}),
        ),
        ("research_finding", 6, json!({"title": "A layoff", "topic": "layoff"})),
        ("referral", 7, json!({"title": "Told a friend"})),
    ] {
        let mut signal = json!({"customer_id": id, "kind": kind, "occurred_at": ago(days)});
        signal
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        made(&manager, "/v1/signals", signal).await;
    }
    for (days, score) in [(100, json!(9)), (200, json!(6)), (20, Value::Null)] {
        let answer = json!({"customer_id": id, "score": score, "responded_at": ago(days), "source": "survey", "comment": "So it is."});
        made(&manager, "/v1/nps-responses", answer).await;
    }
    for (days, kind) in [(1, "idea"), (2, "idea"), (3, "idea"), (4, "idea"), (400, "praise")] {
        let note = json!({"customer_id": id, "type": kind, "body": format!("{days} days ago"), "occurred_at": ago(days), "themes": ["billing"]});
        made(&manager, "/v1/notes", note).await;
    }
    let promise = json!({"what": "The manual", "by": ago(1)});
    let items = [
        json!({"title": "Later", "due_at": ago(-9)}),
        json!({"title": "Send the manual", "due_at": ago(2), "customer_promise": promise}),
    ];
    for mut item in items {
        item["customer_id"] = id.clone();
        made(&manager, "/v1/action-items", item).await;
    }
    let program = made(&manager, "/v1/programs", json!({"name": "Other"})).await["id"].clone();
    let executive = server.executive();
    for program in [Some(program), None] {
        let mut body = json!({"customer_id": id, "assignee_id": executive.id(), "reason": "It is time."});
        body["program_id"] = program.unwrap_or_else(|| json!(null));
        made(&manager, "/v1/assignments", body).await;
    }
    let rescue = json!({"customer_id": id, "reason": "They look elsewhere.", "competitor": "Contoso"});
    made(&manager, "/v1/rescue-cases", rescue).await;
    let interest = json!({"customer_id": id, "service": "Backup", "raised_by_customer": true});
    made(&manager, "/v1/service-interests", interest).await;
    let mine = executive
        .get("/v1/assignments?mine=true&sort=-created_at")
        .await
        .expect(200);
    (customer, mine["data"][0].clone())
}

#[actix_web::test]
async fn a_brief_tells_everything_in_one_request() {
    let server = Server::start().await;
    let executive = server.executive();
    let (customer, assignment) = known(&server).await;
    let call =
        json!({"disposition": "left_voicemail", "occurred_at": server.app.clock.now(), "summary": "Said hello."});
    let attempts = format!("/v1/assignments/{}/attempts", assignment["id"].as_str().unwrap());
    made(&executive, &attempts, call).await;

    let brief = executive.get(&path(&assignment)).await.expect(200);
    let list = |field: &str, of: &str| -> Vec<String> {
        let items = brief.pointer(field).unwrap_or_else(|| panic!("{field}: {brief}"));
        let items = items.as_array().unwrap().iter();
        items.map(|item| item[of].as_str().unwrap_or("-").to_owned()).collect()
    };
    assert_eq!(brief["customer"]["id"], customer["id"]);
    assert_eq!(brief["tenure"]["words"], "2 years and 3 months");
    assert_eq!(brief["executive"]["id"], json!(executive.id()));
    assert_eq!(brief["program"]["name"], "One a day");
    let text = brief["talking_points"]["text"].as_str().unwrap();
    assert!(
        text.contains("Best bakery") && text.contains("Broken, since") && text.contains("leave the question out"),
        "{text}"
    );
    assert_eq!(brief["clock"]["time_zone"], "Asia/Tokyo");
    assert_eq!(list("/contacts", "name"), ["Maria Anders", "Al Adler", "Bo Zimmer"]);
    let manager = &brief["account_manager"];
    assert_eq!(
        (&manager["current"]["name"], &manager["count"]),
        (&json!("The contributor"), &json!(1)),
        "{manager}"
    );
    assert_eq!(list("/support/cases", "title"), ["Broken", "Odd", "Slow"]);
    assert_eq!(
        (&brief["support"]["open"], &brief["support"]["cases"][0]["status"]),
        (&json!(2), &json!("open"))
    );
    assert_eq!(
        brief["purchases"][0]["amount"],
        json!({"amount_minor": 5000, "currency": "EUR"})
    );
    assert_eq!(brief["referrals"]["referred_by"]["name"], "The Father");
    assert_eq!(list("/referrals/referred", "name"), ["The Child"]);
    assert_eq!(list("/news", "topic"), ["award", "layoff"]);
    assert_eq!(list("/good_news", "title"), ["Best bakery"]);
    assert_eq!(list("/interactions", "kind"), ["referral"]);
    assert_eq!(list("/past_calls", "disposition"), ["left_voicemail"]);
    assert_eq!(brief["past_calls"][0]["summary"], "Said hello.");
    // The latest three of each type.
    assert_eq!(
        list("/notes", "body"),
        ["1 days ago", "2 days ago", "3 days ago", "400 days ago"]
    );
    assert_eq!(brief["notes"][0]["themes"], json!(["billing"]));
    let nps = &brief["nps"];
    assert_eq!(
        (&nps["trend"], nps["answers"].as_array().unwrap().len()),
        (&json!("up"), 3)
    );
    assert_eq!(
        (&nps["days_since_asked"], &nps["asked_too_recently"]),
        (&json!(20), &json!(true))
    );
    assert_eq!(list("/action_items", "title"), ["Send the manual", "Later"]);
    assert_eq!(list("/promises", "title"), ["Send the manual"]);
    let promise = &brief["promises"][0];
    assert_eq!(
        (&promise["overdue"], &promise["promise_broken"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(list("/other_assignments", "program_name"), ["Other"]);
    assert_eq!(list("/rescue_cases", "competitor"), ["Contoso"]);
    assert_eq!(list("/service_interests", "service"), ["Backup"]);
    assert_eq!(
        list("/missing", "field"),
        ["customer.last_contacted_at"],
        "{}",
        brief["missing"]
    );
}

#[actix_web::test]
async fn what_is_missing_is_said_in_words() {
    let server = Server::start().await;
    let (_, assignment) = unknown(&server).await;
    let brief = server.executive().get(&path(&assignment)).await.expect(200);
    let missing = brief["missing"].as_array().unwrap();
    let says = |field: &str| {
        missing
            .iter()
            .find(|missing| missing["field"] == field)
            .map(|missing| missing["says"].clone())
    };
    assert_eq!(says("nps"), Some(json!("No NPS answer yet.")));
    assert_eq!(says("past_calls"), Some(json!("No call yet.")));
    assert!(says("contacts").is_some() && says("customer.phone").is_some() && says("customer.services").is_some());
    assert_eq!(
        (
            &brief["tenure"],
            &brief["nps"]["trend"],
            &brief["nps"]["asked_too_recently"]
        ),
        (&Value::Null, &Value::Null, &json!(false))
    );
    assert_eq!(brief["clock"]["time_zone"], "Europe/Berlin");
}

#[actix_web::test]
async fn who_may_not_read_a_part_is_told_so() {
    let server = Server::start().await;
    let (_, assignment) = known(&server).await;
    let path = path(&assignment);
    assert_eq!(
        server.contributor().get(&path).await.problem(403),
        "insufficient_permission"
    );
    assert_eq!(
        server.another_organization().await.get(&path).await.problem(404),
        "not_found"
    );
    server.viewer().get(&path).await.expect(200);

    let key = server.script(&[Permission::AssignmentsRead]).await;
    assert_eq!(key.get(&path).await.problem(403), "insufficient_permission");
    let key = server
        .script(&[Permission::AssignmentsRead, Permission::CustomersRead])
        .await;
    let brief = key.get(&path).await.expect(200);
    assert_eq!(
        (&brief["notes"], &brief["nps"]["answers"], &brief["action_items"]),
        (&json!([]), &json!([]), &json!([]))
    );
    assert_eq!(brief["support"]["open"], 2);
    let missing = brief["missing"].as_array().unwrap();
    let says = |field: &str| -> Vec<&str> {
        let found = missing.iter().filter(|missing| missing["field"] == field);
        found.map(|missing| missing["says"].as_str().unwrap()).collect()
    };
    assert_eq!(says("notes"), ["Not shown: this needs the permission `notes:read`."]);
    assert_eq!(
        says("nps"),
        ["Not shown: this needs the permission `nps_responses:read`."]
    );
}

#[actix_web::test]
async fn an_unchanged_brief_is_not_sent_again() {
    let server = Server::start().await;
    let (_, assignment) = unknown(&server).await;
    let executive = server.executive();
    // At most one of two tries crosses a minute.
    let mut statuses = Vec::new();
    for _ in 0..2 {
        let first = executive.get(&path(&assignment)).await;
        let request = executive
            .request("GET", &path(&assignment))
            .header("if-none-match", first.header("etag"));
        statuses.push(executive.send(request).await.status);
    }
    assert!(statuses.contains(&304), "{statuses:?}");
}

#[actix_web::test]
async fn a_brief_takes_three_round_trips_whatever_there_is_to_tell() {
    let server = Server::start().await;
    let scope = Scope::all(server.organization);
    for assignment in [unknown(&server).await.1, known(&server).await.1] {
        let mut db = Counting::new(server.app.read());
        let id: uuid::Uuid = assignment["id"].as_str().unwrap().parse().unwrap();
        let found = store::gather(&mut db, &scope, Part::ALL, id.into())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.assignment.id.to_string(), assignment["id"]);
        let trips = db.trips();
        assert!(trips <= 3, "{trips}");
    }
}
