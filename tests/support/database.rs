//! A database for one test: a SQLite file, or a PostgreSQL database made from a migrated template.

use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::{Connection, Executor, PgConnection};
use tokio::sync::OnceCell;
use touchbase::db::Db;

/// Gone when dropped (a PostgreSQL database goes with its private cluster).
pub struct Database {
    pub url: String,
    _folder: Option<tempfile::TempDir>,
}

static TEMPLATE: OnceCell<String> = OnceCell::const_new();

#[expect(
    clippy::disallowed_methods,
    reason = "names for databases need no clock of the product"
)]
fn unique() -> String {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    format!("t{}_{nanos}_{:x}", std::process::id(), rand::random::<u32>())
}

/// `sqlite` (the default) or `postgres`, as `./test` sets it.
pub fn on_postgres() -> bool {
    std::env::var("TOUCHBASE_TEST_DATABASE").is_ok_and(|kind| kind == "postgres")
}

impl Database {
    pub async fn new() -> Self {
        if on_postgres() {
            Self::postgres().await
        } else {
            Self::sqlite()
        }
    }

    /// One that nobody has migrated yet.
    pub async fn fresh() -> Self {
        if !on_postgres() {
            return Self::sqlite();
        }
        let server = std::env::var("TOUCHBASE_TEST_POSTGRES").expect("./test sets TOUCHBASE_TEST_POSTGRES");
        let name = unique();
        let mut connection = PgConnection::connect(&server).await.unwrap();
        connection
            .execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .await
            .unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        Self {
            url: format!("{base}/{name}"),
            _folder: None,
        }
    }

    fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            url: format!("sqlite://{}", folder.path().join("test.db").display()),
            _folder: Some(folder),
        }
    }

    async fn postgres() -> Self {
        let server = std::env::var("TOUCHBASE_TEST_POSTGRES").expect("./test sets TOUCHBASE_TEST_POSTGRES");
        let address = |name: &str| {
            let (base, _) = server.rsplit_once('/').unwrap();
            format!("{base}/{name}")
        };
        let template = TEMPLATE
            .get_or_init(|| async {
                let name = unique();
                let mut connection = PgConnection::connect(&server).await.unwrap();
                connection
                    .execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
                    .await
                    .unwrap();
                let db = Db::open(&address(&name), 1).await.unwrap();
                db.migrate().await.unwrap();
                db.close().await;
                name
            })
            .await;
        let name = unique();
        let mut connection = PgConnection::connect(&server).await.unwrap();
        connection
            .execute(sqlx::AssertSqlSafe(format!(
                "CREATE DATABASE {name} TEMPLATE {template}"
            )))
            .await
            .unwrap();
        Self {
            url: address(&name),
            _folder: None,
        }
    }
}
