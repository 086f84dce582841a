//! What was changed on a device, as the commands that change it.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::adding::within_fields;
use super::collection::Collection;
use super::pushing::Device;
use super::rooms::{self, fixed};
use super::store::{self, Loaded};
use crate::clock::Timestamp;
use crate::features::action_items::action_item::{ActionItemStatus, Step};
use crate::features::action_items::writing as action_items;
use crate::features::assignments::assignment::AssignmentStatus;
use crate::features::assignments::working;
use crate::features::customers::writing as customers;
use crate::http::body::within;
use crate::http::precondition::IfMatch;
use crate::http::{Fault, Patch, Problem};
use crate::journal::Unit;

/// Does to a record what the device did.
pub async fn change(
    unit: &mut Unit,
    device: &Device,
    collection: Collection,
    id: Uuid,
    there: &Loaded,
    changed: Map<String, Value>,
) -> Result<(), Problem> {
    if changed.is_empty() {
        return Ok(());
    }
    let done = match collection {
        Collection::Assignments => assignment(unit, device, id, changed).await,
        Collection::ActionItems => action_item(unit, device, id, there, changed).await,
        Collection::Customers => {
            let patch = patch(device, "update_customer", changed);
            customers::update(unit, &device.caller, id.into(), patch, &IfMatch::ANY)
                .await
                .map(drop)
        }
        Collection::Contacts => {
            let patch = patch(device, "update_contact", changed);
            customers::update_contact(unit, &device.caller, id.into(), patch, &IfMatch::ANY)
                .await
                .map(drop)
        }
        Collection::Attempts
        | Collection::Notes
        | Collection::NpsResponses
        | Collection::Programs
        | Collection::TalkingPoints => Ok(()),
    };
    done.map_err(within_fields)
}

/// Who may work a record: as for the endpoints of its room.
pub async fn theirs(unit: &mut Unit, device: &Device, collection: Collection, id: Uuid) -> Result<(), Problem> {
    let caller = &device.caller;
    match collection {
        Collection::Assignments => working::own(unit, caller, id.into()).await.map(drop),
        Collection::ActionItems => action_items::theirs(unit, &caller.scope(), caller, id.into())
            .await
            .map(drop),
        // To whom the permission is enough.
        Collection::Customers
        | Collection::Contacts
        | Collection::Attempts
        | Collection::Notes
        | Collection::NpsResponses
        | Collection::Programs
        | Collection::TalkingPoints => Ok(()),
    }
}

/// Fields that change by steps. A step may bring what is said of another: who snoozes a call takes its time away.
const BY_STEPS: &[&str] = &[
    "status",
    "closed_reason",
    "scheduled_for",
    "snoozed_until",
    "outcome",
    "customer_told_how",
];

/// What was said of these is so now; else nothing is done, and the device is told what no step brings about.
///
/// # Errors
/// 400 with every field that is otherwise.
pub async fn settled(
    unit: &mut Unit,
    device: &Device,
    (collection, id): (Collection, Uuid),
    mut said: Map<String, Value>,
) -> Result<(), Problem> {
    said.retain(|field, value| BY_STEPS.contains(&field.as_str()) || (field == "customer_told_at" && value.is_null()));
    if !matches!(collection, Collection::Assignments | Collection::ActionItems) || said.is_empty() {
        return Ok(());
    }
    let organization = device.caller.organization;
    let Some(now) = store::load(unit, organization, collection, &[id]).await?.remove(&id) else {
        return Ok(());
    };
    let otherwise = |field: &String| {
        Fault::new(
            format!("/fields/{field}"),
            "not_allowed",
            format!(
                "By what was sent, `{field}` does not become this, and so nothing of it was done. Take the record over as it is."
            ),
        )
    };
    let faults = said.iter().filter(|(field, said)| !rooms::is_so(&now, field, said));
    none_of(faults.map(|(field, _)| otherwise(field)).collect())
}

fn patch<T>(device: &Device, operation: &'static str, changed: Map<String, Value>) -> Patch<T> {
    Patch::of(Value::Object(changed), &device.checks, operation)
}

