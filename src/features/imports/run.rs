//! The way of a file: rows are read, looked up and decided 500 at a time, all in one unit.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::cells::DateOrder;
use super::columns::{ColumnFault, Columns, Field, Mapping, Target, recognise};
use super::file::{Row, Rows};
use super::report::ImportReport;
use super::row::{Cells, Context};
use super::survey::Survey;
use crate::access::{Caller, Scope};
use crate::features::customers;
use crate::http::{Answer, App, Fault, Problem, Reply};
use crate::id::UserId;
use crate::journal::{Change, Record, Stamped as _, Unit};
use crate::local_time;
use crate::refusal::Code;

/// Rows per chunk.
const ROWS: usize = 500;
/// Rows of one file.
pub const MOST: u64 = 50_000;

/// How the request asks for it.
pub struct Order {
    pub dry_run: bool,
    pub mapping: Mapping,
    pub currency: Option<String>,
    pub date_order: Option<DateOrder>,
}

/// What differs between the kinds of records.
pub trait Importer: Send + Sized + 'static {
    type Record: Record + PartialEq;

    /// Reads what the rows speak of.
    async fn look_up(&mut self, unit: &mut Unit, context: &Context, rows: &[Row]) -> Result<(), Problem>;

    /// By which field a row's record is known again.
    fn key(_cells: &Cells<'_>) -> Field {
        Field::ExternalId
    }

    /// What a row makes of its record; nothing when the row has faults.
    fn decide(&mut self, cells: &mut Cells<'_>) -> Option<Change<Self::Record>>;

    /// Keeps the records.
    async fn save(&mut self, unit: &mut Unit, changes: Vec<Change<Self::Record>>) -> Result<(), Problem>;

    /// What can be done only when all rows are in.
    async fn finish(&mut self, _unit: &mut Unit, _report: &mut ImportReport) -> Result<(), Problem> {
        Ok(())
    }
}

/// Imports a file.
pub async fn run<I: Importer>(
    app: &App,
    caller: &Caller,
    target: Target,
    mut importer: I,
    order: Order,
    file: File,
) -> Answer<ImportReport> {
    let order = Arc::new(order);
    let opened = spawn_blocking({
        let order = order.clone();
        move || open(file, target, &order)
    });
    let Opened {
        mut rows,
        columns,
        survey,
    } = opened.await.map_err(|error| Problem::internal(&error))??;
    let mut report = ImportReport::new(&columns, &rows.headers, order.dry_run);
    let mut unit = app.write_long(caller).await?;
    let (organization, now) = (unit.organization(), unit.now());
    let zone = customers::store::zone(&mut unit, organization).await?;
    let (readings, warnings) = survey.readings(&columns, &rows.headers, order.date_order, zone);
    report.warn(warnings);
    let context = Arc::new(Context {
        columns,
        headers: rows.headers.clone(),
        readings,
        currency: order.currency.clone(),
        zone,
        today: local_time::wall_clock(now.utc(), zone).date(),
        now,
        clock: app.clock.clone(),
        caller: caller.clone(),
    });
    let mut lines = HashMap::new();
    loop {
        let read = spawn_blocking(move || rows.next(ROWS).map(|read| (rows, read))).await;
        let (rest, read) = read
            .map_err(|error| Problem::internal(&error))?
            .map_err(|error| Problem::internal(&error))?;
        rows = rest;
        if read.is_empty() {
            break;
        }
        report.rows += u64::try_from(read.len()).unwrap_or(u64::MAX);
        if report.rows > MOST {
            return Err(Problem::new(
                Code::TooLarge,
                format!("A file may have {MOST} rows. Send it in parts; nothing was written."),
            ));
        }
        let mut good = Vec::with_capacity(read.len());
        for row in read {
            match row {
                Ok(row) => good.push(row),
                Err(fault) => report.fail(vec![fault]),
            }
        }
        importer.look_up(&mut unit, &context, &good).await?;
        let context = context.clone();
        let decided = spawn_blocking(move || {
            let changes = decide(&mut importer, &context, &good, &mut lines, &mut report);
            (importer, report, lines, changes)
        });
        let changes;
        (importer, report, lines, changes) = decided.await.map_err(|error| Problem::internal(&error))?;
        importer.save(&mut unit, changes).await?;
    }
    importer.finish(&mut unit, &mut report).await?;
    report.sort();
    if order.dry_run {
        // The unit is dropped, and nothing is left of it.
        return Ok(Reply::ok(report));
    }
    unit.answer(Reply::ok(report)).await
}

/// A file that has been read once, and can be read.
struct Opened {
    rows: Rows,
    columns: Columns,
    survey: Survey,
}

