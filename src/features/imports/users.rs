//! Rows of users.

use std::collections::{HashMap, HashSet};

use super::cells;
use super::columns::Field;
use super::file::Row;
use super::report::ImportReport;
use super::row::{Cells, Context};
use super::run::{Importer, late};
use super::store;
use crate::access::{Role, Scope};
use crate::features::people::checks::{self, may_secure};
use crate::features::people::consequences;
use crate::features::people::user::{User, UserInput};
use crate::http::Problem;
use crate::id::UserId;
use crate::journal::{Change, Changing, Unit};

/// A manager who was not known yet when the row was read.
struct Pending {
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
    pending: Vec<Pending>,
    /// Whether somebody is no longer an admin.
    demoted: bool,
}

impl Importer for Users {
    type Record = User;

    async fn look_up(&mut self, unit: &mut Unit, context: &Context, rows: &[Row]) -> Result<(), Problem> {
        let scope = Scope::all(unit.organization());
        let mut emails: HashSet<String> = HashSet::new();
        for field in [Field::Email, Field::ManagerEmail] {
            emails.extend(context.all(rows, &field).into_iter().map(|email| email.to_lowercase()));
        }
        self.known = store::users_by_email(unit, &scope, emails)
            .await?
            .into_iter()
            .map(|user| (user.fields.email.clone(), user))
            .collect();
        Ok(())
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
        fill(&mut fields, known.as_ref(), cells);
        if fields.name.is_empty() {
            cells.fault(&Field::Name, "required", "a new user needs a name");
        }
        let manager = cells.read(&Field::ManagerEmail, cells::email);
        if !cells.faults.is_empty() {
            return None;
        }
        let context = cells.context();
        let id = known.as_ref().map_or_else(|| context.clock.id().into(), |user| user.id);
        let mut waits = None;
        match manager {
            Some(manager) if manager == email => {
                cells.warn(&Field::ManagerEmail, "invalid_value", "nobody is their own manager");
            }
            Some(manager) => match self.known.get(&manager) {
                Some(manager) => fields.manager_id = Some(manager.id),
                None => waits = Some(manager),
            },
            None => {}
        }
        let change = match known {
            Some(user) => user.change("updated", |next| next.fields = fields),
            None => Change::created(User::new(id, fields, context.now)),
        };
        if let Some(manager) = waits {
            self.pending.push(Pending {
                user: id,
                line: cells.line(),
                manager,
                unchanged: change.before.as_ref() == Some(&change.after),
            });
        }
        let was_admin = change
            .before
            .as_ref()
            .is_some_and(|before| before.fields.role == Role::Admin);
        self.demoted |= was_admin && change.after.fields.role != Role::Admin;
        self.known.insert(email, change.after.clone());
        Some(change)
    }

    async fn save(&mut self, unit: &mut Unit, changes: Vec<Change<User>>) -> Result<(), Problem> {
        for change in &changes {
            if change.before.as_ref() != Some(&change.after) {
                consequences::of(unit, change).await?;
            }
        }
        unit.save_all(changes).await?;
        Ok(())
    }

    async fn finish(&mut self, unit: &mut Unit, report: &mut ImportReport) -> Result<(), Problem> {
        let scope = Scope::all(unit.organization());
        if self.demoted {
            checks::an_admin_is_left(unit).await?;
        }
        // The last row of a user has the say.
        let mut last: HashMap<UserId, &Pending> = HashMap::new();
        for pending in &self.pending {
            last.insert(pending.user, pending);
        }
        let pending: Vec<&Pending> = last.into_values().collect();
        for chunk in pending.chunks(500) {
            let emails: HashSet<String> = chunk.iter().map(|pending| pending.manager.clone()).collect();
            let managers: HashMap<String, UserId> = store::users_by_email(unit, &scope, emails)
                .await?
                .into_iter()
                .map(|user| (user.fields.email, user.id))
                .collect();
            let ids: Vec<uuid::Uuid> = chunk.iter().map(|pending| pending.user.into()).collect();
            let users: Vec<User> = crate::journal::find_all(unit, scope.organization, &ids).await?;
            let mut users: HashMap<UserId, User> = users.into_iter().map(|user| (user.id, user)).collect();
            let mut changes = Vec::new();
            for pending in chunk {
                let Some(manager) = managers.get(&pending.manager) else {
                    let reason = "no user has this e-mail address";
                    report.warn(vec![late(
                        pending.line,
                        "manager_email",
                        &pending.manager,
                        "unknown_user",
                        reason,
                    )]);
                    continue;
                };
                let Some(user) = users.remove(&pending.user) else {
                    continue;
                };
                if user.fields.manager_id == Some(*manager) {
                    continue;
                }
                if pending.unchanged {
                    report.unchanged -= 1;
                    report.updated += 1;
                }
                changes.push(user.change("updated", |next| next.fields.manager_id = Some(*manager)));
            }
            unit.save_all(changes).await?;
        }
        Ok(())
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
    }
}

fn fill(fields: &mut UserInput, known: Option<&User>, cells: &mut Cells<'_>) {
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
    if let Some(role) = cells.raw(&Field::Role) {
        match role.to_lowercase().parse::<Role>() {
            Ok(role) if role == fields.role => {}
            Ok(_) if known.is_some_and(|user| cells.context().caller.is(user.id)) => cells.warn(
                &Field::Role,
                "not_yours",
                "nobody changes their own role; ask another admin",
            ),
            Ok(role) => match [fields.role, role]
                .into_iter()
                .try_for_each(|role| may_secure(&cells.context().caller, role))
            {
                Ok(()) => fields.role = role,
                Err(refusal) => cells.warn(&Field::Role, refusal.code.as_str(), refusal.detail),
            },
            Err(reason) => cells.fault(&Field::Role, "not_allowed", reason),
        }
    }
}
