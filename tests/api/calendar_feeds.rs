//! Calendar feeds: what calendar programs read of an executive's calls.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, TimeDelta, Utc};
use serde_json::{Value, json};
use touchbase::access::Permission;

use crate::support::{Client, Reply, Server};

/// One entry, its lines by name and parameters.
pub type Entry = BTreeMap<String, String>;

pub async fn subscribe(client: &Client) -> (Value, String) {
    let made = client
        .post("/v1/me/calendar-feeds", json!({"name": "My telephone"}))
        .await
        .expect(201);
    let url = made["url"].as_str().unwrap();
    let path = url.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned();
    (made["calendar_feed"].clone(), path)
}

async fn read(server: &Server, path: &str) -> Reply {
    let reply = server.nobody().get(path).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.header("content-type"), "text/calendar; charset=utf-8");
    reply
}

pub async fn entries(server: &Server, path: &str) -> BTreeMap<String, Entry> {
    let text = read(server, path).await.text.replace("\r\n ", "");
    let events = text.split("BEGIN:VEVENT\r\n").skip(1);
    let entries = events.map(|event| {
        let lines = event.split("\r\nEND:VEVENT").next().unwrap().split("\r\n");
        let mut entry = Entry::new();
        for (name, value) in lines.map(|line| line.split_once(':').unwrap()) {
            // What an alarm says comes last.
            entry.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        (entry["UID"].clone(), entry)
    });
    entries.collect()
}

fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

pub async fn assign(server: &Server, customer: &str, fields: Value) -> Value {
    let manager = server.manager();
    let body = json!({"name": customer, "phone": "+49 30 5550199", "services": ["Hosting; with, signs"], "customer_since": "2020-01-15"});
    let customer = manager.post("/v1/customers", body).await.expect(201);
    let mut body =
        json!({"customer_id": customer["id"], "assignee_id": server.executive().id(), "outside_window": true});
    body.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    manager.post("/v1/assignments", body).await.expect(201)
}

pub fn uid(assignment: &Value) -> String {
    format!("call.{}@touchbase.invalid", assignment["id"].as_str().unwrap())
}

#[actix_web::test]
async fn a_call_moves_with_a_higher_sequence_and_is_canceled() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let now = server.app.clock.now().utc();
    let at = now + TimeDelta::days(3);
    let call = assign(
        &server,
        "Blondel, père; fils",
        json!({"scheduled_for": at, "reason": "Many referrals"}),
    )
    .await;
    let due = assign(
        &server,
        "Due",
        json!({"due_on": (now + TimeDelta::days(5)).date_naive()}),
    )
    .await;
    assign(&server, "Some day", json!({})).await;
    let (feed, path) = subscribe(&executive).await;

    let first = entries(&server, &path).await;
    assert_eq!(first.len(), 2, "{first:#?}");
    let entry = &first[&uid(&call)];
    for (name, value) in [
        ("SUMMARY", "Call Blondel\\, père\\; fils"),
        ("DTSTART", &stamp(at)),
        ("DTEND", &stamp(at + TimeDelta::minutes(30))),
        ("STATUS", "CONFIRMED"),
        ("TRIGGER", "-PT10M"),
        ("LOCATION", "+49305550199"),
        ("SEQUENCE", &call["revision"].to_string()),
    ] {
        assert_eq!(entry[name], value, "{name} {entry:#?}");
    }
    let text = &entry["DESCRIPTION"];
    assert!(
        text.contains("Many referrals\\n")
            && text.contains("A customer for ")
            && text.contains("Hosting\\; with\\, signs"),
        "{text}"
    );
    let entry = &first[&uid(&due)];
    assert_eq!(
        entry["DTSTART;VALUE=DATE"],
        (now + TimeDelta::days(5)).format("%Y%m%d").to_string()
    );
    assert_eq!(entry.get("TRIGGER"), None);

    // Read again it is the same, and whoever has it is told so.
    let reply = read(&server, &path).await;
    assert_eq!(entries(&server, &path).await, first);
    let etag = reply.header("etag");
    let known = server.nobody().request("GET", &path).header("if-none-match", &etag);
    let known = executive.send(known).await;
    assert_eq!(
        (known.status, known.text.as_str(), known.header("etag")),
        (304, "", etag.clone())
    );

    let path_of = |step: &str| format!("/v1/assignments/{}/{step}", call["id"].as_str().unwrap());
    let later = at + TimeDelta::hours(26);
    executive
        .post(
            &path_of("reschedule"),
            json!({"scheduled_for": later, "outside_window": true}),
        )
        .await
        .expect(200);
    let second = entries(&server, &path).await;
    let sequence = |entries: &BTreeMap<String, Entry>| entries[&uid(&call)]["SEQUENCE"].parse::<i64>().unwrap();
    assert_eq!(second[&uid(&call)]["DTSTART"], stamp(later));
    assert!(sequence(&second) > sequence(&first));
    assert_ne!(read(&server, &path).await.header("etag"), etag);

    // Snoozed away, and back; then canceled.
    let until = later + TimeDelta::days(9);
    executive
        .post(&path_of("snooze"), json!({"snoozed_until": until}))
        .await
        .expect(200);
    let snoozed = entries(&server, &path).await;
    assert_eq!(
        (&*snoozed[&uid(&call)]["STATUS"], &*snoozed[&uid(&call)]["DTSTART"]),
        ("CANCELLED", &*stamp(later))
    );
    executive
        .post(
            &path_of("reschedule"),
            json!({"scheduled_for": at, "outside_window": true}),
        )
        .await
        .expect(200);
    assert_eq!(entries(&server, &path).await[&uid(&call)]["STATUS"], "CONFIRMED");
    manager.post(&path_of("cancel"), json!({})).await.expect(200);
    let canceled = entries(&server, &path).await;
    let entry = &canceled[&uid(&call)];
    assert_eq!(
        (&*entry["STATUS"], &*entry["DTSTART"], entry.get("TRIGGER")),
        ("CANCELLED", &*stamp(at), None)
    );
    assert!(sequence(&canceled) > sequence(&snoozed) && sequence(&snoozed) > sequence(&second));
    server.app.clock.advance(TimeDelta::days(31));
    assert!(!entries(&server, &path).await.contains_key(&uid(&call)));

    let executive = server.executive();
    let own = format!("/v1/me/calendar-feeds/{}", feed["id"].as_str().unwrap());
    executive.delete(&own).await.expect(200);
    server.nobody().get(&path).await.expect(404);
}

