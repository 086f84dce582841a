//! A filter that leaves few records finds them by an index.

use std::collections::BTreeSet;

use serde_json::Value;
use sqlx::{Connection, SqliteConnection};
use touchbase::db::Db;

use crate::source::none;

/// Filters that are no ids and leave few records all the same.
const SELECTIVE: [&str; 3] = ["external_id", "email", "service"];

/// What reports and reminders look for, beside the filters of lists: between two times.
const BETWEEN: [(&str, &str); 3] = [
    ("action_items", "closed_at"),
    ("action_items", "promise_key"),
    ("assignments", "closed_at"),
];

/// The latest of one customer: also beside an index in the order of time alone, which leads through everybody's.
const LATEST: [(&str, &str, &str); 8] = [
    ("customers", "referred_by_id", "created_at"),
    ("signals", "customer_id", "occurred_at"),
    ("attempts", "customer_id", "occurred_at"),
    ("notes", "customer_id", "occurred_at"),
    ("nps_responses", "customer_id", "responded_at"),
    ("account_manager_periods", "customer_id", "started_on"),
    ("rescue_cases", "customer_id", "created_at"),
    ("service_interests", "customer_id", "raised_at"),
];

/// Table and column of every filter that should be found by an index, as the document tells them.
fn filters() -> BTreeSet<(String, String)> {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(document).unwrap()).unwrap();
    let mut filters = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(collection) = path.strip_prefix("/v1/").filter(|rest| !rest.contains('/')) else {
            continue;
        };
        let table = match collection {
            "audit-log" => "journal".to_owned(),
            "themes" => "notes".to_owned(),
            other => other.replace('-', "_"),
        };
        let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            if parameter["schema"]["format"] == "uuid" || SELECTIVE.contains(&name) {
                filters.insert((table.clone(), name.to_owned()));
            }
        }
    }
    filters
}

#[actix_web::test]
async fn every_filter_by_an_id_finds_its_records_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("indexes.db").display());
    let db = Db::open(&url, 1).await.unwrap();
    db.migrate().await.unwrap();
    db.close().await;
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let equal = filters()
        .into_iter()
        .map(|(table, column)| (table, column, "=?", String::new()));
    let between = BETWEEN.map(|(table, column)| (table.to_owned(), column.to_owned(), ">?", String::new()));
    let latest = LATEST.map(|(table, column, at)| {
        let order = format!(" ORDER BY {at} DESC, id DESC LIMIT 10");
        (table.to_owned(), column.to_owned(), "=?", order)
    });
    let (mut faults, mut seen) = (Vec::new(), 0);
    for (table, column, than, order) in equal.chain(between).chain(latest) {
        let columns: Vec<(String,)> = sqlx::query_as("SELECT name FROM pragma_table_info(?1)")
            .bind(table.clone())
            .fetch_all(&mut connection)
            .await
            .unwrap();
        // What is no column is a label, with an index of its own.
        if !columns.iter().any(|(name,)| *name == column) {
            continue;
        }
        seen += 1;
        let question =
            format!("EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE organization_id = ?1 AND {column} {than}2{order}");
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(question))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        if !plan
            .iter()
            .any(|(_, _, _, step)| step.contains(&format!("{column}{than}")))
        {
            faults.push(format!("{table}.{column}: {plan:?}"));
        }
    }
    assert!(seen > 25, "{seen}");
    none("filters without an index", &faults);
}
