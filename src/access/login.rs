//! Limits on guessing, per account and per address, kept in the database so that all instances share them.

use chrono::TimeDelta;

use super::store;
pub use super::store::cursor_secret;
use crate::clock::Clock;
use crate::db::{Db, Error};

/// The window in which failures count.
const WINDOW: TimeDelta = TimeDelta::minutes(15);
const PER_ACCOUNT: i64 = 10;
const PER_ADDRESS: i64 = 100;

/// The limits that one sign-in counts against. The account is a hash, the address is the peer's: neither is taken on trust.
pub struct Guesses {
    account: String,
    address: String,
}

impl Guesses {
    pub fn new(email: &str, address: &str) -> Self {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(email.trim().to_lowercase().as_bytes());
        let account: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self {
            account: format!("account:{account}"),
            address: format!("address:{address}"),
        }
    }

    /// Seconds to wait, when there were too many failures.
    ///
    /// # Errors
    /// What the database said.
    pub async fn wait(&self, db: &Db, clock: &Clock) -> Result<Option<u64>, Error> {
        let since = clock.now().plus(-WINDOW);
        let mut read = db.read();
        let spent = store::count_failures(&mut read, &self.account, since).await? >= PER_ACCOUNT
            || store::count_failures(&mut read, &self.address, since).await? >= PER_ADDRESS;
        Ok(spent.then_some(60))
    }

    /// # Errors
    /// What the database said.
    pub async fn failed(&self, db: &Db, clock: &Clock) -> Result<(), Error> {
        store::note_failure(
            db,
            clock.id(),
            &[self.account.clone(), self.address.clone()],
            clock.now(),
        )
        .await
    }

    /// A success clears the account's count, not the address's: one right password must not pay for guessing others.
    ///
    /// # Errors
    /// What the database said.
    pub async fn succeeded(&self, db: &Db) -> Result<(), Error> {
        store::forget_failures(db, &self.account).await
    }
}
