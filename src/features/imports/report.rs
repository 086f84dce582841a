//! What came of an import.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::columns::Columns;
use super::import::Faults;
use crate::text::fit;

/// So many faults are shown of an import in one go; all rows are counted.
const SHOWN: Faults = Faults {
    errors: 1000,
    warnings: 1000,
};
/// So much of a cell is shown.
const LONGEST: usize = 200;

crate::words! {
    /// Which program wrote a file, as far as its headers tell.
    pub enum ImportDialect {
        Hubspot = "hubspot",
        Salesforce = "salesforce",
        /// Anything else.
        Plain = "plain",
    }
}

/// A cell, or a row, that could not be taken as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowFault {
    /// The line of the file on which the row begins; the header is line 1.
    #[schema(minimum = 1)]
    pub line: u64,
    /// The header of the column.
    #[schema(max_length = 1000)]
    pub column: Option<String>,
    /// What stands there, cut to 200 characters.
    #[schema(max_length = 200)]
    pub value: Option<String>,
    /// A short, stable word: `required`, `invalid_date`, `not_found`.
    #[schema(max_length = 60, example = "invalid_date")]
    pub code: String,
    /// For a person: what is wrong.
    #[schema(max_length = 1000)]
    pub reason: String,
}

impl RowFault {
    pub fn new(line: u64, code: &str, reason: impl Into<String>) -> Self {
        Self {
            line,
            column: None,
            value: None,
            code: code.to_owned(),
            reason: fit(&reason.into()),
        }
    }

    /// Says which cell it is about.
    #[must_use]
    pub fn at(mut self, column: &str, value: &str) -> Self {
        let cut = |text: &str, most| fit(&text.chars().take(most).collect::<String>());
        self.column = Some(cut(column, 1000));
        self.value = (!value.is_empty()).then(|| cut(value, LONGEST));
        self
    }
}

/// A column that is imported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecognisedColumn {
    #[schema(max_length = 1000)]
    pub header: String,
    /// The fields that it fills.
    #[schema(value_type = Vec<crate::features::customers::shapes::Word>, max_items = 100)]
    pub fields: Vec<String>,
}

/// What the columns of the file were taken for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportColumns {
    #[schema(max_items = 10_000)]
    pub recognised: Vec<RecognisedColumn>,
    /// Headers of columns that were not imported; name their fields in `mapping`.
    #[schema(value_type = Vec<crate::features::customers::shapes::Word>, max_items = 10_000)]
    pub ignored: Vec<String>,
}

/// What came of an import.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportReport {
    pub dialect: ImportDialect,
    pub columns: ImportColumns,
    /// Rows of the file, without the header and blank ones.
    #[schema(minimum = 0)]
    pub rows: u64,
    #[schema(minimum = 0)]
    pub created: u64,
    #[schema(minimum = 0)]
    pub updated: u64,
    /// Rows that say what is known already.
    #[schema(minimum = 0)]
    pub unchanged: u64,
    /// Rows that were left out.
    #[schema(minimum = 0)]
    pub failed: u64,
    /// Why rows were left out: the first thousand faults.
    #[schema(max_items = 1000)]
    pub errors: Vec<RowFault>,
    /// What was left out of rows that are in: the first thousand.
    #[schema(max_items = 1000)]
    pub warnings: Vec<RowFault>,
    /// Nothing was written.
    pub dry_run: bool,
    /// All faults and all warnings, those that are not shown as well.
    #[serde(skip)]
    pub told: Faults,
    /// How many more faults are taken.
    #[serde(skip)]
    pub room: Faults,
}

impl ImportReport {
    pub fn new(columns: &Columns, headers: &[String], dry_run: bool) -> Self {
        let recognised = headers
            .iter()
            .zip(&columns.by_index)
            .filter(|(_, fields)| !fields.is_empty())
            .map(|(header, fields)| RecognisedColumn {
                header: header.clone(),
                fields: fields.iter().map(ToString::to_string).collect(),
            });
        Self {
            dialect: match columns.dialect {
                super::columns::Dialect::Hubspot => ImportDialect::Hubspot,
                super::columns::Dialect::Salesforce => ImportDialect::Salesforce,
                super::columns::Dialect::Plain => ImportDialect::Plain,
            },
            columns: ImportColumns {
                recognised: recognised.collect(),
                ignored: columns
                    .ignored
                    .iter()
                    .map(|header| header.chars().take(LONGEST).collect())
                    .collect(),
            },
            rows: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            failed: 0,
            errors: Vec::new(),
            warnings: Vec::new(),
            dry_run,
            told: Faults::default(),
            room: SHOWN,
        }
    }

    /// A row that is left out.
    pub fn fail(&mut self, faults: Vec<RowFault>) {
        self.failed += 1;
        self.told.errors += faults.len();
        add(&mut self.errors, faults, &mut self.room.errors);
    }

    /// In the order of the file.
    pub fn sort(&mut self) {
        self.errors.sort_by_key(|fault| fault.line);
        self.warnings.sort_by_key(|fault| fault.line);
    }

    /// What is left out of a row.
    pub fn warn(&mut self, warnings: Vec<RowFault>) {
        self.told.warnings += warnings.len();
        add(&mut self.warnings, warnings, &mut self.room.warnings);
    }
}

fn add(faults: &mut Vec<RowFault>, more: Vec<RowFault>, room: &mut usize) {
    let before = faults.len();
    faults.extend(more.into_iter().take(*room));
    *room -= faults.len() - before;
}
