//! Background loops, started and stopped with the server.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tokio::sync::watch;
use tokio::task::{self, JoinHandle, JoinSet};

use crate::app::App;
use crate::db::{Error, Expiring};
use crate::features::webhooks::{self, Office};
use crate::http::idempotency::KEPT;
use crate::jobs::{self, Kind, Places, Runner, Running, Task, Timer, Vigil};
use crate::{journal, routes};

/// How often timers look for what is due.
const TICK: Duration = Duration::from_secs(60);
/// How often an instance looks for jobs that others have asked for; of its own it hears.
const LOOK: Duration = Duration::from_secs(3);
/// How many jobs an instance does at the same time.
const AT_ONCE: usize = 6;
/// How many of these may wait for servers that are not ours: one that hangs stops nothing else.
const ABROAD_AT_ONCE: usize = 2;
/// How many of these may go on for minutes: files that are imported keep nobody's mail waiting.
const LONG_AT_ONCE: usize = 2;
/// How long jobs may go on when the server stops.
const PATIENCE: Duration = Duration::from_secs(10);

/// The loops that run beside the server; ended when dropped.
pub struct Workers {
    loops: Vec<JoinHandle<()>>,
    jobs: Option<JoinHandle<()>>,
    webhooks: Option<JoinHandle<()>>,
    stopping: watch::Sender<bool>,
}

impl Workers {
    /// Takes up no more jobs; those that run may end, and what does not end in time is given back.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        for worker in [&mut self.jobs, &mut self.webhooks].into_iter().flatten() {
            // Each has its own patience; this is for a database that does not answer.
            let _ = tokio::time::timeout(PATIENCE * 2, worker).await;
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.loops
            .iter()
            .chain(&self.jobs)
            .chain(&self.webhooks)
            .for_each(JoinHandle::abort);
    }
}