#[actix_web::test]
async fn a_conversation_stays_in_the_calendar() {
    let server = Server::start().await;
    let executive = server.executive();
    let at = server.app.clock.now().utc() + TimeDelta::days(1);
    let call = assign(&server, "Blondel", json!({"scheduled_for": at})).await;
    let attempts = format!("/v1/assignments/{}/attempts", call["id"].as_str().unwrap());
    let notes = json!([{"type": "criticism", "body": "A secret of ours"}]);
    executive
        .post(
            &attempts,
            json!({"disposition": "connected", "summary": "A secret of theirs", "notes": notes}),
        )
        .await
        .expect(201);
    let (_, path) = subscribe(&executive).await;
    let entry = entries(&server, &path).await[&uid(&call)].clone();
    assert_eq!(
        (&*entry["SUMMARY"], &*entry["STATUS"], &*entry["DTSTART"]),
        ("Spoken with Blondel", "CONFIRMED", &*stamp(at))
    );
    // What was noted is not for calendars.
    assert!(!read(&server, &path).await.text.contains("secret"));
}

#[actix_web::test]
async fn a_traveller_gets_the_block_where_they_are() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let programs = manager.get("/v1/programs").await.expect(200);
    let program = programs["data"][0]["id"].as_str().unwrap();
    let block = json!({"user_id": executive.id(), "calls_to_prepare": 5, "conversations_to_reach": 2, "period": "day", "daily_block": {"starts": "08:00", "ends": "09:30"}});
    manager
        .patch(&format!("/v1/programs/{program}"), json!({"participants": [block]}))
        .await
        .expect(200);
    executive
        .patch("/v1/me", json!({"time_zone": "Europe/Berlin"}))
        .await
        .expect(200);
    let today = server
        .app
        .clock
        .now()
        .with_timezone(&chrono_tz::Europe::Berlin)
        .date_naive();
    // Away on one working day.
    let days = (1..8).map(|ahead| today + Days::new(ahead));
    let away = days
        .into_iter()
        .find(|day| day.format("%u").to_string() == "3")
        .unwrap();
    executive
        .post(
            "/v1/absences",
            json!({"starts_on": away, "ends_on": away, "kind": "vacation"}),
        )
        .await
        .expect(201);
    let (_, path) = subscribe(&executive).await;

    let local = |entry: &Entry, zone: chrono_tz::Tz| {
        let at = chrono::NaiveDateTime::parse_from_str(&entry["DTSTART"], "%Y%m%dT%H%M%SZ").unwrap();
        at.and_utc().with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
    };
    let berlin = entries(&server, &path).await;
    assert!((18..=20).contains(&berlin.len()), "{berlin:#?}");
    for (uid, entry) in &berlin {
        assert!(
            uid.starts_with(&format!("block.{program}.")) && entry["SUMMARY"] == "Calls: One a day",
            "{entry:#?}"
        );
        assert!(
            local(entry, chrono_tz::Europe::Berlin).ends_with(" 08:00"),
            "{entry:#?}"
        );
    }
    assert!(!berlin.keys().any(|uid| uid.contains(&away.to_string())));
    executive
        .patch("/v1/me", json!({"time_zone": "Asia/Tokyo"}))
        .await
        .expect(200);
    let tokyo = entries(&server, &path).await;
    for (uid, entry) in &tokyo {
        assert!(local(entry, chrono_tz::Asia::Tokyo).ends_with(" 08:00"), "{entry:#?}");
        if let Some(before) = berlin.get(uid) {
            let sequence = |entry: &Entry| entry["SEQUENCE"].parse::<i64>().unwrap();
            assert!(sequence(entry) > sequence(before));
        }
    }
    assert!(tokyo.keys().filter(|uid| berlin.contains_key(*uid)).count() >= 17);
}

