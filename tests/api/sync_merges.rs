//! Synchronization: customers that are made one, and two again, while devices are away.

use serde_json::{Value, json};

use crate::assignments::{assigned, path};
use crate::merges::{id, merge};
use crate::merges_undone::undo;
use crate::support::{Client, Server};
use crate::sync::{Device, afresh, furnished};

/// However much is read at a time, and wherever a page ends: a device has what one has that begins afresh.
async fn converge(device: &Device, client: &Client, what: &str) -> Device {
    let truth = afresh(client).await;
    let keys = |device: &Device| Vec::from_iter(device.records.keys().cloned());
    for limit in [1, 2, 3, 4, 5, 7, 200] {
        let mut copy = device.clone();
        copy.pull(client, limit).await;
        assert_eq!(keys(&copy), keys(&truth), "{what}, pages of {limit}");
        assert_eq!(copy.records, truth.records, "{what}, pages of {limit}");
    }
    truth
}

#[actix_web::test]
async fn one_customer_that_comes_as_another_goes_is_on_the_device_whole_and_the_other_is_gone() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let (alfreds, ana) = (furnished(&manager, "Alfreds").await, furnished(&manager, "Ana").await);
    assigned(&manager, &ana, &executive).await;
    let before = afresh(&executive).await;
    let merged = merge(&manager, &alfreds, &[&ana]).await;
    let after = converge(&before, &executive, "merged").await;
    assert!(after.has("customers", &json!(alfreds)) && !after.has("customers", &json!(ana)));
    undo(&manager, &merged).await;
    let back = converge(&after, &executive, "undone").await;
    assert!(back.has("customers", &json!(ana)) && !back.has("customers", &json!(alfreds)));
    converge(&before, &executive, "merged and undone").await;
}

#[actix_web::test]
async fn what_was_deleted_before_its_customer_went_goes_from_the_device_too() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let alfreds = furnished(&manager, "Alfreds").await;
    let assignment = assigned(&manager, &alfreds, &executive).await;
    let before = afresh(&executive).await;
    let contacts = manager
        .get(&format!("/v1/contacts?customer_id={alfreds}"))
        .await
        .expect(200);
    let contact: &Value = &contacts["data"][0];
    manager
        .delete(&format!("/v1/contacts/{}", id(contact)))
        .await
        .expect(204);
    manager
        .post(&format!("{}/cancel", path(&assignment)), json!({}))
        .await
        .expect(200);
    let after = converge(&before, &executive, "deleted and gone").await;
    assert!(!after.has("contacts", &contact["id"]));
}
