//! Background work: retried, given up, shared by instances, taken over, and done once.

mod apart;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use touchbase::app::App;
use touchbase::db::Sqls;
use touchbase::id::OrganizationId;
use touchbase::jobs::{self, Done, Failure, JobId, Kind, Runner, Running, Task};
use touchbase::workers;
use uuid::Uuid;

use crate::support::database::on_postgres;
use crate::support::{Client, Server, config};

const MARK: Kind = Kind::new("mark", 3);

#[derive(Serialize, Deserialize)]
struct Mark {
    number: u64,
}

fn new(number: u64) -> jobs::New {
    MARK.with(&Mark { number }).unwrap()
}

/// Leaves a mark in the journal: what a unit does, that can be counted.
async fn mark(app: Arc<App>, running: Running) -> Result<Done, Failure> {
    let Mark { number } = running.payload()?;
    let mut unit = running.unit(&app).await?;
    unit.mention(
        "mark",
        Uuid::from_u128(number.into()),
        "made",
        ("number", &Value::Null, &number),
    )?;
    running.finish(unit).await
}

fn marks() -> Vec<Task> {
    vec![MARK.by(mark)]
}

/// What is marked, each as often as it was.
async fn marked(app: &App) -> Vec<Uuid> {
    let rows: Vec<(Uuid,)> = app
        .read()
        .sql("SELECT record_id FROM journal WHERE kind = 'mark' ORDER BY record_id")
        .all()
        .await
        .unwrap();
    rows.into_iter().map(|(id,)| id).collect()
}

async fn ask(app: &App, organization: OrganizationId, new: Vec<jobs::New>) -> Vec<JobId> {
    let mut unit = app.write_by_itself(organization).await.unwrap();
    let ids = unit.enqueue_all(new).await.unwrap();
    unit.commit().await.unwrap();
    ids
}

fn numbered(count: u64) -> Vec<jobs::New> {
    (0..count).map(new).collect()
}

async fn settle(app: &Arc<App>, tasks: Vec<Task>) -> usize {
    workers::settle_with(app, tasks, &[]).await.unwrap()
}

async fn of(client: &Client, query: &str) -> Vec<Value> {
    let page = client.get(&format!("/v1/jobs?{query}")).await.expect(200);
    page["data"].as_array().unwrap().clone()
}

/// Another instance on the same database, by the same clock.
async fn another_instance(server: &Server) -> Arc<App> {
    let url = server.app.config.database_url.clone();
    App::open(config(&url), server.app.clock.clone(), None).await.unwrap()
}

#[actix_web::test]
async fn a_job_that_fails_is_retried_then_given_up_and_begun_anew_by_hand() {
    let server = Server::start().await;
    let tries = Arc::new(AtomicU64::new(0));
    let counted = tries.clone();
    let failing = MARK.by(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Err(Failure::Again("The line is dead.".into())) }
    });
    let ids = ask(&server.app, server.organization, numbered(1)).await;
    let manager = server.manager();
    for attempt in 1..=3 {
        assert_eq!(settle(&server.app, vec![failing.clone()]).await, 1);
        let job = manager.get(&format!("/v1/jobs/{}", ids[0])).await.expect(200);
        assert_eq!(job["attempts"], attempt);
        assert_eq!(job["error"], "The line is dead.");
        assert_eq!(job["status"], if attempt < 3 { "queued" } else { "failed" });
        // Not before its pause is over.
        assert_eq!(settle(&server.app, vec![failing.clone()]).await, 0);
        server.app.clock.advance(TimeDelta::minutes(1));
    }
    assert_eq!(settle(&server.app, vec![failing]).await, 0);
    assert_eq!(tries.load(Ordering::SeqCst), 3);
    assert_eq!(of(&manager, "status_in=failed&kind=mark").await.len(), 1);
    assert_eq!(of(&manager, "status_in=queued,running").await.len(), 0);

    let retry = format!("/v1/jobs/{}/retry", ids[0]);
    assert_eq!(
        server.executive().post(&retry, json!({})).await.problem(403),
        "insufficient_permission"
    );
    assert_eq!(manager.post(&retry, Value::Null).await.expect(200)["status"], "queued");
    assert_eq!(settle(&server.app, marks()).await, 1);
    assert_eq!(marked(&server.app).await.len(), 1);
    let done = manager.get(&format!("/v1/jobs/{}", ids[0])).await.expect(200);
    assert_eq!((&done["status"], &done["attempts"]), (&json!("completed"), &json!(1)));
    assert_eq!(manager.post(&retry, Value::Null).await.problem(409), "wrong_state");
    let told = manager.get("/v1/audit-log?kind=job").await.expect(200);
    assert_eq!(told["data"][0]["verb"], "retried");
}