/// Takes up what a process had in hand that is no more, without waiting for its leases to end: one process owns a file of SQLite.
///
/// # Errors
/// What the database said.
pub async fn inherit(app: &App) -> Result<(), Error> {
    if app.db.is_one_process() {
        let mut tx = app.db.begin().await?;
        jobs::store::let_go(&mut tx, app.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Starts them.
pub fn start(app: &Arc<App>) -> Workers {
    start_with(app, routes::jobs(), PATIENCE)
}

/// The same with other kinds of jobs: for tests of the ground.
pub fn start_with(app: &Arc<App>, tasks: Vec<Task>, patience: Duration) -> Workers {
    let (stopping, stopped) = watch::channel(false);
    let runner = Arc::new(Runner::new(app.clone(), tasks));
    Workers {
        loops: vec![
            tokio::spawn(sweep(app.clone())),
            tokio::spawn(keys(app.clone())),
            tokio::spawn(take_stock(app.clone())),
            tokio::spawn(give_back()),
            tokio::spawn(hear(app.clone())),
            tokio::spawn(tick(app.clone())),
            tokio::spawn(watch(app.clone())),
        ],
        webhooks: post_office(app, stopped.clone()),
        jobs: Some(tokio::spawn(work(runner, stopped, patience))),
        stopping,
    }
}

/// Runs the timers, and every job that is due, one after the other, until nothing is left: a background without waiting. How many it ran.
///
/// # Errors
/// What the database said.
pub async fn settle(app: &Arc<App>) -> Result<usize, journal::Error> {
    settle_with(app, routes::jobs(), &routes::timers()).await
}

/// The same with other kinds of jobs and timers: for tests of the ground.
///
/// # Errors
/// What the database said.
pub async fn settle_with(app: &Arc<App>, tasks: Vec<Task>, timers: &[Timer]) -> Result<usize, journal::Error> {
    let runner = Runner::new(app.clone(), tasks);
    let mut ran = 0;
    loop {
        let before = ran;
        for timer in timers {
            timer.run(app).await?;
        }
        loop {
            let claimed = runner.claim(1).await?;
            if claimed.contended {
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            }
            if claimed.jobs.is_empty() {
                break;
            }
            for running in claimed.jobs {
                runner.run(running).await;
                ran += 1;
            }
        }
        if ran == before {
            return Ok(ran);
        }
    }
}

/// Looks for what is due, each minute.
async fn tick(app: Arc<App>) {
    let timers = routes::timers();
    loop {
        for timer in &timers {
            if let Err(error) = timer.run(&app).await {
                tracing::warn!(timer = timer.name, ?error, "a timer could not look for what is due");
            }
        }
        tokio::time::sleep(TICK).await;
    }
}

/// Takes up jobs: at once those that this process asks for, within a few seconds all others.
async fn work(runner: Arc<Runner>, mut stopped: watch::Receiver<bool>, patience: Duration) {
    let mut bell = jobs::bell();
    let mut at_work = AtWork::default();
    while !*stopped.borrow() {
        bell.mark_unchanged();
        let room = AT_ONCE - at_work.tasks.len();
        let mut pause = LOOK;
        if room > 0 {
            let places = Places {
                all: room,
                abroad: ABROAD_AT_ONCE.saturating_sub(at_work.count(&runner, |kind| kind.abroad)),
                long: LONG_AT_ONCE.saturating_sub(at_work.count(&runner, |kind| kind.long)),
            };
            match runner.claim_with(places).await {
                Ok(claimed) => {
                    if claimed.contended {
                        pause = Duration::from_millis(20);
                    }
                    for running in claimed.jobs {
                        at_work.begin(&runner, running);
                        pause = Duration::ZERO;
                    }
                }
                Err(error) => tracing::warn!(%error, "jobs could not be looked for"),
            }
        }
        if at_work.tasks.len() >= AT_ONCE {
            pause = LOOK;
        }
        tokio::select! {
            _ = bell.changed(), if at_work.tasks.len() < AT_ONCE => {}
            _ = stopped.changed() => {}
            Some(ended) = at_work.tasks.join_next_with_id() => at_work.end(&ended),
            () = tokio::time::sleep(pause) => {}
        }
    }
    at_work.leave(&runner, patience).await;
}

/// Frees what a dead instance had in hand. Where one process owns the database there is no other.
async fn watch(app: Arc<App>) {
    if app.db.is_one_process() {
        return;
    }
    let mut vigil = Vigil::new(app);
    loop {
        if let Err(error) = vigil.look(Instant::now()).await {
            tracing::warn!(%error, "what others have in hand could not be looked at");
        }
        tokio::time::sleep(Vigil::LOOK).await;
    }
}

/// The jobs that this instance has in hand.
#[derive(Default)]
struct AtWork {
    tasks: JoinSet<()>,
    jobs: HashMap<task::Id, Running>,
}

impl AtWork {
    fn begin(&mut self, runner: &Arc<Runner>, running: Running) {
        let (runner, job) = (runner.clone(), running.clone());
        let handle = self.tasks.spawn(async move { runner.run(running).await });
        self.jobs.insert(handle.id(), job);
    }

    /// How many of them are of such a kind.
    fn count(&self, runner: &Runner, of: impl Fn(Kind) -> bool) -> usize {
        let kinds = self.jobs.values().filter_map(|running| runner.kind(running));
        kinds.filter(|kind| of(*kind)).count()
    }

    fn end(&mut self, ended: &Result<(task::Id, ()), task::JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        self.jobs.remove(&id);
    }

    /// Waits for those that end in time, and gives the others back.
    async fn leave(mut self, runner: &Runner, patience: Duration) {
        let until = tokio::time::Instant::now() + patience;
        while let Ok(Some(ended)) = tokio::time::timeout_at(until, self.tasks.join_next_with_id()).await {
            self.end(&ended);
        }
        // Ended before it is given back, so that nobody begins it while it runs here.
        self.tasks.shutdown().await;
        for running in self.jobs.values() {
            if let Err(error) = runner.give_back(running).await {
                tracing::warn!(%error, "a job could not be given back; another instance takes it up when its lease ends");
            }
        }
    }
}

/// Memory that is free for a second goes back to the system when mimalloc next frees a large piece. A server at rest frees none by itself,
/// and would keep for ever what starting or an import took.
async fn give_back() {
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(std::hint::black_box(vec![0_u8; 4 << 20]));
    }
}

/// Delivers webhooks.
fn post_office(app: &Arc<App>, stopped: watch::Receiver<bool>) -> Option<JoinHandle<()>> {
    match Office::open(app, webhooks::names()) {
        Ok(office) => Some(tokio::spawn(office.run(stopped))),
        Err(error) => {
            tracing::error!(%error, "no webhooks are delivered by this instance");
            None
        }
    }
}

/// Hears what other instances write.
async fn hear(app: Arc<App>) {
    app.db.hear().await;
}

/// Another process may have rotated the signing keys.
async fn keys(app: Arc<App>) {
    loop {
        tokio::time::sleep(Duration::from_secs(60)).await;
        if let Err(error) = app.keys.refresh(&app.db).await {
            tracing::warn!(error = %error.0, "the signing keys could not be read again");
        }
    }
}

/// How much there is decides how it is best looked for.
async fn take_stock(app: Arc<App>) {
    loop {
        tokio::time::sleep(TICK).await;
        if let Err(error) = app.db.take_stock().await {
            tracing::warn!(%error, "the tables could not be counted");
        }
    }
}

/// Removes what has had its time. Deleting twice is the same as once, so any instance may do it.
async fn sweep(app: Arc<App>) {
    loop {
        tokio::time::sleep(Duration::from_secs(600)).await;
        if let Err(error) = swept(&app).await {
            tracing::warn!(%error, "what has expired could not be removed");
        }
    }
}

/// Each by itself and in portions: what has piled up somewhere neither holds a lock for long nor keeps the rest.
///
/// # Errors
/// What the database said last; the others are swept all the same.
pub async fn swept(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    let mut outcome = Ok(());
    let expiring = EXPIRING.into_iter().chain([jobs::store::EXPIRING]);
    for expiring in expiring.chain(webhooks::store::EXPIRING) {
        outcome = expiring.sweep(&app.db, now).await.and(outcome);
    }
    outcome
}

/// What is kept for a while, and for how long.
const EXPIRING: [Expiring; 6] = [
    Expiring::new("idempotency_records", "organization_id, scope", "created_at", KEPT),
    Expiring::new(
        "sync_mutations",
        "organization_id, user_id, client_id, mutation_id",
        "created_at",
        TimeDelta::days(90),
    ),
    Expiring::new("login_failures", "id, part", "failed_at", TimeDelta::hours(1)),
    Expiring::new(
        "refresh_tokens",
        "organization_id, token_hash",
        "expires_at",
        TimeDelta::days(1),
    ),
    Expiring::new(
        "user_links",
        "organization_id, token_hash",
        "expires_at",
        TimeDelta::days(1),
    ),
    Expiring::new("signing_keys", "id", "retired_at", TimeDelta::days(1)),
];
