//! Rows of signals: purchases, support cases, news.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::cells;
use super::columns::Field;
use super::file::Row;
use super::row::{Cells, Context};
use super::run::{Importer, People};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::features::customers::customer::CustomerId;
use crate::features::customers::signal::{Signal, SignalInput, SignalKind, SignalStatus};
use crate::features::customers::store;
use crate::features::references::NOT_YET;
use crate::http::Problem;
use crate::journal::{Change, Unit};

/// Imports signals, known again by their kind and external id.
#[derive(Default)]
pub struct Signals {
    known: HashMap<(SignalKind, String), Signal>,
    customers: HashMap<String, CustomerId>,
    people: People,
}

/// The kind of a row: as it says, else as the file's own id column implies.
fn kind(context: &Context, row: &Row) -> Option<Result<SignalKind, String>> {
    let word = context.cell(row, &Field::Kind).or(context.columns.implied_kind)?;
    Some(word.to_lowercase().replace([' ', '-'], "_").parse())
}

impl Importer for Signals {
    type Record = Signal;

    async fn look_up(&mut self, unit: &mut Unit, context: &Context, rows: &[Row]) -> Result<(), Problem> {
        let scope = Scope::all(unit.organization());
        let ids = context.all(rows, &Field::CustomerExternalId);
        self.customers = store::by_external_ids(unit, &scope, ids)
            .await?
            .into_iter()
            .filter_map(|customer| Some((customer.fields.external_id.clone()?, customer.id)))
            .collect();
        let mut wanted: BTreeMap<SignalKind, BTreeSet<String>> = BTreeMap::new();
        for row in rows {
            if let (Some(Ok(kind)), Some(id)) = (kind(context, row), context.cell(row, &Field::ExternalId)) {
                wanted.entry(kind).or_default().insert(id.to_owned());
            }
        }
        self.known.clear();
        for (kind, ids) in wanted {
            for signal in store::signals::by_external_ids(unit, &scope, kind, ids).await? {
                if let Some(id) = signal.fields.external_id.clone() {
                    self.known.insert((kind, id), signal);
                }
            }
        }
        self.people.look_up(unit, context.all(rows, &Field::OwnerEmail)).await
    }

    fn decide(&mut self, cells: &mut Cells<'_>) -> Option<Change<Signal>> {
        let external_id = cells.text(&Field::ExternalId, 200);
        if external_id.is_none() {
            cells.fault(&Field::ExternalId, "required", "a value is needed here");
        }
        let kind = match cells.kind() {
            Some(Ok(kind)) => Some(kind),
            Some(Err(reason)) => {
                cells.fault(&Field::Kind, "not_allowed", reason);
                None
            }
            None => {
                cells.fault(&Field::Kind, "required", "a value is needed here");
                None
            }
        };
        let (external_id, kind) = (external_id?, kind?);
        let known = self.known.get(&(kind, external_id.clone())).cloned();
        let customer = match cells.raw(&Field::CustomerExternalId) {
            Some(id) => self.customers.get(id).copied(),
            None => known.as_ref().map(|known| known.fields.customer_id),
        };
        let other = known
            .as_ref()
            .is_some_and(|known| customer.is_some_and(|customer| customer != known.fields.customer_id));
        match (customer, cells.raw(&Field::CustomerExternalId)) {
            (Some(_), _) if other => {
                cells.fault(
                    &Field::CustomerExternalId,
                    "wrong_state",
                    "this signal belongs to another customer",
                );
            }
            (Some(_), _) => {}
            (None, Some(_)) => cells.fault(&Field::CustomerExternalId, "not_found", "no customer has this id"),
            (None, None) => cells.fault(&Field::CustomerExternalId, "required", "a value is needed here"),
        }
        let occurred_at = occurred_at(cells).or(known.as_ref().map(|known| known.fields.occurred_at));
        if occurred_at.is_none() && cells.faults.is_empty() {
            cells.fault(&Field::OccurredOn, "required", "a value is needed here");
        }
        let (customer_id, occurred_at) = (customer?, occurred_at?);
        let mut fields = match &known {
            Some(signal) => signal.fields.clone(),
            None => SignalInput::of(customer_id, kind, occurred_at),
        };
        fields.external_id = Some(external_id.clone());
        fields.occurred_at = occurred_at;
        fill(&mut fields, cells);
        self.people.set(&mut fields.user_id, cells, &Field::OwnerEmail);
        if !cells.faults.is_empty() {
            return None;
        }
        let context = cells.context();
        let change = match known {
            Some(signal) => signal.revise(fields, context.now).ok()?,
            None => Change::created(Signal::new(context.clock.id().into(), fields, context.now)),
        };
        self.known.insert((kind, external_id), change.after.clone());
        Some(change)
    }

    async fn save(&mut self, unit: &mut Unit, changes: Vec<Change<Signal>>) -> Result<(), Problem> {
        unit.save_all(changes).await?;
        Ok(())
    }
}

impl Cells<'_> {
    fn kind(&self) -> Option<Result<SignalKind, String>> {
        kind(self.context(), self.row())
    }
}

/// With its time where there is one; without an offset, as the organization's clocks show it.
fn occurred_at(cells: &mut Cells<'_>) -> Option<Timestamp> {
    let (zone, now) = (cells.context().zone, cells.context().now);
    let mut at = |field: &Field| {
        let dates = cells.context().readings.dates(field);
        let at = cells
            .read(field, |cell| cells::timestamp(cell, zone, dates))
            .map(Timestamp::new);
        if at.is_some_and(|at| at.lies_ahead(now)) {
            cells.fault(field, "out_of_range", NOT_YET);
        }
        at
    };
    at(&Field::OccurredAt).or_else(|| at(&Field::OccurredOn))
}

fn fill(fields: &mut SignalInput, cells: &mut Cells<'_>) {
    cells.set(&mut fields.title, &Field::Title, 300);
    cells.set_lines(&mut fields.detail, &Field::Detail, 10_000);
    cells.set(&mut fields.source_url, &Field::SourceUrl, 2000);
    cells.set_money(&mut fields.amount, &Field::Amount);
    if fields.kind == SignalKind::SupportCase
        && let Some(status) = cells.raw(&Field::Status)
    {
        // Whatever words a help desk has for it, it is over or it is not.
        let over = [
            "closed",
            "resolved",
            "solved",
            "done",
            "completed",
            "cancelled",
            "canceled",
        ];
        let status = status.to_lowercase();
        fields.status = Some(if over.iter().any(|word| status.contains(word)) {
            SignalStatus::Closed
        } else {
            SignalStatus::Open
        });
    }
}
