//! Takes a merge back, as the journal tells what it did. What came since stays with the customer that stayed, unless it came of
//! something that goes back.

mod restoring;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::hanging;
use super::merge::{Merge, MergeKeptReason, MergeStatus, MergedCustomer};
use super::merging::recount;
use super::moving::{self, Back, Step};
use super::store;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::Sqls;
use crate::features::attempts::attempt::{Attempt, Disposition};
use crate::features::customers::account_manager::AccountManagerPeriod;
use crate::features::customers::customer::{Customer, CustomerId};
use crate::features::customers::store::{self as customers, redirects};
use crate::features::duplicates;
use crate::http::Problem;
use crate::id::UserId;
use crate::journal::feed::Entry;
use crate::journal::{self, Changing, Error, Record, Unit};
use crate::refusal::Refusal;

/// Takes it back. A second time changes nothing.
///
/// # Errors
/// When the customer that stayed was itself merged since; what the database said.
pub async fn undo(unit: &mut Unit, scope: &Scope, merge: Merge, by: Option<UserId>) -> Result<Merge, Problem> {
    if merge.status == MergeStatus::Undone {
        return Ok(merge);
    }
    let Some(survivor) = customers::find(unit, scope, merge.customer_id).await? else {
        let later = store::that_took(unit, scope, merge.customer_id).await?;
        let later = later.map_or_else(String::new, |id| format!(": undo the merge {id} first"));
        return Err(Refusal::state(format!(
            "The customer that stayed was merged into another since{later}."
        ))
        .into());
    };
    let begun = begun(unit, scope, &merge).await?;
    let mut back = Back {
        survivor: survivor.id,
        since: merge.created_at,
        steps: moving::steps(unit, begun, merge.revision).await?,
        gone: HashMap::new(),
        kept: Vec::new(),
    };
    let said_since = said_since(unit, survivor.id, merge.revision).await?;
    let asked_since = survivor.fields.do_not_contact && asked(&said_since);
    let survivor = revert_survivor(unit, &mut back, survivor, &said_since).await?;
    restore(unit, scope, &mut back, &merge, asked_since).await?;
    hanging::move_back(unit, &mut back).await?;
    restoring::primaries(unit, scope, &mut back).await?;
    restoring::managers(unit, &mut back).await?;
    restoring::lists(unit, &mut back).await?;
    restoring::assignments(unit, scope, &mut back).await?;
    restoring::duplicates(unit, &back).await?;
    duplicates::store::forget_keys(unit, scope, merge.merged.iter().map(|it| it.id)).await?;
    restoring::referred(unit, &mut back).await?;
    store::move_rows_back(unit, scope, merge.id, survivor.id).await?;
    let from = redirects::Into {
        customer: survivor.id,
        merge: merge.id.into(),
    };
    redirects::lead_back(unit, scope, from).await?;
    count(unit, scope, &back, &merge).await?;
    let now = unit.now();
    Ok(unit.save(merge.undone(back.kept, by, now)).await?)
}

/// The revision with which the merge began.
async fn begun(unit: &mut impl Sqls, scope: &Scope, merge: &Merge) -> Result<i64, Error> {
    let filter = journal::feed::Filter {
        kind: Some(Merge::KIND.to_owned()),
        record_id: Some(merge.id.into()),
        verb: Some("created".to_owned()),
        ..journal::feed::Filter::default()
    };
    let made = journal::feed::entries(unit, scope.organization, &filter, None, true, 1).await?;
    Ok(made.first().map_or(merge.revision, |entry| entry.revision))
}

fn merged_step(back: &Back, survivor: CustomerId) -> Option<Step> {
    let mut steps = back.steps(Customer::KIND, "merged").into_iter();
    steps.find(|step| step.id == Uuid::from(survivor))
}

/// Nobody has more to say of one customer.
const MOST_LINES: i64 = 10_000;

/// What was said of the customer that stayed after a revision.
async fn said_since(unit: &mut Unit, survivor: CustomerId, after: i64) -> Result<Vec<Entry>, Error> {
    let organization = unit.organization();
    let filter = journal::feed::Filter {
        kind: Some(Customer::KIND.to_owned()),
        record_id: Some(survivor.into()),
        ..journal::feed::Filter::default()
    };
    Ok(journal::feed::entries(unit, organization, &filter, Some(after), false, MOST_LINES).await?)
}