/// Reads the header and, for what its columns show, the whole file.
fn open(file: File, target: Target, order: &Order) -> Result<Opened, Problem> {
    let internal = |error: std::io::Error| Problem::internal(&error);
    let again = file.try_clone().map_err(internal)?;
    let rows = |file| {
        let opened = Rows::open(file).map_err(internal)?;
        opened.map_err(|reason| Problem::new(Code::Malformed, reason))
    };
    let mut first = rows(file)?;
    let columns = recognise(target, &first.headers, &order.mapping).map_err(|faults| refused(&faults))?;
    let survey = Survey::of(&mut first, &columns, order.currency.as_deref()).map_err(internal)?;
    if let Some(line) = first.open_quote() {
        let detail =
            format!("Line {line}: a quote is opened here that is never closed. Close it, or double it (\"\").");
        return Err(Problem::fault("file", "unclosed_quote", detail));
    }
    if !columns.missing_required.is_empty() {
        let seen: String = first.headers.join(", ").chars().take(1000).collect();
        let missing = columns.missing_required.iter().map(|field| {
            let detail = format!("The file has no column for {field}. Its columns are: {seen}. Name one in `mapping`.");
            Fault::new("header", "required", detail)
        });
        return Err(Problem::invalid(missing.collect()));
    }
    Ok(Opened {
        rows: rows(again)?,
        columns,
        survey,
    })
}

/// Decides row by row. Several rows of one record make one change, the last one having the say, with a warning. `lines` has
/// where in the file each record stands.
fn decide<I: Importer>(
    importer: &mut I,
    context: &Context,
    rows: &[Row],
    lines: &mut HashMap<Uuid, u64>,
    report: &mut ImportReport,
) -> Vec<Change<I::Record>> {
    let mut changes: Vec<Change<I::Record>> = Vec::with_capacity(rows.len());
    let mut places: HashMap<Uuid, usize> = HashMap::new();
    for row in rows {
        let mut cells = Cells::new(context, row);
        let decided = importer.decide(&mut cells);
        let Some(change) = decided.filter(|_| cells.faults.is_empty()) else {
            report.fail(cells.faults);
            continue;
        };
        if let Some(earlier) = lines.insert(change.after.id(), row.line) {
            let reason = format!("line {earlier} has this record as well; this row, being later, has the say");
            cells.warn(&I::key(&cells), "repeated", reason);
        }
        report.warn(cells.warnings);
        match &change.before {
            None => report.created += 1,
            Some(before) if *before == change.after => {
                report.unchanged += 1;
                continue;
            }
            Some(_) => report.updated += 1,
        }
        let id = change.after.id();
        match places.get(&id).and_then(|at| changes.get_mut(*at)) {
            Some(earlier) => earlier.after = change.after,
            None => {
                places.insert(id, changes.len());
                changes.push(change);
            }
        }
    }
    changes
}

fn refused(faults: &[ColumnFault]) -> Problem {
    let faults = faults.iter().map(|fault| {
        let (pointer, code) = match fault {
            ColumnFault::DuplicateHeader { .. } => ("header", "duplicate_header"),
            ColumnFault::UnknownColumn { .. } => ("mapping", "unknown_column"),
            ColumnFault::UnknownField { .. } => ("mapping", "unknown_field"),
            ColumnFault::FieldMappedTwice { .. } => ("mapping", "field_mapped_twice"),
        };
        let detail: String = fault.to_string().chars().take(2000).collect();
        Fault::new(pointer, code, detail)
    });
    Problem::invalid(faults.collect())
}

/// Users by e-mail address, remembered from chunk to chunk.
#[derive(Default)]
pub struct People(HashMap<String, Option<UserId>>);

impl People {
    /// Looks up those that are not known yet.
    pub async fn look_up(&mut self, unit: &mut Unit, emails: Vec<String>) -> Result<(), Problem> {
        let scope = Scope::all(unit.organization());
        let unknown: Vec<String> = emails
            .into_iter()
            .map(|email| email.to_lowercase())
            .filter(|email| !self.0.contains_key(email))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let found = super::store::users_by_email(unit, &scope, unknown.iter().cloned()).await?;
        self.0.extend(unknown.into_iter().map(|email| (email, None)));
        self.0
            .extend(found.into_iter().map(|user| (user.fields.email, Some(user.id))));
        Ok(())
    }

    pub fn find(&self, email: &str) -> Option<UserId> {
        self.0.get(&email.trim().to_lowercase()).copied().flatten()
    }

    /// Sets a user by the e-mail address in a cell. Nobody of that address is a warning: the row is in without.
    pub fn set(&self, to: &mut Option<UserId>, cells: &mut Cells<'_>, field: &super::columns::Field) {
        if let Some(email) = cells.raw(field) {
            match self.find(email) {
                Some(user) => *to = Some(user),
                None => cells.warn(field, "unknown_user", "no user has this e-mail address"),
            }
        }
    }
}
