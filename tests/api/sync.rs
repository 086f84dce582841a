//! Synchronization: what a device reads.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde_json::{Value, json};
use touchbase::access::Role;

use crate::assignments::{assigned, customer, path};
use crate::support::{Client, Server};

/// What a device keeps: by collection and id, with the revision that it knows.
#[derive(Debug, Default, Clone)]
pub struct Device {
    pub records: BTreeMap<(String, String), (i64, Value)>,
    pub cursor: Option<i64>,
    pub epoch: Option<i64>,
}

impl Device {
    /// Reads all that is new, so many at a time; each page is full until there is no more. How many changes it read.
    pub async fn pull(&mut self, client: &Client, limit: usize) -> usize {
        let mut read = 0;
        loop {
            let page = client.get(&self.next(limit)).await.expect(200);
            let changes = self.take(&page);
            if page["has_more"] == true {
                assert_eq!(changes, limit, "a page is full until there is no more");
            }
            read += changes;
            if page["has_more"] == false {
                return read;
            }
        }
    }

    /// Takes a page over; how many changes it has.
    pub fn take(&mut self, page: &Value) -> usize {
        let changes = page["changes"].as_array().unwrap();
        let mut seen = BTreeSet::new();
        for change in changes {
            let key = (text(&change["collection"]), text(&change["id"]));
            assert!(seen.insert(key.clone()), "a record stands once on a page: {key:?}");
            if change["op"] == "remove" {
                assert!(change["data"].is_null(), "{change}");
                self.records.remove(&key);
            } else {
                assert_eq!(change["data"]["id"], change["id"]);
                let record = (change["revision"].as_i64().unwrap(), change["data"].clone());
                self.records.insert(key, record);
            }
        }
        self.cursor = page["cursor"].as_i64();
        self.epoch = page["epoch"].as_i64();
        assert!((1..=9_007_199_254_740_991).contains(&self.cursor.unwrap()));
        changes.len()
    }

    pub fn next(&self, limit: usize) -> String {
        let mut path = format!("/v1/sync/changes?limit={limit}");
        if let (Some(cursor), Some(epoch)) = (self.cursor, self.epoch) {
            path.push_str(&format!("&cursor={cursor}&epoch={epoch}"));
        }
        path
    }

    pub fn count(&self, collection: &str) -> usize {
        self.records.keys().filter(|(of, _)| of == collection).count()
    }

    pub fn get(&self, collection: &str, id: &Value) -> &Value {
        &self.records[&(collection.to_owned(), text(id))].1
    }

