//! One row on its way to a record: its cells by field, and what is wrong with them.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::cells::{self, CellFault};
use super::columns::{Columns, Field};
use super::file::Row;
use super::report::RowFault;
use crate::access::Caller;
use crate::clock::{Clock, Timestamp};
use crate::db::Json;
use crate::features::customers::customer::Money;

/// What all rows of a file have in common.
pub struct Context {
    pub columns: Columns,
    pub headers: Vec<String>,
    /// Of amounts whose row names none.
    pub currency: Option<String>,
    /// Of times without an offset.
    pub zone: Tz,
    pub today: NaiveDate,
    pub now: Timestamp,
    pub clock: Clock,
    /// Who imports: nobody gives more than they have.
    pub caller: Caller,
}

impl Context {
    /// What stands in a row for a field, trimmed; `None` when blank.
    pub fn cell<'r>(&self, row: &'r Row, field: &Field) -> Option<&'r str> {
        let cell = row.cells.get(self.columns.index_of(field)?)?.trim();
        (!cell.is_empty()).then_some(cell)
    }

    /// What stands in rows for a field: each once.
    pub fn all(&self, rows: &[Row], field: &Field) -> Vec<String> {
        let mut cells: Vec<String> = rows
            .iter()
            .filter_map(|row| self.cell(row, field))
            .map(|cell| cells::text(cell, usize::MAX).ok().flatten().unwrap_or_default())
            .collect();
        cells.sort();
        cells.dedup();
        cells
    }
}

/// A row being read. What is wrong is collected; a row with faults is left out.
pub struct Cells<'c> {
    context: &'c Context,
    row: &'c Row,
    pub faults: Vec<RowFault>,
    pub warnings: Vec<RowFault>,
}

impl<'c> Cells<'c> {
    pub fn new(context: &'c Context, row: &'c Row) -> Self {
        Self {
            context,
            row,
            faults: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub fn line(&self) -> u64 {
        self.row.line
    }

    fn describe(&self, field: &Field, code: &str, reason: impl Into<String>) -> RowFault {
        let index = self.context.columns.index_of(field);
        let header = index.and_then(|index| self.context.headers.get(index));
        let name = field.to_string();
        let value = self.context.cell(self.row, field).unwrap_or_default();
        RowFault::new(self.row.line, code, reason).at(header.map_or(name.as_str(), String::as_str), value)
    }

    /// The row cannot be taken because of this cell.
    pub fn fault(&mut self, field: &Field, code: &str, reason: impl Into<String>) {
        let fault = self.describe(field, code, reason);
        self.faults.push(fault);
    }

    /// The row is taken, but for this cell.
    pub fn warn(&mut self, field: &Field, code: &str, reason: impl Into<String>) {
        let warning = self.describe(field, code, reason);
        self.warnings.push(warning);
    }

    /// What stands there, trimmed; `None` when blank.
    pub fn raw(&self, field: &Field) -> Option<&'c str> {
        self.context.cell(self.row, field)
    }

    /// Reads a cell unless it is blank.
    pub fn read<T>(&mut self, field: &Field, read: impl FnOnce(&str) -> Result<T, CellFault>) -> Option<T> {
        match read(self.raw(field)?) {
            Ok(value) => Some(value),
            Err(fault) => {
                let code = serde_json::to_value(fault.code).ok();
                let code = code.as_ref().and_then(|code| code.as_str()).unwrap_or("invalid_value");
                self.fault(field, code, fault.reason);
                None
            }
        }
    }

    pub fn text(&mut self, field: &Field, longest: usize) -> Option<String> {
        self.read(field, |cell| cells::text(cell, longest)).flatten()
    }

    /// Sets a text, unless the cell is blank.
    pub fn set(&mut self, to: &mut Option<String>, field: &Field, longest: usize) {
        if let Some(text) = self.text(field, longest) {
            *to = Some(text);
        }
    }

    /// Sets a date, unless the cell is blank.
    pub fn set_date(&mut self, to: &mut Option<NaiveDate>, field: &Field) {
        if let Some(date) = self.read(field, cells::date) {
            *to = Some(date);
        }
    }

    /// Sets the name of a time zone, unless the cell is blank.
    pub fn set_zone(&mut self, to: &mut Option<String>, field: &Field) {
        if let Some(zone) = self.read(field, cells::time_zone) {
            *to = Some(zone.name().to_owned());
        }
    }

    /// Sets an amount, unless the cell is blank: in the row's currency, else in the known amount's, else in the request's.
    pub fn set_money(&mut self, to: &mut Option<Json<Money>>, field: &Field) {
        let named = self.read(&Field::Currency, cells::currency);
        if self.raw(field).is_none() {
            return;
        }
        let known = to.as_ref().map(|known| known.currency.clone());
        let Some(currency) = named.or(known).or_else(|| self.context.currency.clone()) else {
            let reason = "no currency is named: add a column, or say `currency` in the request";
            self.fault(field, "required", reason);
            return;
        };
        if let Some(amount_minor) = self.read(field, |cell| cells::money(cell, &currency)) {
            const MOST: i64 = 1_000_000_000_000_000;
            if (-MOST..=MOST).contains(&amount_minor) {
                *to = Some(Json(Money { amount_minor, currency }));
            } else {
                self.fault(field, "out_of_range", "the amount is too large");
            }
        }
    }

    /// The words of all columns that have this meaning; `None` when all are blank.
    pub fn words(&mut self, field: &Field) -> Option<Vec<String>> {
        let mut words = None;
        for (index, meaning) in self.context.columns.meanings() {
            let cell = self.row.cells.get(index).unwrap_or_default();
            if meaning != field || cells::is_blank(cell) {
                continue;
            }
            match cells::list(cell, 200) {
                Ok(list) => words.get_or_insert_with(Vec::new).extend(list),
                Err(fault) => self.fault(field, "too_long", fault.reason),
            }
        }
        if words.as_ref().is_some_and(|words: &Vec<String>| words.len() > 100) {
            self.fault(field, "too_long", "at most 100 values");
        }
        words
    }

    pub fn row(&self) -> &'c Row {
        self.row
    }

    pub fn context(&self) -> &'c Context {
        self.context
    }
}
