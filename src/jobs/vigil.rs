//! Watches over what others have in hand, by this instance's own stopwatch: the lease's end is told by a clock that may differ from
//! ours, but that it moves on is seen without any.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::JobId;
use super::runner;
use super::store::held::{self, Held};
use crate::app::App;
use crate::clock::Timestamp;
use crate::db::Error;

/// How long a job is left in a hand that gives no sign of life: three times as long as from one to the next.
const SILENCE: Duration = Duration::from_secs(60);
/// Whoever looked away for longer does not know who was silent, and begins anew: so it is after a database was away for everybody.
const BLINK: Duration = Duration::from_secs(25);

/// What is in anybody's hand, and since when it stands as it does.
pub struct Vigil {
    app: Arc<App>,
    looked: Option<Instant>,
    seen: HashMap<(JobId, Uuid), (Timestamp, Instant)>,
}

impl Vigil {
    /// How often one is to look.
    pub const LOOK: Duration = Duration::from_secs(10);

    pub fn new(app: Arc<App>) -> Self {
        Self {
            app,
            looked: None,
            seen: HashMap::new(),
        }
    }

    /// Looks, at this moment, and frees what was silent for too long. How many that were.
    ///
    /// # Errors
    /// What the database said; what was seen so far is not forgotten.
    pub async fn look(&mut self, at: Instant) -> Result<usize, Error> {
        let held = held::all(&mut self.app.read()).await?;
        let mut freed = 0;
        for held in self.silent(held, at) {
            let mut tx = self.app.db.begin().await?;
            let free = held::free(&mut tx, held, self.app.clock.now()).await?;
            tx.commit().await?;
            if free {
                tracing::warn!(job = %held.lease.job, "whoever had a job in hand gives no sign of life; it is taken up again");
                freed += 1;
            }
        }
        if freed > 0 {
            runner::ring();
        }
        Ok(freed)
    }

    fn silent(&mut self, held: Vec<Held>, at: Instant) -> Vec<Held> {
        let away = self.looked.is_none_or(|looked| at.duration_since(looked) > BLINK);
        let mut before = std::mem::take(&mut self.seen);
        if away {
            before.clear();
        }
        self.looked = Some(at);
        let mut silent = Vec::new();
        for held in held {
            let key = (held.lease.job, held.lease.token);
            let since = before.remove(&key).filter(|(until, _)| *until == held.until);
            let since = since.map_or(at, |(_, since)| since);
            if at.duration_since(since) >= SILENCE {
                silent.push(held);
            }
            self.seen.insert(key, (held.until, since));
        }
        silent
    }
}
