//! Synchronization: customers that are made one, and two again, while devices are away.

use serde_json::{Value, json};
use touchbase::access::Role;

use crate::assignments::{assigned, path};
use crate::merges::{id, merge};
use crate::merges_undone::undo;
use crate::support::{Client, Server};
use crate::sync::{Device, afresh, furnished};
use crate::sync_push::{self, push, statuses, upsert};

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

/// An assignment on which somebody has called already: a merge leaves it to them.
async fn in_hand(manager: &Client, customer: &str, executive: &Client) {
    let assignment = assigned(manager, customer, executive).await;
    let call = json!({"disposition": "no_answer"});
    executive
        .post(&format!("{}/attempts", path(&assignment)), call)
        .await
        .expect(201);
}

#[actix_web::test]
async fn a_call_to_a_customer_that_was_merged_meanwhile_is_kept_under_the_one_that_stayed() {
    let server = Server::start().await;
    let (manager, executive) = (server.manager(), server.executive());
    let other = server.add("other", Role::Executive).await;
    // One was ended by the merge, the other had gone to somebody else before.
    for reassigned in [false, true] {
        let ana = furnished(&manager, &format!("Ana {reassigned}")).await;
        let alfreds = furnished(&manager, &format!("Alfreds {reassigned}")).await;
        let lost = assigned(&manager, &ana, &executive).await;
        if reassigned {
            let to = json!({"assignee_id": other.id()});
            manager.post(&format!("{}/reassign", path(&lost)), to).await.expect(200);
        } else {
            in_hand(&manager, &alfreds, &other).await;
        }
        merge(&manager, &alfreds, &[&ana]).await;
        let call = json!({"assignment_id": lost["id"], "disposition": "connected", "summary": "We spoke"});
        let results = push(
            &executive,
            "telephone",
            vec![upsert("attempts", &sync_push::id(), 0, call)],
        )
        .await;
        assert_eq!(statuses(&results), ["applied"], "{results:#?}");
        assert_eq!(results[0]["record"]["customer_id"], json!(alfreds));
    }
    let heard = manager.get("/v1/me/notifications?kind_in=late_call").await.expect(200);
    assert_eq!(heard["data"].as_array().unwrap().len(), 2, "{heard}");
}

#[actix_web::test]
async fn undoing_a_merge_gives_nobody_a_call_whose_role_places_none() {
    let server = Server::start().await;
    let (admin, manager, executive) = (server.admin(), server.manager(), server.executive());
    let other = server.add("other", Role::Executive).await;
    let (ana, alfreds) = (furnished(&manager, "Ana").await, furnished(&manager, "Alfreds").await);
    let lost = assigned(&manager, &ana, &executive).await;
    let kept = assigned(&manager, &alfreds, &other).await;
    let call = json!({"disposition": "no_answer"});
    other.post(&format!("{}/attempts", path(&kept)), call).await.expect(201);
    let whole = afresh(&executive).await;
    let user = format!("/v1/users/{}", executive.id());
    admin.patch(&user, json!({"role": "viewer"})).await.expect(200);
    let merge = merge(&manager, &alfreds, &[&ana]).await;
    let undone = undo(&manager, &merge).await;
    let kept =
        json!([{"kind": "assignment", "record_id": lost["id"], "field": null, "reason": "assignee_cannot_call"}]);
    assert_eq!(undone["kept"], kept);
    let assignment = manager.get(&path(&lost)).await.expect(200);
    assert_eq!(assignment["status"], "canceled");
    for limit in [1, 200] {
        let mut device = whole.clone();
        device.pull(&executive, limit).await;
        assert!(device.records.is_empty(), "{:?}", device.records.keys());
    }
}
