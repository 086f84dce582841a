//! Rows of assignments: who is to call whom, by the rules of every new assignment.

use uuid::Uuid;

use super::cells;
use super::columns::Field;
use super::file::Row;
use super::row::{Cells, Context};
use super::run::Importer;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::features::assignments::assigning::{AssignmentItem, Known, Objection};
use crate::features::assignments::assignment::{Assignment, AssignmentPriority};
use crate::features::assignments::store;
use crate::features::customers::customer::CustomerId;
use crate::http::Problem;
use crate::journal::{Change, Unit};

/// Imports assignments. None is known again: whoever has a customer in hand already is told of as a row's error.
#[derive(Default)]
pub struct Assignments {
    known: Known,
}

impl Importer for Assignments {
    type Record = Assignment;

    async fn look_up(&mut self, unit: &mut Unit, context: &Context, rows: &[Row]) -> Result<(), Problem> {
        let scope = Scope::all(unit.organization());
        let mut items: Vec<AssignmentItem> = rows.iter().map(|row| item(&mut Cells::new(context, row))).collect();
        // What looks like an id of ours may be one.
        let own = items
            .iter()
            .filter_map(|item| own_id(item.customer_external_id.as_deref()));
        let own: Vec<AssignmentItem> = own
            .map(|id| AssignmentItem {
                customer_id: Some(id),
                ..AssignmentItem::default()
            })
            .collect();
        items.extend(own);
        self.known = store::known(unit, &scope, items.iter()).await?;
        Ok(())
    }

    fn key(_: &Cells<'_>) -> Field {
        Field::CustomerExternalId
    }

    fn decide(&mut self, cells: &mut Cells<'_>) -> Option<Change<Assignment>> {
        let mut item = item(cells);
        if let Some(named) = item.customer_external_id.take() {
            match own_id(Some(&named)).filter(|_| !self.known.has_external_id(&named)) {
                Some(id) => item.customer_id = Some(id),
                None => item.customer_external_id = Some(named),
            }
        }
        if !cells.faults.is_empty() {
            return None;
        }
        let (line, now) = (cells.line(), cells.context().now);
        match self
            .known
            .decide(usize::try_from(line).unwrap_or(usize::MAX), item, now)
        {
            Ok(input) => {
                let id = cells.context().clock.id().into();
                Some(Change::created(Assignment::new(id, input, now)))
            }
            Err(objections) => {
                for objection in objections {
                    object(cells, &objection);
                }
                None
            }
        }
    }

    async fn save(&mut self, unit: &mut Unit, changes: Vec<Change<Assignment>>) -> Result<(), Problem> {
        unit.save_all(changes).await?;
        Ok(())
    }
}

/// An objection, at the cell that it is about.
fn object(cells: &mut Cells<'_>, objection: &Objection) {
    let field = match objection.field {
        "assignee_id" | "assignee_email" => Field::AssigneeEmail,
        "program_id" => Field::ProgramId,
        "scheduled_for" => Field::ScheduledFor,
        _ => Field::CustomerExternalId,
    };
    cells.fault(&field, objection.kind.code(), objection.detail.clone());
}

/// A row as a script would name the same pair.
fn item(cells: &mut Cells<'_>) -> AssignmentItem {
    let (zone, dates) = (
        cells.context().zone,
        cells.context().readings.dates(&Field::ScheduledFor),
    );
    let scheduled = cells.read(&Field::ScheduledFor, |cell| cells::timestamp(cell, zone, dates));
    let mut due_on = None;
    cells.set_date(&mut due_on, &Field::DueOn);
    let assignee = cells.text(&Field::AssigneeEmail, 254);
    let assignee_id = assignee.as_deref().and_then(|id| id.parse::<Uuid>().ok());
    AssignmentItem {
        customer_id: None,
        customer_external_id: cells.text(&Field::CustomerExternalId, 200),
        assignee_id: assignee_id.map(Into::into),
        assignee_email: assignee.filter(|_| assignee_id.is_none()),
        program_id: cells.id(&Field::ProgramId).map(Into::into),
        due_on,
        scheduled_for: scheduled.map(Timestamp::new),
        outside_window: cells.read(&Field::OutsideWindow, cells::boolean).unwrap_or_default(),
        priority: priority(cells),
        reason: cells.text(&Field::Reason, 1000),
    }
}

fn priority(cells: &mut Cells<'_>) -> Option<AssignmentPriority> {
    match cells.raw(&Field::Priority)?.to_lowercase().parse() {
        Ok(priority) => Some(priority),
        Err(reason) => {
            cells.fault(&Field::Priority, "not_allowed", reason);
            None
        }
    }
}

/// What may be the customer's own id.
fn own_id(named: Option<&str>) -> Option<CustomerId> {
    named?.parse::<Uuid>().ok().map(CustomerId)
}