/// What follows by itself: a device shows it, and may send it along.
pub const fn follows(collection: Collection) -> &'static [&'static str] {
    match collection {
        Collection::Customers => &[
            "phone_e164",
            "flags",
            "last_contacted_at",
            "referral_count",
            "account_manager_count",
        ],
        Collection::Contacts => &["phone_e164", "mobile_e164", "left_at", "flags"],
        Collection::Assignments => &["attempts_made", "last_attempt_at", "callback_promised_at", "closed_at"],
        Collection::ActionItems => &["closed_at", "closed_by", "customer_told_by"],
        Collection::Attempts
        | Collection::Notes
        | Collection::NpsResponses
        | Collection::Programs
        | Collection::TalkingPoints => &[],
    }
}

/// Fields that go to commands of their own: the operation, and what it calls them.
const COMMANDS: &[(&str, (&str, &str))] = &[
    ("scheduled_for", ("reschedule_assignment", "scheduled_for")),
    ("outside_window", ("reschedule_assignment", "outside_window")),
    ("snoozed_until", ("snooze_assignment", "snoozed_until")),
    ("closed_reason", ("decline_assignment", "reason")),
    ("outcome", ("complete_action_item", "outcome")),
    ("customer_told_at", ("tell_customer", "told_at")),
    ("customer_told_how", ("tell_customer", "how")),
];

/// What is wrong with this in a field, by the rules of the operation that it goes to. Whether it may be empty shows when it is done.
pub fn unfit(device: &Device, collection: Collection, field: &str, said: &Value) -> Vec<Fault> {
    if said.is_null() {
        return Vec::new();
    }
    let own = COMMANDS
        .iter()
        .find(|(of, _)| *of == field)
        .map(|(_, command)| *command);
    let (operation, name) = match collection {
        Collection::Assignments if field == "status" => {
            return read::<AssignmentStatus>(field, said).err().into_iter().collect();
        }
        Collection::ActionItems if field == "status" => {
            return read::<ActionItemStatus>(field, said).err().into_iter().collect();
        }
        Collection::Assignments => own.unwrap_or(("update_assignment", field)),
        Collection::ActionItems => own.unwrap_or(("update_action_item", field)),
        Collection::Customers => ("update_customer", field),
        Collection::Contacts => ("update_contact", field),
        Collection::Attempts
        | Collection::Notes
        | Collection::NpsResponses
        | Collection::Programs
        | Collection::TalkingPoints => return Vec::new(),
    };
    within(&format!("/{field}"), device.checks.field(operation, name, said))
}

/// Takes a field out, as what it should be.
fn take<T: DeserializeOwned>(changed: &mut Map<String, Value>, field: &str) -> Result<Option<T>, Problem> {
    let Some(value) = changed.remove(field) else {
        return Ok(None);
    };
    read(field, &value).map_err(|fault| Problem::invalid(vec![fault]))
}

/// A value, as what it should be.
fn read<T: DeserializeOwned>(field: &str, value: &Value) -> Result<T, Fault> {
    T::deserialize(value).map_err(|error| Fault::new(format!("/{field}"), "invalid_value", error.to_string()))
}

/// Takes a field out that goes to a command, checked as that one checks it.
fn take_for<T: DeserializeOwned>(
    device: &Device,
    collection: Collection,
    changed: &mut Map<String, Value>,
    field: &str,
) -> Result<Option<T>, Problem> {
    let said = changed.get(field);
    let faults = said.map(|said| unfit(device, collection, field, said));
    none_of(faults.unwrap_or_default())?;
    take(changed, field)
}

/// Takes these fields out.
fn part(changed: &mut Map<String, Value>, fields: &[&str]) -> Map<String, Value> {
    fields.iter().filter_map(|field| changed.remove_entry(*field)).collect()
}

/// What is left over is not a device's to change.
fn settle(left: &Map<String, Value>) -> Result<(), Problem> {
    let faults: Vec<Fault> = left
        .keys()
        .map(|field| Fault {
            pointer: format!("/{field}"),
            ..fixed(field)
        })
        .collect();
    none_of(faults)
}

/// # Errors
/// 400 with these, when there are any.
pub fn none_of(faults: Vec<Fault>) -> Result<(), Problem> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(faults))
    }
}

