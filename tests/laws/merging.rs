//! Whatever hangs on a customer goes along when customers are merged: a table that speaks of one is known to merging.

use std::collections::BTreeSet;

use touchbase::features::merges::hanging::{OTHERWISE, RECORDS};

use crate::source::none;
use crate::tables::tables;

/// Columns whose value is a customer's id.
fn speaks_of_customers(table: &str, column: &str) -> bool {
    column.ends_with("customer_id")
        || matches!(column, "referred_by_id" | "former_id" | "into_id")
        || matches!((table, column), ("duplicates", "other_id") | ("call_lists", "entries"))
}

#[test]
fn every_table_that_speaks_of_customers_is_known_to_merging() {
    let speaking: BTreeSet<String> = tables()
        .into_iter()
        .filter(|(name, columns)| columns.iter().any(|column| speaks_of_customers(name, column)))
        .map(|(name, _)| name)
        .collect();
    let known: BTreeSet<&str> = RECORDS
        .iter()
        .copied()
        .chain(OTHERWISE.iter().map(|(table, _)| *table))
        .collect();
    let unknown: Vec<String> = speaking
        .iter()
        .filter(|table| !known.contains(table.as_str()))
        .cloned()
        .collect();
    none(
        "say in features/merges/hanging.rs what merging does with these",
        &unknown,
    );
    let gone: Vec<String> = known
        .iter()
        .filter(|table| !speaking.contains(**table))
        .map(|table| (*table).to_owned())
        .collect();
    none("tables that merging knows, and nobody else", &gone);
}

#[test]
fn what_is_moved_record_by_record_has_the_column_of_its_customer() {
    let tables = tables();
    let without: Vec<String> = RECORDS
        .iter()
        .filter(|table| {
            let columns = tables.get(**table);
            !columns.is_some_and(|columns| columns.iter().any(|column| column == "customer_id"))
        })
        .map(|table| (*table).to_owned())
        .collect();
    none("records without customer_id", &without);
}
