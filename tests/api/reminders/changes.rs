//! What changes after it was told is told anew, to whom it concerns then; and looking does not wait for anybody.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use touchbase::features::reminders::{self, reminder::Occasion, store};
use touchbase::workers;

use super::{ahead, customer, item, kinds, pass};
use crate::support::database::on_postgres;
use crate::support::{Client, Server};

#[actix_web::test]
async fn a_time_that_is_moved_by_some_hours_is_told_anew() {
    let server = Server::start().await;
    let alfreds = customer(&server.manager(), "Alfreds").await;
    let id = item(
        &server,
        &alfreds,
        json!({"due_at": ahead(&server, TimeDelta::hours(20))}),
    )
    .await;
    workers::settle(&server.app).await.unwrap();
    assert_eq!(kinds(server.contributor()).await, ["action_item_due"]);
    let later = json!({"due_at": ahead(&server, TimeDelta::hours(23))});
    server
        .manager()
        .patch(&format!("/v1/action-items/{id}"), later)
        .await
        .expect(200);
    pass(&server, TimeDelta::minutes(1)).await;
    pass(&server, TimeDelta::minutes(1)).await;
    let told = kinds(server.contributor()).await;
    assert_eq!(told, ["action_item_due", "action_item_due"]);
    // Another change: nothing that they do not know.
    let title = json!({"title": "Send another quote"});
    server
        .manager()
        .patch(&format!("/v1/action-items/{id}"), title)
        .await
        .expect(200);
    pass(&server, TimeDelta::minutes(1)).await;
    assert_eq!(kinds(server.contributor()).await.len(), 2);
}

#[actix_web::test]
async fn the_new_owner_hears_what_the_old_one_was_told() {
    let server = Server::start().await;
    let alfreds = customer(&server.manager(), "Alfreds").await;
    let promise = json!({"customer_promise": {"what": "A new quote", "by": ahead(&server, TimeDelta::hours(20))}});
    let id = item(&server, &alfreds, promise).await;
    workers::settle(&server.app).await.unwrap();
    let to = |client: &Client| json!({"owner_id": client.id()});
    let path = format!("/v1/action-items/{id}/reassign");
    server.manager().post(&path, to(&server.executive())).await.expect(200);
    pass(&server, TimeDelta::minutes(1)).await;
    pass(&server, TimeDelta::minutes(1)).await;
    assert_eq!(kinds(server.contributor()).await, ["promise_due"]);
    assert_eq!(kinds(server.executive()).await, ["promise_due"]);
    // Broken by then, and the next one's.
    pass(&server, TimeDelta::hours(20)).await;
    server.manager().post(&path, to(&server.viewer())).await.expect(200);
    pass(&server, TimeDelta::minutes(1)).await;
    assert_eq!(kinds(server.executive()).await, ["promise_due", "promise_broken"]);
    assert_eq!(kinds(server.viewer()).await, ["promise_broken"]);
    assert_eq!(kinds(server.contributor()).await, ["promise_due"]);
    assert_eq!(kinds(server.manager()).await, ["promise_broken"]);
}

#[actix_web::test]
async fn what_is_due_is_read_page_by_page_to_its_end() {
    let server = Server::start().await;
    let alfreds = customer(&server.manager(), "Alfreds").await;
    for hours in [2, 3, 3, 4] {
        let due = json!({"due_at": ahead(&server, TimeDelta::hours(hours))});
        item(&server, &alfreds, due).await;
    }
    let now = server.app.clock.now();
    let due = async |last| {
        let found = store::due(&mut server.app.read(), Occasion::ItemDue, now, last).await;
        found.unwrap()
    };
    let all = due(None).await;
    assert_eq!(all.len(), 4);
    for (place, last) in all.iter().enumerate() {
        let rest: Vec<_> = due(Some(*last)).await.iter().map(|due| due.id).collect();
        let expected: Vec<_> = all[place + 1..].iter().map(|due| due.id).collect();
        assert_eq!(rest, expected);
    }
    // Asked for, told, and not looked at again.
    workers::settle(&server.app).await.unwrap();
    assert!(due(None).await.is_empty());
}

#[actix_web::test]
async fn an_organization_that_is_held_for_long_is_reminded_all_the_same() {
    // SQLite has one writer: while it writes, nobody else does.
    if !on_postgres() {
        return;
    }
    let server = Server::start().await;
    let alfreds = customer(&server.manager(), "Alfreds").await;
    let due = json!({"due_at": ahead(&server, TimeDelta::hours(3))});
    item(&server, &alfreds, due).await;
    let held = server.app.write_by_itself(server.organization).await.unwrap();
    for timer in reminders::timers() {
        let looked = tokio::time::timeout(Duration::from_secs(10), timer.run(&server.app)).await;
        looked.expect("it waits for the organization").unwrap();
    }
    drop(held);
    let jobs = server.manager().get("/v1/jobs?kind=remind").await.expect(200);
    assert_eq!(jobs["data"].as_array().unwrap().len(), 1);
}
