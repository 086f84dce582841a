//! Merges: who may, what is refused, who hears of it, and what becomes of the pairs that were found.

use serde_json::{Value, json};
use touchbase::access::{Permission, Role};
use touchbase::workers;

use crate::assignments::{assigned, customer, path};
use crate::merges::{data, id, made, merge, one};
use crate::support::{Client, Server};

#[actix_web::test]
async fn a_merge_that_makes_no_sense_is_refused_with_every_fault_and_writes_nothing() {
    let server = Server::start().await;
    let manager = server.manager();
    let (alfreds, ana) = (customer(&manager, "Alfreds").await, customer(&manager, "Ana").await);
    let merge = format!("/v1/customers/{alfreds}/merge");
    let missing = "01890a5d-ac96-774b-bcce-b302099a8057";
    let body = json!({"other_ids": [alfreds, ana, ana, missing], "fields": {"name": missing}});
    let reply = manager.post(&merge, body).await;
    let faults: Vec<String> = reply.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("{} {}", it["pointer"], it["code"]).replace('"', ""))
        .collect();
    assert_eq!(
        faults,
        [
            "/other_ids/0 duplicate",
            "/other_ids/2 duplicate",
            "/other_ids/3 not_found"
        ]
    );
    let reply = manager
        .post(&merge, json!({"other_ids": [ana], "fields": {"name": missing}}))
        .await;
    assert_eq!(reply.body["errors"][0]["pointer"], "/fields/name");
    let foreign = customer(&server.another_organization().await, "Foreign").await;
    let reply = manager.post(&merge, json!({"other_ids": [foreign]})).await;
    assert_eq!(reply.body["errors"][0]["code"], "not_found");
    for who in [
        server.executive(),
        server.contributor(),
        server.viewer(),
        server.script(&[Permission::CustomersManage]).await,
    ] {
        let refused = who.post(&merge, json!({"other_ids": [ana]})).await;
        assert_eq!(refused.problem(403), "insufficient_permission");
    }
    assert_eq!(data(&manager, "/v1/customers").await.len(), 2);
    assert_eq!(data(&manager, "/v1/merges").await.len(), 0);
    // Once, however often it is asked for.
    let first = manager
        .post_once(&merge, "k", json!({"other_ids": [ana]}))
        .await
        .expect(201);
    let second = manager
        .post_once(&merge, "k", json!({"other_ids": [ana]}))
        .await
        .expect(201);
    assert_eq!(first, second);
}

#[actix_web::test]
async fn pairs_of_the_merged_are_gone_and_whom_they_were_not_they_are_not() {
    let server = Server::start().await;
    let manager = server.manager();
    let mut ids = Vec::new();
    for name in [
        "Alfreds Futterkiste",
        "Alfreds Futterkiste AG",
        "Alfreds Futterkiste KG",
    ] {
        ids.push(id(&made(&manager, "/v1/customers", json!({"name": name})).await));
    }
    workers::settle(&server.app).await.unwrap();
    let pairs = data(&manager, "/v1/duplicates").await;
    assert_eq!(pairs.len(), 3);
    let of = |a: &str, b: &str| {
        let pair = pairs
            .iter()
            .find(|it| it.to_string().contains(a) && it.to_string().contains(b));
        format!("/v1/duplicates/{}", id(pair.unwrap()))
    };
    manager
        .post(&format!("{}/dismiss", of(&ids[1], &ids[2])), json!({"reason": "No"}))
        .await
        .expect(200);
    let merge = merge(&manager, &ids[0], &[&ids[1]]).await;
    workers::settle(&server.app).await.unwrap();
    let left = data(&manager, "/v1/duplicates").await;
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(
        (&left[0]["status"], &left[0]["dismissed_reason"]),
        (&json!("dismissed"), &json!("No"))
    );
    manager
        .post(&format!("/v1/merges/{}/undo", id(&merge)), json!({}))
        .await
        .expect(200);
    workers::settle(&server.app).await.unwrap();
    let mut back: Vec<String> = data(&manager, "/v1/duplicates")
        .await
        .iter()
        .map(|it| format!("{} {} {}", it["customer_id"], it["other_id"], it["status"]))
        .collect();
    back.sort();
    let mut before: Vec<String> = pairs
        .iter()
        .map(|it| format!("{} {} ", it["customer_id"], it["other_id"]))
        .collect();
    before.sort();
    assert_eq!(back.len(), 3);
    for (back, before) in back.iter().zip(before) {
        assert!(back.starts_with(&before), "{back} {before}");
        let dismissed = back.contains(&ids[1]) && back.contains(&ids[2]);
        assert_eq!(back.contains("dismissed"), dismissed, "{back}");
    }
}

