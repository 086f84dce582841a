//! Makes customers one, in one unit: all that they have goes to the one that stays.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::hanging;
use super::merge::{Done, Merge, MergeId, MergedCustomer, SameContacts};
use super::moving::MOVED;
use super::settling::settle;
use super::store;
use super::telling;
use super::uniting::{self, FieldsOf};
use crate::access::Scope;
use crate::features::assignments::assignment::{Assignment, AssignmentId, NOT_TO_BE_CALLED};
use crate::features::customers::account_manager::AccountManagerPeriod;
use crate::features::customers::contact::{Contact, ContactId};
use crate::features::customers::customer::{Customer, CustomerId};
use crate::features::customers::store::{self as customers, contacts, redirects};
use crate::features::duplicates::{
    self,
    duplicate::{Duplicate, DuplicateStatus, pair},
};
use crate::fold;
use crate::id::UserId;
use crate::journal::{self, Change, Changing, Error, Unit};

/// The customers of a merge, the one that stays first.
pub struct Parts {
    pub all: Vec<Customer>,
    pub chosen: FieldsOf,
}

/// Merges them, and tells what was done.
///
/// # Errors
/// What the database said.
pub async fn merge(unit: &mut Unit, scope: &Scope, parts: Parts, by: Option<UserId>) -> Result<Merge, Error> {
    let Parts { all, chosen } = parts;
    let mut group = all.iter().cloned();
    let Some(survivor) = group.next() else {
        return Err(Error::Database(crate::db::Error::RowNotFound));
    };
    let others: Vec<Customer> = group.collect();
    let former: Vec<CustomerId> = others.iter().map(|other| other.id).collect();
    let fields = uniting::united(&all, &chosen);
    let merged = others.iter().map(MergedCustomer::of).collect();
    // First, so that all that the journal says after it is this merge's.
    let merge = Merge::new(unit.new_id(), survivor.id, merged, by, unit.now());
    let merge = unit.save(Change::created(merge)).await?;
    let mut done = Done {
        canceled: end_assignments(unit, &all, fields.do_not_contact, by).await?,
        ..Done::default()
    };
    one_primary(unit, scope, &all).await?;
    one_manager(unit, scope, &all, fields.account_manager_id).await?;
    rename_lists(unit, &former, survivor.id).await?;
    done.moved = hanging::move_all(unit, &former, survivor.id).await?;
    store::move_rows(unit, scope, merge.id, &former, survivor.id).await?;
    carry_dismissed(unit, scope, &former, survivor.id).await?;
    let referrers: BTreeSet<CustomerId> = all.iter().filter_map(|it| it.fields.referred_by_id).collect();
    for other in others.iter().cloned() {
        unit.remove(other).await?;
    }
    refer(unit, &former, survivor.id).await?;
    let people = managers(unit, scope, survivor.id).await?;
    let (id, reached) = (survivor.id, all.iter().filter_map(|it| it.last_contacted_at).max());
    let external_ids: Vec<(String, CustomerId)> = all
        .iter()
        .filter_map(|it| Some((it.fields.external_id.clone()?, it.id)))
        .filter(|(external_id, _)| fields.external_id.as_ref() != Some(external_id))
        .collect();
    let mut change = survivor.revise(fields);
    change.verb = "merged";
    uniting::within_bounds(&mut change.after);
    change.after.last_contacted_at = reached;
    change.after.account_manager_count = people;
    change.after.referral_count = store::referrals(unit, scope, &[id]).await?.remove(&id).unwrap_or(0);
    unit.save(change).await?;
    recount(unit, scope, referrers.into_iter().filter(|it| *it != id)).await?;
    lead(unit, scope, merge.id, &former, id, external_ids).await?;
    done.same_contacts = same_contacts(unit, scope, id).await?;
    unit.save(merge.done(done)).await
}

async fn lead(
    unit: &mut Unit,
    scope: &Scope,
    merge: MergeId,
    former: &[CustomerId],
    customer: CustomerId,
    external_ids: Vec<(String, CustomerId)>,
) -> Result<(), Error> {
    let merge = merge.into();
    let into = redirects::Into { customer, merge };
    redirects::lead(unit, scope, former, into).await?;
    for (external_id, of) in external_ids {
        redirects::lead_external(unit, scope, (&external_id, of), into).await?;
    }
    Ok(())
}

