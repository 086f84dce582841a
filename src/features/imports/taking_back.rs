//! What of a portion can be taken back: what nobody else has changed or used since. Told of the rest, and why.

mod touched;
mod users;

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

pub use self::touched::Back;
use self::touched::Touched;
use super::job_store::Kept;
use crate::access::{Caller, Scope};
use crate::features::assignments::assignment::Assignment;
use crate::features::assignments::undoing::{self, Taken};
use crate::features::customers::account_manager::AccountManagerPeriod;
use crate::features::customers::contact::Contact;
use crate::features::customers::customer::{Customer, CustomerId};
use crate::features::customers::signal::{Signal, SignalKind};
use crate::features::customers::store::{self as remembered, contacts, redirects, signals as events};
use crate::features::duplicates;
use crate::features::nps::response::NpsResponse;
use crate::http::Problem;
use crate::journal::{self, Change, Record, Unit, change};

/// What came of taking a portion back.
#[derive(Default)]
pub struct Took {
    pub removed: u64,
    pub restored: u64,
    pub kept: Vec<Kept>,
}

/// Records of one kind: those to remove, those to change back.
struct Parted<R> {
    gone: Vec<R>,
    changed: Vec<(R, Map<String, Value>)>,
}

impl Took {
    fn keep(&mut self, kind: &str, id: Uuid, field: Option<String>, (code, reason): (&'static str, &str)) {
        self.kept.push(Kept {
            kind: kind.to_owned(),
            id,
            field,
            code,
            reason: reason.to_owned(),
        });
    }

    /// Which of these can be taken back, and what of them.
    async fn part<R: Record>(
        &mut self,
        unit: &mut Unit,
        back: &Back,
        touched: Vec<Touched>,
    ) -> Result<Parted<R>, Problem> {
        let (organization, ids) = (unit.organization(), touched.iter().map(|it| it.id).collect::<Vec<_>>());
        let found: Vec<R> = journal::find_all(unit, organization, &ids).await?;
        let mut found: HashMap<Uuid, R> = found.into_iter().map(|record| (record.id(), record)).collect();
        let mut parted = Parted {
            gone: Vec::new(),
            changed: Vec::new(),
        };
        for it in touched {
            // Who is gone already needs no taking back.
            let Some(record) = found.remove(&it.id) else { continue };
            let now = object(&record)?;
            if it.created {
                let used = back.used.contains(&it.id) || back.visited.contains(&it.id);
                if used {
                    self.keep(R::KIND, it.id, None, USED);
                } else if !change::was_said(&it.fields, &record).map_err(|error| Problem::internal(&error))? {
                    self.keep(R::KIND, it.id, None, EDITED);
                } else {
                    parted.gone.push(record);
                }
                continue;
            }
            let mut fields = Map::new();
            for (field, pair) in it.fields {
                if now.get(&field).unwrap_or(&Value::Null) == &pair[1] {
                    fields.insert(field, pair[0].clone());
                } else {
                    self.keep(R::KIND, it.id, Some(field), CHANGED);
                }
            }
            if !fields.is_empty() {
                parted.changed.push((record, fields));
            }
        }
        Ok(parted)
    }

    /// Leaves ids in the CRM as they are that another record has by now: there is no second one of a kind.
    fn keep_taken<R: Record>(&mut self, parted: &mut Parted<R>, holder: impl Fn(&R, &str) -> Option<Uuid>) {
        parted.changed.retain_mut(|(record, before)| {
            let taken = before.get(EXTERNAL_ID).and_then(Value::as_str);
            let taken = taken.and_then(|id| holder(record, id));
            if taken.is_some_and(|holder| holder != record.id()) {
                before.remove(EXTERNAL_ID);
                self.keep(R::KIND, record.id(), Some(EXTERNAL_ID.into()), TAKEN);
            }
            !before.is_empty()
        });
    }

    fn count<R>(&mut self, parted: &Parted<R>) {
        self.removed += number(parted.gone.len());
        self.restored += number(parted.changed.len());
    }
}

const EXTERNAL_ID: &str = "external_id";

impl<R> Parted<R> {
    /// The ids in the CRM that would come back.
    fn external_ids(&self) -> Vec<String> {
        let before = self.changed.iter().filter_map(|(_, before)| before.get(EXTERNAL_ID));
        before.filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

const TAKEN: (&str, &str) = ("external_id_taken", "another record has this id by now");
const MERGED: (&str, &str) = ("merged", "it was merged into another since");
const GONE: (&str, &str) = ("not_found", "the customer that it had is gone");
const USED: (&str, &str) = ("used_since", "something was recorded about it since the import");
const EDITED: (&str, &str) = ("changed_since", "it was changed since the import");
const CHANGED: (&str, &str) = ("changed_since", "this field was changed since the import");
const FOLLOWED: (&str, &str) = ("followed", "what followed from the import by itself is not taken back");
const NOT_ALLOWED: (&str, &str) = (
    "insufficient_permission",
    "this role is not the caller's to give or take",
);

fn number(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

fn object(value: &impl Serialize) -> Result<Map<String, Value>, Problem> {
    match serde_json::to_value(value).map_err(|error| Problem::internal(&error))? {
        Value::Object(fields) => Ok(fields),
        _ => Ok(Map::new()),
    }
}

/// The fields as they were: those of them that a client can set.
fn restored<F: Serialize + DeserializeOwned>(fields: &F, before: &Map<String, Value>) -> Result<F, Problem> {
    let mut now = object(fields)?;
    for (name, value) in before {
        if let Some(field) = now.get_mut(name) {
            field.clone_from(value);
        }
    }
    serde_json::from_value(Value::Object(now)).map_err(|error| Problem::internal(&error))
}

/// A field that follows from others, as it was.
fn followed<T: DeserializeOwned>(before: &Map<String, Value>, name: &str, now: T) -> Result<T, Problem> {
    before.get(name).map_or(Ok(now), |value| {
        T::deserialize(value).map_err(|error| Problem::internal(&error))
    })
}

fn reverted<R>(change: Change<R>) -> Change<R> {
    Change {
        verb: "reverted",
        ..change
    }
}

/// Takes a portion back: what hangs on others first.
///
/// # Errors
/// What the database said.
pub async fn take(unit: &mut Unit, caller: &Caller, mut back: Back) -> Result<Took, Problem> {
    let (mut took, scope) = (Took::default(), Scope::all(unit.organization()));
    let customers = back.of_kind::<Customer>();
    let ids: Vec<CustomerId> = customers.iter().map(|it| CustomerId(it.id)).collect();
    for former in redirects::all_now(unit, &scope, &ids).await?.into_keys() {
        took.keep(Customer::KIND, former.into(), None, MERGED);
    }
    let customers: Parted<Customer> = took.part(unit, &back, customers).await?;
    periods(unit, &mut back, &mut took, &customers).await?;
    let responses = back.of_kind::<NpsResponse>();
    let responses: Parted<NpsResponse> = took.part(unit, &back, responses).await?;
    took.count(&responses);
    unit.remove_all(responses.gone).await?;
    signals(unit, &mut back, &mut took).await?;
    assignments(unit, &mut back, &mut took).await?;
    people_of_customers(unit, &mut back, &mut took).await?;
    whole_customers(unit, &mut took, customers).await?;
    users::take(unit, caller, &mut back, &mut took).await?;
    for it in back.touched {
        took.keep(&it.kind, it.id, None, FOLLOWED);
    }
    Ok(took)
}

async fn signals(unit: &mut Unit, back: &mut Back, took: &mut Took) -> Result<(), Problem> {
    let (scope, now) = (Scope::all(unit.organization()), unit.now());
    let signals = back.of_kind::<Signal>();
    let mut signals: Parted<Signal> = took.part(unit, back, signals).await?;
    let removed = std::mem::take(&mut signals.gone);
    took.removed += number(removed.len());
    unit.remove_all(removed).await?;
    let mut holders = HashMap::new();
    let kinds: BTreeSet<SignalKind> = signals.changed.iter().map(|(signal, _)| signal.fields.kind).collect();
    for kind in kinds {
        for holder in events::by_external_ids(unit, &scope, kind, signals.external_ids()).await? {
            holders.extend(holder.fields.external_id.map(|id| ((kind, id), holder.id.into())));
        }
    }
    took.keep_taken(&mut signals, |signal, id| {
        holders.get(&(signal.fields.kind, id.to_owned())).copied()
    });
    took.count(&signals);
    let mut changes = Vec::new();
    for (signal, before) in signals.changed {
        let fields = restored(&signal.fields, &before)?;
        let mut change = reverted(signal.revise(fields, now)?);
        change.after.closed_at = followed(&before, "closed_at", change.after.closed_at)?;
        changes.push(change);
    }
    unit.save_all(changes).await?;
    Ok(())
}

/// The customers themselves, once nothing of the import hangs on them any more.
async fn whole_customers(unit: &mut Unit, took: &mut Took, mut customers: Parted<Customer>) -> Result<(), Problem> {
    let scope = Scope::all(unit.organization());
    let removed = std::mem::take(&mut customers.gone);
    let ids: Vec<CustomerId> = removed.iter().map(|customer| customer.id).collect();
    // Which others they resemble is what we have found by ourselves.
    let pairs = duplicates::store::of_customers(unit, &scope, &ids).await?;
    unit.remove_all(pairs).await?;
    took.removed += number(removed.len());
    unit.remove_all(removed).await?;
    let holders = remembered::by_external_ids(unit, &scope, customers.external_ids()).await?;
    let holders = holders.into_iter();
    let holders: HashMap<String, Uuid> = holders
        .filter_map(|holder| Some((holder.fields.external_id?, holder.id.into())))
        .collect();
    took.keep_taken(&mut customers, |_, id| holders.get(id).copied());
    keep_out_of_contact(took, &mut customers);
    took.count(&customers);
    let mut changes = Vec::new();
    for (customer, before) in customers.changed {
        let fields = restored(&customer.fields, &before)?;
        let mut change = reverted(customer.revise(fields));
        let after = &mut change.after;
        after.account_manager_count = followed(&before, "account_manager_count", after.account_manager_count)?;
        after.flags = followed(&before, "flags", after.flags.clone())?;
        changes.push(change);
    }
    unit.save_all(changes).await?;
    Ok(())
}

/// For whom somebody has written since why they must not be contacted, they still must not.
fn keep_out_of_contact(took: &mut Took, customers: &mut Parted<Customer>) {
    let written = took
        .kept
        .iter()
        .filter(|kept| kept.kind == Customer::KIND && kept.field.as_deref() == Some("do_not_contact_reason"));
    let written: HashSet<Uuid> = written.map(|kept| kept.id).collect();
    customers.changed.retain_mut(|(customer, before)| {
        let id = customer.id.into();
        if written.contains(&id) && before.remove(DO_NOT_CONTACT).is_some() {
            took.keep(Customer::KIND, id, Some(DO_NOT_CONTACT.into()), CHANGED);
        }
        !before.is_empty()
    });
}

const DO_NOT_CONTACT: &str = "do_not_contact";

/// Who looked after customers: taken back where the customer's own field is.
async fn periods(
    unit: &mut Unit,
    back: &mut Back,
    took: &mut Took,
    customers: &Parted<Customer>,
) -> Result<(), Problem> {
    let mut with: HashSet<Uuid> = customers.gone.iter().map(|customer| customer.id.into()).collect();
    let handed = customers.changed.iter();
    let handed = handed.filter(|(_, before)| before.contains_key("account_manager_id"));
    with.extend(handed.map(|(customer, _)| Uuid::from(customer.id)));
    let periods = back.of_kind::<AccountManagerPeriod>();
    let (periods, kept): (Vec<Touched>, Vec<Touched>) = periods
        .into_iter()
        .partition(|it| it.customer.is_some_and(|id| with.contains(&id)));
    for it in kept {
        took.keep(&it.kind, it.id, None, USED);
    }
    let periods: Parted<AccountManagerPeriod> = took.part(unit, back, periods).await?;
    let mut changes = Vec::new();
    for (period, before) in periods.changed {
        let mut after = period.clone();
        after.fields = restored(&period.fields, &before)?;
        changes.push(Change {
            before: Some(period),
            after,
            verb: "reverted",
        });
    }
    unit.remove_all(periods.gone).await?;
    unit.save_all(changes).await?;
    Ok(())
}

async fn assignments(unit: &mut Unit, back: &mut Back, took: &mut Took) -> Result<(), Problem> {
    let (made, others): (Vec<Touched>, Vec<Touched>) =
        back.of_kind::<Assignment>().into_iter().partition(|it| it.created);
    for it in others {
        took.keep(&it.kind, it.id, None, FOLLOWED);
    }
    let (organization, now) = (unit.organization(), unit.now());
    let ids: Vec<Uuid> = made.iter().map(|it| it.id).collect();
    let made: HashMap<Uuid, Map<String, Value>> = made.into_iter().map(|it| (it.id, it.fields)).collect();
    let mut changes = Vec::new();
    for assignment in journal::find_all::<Assignment>(unit, organization, &ids).await? {
        let id = assignment.id;
        let said = made.get(&id.into());
        let as_made = said.map(|said| change::was_said(said, &assignment)).transpose();
        let as_made = as_made.map_err(|error| Problem::internal(&error))?;
        match undoing::take_back(assignment, now)? {
            Taken::Already => {}
            Taken::Back(_) if back.used.contains(&id.into()) => took.keep(Assignment::KIND, id.into(), None, USED),
            Taken::Back(_) if as_made == Some(false) => took.keep(Assignment::KIND, id.into(), None, EDITED),
            Taken::Back(change) => changes.push(*change),
            Taken::Not(reason) => {
                let detail = format!("the assignment is {reason}");
                took.keep(Assignment::KIND, id.into(), None, (reason.as_str(), &detail));
            }
        }
    }
    took.removed += number(changes.len());
    unit.save_all(changes).await?;
    Ok(())
}

async fn people_of_customers(unit: &mut Unit, back: &mut Back, took: &mut Took) -> Result<(), Problem> {
    let people = back.of_kind::<Contact>();
    let mut people: Parted<Contact> = took.part(unit, back, people).await?;
    let (organization, now) = (unit.organization(), unit.now());
    let removed = std::mem::take(&mut people.gone);
    took.removed += number(removed.len());
    unit.remove_all(removed).await?;
    let holders = contacts::by_external_ids(unit, &Scope::all(organization), people.external_ids()).await?;
    let holders = holders.into_iter();
    let holders: HashMap<String, Uuid> = holders
        .filter_map(|holder| Some((holder.fields.external_id?, holder.id.into())))
        .collect();
    took.keep_taken(&mut people, |_, id| holders.get(id).copied());
    let before = people.changed.iter().filter_map(|(_, before)| customer_of(before));
    let there: Vec<Customer> = journal::find_all(unit, organization, &before.collect::<Vec<_>>()).await?;
    let there: HashSet<Uuid> = there.into_iter().map(|customer| customer.id.into()).collect();
    people.changed.retain_mut(|(contact, before)| {
        if customer_of(before).is_some_and(|id| !there.contains(&id)) {
            before.remove(CUSTOMER_ID);
            took.keep(Contact::KIND, contact.id.into(), Some(CUSTOMER_ID.into()), GONE);
        }
        !before.is_empty()
    });
    took.count(&people);
    let mut revised = Vec::new();
    for (contact, before) in people.changed {
        let fields = restored(&contact.fields, &before)?;
        revised.push((contact, fields, before));
    }
    let ids: Vec<Uuid> = revised.iter().map(|(_, fields, _)| fields.customer_id.into()).collect();
    let customers: Vec<Customer> = journal::find_all(unit, organization, &ids).await?;
    let regions: HashMap<Uuid, Option<&'static str>> = customers
        .iter()
        .map(|customer| (customer.id.into(), customer.region()))
        .collect();
    let mut changes = Vec::new();
    for (contact, fields, before) in revised {
        let region = regions.get(&fields.customer_id.into()).copied().flatten();
        let mut change = reverted(contact.revise(fields, region, now));
        let after = &mut change.after;
        after.left_at = followed(&before, "left_at", after.left_at)?;
        after.flags = followed(&before, "flags", after.flags.clone())?;
        changes.push(change);
    }
    contacts::save_all(unit, changes).await?;
    Ok(())
}

const CUSTOMER_ID: &str = "customer_id";

/// Whose a record was before.
fn customer_of(before: &Map<String, Value>) -> Option<Uuid> {
    before.get(CUSTOMER_ID)?.as_str()?.parse().ok()
}
