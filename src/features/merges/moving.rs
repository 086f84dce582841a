//! Moves what hangs on customers, there and back.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};
use uuid::Uuid;

use super::hanging::{Hangs, Which};
use super::merge::{KeptRecord, MergeKeptReason, MovedRecords};
use super::store;
use crate::clock::Timestamp;
use crate::features::customers::customer::CustomerId;
use crate::journal::{self, Changing, Error, Unit, feed};

/// The word for what happens to a record that goes to another customer.
pub const MOVED: &str = "moved";

/// Everything of a kind that hangs on some customers goes to another.
pub async fn forth<R: Hangs>(
    unit: &mut Unit,
    from: &[CustomerId],
    to: CustomerId,
    moved: &mut Vec<MovedRecords>,
) -> Result<(), Error> {
    let there: Vec<R> = store::of_customers(unit, from).await?;
    if there.is_empty() {
        return Ok(());
    }
    moved.push(MovedRecords {
        kind: R::KIND.to_owned(),
        count: i64::try_from(there.len()).unwrap_or(i64::MAX),
    });
    let changes = there
        .into_iter()
        .map(|record| record.change(MOVED, |next| *next.customer_mut() = to));
    let changes = changes.collect();
    unit.save_all(changes).await?;
    Ok(())
}

/// What a merge did to a record: which values went from what to what.
#[derive(Debug, Clone)]
pub struct Step {
    pub id: Uuid,
    pub verb: String,
    pub changes: Map<String, Value>,
}

impl Step {
    /// What a field was before.
    pub fn before(&self, field: &str) -> Option<&Value> {
        self.changes.get(field)?.get(0)
    }

    pub fn after(&self, field: &str) -> Option<&Value> {
        self.changes.get(field)?.get(1)
    }
}

/// The way back of a merge.
pub struct Back {
    /// The customer that stayed.
    pub survivor: CustomerId,
    /// When they were merged.
    pub since: Timestamp,
    /// What the merge did, by kind, in its order.
    pub steps: BTreeMap<String, Vec<Step>>,
    /// What has gone back so far, and to whom.
    pub gone: HashMap<Which, CustomerId>,
    pub kept: Vec<KeptRecord>,
}

impl Back {
    pub fn steps(&self, kind: &str, verb: &str) -> Vec<Step> {
        let steps = self.steps.get(kind).into_iter().flatten();
        steps.filter(|step| step.verb == verb).cloned().collect()
    }

    pub fn keep(&mut self, kind: &str, record_id: Uuid, field: Option<&str>, reason: MergeKeptReason) {
        self.kept.push(KeptRecord {
            kind: kind.to_owned(),
            record_id,
            field: field.map(str::to_owned),
            reason,
        });
    }
}

/// What was said between two revisions, by kind.
pub async fn steps(unit: &mut Unit, after: i64, until: i64) -> Result<BTreeMap<String, Vec<Step>>, Error> {
    const PAGE: i64 = 1000;
    let organization = unit.organization();
    let (mut steps, mut at) = (BTreeMap::<String, Vec<Step>>::new(), after);
    loop {
        let entries = feed::entries(unit, organization, &feed::Filter::default(), Some(at), false, PAGE).await?;
        let more = i64::try_from(entries.len()).is_ok_and(|count| count == PAGE);
        for entry in entries {
            at = entry.revision;
            if at > until {
                return Ok(steps);
            }
            steps.entry(entry.kind).or_default().push(Step {
                id: entry.record_id,
                verb: entry.verb,
                changes: entry.changes.0,
            });
        }
        if !more {
            return Ok(steps);
        }
    }
}

/// An id in a journal's entry.
pub fn id(value: Option<&Value>) -> Option<CustomerId> {
    value?.as_str()?.parse().ok().map(CustomerId)
}

/// What was moved goes back, where it still is where it was moved to; and so goes what came of it since.
pub async fn back<R: Hangs>(unit: &mut Unit, back: &mut Back) -> Result<(), Error> {
    let organization = unit.organization();
    let whose: HashMap<Uuid, CustomerId> = back
        .steps(R::KIND, MOVED)
        .iter()
        .filter_map(|step| Some((step.id, id(step.before("customer_id"))?)))
        .collect();
    let ids: Vec<Uuid> = whose.keys().copied().collect();
    let there: Vec<R> = journal::find_all(unit, organization, &ids).await?;
    let known: HashSet<Uuid> = there.iter().map(journal::Stamped::id).collect();
    for missing in ids.iter().filter(|id| !known.contains(id)) {
        back.keep(R::KIND, *missing, None, MergeKeptReason::Removed);
    }
    let mut changes = Vec::new();
    for mut record in there {
        let Some(former) = whose.get(&record.id()).copied() else {
            continue;
        };
        if *record.customer_mut() != back.survivor {
            back.keep(R::KIND, record.id(), None, MergeKeptReason::MovedOn);
            continue;
        }
        back.gone.insert((R::KIND, record.id()), former);
        changes.push(record.change(MOVED, |next| *next.customer_mut() = former));
    }
    let since: Vec<R> = store::since(unit, back.survivor, back.since).await?;
    for record in since {
        let former = record.came_of().and_then(|of| back.gone.get(&of)).copied();
        let Some(former) = former.filter(|_| !whose.contains_key(&record.id())) else {
            continue;
        };
        back.gone.insert((R::KIND, record.id()), former);
        changes.push(record.change(MOVED, |next| *next.customer_mut() = former));
    }
    unit.save_all(changes).await?;
    Ok(())
}
