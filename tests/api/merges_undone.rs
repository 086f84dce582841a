//! Merges undone: the customers are there again as they were; what came since goes where it belongs, and what cannot is told.

use chrono::TimeDelta;
use serde_json::{Value, json};
use touchbase::access::Role;
use touchbase::workers;

use crate::assignments::{assigned, customer, path};
use crate::merges::{HANGING, data, debriefed, id, made, merge, one, with_everything};
use crate::support::{Client, Server};

pub async fn undo(client: &Client, merge: &Value) -> Value {
    let path = format!("/v1/merges/{}/undo", id(merge));
    client.post(&path, json!({})).await.expect(200)
}

/// Every record there is, without what each write moves.
pub async fn everything(client: &Client) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut paths: Vec<String> = HANGING.map(|list| format!("/v1/{list}?limit=200")).to_vec();
    paths.push("/v1/customers?limit=200".into());
    paths.push("/v1/follow-ups?limit=200".into());
    paths.push("/v1/call-lists?limit=200".into());
    for customer in data(client, "/v1/customers?limit=200").await {
        paths.push(format!("/v1/customers/{}/account-managers", id(&customer)));
    }
    for item in data(client, "/v1/action-items?limit=200").await {
        paths.push(format!("/v1/action-items/{}/comments", id(&item)));
    }
    for path in paths {
        for mut record in data(client, &path).await {
            let fields = record.as_object_mut().unwrap();
            fields.retain(|field, _| field != "revision" && field != "updated_at");
            all.push((id(&record), record));
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[actix_web::test]
async fn undoing_gives_everything_back_to_whom_it_was() {
    let server = Server::start().await;
    let manager = server.manager();
    let second = server.add("second", Role::Executive).await;
    let (alfreds, ana) = (
        with_everything(&server, "ALFKI").await,
        with_everything(&server, "ANATR").await,
    );
    assigned(&manager, &alfreds, &second).await;
    assigned(&manager, &ana, &server.executive()).await;
    made(&manager, "/v1/customers", json!({"name": "Bo", "referred_by_id": ana})).await;
    let patch = json!({"phone": "+49 30 0074321", "tags": ["b"], "referred_by_id": alfreds});
    manager.patch(&format!("/v1/customers/{ana}"), patch).await.expect(200);
    let before = everything(&manager).await;
    let merge = merge(&manager, &alfreds, &[&ana]).await;
    assert_ne!(everything(&manager).await, before);
    let undone = undo(&manager, &merge).await;
    assert_eq!((&undone["status"], &undone["kept"]), (&json!("undone"), &json!([])));
    assert_eq!(undone["undone_by"], manager.id());
    assert_eq!(everything(&manager).await, before);
    // A second time changes nothing.
    assert_eq!(undo(&manager, &merge).await, undone);
    let found = data(&manager, "/v1/customers?external_id=ANATR").await;
    assert_eq!(found.iter().map(id).collect::<Vec<_>>(), std::slice::from_ref(&ana));
    assert_eq!(data(&manager, "/v1/customers?q=maria").await.len(), 2);
    assert_eq!(data(&manager, &format!("/v1/notes?customer_id={ana}")).await.len(), 1);
    // And they can be made one again.
    crate::merges::merge(&manager, &ana, &[&alfreds]).await;
}

#[actix_web::test]
async fn what_came_since_stays_unless_it_came_of_what_goes_back() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let (alfreds, ana) = (customer(&manager, "Alfreds").await, customer(&manager, "Ana").await);
    let theirs = assigned(&manager, &ana, &executive).await;
    let contact = made(&manager, "/v1/contacts", json!({"customer_id": ana, "name": "Maria"})).await;
    let merge = merge(&manager, &alfreds, &[&ana]).await;
    // A call on the other's assignment with all that comes of it, a note of the other's contact, and a note of nobody's.
    let debrief = debriefed(&server, &theirs).await;
    let item = debrief["action_items"][0]["id"].as_str().unwrap();
    let comment = made(
        &manager,
        &format!("/v1/action-items/{item}/comments"),
        json!({"body": "Sent."}),
    )
    .await;
    let of_contact = json!({"customer_id": alfreds, "contact_id": contact["id"], "type": "idea", "body": "A blue one"});
    let of_contact = made(&executive, "/v1/notes", of_contact).await;
    let plain = json!({"customer_id": alfreds, "type": "idea", "body": "A red one"});
    let plain = made(&executive, "/v1/notes", plain).await;
    manager
        .patch(&format!("/v1/customers/{alfreds}"), json!({"city": "Berlin"}))
        .await
        .expect(200);
    let undone = undo(&manager, &merge).await;
    for (path, whose) in [
        (format!("/v1/attempts/{}", id(&debrief["attempt"])), &ana),
        (format!("/v1/notes/{}", id(&debrief["notes"][0])), &ana),
        (format!("/v1/nps-responses/{}", id(&debrief["nps_response"])), &ana),
        (format!("/v1/action-items/{item}"), &ana),
        (
            format!("/v1/service-interests/{}", id(&debrief["service_interests"][0])),
            &ana,
        ),
        (format!("/v1/notes/{}", id(&of_contact)), &ana),
        (format!("/v1/notes/{}", id(&plain)), &alfreds),
    ] {
        assert_eq!(one(&manager, &path).await["customer_id"], json!(whose), "{path}");
    }
    let comments = data(&manager, &format!("/v1/action-items/{item}/comments")).await;
    assert_eq!(
        (id(&comments[0]), &comments[0]["customer_id"]),
        (id(&comment), &json!(ana))
    );
    let (stayed, back) = (
        one(&manager, &format!("/v1/customers/{alfreds}")).await,
        one(&manager, &format!("/v1/customers/{ana}")).await,
    );
    assert_eq!((&stayed["city"], &back["city"]), (&json!("Berlin"), &Value::Null));
    // The call was the other's: nobody has spoken with the one that stayed.
    assert!(back["last_contacted_at"].is_string(), "{back}");
    assert_eq!(stayed["last_contacted_at"], Value::Null, "{stayed}");
    // Nobody knows for whom the city was meant.
    let kept = json!([{"kind": "customer", "record_id": alfreds, "field": "city", "reason": "changed_since"}]);
    assert_eq!(undone["kept"], kept);
}

#[actix_web::test]
async fn what_was_changed_since_stands_and_is_told() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let second = server.add("second", Role::Executive).await;
    let alfreds = customer(&manager, "Alfreds").await;
    let body = json!({"name": "Ana", "external_id": "ANATR", "city": "Paris", "tags": ["b"]});
    let ana = id(&made(&manager, "/v1/customers", body).await);
    let third = customer(&manager, "Bo").await;
    let contact = made(&manager, "/v1/contacts", json!({"customer_id": ana, "name": "Maria"})).await;
    let idle = assigned(&manager, &alfreds, &executive).await;
    let called = assigned(&manager, &ana, &second).await;
    let attempt = format!("{}/attempts", path(&called));
    second
        .post(&attempt, json!({"disposition": "no_answer"}))
        .await
        .expect(201);
    let merge = merge(&manager, &alfreds, &[&ana]).await;
    let path = |id: &str| format!("/v1/customers/{id}");
    manager
        .patch(&path(&alfreds), json!({"city": "Lyon"}))
        .await
        .expect(200);
    let moved_on = json!({"customer_id": third});
    manager
        .patch(&format!("/v1/contacts/{}", id(&contact)), moved_on)
        .await
        .expect(200);
    // The other's assignment has ended, and somebody else was given the customer.
    second
        .post(&attempt, json!({"disposition": "connected"}))
        .await
        .expect(201);
    assigned(&manager, &alfreds, &manager).await;
    manager
        .patch(&path(&alfreds), json!({"do_not_contact": false, "tags": ["b", "c"]}))
        .await
        .expect(200);
    let undone = undo(&manager, &merge).await;
    let mut kept: Vec<(String, String)> = undone["kept"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let what = it["field"].as_str().or(it["kind"].as_str()).unwrap();
            (what.to_owned(), it["reason"].as_str().unwrap().to_owned())
        })
        .collect();
    kept.sort();
    let expected = [
        ("assignment", "taken_meanwhile"),
        ("city", "changed_since"),
        ("contact", "moved_on"),
        ("tags", "changed_since"),
    ];
    assert_eq!(kept, expected.map(|(what, why)| (what.to_owned(), why.to_owned())));
    assert_eq!(one(&manager, &path(&alfreds)).await["city"], "Lyon");
    assert_eq!(one(&manager, &path(&ana)).await["city"], "Paris");
    assert_eq!(
        one(&manager, &crate::assignments::path(&idle)).await["status"],
        "canceled"
    );
}