#[actix_web::test]
async fn an_address_is_a_persons_own_and_shown_once() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let key = "a-feed";
    let made = executive
        .post_once("/v1/me/calendar-feeds", key, json!({"name": "Mine"}))
        .await;
    let again = executive
        .post_once("/v1/me/calendar-feeds", key, json!({"name": "Mine"}))
        .await;
    assert_eq!((made.status, again.status), (201, 201));
    assert!(
        made.body["url"].is_string() && again.body["url"].is_null(),
        "{}",
        again.text
    );
    assert_eq!(made.body["calendar_feed"], again.body["calendar_feed"]);
    let id = made.body["calendar_feed"]["id"].as_str().unwrap();
    let own = format!("/v1/me/calendar-feeds/{id}");
    assert_eq!(executive.get(&own).await.expect(200), made.body["calendar_feed"]);
    assert_eq!(
        executive.get("/v1/me/calendar-feeds?revoked=false").await.expect(200)["data"][0]["id"],
        id
    );
    // Not even those who run the program read or end another's.
    assert_eq!(
        manager.get("/v1/me/calendar-feeds").await.expect(200)["data"],
        json!([])
    );
    manager.get(&own).await.expect(404);
    manager.delete(&own).await.expect(404);
    let script = server.script(&[Permission::AssignmentsRead]).await;
    assert_eq!(
        script
            .post("/v1/me/calendar-feeds", json!({"name": "x"}))
            .await
            .problem(403),
        "not_yours"
    );
    for nothing in [
        "/v1/calendar-feeds/x.ics",
        "/v1/calendar-feeds/%00.ics",
        "/v1/calendar-feeds/x",
    ] {
        server.nobody().get(nothing).await.expect(404);
    }
    // Nobody finds the secret in the journal, in the list or anywhere else.
    let secret = made.body["url"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .strip_suffix(".ics")
        .unwrap();
    for path in ["/v1/audit-log", "/v1/me/calendar-feeds"] {
        assert!(!server.admin().get(path).await.text.contains(secret));
    }
    // Who has left is read no more.
    let path = format!("/v1/calendar-feeds/{secret}.ics");
    server.nobody().get(&path).await.expect(200);
    let head = server.nobody().send(server.nobody().request("HEAD", &path)).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    server
        .admin()
        .post(&format!("/v1/users/{}/deactivate", executive.id()), json!({}))
        .await
        .expect(200);
    server.nobody().get(&path).await.expect(404);
}
