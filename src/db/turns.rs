//! Whose turn it is to write: PostgreSQL lets an organization's writers in one by one, so they wait for each other here, in their order and without a
//! connection. However much one organization sends, connections are left for the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Fair, OwnedMutexGuard};

use super::Error;
use crate::id::OrganizationId;

/// As many wait at most, of one organization; who comes then is told to come back.
const WAITING: usize = 1_000;
/// How long one waits for a turn: as long as for the row that other instances lock.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whose turn it is, by organization.
#[derive(Default)]
pub struct Turns(Mutex<HashMap<OrganizationId, Arc<Fair<()>>>>);

/// A turn, until it is dropped.
pub struct Turn {
    organization: OrganizationId,
    turns: Arc<Turns>,
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits for one's turn.
    ///
    /// # Errors
    /// `PoolTimedOut` where too many wait already, or for too long.
    pub(super) async fn take(self: &Arc<Self>, organization: OrganizationId) -> Result<Turn, Error> {
        let queue = {
            let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            queues.entry(organization).or_default().clone()
        };
        // Those who wait, the one who writes, and the map.
        if Arc::strong_count(&queue) > WAITING + 2 {
            return Err(Error::PoolTimedOut);
        }
        // From here on it goes out of the map with whoever is the last.
        let mut turn = Turn {
            organization,
            turns: self.clone(),
            held: None,
        };
        let held = tokio::time::timeout(PATIENCE, queue.lock_owned()).await;
        turn.held = Some(held.map_err(|_| Error::PoolTimedOut)?);
        Ok(turn)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queues = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.held = None;
        if queues
            .get(&self.organization)
            .is_some_and(|queue| Arc::strong_count(queue) == 1)
        {
            queues.remove(&self.organization);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn writers_of_one_organization_take_turns_and_others_do_not_wait_for_them() {
        let turns = Arc::new(Turns::default());
        let (one, other) = (
            OrganizationId::from(uuid::Uuid::from_u128(1)),
            OrganizationId::from(uuid::Uuid::from_u128(2)),
        );
        let first = turns.take(one).await.unwrap();
        let waits = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(one).await.map(drop) }
        });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        turns.take(other).await.unwrap();
        drop(first);
        waits.await.unwrap().unwrap();
        assert!(
            turns.0.lock().unwrap().is_empty(),
            "nobody is remembered who does not write"
        );
    }

    #[tokio::test]
    async fn a_queue_has_an_end() {
        let turns = Arc::new(Turns::default());
        let one = OrganizationId::from(uuid::Uuid::from_u128(1));
        let first = turns.take(one).await.unwrap();
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                let turns = turns.clone();
                tokio::spawn(async move { turns.take(one).await.map(drop) })
            })
            .collect();
        while Arc::strong_count(turns.0.lock().unwrap().get(&one).unwrap()) < WAITING + 2 {
            tokio::task::yield_now().await;
        }
        assert!(turns.take(one).await.is_err());
        drop(first);
        for turn in waiting {
            turn.await.unwrap().unwrap();
        }
        turns.take(one).await.unwrap();
    }
}
