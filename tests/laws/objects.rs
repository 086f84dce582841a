//! Nothing crosses from one organization to another: a missing record and another organization's are the same 404.

use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;
use futures_util::FutureExt;
use serde_json::json;
use touchbase::db::Sqls;
use touchbase::features::webhooks::{Lookup, Office};
use touchbase::id::OrganizationId;
use touchbase::{local_time, routes, workers};
use uuid::Uuid;

use crate::samples::Samples;
use crate::source::{none, none_but};
use crate::support::{Client, Server};

/// Collections whose records no request creates directly. This list may only shrink.
const WITHOUT_SAMPLE: &[&str] = &[
    // Background work is asked for by what clients do, never by itself.
    "/v1/jobs",
];

/// Operations whose `{id}` is not a record's. This list may only shrink.
const NOT_A_RECORD: &[&str] = &[];

async fn revision(server: &Server, organization: OrganizationId) -> i64 {
    let (revision,): (i64,) = server
        .app
        .read()
        .sql("SELECT last_revision FROM organizations WHERE id = $1")
        .bind(organization)
        .one()
        .await
        .unwrap();
    revision
}

/// A list of calls, which is made in the evening: in a minute it will be evening.
async fn evening(server: &Server, client: &Client) -> String {
    let app = &server.app;
    let soon = app.clock.now().utc() + TimeDelta::minutes(1);
    let part = json!({"user_id": client.id(), "calls_to_prepare": 1, "conversations_to_reach": 1, "period": "day"});
    let lists_at = local_time::wall_clock(soon, Tz::America__New_York)
        .format("%H:%M")
        .to_string();
    let program = json!({"name": "Of an evening", "participants": [part], "lists_at": lists_at});
    client.post("/v1/programs", program).await.expect(201);
    app.clock.advance(TimeDelta::minutes(1));
    workers::settle(app).await.unwrap();
    let lists = client.get("/v1/call-lists").await.expect(200);
    lists["data"][0]["id"].as_str().unwrap().to_owned()
}

/// A delivery, which comes of an event: to a name that leads nowhere.
async fn delivery(server: &Server, client: &Client) -> String {
    let new = json!({"name": "Of a test", "url": "https://nowhere.test/", "types": ["customer.*"]});
    let made = client.post("/v1/webhook-endpoints", new).await.expect(201);
    let path = format!(
        "/v1/webhook-endpoints/{}/test",
        made["webhook_endpoint"]["id"].as_str().unwrap()
    );
    client.post(&path, json!({})).await.expect(200);
    let nowhere: Lookup = Arc::new(|_| async { Ok(Vec::new()) }.boxed());
    let office = Office::open(&server.app, nowhere).unwrap();
    assert_eq!(office.settle().await.unwrap(), 1);
    let deliveries = client.get("/v1/webhook-deliveries").await.expect(200);
    deliveries["data"][0]["id"].as_str().unwrap().to_owned()
}