/// One executive keeps the customer; nobody does who asked not to be called.
async fn end_assignments(
    unit: &mut Unit,
    all: &[Customer],
    left_alone: bool,
    by: Option<UserId>,
) -> Result<Vec<AssignmentId>, Error> {
    let ids: Vec<CustomerId> = all.iter().map(|it| it.id).collect();
    let open: Vec<Assignment> = store::of_customers(unit, &ids).await?;
    let open: Vec<Assignment> = open.into_iter().filter(|it| it.status.open()).collect();
    let (ending, kept, reason) = match left_alone {
        true => (open, None, NOT_TO_BE_CALLED.to_owned()),
        false => {
            let settled = settle(open);
            let kept = settled.kept.as_ref().map(|it| it.id.to_string()).unwrap_or_default();
            let reason = format!("The customer was merged with another, who is in hand already: assignment {kept}.");
            (settled.ending, settled.kept, reason)
        }
    };
    let now = unit.now();
    let changes = ending
        .into_iter()
        .filter_map(|it| it.cancel(Some(reason.clone()), now).ok());
    let changes = changes.collect();
    let canceled = unit.save_all(changes).await?;
    telling::taken_back(unit, all, &canceled, kept.as_ref(), by).await?;
    Ok(canceled.into_iter().map(|it| it.id).collect())
}

/// Whom to call first is whom the first of them names who names anybody.
async fn one_primary(unit: &mut Unit, scope: &Scope, all: &[Customer]) -> Result<(), Error> {
    let mut found = false;
    let mut stepping = Vec::new();
    for customer in all {
        let theirs = contacts::of_customer(unit, scope, customer.id).await?;
        let primary = theirs.into_iter().filter(|it| it.fields.is_primary);
        for contact in primary {
            if found {
                stepping.push(contact.step_back());
            }
            found = true;
        }
    }
    unit.save_all(stepping).await?;
    Ok(())
}

/// One period runs: of whom looks after the customer from now on, since they first did.
async fn one_manager(unit: &mut Unit, scope: &Scope, all: &[Customer], manager: Option<UserId>) -> Result<(), Error> {
    let ids = all.iter().map(|it| it.id);
    let today = customers::today(unit, scope.organization, unit.now()).await?;
    let periods = customers::account_managers::of_customers(unit, scope, ids).await?;
    let running = periods.into_iter().filter(|it| it.fields.ended_on.is_none());
    let mut found = false;
    let mut ending = Vec::new();
    for period in running {
        if Some(period.fields.user_id) == manager && !found {
            found = true;
        } else {
            ending.push(period.end(today));
        }
    }
    unit.save_all(ending).await?;
    Ok(())
}

/// How many people have looked after a customer.
async fn managers(unit: &mut Unit, scope: &Scope, customer: CustomerId) -> Result<i64, Error> {
    let periods: Vec<AccountManagerPeriod> = customers::account_managers::of_customers(unit, scope, [customer]).await?;
    let people: BTreeSet<UserId> = periods.iter().map(|it| it.fields.user_id).collect();
    Ok(i64::try_from(people.len()).unwrap_or(i64::MAX))
}

/// Lists of days name the customer that stays.
async fn rename_lists(unit: &mut Unit, former: &[CustomerId], to: CustomerId) -> Result<(), Error> {
    let assignments: Vec<Assignment> = store::of_customers(unit, former).await?;
    let users: BTreeSet<UserId> = assignments
        .iter()
        .flat_map(|it| [Some(it.assignee_id), it.previous_assignee_id])
        .flatten()
        .collect();
    if users.is_empty() {
        return Ok(());
    }
    let users: Vec<UserId> = users.into_iter().collect();
    let lists = store::lists_of(unit, &users).await?;
    let named = lists
        .into_iter()
        .filter(|list| list.entries.iter().any(|entry| former.contains(&entry.customer_id)));
    let changes = named.map(|list| {
        list.change(MOVED, |next| {
            for entry in next.entries.iter_mut().filter(|it| former.contains(&it.customer_id)) {
                entry.customer_id = to;
            }
        })
    });
    let changes = changes.collect();
    unit.save_all(changes).await?;
    Ok(())
}

