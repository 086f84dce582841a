//! Rows of signals: purchases, support cases, news.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::cells;
use super::columns::Field;
use super::file::Row;
use super::people::People;
use super::row::{Cells, Context};
use super::run::Importer;
use super::store::named;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::features::customers::customer::CustomerId;
use crate::features::customers::signal::{Signal, SignalId, SignalInput, SignalKind, SignalStatus};
use crate::features::customers::store;
use crate::features::references::NOT_YET;
use crate::http::Problem;
use crate::journal::{self, Change, Unit};
use crate::text::is_unfit;

/// Imports signals, known again by their kind and external id.
#[derive(Default)]
pub struct Signals {
    known: HashMap<(SignalKind, String), Signal>,
    by_id: HashMap<SignalId, Signal>,
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
        let found = named(unit, &scope, ids).await?.into_iter();
        self.customers = found.map(|(name, customer)| (name, customer.id)).collect();
        let own = context.all(rows, &Field::Id);
        let own: Vec<Uuid> = own.iter().filter_map(|id| id.parse().ok()).collect();
        let own: Vec<Signal> = journal::find_all(unit, scope.organization, &own).await?;
        self.by_id = own.into_iter().map(|signal| (signal.id, signal)).collect();
        let mut wanted: BTreeMap<SignalKind, BTreeSet<String>> = BTreeMap::new();
        for row in rows {
            if let (Some(Ok(kind)), Some(id)) = (kind(context, row), context.cell(row, &Field::ExternalId))
                && !is_unfit(id)
            {
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
        self.people.look_up(unit, context.all(rows, &Field::OwnerEmail)).await?;
        self.people.look_up_ids(unit, context.all(rows, &Field::OwnerId)).await
    }

    fn decide(&mut self, cells: &mut Cells<'_>) -> Option<Change<Signal>> {
        let external_id = cells.text(&Field::ExternalId, 200);
        let own = cells.raw(&Field::Id).and_then(|id| id.parse().ok()).map(SignalId);
        let own = own.and_then(|id| self.by_id.get(&id)).cloned();
        if external_id.is_none() && own.is_none() {
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
        let kind = kind?;
        let named = external_id.clone().and_then(|id| self.known.get(&(kind, id)).cloned());
        let known = own.or(named);
        if known.is_none() {
            external_id.as_ref()?;
        }
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
        fields.external_id = external_id.clone().or(fields.external_id);
        fields.occurred_at = occurred_at;
        fill(&mut fields, cells);
        self.people.set(&mut fields.user_id, cells, &Field::OwnerEmail);
        self.people.set_by_id(&mut fields.user_id, cells);
        if !cells.faults.is_empty() {
            return None;
        }
        let context = cells.context();
        let change = match known {
            Some(signal) => signal.revise(fields, context.now).ok()?,
            None => Change::created(Signal::new(context.clock.id().into(), fields, context.now)),
        };
        self.by_id.insert(change.after.id, change.after.clone());
        if let Some(external_id) = external_id {
            self.known.insert((kind, external_id), change.after.clone());
        }
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
    cells.set_minor(&mut fields.amount, &Field::AmountMinor);
    match cells.raw(&Field::Topic).map(|topic| topic.to_lowercase().parse()) {
        Some(Ok(topic)) => fields.topic = Some(topic),
        Some(Err(reason)) => cells.fault(&Field::Topic, "not_allowed", reason),
        None => {}
    }
    if let Some(worth) = cells.read(&Field::WorthCongratulating, cells::boolean) {
        fields.worth_congratulating = worth;
    }
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