#[actix_web::test]
async fn who_asked_not_to_be_contacted_since_is_left_alone_under_both_names() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let second = server.add("second", Role::Executive).await;
    let (alfreds, ana) = (customer(&manager, "Alfreds").await, customer(&manager, "Ana").await);
    let one_open = assigned(&manager, &alfreds, &executive).await;
    let other_open = assigned(&manager, &ana, &second).await;
    let merge = merge(&manager, &alfreds, &[&ana]).await;
    let path = format!("/v1/customers/{alfreds}");
    manager.patch(&path, json!({"do_not_contact": true})).await.expect(200);
    let undone = undo(&manager, &merge).await;
    assert!(undone["kept"].to_string().contains("do_not_contact"), "{undone}");
    for customer in [&alfreds, &ana] {
        assert_eq!(
            one(&manager, &format!("/v1/customers/{customer}")).await["do_not_contact"],
            true
        );
    }
    for open in [&one_open, &other_open] {
        assert_eq!(
            one(&manager, &crate::assignments::path(open)).await["status"],
            "canceled"
        );
    }
}

#[actix_web::test]
async fn merges_upon_merges_are_undone_from_the_last_one_on() {
    let server = Server::start().await;
    let manager = server.manager();
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        ids.push(with_everything(&server, name).await);
    }
    let before = everything(&manager).await;
    let first = merge(&manager, &ids[0], &[&ids[1]]).await;
    let between = everything(&manager).await;
    let second = merge(&manager, &ids[2], &[&ids[0]]).await;
    let undo_first = format!("/v1/merges/{}/undo", id(&first));
    let refused = manager.post(&undo_first, json!({})).await;
    assert!(refused.text.contains(&id(&second)), "{}", refused.text);
    assert_eq!(refused.problem(409), "wrong_state");
    undo(&manager, &second).await;
    assert_eq!(everything(&manager).await, between);
    // The first one's ids lead to its customer again.
    assert_eq!(id(&one(&manager, &format!("/v1/customers/{}", ids[1])).await), ids[0]);
    assert_eq!(
        data(&manager, "/v1/customers?external_id=B").await[0]["id"],
        json!(ids[0])
    );
    undo(&manager, &first).await;
    assert_eq!(everything(&manager).await, before);
}