/// What somebody was told of calls that were taken back.
async fn taken_back(who: &Client) -> Vec<Value> {
    data(who, "/v1/me/notifications?kind_in=call_taken_back").await
}

#[actix_web::test]
async fn an_executive_whose_call_a_merge_has_ended_is_told_who_keeps_the_customer_until_it_is_undone() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let second = server.add("second", Role::Executive).await;
    let (alfreds, ana) = (customer(&manager, "Alfreds").await, customer(&manager, "Ana").await);
    let lost = assigned(&manager, &alfreds, &executive).await;
    let kept = assigned(&manager, &ana, &second).await;
    let call = json!({"disposition": "no_answer"});
    second
        .post(&format!("{}/attempts", path(&kept)), call)
        .await
        .expect(201);
    let merge = merge(&manager, &alfreds, &[&ana]).await;
    let heard = taken_back(&executive).await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(
        (&heard[0]["about_kind"], &heard[0]["about_id"], &heard[0]["title"]),
        (
            &json!("assignment"),
            &lost["id"],
            &json!("Your call to Alfreds was taken back")
        )
    );
    let keeper = one(&second, "/v1/me").await["user"]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let text = heard[0]["text"].as_str().unwrap();
    let says =
        format!("Alfreds is the same customer as Ana, and they were merged. {keeper} has it in hand and keeps it.");
    assert!(text.starts_with(&says), "{text}");
    assert!(taken_back(&second).await.is_empty());
    assert!(taken_back(&manager).await.is_empty());
    // The call is theirs again, and nothing else is said any more; merged once more, they hear of it once more.
    let undo = format!("/v1/merges/{}/undo", id(&merge));
    manager.post(&undo, json!({})).await.expect(200);
    assert_eq!(one(&manager, &path(&lost)).await["status"], "queued");
    assert!(taken_back(&executive).await.is_empty());
    crate::merges::merge(&manager, &ana, &[&alfreds]).await;
    assert_eq!(taken_back(&executive).await.len(), 1);
}

#[actix_web::test]
async fn who_keeps_the_customer_or_merges_it_themselves_is_told_nothing_and_who_may_call_nobody_is_told_why() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    // One assignment of a program stays, with the same executive.
    let (alfreds, ana) = (customer(&manager, "Alfreds").await, customer(&manager, "Ana").await);
    let program = assigned(&manager, &alfreds, &executive).await["program_id"].clone();
    let again = json!({"program_id": program, "customer_id": ana, "assignee_id": executive.id()});
    made(&manager, "/v1/assignments", again).await;
    let merged = merge(&manager, &alfreds, &[&ana]).await;
    assert_eq!(merged["canceled"].as_array().unwrap().len(), 1);
    assert!(taken_back(&executive).await.is_empty());
    // Who merges them sees it.
    let (bon, bolido) = (customer(&manager, "Bon").await, customer(&manager, "Bolido").await);
    assigned(&manager, &bon, &executive).await;
    let own = assigned(&manager, &bolido, &manager).await;
    let merged = merge(&manager, &bon, &[&bolido]).await;
    assert_eq!(merged["canceled"], json!([own["id"]]));
    assert!(taken_back(&manager).await.is_empty());
    // Nobody keeps whom nobody may call.
    let silent = json!({"name": "Comercio", "do_not_contact": true, "do_not_contact_reason": "They said so."});
    let silent = id(&made(&manager, "/v1/customers", silent).await);
    let consolidated = customer(&manager, "Consolidated").await;
    assigned(&manager, &consolidated, &executive).await;
    merge(&manager, &consolidated, &[&silent]).await;
    let heard = taken_back(&executive).await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    let text = heard[0]["text"].as_str().unwrap();
    assert!(
        text.starts_with(
            "Consolidated is the same customer as Comercio, and they were merged. It asked not to be called."
        ),
        "{text}"
    );
}
