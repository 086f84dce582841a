//! What was done away from any network is told of a world that has gone on. A call was made and something was learned: that a contact was
//! deleted meanwhile, a customer merged or a colleague sent away is no reason to lose it.

use chrono::TimeDelta;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::collection::Collection;
use super::pushing::Device;
use super::store;
use crate::clock::Timestamp;
use crate::db::Error;
use crate::features::assignments;
use crate::features::customers::contact::ContactId;
use crate::features::customers::customer::CustomerId;
use crate::features::customers::store::{contacts, redirects};
use crate::id::UserId;
use crate::journal::Unit;

/// A telephone's clock that is ahead by less is wrong, and not its user.
const AHEAD: TimeDelta = TimeDelta::days(1);
/// What a debrief brings along, beside its NPS response.
const PARTS: [&str; 3] = ["notes", "action_items", "service_interests"];

/// What is said of a new record, as it can be said today: a merged customer under the id that it has now, nobody who was deleted or sent
/// away, no time that lies ahead (without one, it is now).
///
/// # Errors
/// What the database said.
pub async fn caught_up(
    unit: &mut Unit,
    device: &Device,
    mut fields: Map<String, Value>,
) -> Result<Map<String, Value>, Error> {
    settle(unit, device, &mut fields).await?;
    for part in PARTS {
        for item in fields.get_mut(part).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Value::Object(item) = item {
                settle(unit, device, item).await?;
            }
        }
    }
    if let Some(Value::Object(answer)) = fields.get_mut("nps_response") {
        settle(unit, device, answer).await?;
    }
    Ok(fields)
}

fn said<T: DeserializeOwned>(fields: &Map<String, Value>, name: &str) -> Option<T> {
    T::deserialize(fields.get(name)?).ok()
}

async fn settle(unit: &mut Unit, device: &Device, fields: &mut Map<String, Value>) -> Result<(), Error> {
    let (scope, now) = (device.caller.scope(), unit.now());
    if let Some(customer) = said::<CustomerId>(fields, "customer_id")
        && let Some(today) = redirects::now(unit, &scope, customer).await?
    {
        fields.insert("customer_id".into(), json!(today));
    }
    if let Some(contact) = said::<ContactId>(fields, "contact_id")
        && contacts::find(unit, &scope, contact).await?.is_none()
        && store::was_deleted(unit, scope.organization, Collection::Contacts, contact.into()).await?
    {
        fields.remove("contact_id");
    }
    if let Some(owner) = said::<UserId>(fields, "owner_id")
        && let Some(owner) = assignments::store::known_user(unit, &scope, owner).await?
        && !owner.active
    {
        fields.remove("owner_id");
    }
    for time in ["occurred_at", "responded_at"] {
        let ahead = said::<Timestamp>(fields, time).filter(|at| at.lies_ahead(now));
        if ahead.is_some_and(|at| at < now.plus(AHEAD)) {
            fields.remove(time);
        }
    }
    Ok(())
}
