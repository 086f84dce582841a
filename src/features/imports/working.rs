//! Works a file off in portions, each in a unit of its own that also says how far it has come.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::assignments::Assignments;
use super::columns::ImportTarget;
use super::contacts::Contacts;
use super::customers::Customers;
use super::file::{Layout, Place, Row, Rows, Source};
use super::import::{Asked, ImportOutcome, State};
use super::job_store::{self, Told};
use super::nps_responses::NpsResponses;
use super::report::{ImportReport, RowFault};
use super::row::Context;
use super::run::{self, Importer, MOST, Opened, Order, ROWS, Work, unreadable};
use super::signals::Signals;
use super::source::Stored;
use super::users::Users;
use crate::access::{Caller, Origin, Permission, caller};
use crate::app::App;
use crate::clock::Timestamp;
use crate::http::Problem;
use crate::jobs::{Done, Failure, Kind, Progress, Running};
use crate::journal::Unit;
use crate::local_time;
use crate::refusal::Code;

/// Files that are imported.
pub const IMPORT: Kind = Kind::new("import", 20).long();
/// Most rows of a portion, and most bytes: who else writes waits no longer than for these.
const PORTION: usize = 2_000;
const PORTION_BYTES: u64 = 2 << 20;

/// Does an import.
///
/// # Errors
/// When it must be tried again, or the file or who asked for it is no good.
pub async fn work(app: Arc<App>, running: Running) -> Result<Done, Failure> {
    let asked: Asked = running.payload()?;
    let importing = Importing { app, running, asked };
    match importing.asked.target {
        ImportTarget::Customers => importing.of(Customers::default()).await,
        ImportTarget::Contacts => importing.of(Contacts::default()).await,
        ImportTarget::Users => importing.of(Users::default()).await,
        ImportTarget::Signals => importing.of(Signals::default()).await,
        ImportTarget::Assignments => importing.of(Assignments::default()).await,
        ImportTarget::NpsResponses => importing.of(NpsResponses::default()).await,
    }
}

/// An import in hand.
struct Importing {
    app: Arc<App>,
    running: Running,
    asked: Asked,
}

/// What a problem of a portion means for the job: it is tried again when it may pass.
pub fn failure(problem: Problem) -> Failure {
    let faults: Vec<String> = problem.faults.iter().map(|fault| fault.detail.clone()).collect();
    let reason = if faults.is_empty() {
        problem.detail
    } else {
        faults.join(" ")
    };
    match problem.code {
        Code::Internal | Code::Unavailable | Code::StorageFull | Code::Duplicate => Failure::Again(reason),
        _ => Failure::Never(reason),
    }
}

fn lost(error: tokio::task::JoinError) -> Failure {
    Failure::Again(error.to_string())
}

fn number(of: u64) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

/// Who asked, as they stand now, if they still may.
///
/// # Errors
/// When they may no longer.
pub async fn asker(app: &App, running: &Running, asked: &Asked) -> Result<Caller, Failure> {
    let (organization, now) = (running.organization(), app.clock.now());
    let gone = || Failure::Never("Whoever asked for this has left, or their key was revoked.".into());
    let mut caller = caller::again(&mut app.read(), organization, asked.actor(), now)
        .await?
        .ok_or_else(gone)?;
    for permission in [Permission::ImportsManage, asked.target.permission()] {
        caller.needs(permission).map_err(|refusal| failure(refusal.into()))?;
    }
    caller.origin = Origin {
        client: asked.client.clone(),
        request_id: asked.request_id,
        ..Origin::default()
    };
    Ok(caller)
}

impl Importing {
    fn stored(&self) -> Stored {
        Stored {
            db: self.app.db.clone(),
            organization: self.running.organization(),
            import: self.running.job.id,
            length: self.running.job.total_bytes.unwrap_or(0),
        }
    }

    /// Reads the whole file for what its columns show.
    async fn open(&self, order: &Arc<Order>) -> Result<Opened, Failure> {
        let (stored, order, runtime) = (self.stored(), order.clone(), Handle::current());
        let opened = spawn_blocking(move || {
            let anew = || Ok(Box::new(stored.from(0, runtime.clone())?) as Source);
            run::open(&anew, &order)
        });
        opened.await.map_err(lost)?.map_err(failure)
    }

    /// Reads on from a place.
    fn rows(&self, layout: Layout, place: Place) -> Result<Rows, Failure> {
        let chunks = self.stored().from(place.byte, Handle::current());
        let chunks = chunks.map_err(|error| failure(unreadable(error)))?;
        Ok(Rows::resume(Box::new(chunks), layout, place))
    }

