//! Password hashes: Argon2id with 19 MiB and two passes, a few at a time.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Hashing is meant to be slow; more than two at once would starve everything else, and who waits behind 64 others is better told so.
static QUEUE: Queue = Queue::new(2, 64);

/// Turns that are waited for, by so many at most.
struct Queue {
    turns: Semaphore,
    places: Semaphore,
}

impl Queue {
    const fn new(at_once: usize, waiting: usize) -> Self {
        Self {
            turns: Semaphore::const_new(at_once),
            places: Semaphore::const_new(at_once + waiting),
        }
    }

    async fn turn(&self) -> Result<(SemaphorePermit<'_>, SemaphorePermit<'_>), Trouble> {
        let place = self.places.try_acquire().map_err(|_| Trouble::Busy)?;
        let turn = self.turns.acquire().await.map_err(|_| Trouble::Broken)?;
        Ok((turn, place))
    }
}

/// Why a password could not be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Too many others wait.
    Busy,
    /// The machine cannot.
    Broken,
}

/// A hash of no password that anybody has: unknown users cost as much time as known ones.
static NOBODY: std::sync::OnceLock<String> = std::sync::OnceLock::new();

fn argon2() -> Argon2<'static> {
    // OWASP's minimum for Argon2id: 19 MiB, two passes, one lane.
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash_now(password: &str) -> Option<String> {
    argon2()
        .hash_password(password.as_bytes())
        .ok()
        .map(|hash| hash.to_string())
}

/// Makes what unknown users are compared with, before the first of them comes.
pub fn prepare() {
    nobody();
}

fn nobody() -> &'static str {
    NOBODY.get_or_init(|| hash_now("nobody has this one").unwrap_or_default())
}

/// Hashes a password.
///
/// # Errors
/// When too many others wait, or the machine cannot.
pub async fn hash(password: String) -> Result<String, Trouble> {
    let _turn = QUEUE.turn().await?;
    let hashed = tokio::task::spawn_blocking(move || hash_now(&password)).await;
    hashed.ok().flatten().ok_or(Trouble::Broken)
}

/// Whether `password` belongs to `hash`. Without a hash it takes as long and says no.
///
/// # Errors
/// When too many others wait.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool, Trouble> {
    let _turn = QUEUE.turn().await?;
    let verified = tokio::task::spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.as_deref().unwrap_or_else(|| nobody());
        let verified =
            PasswordHash::new(hash).is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok());
        known && verified
    });
    verified.await.map_err(|_| Trouble::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_comes_when_all_places_are_taken_is_sent_away() {
        let queue = Queue::new(1, 2);
        let first = queue.turn().await.map(drop);
        assert_eq!(first, Ok(()));
        let working = queue.turn().await;
        let waits = async || queue.turn().await.map(drop);
        let (second, third, fourth) = tokio::join!(waits(), waits(), async {
            // The two before this one wait by now.
            let sent_away = queue.turn().await.map(drop);
            drop(working);
            sent_away
        });
        assert_eq!(fourth, Err(Trouble::Busy));
        assert_eq!((second, third), (Ok(()), Ok(())));
    }
}
