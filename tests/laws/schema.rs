//! Both databases have the same tables with the same columns.

use std::collections::BTreeMap;

use sqlx::{Connection, PgConnection, SqliteConnection};
use touchbase::db::Db;

use crate::source::none;

/// Table → column → whether it may be null.
type Schema = BTreeMap<String, BTreeMap<String, bool>>;

/// What the databases keep of their own: the shape of full-text search differs, and is behind `db::search`.
fn own(table: &str) -> bool {
    table.starts_with("search_") || table.starts_with("sqlite_") || table.starts_with("_sqlx")
}

async fn of_sqlite() -> Schema {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("schema.db").display());
    let db = Db::open(&url, 1).await.unwrap();
    db.migrate().await.unwrap();
    db.close().await;
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let rows: Vec<(String, String, bool)> = sqlx::query_as(
        "SELECT m.name, c.name, c.\"notnull\" = 0 FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    collected(rows)
}

async fn of_postgres(server: &str) -> Schema {
    let name = format!("schema_{:x}", rand::random::<u64>());
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    let url = format!("{base}/{name}");
    let db = Db::open(&url, 2).await.unwrap();
    db.migrate().await.unwrap();
    db.close().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let rows: Vec<(String, String, bool)> = sqlx::query_as(
        "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), is_nullable = 'YES' FROM information_schema.columns WHERE table_schema = 'public'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    collected(rows)
}

fn collected(rows: Vec<(String, String, bool)>) -> Schema {
    let mut schema = Schema::new();
    for (table, column, null) in rows.into_iter().filter(|(table, _, _)| !own(table)) {
        schema.entry(table).or_default().insert(column, null);
    }
    schema
}

#[actix_web::test]
async fn both_databases_have_the_same_tables() {
    let Ok(server) = std::env::var("TOUCHBASE_TEST_POSTGRES") else {
        return;
    };
    let (sqlite, postgres) = (of_sqlite().await, of_postgres(&server).await);
    assert!(sqlite.len() > 8, "{sqlite:?}");
    let mut faults = Vec::new();
    for table in sqlite.keys().chain(postgres.keys()) {
        if sqlite.get(table) != postgres.get(table) {
            faults.push(format!(
                "{table}: {:?} and {:?}",
                sqlite.get(table),
                postgres.get(table)
            ));
        }
    }
    none("tables that differ", &faults);
}