    pub fn has(&self, collection: &str, id: &Value) -> bool {
        self.records.contains_key(&(collection.to_owned(), text(id)))
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// What a device of this user has that begins afresh.
pub async fn afresh(client: &Client) -> Device {
    let mut device = Device::default();
    device.pull(client, 200).await;
    device
}

/// A customer with a contact, a note, an answer and an action item of the manager's.
pub async fn furnished(manager: &Client, name: &str) -> String {
    let id = customer(manager, name).await;
    for (path, body) in [
        (
            "/v1/contacts",
            json!({"customer_id": id, "name": format!("{name}'s contact")}),
        ),
        (
            "/v1/notes",
            json!({"customer_id": id, "type": "general", "body": format!("Of {name}")}),
        ),
        (
            "/v1/nps-responses",
            json!({"customer_id": id, "score": 9, "source": "survey"}),
        ),
        (
            "/v1/action-items",
            json!({"customer_id": id, "title": format!("For {name}")}),
        ),
    ] {
        manager.post(path, body).await.expect(201);
    }
    id
}

#[actix_web::test]
async fn a_customer_comes_with_all_that_hangs_on_it_and_goes_with_it() {
    let server = Server::start().await;
    let (manager, executive, other) = (
        server.manager(),
        server.executive(),
        server.add("other", Role::Executive).await,
    );
    let (alfreds, ana) = (furnished(&manager, "Alfreds").await, furnished(&manager, "Ana").await);
    let mut device = Device::default();
    device.pull(&executive, 3).await;
    assert_eq!(device.count("customers"), 0);
    assert!(device.count("programs") > 0 && device.count("talking_points") > 0);

    let assignment = assigned(&manager, &alfreds, &executive).await;
    for limit in [1, 2, 3, 200] {
        let mut copy = device.clone();
        assert_eq!(copy.pull(&executive, limit).await, 6, "pages of {limit}");
        assert_eq!(copy.records, afresh(&executive).await.records);
        assert!(copy.has("customers", &json!(alfreds)) && !copy.has("customers", &json!(ana)));
        assert_eq!(copy.get("assignments", &assignment["id"])["status"], "queued");
        assert!(copy.get("customers", &json!(alfreds)).get("revision").is_none());
    }
    device.pull(&executive, 200).await;
    assert_eq!(device.pull(&executive, 200).await, 0);

    let mut theirs = afresh(&other).await;
    let before = afresh(&executive).await;
    let to = json!({"assignee_id": other.id()});
    manager
        .post(&format!("{}/reassign", path(&assignment)), to)
        .await
        .expect(200);
    for limit in [1, 2, 5, 200] {
        let mut copy = before.clone();
        assert_eq!(copy.pull(&executive, limit).await, 6);
        for collection in [
            "customers",
            "contacts",
            "assignments",
            "notes",
            "nps_responses",
            "action_items",
        ] {
            assert_eq!(copy.count(collection), 0, "{collection}");
        }
        assert_eq!(copy.records, afresh(&executive).await.records);
    }
    theirs.pull(&other, 4).await;
    assert_eq!(theirs.records, afresh(&other).await.records);
    assert_eq!(
        theirs.get("assignments", &assignment["id"])["assignee_id"],
        json!(other.id())
    );
    assert_eq!(theirs.count("notes"), 1);

    // And back: also what was there before comes again.
    device.pull(&executive, 200).await;
    let to = json!({"assignee_id": executive.id()});
    manager
        .post(&format!("{}/reassign", path(&assignment)), to)
        .await
        .expect(200);
    assert_eq!(device.pull(&executive, 2).await, 6);
    assert_eq!(device.records, afresh(&executive).await.records);
}

#[actix_web::test]
async fn what_changes_comes_once_and_what_is_deleted_goes() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let (alfreds, ana) = (furnished(&manager, "Alfreds").await, furnished(&manager, "Ana").await);
    assigned(&manager, &alfreds, &executive).await;
    let mut device = afresh(&executive).await;
    let customer = format!("/v1/customers/{alfreds}");
    for city in ["Berlin", "Bern"] {
        manager.patch(&customer, json!({"city": city})).await.expect(200);
    }
    manager
        .patch(&format!("/v1/customers/{ana}"), json!({"city": "Basel"}))
        .await
        .expect(200);
    assert_eq!(device.pull(&executive, 200).await, 1);
    assert_eq!(device.get("customers", &json!(alfreds))["city"], "Bern");

    let note = json!({"customer_id": alfreds, "type": "idea", "body": "More of it"});
    let note = manager.post("/v1/notes", note).await.expect(201);
    manager.delete(&format!("/v1/notes/{}", text(&note["id"]))).await;
    assert_eq!(device.pull(&executive, 200).await, 0, "what came and went is not told");
    let note = json!({"customer_id": alfreds, "type": "idea", "body": "More of it"});
    let note = manager.post("/v1/notes", note).await.expect(201);
    device.pull(&executive, 200).await;
    assert!(device.has("notes", &note["id"]));
    manager.delete(&format!("/v1/notes/{}", text(&note["id"]))).await;
    let page = executive.get(&device.next(200)).await.expect(200);
    assert_eq!(
        (
            &page["changes"][0]["op"],
            &page["changes"][0]["reason"],
            &page["changes"][0]["id"]
        ),
        (&json!("remove"), &json!("deleted"), &note["id"])
    );
    device.pull(&executive, 200).await;
    assert_eq!(device.records, afresh(&executive).await.records);

    let only = executive
        .get("/v1/sync/changes?collections=contacts,notes")
        .await
        .expect(200);
    let kinds: BTreeSet<String> = only["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| text(&it["collection"]))
        .collect();
    assert_eq!(kinds, BTreeSet::from(["contacts".to_owned(), "notes".to_owned()]));
}

#[actix_web::test]
async fn ones_own_action_items_come_whatever_becomes_of_their_customer() {
    let server = Server::start().await;
    let (manager, executive, support) = (server.manager(), server.executive(), server.contributor());
    let alfreds = furnished(&manager, "Alfreds").await;
    let item = json!({"customer_id": alfreds, "title": "Look into it", "owner_id": support.id()});
    let item = manager.post("/v1/action-items", item).await.expect(201);
    let mut device = afresh(&support).await;
    assert_eq!((device.records.len(), device.count("action_items")), (1, 1));

    let to_executive = json!({"owner_id": executive.id()});
    let path = format!("/v1/action-items/{}/reassign", text(&item["id"]));
    manager.post(&path, to_executive).await.expect(200);
    assert_eq!(device.pull(&support, 1).await, 1);
    assert!(device.records.is_empty());

    let assignment = assigned(&manager, &alfreds, &executive).await;
    let mut device = afresh(&executive).await;
    assert_eq!(device.count("action_items"), 2);
    manager
        .post(&format!("{}/cancel", crate::assignments::path(&assignment)), json!({}))
        .await
        .expect(200);
    device.pull(&executive, 2).await;
    assert_eq!((device.count("action_items"), device.count("customers")), (1, 0));
    assert_eq!(device.records, afresh(&executive).await.records);
}

#[actix_web::test]
async fn whose_role_is_lowered_keeps_nothing_of_the_customers_and_gets_them_back_with_the_role() {
    let server = Server::start().await;
    let (admin, manager, executive) = (server.admin(), server.manager(), server.executive());
    for name in ["Alfreds", "Ana", "Antonio"] {
        let id = furnished(&manager, name).await;
        assigned(&manager, &id, &executive).await;
    }
    let whole = afresh(&executive).await;
    let user = format!("/v1/users/{}", executive.id());
    admin.patch(&user, json!({"role": "viewer"})).await.expect(200);
    for limit in [1, 4, 200] {
        let mut device = whole.clone();
        device.pull(&executive, limit).await;
        assert!(device.records.is_empty(), "{:?}", device.records.keys());
    }
    let mut device = whole.clone();
    device.pull(&executive, 200).await;
    admin.patch(&user, json!({"role": "executive"})).await.expect(200);
    for limit in [1, 4, 200] {
        let mut again = device.clone();
        again.pull(&executive, limit).await;
        assert_eq!(again.records, whole.records);
    }
}

#[actix_web::test]
async fn a_cursor_that_cannot_be_read_on_from_says_so() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    assigned(&manager, &alfreds, &executive).await;
    let device = afresh(&executive).await;
    let other_epoch = Device {
        epoch: Some(7),
        ..device.clone()
    };
    assert_eq!(executive.get(&other_epoch.next(9)).await.problem(410), "start_afresh");
    let ahead = Device {
        cursor: Some(9_007_199_254_740_991),
        ..device.clone()
    };
    assert_eq!(executive.get(&ahead.next(9)).await.problem(410), "start_afresh");
    assert_eq!(
        executive.get("/v1/sync/changes?cursor=0").await.problem(400),
        "invalid_request"
    );
    assert_eq!(
        executive.get("/v1/sync/changes?limit=1001").await.problem(400),
        "invalid_request"
    );

    manager
        .patch(&format!("/v1/customers/{alfreds}"), json!({"city": "Bern"}))
        .await
        .expect(200);
    server.app.clock.advance(TimeDelta::days(91));
    let executive = server.again(&executive);
    assert_eq!(executive.get(&device.next(9)).await.problem(410), "start_afresh");
    let fresh = afresh(&executive).await;
    executive.get(&fresh.next(9)).await.expect(200);
}

#[actix_web::test]
async fn a_new_epoch_sends_every_device_back_to_the_beginning() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    assigned(&manager, &alfreds, &executive).await;
    let device = afresh(&executive).await;
    touchbase::journal::epoch::begin(&server.app.db, server.app.clock.now())
        .await
        .unwrap();
    assert_eq!(executive.get(&device.next(9)).await.problem(410), "start_afresh");
    // What was read after the backup is of a life that is gone, also where its cursor comes without its epoch.
    let gone = device.cursor.unwrap() + (3 << 18);
    let changes = format!("/v1/sync/changes?cursor={gone}");
    assert_eq!(executive.get(&changes).await.problem(410), "start_afresh");
    let fresh = afresh(&executive).await;
    assert_eq!(fresh.records, device.records);
    assert_ne!(fresh.epoch, device.epoch);
    // No number of what is gone is given once more: one that a device has of it is told from those of today.
    let before = manager.get(&format!("/v1/customers/{alfreds}")).await.expect(200);
    let after = manager
        .patch(&format!("/v1/customers/{alfreds}"), json!({"city": "Bern"}))
        .await;
    let revision = |customer: &Value| customer["revision"].as_i64().unwrap();
    assert!(revision(&after.expect(200)) > revision(&before) + touchbase::journal::epoch::SKIPPED);
    executive.get(&fresh.next(9)).await.expect(200);
}