#[actix_web::test]
async fn what_is_canceled_is_not_done_even_while_it_runs() {
    let server = Server::start().await;
    let manager = server.manager();
    let waits = ask(&server.app, server.organization, numbered(1)).await;
    let cancel = format!("/v1/jobs/{}/cancel", waits[0]);
    assert_eq!(
        manager.post(&cancel, Value::Null).await.expect(200)["status"],
        "canceled"
    );
    assert_eq!(
        manager.post(&cancel, Value::Null).await.expect(200)["status"],
        "canceled"
    );
    assert_eq!(settle(&server.app, marks()).await, 0);

    let runs = ask(&server.app, server.organization, numbered(1)).await;
    let cancel = format!("/v1/jobs/{}/cancel", runs[0]);
    let canceler = manager.clone();
    let interrupted = MARK.by(move |app, running| {
        let (canceler, cancel) = (canceler.clone(), cancel.clone());
        async move {
            canceler.post(&cancel, Value::Null).await.expect(200);
            mark(app, running).await
        }
    });
    assert_eq!(settle(&server.app, vec![interrupted]).await, 1);
    assert!(marked(&server.app).await.is_empty());
    let job = manager.get(&format!("/v1/jobs/{}", runs[0])).await.expect(200);
    assert_eq!(job["status"], "canceled");
}

#[actix_web::test]
async fn two_instances_share_the_work_and_each_effect_happens_once() {
    let server = Server::start().await;
    let other = another_instance(&server).await;
    ask(&server.app, server.organization, numbered(40)).await;
    let (here, there) = tokio::join!(settle(&server.app, marks()), settle(&other, marks()));
    assert_eq!(here + there, 40);
    // SQLite's file has one writer, which may well be the same one all the time.
    assert!(!on_postgres() || here > 0 && there > 0, "{here} and {there}");
    let marked = marked(&server.app).await;
    assert_eq!(marked, (0..40).map(Uuid::from_u128).collect::<Vec<_>>());
    assert_eq!(of(&server.manager(), "status_in=completed&limit=200").await.len(), 40);
    other.db.close().await;
}

#[actix_web::test]
async fn what_a_dead_instance_had_in_hand_is_taken_up_when_its_lease_ends() {
    let server = Server::start().await;
    let dying = another_instance(&server).await;
    ask(&server.app, server.organization, numbered(3)).await;
    let claimed = Runner::new(dying.clone(), marks()).claim(2).await.unwrap();
    assert_eq!(claimed.jobs.len(), 2);
    drop(claimed);
    dying.db.close().await;
    assert_eq!(settle(&server.app, marks()).await, 1);
    assert_eq!(of(&server.manager(), "status_in=running").await.len(), 2);
    server.app.clock.advance(jobs::LEASE + TimeDelta::seconds(1));
    assert_eq!(settle(&server.app, marks()).await, 2);
    assert_eq!(marked(&server.app).await.len(), 3);
}

#[actix_web::test]
async fn who_was_away_too_long_finishes_nothing() {
    let server = Server::start().await;
    ask(&server.app, server.organization, numbered(1)).await;
    let slow = MARK.by(|app, running| async move {
        app.clock.advance(jobs::LEASE + TimeDelta::seconds(1));
        // Meanwhile somebody else takes it over, and does it.
        assert_eq!(settle(&app, marks()).await, 1);
        mark(app, running).await
    });
    assert_eq!(settle(&server.app, vec![slow]).await, 1);
    assert_eq!(marked(&server.app).await.len(), 1);
    let job = &of(&server.manager(), "kind=mark").await[0];
    assert_eq!((&job["status"], &job["attempts"]), (&json!("completed"), &json!(2)));
}

#[actix_web::test]
async fn a_job_that_kills_whoever_begins_it_is_given_up() {
    let server = Server::start().await;
    ask(&server.app, server.organization, numbered(1)).await;
    for _ in 0..3 {
        let claimed = Runner::new(server.app.clone(), marks()).claim(1).await.unwrap();
        assert_eq!(claimed.jobs.len(), 1);
        server.app.clock.advance(jobs::LEASE + TimeDelta::seconds(1));
    }
    assert_eq!(settle(&server.app, marks()).await, 1);
    assert!(marked(&server.app).await.is_empty());
    assert_eq!(of(&server.manager(), "status_in=failed").await.len(), 1);
}

#[actix_web::test]
async fn a_handler_that_panics_has_failed() {
    let server = Server::start().await;
    ask(&server.app, server.organization, numbered(1)).await;
    let panics = MARK.by(|_, running| async move {
        assert_eq!(running.job.kind, "something else", "on purpose");
        Err(Failure::Lost)
    });
    assert_eq!(settle(&server.app, vec![panics]).await, 1);
    let job = &of(&server.manager(), "kind=mark").await[0];
    assert_eq!(
        (&job["status"], &job["error"]),
        (&json!("queued"), &json!("It panicked."))
    );
}

