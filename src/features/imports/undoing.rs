//! Takes an import back, portion by portion from the last to the first, as far as nobody has changed or used since what it wrote.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::import::{Asked, ImportOutcome, ImportUndone};
use super::job_store::{self, Told};
use super::taking_back::{self, Back};
use super::working::{asker, failure};
use crate::access::{Actor, ActorKind, Permission};
use crate::app::App;
use crate::jobs::{self, Done, Failure, JobId, Kind, Progress, Running, Status};
use crate::journal::feed::{self, Entry, Filter};

/// Imports that are taken back.
pub const UNDO: Kind = Kind::new("import_undo", 20).long();
/// So many kept records are listed; all are counted.
const KEPT: u64 = 10_000;

/// What is to be taken back, and who asked for that.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AskedBack {
    pub import: JobId,
    pub actor_kind: ActorKind,
    pub actor_id: Option<Uuid>,
    pub client: Option<String>,
    pub request_id: Option<Uuid>,
}

/// Where an undoing goes on.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct State {
    /// Portions that begin before this revision are still to be taken back.
    before: i64,
    revisions: i64,
    undone: ImportUndone,
}

/// Takes an import back.
///
/// # Errors
/// When it must be tried again, or who asked for it may no longer.
pub async fn work(app: Arc<App>, running: Running) -> Result<Done, Failure> {
    let asked: AskedBack = running.payload()?;
    let (organization, id) = (running.organization(), running.job.id);
    let json = |error: serde_json::Error| Failure::Never(error.to_string());
    let mut read = app.read();
    let import = jobs::store::find(&mut read, organization, asked.import).await?;
    let import = import.ok_or_else(|| Failure::Never("The import is gone.".into()))?;
    let order: Asked = serde_json::from_value(import.payload.0.clone()).map_err(json)?;
    let as_asked = Asked {
        actor_kind: asked.actor_kind,
        actor_id: asked.actor_id,
        client: asked.client.clone(),
        request_id: asked.request_id,
        ..order
    };
    let result = import.result.clone().map(|result| result.0).unwrap_or_default();
    let mut outcome: ImportOutcome = serde_json::from_value(result).map_err(json)?;
    let total = job_store::revisions(&mut read, organization, asked.import).await?;
    let mut state = job_store::state(&mut read, organization, id).await?.unwrap_or(State {
        before: i64::MAX,
        revisions: 0,
        undone: ImportUndone::asked(id),
    });
    loop {
        let portion = job_store::portion_before(&mut read, organization, asked.import, state.before).await?;
        let caller = asker(&app, &running, &as_asked).await?;
        let mut unit = app.write_long(&caller).await?;
        let revision = unit.revision();
        if let Some(portion) = portion {
            let entries = feed::entries(
                &mut unit,
                organization,
                &Filter::default(),
                Some(portion.0 - 1),
                false,
                portion.1 - portion.0 + 1,
            )
            .await?;
            let entries: Vec<Entry> = entries
                .into_iter()
                .filter(|entry| entry.revision <= portion.1)
                .collect();
            let back = Back::of(&mut unit, asked.import, portion.0, entries)
                .await
                .map_err(failure)?;
            let done = taking_back::take(&mut unit, &caller, back).await.map_err(failure)?;
            let room = KEPT.saturating_sub(state.undone.kept);
            state.undone.removed += done.removed;
            state.undone.restored += done.restored;
            state.undone.kept += u64::try_from(done.kept.len()).unwrap_or(u64::MAX);
            let told = done.kept.into_iter().take(usize::try_from(room).unwrap_or(usize::MAX));
            let told: Vec<Told> = told.map(Told::Kept).collect();
            let count = job_store::faults_kept(&mut unit, organization, asked.import).await?;
            job_store::keep_faults(&mut unit, &app.clock, (organization, asked.import), count, told).await?;
            state.before = portion.0;
            state.revisions += portion.1 - portion.0 + 1;
        }
        if unit.revision() > revision {
            let written = (revision + 1, unit.revision());
            job_store::keep_portion(&mut unit, organization, asked.import, written, true).await?;
        }
        let kept = serde_json::to_value(state).map_err(json)?;
        job_store::set_state(&mut unit, organization, id, kept).await?;
        let progress = Progress {
            processed_rows: Some(state.revisions),
            total_rows: Some(total),
            result: serde_json::to_value(state.undone).map_err(json)?,
            ..Progress::default()
        };
        running.note(&mut unit, &progress).await?;
        outcome.undone = Some(state.undone);
        let status = portion.map_or(Status::Reverted, |_| import.status);
        let (result, now) = (serde_json::to_value(&outcome).map_err(json)?, unit.now());
        if !jobs::store::amend(&mut unit, organization, asked.import, status, &result, now).await? {
            return Err(Failure::Never("The import goes on.".into()));
        }
        if portion.is_none() {
            unit.mention(
                "import",
                asked.import,
                "reverted",
                ("status", &import.status, &Status::Reverted),
            )?;
            return running.finish(unit).await;
        }
        unit.commit().await?;
    }
}

impl AskedBack {
    pub fn by(import: JobId, actor: Actor, client: Option<String>, request_id: Option<Uuid>) -> Self {
        Self {
            import,
            actor_kind: actor.kind,
            actor_id: actor.id,
            client,
            request_id,
        }
    }
}

/// What taking users back needs beside: it lets nobody in any more.
pub const OF_USERS: Permission = Permission::UsersSecure;
