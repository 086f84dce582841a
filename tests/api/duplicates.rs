//! Duplicates: customers that may be one are found by themselves, with a score and the reasons; what was dismissed stays dismissed.

use serde_json::{Value, json};
use touchbase::workers;

use crate::support::{Client, Server};

async fn customer(client: &Client, body: Value) -> String {
    let made = client.post("/v1/customers", body).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn found(server: &Server, path: &str) -> Vec<Value> {
    workers::settle(&server.app).await.unwrap();
    let page = server.manager().get(path).await.expect(200);
    page["data"].as_array().unwrap().clone()
}

fn codes(pair: &Value) -> Vec<&str> {
    let reasons = pair["reasons"].as_array().unwrap();
    reasons.iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

fn between(pair: &Value, a: &str, b: &str) -> bool {
    let (one, other) = (
        pair["customer_id"].as_str().unwrap(),
        pair["other_id"].as_str().unwrap(),
    );
    (one, other) == (a, b) || (one, other) == (b, a)
}

#[actix_web::test]
async fn spellings_of_one_name_are_found_with_a_score_and_the_reasons_in_words() {
    let server = Server::start().await;
    let manager = server.manager();
    let one = customer(
        &manager,
        json!({"name": "Königlich Essen GmbH & Co. KG", "city": "Brandenburg"}),
    )
    .await;
    let other = customer(&manager, json!({"name": "KONIGLICH ESSEN", "city": "brandenburg"})).await;
    customer(&manager, json!({"name": "Bon app'"})).await;
    let pairs = found(&server, "/v1/duplicates").await;
    assert_eq!(pairs.len(), 1, "{pairs:?}");
    assert!(between(&pairs[0], &one, &other));
    assert_eq!(codes(&pairs[0]), ["same_name", "same_city"]);
    assert!(pairs[0]["score"].as_i64().unwrap() > 95);
    let words = pairs[0]["reasons"][0]["detail"].as_str().unwrap();
    assert!(
        words.contains("Königlich Essen GmbH & Co. KG") && words.contains("legal form"),
        "{words}"
    );
    for id in [&one, &other] {
        let of_one = found(&server, &format!("/v1/customers/{id}/duplicates")).await;
        assert_eq!(of_one, pairs);
    }
    let csv = manager
        .send(manager.request("GET", "/v1/duplicates").header("accept", "text/csv"))
        .await;
    assert!(csv.text.starts_with("id,customer_id,other_id,score"), "{}", csv.text);
    assert!(csv.text.lines().count() == 2, "{}", csv.text);
}

#[actix_web::test]
async fn a_domain_a_number_and_an_address_in_common_are_reasons_and_a_mail_provider_is_none() {
    let server = Server::start().await;
    let manager = server.manager();
    let site = customer(
        &manager,
        json!({"name": "Alfreds", "website": "https://www.alfreds.de/kontakt"}),
    )
    .await;
    let people = customer(&manager, json!({"name": "Futterkiste Nord"})).await;
    let anna = json!({"customer_id": people, "name": "Anna", "email": "anna@mail.alfreds.de"});
    manager.post("/v1/contacts", anna).await.expect(201);
    let called = customer(&manager, json!({"name": "Berglunds", "phone": "+46 921 12 34 65"})).await;
    let answers = customer(&manager, json!({"name": "Snabbköp"})).await;
    let maria = json!({"customer_id": answers, "name": "Maria", "phone": "+46921123465"});
    manager.post("/v1/contacts", maria).await.expect(201);
    for name in ["Comidas", "Drachenblut"] {
        let id = customer(&manager, json!({"name": name})).await;
        let email = format!("{name}@gmail.com").to_lowercase();
        let contact = json!({"customer_id": id, "name": "Ana", "email": email});
        manager.post("/v1/contacts", contact).await.expect(201);
    }
    let pairs = found(&server, "/v1/duplicates?sort=score").await;
    assert_eq!(pairs.len(), 2, "{pairs:?}");
    let of = |a: &str, b: &str| pairs.iter().find(|pair| between(pair, a, b)).unwrap();
    assert_eq!(codes(of(&site, &people)), ["same_domain", "different_name"]);
    assert_eq!(codes(of(&called, &answers)), ["same_phone", "different_name"]);
    // Of a person's number or address nothing is said.
    assert!(!format!("{pairs:?}").contains("46921123465"));
}

#[actix_web::test]
async fn a_pair_follows_what_is_known_of_the_two_and_goes_when_they_are_no_longer_alike() {
    let server = Server::start().await;
    let manager = server.manager();
    let one = customer(&manager, json!({"name": "Alfreds Futterkiste"})).await;
    let other = customer(&manager, json!({"name": "Alfreds Futterkiste AG"})).await;
    let first = found(&server, "/v1/duplicates").await[0].clone();
    let at = |id: &str| format!("/v1/customers/{id}");
    for id in [&one, &other] {
        manager.patch(&at(id), json!({"city": "Berlin"})).await.expect(200);
    }
    let second = found(&server, "/v1/duplicates").await[0].clone();
    assert_eq!(second["id"], first["id"]);
    assert!(second["score"].as_i64() > first["score"].as_i64());
    manager
        .patch(&at(&other), json!({"name": "Bon app'"}))
        .await
        .expect(200);
    assert_eq!(found(&server, "/v1/duplicates").await.len(), 0);
    let path = format!("/v1/duplicates/{}", first["id"].as_str().unwrap());
    assert_eq!(manager.get(&path).await.problem(404), "not_found");
    // A contact that goes elsewhere takes its domain along.
    let third = customer(&manager, json!({"name": "Centro", "website": "centro.de"})).await;
    let contact = json!({"customer_id": one, "name": "Anna", "email": "anna@centro.de"});
    let contact = manager.post("/v1/contacts", contact).await.expect(201);
    assert!(between(&found(&server, "/v1/duplicates").await[0], &one, &third));
    let contact = format!("/v1/contacts/{}", contact["id"].as_str().unwrap());
    manager.patch(&contact, json!({"customer_id": other})).await.expect(200);
    let pairs = found(&server, "/v1/duplicates").await;
    assert_eq!(pairs.len(), 1);
    assert!(between(&pairs[0], &other, &third), "{pairs:?}");
}

#[actix_web::test]
async fn what_was_dismissed_stays_dismissed_until_somebody_reopens_it() {
    let server = Server::start().await;
    let manager = server.manager();
    let one = customer(&manager, json!({"name": "Alfreds Futterkiste"})).await;
    customer(&manager, json!({"name": "Alfreds Futterkiste AG"})).await;
    let pair = found(&server, "/v1/duplicates?status=open").await[0].clone();
    let path = format!("/v1/duplicates/{}", pair["id"].as_str().unwrap());
    let dismiss = format!("{path}/dismiss");
    let body = json!({"reason": "Two branches."});
    assert_eq!(
        server.executive().post(&dismiss, body.clone()).await.problem(403),
        "insufficient_permission"
    );
    let dismissed = manager.post(&dismiss, body.clone()).await.expect(200);
    assert_eq!(dismissed["status"], "dismissed");
    assert_eq!(dismissed["dismissed_by"], manager.id());
    assert_eq!(dismissed["dismissed_reason"], "Two branches.");
    assert_eq!(manager.post(&dismiss, json!({})).await.expect(200), dismissed);
    let at = format!("/v1/customers/{one}");
    manager
        .patch(&at, json!({"city": "Berlin", "website": "a.de"}))
        .await
        .expect(200);
    assert_eq!(found(&server, "/v1/duplicates?status=open").await.len(), 0);
    assert_eq!(
        found(&server, "/v1/duplicates?status=dismissed").await[0]["id"],
        pair["id"]
    );
    let reopened = manager.post(&format!("{path}/reopen"), json!({})).await.expect(200);
    assert_eq!(
        (&reopened["status"], &reopened["dismissed_by"]),
        (&json!("open"), &Value::Null)
    );
}

#[actix_web::test]
async fn a_name_that_very_many_share_tells_nothing_and_costs_nothing() {
    let server = Server::start().await;
    let manager = server.manager();
    for at in 0..60 {
        let city = format!("City {at}");
        customer(&manager, json!({"name": "Pizzeria Napoli", "city": city})).await;
    }
    assert_eq!(found(&server, "/v1/duplicates").await.len(), 0);
}

#[actix_web::test]
async fn a_pair_that_was_merged_and_parted_again_is_found_again() {
    let server = Server::start().await;
    let manager = server.manager();
    let one = customer(&manager, json!({"name": "Ambruck", "city": "Mainz"})).await;
    let other = customer(&manager, json!({"name": "Ambruck GmbH", "city": "Mainz"})).await;
    let third = customer(&manager, json!({"name": "AMBRUCK AG", "city": "Mainz"})).await;
    assert_eq!(found(&server, "/v1/duplicates").await.len(), 3);
    for looked_between in [false, true] {
        let merged = crate::merges::merge(&manager, &one, &[&other]).await;
        if looked_between {
            let pairs = found(&server, "/v1/duplicates").await;
            assert!(pairs.len() == 1 && between(&pairs[0], &one, &third), "{pairs:?}");
        }
        crate::merges_undone::undo(&manager, &merged).await;
        let pairs = found(&server, "/v1/duplicates").await;
        assert_eq!(pairs.len(), 3, "{looked_between}: {one} {other} {third} {pairs:#?}");
    }
}
