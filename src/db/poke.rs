//! Who waits for changes hears of them: of this process's at once, of other instances' by PostgreSQL, of what was missed by looking.
//!
//! A poke says how far an organization's history goes, and no more: what happened stands in the journal. So it does not matter that one is
//! lost, comes late, or comes twice.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::{Db, Error, Sqls};
use crate::id::OrganizationId;

/// How often an instance looks for what it may not have heard of.
const LOOK: Duration = Duration::from_secs(2);
/// How long after a lost connection the next one is tried.
const PAUSE: Duration = Duration::from_secs(1);
/// Where instances tell each other.
const CHANNEL: &str = "touchbase_revisions";
/// Of how many organizations one notification tells: PostgreSQL takes less than 8,000 bytes.
const TOLD_AT_ONCE: usize = 100;

/// Who in this process waits for changes of which organization.
#[derive(Default)]
pub struct Pokes {
    /// Only of organizations that somebody listens to, or did a moment ago.
    places: Mutex<HashMap<OrganizationId, watch::Sender<i64>>>,
    /// Rung for every change of any organization.
    any: watch::Sender<()>,
    /// What other instances are to be told; `None` while nobody tells.
    outgoing: Mutex<Option<BTreeMap<OrganizationId, i64>>>,
    more: Notify,
}

/// Hears of the changes of one organization.
pub struct Listener(watch::Receiver<i64>);

impl Listener {
    /// Waits until there is something newer than what was heard before: the latest revision that is known.
    ///
    /// Who listens first and reads the journal then misses nothing.
    pub async fn newer(&mut self) -> i64 {
        match self.0.changed().await {
            Ok(()) => *self.0.borrow_and_update(),
            // Its sender stays for as long as anybody listens.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Pokes {
    /// Listens to one organization from now on.
    pub fn listen(&self, organization: OrganizationId) -> Listener {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        Listener(places.entry(organization).or_default().subscribe())
    }

    /// Hears that something changed somewhere; what and where is to be looked for.
    pub fn any(&self) -> watch::Receiver<()> {
        self.any.subscribe()
    }

    /// A unit is durable: tells everybody in this process at once, and other instances soon.
    pub fn committed(&self, organization: OrganizationId, revision: i64) {
        self.poke(organization, revision);
        let mut outgoing = self.outgoing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outgoing) = outgoing.as_mut() {
            let known = outgoing.entry(organization).or_insert(revision);
            *known = revision.max(*known);
            self.more.notify_one();
        }
    }

    /// Tells who listens in this process; those who know of it already are left alone.
    fn poke(&self, organization: OrganizationId, revision: i64) {
        self.any.send_replace(());
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = places.get(&organization) else { return };
        if place.receiver_count() == 0 {
            places.remove(&organization);
            return;
        }
        place.send_if_modified(|known| {
            let newer = revision > *known;
            *known = revision.max(*known);
            newer
        });
    }

    /// The organizations that somebody listens to.
    fn places(&self) -> Vec<OrganizationId> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|_, place| place.receiver_count() > 0);
        places.keys().copied().collect()
    }

    fn tell_others(&self, tell: bool) {
        *self.outgoing.lock().unwrap_or_else(PoisonError::into_inner) = tell.then(BTreeMap::new);
    }

    fn to_tell(&self) -> Vec<(OrganizationId, i64)> {
        let mut outgoing = self.outgoing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        while let Some(next) = outgoing
            .as_mut()
            .filter(|_| taken.len() < TOLD_AT_ONCE)
            .and_then(BTreeMap::pop_first)
        {
            taken.push(next);
        }
        taken
    }
}

impl Db {
    /// Hears of other instances, tells them, and looks for what was missed, for as long as it is awaited.
    pub async fn hear(&self) {
        match self {
            Self::Sqlite(_) => self.look_on().await,
            Self::Postgres { writers, .. } => {
                self.pokes().tell_others(true);
                let _quiet = Quiet(self.pokes());
                tokio::join!(self.look_on(), self.listen_on(writers), self.tell_on(writers));
            }
        }
    }