    async fn of<I: Importer>(self, mut importer: I) -> Result<Done, Failure> {
        let order = Arc::new(self.asked.order());
        let (organization, id) = (self.running.organization(), self.running.job.id);
        let caller = asker(&self.app, &self.running, &self.asked).await?;
        let Opened { rows, columns, survey } = self.open(&order).await?;
        if order.target == ImportTarget::Users && survey.rows > MOST {
            let reason = format!("A file of users may have {MOST} rows. Send it in parts.");
            return Err(Failure::Never(reason));
        }
        let (layout, total_rows) = (rows.layout.clone(), survey.rows);
        let mut report = ImportReport::new(&columns, &layout.headers, order.dry_run);
        let mut read = self.app.read();
        let now = self.app.clock.now();
        let ground = (&*self.app, organization, now);
        let context = run::context(&mut read, ground, &caller, &layout.headers, (columns, survey), &order).await;
        let (context, warnings) = context.map_err(failure)?;
        let state: Option<State> = job_store::state(&mut read, organization, id).await?;
        let place = state.as_ref().and_then(State::place).unwrap_or_else(|| rows.place());
        match &state {
            None => {
                State::default().recall(&mut report);
                report.warn(warnings);
            }
            Some(state) => {
                state.recall(&mut report);
                let recalled = importer.recall(state.remembered.clone());
                recalled.map_err(|error| Failure::Never(error.to_string()))?;
            }
        }
        let rows = self.rows(layout, place)?;
        let portions = Portions {
            keep: !order.dry_run,
            state: state.unwrap_or_default(),
            total_rows,
            begun: Instant::now(),
            from: place.byte,
            context,
            importing: self,
        };
        portions.all(rows, Work::new(importer, report, !order.dry_run)).await
    }
}

/// The portions of a file, one after the other.
struct Portions {
    importing: Importing,
    /// What all rows have in common; the time and the caller are those of each portion.
    context: Context,
    state: State,
    keep: bool,
    total_rows: u64,
    /// When this attempt began, and at which byte.
    begun: Instant,
    from: u64,
}

/// What has been read of a file.
type Read = Vec<Result<Row, RowFault>>;

async fn read(mut rows: Rows) -> Result<(Rows, Read), Failure> {
    let read = spawn_blocking(move || rows.next_within(PORTION, PORTION_BYTES).map(|read| (rows, read)));
    let read = read.await.map_err(lost)?;
    read.map_err(|error| failure(unreadable(error)))
}

impl Portions {
    async fn all<I: Importer>(mut self, mut rows: Rows, mut work: Work<I>) -> Result<Done, Failure> {
        loop {
            let taken;
            // Read before the lock is taken.
            (rows, taken) = read(rows).await?;
            let (place, ended) = (rows.place(), taken.is_empty());
            let mut unit = self.unit().await?;
            let before = unit.revision();
            let context = Arc::new(Context {
                now: unit.now(),
                today: local_time::wall_clock(unit.now().utc(), self.context.zone).date(),
                ..self.context.clone()
            });
            let mut taken = taken.into_iter().peekable();
            while taken.peek().is_some() {
                let slice = taken.by_ref().take(ROWS).collect();
                work = work.take_in(&mut unit, &context, slice).await.map_err(failure)?;
            }
            work.importer.check(&mut unit).await.map_err(failure)?;
            if ended && self.keep {
                let finished = work.importer.finish(&mut unit, &mut work.report).await;
                finished.map_err(failure)?;
            }
            self.note(&mut unit, before, place, &mut work, ended).await?;
            if ended {
                return self.importing.running.finish(unit).await;
            }
            unit.commit().await?;
        }
    }

    /// A unit as whoever asked, if they still may.
    async fn unit(&mut self) -> Result<Unit, Failure> {
        let Importing { app, running, asked } = &self.importing;
        self.context.caller = asker(app, running, asked).await?;
        Ok(app.write_long(&self.context.caller).await?)
    }

    /// Writes what the unit has done, and where the next begins.
    async fn note<I: Importer>(
        &mut self,
        unit: &mut Unit,
        before: i64,
        place: Place,
        work: &mut Work<I>,
        ended: bool,
    ) -> Result<(), Failure> {
        let Importing { app, running, .. } = &self.importing;
        let (organization, id) = (running.organization(), running.job.id);
        let json = |error: serde_json::Error| Failure::Never(error.to_string());
        let kept = self.state.faults.errors + self.state.faults.warnings;
        let remembered = work.importer.remember().map_err(json)?;
        let told = self.state.note(place, &mut work.report, remembered);
        self.state.recall(&mut work.report);
        let told = told
            .into_iter()
            .map(|(severity, fault)| Told::Row(severity, fault))
            .collect();
        job_store::keep_faults(unit, &app.clock, (organization, id), count(kept), told).await?;
        if unit.revision() > before {
            let portion = (before + 1, unit.revision());
            job_store::keep_portion(unit, organization, id, portion, false).await?;
        }
        let state = serde_json::to_value(&self.state).map_err(json)?;
        job_store::set_state(unit, organization, id, state).await?;
        let total = running.job.total_bytes.unwrap_or(0);
        let processed = if ended { total } else { number(place.byte).min(total) };
        let progress = Progress {
            processed_bytes: Some(processed),
            total_bytes: Some(total),
            processed_rows: Some(number(self.state.rows)),
            total_rows: Some(number(self.total_rows)),
            estimated_end_at: (!ended).then(|| self.estimate(unit.now(), processed, total)),
            result: serde_json::to_value(ImportOutcome::of(&work.report)).map_err(json)?,
        };
        running.note(unit, &progress).await
    }

    /// When it will be done if it goes on as it did in this attempt.
    fn estimate(&self, now: Timestamp, processed: i64, total: i64) -> Timestamp {
        let spent = i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        let done = (processed - number(self.from)).max(1);
        let left = spent.saturating_mul((total - processed).max(0)) / done;
        now.plus(TimeDelta::milliseconds(left))
    }
}
