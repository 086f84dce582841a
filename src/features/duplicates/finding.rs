//! Looks for duplicates in the background: follows the journal, and compares whoever has changed with those who share a key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::duplicate::{Duplicate, DuplicateStatus, pair};
use super::profile::Profile;
use super::score::{self, Judged, LEAST};
use super::store::{self, Changed};
use crate::access::Scope;
use crate::app::App;
use crate::db::{Error, Sqls};
use crate::features::customers::customer::CustomerId;
use crate::jobs::{self, Done, Failure, Kind, Running, Task};
use crate::journal::{self, Change, Unit};

const FIND: Kind = Kind::new("find_duplicates", 8);

pub fn task() -> Task {
    FIND.by(find)
}

#[derive(Debug, Serialize, Deserialize)]
struct After {
    revision: i64,
}

/// Asks for work where customers have changed.
pub async fn look(app: Arc<App>) -> Result<(), journal::Error> {
    let behind = match store::behind(&mut app.read(), FIND.name).await {
        Ok(behind) => behind,
        Err(error) => {
            // It can wait for a minute, and keeps nothing else from its time.
            tracing::warn!(%error, "it could not be looked where customers have changed");
            return Ok(());
        }
    };
    for (organization, from, to) in behind {
        let job = FIND.with(&After { revision: from })?;
        jobs::enqueue_missing(&app, organization, vec![job.keyed(format!("{from}-{to}"))]).await?;
    }
    Ok(())
}

type Pair = (CustomerId, CustomerId);

/// What is to be written for those who have changed.
struct Found {
    keys: BTreeMap<CustomerId, BTreeSet<i64>>,
    pairs: BTreeMap<Pair, Judged>,
    /// Customers that are not there any more.
    gone: BTreeSet<CustomerId>,
}

async fn find(app: Arc<App>, running: Running) -> Result<Done, Failure> {
    let scope = Scope::all(running.organization());
    loop {
        // What costs time is read before anybody has to wait for it.
        let mut db = app.read();
        let changed = store::changed(&mut db, &scope).await?;
        let found = compare(&mut db, &scope, &changed).await?;
        let mut unit = running.unit(&app).await?;
        if store::read_to(&mut unit, &scope).await? != changed.from {
            // Somebody else has come further meanwhile.
            return Err(Failure::Again(
                "The journal was read by somebody else meanwhile.".into(),
            ));
        }
        store::read(&mut unit, &scope, changed.to).await?;
        keep(&mut unit, &scope, found).await?;
        if changed.last {
            return running.finish(unit).await;
        }
        unit.commit().await?;
    }
}

/// Compares those of whom something is another than when they were last compared.
async fn compare(db: &mut impl Sqls, scope: &Scope, changed: &Changed) -> Result<Found, Error> {
    let mut profiles = store::profiles(db, scope, &changed.customers).await?;
    let known = store::keys(db, scope, &changed.customers).await?;
    let mut keys: BTreeMap<CustomerId, BTreeSet<i64>> = BTreeMap::new();
    let mut blocks = BTreeSet::new();
    for id in &changed.customers {
        let own = profiles.get(id).map(Profile::keys).unwrap_or_default();
        let mut kept = own.clone();
        kept.extend(profiles.get(id).map(Profile::fingerprint));
        if known.get(id).cloned().unwrap_or_default() != kept {
            blocks.extend(own);
            keys.insert(*id, kept);
        }
    }
    let mut wanted: BTreeSet<Pair> = BTreeSet::new();
    let mut together = store::in_blocks(db, scope, &blocks).await?;
    // Those that stand together here for the first time are in no block yet.
    for (id, kept) in &keys {
        for block in kept.iter().filter(|block| blocks.contains(block)) {
            let there = together.entry(*block).or_default();
            if !there.contains(id) {
                there.push(*id);
            }
        }
    }
    together.retain(|_, there| there.len() <= store::COMMON);
    for (block, there) in &together {
        for id in there
            .iter()
            .filter(|id| keys.get(id).is_some_and(|own| own.contains(block)))
        {
            wanted.extend(there.iter().filter(|other| *other != id).map(|other| pair(*id, *other)));
        }
    }
    let missing: BTreeSet<CustomerId> = wanted
        .iter()
        .flat_map(|(a, b)| [*a, *b])
        .filter(|id| !profiles.contains_key(id))
        .collect();
    let missing: Vec<CustomerId> = missing.into_iter().collect();
    profiles.extend(store::profiles(db, scope, &missing).await?);
    let judged = wanted.into_iter().filter_map(|(a, b)| {
        let judged = score::judge(profiles.get(&a)?, profiles.get(&b)?);
        (judged.score >= LEAST).then_some(((a, b), judged))
    });
    let pairs = judged.collect();
    let gone = changed.customers.iter().copied();
    let gone = gone.filter(|id| !profiles.contains_key(id)).collect();
    Ok(Found { keys, pairs, gone })
}

/// Writes what was found: new pairs, other scores; what is no longer alike goes, and what people dismissed stays dismissed.
async fn keep(unit: &mut Unit, scope: &Scope, mut found: Found) -> Result<(), journal::Error> {
    store::keep_keys(unit, scope, &found.keys).await?;
    let ids: Vec<CustomerId> = found.keys.keys().copied().collect();
    let mut changes = Vec::new();
    for there in store::of_customers(unit, scope, &ids).await? {
        let judged = found.pairs.remove(&(there.customer_id, there.other_id));
        if [there.customer_id, there.other_id]
            .iter()
            .any(|id| found.gone.contains(id))
        {
            unit.remove(there).await?;
            continue;
        }
        match (there.status, judged) {
            (DuplicateStatus::Dismissed, _) => {}
            (DuplicateStatus::Open, Some(judged)) => changes.push(there.judged(judged)),
            (DuplicateStatus::Open, None) => unit.remove(there).await?,
        }
    }
    for (pair, judged) in found.pairs {
        changes.push(Change::created(Duplicate::new(unit.new_id(), pair, judged, unit.now())));
    }
    unit.save_all(changes).await?;
    Ok(())
}
