//! What the machine can do without Touchbase: the same rows, written by sqlx alone into a SQLite file with the same settings.

use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Arguments as _, AssertSqlSafe, Row as _, TypeInfo as _, ValueRef as _};

use crate::Outcome;

/// Opens a file as the server does: one writer, WAL, every commit on the disk. Rows stand without their parents here.
pub async fn open(path: &Path) -> Outcome<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(false)
        .pragma("cache_size", "-16000");
    Ok(SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(60))
        .connect_with(options)
        .await?)
}

/// So many durable transactions, each of `rows` rows of 400 bytes, by `clients` at once: transactions per second.
pub async fn transactions(folder: &Path, clients: usize, count: usize, rows: usize) -> Outcome<f64> {
    let file = tempfile::Builder::new().suffix(".db").tempfile_in(folder)?;
    let pool = open(file.path()).await?;
    sqlx::query("CREATE TABLE bare (id BLOB PRIMARY KEY, made_at TEXT NOT NULL, text TEXT NOT NULL)")
        .execute(&pool)
        .await?;
    let (clock, text) = (touchbase::clock::Clock::default(), "x".repeat(360));
    let next = std::cell::Cell::new(0);
    let started = Instant::now();
    try_join_all((0..clients).map(|_| async {
        while next.get() < count {
            next.set(next.get() + 1);
            let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
            for _ in 0..rows {
                sqlx::query("INSERT INTO bare (id, made_at, text) VALUES ($1, $2, $3)")
                    .bind(clock.id())
                    .bind(clock.now())
                    .bind(&text)
                    .execute(&mut *tx)
                    .await?;
            }
            tx.commit().await?;
        }
        Outcome::Ok(())
    }))
    .await?;
    let seconds = started.elapsed().as_secs_f64();
    pool.close().await;
    Ok(count as f64 / seconds)
}

/// A value as SQLite keeps it.
enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

/// The rows of a table, to be written again elsewhere.
pub struct Rows {
    table: String,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Rows {
    pub fn len(&self) -> usize {
        self.rows.len()
    }
}

fn cell(row: &SqliteRow, at: usize) -> Outcome<Cell> {
    let value = row.try_get_raw(at)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let kind = value.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INTEGER" => Cell::Int(row.try_get_unchecked(at)?),
        "REAL" => Cell::Real(row.try_get_unchecked(at)?),
        "BLOB" => Cell::Blob(row.try_get_unchecked(at)?),
        _ => Cell::Text(row.try_get_unchecked(at)?),
    })
}

/// Reads what `FROM …` says out of a server's file.
pub async fn read(database: &Path, table: &str, condition: &str) -> Outcome<Rows> {
    use sqlx::Column as _;
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(database).read_only(true)).await?;
    let rows = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {table} WHERE {condition}")))
        .fetch_all(&pool)
        .await?;
    let columns: Vec<String> = rows
        .first()
        .map(|row| row.columns().iter().map(|column| column.name().to_owned()).collect())
        .unwrap_or_default();
    let rows = rows
        .iter()
        .map(|row| (0..columns.len()).map(|at| cell(row, at)).collect())
        .collect::<Outcome<Vec<Vec<Cell>>>>()?;
    pool.close().await;
    Ok(Rows {
        table: table.to_owned(),
        columns,
        rows,
    })
}

/// Writes the rows into a new file with the server's own schema, 500 a statement, in one transaction: how long it took.
pub async fn write(folder: &Path, tables: &[&Rows]) -> Outcome<Duration> {
    let folder = tempfile::tempdir_in(folder)?;
    let path = folder.path().join("bare.db");
    let db = touchbase::db::Db::open(&format!("sqlite://{}", path.display()), 1).await?;
    db.migrate().await?;
    db.close().await;
    let pool = open(&path).await?;
    let started = Instant::now();
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    for rows in tables {
        let width = rows.columns.len();
        for chunk in rows.rows.chunks(500) {
            let mut text = format!("INSERT INTO {} ({}) VALUES ", rows.table, rows.columns.join(", "));
            let mut arguments = SqliteArguments::default();
            // Plain placeholders: SQLite looks up numbered ones one by one.
            let placeholders = vec!["?"; width].join(", ");
            for (number, row) in chunk.iter().enumerate() {
                text.push_str(if number == 0 { "(" } else { "), (" });
                text.push_str(&placeholders);
                for cell in row {
                    let added = match cell {
                        Cell::Null => arguments.add(None::<i64>),
                        Cell::Int(value) => arguments.add(*value),
                        Cell::Real(value) => arguments.add(*value),
                        Cell::Text(value) => arguments.add(value.clone()),
                        Cell::Blob(value) => arguments.add(value.clone()),
                    };
                    added.map_err(|error| error.to_string())?;
                }
            }
            text.push(')');
            sqlx::query_with(AssertSqlSafe(text), arguments)
                .execute(&mut *tx)
                .await?;
        }
    }
    tx.commit().await?;
    let took = started.elapsed();
    pool.close().await;
    Ok(took)
}
