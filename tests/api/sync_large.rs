//! Synchronization of more customers than a page has room for, while they come and go.

use serde_json::{Value, json};

use crate::imports::import;
use crate::support::{Client, Server};
use crate::sync::{Device, afresh};

const CUSTOMERS: usize = 450;

/// Assigns these customers to a user, in one request.
async fn give(manager: &Client, customers: impl Iterator<Item = usize>, to: &Client, key: &str) -> Vec<Value> {
    let items: Vec<Value> = customers
        .map(|at| json!({"customer_external_id": format!("C-{at}"), "assignee_id": to.id()}))
        .collect();
    let given = manager
        .post_once("/v1/assignments/bulk", key, json!({"items": items}))
        .await
        .expect(201);
    let results = given["results"].as_array().unwrap().iter();
    results.map(|result| result["assignment_id"].clone()).collect()
}

/// Reads one page.
async fn page(device: &mut Device, client: &Client, limit: usize) -> bool {
    let page = client.get(&device.next(limit)).await.expect(200);
    device.take(&page);
    page["has_more"] == true
}

#[actix_web::test]
async fn many_customers_come_and_go_while_a_device_reads() {
    let server = Server::start().await;
    let (manager, executive, admin) = (server.manager(), server.executive(), server.admin());
    let rows: String = (0..CUSTOMERS).map(|at| format!("C-{at},Company {at}\n")).collect();
    let file = format!("external_id,name\n{rows}");
    import(&manager, "customers", &[], file).await.expect(200);
    let given = give(&manager, 0..CUSTOMERS, &executive, "all").await;
    assert_eq!(given.len(), CUSTOMERS);

    let mut devices = [7, 90, 200, 1000].map(|limit| (limit, Device::default()));
    for (limit, device) in &mut devices {
        for _ in 0..3 {
            page(device, &executive, *limit).await;
        }
    }
    // Of those that have come and of those that are still to come some go, some of these return, and one is changed.
    for (at, assignment) in given.iter().enumerate().filter(|(at, _)| at % 3 == 0) {
        let cancel = format!("/v1/assignments/{}/cancel", assignment.as_str().unwrap());
        manager
            .post(&cancel, json!({"reason": format!("Not now: {at}")}))
            .await
            .expect(200);
    }
    give(&manager, (0..CUSTOMERS).filter(|at| at % 9 == 0), &executive, "again").await;
    let whole = afresh(&executive).await;
    let held = CUSTOMERS - CUSTOMERS.div_ceil(3) + CUSTOMERS.div_ceil(9);
    assert_eq!((whole.count("customers"), whole.count("assignments")), (held, held));
    for (limit, device) in &mut devices {
        device.pull(&executive, *limit).await;
        assert!(device.records == whole.records, "{limit} at once");
    }

    // With the role they all go, and come back with it.
    let user = format!("/v1/users/{}", executive.id());
    admin.patch(&user, json!({"role": "viewer"})).await.expect(200);
    for (limit, device) in &mut devices {
        page(device, &executive, *limit).await;
    }
    devices[0].1.pull(&executive, 7).await;
    assert!(devices[0].1.records.is_empty());
    admin.patch(&user, json!({"role": "executive"})).await.expect(200);
    for (limit, device) in &mut devices {
        device.pull(&executive, *limit).await;
        assert!(device.records == whole.records, "{limit} at once");
    }
}