#[actix_web::test]
async fn plans_and_lists_of_days_follow_there_and_back() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let (alfreds, ana) = (customer(&manager, "Alfreds").await, customer(&manager, "Ana").await);
    let part = json!({"user_id": executive.id(), "calls_to_prepare": 5, "conversations_to_reach": 1, "period": "day"});
    let soon = server.app.clock.now().utc() + chrono::TimeDelta::minutes(1);
    let lists_at = touchbase::local_time::wall_clock(soon, chrono_tz::Europe::Berlin)
        .format("%H:%M")
        .to_string();
    let program = json!({"name": "Of an evening", "participants": [part], "lists_at": lists_at});
    let program = made(&manager, "/v1/programs", program).await;
    let assignment = json!({"customer_id": ana, "assignee_id": executive.id(), "program_id": program["id"]});
    made(&manager, "/v1/assignments", assignment).await;
    server.app.clock.advance(chrono::TimeDelta::minutes(1));
    workers::settle(&server.app).await.unwrap();
    let lists = data(&manager, "/v1/call-lists").await;
    let named = |lists: &[Value], id: &str| lists.iter().any(|list| list["entries"].to_string().contains(id));
    assert!(named(&lists, &ana), "{lists:?}");
    let merge = merge(&manager, &alfreds, &[&ana]).await;
    let after = data(&manager, "/v1/call-lists").await;
    assert!(named(&after, &alfreds) && !named(&after, &ana), "{after:?}");
    undo(&manager, &merge).await;
    assert!(named(&data(&manager, "/v1/call-lists").await, &ana));
}

#[actix_web::test]
async fn a_customer_was_last_spoken_with_when_somebody_spoke_with_it() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let (alfreds, ana) = (customer(&manager, "Alfreds").await, customer(&manager, "Ana").await);
    let before = assigned(&manager, &ana, &executive).await;
    debriefed(&server, &before).await;
    let own = assigned(&manager, &alfreds, &executive).await;
    let program = made(&manager, "/v1/programs", json!({"name": "Another"})).await;
    let theirs = json!({"customer_id": ana, "assignee_id": executive.id(), "program_id": program["id"]});
    let theirs = made(&manager, "/v1/assignments", theirs).await;
    let last = |customer: String| {
        let manager = manager.clone();
        async move { one(&manager, &format!("/v1/customers/{customer}")).await["last_contacted_at"].clone() }
    };
    let earlier = last(ana.clone()).await;
    let merge = merge(&manager, &alfreds, &[&ana]).await;
    assert_eq!(last(alfreds.clone()).await, earlier);
    server.app.clock.advance(TimeDelta::minutes(1));
    let own = debriefed(&server, &own).await["attempt"]["occurred_at"].clone();
    server.app.clock.advance(TimeDelta::minutes(1));
    let theirs = debriefed(&server, &theirs).await["attempt"]["occurred_at"].clone();
    assert_eq!(last(alfreds.clone()).await, theirs);
    undo(&manager, &merge).await;
    assert_eq!((last(alfreds).await, last(ana).await), (own, theirs));
}
