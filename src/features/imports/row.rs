//! One row on its way to a record: its cells by field, and what is wrong with them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use super::cells::{self, CellFault};
use super::columns::{Columns, Field};
use super::file::Row;
use super::report::RowFault;
use super::survey::Readings;
use crate::access::Caller;
use crate::clock::{Clock, Timestamp};
use crate::db::Json;
use crate::features::customers::customer::Money;
use crate::http::csv::{self, unescaped};
use crate::text::{UNFIT, is_unfit};

/// The largest amount, in minor units.
const MOST: i64 = 1_000_000_000_000_000;
const NO_CURRENCY: &str = "no currency is named: add a column, or say `currency` in the request";

/// What all rows of a file have in common.
#[derive(Clone)]
pub struct Context {
    pub columns: Columns,
    pub headers: Vec<String>,
    /// Of dates and amounts, which a single cell may leave open.
    pub readings: Readings,
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
        cell(&self.columns, row, field)
    }

    /// What stands in rows for a field, to be looked up: each once. What no text may have is nowhere.
    pub fn all(&self, rows: &[Row], field: &Field) -> Vec<String> {
        let mut cells: Vec<String> = rows
            .iter()
            .filter_map(|row| self.cell(row, field))
            .filter(|cell| !is_unfit(cell))
            .map(|cell| cells::text(cell, usize::MAX).ok().flatten().unwrap_or_default())
            .collect();
        cells.sort();
        cells.dedup();
        cells
    }
}

/// What stands in a row for a field, trimmed; `None` when blank.
pub fn cell<'r>(columns: &Columns, row: &'r Row, field: &Field) -> Option<&'r str> {
    let cell = plain(row.cells.get(columns.index_of(field)?)?);
    (!cell.is_empty()).then_some(cell)
}

/// A cell without space around it and without the apostrophe that an export puts before a formula.
fn plain(cell: &str) -> &str {
    unescaped(cell.trim()).trim()
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
        // A cell may be read for several fields.
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
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

    /// An id of ours, unless the cell is blank.
    pub fn id(&mut self, field: &Field) -> Option<Uuid> {
        let id = self.raw(field)?.parse().ok();
        if id.is_none() {
            self.fault(field, "invalid_value", "not an id: one has 36 characters");
        }
        id
    }

    /// Sets a text that may have several lines, unless the cell is blank.
    pub fn set_lines(&mut self, to: &mut Option<String>, field: &Field, longest: usize) {
        if let Some(text) = self.read(field, |cell| cells::lines(cell, longest)).flatten() {
            *to = Some(text);
        }
    }

    /// Sets a text, unless the cell is blank or says what is known.
    pub fn set(&mut self, to: &mut Option<String>, field: &Field, longest: usize) {
        if to.is_some() && self.raw(field) == to.as_deref().map(str::trim) {
            return;
        }
        if let Some(text) = self.text(field, longest) {
            *to = Some(text);
        }
    }

    /// Sets a date, unless the cell is blank.
    pub fn set_date(&mut self, to: &mut Option<NaiveDate>, field: &Field) {
        let dates = self.context.readings.dates(field);
        if let Some(date) = self.read(field, |cell| cells::date(cell, dates)) {
            *to = Some(date);
        }
    }

    /// Sets the name of a time zone, unless the cell is blank.
    pub fn set_zone(&mut self, to: &mut Option<String>, field: &Field) {
        if let Some(zone) = self.read(field, cells::time_zone) {
            *to = Some(zone.name().to_owned());
        }
    }

    /// Sets an amount, unless the cell is blank: in the currency that the row names, else in the one that the amount itself names, else
    /// in the known amount's, else in the request's.
    pub fn set_money(&mut self, to: &mut Option<Json<Money>>, field: &Field) {
        let named = self.read(&Field::Currency, cells::currency);
        let Some(cell) = self.raw(field) else {
            return;
        };
        let named = named.or_else(|| cells::named(cell));
        let known = to.as_ref().map(|known| known.currency.clone());
        let Some(currency) = named.or(known).or_else(|| self.context.currency.clone()) else {
            self.lacks_currency(field);
            return;
        };
        let decimal = self.context.readings.decimal(field);
        if let Some(amount_minor) = self.read(field, |cell| cells::money(cell, &currency, decimal)) {
            if (-MOST..=MOST).contains(&amount_minor) {
                *to = Some(Json(Money { amount_minor, currency }));
            } else {
                self.fault(field, "out_of_range", "the amount is too large");
            }
        }
    }

    /// Sets an amount from a column in minor units, as an export writes it.
    pub fn set_minor(&mut self, to: &mut Option<Json<Money>>, field: &Field) {
        let named = self.read(&Field::Currency, cells::currency);
        let amount = self.read(field, |cell| cells::integer(cell, -MOST..=MOST));
        let Some(amount_minor) = amount else {
            return;
        };
        let known = to.as_ref().map(|known| known.currency.clone());
        match named.or(known).or_else(|| self.context.currency.clone()) {
            Some(currency) => *to = Some(Json(Money { amount_minor, currency })),
            None => self.lacks_currency(field),
        }
    }

    /// Unless one is named, wrongly: that is told already.
    fn lacks_currency(&mut self, field: &Field) {
        if self.raw(&Field::Currency).is_none() {
            self.fault(field, "required", NO_CURRENCY);
        }
    }

    /// Sets texts by name from a JSON object, as an export writes it: those that it names.
    pub fn set_texts(&mut self, to: &mut BTreeMap<String, String>, field: &Field, longest: usize) {
        let Some(cell) = self.raw(field) else {
            return;
        };
        let Ok(texts) = serde_json::from_str::<BTreeMap<String, String>>(cell) else {
            self.fault(field, "invalid_value", "not a JSON object of texts");
            return;
        };
        for (name, text) in texts {
            if to.get(&name) == Some(&text) {
                continue;
            }
            let allowed = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_';
            if !(1..=64).contains(&name.len()) || !name.bytes().all(allowed) {
                let reason = "a name in it is not 1 to 64 of a-z, 0-9 and _";
                self.fault(field, "invalid_value", reason);
            } else if text.chars().count() > longest {
                self.fault(field, "too_long", format!("at most {longest} characters in each text"));
            } else if is_unfit(&text) {
                self.fault(field, "invalid_text", UNFIT);
            } else {
                to.insert(name, text.nfc().collect());
            }
        }
    }

    /// The words of all columns that have this meaning; `None` when all are blank. A cell that says what is known, as an
    /// export writes it, is that.
    pub fn words(&mut self, field: &Field, known: &[String]) -> Option<Vec<String>> {
        let exported = csv::cell(&known.into());
        let mut words = None;
        for (index, meaning) in self.context.columns.meanings() {
            let cell = plain(self.row.cells.get(index).unwrap_or_default());
            if meaning != field || cells::is_blank(cell) {
                continue;
            }
            if cell == exported.trim() {
                words.get_or_insert_with(Vec::new).extend_from_slice(known);
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
