//! An evening that several instances share: one is killed in the middle of it, and every executive has exactly one list.

use std::sync::Arc;
use std::time::Duration;

use chrono::{Days, TimeDelta};
use serde_json::{Value, json};
use touchbase::access::Role;
use touchbase::app::App;
use touchbase::jobs::{LEASE, Runner};
use touchbase::{routes, workers};

use crate::evenings::{customers, in_berlin, lists, monday, program};
use crate::support::{Client, Server, config};

async fn another_instance(server: &Server) -> Arc<App> {
    let url = server.app.config.database_url.clone();
    App::open(config(&url), server.app.clock.clone(), None).await.unwrap()
}

/// Takes up half of the evening's work, does two lists, and is killed in the middle of the third, with the others in hand.
async fn killed_in_the_middle(server: &Server) {
    let app = another_instance(server).await;
    let nothing = workers::settle_with(&app, Vec::new(), &routes::timers()).await.unwrap();
    assert_eq!(nothing, 0);
    let runner = Runner::new(app.clone(), routes::jobs());
    let mut in_hand = runner.claim(6).await.unwrap().jobs.into_iter();
    assert_eq!(in_hand.len(), 6);
    for running in in_hand.by_ref().take(2) {
        runner.run(running).await;
    }
    let third = in_hand.next().unwrap();
    // It has begun, and never comes to its end: what it did is rolled back with its connection.
    assert!(
        tokio::time::timeout(Duration::from_micros(1), runner.run(third))
            .await
            .is_err()
    );
    drop((runner, in_hand));
    app.db.close().await;
}

#[actix_web::test]
async fn two_instances_share_the_evening_and_one_that_is_killed_leaves_no_list_undone_or_doubled() {
    let server = Server::start().await;
    let monday = monday(&server);
    let names: Vec<String> = (0..60).map(|number| format!("Customer {number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    customers(&server.manager(), &names).await;
    let mut executives = Vec::new();
    for number in 0..12 {
        executives.push(server.add(&format!("executive{number}"), Role::Executive).await);
    }
    let part = |who: &Client| json!({"user_id": who.id(), "calls_to_prepare": 3, "conversations_to_reach": 1, "period": "day"});
    let parts: Vec<Value> = executives.iter().map(part).collect();
    let more = json!({"participants": parts, "segments": ["never_contacted"]});
    program(&server.manager(), &executives[0], 3, more).await;
    server
        .app
        .clock
        .advance(in_berlin(monday, 18, 0) - server.app.clock.now().utc() + TimeDelta::seconds(1));
    killed_in_the_middle(&server).await;
    let other = another_instance(&server).await;
    let share = async || {
        let (one, two) = tokio::join!(workers::settle(&server.app), workers::settle(&other));
        (one.unwrap(), two.unwrap())
    };
    // Two do what nobody has in hand: six lists.
    share().await;
    assert_eq!(lists(&server).await.len(), 8);
    // What the third had in hand is taken up when its lease has ended.
    server.app.clock.advance(LEASE + TimeDelta::seconds(1));
    share().await;
    other.db.close().await;

    let lists = lists(&server).await;
    let tuesday = json!(monday + Days::new(1));
    let mut customers = Vec::new();
    for who in &executives {
        let mine: Vec<&Value> = lists.iter().filter(|it| it["user_id"] == who.id()).collect();
        assert_eq!((mine.len(), &mine[0]["list_on"]), (1, &tuesday));
        let entries = mine[0]["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 3);
        customers.extend(entries.iter().map(|it| it["customer_id"].as_str().unwrap().to_owned()));
        let told = server
            .again(who)
            .get("/v1/me/notifications?kind_in=day_prepared")
            .await
            .expect(200);
        assert_eq!(told["data"].as_array().unwrap().len(), 1);
    }
    customers.sort();
    customers.dedup();
    assert_eq!(customers.len(), 36);
    let open = server
        .viewer()
        .get("/v1/assignments?status_in=queued,scheduled&include_total=true")
        .await
        .expect(200);
    assert_eq!(open["total"], 36);
}
