//! What goes wrong elsewhere stops nothing here: clocks that differ, servers that hang, organizations that are held for long.

use std::time::Duration;

use chrono::TimeDelta;
use touchbase::app::App;
use touchbase::clock::{Clock, SKEW};
use touchbase::jobs::{self, Failure, Kind, Runner};
use touchbase::workers;

use super::{MARK, Mark, ask, mark, marked, marks, new, numbered, of, settle};
use crate::support::database::on_postgres;
use crate::support::{Server, config};

#[actix_web::test]
async fn whose_clock_is_ahead_takes_nothing_out_of_anybodys_hand() {
    let server = Server::start().await;
    let (url, clock) = (server.app.config.database_url.clone(), Clock::default());
    let ahead = App::open(config(&url), clock.clone(), None).await.unwrap();
    clock.advance(SKEW);
    ask(&server.app, server.organization, numbered(1)).await;
    let in_hand = Runner::new(server.app.clone(), marks()).claim(1).await.unwrap();
    assert_eq!(in_hand.jobs.len(), 1);
    let other = Runner::new(ahead.clone(), marks());
    assert!(other.claim(1).await.unwrap().jobs.is_empty());
    // Its holder is dead by now, by any clock.
    clock.advance(TimeDelta::seconds(61));
    assert_eq!(other.claim(1).await.unwrap().jobs.len(), 1);
    ahead.db.close().await;
}

const FAR: Kind = Kind::new("far", 3).abroad();

#[actix_web::test]
async fn a_server_elsewhere_that_hangs_stops_nothing_else() {
    let server = Server::start().await;
    let hangs = FAR.by(|_, _| async {
        tokio::time::sleep(Duration::from_secs(600)).await;
        Err(Failure::Lost)
    });
    let far = (0..8).map(|number| FAR.with(&Mark { number }).unwrap()).collect();
    ask(&server.app, server.organization, far).await;
    let workers = workers::start_with(&server.app, vec![hangs, MARK.by(mark)], Duration::ZERO);
    let manager = server.manager();
    for _ in 0..100 {
        if of(&manager, "status_in=running").await.len() >= 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(of(&manager, "status_in=running").await.len(), 2);
    ask(&server.app, server.organization, numbered(3)).await;
    for _ in 0..100 {
        if marked(&server.app).await.len() == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(marked(&server.app).await.len(), 3);
    workers.stop().await;
}

#[actix_web::test]
async fn who_holds_an_organization_holds_up_neither_timers_nor_the_end_of_a_job() {
    // SQLite has one writer: while it writes, nobody else does.
    if !on_postgres() {
        return;
    }
    let server = Server::start().await;
    let nothing = || vec![MARK.by(|app, running| async move { running.nothing_to_do(&app).await })];
    let held = server.app.write_by_itself(server.organization).await.unwrap();
    let work = async {
        let keyed = vec![new(1).keyed("one")];
        jobs::enqueue_missing(&server.app, server.organization, keyed)
            .await
            .unwrap();
        settle(&server.app, nothing()).await
    };
    let ran = tokio::time::timeout(Duration::from_secs(10), work).await;
    assert_eq!(ran.expect("it waits for the organization"), 1);
    drop(held);
    assert_eq!(of(&server.manager(), "status_in=completed").await.len(), 1);
}

#[actix_web::test]
async fn a_stream_tells_how_far_a_job_has_come_until_its_end() {
    let server = Server::start().await;
    ask(&server.app, server.organization, numbered(1)).await;
    let manager = server.manager();
    let id = of(&manager, "status_in=queued").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut stream = manager.listen(&format!("/v1/jobs/{id}"), &[]).await;
    assert_eq!(stream.event().await.unwrap().data["status"], "queued");
    settle(&server.app, marks()).await;
    let heard = stream.rest().await;
    assert_eq!(heard.last().unwrap().data["status"], "completed");
}
