//! What of a portion can be taken back: what nobody else has changed or used since. Told of the rest, and why.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::job_store::{self, Kept};
use crate::access::Caller;
use crate::features::assignments::assignment::Assignment;
use crate::features::assignments::undoing::{self, Taken};
use crate::features::customers::account_manager::AccountManagerPeriod;
use crate::features::customers::contact::Contact;
use crate::features::customers::customer::Customer;
use crate::features::customers::signal::Signal;
use crate::features::customers::store::contacts;
use crate::features::nps::response::NpsResponse;
use crate::features::people::user::User;
use crate::features::people::{checks, consequences};
use crate::http::Problem;
use crate::jobs::JobId;
use crate::journal::feed::Entry;
use crate::journal::{self, Change, Record, Unit, change};

/// What a portion did to one record.
struct Touched {
    id: Uuid,
    kind: String,
    created: bool,
    customer: Option<Uuid>,
    /// Field → what it was before the portion, what it was after.
    fields: Map<String, Value>,
}

/// What a portion did, and what others have done since.
pub struct Back {
    touched: Vec<Touched>,
    /// Records that others have referred to since.
    used: HashSet<Uuid>,
    /// Customers about whom others have put something on the record since.
    visited: HashSet<Uuid>,
}

/// What came of taking a portion back.
#[derive(Default)]
pub struct Took {
    pub removed: u64,
    pub restored: u64,
    pub kept: Vec<Kept>,
}

impl Back {
    /// Gathers what these entries of an import did, the earliest first.
    ///
    /// # Errors
    /// What the database said.
    pub async fn of(unit: &mut Unit, import: JobId, first: i64, entries: Vec<Entry>) -> Result<Self, Problem> {
        let mut touched: Vec<Touched> = Vec::new();
        // Ids are a client's choice: two kinds may share one.
        let mut places: HashMap<(String, Uuid), usize> = HashMap::new();
        for entry in entries {
            let key = (entry.kind.clone(), entry.record_id);
            let known = places.get(&key).and_then(|at| touched.get_mut(*at));
            match known {
                Some(known) => {
                    for (field, pair) in entry.changes.0 {
                        match known.fields.get_mut(&field) {
                            Some(known) => known[1] = pair[1].clone(),
                            None => drop(known.fields.insert(field, pair)),
                        }
                    }
                }
                None => {
                    places.insert(key, touched.len());
                    touched.push(Touched {
                        id: entry.record_id,
                        created: entry.verb == "created",
                        kind: entry.kind,
                        customer: entry.customer_id,
                        fields: entry.changes.0,
                    });
                }
            }
        }
        let records: Vec<Uuid> = touched.iter().map(|it| it.id).collect();
        let mut customers: Vec<Uuid> = touched
            .iter()
            .filter(|it| it.created)
            .filter_map(|it| it.customer)
            .collect();
        customers.sort_unstable();
        customers.dedup();
        let scope = (unit.organization(), import);
        let since = job_store::since(unit, scope, first, &customers).await?;
        let mut back = Self {
            touched,
            used: HashSet::new(),
            visited: HashSet::new(),
        };
        let ids: HashMap<String, Uuid> = records.iter().map(|id| (id.to_string(), *id)).collect();
        for other in since {
            // A change of the record itself shows in the record, if it has not been taken back.
            back.visited
                .extend(other.customer_id.filter(|customer| *customer != other.record_id));
            let named = other.changes.0.values().filter_map(|pair| pair[1].as_str());
            back.used.extend(named.filter_map(|text| ids.get(text).copied()));
        }
        Ok(back)
    }

    /// Takes out what was done to records of one kind.
    fn of_kind<R: Record>(&mut self) -> Vec<Touched> {
        let (mine, others) = std::mem::take(&mut self.touched)
            .into_iter()
            .partition(|it| it.kind == R::KIND);
        self.touched = others;
        mine
    }
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

    fn count<R>(&mut self, parted: &Parted<R>) {
        self.removed += u64::try_from(parted.gone.len()).unwrap_or(u64::MAX);
        self.restored += u64::try_from(parted.changed.len()).unwrap_or(u64::MAX);
    }
}