    async fn look_on(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "how far the organizations are could not be read");
            }
        }
    }

    /// Reads how far those are to whom somebody listens.
    async fn look(&self) -> Result<(), Error> {
        for chunk in self.pokes().places().chunks(500) {
            let mut read = self.read();
            let mut sql = read.sql("SELECT id, last_revision FROM organizations WHERE id IN ");
            sql.list(chunk.iter().copied());
            let far: Vec<(OrganizationId, i64)> = sql.all().await?;
            for (organization, revision) in far {
                self.pokes().poke(organization, revision);
            }
        }
        Ok(())
    }

    /// Hears what other instances tell, over a connection of its own.
    async fn listen_on(&self, writers: &PgPool) {
        let options = writers
            .connect_options()
            .as_ref()
            .clone()
            .application_name("touchbase, listening");
        loop {
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .max_lifetime(None)
                .idle_timeout(None)
                .connect_lazy_with(options.clone());
            if let Err(error) = self.listen_to(&pool).await {
                tracing::warn!(%error, "other instances are not heard for a moment; what they write is looked for");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn listen_to(&self, pool: &PgPool) -> Result<(), Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        loop {
            // Whatever was told while nobody listened is found now.
            self.look().await?;
            while let Some(told) = listener.try_recv().await? {
                for (organization, revision) in told.payload().split(' ').filter_map(read) {
                    self.pokes().poke(organization, revision);
                }
            }
        }
    }

    /// Tells other instances, in a statement of its own after the units: PostgreSQL lets one transaction with a notification commit at a
    /// time, and units of different organizations must not wait for each other. What was written meanwhile goes with the next.
    async fn tell_on(&self, writers: &PgPool) {
        loop {
            let told = self.pokes().to_tell();
            if told.is_empty() {
                self.pokes().more.notified().await;
                continue;
            }
            let told: Vec<String> = told.iter().map(|(id, revision)| format!("{id}:{revision}")).collect();
            let telling = sqlx::query("SELECT pg_notify($1, $2)")
                .bind(CHANNEL)
                .bind(told.join(" "));
            if let Err(error) = telling.execute(writers).await {
                tracing::warn!(%error, "other instances could not be told; they look for themselves");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Nobody tells any more: nothing is collected for it.
struct Quiet<'p>(&'p Pokes);

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        self.0.tell_others(false);
    }
}

fn read(told: &str) -> Option<(OrganizationId, i64)> {
    let (id, revision) = told.split_once(':')?;
    Some((OrganizationId(id.parse::<Uuid>().ok()?), revision.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn who_listens_hears_of_what_is_newer_once() {
        let (pokes, here, there) = (
            Pokes::default(),
            OrganizationId(Uuid::from_u128(1)),
            OrganizationId(Uuid::from_u128(2)),
        );
        let mut ear = pokes.listen(here);
        assert_eq!(ear.newer().now_or_never(), None);
        pokes.committed(there, 9);
        assert_eq!(ear.newer().now_or_never(), None);
        pokes.committed(here, 3);
        pokes.committed(here, 5);
        assert_eq!(ear.newer().now_or_never(), Some(5));
        pokes.poke(here, 4);
        pokes.poke(here, 5);
        assert_eq!(ear.newer().now_or_never(), None);
        assert_eq!(pokes.places(), [here]);
        drop(ear);
        assert_eq!(pokes.places(), []);
    }

    #[test]
    fn others_are_told_of_the_latest_alone() {
        let (pokes, here) = (Pokes::default(), OrganizationId(Uuid::from_u128(1)));
        pokes.committed(here, 1);
        pokes.tell_others(true);
        pokes.committed(here, 3);
        pokes.committed(here, 2);
        assert_eq!(pokes.to_tell(), [(here, 3)]);
        assert_eq!(pokes.to_tell(), []);
    }

    #[test]
    fn what_is_told_is_read_back() {
        let id = Uuid::from_u128(7);
        assert_eq!(read(&format!("{id}:42")), Some((OrganizationId(id), 42)));
        assert_eq!(read("nonsense"), None);
        assert_eq!(read("x:1"), None);
    }
}
