//! Synchronization: a thousand random interleavings of two devices and the web, after each of which all say the same.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};
use touchbase::access::Role;

use crate::assignments::{assigned, customer, path};
use crate::support::database::on_postgres;
use crate::support::{Client, Server};
use crate::sync::{Device, afresh, text};
use crate::sync_push::{id, push, upsert};

const FIELDS: [&str; 3] = ["title", "detail", "department"];

/// A device that is changed offline, as the libraries keep it: what is changed stands over what is read until it has been sent.
struct Changed {
    name: &'static str,
    device: Device,
    /// By collection and id: what it was changed from, and what was changed.
    unsent: BTreeMap<(String, String), (i64, Map<String, Value>)>,
}

impl Changed {
    fn change(&mut self, key: &(String, String), field: &str, value: &Value) {
        let Some((revision, _)) = self.device.records.get(key) else {
            return;
        };
        let unsent = self
            .unsent
            .entry(key.clone())
            .or_insert_with(|| (*revision, Map::new()));
        unsent.1.insert(field.to_owned(), value.clone());
    }

    fn add(&mut self, collection: &str, id: &str, fields: &Value) {
        let key = (collection.to_owned(), id.to_owned());
        self.unsent.insert(key, (0, fields.as_object().unwrap().clone()));
    }

    async fn pull(&mut self, client: &Client, limit: usize) {
        self.device.pull(client, limit).await;
        // What has left takes along what was not sent of it.
        let there = &self.device.records;
        self.unsent
            .retain(|key, (base, _)| *base == 0 || there.contains_key(key));
    }

    /// Sends what is unsent; an answer that is lost leaves it to be sent again.
    async fn push(&mut self, client: &Client, lost: bool) -> Vec<Value> {
        let mutations: Vec<Value> = self
            .unsent
            .iter()
            .map(|((collection, id), (base, fields))| upsert(collection, id, *base, json!(fields)))
            .collect();
        if mutations.is_empty() {
            return Vec::new();
        }
        let results = push(client, self.name, mutations).await;
        if lost {
            return Vec::new();
        }
        self.unsent.clear();
        for result in &results {
            let key = (text(&result["collection"]), text(&result["id"]));
            if result["record"].is_object() && result["status"] != "applied" {
                self.device
                    .records
                    .insert(key, (result["revision"].as_i64().unwrap(), result["record"].clone()));
            }
        }
        results
    }
}

struct World {
    manager: Client,
    executive: Client,
    other: Client,
    devices: [Changed; 2],
}

impl World {
    /// One interleaving, about a customer of its own.
    async fn interleave(&mut self, seed: u64) {
        let mut chance = StdRng::seed_from_u64(seed);
        let customer = customer(&self.manager, &format!("Customer {seed}")).await;
        let assignment = assigned(&self.manager, &customer, &self.executive).await;
        let body = json!({"customer_id": customer, "title": "0", "department": "Support"});
        let item = self.manager.post("/v1/action-items", body).await.expect(201);
        let item_path = format!("/v1/action-items/{}", text(&item["id"]));
        let key = ("action_items".to_owned(), text(&item["id"]));
        for device in &mut self.devices {
            device.pull(&self.executive, 200).await;
        }
        let mut writers: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        let mut last: BTreeMap<&str, Value> = BTreeMap::new();
        let (mut notes, mut away) = (Vec::new(), false);
        for step in 0..chance.random_range(4..9) {
            let who = chance.random_range(0..3_usize);
            let field = FIELDS[chance.random_range(0..FIELDS.len())];
            let value = json!(format!("{seed}.{step}"));
            match (who, chance.random_range(0..8)) {
                (2, 0) => {
                    let to = if away { &self.executive } else { &self.other };
                    let to = json!({"assignee_id": to.id()});
                    self.manager
                        .post(&format!("{}/reassign", path(&assignment)), to)
                        .await
                        .expect(200);
                    away = !away;
                }
                (2, _) => {
                    self.manager.patch(&item_path, json!({field: value})).await.expect(200);
                    writers.entry(field).or_default().insert(2);
                    last.insert(field, value);
                }
                (at, 0 | 1) => drop(self.devices[at].push(&self.executive, chance.random_bool(0.3)).await),
                (at, 2) => self.devices[at].pull(&self.executive, chance.random_range(1..6)).await,
                (at, 3) => {
                    let id = id();
                    let note = json!({"customer_id": customer, "type": "idea", "body": value});
                    self.devices[at].add("notes", &id, &note);
                    notes.push(id);
                }
                (at, _) => {
                    self.devices[at].change(&key, field, &value);
                    if self.devices[at].unsent.contains_key(&key) {
                        writers.entry(field).or_default().insert(at);
                        last.insert(field, value);
                    }
                }
            }
        }
        for _ in 0..2 {
            for device in &mut self.devices {
                device.push(&self.executive, false).await;
            }
        }
        for device in &mut self.devices {
            device.pull(&self.executive, chance.random_range(2..20)).await;
        }
        self.converged(seed).await;
        // Nobody's word is lost where nobody else said anything of the same, unless the customer was away.
        let now = self.manager.get(&item_path).await.expect(200);
        for (field, by) in writers.iter().filter(|(_, by)| by.len() == 1 && by.contains(&2)) {
            assert_eq!(now[field], last[field], "seed {seed}: {field} by {by:?}");
        }
        for note in notes {
            self.manager.get(&format!("/v1/notes/{note}")).await.expect(200);
        }
        self.manager
            .post(&format!("{}/cancel", path(&assignment)), json!({}))
            .await
            .expect(200);
    }

    /// Both devices have what one has that begins now.
    async fn converged(&self, seed: u64) {
        let truth = afresh(&self.executive).await.records;
        for device in &self.devices {
            assert!(device.unsent.is_empty());
            let (has, should): (Vec<_>, Vec<_>) = (device.device.records.keys().collect(), truth.keys().collect());
            assert_eq!(has, should, "seed {seed}: {}", device.name);
            for (key, (_, record)) in &truth {
                assert_eq!(
                    &device.device.records[key].1, record,
                    "seed {seed}: {} {key:?}",
                    device.name
                );
            }
        }
    }
}

async fn interleavings(seeds: std::ops::Range<u64>) {
    let server = Server::start().await;
    let other = server.add("other", Role::Executive).await;
    let device = |name| Changed {
        name,
        device: Device::default(),
        unsent: BTreeMap::new(),
    };
    let mut world = World {
        manager: server.manager(),
        executive: server.executive(),
        other,
        devices: [device("telephone"), device("tablet")],
    };
    // PostgreSQL takes its time over each commit; the rules are the same.
    let every = if on_postgres() { 10 } else { 1 };
    for seed in seeds.step_by(every) {
        world.interleave(seed).await;
    }
}

#[actix_web::test]
async fn two_devices_and_the_web_converge_however_they_interleave() {
    interleavings(0..250).await;
}

#[actix_web::test]
async fn they_do_however_else_they_interleave() {
    interleavings(250..500).await;
}

#[actix_web::test]
async fn they_do_the_third_time() {
    interleavings(500..750).await;
}

#[actix_web::test]
async fn they_do_a_thousand_times() {
    interleavings(750..1000).await;
}
