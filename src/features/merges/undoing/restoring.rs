//! What a merge ended, renamed or took away beside what it moved: as it was before, where nobody has changed it since.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::merge::MergeKeptReason;
use super::super::moving::{self, Back, MOVED, Step};
use super::super::store;
use super::super::telling;
use crate::access::Scope;
use crate::features::assignments::{self, assignment::Assignment};
use crate::features::customers::account_manager::AccountManagerPeriod;
use crate::features::customers::contact::Contact;
use crate::features::customers::customer::{Customer, CustomerId};
use crate::features::customers::store::{self as customers, contacts};
use crate::features::days::call_list::CallList;
use crate::features::duplicates::duplicate::{Duplicate, DuplicateStatus, pair};
use crate::journal::{self, Changing, Error, Record, Unit};

/// Contacts who stepped back are called first again, where nobody else is by now.
pub async fn primaries(unit: &mut Unit, scope: &Scope, back: &mut Back) -> Result<(), Error> {
    for step in back.steps(Contact::KIND, "updated") {
        let Some(contact) = contacts::find(unit, scope, step.id.into()).await? else {
            continue;
        };
        let theirs = contacts::of_customer(unit, scope, contact.fields.customer_id).await?;
        if contact.fields.active && theirs.iter().all(|it| !it.fields.is_primary) {
            unit.save(contact.change("updated", |next| next.fields.is_primary = true))
                .await?;
        } else if !contact.fields.is_primary {
            back.keep(
                Contact::KIND,
                step.id,
                Some("is_primary"),
                MergeKeptReason::ChangedSince,
            );
        }
    }
    Ok(())
}

/// Periods that the merge ended run again.
pub async fn managers(unit: &mut Unit, back: &mut Back) -> Result<(), Error> {
    let organization = unit.organization();
    for step in back.steps(AccountManagerPeriod::KIND, "ended") {
        let period: Option<AccountManagerPeriod> = journal::find(unit, organization, step.id).await?;
        let Some(period) = period else { continue };
        let ended = json!(period.fields.ended_on);
        let running = store::of_customers::<AccountManagerPeriod>(unit, &[period.customer_id]).await?;
        let another = running.iter().any(|it| it.fields.ended_on.is_none());
        if step.after("ended_on") == Some(&ended) && !another {
            unit.save(period.change("continued", |next| next.fields.ended_on = None))
                .await?;
        } else {
            back.keep(
                AccountManagerPeriod::KIND,
                step.id,
                Some("ended_on"),
                MergeKeptReason::ChangedSince,
            );
        }
    }
    Ok(())
}

/// Entries of lists name the customer whose assignment it is.
pub async fn lists(unit: &mut Unit, back: &mut Back) -> Result<(), Error> {
    let organization = unit.organization();
    let ids: Vec<Uuid> = back.steps(CallList::KIND, MOVED).iter().map(|step| step.id).collect();
    let lists: Vec<CallList> = journal::find_all(unit, organization, &ids).await?;
    let whose = |id: Uuid| back.gone.get(&(Assignment::KIND, id)).copied();
    let changes = lists.into_iter().map(|list| {
        list.change(MOVED, |next| {
            for entry in next.entries.iter_mut() {
                entry.customer_id = whose(entry.assignment_id.into()).unwrap_or(entry.customer_id);
            }
        })
    });
    let changes = changes.collect();
    unit.save_all(changes).await?;
    Ok(())
}

/// Assignments that the merge ended are open again, where the customer may be called, whose it was may call, and nobody else has it in hand by now.
pub async fn assignments(unit: &mut Unit, scope: &Scope, back: &mut Back) -> Result<(), Error> {
    for step in back.steps(Assignment::KIND, "canceled") {
        let id = step.id.into();
        let Some(assignment) = assignments::store::find(unit, scope, id).await? else {
            continue;
        };
        let customer = customers::find(unit, scope, assignment.customer_id).await?;
        if customer.is_none_or(|it| it.fields.do_not_contact) {
            back.keep(Assignment::KIND, step.id, None, MergeKeptReason::DoNotContact);
            continue;
        }
        let assignee = assignments::store::known_user(unit, scope, assignment.assignee_id).await?;
        if assignee.is_none_or(|it| it.may_call().is_err()) {
            back.keep(Assignment::KIND, step.id, None, MergeKeptReason::AssigneeCannotCall);
            continue;
        }
        let open = assignments::store::open_of_customer(unit, scope, assignment.customer_id).await?;
        let foreign = open
            .iter()
            .any(|it| it.assignee_id != assignment.assignee_id || it.program_id == assignment.program_id);
        if foreign {
            back.keep(Assignment::KIND, step.id, None, MergeKeptReason::TakenMeanwhile);
            continue;
        }
        let Some(open) = reopened(&assignment, &step) else {
            back.keep(Assignment::KIND, step.id, None, MergeKeptReason::ChangedSince);
            continue;
        };
        let open = unit.save(assignment.change("reopened", |next| *next = open)).await?;
        telling::given_back(unit, open.id).await?;
    }
    Ok(())
}

