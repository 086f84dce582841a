//! What was made on a device: calls, notes, answers, action items, contacts.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::pushing::Device;
use super::rooms::Done;
use super::store;
use crate::access::Permission;
use crate::db::Sqls;
use crate::features::action_items::writing::{self as action_items, NewActionItem};
use crate::features::assignments::{self, assignment::AssignmentId};
use crate::features::attempts::debrief::NewAttempt;
use crate::features::attempts::placing;
use crate::features::customers::writing::{self as customers, NewContact};
use crate::features::notes::writing::{self as notes, NewNote};
use crate::features::nps::writing::{self as nps, NewNpsResponse};
use crate::http::{Fault, Problem};
use crate::journal::{Record, Unit};

/// What follows by itself: a device shows it at once, and may send it along.
const FOLLOWS: &[(&str, &[&str])] = &[
    (
        "create_attempt",
        &[
            "customer_id",
            "program_id",
            "user_id",
            "next_call_at",
            "local_hour",
            "local_weekday",
        ],
    ),
    ("create_note", &["author_id"]),
    (
        "create_nps_response",
        &["category", "follow_up", "follow_up_question", "days_since_previous"],
    ),
    (
        "create_action_item",
        &["created_by", "closed_at", "closed_by", "customer_told_by"],
    ),
    ("create_contact", &["phone_e164", "mobile_e164", "left_at", "flags"]),
];

/// The body of the room's own request, checked as that one is.
fn body<T: DeserializeOwned>(
    device: &Device,
    operation: &str,
    id: Uuid,
    mut fields: Map<String, Value>,
) -> Result<T, Problem> {
    let follows = FOLLOWS
        .iter()
        .find(|(of, _)| *of == operation)
        .map_or(&[][..], |(_, fields)| fields);
    fields.retain(|field, _| !follows.contains(&field.as_str()));
    fields.insert("id".to_owned(), json!(id));
    device
        .checks
        .body(operation, Value::Object(fields))
        .map_err(within_fields)
}

/// Pointers into a body are pointers into `fields` here.
pub(super) fn within_fields(mut problem: Problem) -> Problem {
    for fault in &mut problem.faults {
        fault.pointer = format!("/fields{}", fault.pointer);
    }
    problem
}

/// A call, with all that its debrief brings.
pub async fn attempt(
    unit: &mut Unit,
    device: &Device,
    id: Uuid,
    mut fields: Map<String, Value>,
) -> Result<Done, Problem> {
    let assignment: Option<AssignmentId> = fields
        .remove("assignment_id")
        .and_then(|assignment| serde_json::from_value(assignment).ok());
    let missing = |code, detail: &str| Problem::invalid(vec![Fault::new("/fields/assignment_id", code, detail)]);
    let assignment =
        assignment.ok_or_else(|| missing("required", "The id of the assignment that the call was for."))?;
    let new: NewAttempt = body(device, "create_attempt", id, fields)?;
    let (organization, scope) = (device.caller.organization, device.caller.scope());
    let found = assignments::store::find(unit, &scope, assignment).await?;
    found.ok_or_else(|| missing("not_found", "There is no such assignment."))?;
    let had = store::had(unit, organization, device.user, assignment).await?;
    let placed = placing::place_later(unit, &device.caller, assignment, new, had)
        .await
        .map_err(within_fields)?;
    if let placing::Placed::New(debrief) = &placed {
        let customer = debrief.attempt.customer_id;
        if !on_device(unit, device, customer.into()).await? {
            unit.depart(device.user, &debrief.attempt);
            debrief.notes.iter().for_each(|note| unit.depart(device.user, note));
            debrief
                .nps_response
                .iter()
                .for_each(|answer| unit.depart(device.user, answer));
            debrief
                .action_items
                .iter()
                .for_each(|item| unit.depart(device.user, item));
        }
    }
    Ok(Done::default())
}

/// Something that was learned.
pub async fn note(unit: &mut Unit, device: &Device, id: Uuid, fields: Map<String, Value>) -> Result<Done, Problem> {
    let new: NewNote = body(device, "create_note", id, fields)?;
    let made = notes::create(unit, &device.caller, new).await.map_err(within_fields)?;
    stay_in_sight(unit, device, made.record()).await
}

/// An answer to the recommendation question.
pub async fn nps_response(
    unit: &mut Unit,
    device: &Device,
    id: Uuid,
    fields: Map<String, Value>,
) -> Result<Done, Problem> {
    let new: NewNpsResponse = body(device, "create_nps_response", id, fields)?;
    let made = nps::create(unit, &device.caller, new).await.map_err(within_fields)?;
    stay_in_sight(unit, device, made.record()).await
}

/// Work that came out of a call.
pub async fn action_item(
    unit: &mut Unit,
    device: &Device,
    id: Uuid,
    fields: Map<String, Value>,
) -> Result<Done, Problem> {
    device.caller.needs(Permission::ActionItemsCreate)?;
    let new: NewActionItem = body(device, "create_action_item", id, fields)?;
    let made = action_items::create(unit, &device.caller, new)
        .await
        .map_err(within_fields)?;
    stay_in_sight(unit, device, made.record()).await
}

/// A person at a customer.
pub async fn contact(unit: &mut Unit, device: &Device, id: Uuid, fields: Map<String, Value>) -> Result<Done, Problem> {
    let new: NewContact = body(device, "create_contact", id, fields)?;
    let made = customers::create_contact(unit, &device.caller, new)
        .await
        .map_err(within_fields)?;
    stay_in_sight(unit, device, made.record()).await
}

/// What was made of a customer that is not on the device any more goes from there, too, when it next reads.
async fn stay_in_sight<R: Record>(unit: &mut Unit, device: &Device, record: &R) -> Result<Done, Problem> {
    let own = record.owner() == Some(device.user.into());
    let kept = match record.customer() {
        Some(customer) => own || on_device(unit, device, customer).await?,
        None => true,
    };
    if !kept {
        unit.depart(device.user, record);
    }
    Ok(Done::default())
}

async fn on_device(db: &mut impl Sqls, device: &Device, customer: Uuid) -> Result<bool, Problem> {
    Ok(device.caller.may(Permission::AssignmentsWork)
        && store::has(db, device.caller.organization, device.user, customer).await?)
}
