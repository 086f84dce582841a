//! Limits on guessing, per account and per address, kept in the database so that all instances share them.

use chrono::TimeDelta;
use uuid::Uuid;

use super::store;
pub use super::store::cursor_secret;
use crate::clock::Clock;
use crate::db::{Db, Error, Sqls};

/// The window in which failures count.
const WINDOW: TimeDelta = TimeDelta::minutes(15);
const PER_ACCOUNT: u8 = 10;
const PER_ADDRESS: u8 = 100;

/// One guess at a secret. It counts as a failure from its beginning, so that many guesses at once cannot all slip through,
/// and stops counting when it turns out right.
pub struct Guess {
    id: Uuid,
    account: String,
}

impl Guess {
    /// Begins a guess at the account's secret from this address; `Err` with the seconds to wait, when there were too many failures.
    ///
    /// The account's key is a hash of what the look-up uses, the address is the peer's: varying the body does not evade either.
    ///
    /// # Errors
    /// What the database said.
    pub async fn begin(db: &Db, clock: &Clock, email: &str, address: &str) -> Result<Result<Self, u64>, Error> {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(email.trim().to_lowercase().as_bytes());
        let account: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let (account, address) = (format!("account:{account}"), format!("address:{address}"));
        let (id, now) = (clock.id(), clock.now());
        store::note_failure(db, id, &[account.clone(), address.clone()], now).await?;
        let since = now.plus(-WINDOW);
        let mut wait = None;
        for (key, most) in [(&account, PER_ACCOUNT), (&address, PER_ADDRESS)] {
            // This guess counts, too: the limit is passed when one more than `most` stand in the window.
            let failures = store::failures(&mut db.read(), key, since, i64::from(most) + 1).await?;
            if let Some(oldest) = failures.get(usize::from(most)) {
                let seconds = oldest.plus(WINDOW).signed_duration_since(now.utc()).num_seconds() + 1;
                wait = wait.max(u64::try_from(seconds).ok());
            }
        }
        match wait {
            None => Ok(Ok(Self { id, account })),
            Some(seconds) => {
                // Nothing was tried, so nothing failed.
                store::forget_guess(db, id).await?;
                Ok(Err(seconds))
            }
        }
    }

    /// It was right: clears the account's count, but not the address's of other accounts. One right password must not pay for guessing others.
    ///
    /// # Errors
    /// What the database said.
    pub async fn right(self, tx: &mut impl Sqls) -> Result<(), Error> {
        store::forget_failures(tx, self.id, &self.account).await
    }
}