/// The assignment as it was before it was canceled.
fn reopened(assignment: &Assignment, step: &Step) -> Option<Assignment> {
    let mut open = assignment.clone();
    macro_rules! before {
        ($($field:ident),+) => { $(
            if let Some(before) = step.before(stringify!($field)) {
                if step.after(stringify!($field)) != Some(&json!(assignment.$field)) {
                    return None;
                }
                open.$field = serde_json::from_value(before.clone()).ok()?;
            }
        )+ };
    }
    before!(
        status,
        closed_at,
        closed_reason,
        scheduled_for,
        snoozed_until,
        callback_promised_at
    );
    Some(open)
}

/// Pairs that were dismissed are so again.
pub async fn duplicates(unit: &mut Unit, back: &Back) -> Result<(), Error> {
    let organization = unit.organization();
    for step in back.steps(Duplicate::KIND, "dismissed") {
        if let Some(known) = journal::find::<Duplicate>(unit, organization, step.id).await?
            && known.status == DuplicateStatus::Dismissed
        {
            unit.save(known.reopen()).await?;
        }
    }
    for step in back.steps(Duplicate::KIND, MOVED) {
        if let Some(known) = journal::find::<Duplicate>(unit, organization, step.id).await? {
            let before = |field: &str, now: CustomerId| moving::id(step.before(field)).unwrap_or(now);
            let two = pair(
                before("customer_id", known.customer_id),
                before("other_id", known.other_id),
            );
            unit.save(known.change(MOVED, |next| (next.customer_id, next.other_id) = two))
                .await?;
        }
    }
    for step in back.steps(Duplicate::KIND, "deleted") {
        if step.before("status") != Some(&json!(DuplicateStatus::Dismissed)) {
            continue;
        }
        let mut fields = Map::new();
        for (field, pair) in &step.changes {
            fields.insert(field.clone(), pair.get(0).cloned().unwrap_or(Value::Null));
        }
        for (field, value) in [
            ("id", json!(step.id)),
            ("revision", json!(0)),
            ("created_at", json!(unit.now())),
            ("updated_at", json!(unit.now())),
        ] {
            fields.insert(field.into(), value);
        }
        let known: Duplicate = serde_json::from_value(Value::Object(fields))?;
        let mut there = true;
        for id in [known.customer_id, known.other_id] {
            there &= customers::find(unit, &Scope::all(organization), id).await?.is_some();
        }
        if there {
            unit.restore(known).await?;
        }
    }
    Ok(())
}

/// Whom a merged customer referred was referred by it again.
pub async fn referred(unit: &mut Unit, back: &mut Back) -> Result<(), Error> {
    let organization = unit.organization();
    let mut changes = Vec::new();
    for step in back.steps(Customer::KIND, MOVED) {
        let Some(referred) = journal::find::<Customer>(unit, organization, step.id).await? else {
            back.keep(
                Customer::KIND,
                step.id,
                Some("referred_by_id"),
                MergeKeptReason::Removed,
            );
            continue;
        };
        if referred.fields.referred_by_id != Some(back.survivor) {
            back.keep(
                Customer::KIND,
                step.id,
                Some("referred_by_id"),
                MergeKeptReason::ChangedSince,
            );
            continue;
        }
        let before = moving::id(step.before("referred_by_id"));
        changes.push(referred.change(MOVED, |next| next.fields.referred_by_id = before));
    }
    unit.save_all(changes).await?;
    Ok(())
}