async fn assignment(
    unit: &mut Unit,
    device: &Device,
    id: Uuid,
    mut changed: Map<String, Value>,
) -> Result<(), Problem> {
    let (caller, id) = (&device.caller, id.into());
    let plain = part(&mut changed, &["due_on", "priority", "reason"]);
    let scheduled_for: Option<Timestamp> = take_for(device, Collection::Assignments, &mut changed, "scheduled_for")?;
    let outside_window: Option<bool> = take_for(device, Collection::Assignments, &mut changed, "outside_window")?;
    let snoozed_until: Option<Timestamp> = take_for(device, Collection::Assignments, &mut changed, "snoozed_until")?;
    let status: Option<AssignmentStatus> = take(&mut changed, "status")?;
    let reason: Option<String> = take_for(device, Collection::Assignments, &mut changed, "closed_reason")?;
    settle(&changed)?;
    if !plain.is_empty() {
        working::update(
            unit,
            caller,
            id,
            patch(device, "update_assignment", plain),
            &IfMatch::ANY,
        )
        .await?;
    }
    if let Some(to) = scheduled_for {
        working::reschedule(unit, caller, id, to, outside_window.unwrap_or(false)).await?;
    }
    if let Some(until) = snoozed_until {
        working::snooze(unit, caller, id, until).await?;
    }
    match status {
        Some(AssignmentStatus::Completed) => working::complete(unit, caller, id, reason).await.map(drop),
        Some(AssignmentStatus::Declined) => working::decline(unit, caller, id, reason).await.map(drop),
        // These follow: from a time that is set or not, from calls, from a manager's word.
        Some(AssignmentStatus::Queued | AssignmentStatus::Scheduled) | None => Ok(()),
        Some(status @ (AssignmentStatus::Unreachable | AssignmentStatus::Canceled)) => Err(Problem::fault(
            "/status",
            "not_allowed",
            format!("An assignment does not become `{status}` by this; devices complete and decline."),
        )),
    }
}

/// What a device has done with an item before it first sends it: it is made, and then worked.
pub fn worked(fields: &mut Map<String, Value>) -> Map<String, Value> {
    part(fields, &["status", "outcome", "customer_told_at", "customer_told_how"])
}

const PLAIN_ITEM: &[&str] = &[
    "title",
    "detail",
    "kind",
    "owner_id",
    "department",
    "due_at",
    "priority",
    "customer_promise",
];

async fn action_item(
    unit: &mut Unit,
    device: &Device,
    id: Uuid,
    there: &Loaded,
    mut changed: Map<String, Value>,
) -> Result<(), Problem> {
    let (caller, id) = (&device.caller, id.into());
    let plain = part(&mut changed, PLAIN_ITEM);
    let status: Option<ActionItemStatus> = take(&mut changed, "status")?;
    let outcome: Option<String> = match status {
        Some(_) => take_for(device, Collection::ActionItems, &mut changed, "outcome")?,
        None => None,
    };
    let told_at: Option<Timestamp> = take_for(device, Collection::ActionItems, &mut changed, "customer_told_at")?;
    let told_how: Option<String> = match told_at {
        Some(_) => take_for(device, Collection::ActionItems, &mut changed, "customer_told_how")?,
        None => None,
    };
    settle(&changed)?;
    let step = status.map(|status| match status {
        ActionItemStatus::Open => Step::Reopen,
        ActionItemStatus::InProgress => Step::Start,
        ActionItemStatus::Waiting => Step::Wait,
        ActionItemStatus::Completed => Step::Complete { outcome },
        ActionItemStatus::Canceled => Step::Cancel { outcome },
    });
    let closed = matches!(
        there.data.get("status").and_then(Value::as_str),
        Some("completed" | "canceled")
    );
    // A closed item is opened before anything else is said of it, an open one is closed at the end.
    let (first, last) = if closed { (step, None) } else { (None, step) };
    if let Some(step) = first {
        action_items::step(unit, caller, id, step).await?;
    }
    if !plain.is_empty() {
        let patch = patch(device, "update_action_item", plain);
        action_items::update(unit, caller, id, patch, &IfMatch::ANY).await?;
    }
    if told_at.is_some() {
        action_items::tell_customer(unit, caller, id, told_at, told_how).await?;
    }
    if let Some(step) = last {
        action_items::step(unit, caller, id, step).await?;
    }
    Ok(())
}

/// Deletes a contact that was a mistake.
pub async fn delete_contact(unit: &mut Unit, device: &Device, id: Uuid) -> Result<(), Problem> {
    customers::delete_contact(unit, &device.caller, id.into(), &IfMatch::ANY).await
}