const USED: (&str, &str) = ("used_since", "something was recorded about it since the import");
const EDITED: (&str, &str) = ("changed_since", "it was changed since the import");
const CHANGED: (&str, &str) = ("changed_since", "this field was changed since the import");
const FOLLOWED: (&str, &str) = ("followed", "what followed from the import by itself is not taken back");
const NOT_ALLOWED: (&str, &str) = (
    "insufficient_permission",
    "this role is not the caller's to give or take",
);

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
    let mut took = Took::default();
    let customers = back.of_kind::<Customer>();
    let customers: Parted<Customer> = took.part(unit, &back, customers).await?;
    periods(unit, &mut back, &mut took, &customers).await?;
    let responses = back.of_kind::<NpsResponse>();
    let responses: Parted<NpsResponse> = took.part(unit, &back, responses).await?;
    took.count(&responses);
    unit.remove_all(responses.gone).await?;
    let signals = back.of_kind::<Signal>();
    let signals: Parted<Signal> = took.part(unit, &back, signals).await?;
    took.count(&signals);
    let now = unit.now();
    let mut changes = Vec::new();
    for (signal, before) in signals.changed {
        let fields = restored(&signal.fields, &before)?;
        changes.push(reverted(signal.revise(fields, now)?));
    }
    unit.save_all(changes).await?;
    unit.remove_all(signals.gone).await?;
    assignments(unit, &mut back, &mut took).await?;
    people_of_customers(unit, &mut back, &mut took).await?;
    took.count(&customers);
    let mut changes = Vec::new();
    for (customer, before) in customers.changed {
        let fields = restored(&customer.fields, &before)?;
        let managers = before.get("account_manager_count").and_then(Value::as_i64);
        let mut change = reverted(customer.revise(fields));
        change.after.account_manager_count = managers.unwrap_or(change.after.account_manager_count);
        changes.push(change);
    }
    unit.save_all(changes).await?;
    unit.remove_all(customers.gone).await?;
    users(unit, caller, &mut back, &mut took).await?;
    for it in back.touched {
        took.keep(&it.kind, it.id, None, FOLLOWED);
    }
    Ok(took)
}

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
    let mut changes = Vec::new();
    for assignment in journal::find_all::<Assignment>(unit, organization, &ids).await? {
        let id = assignment.id;
        match undoing::take_back(assignment, now)? {
            Taken::Already => {}
            Taken::Back(change) => changes.push(*change),
            Taken::Not(reason) => {
                let detail = format!("the assignment is {reason}");
                took.keep(Assignment::KIND, id.into(), None, (reason.as_str(), &detail));
            }
        }
    }
    took.removed += u64::try_from(changes.len()).unwrap_or(u64::MAX);
    unit.save_all(changes).await?;
    Ok(())
}

async fn people_of_customers(unit: &mut Unit, back: &mut Back, took: &mut Took) -> Result<(), Problem> {
    let people = back.of_kind::<Contact>();
    let people: Parted<Contact> = took.part(unit, back, people).await?;
    took.count(&people);
    let (organization, now) = (unit.organization(), unit.now());
    unit.remove_all(people.gone).await?;
    let mut revised = Vec::new();
    for (contact, before) in people.changed {
        let fields = restored(&contact.fields, &before)?;
        revised.push((contact, fields));
    }
    let ids: Vec<Uuid> = revised.iter().map(|(_, fields)| fields.customer_id.into()).collect();
    let customers: Vec<Customer> = journal::find_all(unit, organization, &ids).await?;
    let regions: HashMap<Uuid, Option<&'static str>> = customers
        .iter()
        .map(|customer| (customer.id.into(), customer.region()))
        .collect();
    let changes = revised.into_iter().map(|(contact, fields)| {
        let region = regions.get(&fields.customer_id.into()).copied().flatten();
        reverted(contact.revise(fields, region, now))
    });
    contacts::save_all(unit, changes.collect()).await?;
    Ok(())
}

async fn users(unit: &mut Unit, caller: &Caller, back: &mut Back, took: &mut Took) -> Result<(), Problem> {
    let users = back.of_kind::<User>();
    if users.is_empty() {
        return Ok(());
    }
    let mut users: Parted<User> = took.part(unit, back, users).await?;
    let mut allowed = |user: &User, role| {
        let may = checks::may_secure(caller, user.fields.role).and(checks::may_secure(caller, role));
        if may.is_err() || caller.is(user.id) {
            took.keep(User::KIND, user.id.into(), None, NOT_ALLOWED);
        }
        may.is_ok() && !caller.is(user.id)
    };
    users.gone.retain(|user| allowed(user, user.fields.role));
    let mut changes = Vec::new();
    for (user, before) in std::mem::take(&mut users.changed) {
        let fields = restored(&user.fields, &before)?;
        if user.fields.role == fields.role || allowed(&user, fields.role) {
            changes.push(reverted(user.revise(fields)));
        }
    }
    took.removed += u64::try_from(users.gone.len()).unwrap_or(u64::MAX);
    took.restored += u64::try_from(changes.len()).unwrap_or(u64::MAX);
    changes.extend(users.gone.into_iter().map(User::deactivate));
    consequences::of(unit, &changes).await?;
    unit.save_all(changes).await?;
    checks::an_admin_is_left(unit).await
}