#[actix_web::test]
async fn a_thousand_jobs_of_one_organization_stand_in_nobodys_way() {
    let server = Server::start().await;
    let others = server.another_organization().await;
    let others = organization_of(&server, others.user.as_ref().unwrap().id.into()).await;
    ask(&server.app, server.organization, numbered(1000)).await;
    ask(&server.app, others, numbered(2)).await;
    let runner = Runner::new(server.app.clone(), marks());
    let first = runner.claim(4).await.unwrap();
    let theirs = |claimed: &[Running]| claimed.iter().filter(|job| job.organization() == others).count();
    assert_eq!((first.jobs.len(), theirs(&first.jobs)), (4, 2));
    // One place: each organization has its turn.
    ask(&server.app, others, numbered(2)).await;
    let mut seen = 0;
    for _ in 0..2 {
        seen += theirs(&runner.claim(1).await.unwrap().jobs);
    }
    assert_eq!(seen, 1);
}

async fn organization_of(server: &Server, user: Uuid) -> OrganizationId {
    let sql = "SELECT organization_id FROM users WHERE id = $1";
    let (organization,): (OrganizationId,) = server.app.read().sql(sql).bind(user).one().await.unwrap();
    organization
}

#[actix_web::test]
async fn the_same_key_is_asked_for_once() {
    let server = Server::start().await;
    let keyed = || vec![new(1).keyed("2026-11-22/1"), new(2).keyed("2026-11-22/2")];
    assert_eq!(ask(&server.app, server.organization, keyed()).await.len(), 2);
    assert_eq!(ask(&server.app, server.organization, keyed()).await.len(), 0);
    assert_eq!(settle(&server.app, marks()).await, 2);
    jobs::enqueue_missing(&server.app, server.organization, keyed())
        .await
        .unwrap();
    assert_eq!(settle(&server.app, marks()).await, 0);
    // A unit that is dropped has asked for nothing.
    let mut unit = server.app.write_by_itself(server.organization).await.unwrap();
    assert!(unit.enqueue(new(3).keyed("3")).await.unwrap().is_some());
    drop(unit);
    assert_eq!(settle(&server.app, marks()).await, 0);
}

#[actix_web::test]
async fn nothing_is_done_before_its_time() {
    let server = Server::start().await;
    let later = server.app.clock.now().plus(TimeDelta::hours(1));
    ask(&server.app, server.organization, vec![new(1).at(later)]).await;
    assert_eq!(settle(&server.app, marks()).await, 0);
    server.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(settle(&server.app, marks()).await, 1);
}

#[actix_web::test]
async fn an_instance_hears_of_its_own_jobs_at_once() {
    let server = Server::start().await;
    let workers = workers::start_with(&server.app, marks(), Duration::from_secs(5));
    // Long enough that it has looked once, and found nothing.
    tokio::time::sleep(Duration::from_millis(300)).await;
    ask(&server.app, server.organization, numbered(6)).await;
    for _ in 0..100 {
        if marked(&server.app).await.len() == 6 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(marked(&server.app).await.len(), 6);
    workers.stop().await;
}

#[actix_web::test]
async fn who_stops_lets_jobs_end_and_gives_back_what_does_not() {
    let server = Server::start().await;
    let endless = MARK.by(|app, running| async move {
        let Mark { number } = running.payload()?;
        if number == 0 {
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        mark(app, running).await
    });
    ask(&server.app, server.organization, numbered(2)).await;
    let workers = workers::start_with(&server.app, vec![endless], Duration::from_secs(2));
    let manager = server.manager();
    for _ in 0..100 {
        if of(&manager, "status_in=running").await.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    workers.stop().await;
    assert_eq!(marked(&server.app).await, [Uuid::from_u128(1)]);
    let waits = of(&manager, "status_in=queued&kind=mark").await;
    assert_eq!((waits.len(), &waits[0]["attempts"]), (1, &json!(0)));
    assert_eq!(settle(&server.app, marks()).await, 1);
}

#[actix_web::test]
async fn jobs_are_for_managers_and_admins_of_their_organization() {
    let server = Server::start().await;
    let ids = ask(&server.app, server.organization, numbered(1)).await;
    let path = format!("/v1/jobs/{}", ids[0]);
    assert_eq!(
        server.viewer().get("/v1/jobs").await.problem(403),
        "insufficient_permission"
    );
    assert_eq!(
        server.another_organization().await.get(&path).await.problem(404),
        "not_found"
    );
    server.admin().get(&path).await.expect(200);
}

#[actix_web::test]
async fn what_has_ended_is_kept_for_thirty_days() {
    let server = Server::start().await;
    ask(&server.app, server.organization, vec![new(1).keyed("one")]).await;
    settle(&server.app, marks()).await;
    for (days, left) in [(29, 1), (2, 0)] {
        server.app.clock.advance(TimeDelta::days(days));
        workers::swept(&server.app).await.unwrap();
        assert_eq!(of(&server.manager(), "kind=mark").await.len(), left);
    }
}
