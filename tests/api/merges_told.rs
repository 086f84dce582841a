//! Merges: who may, what is refused, and what becomes of the pairs that were found.

use serde_json::json;
use touchbase::access::Permission;
use touchbase::workers;

use crate::assignments::customer;
use crate::merges::{data, id, made, merge};
use crate::support::Server;

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