/// Whether the customer has asked not to be contacted.
fn asked(since: &[Entry]) -> bool {
    let says = |entry: &Entry| entry.changes.get("do_not_contact").and_then(|pair| pair.get(1)) == Some(&json!(true));
    since.iter().any(says)
}

/// What follows from other things, and is counted or set anew.
const COUNTED: [&str; 5] = [
    "referral_count",
    "account_manager_count",
    "phone_e164",
    "flags",
    "last_contacted_at",
];

/// The customer that stayed says of itself what it said before, wherever nobody has changed that since.
///
/// What somebody has changed since is told, also where the merge had left it alone: it may have been meant for the other.
async fn revert_survivor(
    unit: &mut Unit,
    back: &mut Back,
    survivor: Customer,
    said_since: &[Entry],
) -> Result<Customer, Error> {
    let step = merged_step(back, survivor.id);
    let by_merge = step.as_ref().map(|step| step.changes.clone()).unwrap_or_default();
    let Value::Object(mut fields) = serde_json::to_value(&survivor)? else {
        return Ok(survivor);
    };
    let mut changed = BTreeSet::new();
    for (field, pair) in &by_merge {
        let (Some(from), Some(to)) = (pair.get(0), pair.get(1)) else {
            continue;
        };
        if fields.get(field) == Some(to) || (COUNTED.contains(&field.as_str()) && to != from) {
            fields.insert(field.clone(), from.clone());
        } else {
            changed.insert(field.clone());
        }
    }
    if changed.contains("phone") || changed.contains("country") {
        // What was understood of another number belongs to that one.
        for field in ["phone_e164", "flags"] {
            if let Some(to) = step.as_ref().and_then(|step| step.after(field)) {
                fields.insert(field.into(), to.clone());
            }
        }
    }
    let mut knew: BTreeMap<&String, &Value> = BTreeMap::new();
    for (field, pair) in said_since.iter().flat_map(|line| line.changes.iter()) {
        knew.entry(field).or_insert_with(|| pair.get(0).unwrap_or(&Value::Null));
    }
    let own = knew
        .into_iter()
        .filter(|(field, _)| !COUNTED.contains(&field.as_str()) && !by_merge.contains_key(*field));
    changed.extend(
        own.filter(|(field, knew)| fields.get(*field).is_some_and(|now| now != *knew))
            .map(|(field, _)| field.clone()),
    );
    for field in changed {
        back.keep(
            Customer::KIND,
            survivor.id.into(),
            Some(&field),
            MergeKeptReason::ChangedSince,
        );
    }
    let before: Customer = serde_json::from_value(Value::Object(fields))?;
    unit.save(survivor.change("unmerged", |next| *next = before)).await
}

/// The others are there again, as they were.
async fn restore(
    unit: &mut Unit,
    scope: &Scope,
    back: &mut Back,
    merge: &Merge,
    asked_since: bool,
) -> Result<(), Error> {
    for step in back.steps(Customer::KIND, "deleted") {
        let Some(known) = merge.merged.iter().find(|it| Uuid::from(it.id) == step.id) else {
            continue;
        };
        let mut customer = as_it_was(&step, known)?;
        if let Some(external_id) = customer.fields.external_id.clone()
            && customers::find_by_external_id(unit, scope, &external_id)
                .await?
                .is_some()
        {
            customer.fields.external_id = None;
            back.keep(
                Customer::KIND,
                step.id,
                Some("external_id"),
                MergeKeptReason::ExternalIdTaken,
            );
        }
        if asked_since && !customer.fields.do_not_contact {
            customer.fields.do_not_contact = true;
            back.keep(
                Customer::KIND,
                step.id,
                Some("do_not_contact"),
                MergeKeptReason::DoNotContact,
            );
        }
        customer.fields.referred_by_id = today(unit, scope, customer.fields.referred_by_id, known.id).await?;
        unit.restore(customer).await?;
    }
    Ok(())
}