/// Two customers who may be one, and a customer of two who were made one: the pair, and the merge.
async fn twins(server: &Server, client: &Client) -> [(&'static str, String); 2] {
    let mut ids = Vec::new();
    for name in ["Twin Brothers", "Twin Brothers AG", "Somebody Else", "One More"] {
        let made = client.post("/v1/customers", json!({"name": name})).await.expect(201);
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    workers::settle(&server.app).await.unwrap();
    let pairs = client.get("/v1/duplicates").await.expect(200);
    let pair = pairs["data"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/customers/{}/merge", ids[3]);
    let merge = client.post(&path, json!({"other_ids": [ids[2]]})).await.expect(201);
    [
        ("/v1/duplicates", pair),
        ("/v1/merges", merge["id"].as_str().unwrap().to_owned()),
    ]
}

#[actix_web::test]
async fn a_missing_record_and_another_organizations_are_the_same_to_everybody() {
    let server = Server::start().await;
    let (ours, theirs) = (
        Samples::new(server.admin()),
        Samples::new(server.another_organization().await),
    );
    let list = evening(&server, &theirs.client).await;
    theirs.keep("/v1/call-lists", list);
    let delivery = delivery(&server, &theirs.client).await;
    theirs.keep("/v1/webhook-deliveries", delivery);
    for (collection, id) in twins(&server, &theirs.client).await {
        theirs.keep(collection, id);
    }
    let mut without = Vec::new();
    for collection in Samples::collections() {
        if let Err(reason) = theirs.of(&collection).await {
            println!("{collection}: {reason}");
            without.push(collection);
        }
    }
    none_but(
        "add what a sample of these needs to samples.rs",
        WITHOUT_SAMPLE,
        &without,
    );
    let made = theirs.made();
    for (collection, id) in &made {
        if ours.operation(&format!("{collection}/{{id}}"), "get").is_object() {
            theirs.client.get(&format!("{collection}/{id}")).await.expect(200);
        }
    }
    let user = theirs.client.user.clone().unwrap();
    let organization = organization_of(&server, user.id.into()).await;
    let before = revision(&server, organization).await;
    let mut faults = Vec::new();
    for endpoint in routes::endpoints() {
        let row = format!("{} {}", endpoint.method, endpoint.path);
        let Some((collection, _)) = endpoint.path.split_once("/{id}") else {
            continue;
        };
        if NOT_A_RECORD.contains(&row.as_str()) {
            continue;
        }
        let operation = ours.operation(&endpoint.path, endpoint.method.as_str());
        let body = match ours.body(operation, &serde_json::json!({})).await {
            Ok(body) => body,
            Err(reason) => {
                faults.push(format!("{row}: {reason}"));
                continue;
            }
        };
        let missing = Uuid::from_u128(rand::random()).to_string();
        for (whose, id) in [
            ("a missing", Some(&missing)),
            ("another organization's", made.get(collection)),
        ] {
            let Some(id) = id else { continue };
            let path = crate::grid::somewhere(&endpoint.path.replace("{id}", id));
            let reply = ours.send(endpoint.method.as_str(), &path, operation, &body).await;
            if reply.status != 404 || reply.body["code"] != "not_found" {
                faults.push(format!(
                    "{row} with {whose} id answers {}: {}",
                    reply.status, reply.text
                ));
            }
        }
    }
    none("records that can be told apart", &faults);
    assert_eq!(
        revision(&server, organization).await,
        before,
        "another organization's rows have changed"
    );
}

async fn organization_of(server: &Server, user: Uuid) -> OrganizationId {
    let (organization,): (OrganizationId,) = server
        .app
        .read()
        .sql("SELECT organization_id FROM users WHERE id = $1")
        .bind(user)
        .one()
        .await
        .unwrap();
    organization
}

#[actix_web::test]
async fn whatever_is_created_stands_in_the_journal() {
    let server = Server::start().await;
    let samples = Samples::new(server.admin());
    for collection in Samples::collections() {
        drop(samples.of(&collection).await);
    }
    let mut faults = Vec::new();
    for (collection, id) in samples.made() {
        let id: Uuid = id.parse().unwrap();
        let (entries,): (i64,) = server
            .app
            .read()
            .sql(
                "SELECT COUNT(*) FROM journal WHERE organization_id = $1 AND record_id = $2 AND request_id IS NOT NULL",
            )
            .bind(server.organization)
            .bind(id)
            .one()
            .await
            .unwrap();
        if entries == 0 {
            faults.push(format!("{collection}/{id} has no entry"));
        }
    }
    none("records that the journal does not know", &faults);
    let (last, count): (i64, i64) = server
        .app
        .read()
        .sql("SELECT MAX(revision), COUNT(*) FROM journal WHERE organization_id = $1")
        .bind(server.organization)
        .one()
        .await
        .unwrap();
    assert_eq!(
        (last, count),
        (revision(&server, server.organization).await, last),
        "a revision is missing from the journal"
    );
}
