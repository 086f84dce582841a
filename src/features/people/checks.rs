//! What must hold of a user before it is saved, and takes a look at others to know.

use super::store;
use super::user::User;
use crate::access::{Caller, Permission, Role};
use crate::features::absences::holiday;
use crate::http::{Fault, Problem};
use crate::journal::{Change, Unit};
use crate::refusal::{Code, Refusal};
use crate::text::no_such;

/// Nobody lets somebody in with more than they have themselves: neither by a role nor by a link.
///
/// # Errors
/// `insufficient_permission`.
pub fn may_secure(caller: &Caller, role: Role) -> Result<(), Refusal> {
    caller.needs(Permission::UsersSecure)?;
    if caller.holds(role) {
        return Ok(());
    }
    Err(Refusal::new(
        Code::InsufficientPermission,
        format!("The role `{role}` holds permissions that this API key does not have."),
    ))
}

/// Checks a decided change. The organization is locked, so what holds now still holds at the commit.
///
/// # Errors
/// 403 for what is not this caller's to change, 409 for a taken address or the last admin, 400 for values that do not fit.
pub async fn user(unit: &mut Unit, caller: &Caller, change: &Change<User>) -> Result<(), Problem> {
    let (before, after) = (change.before.as_ref(), &change.after);
    let role = before.map(|before| before.fields.role);
    let another_role = role != Some(after.fields.role);
    let another_address = before.is_none_or(|before| before.fields.email != after.fields.email);
    let another_standing = before.is_some_and(|before| before.active != after.active);
    if another_role || another_address || another_standing {
        may_secure(caller, after.fields.role)?;
        may_secure(caller, role.unwrap_or(after.fields.role))?;
    }
    if another_role && caller.is(after.id) {
        return Err(Refusal::not_yours("Nobody changes their own role; ask another admin.").into());
    }
    keeps_an_admin(unit, change).await?;
    let mut faults = Vec::new();
    if let Some(zone) = &after.fields.time_zone
        && !crate::local_time::is_zone(zone)
    {
        faults.push(zone_fault(zone));
    }
    faults.extend(after.fields.holiday_region.as_deref().and_then(region_fault));
    if before.is_none_or(|before| before.fields.manager_id != after.fields.manager_id) {
        faults.extend(manager_fault(unit, after).await?);
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    if another_address {
        let taken = store::find_by_email(unit, &caller.scope(), &after.fields.email).await?;
        if taken.is_some_and(|other| other.id != after.id) {
            return Err(Problem::new(
                Code::Duplicate,
                "The `email` belongs to another user of the organization.",
            ));
        }
    }
    Ok(())
}

/// The fault of a zone that IANA does not know.
pub fn zone_fault(zone: &str) -> Fault {
    Fault::new(
        "/time_zone",
        "invalid_value",
        format!("`{zone}` is not the IANA name of a time zone; `Europe/Berlin` is one."),
    )
}

/// The fault of a region whose public holidays are not known, or that is spelled otherwise.
pub fn region_fault(code: &str) -> Option<Fault> {
    let detail = match holiday::Region::of(code) {
        Some(region) if region.code() == code => return None,
        Some(region) => format!("`{code}` is spelled `{}`.", region.code()),
        None => holiday::no_such_region(code),
    };
    Some(Fault::new("/holiday_region", "not_found", detail))
}

/// An organization without an active admin could never let anybody in again.
async fn keeps_an_admin(unit: &mut Unit, change: &Change<User>) -> Result<(), Problem> {
    let rules = |user: &User| user.active && user.fields.role == Role::Admin;
    let was = change.before.as_ref().is_some_and(rules);
    if was && !rules(&change.after) {
        let organization = unit.organization();
        if store::other_admins(unit, organization, Some(change.after.id)).await? == 0 {
            return Err(Refusal::state("This is the organization's last active admin. Make another one first.").into());
        }
    }
    Ok(())
}

/// The same once many users have been saved.
///
/// # Errors
/// `wrong_state`.
pub async fn an_admin_is_left(unit: &mut Unit) -> Result<(), Problem> {
    let organization = unit.organization();
    if store::other_admins(unit, organization, None).await? == 0 {
        return Err(Refusal::state("No active admin would be left in the organization.").into());
    }
    Ok(())
}

/// A manager is another user of the organization, and nobody is their own manager's manager.
async fn manager_fault(unit: &mut Unit, user: &User) -> Result<Option<Fault>, Problem> {
    let Some(manager) = user.fields.manager_id else {
        return Ok(None);
    };
    let organization = unit.organization();
    let above = store::managers_above(unit, organization, manager).await?;
    Ok(if manager == user.id || above.contains(&user.id) {
        Some(Fault::new(
            "/manager_id",
            "invalid_value",
            "This would make the user a manager of themselves.",
        ))
    } else if above.is_empty() {
        Some(Fault::new("/manager_id", "not_found", no_such("user", manager)))
    } else {
        None
    })
}
