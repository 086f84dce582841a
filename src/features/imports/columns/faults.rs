//! What can be wrong with the columns of a file.

use serde::Serialize;

/// What is wrong with a file's headers or a mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum ColumnFault {
    /// Two columns that would be imported have the same header.
    DuplicateHeader {
        /// The header as first written.
        header: String,
    },
    /// A mapping names a column that the file does not have.
    UnknownColumn {
        /// The header in the mapping.
        column: String,
        /// The headers that the file has.
        known: Vec<String>,
    },
    /// A mapping names a field that this kind of file does not have.
    UnknownField {
        /// The header in the mapping.
        column: String,
        /// The field it was mapped to.
        field: String,
        /// The fields there are.
        known: Vec<String>,
    },
    /// A mapping gives one field to several columns.
    FieldMappedTwice {
        /// The field.
        field: String,
        /// The headers in the mapping.
        columns: Vec<String>,
    },
}

impl std::fmt::Display for ColumnFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DuplicateHeader { header } => {
                write!(f, "two columns have the header \"{header}\": rename or remove one")
            }
            Self::UnknownColumn { column, known } => {
                write!(
                    f,
                    "the mapping names a column \"{column}\"; the file has: {}",
                    known.join(", ")
                )
            }
            Self::UnknownField { column, field, known } => {
                write!(
                    f,
                    "the mapping of \"{column}\" names a field \"{field}\"; there are: {}",
                    known.join(", ")
                )
            }
            Self::FieldMappedTwice { field, columns } => {
                write!(
                    f,
                    "the mapping gives the field \"{field}\" to several columns: {}",
                    columns.join(", ")
                )
            }
        }
    }
}

impl std::error::Error for ColumnFault {}
