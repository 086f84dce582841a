//! Rows of users.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::cells;
use super::columns::Field;
use super::file::Row;
use super::report::{ImportReport, RowFault};
use super::row::{Cells, Context};
use super::run::Importer;
use super::store;
use crate::access::{Role, Scope};
use crate::features::people::user::{User, UserInput};
use crate::features::people::{checks, consequences};
use crate::http::Problem;
use crate::id::UserId;
use crate::journal::{Change, Changing, Unit};

/// More managers above one another than any organization has.
const HIGHEST: usize = 100;

/// A manager whom a row names; set when all rows are in, because it may be in a later one.
#[derive(Serialize, Deserialize)]
struct Named {
    user: UserId,
    line: u64,
    manager: String,
    /// Whether the row was counted as one that changes nothing.
    unchanged: bool,
}

/// Imports users, known again by their e-mail address.
#[derive(Default)]
pub struct Users {
    known: HashMap<String, User>,
    named: Vec<Named>,
    /// Whether an admin is to be one no longer.
    demotes: bool,
}

impl Importer for Users {
    type Record = User;

    async fn look_up(&mut self, unit: &mut Unit, context: &Context, rows: &[Row]) -> Result<(), Problem> {
        let scope = Scope::all(unit.organization());
        let emails = context.all(rows, &Field::Email);
        let emails: HashSet<String> = emails.into_iter().map(|email| email.to_lowercase()).collect();
        self.known = store::users_by_email(unit, &scope, emails)
            .await?
            .into_iter()
            .map(|user| (user.fields.email.clone(), user))
            .collect();
        Ok(())
    }

    fn key(_: &Cells<'_>) -> Field {
        Field::Email
    }

    fn decide(&mut self, cells: &mut Cells<'_>) -> Option<Change<User>> {
        let Some(email) = cells.read(&Field::Email, cells::email) else {
            if cells.faults.is_empty() {
                cells.fault(&Field::Email, "required", "a value is needed here");
            }
            return None;
        };
        let known = self.known.get(&email).cloned();
        let mut fields = match &known {
            Some(user) => user.fields.clone(),
            None => blank(email.clone()),
        };
        fill(&mut fields, cells);
        fields.role = role(known.as_ref(), cells);
        if fields.name.is_empty() {
            cells.fault(&Field::Name, "required", "a new user needs a name");
        }
        let manager = cells.read(&Field::ManagerEmail, cells::email);
        if !cells.faults.is_empty() {
            return None;
        }
        if known.as_ref().is_some_and(|known| !known.active) {
            let reason = "this user is deactivated and stays so: nobody is let in again by a file; reactivate them";
            cells.warn(&Field::Email, "not_active", reason);
        }
        let context = cells.context();
        self.demotes |= known
            .as_ref()
            .is_some_and(|known| known.fields.role == Role::Admin && fields.role != Role::Admin);
        let change = match known {
            Some(user) => user.revise(fields),
            None => Change::created(User::new(context.clock.id().into(), fields, context.now)),
        };
        if let Some(manager) = manager {
            self.named.push(Named {
                user: change.after.id,
                line: cells.line(),
                manager,
                unchanged: change.before.as_ref() == Some(&change.after),
            });
        }
        self.known.insert(email, change.after.clone());
        Some(change)
    }

    async fn save(&mut self, unit: &mut Unit, changes: Vec<Change<User>>) -> Result<(), Problem> {
        consequences::of(unit, &changes).await?;
        unit.save_all(changes).await?;
        Ok(())
    }

    async fn check(&mut self, unit: &mut Unit) -> Result<(), Problem> {
        if std::mem::take(&mut self.demotes) {
            checks::an_admin_is_left(unit).await?;
        }
        Ok(())
    }

    fn remember(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::to_value(&self.named)
    }

    fn recall(&mut self, remembered: serde_json::Value) -> serde_json::Result<()> {
        self.named = serde_json::from_value(remembered)?;
        Ok(())
    }

    async fn finish(&mut self, unit: &mut Unit, report: &mut ImportReport) -> Result<(), Problem> {
        let organization = unit.organization();
        if self.named.is_empty() {
            return Ok(());
        }
        let changes = self.managers(unit, report).await?;
        for chunk in changes.chunks(500) {
            let ids: Vec<uuid::Uuid> = chunk.iter().map(|(user, _)| (*user).into()).collect();
            let managers: HashMap<UserId, UserId> = chunk.iter().copied().collect();
            let users: Vec<User> = crate::journal::find_all(unit, organization, &ids).await?;
            let changes = users.into_iter().map(|user| {
                let manager = managers.get(&user.id).copied();
                user.change("updated", |next| next.fields.manager_id = manager)
            });
            unit.save_all(changes.collect()).await?;
        }
        Ok(())
    }
}

