//! SQL stands in few places, and every word of it runs on both databases.

use crate::source::{Source, files, none, read, sources};

/// Where SQL may stand, beside the features' stores.
const PLACES: &[&str] = &[
    "src/journal/",
    "src/db/",
    "src/access/store.rs",
    "src/http/idempotency.rs",
    "src/jobs/store",
    "src/workers.rs",
];

/// Where the databases may differ.
const APART: &[&str] = &["src/db/", "migrations/sqlite/", "migrations/postgres/"];

/// What only one of the two understands, or both differently; and what does not scale.
const FOREIGN: &[(&str, &str)] = &[
    ("NOW()", "bind the clock's time"),
    ("CURRENT_TIMESTAMP", "bind the clock's time"),
    ("DATETIME(", "bind the time"),
    ("STRFTIME(", "compute it in Rust, or keep a column"),
    ("JULIANDAY(", "compute it in Rust, or keep a column"),
    ("DATE_TRUNC", "keep a column"),
    ("DATE_PART", "keep a column"),
    ("EXTRACT(", "keep a column"),
    ("TO_CHAR(", "write it in Rust"),
    ("INTERVAL '", "compute it in Rust"),
    ("ILIKE", "use db::search"),
    (" LIKE ", "use db::search"),
    (" GLOB ", "use db::search"),
    (" ~ ", "use db::search"),
    ("= ANY", "use Sql::list"),
    ("UNNEST(", "use Sql::list"),
    ("JSON_EACH(", "use Sql::list"),
    ("::", "CAST(… AS …)"),
    ("DISTINCT ON", "use a window function"),
    ("AUTOINCREMENT", "ids come from the clock"),
    ("SERIAL", "ids come from the clock"),
    ("GEN_RANDOM_UUID", "ids come from the clock"),
    ("RANDOM()", "chance comes from Rust"),
    ("JSON_EXTRACT", "keep a column"),
    ("->", "keep a column"),
    ("JSON_GROUP_ARRAY", "collect in Rust"),
    ("STRING_AGG", "collect in Rust"),
    ("GROUP_CONCAT", "collect in Rust"),
    ("ARRAY_AGG", "collect in Rust"),
    ("INSERT OR ", "ON CONFLICT"),
    ("REPLACE INTO", "ON CONFLICT"),
    ("FOR UPDATE", "the unit has locked the organization"),
    ("SKIP LOCKED", "lease by an UPDATE with a condition"),
    ("ROWID", "order by a key"),
    (" OFFSET ", "pages are by key"),
    ("IFNULL(", "COALESCE("),
    ("NVL(", "COALESCE("),
    ("IIF(", "CASE"),
    ("USING GIN", "a folder of its own"),
    (" INTEGER", "BIGINT"),
    (" VARCHAR", "TEXT"),
    (" JSON ", "JSONB"),
    (" TIMESTAMP ", "TIMESTAMPTZ"),
    (" BLOB", "BYTEA"),
    (" REAL", "DOUBLE PRECISION"),
];

fn speaks_sql(literal: &str) -> bool {
    let verb = [
        "SELECT ",
        "INSERT INTO ",
        "DELETE FROM ",
        "CREATE TABLE ",
        "CREATE INDEX ",
    ]
    .iter()
    .any(|verb| literal.contains(verb));
    let part = ["WHERE ", "ORDER BY ", "GROUP BY ", " JOIN ", "ON CONFLICT"]
        .iter()
        .any(|part| literal.contains(part));
    verb || part || (literal.contains("UPDATE ") && literal.contains(" SET "))
}

fn may_speak(source: &Source) -> bool {
    PLACES.iter().any(|place| source.path.starts_with(place))
        || (source.path.starts_with("src/features/") && source.is("store"))
}

fn foreign(text: &str) -> Vec<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
    FOREIGN
        .iter()
        .filter(|(word, _)| text.contains(word))
        .map(|(word, instead)| format!("{} ({instead})", word.trim()))
        .collect()
}

#[test]
fn sql_stands_only_where_it_may() {
    let mut faults = Vec::new();
    for source in sources("src").iter().filter(|source| !may_speak(source)) {
        for literal in source.literals().iter().filter(|literal| speaks_sql(literal)) {
            faults.push(format!("{}: {literal}", source.path));
        }
        if source.code.contains(".sql(") {
            faults.push(format!("{} runs a statement", source.path));
        }
    }
    none("SQL belongs into a store", &faults);
}

#[test]
fn every_statement_runs_on_both_databases() {
    let apart = |path: &str| APART.iter().any(|place| path.starts_with(place));
    let mut faults = Vec::new();
    for source in sources("src")
        .iter()
        .filter(|source| may_speak(source) && !apart(&source.path))
    {
        for literal in source.literals() {
            // A fragment like " AND x = " has no verb, so every literal that looks like SQL at all is read.
            let sql = speaks_sql(&literal) || literal.starts_with(" AND ") || literal.starts_with(" OR ");
            for word in sql.then(|| foreign(&literal)).into_iter().flatten() {
                faults.push(format!("{}: {word} in {literal}", source.path));
            }
        }
    }
    for path in files("migrations", "sql").iter().filter(|path| !apart(path)) {
        let text = read(path);
        let statements: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("--"))
            .collect();
        for word in foreign(&statements.join("\n")) {
            faults.push(format!("{path}: {word}"));
        }
    }
    none("SQL that only one database understands", &faults);
}

#[test]
fn only_the_ground_asks_which_database_it_is() {
    let asks = |source: &&Source| source.code.contains("Kind::Sqlite") || source.code.contains("Kind::Postgres");
    let faults: Vec<String> = sources("src")
        .iter()
        .filter(asks)
        .map(|source| source.path.clone())
        .filter(|path| !path.starts_with("src/db/") && path != "src/journal/unit.rs")
        .collect();
    none("a difference between the databases belongs into src/db", &faults);
}

#[test]
fn a_migration_says_why_it_exists() {
    let faults: Vec<String> = files("migrations", "sql")
        .into_iter()
        .filter(|path| !read(path).starts_with("-- "))
        .collect();
    none("the first line is a comment", &faults);
}