/// Whom people said to be another customer is another than the one that stays, too. All other pairs are found anew.
async fn carry_dismissed(unit: &mut Unit, scope: &Scope, former: &[CustomerId], to: CustomerId) -> Result<(), Error> {
    duplicates::store::forget_keys(unit, scope, former.iter().copied()).await?;
    let theirs = duplicates::store::of_customers(unit, scope, former).await?;
    let own = duplicates::store::of_customers(unit, scope, &[to]).await?;
    let mut own: BTreeMap<(CustomerId, CustomerId), Duplicate> =
        own.into_iter().map(|it| ((it.customer_id, it.other_id), it)).collect();
    for there in theirs {
        let (old, third) = match former.contains(&there.customer_id) {
            true => (there.customer_id, there.other_id),
            false => (there.other_id, there.customer_id),
        };
        let outside = third != to && !former.contains(&third);
        if there.status == DuplicateStatus::Open || !outside {
            unit.remove(there).await?;
            continue;
        }
        match own.remove(&pair(third, to)) {
            Some(known) => {
                let change = known.dismiss(there.dismissed_by, there.dismissed_reason.clone(), unit.now());
                let known = unit.save(change).await?;
                own.insert(pair(third, to), known);
                unit.remove(there).await?;
            }
            None => {
                let moved = unit.save(there.moved(old, to)).await?;
                own.insert(pair(third, to), moved);
            }
        }
    }
    Ok(())
}

/// Whom the others referred was referred by the one that stays.
async fn refer(unit: &mut Unit, former: &[CustomerId], to: CustomerId) -> Result<(), Error> {
    let scope = Scope::all(unit.organization());
    let referred = customers::referred_by(unit, &scope, former.iter().copied()).await?;
    let changes = referred
        .into_iter()
        .filter(|it| it.id != to)
        .map(|it| it.change(MOVED, |next| next.fields.referred_by_id = Some(to)));
    let changes = changes.collect();
    unit.save_all(changes).await?;
    Ok(())
}

/// Sets how many customers each of these has referred.
///
/// # Errors
/// What the database said.
pub async fn recount(
    unit: &mut Unit,
    scope: &Scope,
    referrers: impl IntoIterator<Item = CustomerId>,
) -> Result<(), Error> {
    let ids: Vec<CustomerId> = referrers.into_iter().collect();
    let counts = store::referrals(unit, scope, &ids).await?;
    let uuids: Vec<Uuid> = store::uuids(ids);
    let there: Vec<Customer> = journal::find_all(unit, scope.organization, &uuids).await?;
    let changes = there.into_iter().map(|it| {
        let count = counts.get(&it.id).copied().unwrap_or(0);
        it.change("referred", |next| next.referral_count = count)
    });
    let changes = changes.collect();
    unit.save_all(changes).await?;
    Ok(())
}

/// Contacts who share an address or a name.
async fn same_contacts(unit: &mut Unit, scope: &Scope, customer: CustomerId) -> Result<Vec<SameContacts>, Error> {
    const MOST: usize = 100;
    let theirs: Vec<Contact> = contacts::of_customer(unit, scope, customer).await?;
    let mut alike: BTreeMap<(bool, String), Vec<ContactId>> = BTreeMap::new();
    for contact in &theirs {
        if let Some(email) = &contact.fields.email {
            alike.entry((false, email.clone())).or_default().push(contact.id);
        }
        let name = fold::words(&contact.fields.name).join(" ");
        if !name.is_empty() {
            alike.entry((true, name)).or_default().push(contact.id);
        }
    }
    let mut told = BTreeSet::new();
    let mut same = Vec::new();
    for ((by_name, _), mut ids) in alike {
        ids.truncate(MOST);
        if ids.len() > 1 && same.len() < MOST && told.insert(ids.clone()) {
            let reason = match by_name {
                true => "They have the same name.",
                false => "They have the same e-mail address.",
            };
            same.push(SameContacts {
                contact_ids: ids,
                reason: reason.into(),
            });
        }
    }
    Ok(same)
}
