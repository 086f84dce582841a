//! Limits on guessing, per account and per address, kept in the database so that all instances share them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::store;
pub use super::store::cursor_secret;
use crate::clock::{Clock, Timestamp};
use crate::db::{Db, Error, Sqls};
use crate::id::{OrganizationId, UserId};

/// The window in which failures count.
const WINDOW: TimeDelta = TimeDelta::minutes(15);
const PER_ACCOUNT: u8 = 10;
const PER_ADDRESS: u8 = 100;

/// What is counted, and how much of it may stand in the window.
struct Limit(String, u8);

/// One guess at a secret. It counts as a failure from its beginning, so that many guesses at once cannot all slip through,
/// and stops counting when it turns out right.
pub struct Guess {
    id: Uuid,
    /// What a right guess clears: its own account and the name it was called by, and nothing of any other account.
    clears: Vec<String>,
    /// Too many guesses at the account, by whatever name. Whoever signs in is not told, since that would tell them that there is such an account.
    barred: bool,
}

impl Guess {
    /// Begins a guess from this address at the account that somebody calls by an e-mail address and perhaps an organization's short name;
    /// `Err` with the seconds to wait, when there were too many failures.
    ///
    /// By name it waits in the same way whether there is such an account or not. The account itself is counted as well, so that its several
    /// names do not add up.
    ///
    /// # Errors
    /// What the database said.
    pub async fn by_name(
        db: &Db,
        clock: &Clock,
        (email, organization): (&str, Option<&str>),
        account: Option<(OrganizationId, UserId)>,
        address: &str,
    ) -> Result<Result<Self, u64>, Error> {
        let told = [
            Limit(named("name", email, organization), PER_ACCOUNT),
            Limit(format!("address:{}", household(address)), PER_ADDRESS),
        ];
        let untold = account.map(|account| Limit(own(account), PER_ACCOUNT));
        Self::begin(db, clock, &told, untold).await
    }

    /// Begins a guess at the secret of somebody who is signed in.
    ///
    /// # Errors
    /// What the database said.
    pub async fn by_owner(
        db: &Db,
        clock: &Clock,
        account: (OrganizationId, UserId),
        address: &str,
    ) -> Result<Result<Self, u64>, Error> {
        let told = [
            Limit(own(account), PER_ACCOUNT),
            Limit(format!("address:{}", household(address)), PER_ADDRESS),
        ];
        Self::begin(db, clock, &told, None).await
    }

    /// Counts a wish for a way back in, apart from guesses: wishing does not keep anybody from signing in. Known and unknown addresses wait alike.
    ///
    /// # Errors
    /// What the database said.
    pub async fn wish(
        db: &Db,
        clock: &Clock,
        (email, organization): (&str, Option<&str>),
        address: &str,
    ) -> Result<Result<(), u64>, Error> {
        let told = [
            Limit(named("wish", email, organization), PER_ACCOUNT),
            Limit(format!("wish-address:{}", household(address)), PER_ADDRESS),
        ];
        Ok(Self::begin(db, clock, &told, None).await?.map(drop))
    }

    async fn begin(
        db: &Db,
        clock: &Clock,
        told: &[Limit; 2],
        untold: Option<Limit>,
    ) -> Result<Result<Self, u64>, Error> {
        let (id, now) = (clock.id(), clock.now());
        let since = now.plus(-WINDOW);
        // Who is over the limit already costs no write.
        if let Some(seconds) = wait(db, told, since, 0, now).await? {
            return Ok(Err(seconds));
        }
        let keys: Vec<String> = told.iter().chain(&untold).map(|Limit(key, _)| key.clone()).collect();
        store::note_failure(db, id, &keys, now).await?;
        // This guess counts, too, and so do those that began meanwhile.
        if let Some(seconds) = wait(db, told, since, 1, now).await? {
            // Nothing was tried, so nothing failed.
            store::forget_guess(db, id).await?;
            return Ok(Err(seconds));
        }
        let barred = match &untold {
            Some(limit) => passed(db, limit, since, 1).await?.is_some(),
            None => false,
        };
        let [Limit(name, _), _] = told;
        let clears = untold.into_iter().map(|Limit(key, _)| key).chain([name.clone()]);
        Ok(Ok(Self {
            id,
            clears: clears.collect(),
            barred,
        }))
    }

    /// Whether the secret is not to be looked at: the guess is wrong, whatever it is.
    pub fn barred(&self) -> bool {
        self.barred
    }

    /// The secret could not be looked at, so this was no guess.
    ///
    /// # Errors
    /// What the database said.
    pub async fn undone(&self, db: &Db) -> Result<(), Error> {
        store::forget_guess(db, self.id).await
    }

    /// It was right: clears the account's count, but neither the address's nor that of the same person's accounts in other organizations.
    /// One right password must not pay for guessing others.
    ///
    /// # Errors
    /// What the database said.
    pub async fn right(self, tx: &mut impl Sqls) -> Result<(), Error> {
        store::forget_failures(tx, self.id, &self.clears).await
    }
}

/// How many seconds there are to wait, when one of the limits has been passed.
async fn wait(db: &Db, limits: &[Limit; 2], since: Timestamp, own: u8, now: Timestamp) -> Result<Option<u64>, Error> {
    let mut wait = None;
    for limit in limits {
        if let Some(oldest) = passed(db, limit, since, own).await? {
            let seconds = oldest.plus(WINDOW).signed_duration_since(now.utc()).num_seconds() + 1;
            wait = wait.max(u64::try_from(seconds).ok());
        }
    }
    Ok(wait)
}

/// Since when the limit has been passed, if it has: when so many stand in the window, beside one's own that are noted already.
async fn passed(db: &Db, Limit(key, most): &Limit, since: Timestamp, own: u8) -> Result<Option<Timestamp>, Error> {
    let enough = usize::from(*most) + usize::from(own);
    let failures = store::failures(&mut db.read(), key, since, i64::from(*most) + i64::from(own)).await?;
    Ok(enough.checked_sub(1).and_then(|last| failures.get(last)).copied())
}

/// By what an address is counted: of IPv6 the network, since every household has 2^64 addresses of its own.
fn household(address: &str) -> String {
    match address.parse().map(|address: IpAddr| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => match address.segments() {
            // Behind a translator (RFC 6052) everybody has the same network.
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)).to_string(),
            [a, b, c, d, ..] => format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)),
        },
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

/// A hash of what the look-up uses: varying the body does not evade it.
fn named(what: &str, email: &str, organization: Option<&str>) -> String {
    let mut digest = Sha256::new();
    digest.update(email.trim().to_lowercase().as_bytes());
    if let Some(organization) = organization {
        digest.update([0]);
        digest.update(organization.as_bytes());
    }
    let hash: String = digest
        .finalize()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{what}:{hash}")
}

fn own((organization, user): (OrganizationId, UserId)) -> String {
    format!("account:{organization}:{user}")
}

#[cfg(test)]
mod tests {
    use super::household;

    #[test]
    fn a_household_is_counted_once() {
        for (address, counted) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("64:ff9b::192.0.2.7", "192.0.2.7"),
            ("", ""),
        ] {
            assert_eq!(household(address), counted);
        }
    }
}
