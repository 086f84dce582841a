//! The way of a file: rows are read, looked up and decided 500 at a time, all in one unit.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek as _};
use std::sync::Arc;

use serde_json::Value;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::cells::DateOrder;
use super::columns::{ColumnFault, Columns, Field, Mapping, Target, recognise};
use super::file::{ImportFormat, Row, Rows, Source, TooLong, never_closed};
use super::report::{ImportReport, RowFault};
use super::row::{Cells, Context};
use super::survey::Survey;
use crate::access::Caller;
use crate::clock::Timestamp;
use crate::db::Sqls;
use crate::features::customers;
use crate::http::{Answer, App, Fault, Problem, Reply};
use crate::id::OrganizationId;
use crate::journal::{Change, Record, Stamped as _, Unit};
use crate::local_time;
use crate::refusal::Code;

/// Rows that are looked up and decided together.
pub const ROWS: usize = 500;
/// Bytes of the file that are: rows may be long.
pub const BYTES: u64 = 2 << 20;
/// Rows of one file that is imported in one go; and of which it is remembered on which line a record stands.
pub const MOST: u64 = 50_000;

/// How the request asks for it.
pub struct Order {
    pub target: Target,
    pub format: ImportFormat,
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

    /// What must hold of what a unit has saved, before it is durable.
    async fn check(&mut self, _unit: &mut Unit) -> Result<(), Problem> {
        Ok(())
    }

    /// What can be done only when all rows are in.
    async fn finish(&mut self, _unit: &mut Unit, _report: &mut ImportReport) -> Result<(), Problem> {
        Ok(())
    }

    /// What must be remembered from one portion to the next, for what is done at the end.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    fn remember(&self) -> serde_json::Result<Value> {
        Ok(Value::Null)
    }

    /// Takes up what was remembered.
    ///
    /// # Errors
    /// When it cannot be read.
    fn recall(&mut self, _remembered: Value) -> serde_json::Result<()> {
        Ok(())
    }
}

/// An import under way.
pub struct Work<I> {
    pub importer: I,
    pub report: ImportReport,
    /// Where in the file each record stands.
    lines: HashMap<Uuid, u64>,
    /// Whether records are written, be it to be rolled back.
    keep: bool,
}

impl<I: Importer> Work<I> {
    pub fn new(importer: I, report: ImportReport, keep: bool) -> Self {
        Self {
            importer,
            report,
            keep,
            lines: HashMap::new(),
        }
    }

    /// Looks up, decides and keeps some rows of the file.
    ///
    /// # Errors
    /// What the database said.
    pub async fn take_in(
        mut self,
        unit: &mut Unit,
        context: &Arc<Context>,
        read: Vec<Result<Row, RowFault>>,
    ) -> Result<Self, Problem> {
        self.report.rows += u64::try_from(read.len()).unwrap_or(u64::MAX);
        let mut good = Vec::with_capacity(read.len());
        for row in read {
            match row {
                Ok(row) => good.push(row),
                Err(fault) => self.report.fail(vec![fault]),
            }
        }
        self.importer.look_up(unit, context, &good).await?;
        let context = context.clone();
        let decided = spawn_blocking(move || {
            let changes = decide(&mut self.importer, &context, &good, &mut self.lines, &mut self.report);
            if u64::try_from(self.lines.len()).unwrap_or(u64::MAX) > MOST {
                self.lines.clear();
            }
            (self, changes)
        });
        let (mut work, changes) = decided.await.map_err(|error| Problem::internal(&error))?;
        if work.keep {
            work.importer.save(unit, changes).await?;
        }
        Ok(work)
    }
}

/// Imports a file in one go.
pub async fn run<I: Importer>(
    app: &App,
    caller: &Caller,
    importer: I,
    order: Order,
    file: File,
) -> Answer<ImportReport> {
    let order = Arc::new(order);
    let opened = spawn_blocking({
        let order = order.clone();
        // One file with one place in it: whoever opens it anew begins at its beginning.
        let anew = move || {
            let mut again = file.try_clone()?;
            again.rewind()?;
            Ok(Box::new(again) as Source)
        };
        move || {
            let opened = open(&anew, &order)?;
            let place = opened.rows.place();
            let mut file = anew().map_err(unreadable)?;
            io::copy(&mut io::Read::take(&mut file, place.byte), &mut io::sink()).map_err(unreadable)?;
            Ok::<_, Problem>(Opened {
                rows: Rows::resume(file, opened.rows.layout, place),
                ..opened
            })
        }
    });
    let Opened {
        mut rows,
        columns,
        survey,
    } = opened.await.map_err(|error| Problem::internal(&error))??;
    if survey.rows > MOST {
        return Err(Problem::new(
            Code::TooLarge,
            format!(
                "A file may have {MOST} rows here. Send it to `POST /v1/imports`, which takes millions; nothing was written."
            ),
        ));
    }
    let report = ImportReport::new(&columns, &rows.layout.headers, order.dry_run);
    let mut unit = app.write_long(caller).await?;
    let ground = (&**app.get_ref(), unit.organization(), unit.now());
    let headers = &rows.layout.headers;
    let (context, warnings) = context(&mut unit, ground, caller, headers, (columns, survey), &order).await?;
    let context = Arc::new(context);
    // A dry run writes as well, so that later rows see what earlier ones make; it is rolled back.
    let mut work = Work::new(importer, report, true);
    work.report.warn(warnings);
    loop {
        let read = spawn_blocking(move || rows.next_within(ROWS, BYTES).map(|read| (rows, read))).await;
        let (rest, read) = read.map_err(|error| Problem::internal(&error))?.map_err(unreadable)?;
        rows = rest;
        if read.is_empty() {
            break;
        }
        work = work.take_in(&mut unit, &context, read).await?;
    }
    work.importer.check(&mut unit).await?;
    work.importer.finish(&mut unit, &mut work.report).await?;
    work.report.sort();
    if order.dry_run {
        // The unit is dropped, and nothing is left of it.
        return Ok(Reply::ok(work.report));
    }
    unit.answer(Reply::ok(work.report)).await
}

