//! The journal's one door: what has a revision is written by the unit alone.

use std::collections::BTreeMap;

use touchbase::features::events::event::Subject;

use crate::source::{files, none, none_but, read, sources};

/// Statements that move no revision on purpose. This list may only shrink.
const BESIDE_THE_DOOR: &[&str] = &[
    // When a key was last used is noted about once a minute; it is no change of the key.
    "src/access/store.rs: UPDATE api_keys SET last_used_at",
];

/// Table → its columns, from the migrations.
pub fn tables() -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::new();
    for path in files("migrations", "sql") {
        let text = read(&path);
        for part in text.split("CREATE TABLE ").skip(1) {
            let (name, rest) = part.split_once('(').unwrap_or_default();
            let body = rest.split("\n);").next().unwrap_or_default();
            let columns = body
                .lines()
                .filter_map(|line| line.split_whitespace().next())
                .map(str::to_owned)
                .collect();
            tables.insert(name.trim().to_owned(), columns);
        }
    }
    tables
}

/// Kind and table of every `record!`.
fn records() -> Vec<(String, String, String)> {
    let mut records = Vec::new();
    for source in sources("src/features") {
        for part in source.code.split("record!(").skip(1) {
            let mut words = part.split(',').map(|word| word.trim().trim_matches('"').to_owned());
            if let (Some(_), Some(kind), Some(table)) = (words.next(), words.next(), words.next()) {
                records.push((source.path.clone(), kind, table));
            }
        }
    }
    records
}

fn numbered() -> Vec<String> {
    tables()
        .into_iter()
        .filter(|(name, columns)| {
            name != "journal"
                && columns.iter().any(|c| c == "organization_id")
                && columns.iter().any(|c| c == "revision")
        })
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn what_has_a_revision_is_written_by_the_unit_alone() {
    let mut wrong = Vec::new();
    for source in sources("src")
        .iter()
        .filter(|source| !source.path.starts_with("src/journal/"))
    {
        for literal in source.literals() {
            for table in numbered() {
                for verb in ["INSERT INTO", "DELETE FROM", "UPDATE"] {
                    let at = literal.find(&format!("{verb} {table} "));
                    if let Some(at) = at {
                        let words: Vec<&str> = literal[at..].split_whitespace().take(4).collect();
                        wrong.push(format!("{}: {}", source.path, words.join(" ")));
                    }
                }
            }
        }
    }
    none_but("write these through Unit::save", BESIDE_THE_DOOR, &wrong);
}

#[test]
fn every_record_has_a_table_of_the_common_form() {
    let (tables, mut faults) = (tables(), Vec::new());
    for (path, _, table) in records() {
        let Some(columns) = tables.get(&table) else {
            faults.push(format!("{path}: no migration makes {table}"));
            continue;
        };
        for column in ["organization_id", "id", "revision", "created_at", "updated_at"] {
            if !columns.iter().any(|known| known == column) {
                faults.push(format!("{table} has no {column}"));
            }
        }
        if columns.first().is_none_or(|first| first != "organization_id") {
            faults.push(format!("{table} does not begin with organization_id"));
        }
    }
    none("tables", &faults);
}

#[test]
fn what_has_a_revision_is_a_record_of_one_kind() {
    let records = records();
    let mut faults: Vec<String> = numbered()
        .into_iter()
        .filter(|table| records.iter().filter(|(_, _, known)| known == table).count() != 1)
        .map(|table| format!("{table} is not declared by exactly one record!"))
        .collect();
    let mut kinds: Vec<&String> = records.iter().map(|(_, kind, _)| kind).collect();
    kinds.sort();
    let count = kinds.len();
    kinds.dedup();
    if kinds.len() != count {
        faults.push("two records have the same kind".into());
    }
    none("records", &faults);
}

#[test]
fn every_table_begins_with_its_organization() {
    let shared = [
        "organizations",
        "installation_secrets",
        "signing_keys",
        "login_failures",
    ];
    let faults: Vec<String> = tables()
        .into_iter()
        .filter(|(name, columns)| {
            let first = columns.iter().find(|column| *column != "document_id");
            !shared.contains(&name.as_str()) && first.is_none_or(|first| first != "organization_id")
        })
        .map(|(name, _)| name)
        .collect();
    none("tables that do not distribute by organization", &faults);
}

#[test]
fn every_record_has_its_events_and_says_who_hears_of_them() {
    let silent: Vec<String> = records()
        .into_iter()
        .map(|(_, kind, _)| kind)
        .filter(|kind| kind.parse::<Subject>().is_err())
        .collect();
    none(
        "kinds that `Subject` in features/events/event.rs does not know",
        &silent,
    );
}