impl Users {
    /// Who gets another manager. Somebody unknown, and whoever would come to stand above themselves, is a warning.
    async fn managers(&self, unit: &mut Unit, report: &mut ImportReport) -> Result<Vec<(UserId, UserId)>, Problem> {
        let scope = Scope::all(unit.organization());
        let mut ids: HashMap<String, UserId> = HashMap::new();
        let emails: BTreeSet<String> = self.named.iter().map(|named| named.manager.clone()).collect();
        let emails: Vec<String> = emails.into_iter().collect();
        for chunk in emails.chunks(500) {
            let found = store::users_by_email(unit, &scope, chunk.iter().cloned()).await?;
            ids.extend(found.into_iter().map(|user| (user.fields.email, user.id)));
        }
        let before: HashMap<UserId, Option<UserId>> = store::managers(unit, &scope).await?.into_iter().collect();
        let mut after = before.clone();
        for named in &self.named {
            match ids.get(&named.manager) {
                Some(manager) => {
                    after.insert(named.user, Some(*manager));
                }
                None => report.warn(vec![named.warning("unknown_user", "no user has this e-mail address")]),
            }
        }
        for named in self.named.iter().filter(|named| ids.contains_key(&named.manager)) {
            if in_circle(&after, named.user) {
                after.insert(named.user, before.get(&named.user).copied().flatten());
                let reason = "this would make the user a manager of themselves";
                report.warn(vec![named.warning("invalid_value", reason)]);
            }
        }
        let mut changes = Vec::new();
        // From the end: of several rows of one user, the last one is counted.
        let mut seen = HashSet::new();
        for named in self.named.iter().rev().filter(|named| seen.insert(named.user)) {
            let (old, new) = (before.get(&named.user), after.get(&named.user));
            if let Some(Some(manager)) = new
                && old != new
            {
                if named.unchanged {
                    report.unchanged -= 1;
                    report.updated += 1;
                }
                changes.push((named.user, *manager));
            }
        }
        changes.reverse();
        Ok(changes)
    }
}

impl Named {
    fn warning(&self, code: &str, reason: &str) -> RowFault {
        RowFault::new(self.line, code, reason).at("manager_email", &self.manager)
    }
}

/// Whether somebody stands above themselves, or below more people than there can be. A circle further up is told of those
/// who are in it.
fn in_circle(managers: &HashMap<UserId, Option<UserId>>, user: UserId) -> bool {
    let manager_of = |user: UserId| managers.get(&user).copied().flatten();
    let mut above = HashSet::new();
    let mut next = manager_of(user);
    while let Some(manager) = next {
        if manager == user || above.len() > HIGHEST {
            return true;
        }
        if !above.insert(manager) {
            return false;
        }
        next = manager_of(manager);
    }
    false
}

/// The role that a row leads to. Nobody gives more than they have, and nobody gives themselves another role.
fn role(known: Option<&User>, cells: &mut Cells<'_>) -> Role {
    let caller = &cells.context().caller;
    let gives = |role: Role| checks::may_secure(caller, role).is_ok();
    let wanted = cells.raw(&Field::Role).map(|role| role.to_lowercase().parse::<Role>());
    let kept = known.map_or(Role::Viewer, |known| known.fields.role);
    let wanted = match wanted {
        Some(Ok(role)) => role,
        Some(Err(reason)) => {
            cells.fault(&Field::Role, "not_allowed", reason);
            return kept;
        }
        None => kept,
    };
    match known {
        None if gives(wanted) => wanted,
        None => {
            let reason =
                "a new user, in this role, is not this caller's to make: it needs the permission `users:secure`";
            cells.fault(&Field::Role, "insufficient_permission", reason);
            kept
        }
        Some(_) if wanted == kept => kept,
        Some(known) if caller.is(known.id) => {
            cells.warn(&Field::Role, "not_yours", "nobody changes their own role");
            kept
        }
        Some(_) if gives(wanted) && gives(kept) => wanted,
        Some(_) => {
            let reason = "another role is not this caller's to give: it needs the permission `users:secure`";
            cells.warn(&Field::Role, "insufficient_permission", reason);
            kept
        }
    }
}

fn blank(email: String) -> UserInput {
    UserInput {
        email,
        name: String::new(),
        // The least of all, until somebody who may says otherwise.
        role: Role::Viewer,
        title: None,
        department: None,
        manager_id: None,
        phone: None,
        time_zone: None,
        city: None,
        country: None,
        hired_on: None,
        holiday_region: None,
    }
}

fn fill(fields: &mut UserInput, cells: &mut Cells<'_>) {
    let (first, last) = (cells.text(&Field::FirstName, 100), cells.text(&Field::LastName, 100));
    let parts: Vec<String> = [first, last].into_iter().flatten().collect();
    if let Some(name) = cells.text(&Field::Name, 200) {
        fields.name = name;
    } else if !parts.is_empty() {
        fields.name = parts.join(" ");
    }
    cells.set(&mut fields.title, &Field::Title, 200);
    cells.set(&mut fields.department, &Field::Department, 100);
    cells.set(&mut fields.phone, &Field::Phone, 50);
    cells.set(&mut fields.city, &Field::City, 100);
    cells.set(&mut fields.country, &Field::Country, 100);
    cells.set_date(&mut fields.hired_on, &Field::HiredOn);
    cells.set_zone(&mut fields.time_zone, &Field::TimeZone);
}