/// What all rows of a file have in common, and warnings of columns that leave open how they are read.
///
/// # Errors
/// What the database said.
pub async fn context(
    db: &mut impl Sqls,
    (app, organization, now): (&crate::app::App, OrganizationId, Timestamp),
    caller: &Caller,
    headers: &[String],
    (columns, survey): (Columns, Survey),
    order: &Order,
) -> Result<(Context, Vec<RowFault>), Problem> {
    let zone = customers::store::zone(db, organization).await?;
    let (readings, warnings) = survey.readings(&columns, headers, order.date_order, zone);
    let context = Context {
        columns,
        headers: headers.to_vec(),
        readings,
        currency: order.currency.clone(),
        zone,
        today: local_time::wall_clock(now.utc(), zone).date(),
        now,
        clock: app.clock.clone(),
        caller: caller.clone(),
    };
    Ok((context, warnings))
}

/// A file that has been read once, and can be read.
pub struct Opened {
    /// Where its rows begin.
    pub rows: Rows,
    pub columns: Columns,
    pub survey: Survey,
}

/// Reads the header and, for what its columns show, the whole file.
///
/// # Errors
/// When it is no file of this format, or lacks what the target needs.
pub fn open(anew: &dyn Fn() -> io::Result<Source>, order: &Order) -> Result<Opened, Problem> {
    let rows = head(anew().map_err(unreadable)?, order.format)?;
    let (layout, place) = (rows.layout.clone(), rows.place());
    let mut first = match order.format {
        ImportFormat::Csv => rows,
        // It was read to its end for the names of its columns.
        ImportFormat::Ndjson => Rows::resume(anew().map_err(unreadable)?, layout.clone(), place),
    };
    let columns = recognised(order, &layout.headers)?;
    let survey = Survey::of(&mut first, &columns, order.currency.as_deref()).map_err(unreadable)?;
    if let Some(line) = first.open_quote() {
        return Err(Problem::fault("file", "unclosed_quote", never_closed(line)));
    }
    required(&columns, &layout.headers)?;
    Ok(Opened {
        rows: Rows::resume(Box::new(io::empty()), layout, place),
        columns,
        survey,
    })
}

/// Opens a file at its beginning.
///
/// # Errors
/// When it is no file of this format.
pub fn head(source: Source, format: ImportFormat) -> Result<Rows, Problem> {
    let opened = Rows::open(source, format).map_err(unreadable)?;
    opened.map_err(|reason| Problem::new(Code::Malformed, reason))
}

/// What the columns of a file mean.
///
/// # Errors
/// When headers or mapping leave it open.
pub fn recognised(order: &Order, headers: &[String]) -> Result<Columns, Problem> {
    recognise(order.target, headers, &order.mapping).map_err(|faults| refused(&faults))
}

/// Whether the columns are there without which no row can be understood.
///
/// # Errors
/// Naming those that are missing.
pub fn required(columns: &Columns, headers: &[String]) -> Result<(), Problem> {
    if columns.missing_required.is_empty() {
        return Ok(());
    }
    let seen: String = headers.join(", ").chars().take(1000).collect();
    let missing = columns.missing_required.iter().map(|field| {
        let detail = format!("The file has no column for {field}. Its columns are: {seen}. Name one in `mapping`.");
        Fault::new("header", "required", detail)
    });
    Err(Problem::invalid(missing.collect()))
}

/// Why a file could not be read: its own fault, or ours.
pub fn unreadable(error: io::Error) -> Problem {
    let endless = error.get_ref().and_then(|inner| inner.downcast_ref::<TooLong>());
    match endless {
        Some(row) => {
            let code = row.quote.map_or("too_long", |_| "unclosed_quote");
            Problem::fault("file", code, row.to_string())
        }
        None if error.kind() == io::ErrorKind::UnexpectedEof => Problem::fault("file", "incomplete", error.to_string()),
        None => Problem::internal(&error),
    }
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
