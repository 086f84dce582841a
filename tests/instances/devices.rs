//! Devices, which come out at one instance now and at the other one then.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::Pair;
use crate::support::Client;

async fn customer(client: &Client, name: &str) -> Value {
    client.post("/v1/customers", json!({"name": name})).await.expect(201)
}

/// What a device keeps: the revisions of what it holds, and how far it has read.
#[derive(Default)]
struct Device {
    records: BTreeMap<String, i64>,
    place: String,
}

impl Device {
    async fn pull(&mut self, client: &Client) {
        loop {
            let page = client
                .get(&format!("/v1/sync/changes?limit=5{}", self.place))
                .await
                .expect(200);
            for change in page["changes"].as_array().unwrap() {
                let id = change["id"].as_str().unwrap().to_owned();
                match change["op"].as_str() {
                    Some("remove") => drop(self.records.remove(&id)),
                    _ => drop(self.records.insert(id, change["revision"].as_i64().unwrap())),
                }
            }
            self.place = format!("&cursor={}&epoch={}", page["cursor"], page["epoch"]);
            if page["has_more"] == false {
                return;
            }
        }
    }
}

#[actix_web::test]
async fn a_device_reads_on_wherever_it_comes_out() {
    let Some(pair) = Pair::start().await else { return };
    let admin = pair.admin().await;
    let [here, there] = pair.each(&admin);
    let me = admin.get("/v1/me").await.expect(200)["user"]["id"].clone();
    let mut device = Device::default();
    let mut expected = Vec::new();
    for round in 0..6 {
        let (one, other) = if round % 2 == 0 {
            (&here, &there)
        } else {
            (&there, &here)
        };
        let made = customer(one, &format!("Customer {round}")).await;
        let call = json!({"customer_id": made["id"], "assignee_id": me});
        let call = other.post("/v1/assignments", call).await.expect(201);
        // Pages alternate between the two, in the middle of a pull as well.
        device.pull(&admin).await;
        expected.extend([made, call]);
        for record in &expected {
            let id = record["id"].as_str().unwrap();
            assert!(device.records.contains_key(id), "{round}: {record}");
        }
    }
    // One that starts afresh at either holds the same.
    for client in [&here, &there] {
        let mut fresh = Device::default();
        fresh.pull(client).await;
        assert_eq!(fresh.records, device.records);
    }
}

#[actix_web::test]
async fn what_a_device_sends_is_applied_once_though_its_answers_are_lost() {
    let Some(pair) = Pair::start().await else { return };
    let admin = pair.admin().await;
    let made = customer(&admin, "Alfreds").await;
    let note = |at: usize| {
        let fields = json!({"customer_id": made["id"], "type": "idea", "body": format!("Idea {at}")});
        let id = uuid::Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0000 + at as u128);
        json!({"mutation_id": format!("m-{at}"), "collection": "notes", "id": id, "op": "upsert", "base_revision": 0, "fields": fields})
    };
    let body = json!({"client_id": "telephone", "mutations": (0..20).map(note).collect::<Vec<_>>()});
    pair.proxy.cut("POST /v1/sync/push", 0, 3);
    let answer: Value = loop {
        if let Ok(answer) = admin.request("POST", "/v1/sync/push").json(&body).send().await {
            assert_eq!(answer.status(), 200);
            break answer.json().await.unwrap();
        }
    };
    let results = answer["results"].as_array().unwrap();
    assert!(results.iter().all(|result| result["status"] == "applied"), "{answer}");
    assert_eq!(pair.proxy.seen("POST /v1/sync/push"), 4);
    let notes = admin.get("/v1/notes?include_total=true&limit=1").await.expect(200);
    assert_eq!(notes["total"], 20);
}
