//! Whether what a body refers to is there: everything stays within its organization.

use crate::access::Caller;
use crate::features::customers::customer::CustomerId;
use crate::features::customers::store;
use crate::features::people;
use crate::http::{Fault, Problem};
use crate::id::UserId;
use crate::journal::Unit;

/// The fault, when there is no such user.
pub async fn user(
    unit: &mut Unit,
    caller: &Caller,
    pointer: &str,
    id: Option<UserId>,
) -> Result<Option<Fault>, Problem> {
    let Some(id) = id else { return Ok(None) };
    let found = people::store::find(unit, &caller.scope(), id).await?;
    Ok(found
        .is_none()
        .then(|| Fault::new(pointer, "not_found", format!("There is no user {id}."))))
}

/// The fault, when there is no such customer.
pub async fn customer(
    unit: &mut Unit,
    caller: &Caller,
    pointer: &str,
    id: Option<CustomerId>,
) -> Result<Option<Fault>, Problem> {
    let Some(id) = id else { return Ok(None) };
    let found = store::find(unit, &caller.scope(), id).await?;
    Ok(found
        .is_none()
        .then(|| Fault::new(pointer, "not_found", format!("There is no customer {id}."))))
}