/// A removed customer, out of what the journal kept.
fn as_it_was(step: &Step, known: &MergedCustomer) -> Result<Customer, serde_json::Error> {
    let mut fields = Map::new();
    for (field, pair) in &step.changes {
        fields.insert(field.clone(), pair.get(0).cloned().unwrap_or(Value::Null));
    }
    for (field, value) in [
        ("id", json!(known.id)),
        ("revision", json!(0)),
        ("created_at", json!(known.created_at)),
        ("updated_at", json!(known.created_at)),
    ] {
        fields.insert(field.into(), value);
    }
    serde_json::from_value(Value::Object(fields))
}

/// The referrer, as it is known today.
async fn today(
    unit: &mut Unit,
    scope: &Scope,
    referrer: Option<CustomerId>,
    of: CustomerId,
) -> Result<Option<CustomerId>, Error> {
    let Some(referrer) = referrer else { return Ok(None) };
    if customers::find(unit, scope, referrer).await?.is_some() {
        return Ok(Some(referrer));
    }
    Ok(redirects::now(unit, scope, referrer).await?.filter(|now| *now != of))
}

/// When the customer that stayed was last spoken with, apart from calls since the merge: as it stood before, and what came since of
/// anything but calls that went back.
async fn spoken_before(
    unit: &mut Unit,
    back: &Back,
    merge: &Merge,
    restored: &BTreeSet<CustomerId>,
) -> Result<Option<Timestamp>, Error> {
    let mut went_back = BTreeSet::new();
    for id in restored {
        let calls: Vec<Attempt> = store::since(unit, *id, back.since).await?;
        went_back.extend(calls.iter().map(|call| Some(call.occurred_at)));
    }
    let scope = Scope::all(unit.organization());
    let begun = begun(unit, &scope, merge).await?;
    let lines = said_since(unit, back.survivor, begun).await?;
    let survivor = customers::find(unit, &scope, back.survivor).await?;
    let mut spoken = survivor.and_then(|it| it.last_contacted_at);
    let said = lines
        .iter()
        .filter_map(|line| Some((line, line.changes.get("last_contacted_at")?)));
    for (place, (line, pair)) in said.enumerate() {
        let at = |place: usize| -> Option<Timestamp> { serde_json::from_value(pair.get(place)?.clone()).ok()? };
        if place == 0 {
            spoken = at(0);
        }
        if line.revision <= merge.revision {
            // What the merge brought is not its own, whoever says it later.
            went_back.insert(at(1));
        } else if line.verb == "unmerged" {
            spoken = spoken.min(at(1));
        } else if !went_back.contains(&at(1)) {
            spoken = spoken.max(at(1));
        }
    }
    Ok(spoken)
}

/// Counts anew who referred whom, who looked after them and when they were last spoken to.
async fn count(unit: &mut Unit, scope: &Scope, back: &Back, merge: &Merge) -> Result<(), Error> {
    let mut ids: BTreeSet<CustomerId> = merge.merged.iter().map(|it| it.id).collect();
    let restored = ids.clone();
    ids.insert(back.survivor);
    let there: Vec<Customer> = journal::find_all(unit, scope.organization, &store::uuids(ids.clone())).await?;
    ids.extend(there.iter().filter_map(|it| it.fields.referred_by_id));
    let spoken_before = spoken_before(unit, back, merge, &restored).await?;
    let step = merged_step(back, back.survivor);
    ids.extend(step.as_ref().and_then(|step| moving::id(step.after("referred_by_id"))));
    recount(unit, scope, ids).await?;
    for id in restored.into_iter().chain([back.survivor]) {
        let periods: Vec<AccountManagerPeriod> = store::of_customers(unit, &[id]).await?;
        let people: BTreeSet<UserId> = periods.iter().map(|it| it.fields.user_id).collect();
        let spoken: Vec<Attempt> = store::since(unit, id, back.since).await?;
        let spoken = spoken.iter().filter(|it| it.disposition == Disposition::Connected);
        let last = spoken.map(|it| it.occurred_at).max();
        let Some(customer) = customers::find(unit, scope, id).await? else {
            continue;
        };
        let people = i64::try_from(people.len()).unwrap_or(i64::MAX);
        let change = customer.change("unmerged", |next| {
            next.account_manager_count = people;
            if id == back.survivor {
                next.last_contacted_at = spoken_before;
            }
            next.last_contacted_at = next.last_contacted_at.max(last);
        });
        unit.save(change).await?;
    }
    Ok(())
}
