//! Users who are taken back: nobody who has anything in hand, and by nobody who may not.

use std::collections::HashSet;

use super::{Back, NOT_ALLOWED, Parted, Took, USED, number, restored, reverted};
use crate::access::Caller;
use crate::features::imports::store::used;
use crate::features::people::user::User;
use crate::features::people::{checks, consequences};
use crate::http::Problem;
use crate::id::UserId;
use crate::journal::{Record, Unit};

/// Takes users back.
///
/// # Errors
/// What the database said.
pub async fn take(unit: &mut Unit, caller: &Caller, back: &mut Back, took: &mut Took) -> Result<(), Problem> {
    let users = back.of_kind::<User>();
    if users.is_empty() {
        return Ok(());
    }
    let mut users: Parted<User> = took.part(unit, back, users).await?;
    keep_used(unit, took, &mut users).await?;
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
    took.removed += number(users.gone.len());
    took.restored += number(changes.len());
    changes.extend(users.gone.into_iter().map(User::deactivate));
    consequences::of(unit, &changes).await?;
    unit.save_all(changes).await?;
    checks::an_admin_is_left(unit).await
}

/// Who has something in hand or has done anything is in use, and so is whose people stay.
async fn keep_used(unit: &mut Unit, took: &mut Took, users: &mut Parted<User>) -> Result<(), Problem> {
    let organization = unit.organization();
    let ids: Vec<UserId> = users.gone.iter().map(|user| user.id).collect();
    let used = used::users(unit, organization, &ids).await?;
    let reports = used::reports(unit, organization, &ids).await?;
    let given_back = users
        .changed
        .iter()
        .filter(|(_, before)| before.contains_key("manager_id"));
    let given_back: HashSet<UserId> = given_back.map(|(user, _)| user.id).collect();
    let mut going: HashSet<UserId> = ids.into_iter().filter(|id| !used.contains(id)).collect();
    loop {
        let stays = |report| !going.contains(report) && !given_back.contains(report);
        let managers = reports.iter().filter(|(report, _)| stays(report));
        let managers: Vec<UserId> = managers.map(|(_, manager)| *manager).collect();
        let before = going.len();
        for manager in managers {
            going.remove(&manager);
        }
        if going.len() == before {
            break;
        }
    }
    users.gone.retain(|user| {
        let goes = going.contains(&user.id);
        if !goes {
            took.keep(User::KIND, user.id.into(), None, USED);
        }
        goes
    });
    Ok(())
}
