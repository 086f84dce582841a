//! The post office of an instance: makes deliveries of what the journal says, takes up what is due, and has it carried.
//!
//! A delivery is a row with a lease, as a job is. It is not a job: jobs have four places, and a thousand deliveries to one slow endpoint
//! would keep everything else waiting for days. Here each endpoint has a few places of its own, and one that fails has one.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::courier::{Courier, Lookup};
use super::delivery::WebhookDelivery;
use super::store;
use super::store::underway::{self, Stand};
use super::turns::{AT_ONCE, Place, Turns};
use crate::app::{App, Broken};
use crate::db::Error;
use crate::id::OrganizationId;
use crate::jobs::LEASE;

/// How often it looks for what is due, or what other instances wrote.
const LOOK: Duration = Duration::from_secs(2);
/// Changes that follow each other at once are looked at together.
const TOGETHER: Duration = Duration::from_millis(100);
/// Of how many changes that do not concern an endpoint its place is moved on: until then it is only remembered here how far was looked.
const FAR: i64 = 1_000;

/// A delivery in hand.
pub(super) struct InHand {
    pub organization: OrganizationId,
    pub delivery: WebhookDelivery,
    pub token: uuid::Uuid,
}

pub struct Office {
    pub(super) app: Arc<App>,
    pub(super) courier: Courier,
    /// Up to where there was nothing for an endpoint, from where it stands.
    looked: Mutex<HashMap<Place, (Stand, i64)>>,
}

/// What came of looking once.
struct Looked {
    /// All places are taken.
    full: bool,
    /// There is more in the journal.
    more: bool,
}

/// What is under way.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<Place>,
    turns: Turns,
}

impl UnderWay {
    fn begin(&mut self, office: &Arc<Office>, in_hand: InHand, failing: bool) {
        let place = (in_hand.organization, in_hand.delivery.endpoint_id);
        self.turns.begin(place, failing);
        let office = office.clone();
        self.tasks.spawn(async move {
            office.deliver(in_hand).await;
            place
        });
    }

    /// Waits for one to end; for ever when there is none.
    async fn ended(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(place)) => self.turns.end(place),
            // Its place stays taken until all have ended.
            Some(Err(error)) => tracing::error!(%error, "a delivery broke off"),
            None => std::future::pending().await,
        }
        if self.tasks.is_empty() {
            self.turns.rest();
        }
    }
}

impl Office {
    /// # Errors
    /// When TLS cannot be set up.
    pub fn open(app: &Arc<App>, lookup: Lookup) -> Result<Arc<Self>, Broken> {
        let courier = Courier::new(&app.config.webhook_allow, lookup);
        let courier = courier.map_err(|error| Broken(format!("Webhooks cannot be sent: {error}")))?;
        Ok(Arc::new(Self {
            app: app.clone(),
            courier,
            looked: Mutex::default(),
        }))
    }

    /// Until the server stops; what is under way then comes to its end, ten seconds at most.
    pub async fn run(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        let mut news = self.app.db.pokes().any();
        let mut under_way = UnderWay::default();
        while !*stopped.borrow() {
            news.mark_unchanged();
            let looked = match self.round(&mut under_way).await {
                Ok(looked) => looked,
                Err(error) => {
                    tracing::warn!(%error, "what is to be delivered could not be looked for");
                    Looked {
                        full: true,
                        more: false,
                    }
                }
            };
            let pause = if looked.more { Duration::ZERO } else { LOOK };
            tokio::select! {
                _ = stopped.changed() => break,
                () = under_way.ended() => {}
                _ = news.changed(), if !looked.full => tokio::time::sleep(TOGETHER).await,
                () = tokio::time::sleep(pause) => {}
            }
        }
        while !under_way.tasks.is_empty() {
            under_way.ended().await;
        }
    }

    /// Does all that is due, until nothing is left: for tests. How often something was carried.
    ///
    /// # Errors
    /// What the database said.
    pub async fn settle(self: &Arc<Self>) -> Result<usize, Error> {
        let (mut under_way, mut carried) = (UnderWay::default(), 0);
        loop {
            let looked = self.round(&mut under_way).await?;
            if !under_way.tasks.is_empty() {
                under_way.ended().await;
                carried += 1;
            } else if !looked.more {
                return Ok(carried);
            }
        }
    }

    /// Looks once.
    async fn round(self: &Arc<Self>, under_way: &mut UnderWay) -> Result<Looked, Error> {
        let more = self.sort().await?;
        let now = self.app.clock.now();
        let waiting = underway::waiting(&mut self.app.read(), now).await?;
        let waiting = waiting
            .into_iter()
            .map(|(organization, id, since)| ((organization, id), since.is_some()));
        for (place, failing) in under_way.turns.in_turn(waiting.collect()) {
            let room = under_way.turns.room(place, failing);
            if room == 0 {
                continue;
            }
            let lease = (self.app.clock.id(), now.plus(LEASE));
            let mut tx = self.app.db.begin().await?;
            let most = i64::try_from(room).unwrap_or(1);
            let claimed = underway::claim(&mut tx, place, now, lease, most).await?;
            tx.commit().await?;
            for delivery in claimed {
                let in_hand = InHand {
                    organization: place.0,
                    delivery,
                    token: lease.0,
                };
                under_way.begin(self, in_hand, failing);
            }
        }
        Ok(Looked {
            full: under_way.tasks.len() >= AT_ONCE,
            more,
        })
    }

    /// Makes deliveries of what happened, a portion for each endpoint: one that is far behind keeps nobody waiting. Whether there is more.
    async fn sort(&self) -> Result<bool, Error> {
        let mut more = false;
        let behind = underway::behind(&mut self.app.read()).await?;
        let there: HashSet<Place> = behind.iter().map(|(place, ..)| *place).collect();
        self.looked().retain(|place, _| there.contains(place));
        for (place, stand, latest) in behind {
            let looked = self
                .looked()
                .get(&place)
                .filter(|(of, _)| *of == stand)
                .map(|(_, until)| *until);
            let from = looked.unwrap_or(stand.place);
            if from >= latest {
                continue;
            }
            let Some(endpoint) = store::find(&mut self.app.read(), place.0, place.1).await? else {
                continue;
            };
            let found = underway::look(&mut self.app.read(), place.0, &endpoint, (from, latest)).await?;
            more |= found.until < latest;
            if found.wanted.is_empty() && stand.again_until == 0 && found.until - stand.place < FAR {
                self.looked().insert(place, (stand, found.until));
                continue;
            }
            let mut tx = self.app.db.begin().await?;
            match underway::sort(&mut tx, place, (stand, found), &self.app.clock).await {
                Ok(()) => tx.commit().await?,
                // Another instance was there first.
                Err(Error::RowNotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(more)
    }

    fn looked(&self) -> MutexGuard<'_, HashMap<Place, (Stand, i64)>> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
