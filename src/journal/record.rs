//! How a record is kept. A feature declares its columns once; only [`super::Unit`] writes them.

use serde::Serialize;
use uuid::Uuid;

use super::working_set::Holding;
use crate::clock::Timestamp;
use crate::db::{Row, Sql, search::Document};

/// A record of an organization: its table, its columns, how they are bound.
///
/// Declared with [`crate::record!`] in a feature's `store.rs`. Statements are made from it by the unit alone,
/// so there is no second way to write a table.
pub trait Record: Clone + Serialize + Row + Sync + Stamped + 'static {
    /// The record's word in the journal, in events and in sync: `customer`.
    const KIND: &'static str;
    const TABLE: &'static str;
    /// The columns in the order in which [`Record::bind`] gives their values, without `organization_id`.
    const COLUMNS: &'static [&'static str];
    /// What a `SELECT` lists to read the record back.
    const SELECT: &'static str;

    /// Appends each column's value as a placeholder, separated by commas.
    fn bind(&self, sql: &mut Sql<'_>);

    /// The customer that the record is about, for timelines and working sets.
    fn customer(&self) -> Option<Uuid> {
        None
    }

    /// Whose device this record puts a customer on.
    fn holding(&self) -> Option<Holding> {
        None
    }

    /// Whose own it is, whatever customer it is about: it is on their device.
    fn owner(&self) -> Option<Uuid> {
        None
    }

    /// What full-text search should find of it.
    fn document(&self) -> Option<Document> {
        None
    }

    /// Words that lists are narrowed by, of which a record has any number: tags, services.
    fn labels(&self) -> Vec<Label> {
        Vec::new()
    }
}

/// A word of a record, found again by an index (`record_labels`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Which sort of word: `customer_tag`.
    pub kind: &'static str,
    /// Folded, so that case and accents do not matter.
    pub text: String,
}

/// What every record carries.
pub trait Stamped {
    fn id(&self) -> Uuid;
    fn revision(&self) -> i64;
    /// Sets the revision and the time of the write.
    fn stamp(&mut self, revision: i64, now: Timestamp, new: bool);
}

/// Declares how a record is kept:
/// `record!(Contact, "contact", "contacts", [id, customer_id, …], fields [name, …], derived { name_key: |c| … }, customer: |c| …, document: |c| …);`
///
/// - the first list names the struct's own fields, `fields […]` those of its flattened `fields` struct;
/// - `derived` columns are written for sorting and searching and never read back;
/// - `id`, `revision`, `created_at` and `updated_at` are always there.
#[macro_export]
macro_rules! record {
    (
        $record:ident, $kind:literal, $table:literal,
        [$($own:ident),* $(,)?]
        $(, fields $inner:ident [$($field:ident),* $(,)?])?
        $(, derived { $($derived:ident: |$d:ident| $value:expr),* $(,)? })?
        $(, customer: |$c:ident| $customer:expr)?
        $(, holding: |$h:ident| $holding:expr)?
        $(, owner: |$o:ident| $owner:expr)?
        $(, document: |$t:ident| $document:expr)?
        $(, labels: |$l:ident| $labels:expr)?
        $(,)?
    ) => {
        impl $crate::journal::Stamped for $record {
            fn id(&self) -> uuid::Uuid {
                self.id.into()
            }
            fn revision(&self) -> i64 {
                self.revision
            }
            fn stamp(&mut self, revision: i64, now: $crate::clock::Timestamp, new: bool) {
                self.revision = revision;
                self.updated_at = now;
                if new {
                    self.created_at = now;
                }
            }
        }

        impl $crate::journal::Record for $record {
            const KIND: &'static str = $kind;
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[
                "id", "revision", "created_at", "updated_at",
                $(stringify!($own),)*
                $($(stringify!($field),)*)?
                $($(stringify!($derived),)*)?
            ];
            const SELECT: &'static str = concat!(
                $table, ".id, ", $table, ".revision, ", $table, ".created_at, ", $table, ".updated_at"
                $(, ", ", $table, ".", stringify!($own))*
                $($(, ", ", $table, ".", stringify!($field))*)?
            );

            fn bind(&self, sql: &mut $crate::db::Sql<'_>) {
                sql.value(uuid::Uuid::from(self.id));
                sql.push(", ").value(self.revision);
                sql.push(", ").value(self.created_at);
                sql.push(", ").value(self.updated_at);
                $(sql.push(", ").value(self.$own.clone());)*
                $($(sql.push(", ").value(self.fields.$field.clone());)*)?
                $($({ let $d = self; sql.push(", ").value($value); })*)?
            }

            $(fn customer(&self) -> Option<uuid::Uuid> {
                let $c = self;
                $customer
            })?

            $(fn holding(&self) -> Option<$crate::journal::Holding> {
                let $h = self;
                $holding
            })?

            $(fn owner(&self) -> Option<uuid::Uuid> {
                let $o = self;
                $owner
            })?

            $(fn document(&self) -> Option<$crate::db::search::Document> {
                let $t = self;
                $document
            })?

            $(fn labels(&self) -> Vec<$crate::journal::Label> {
                let $l = self;
                $labels
            })?
        }

        $crate::record!(@read sqlx::sqlite::SqliteRow, $record, [$($own),*], [$($inner { $($field),* })?]);
        $crate::record!(@read sqlx::postgres::PgRow, $record, [$($own),*], [$($inner { $($field),* })?]);
    };
    (@read $row:ty, $record:ident, [$($own:ident),*], []) => {
        impl<'r> sqlx::FromRow<'r, $row> for $record {
            fn from_row(row: &'r $row) -> Result<Self, sqlx::Error> {
                use sqlx::Row as _;
                // By position: columns stand as `SELECT` lists them, and names need not be looked up.
                let mut at = 0..;
                let mut next = || at.next().unwrap_or_default();
                Ok(Self {
                    id: row.try_get(next())?,
                    revision: row.try_get(next())?,
                    created_at: row.try_get(next())?,
                    updated_at: row.try_get(next())?,
                    $($own: row.try_get(next())?,)*
                })
            }
        }
    };
    (@read $row:ty, $record:ident, [$($own:ident),*], [$inner:ident { $($field:ident),* }]) => {
        impl<'r> sqlx::FromRow<'r, $row> for $record {
            fn from_row(row: &'r $row) -> Result<Self, sqlx::Error> {
                use sqlx::Row as _;
                // By position: columns stand as `SELECT` lists them, and names need not be looked up.
                let mut at = 0..;
                let mut next = || at.next().unwrap_or_default();
                Ok(Self {
                    id: row.try_get(next())?,
                    revision: row.try_get(next())?,
                    created_at: row.try_get(next())?,
                    updated_at: row.try_get(next())?,
                    $($own: row.try_get(next())?,)*
                    fields: $inner { $($field: row.try_get(next())?,)* },
                })
            }
        }
    };
}
