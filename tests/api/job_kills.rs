//! Several instances share the work and are killed in the middle of it: every effect happens once. Without the lease it would not.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use touchbase::app::App;
use touchbase::clock::Clock;
use touchbase::db::Sqls;
use touchbase::jobs::{Done, Failure, Kind, New, Running, Task};
use touchbase::workers;
use uuid::Uuid;

use crate::support::{Server, config};

const WORK: Kind = Kind::new("work", 1000);
const JOBS: u64 = 60;
const INSTANCES: usize = 4;

#[derive(Serialize, Deserialize)]
struct Number {
    number: u64,
}

async fn effect(app: &App, running: &Running) -> Result<touchbase::journal::Unit, Failure> {
    let Number { number } = running.payload()?;
    let mut unit = running.unit(app).await?;
    let id = Uuid::from_u128(number.into());
    unit.mention("effect", id, "made", ("number", &Value::Null, &number))?;
    // Long enough that a kill falls into it.
    tokio::time::sleep(Duration::from_millis(number % 7)).await;
    Ok(unit)
}

/// As handlers are: the job ends in the unit of its effect.
async fn once(app: Arc<App>, running: Running) -> Result<Done, Failure> {
    let unit = effect(&app, &running).await?;
    running.finish(unit).await
}

/// As they must not be: a kill, or a lease that is lost, may fall between the effect and the end.
async fn twice(app: Arc<App>, running: Running) -> Result<Done, Failure> {
    effect(&app, &running).await?.commit().await?;
    tokio::time::sleep(Duration::from_millis(20)).await;
    running.nothing_to_do(&app).await
}

/// Does the work by instances that are killed again and again, and says how many effects there were, and of how many jobs.
async fn under_kills(task: Task) -> (i64, i64) {
    let server = Server::start().await;
    let work: Vec<New> = (0..JOBS).map(|number| WORK.with(&Number { number }).unwrap()).collect();
    let mut unit = server.app.write_by_itself(server.organization).await.unwrap();
    unit.enqueue_all(work).await.unwrap();
    unit.commit().await.unwrap();
    let mut instances = Vec::new();
    for _ in 0..INSTANCES {
        let url = server.app.config.database_url.clone();
        instances.push(App::open(config(&url), server.app.clock.clone(), None).await.unwrap());
    }
    // Clocks differ: one of them is four minutes ahead of the others.
    let (url, ahead) = (server.app.config.database_url.clone(), Clock::default());
    ahead.advance(TimeDelta::minutes(4));
    instances[0].db.close().await;
    instances[0] = App::open(config(&url), ahead.clone(), None).await.unwrap();
    let start = |app: &Arc<App>| workers::start_with(app, vec![task.clone()], Duration::from_secs(1));
    let mut at_work: Vec<_> = instances.iter().map(start).collect();
    let mut killed = 0;
    while !done(&server).await {
        // The more patient the longer it takes: a machine that is busy otherwise does little in a moment.
        tokio::time::sleep(Duration::from_millis(15 + killed as u64 / 20)).await;
        // Without a word to anybody: what it had in hand stays in hand until its lease ends.
        let (at, app) = (killed % INSTANCES, &instances[killed % INSTANCES]);
        at_work[at] = start(app);
        killed += 1;
        for clock in [&server.app.clock, &ahead] {
            clock.advance(TimeDelta::seconds(78));
        }
        assert!(killed < 2000, "the work is never done");
    }
    drop(at_work);
    let (effects, jobs): (i64, i64) = server
        .app
        .read()
        .sql("SELECT COUNT(*), COUNT(DISTINCT record_id) FROM journal WHERE kind = 'effect'")
        .one()
        .await
        .unwrap();
    for app in instances {
        app.db.close().await;
    }
    (effects, jobs)
}

async fn done(server: &Server) -> bool {
    let (open,): (i64,) = server
        .app
        .read()
        .sql("SELECT COUNT(*) FROM jobs WHERE due_at IS NOT NULL AND kind = 'work'")
        .one()
        .await
        .unwrap();
    open == 0
}

#[actix_web::test]
async fn four_instances_that_are_killed_again_and_again_do_everything_once() {
    assert_eq!(under_kills(WORK.by(once)).await, (60, 60));
}

#[actix_web::test]
async fn an_effect_that_is_not_in_the_jobs_own_unit_happens_more_than_once() {
    let (effects, jobs) = under_kills(WORK.by(twice)).await;
    assert_eq!(jobs, 60);
    assert!(effects > 60, "the kills prove nothing: {effects}");
}