#[actix_web::test]
async fn nobody_reads_anothers_working_set() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    assigned(&manager, &alfreds, &executive).await;
    let elsewhere = server.another_organization().await;
    let device = afresh(&elsewhere).await;
    assert_eq!(device.count("customers") + device.count("notes"), 0);
    let key = server.script(&[touchbase::access::Permission::CustomersRead]).await;
    assert_eq!(key.get("/v1/sync/changes").await.problem(409), "wrong_state");
    assert_eq!(
        server.nobody().get("/v1/sync/changes").await.problem(401),
        "unauthenticated"
    );
}

#[actix_web::test]
async fn a_page_that_is_just_full_is_not_the_end_and_no_trap() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let first = furnished(&manager, "Alfreds").await;
    assigned(&manager, &first, &executive).await;
    for name in ["Berglunds", "Comércio", "Drachenblut"] {
        let customer = manager.post("/v1/customers", json!({"name": name})).await.expect(201);
        assigned(&manager, customer["id"].as_str().unwrap(), &executive).await;
    }
    for (collection, found) in [("notes", 1), ("action_items", 1), ("customers", 4), ("attempts", 0)] {
        let (mut from, mut seen) = (String::new(), 0);
        for _ in 0..9 {
            let path = format!("/v1/sync/changes?limit=1&collections={collection}{from}");
            let page = executive.get(&path).await.expect(200);
            seen += page["changes"].as_array().unwrap().len();
            from = format!("&cursor={}&epoch={}", page["cursor"], page["epoch"]);
            if page["has_more"] == false {
                break;
            }
        }
        assert_eq!(seen, found, "{collection}");
    }
}
