//! What goes wrong elsewhere stops nothing here: clocks that differ, servers that hang, organizations that are held for long.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use touchbase::app::App;
use touchbase::clock::{Clock, SKEW};
use touchbase::db::Sqls;
use touchbase::jobs::{self, Failure, Kind, Runner, Vigil};
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

/// What a watcher frees who looks every ten seconds, from one second to another of a stopwatch.
async fn freed(vigil: &mut Vigil, begun: Instant, seconds: std::ops::RangeInclusive<u64>) -> Vec<usize> {
    let mut freed = Vec::new();
    for second in seconds.step_by(10) {
        freed.push(vigil.look(begun + Duration::from_secs(second)).await.unwrap());
    }
    freed
}

#[actix_web::test]
async fn what_gives_no_sign_of_life_for_a_minute_is_taken_up_whatever_clocks_say() {
    let server = Server::start().await;
    let (url, clock) = (server.app.config.database_url.clone(), Clock::default());
    let dying = App::open(config(&url), clock.clone(), None).await.unwrap();
    clock.advance(SKEW);
    ask(&server.app, server.organization, numbered(2)).await;
    // By the clock of who dies, which is ahead, the lease ends in eleven minutes.
    drop(Runner::new(server.app.clone(), marks()).claim(1).await.unwrap());
    let mut tx = dying.db.begin().await.unwrap();
    tx.sql("UPDATE jobs SET due_at = $1 WHERE status = 'running'")
        .bind(clock.now().plus(jobs::LEASE))
        .run()
        .await
        .unwrap();
    tx.commit().await.unwrap();
    dying.db.close().await;
    assert_eq!(settle(&server.app, marks()).await, 1);
    let (mut vigil, begun) = (Vigil::new(server.app.clone()), Instant::now());
    assert_eq!(freed(&mut vigil, begun, 0..=50).await, [0; 6]);
    assert_eq!(settle(&server.app, marks()).await, 0);
    assert_eq!(freed(&mut vigil, begun, 60..=60).await, [1]);
    assert_eq!(settle(&server.app, marks()).await, 1);
    assert_eq!(marked(&server.app).await.len(), 2);
}

#[actix_web::test]
async fn who_gives_signs_of_life_keeps_its_work_and_who_looked_away_takes_nothing() {
    let server = Server::start().await;
    ask(&server.app, server.organization, numbered(1)).await;
    let in_hand = Runner::new(server.app.clone(), marks()).claim(1).await.unwrap();
    let (mut vigil, begun) = (Vigil::new(server.app.clone()), Instant::now());
    for minute in 0..5 {
        // The clock stands nearly still: a sign of life is known by no clock.
        let mut tx = server.app.db.begin().await.unwrap();
        tx.sql("UPDATE jobs SET due_at = $1 WHERE status = 'running'")
            .bind(server.app.clock.now().plus(jobs::LEASE))
            .run()
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let seconds = minute * 60..=minute * 60 + 50;
        assert_eq!(freed(&mut vigil, begun, seconds).await, [0; 6]);
    }
    // The database was away, for the holder as well.
    assert_eq!(freed(&mut vigil, begun, 400..=450).await, [0; 6]);
    assert_eq!(settle(&server.app, marks()).await, 0);
    // Who was taken for dead and is not finishes nothing that somebody else has done.
    assert_eq!(freed(&mut vigil, begun, 460..=460).await, [1]);
    assert_eq!(settle(&server.app, marks()).await, 1);
    let runner = Runner::new(server.app.clone(), marks());
    for running in in_hand.jobs {
        runner.run(running).await;
    }
    assert_eq!(marked(&server.app).await.len(), 1);
}

#[actix_web::test]
async fn on_postgresql_the_work_of_the_dead_goes_on_after_a_minute() {
    // A file of SQLite belongs to one process, which takes all of it up when it begins.
    if !on_postgres() {
        return;
    }
    let server = Server::start().await;
    ask(&server.app, server.organization, numbered(1)).await;
    drop(Runner::new(server.app.clone(), marks()).claim(1).await.unwrap());
    let begun = Instant::now();
    let workers = workers::start_with(&server.app, marks(), Duration::ZERO);
    while marked(&server.app).await.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(100), "nobody took it up");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert!(begun.elapsed() > Duration::from_secs(55), "its holder had no minute");
    workers.stop().await;
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
