//! A statement on its way to either database.

use std::borrow::Cow;

use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, PgConnection, PgPool, SqliteConnection};

use super::{Bind, Error, Kind, Row, Sqlite};

/// What can run statements: a [`super::Reader`], a [`super::Tx`], a unit of work.
pub trait Sqls: Send {
    fn kind(&self) -> Kind;

    #[doc(hidden)]
    fn on(&mut self) -> On<'_>;

    /// Starts a statement. Parameters are `$1`, `$2` …, in the order in which they are bound.
    fn sql(&mut self, text: impl Into<Cow<'static, str>>) -> Sql<'_>
    where
        Self: Sized,
    {
        let arguments = match self.kind() {
            Kind::Sqlite => Args::Sqlite(SqliteArguments::default()),
            Kind::Postgres => Args::Postgres(PgArguments::default()),
        };
        let text = text.into();
        Sql {
            on: self.on(),
            unnamed: matches!(arguments, Args::Sqlite(_)) && !text.contains('$'),
            text,
            arguments,
            refused: None,
        }
    }
}

#[doc(hidden)]
pub enum On<'t> {
    Sqlite(&'t Sqlite),
    PostgresPool(&'t PgPool),
    /// `None` when its connection was lost.
    SqliteTx(Option<&'t mut SqliteConnection>),
    Postgres(&'t mut PgConnection),
}

enum Args {
    Sqlite(SqliteArguments),
    Postgres(PgArguments),
}

/// A statement with its parameters.
#[must_use = "a statement does nothing until it is run"]
pub struct Sql<'t> {
    on: On<'t>,
    text: Cow<'static, str>,
    arguments: Args,
    /// SQLite looks a named parameter up among all others, so thousands of them take a time that grows with their square.
    /// A statement that begins without any gets plain `?`.
    unnamed: bool,
    refused: Option<sqlx::error::BoxDynError>,
}

/// Runs `$query` (`query_with` or `query_as_with`) on whichever database is behind the statement.
macro_rules! run {
    ($self:ident, $make:ident, $method:ident, |$got:ident| $value:expr) => {{
        if let Some(refused) = $self.refused {
            return Err(Error::Encode(refused));
        }
        let text = AssertSqlSafe($self.text);
        match ($self.on, $self.arguments) {
            (On::Sqlite(on), Args::Sqlite(with)) => {
                let mut reading = on.reader().await?;
                let outcome = sqlx::$make(text, with).$method(reading.statement()?).await;
                reading.settle(outcome).map(|$got| $value)
            }
            (On::SqliteTx(Some(on)), Args::Sqlite(with)) => {
                sqlx::$make(text, with).$method(on).await.map(|$got| $value)
            }
            (On::PostgresPool(on), Args::Postgres(with)) => {
                sqlx::$make(text, with).$method(on).await.map(|$got| $value)
            }
            (On::Postgres(on), Args::Postgres(with)) => sqlx::$make(text, with).$method(on).await.map(|$got| $value),
            (On::SqliteTx(None), Args::Sqlite(_)) => Err(Error::WorkerCrashed),
            (On::Sqlite(_) | On::SqliteTx(_), Args::Postgres(_))
            | (On::PostgresPool(_) | On::Postgres(_), Args::Sqlite(_)) => Err(Error::Configuration(
                "parameters of one database, connection of the other".into(),
            )),
        }
    }};
}

impl Sql<'_> {
    fn add(&mut self, value: impl Bind) {
        let added = match &mut self.arguments {
            Args::Sqlite(arguments) => Arguments::add(arguments, value),
            Args::Postgres(arguments) => Arguments::add(arguments, value),
        };
        if let Err(error) = added {
            self.refused.get_or_insert(error);
        }
    }

    fn count(&self) -> usize {
        match &self.arguments {
            Args::Sqlite(arguments) => arguments.len(),
            Args::Postgres(arguments) => arguments.len(),
        }
    }

    /// Binds the next parameter.
    pub fn bind(mut self, value: impl Bind) -> Self {
        self.add(value);
        self
    }

    /// Appends text that the program wrote itself; values go through [`Sql::value`].
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Appends a placeholder and binds `value` to it.
    pub fn value(&mut self, value: impl Bind) -> &mut Self {
        self.add(value);
        if self.unnamed {
            return self.push("?");
        }
        let placeholder = format!("${}", self.count());
        self.push(&placeholder)
    }

    /// Appends ` AND <column and sign> value`, when there is a value.
    pub fn compare(&mut self, than: &str, value: Option<impl Bind>) -> &mut Self {
        match value {
            Some(value) => self.push(" AND ").push(than).push(" ").value(value),
            None => self,
        }
    }

    /// Appends ` AND <column> IN (…)`, when there is a list.
    pub fn within<T: Bind + Copy>(&mut self, column: &str, among: Option<&[T]>) -> &mut Self {
        match among {
            Some(among) => self.push(" AND ").push(column).push(" IN ").list(among.iter().copied()),
            None => self,
        }
    }

    /// Appends `($n, $n+1, …)`; an empty list matches nothing.
    pub fn list<T: Bind>(&mut self, values: impl IntoIterator<Item = T>) -> &mut Self {
        self.push("(");
        let mut first = true;
        for value in values {
            if !first {
                self.push(", ");
            }
            first = false;
            self.value(value);
        }
        self.push(if first { "NULL)" } else { ")" })
    }

    /// Runs it; how many rows it touched.
    ///
    /// # Errors
    /// What the database said.
    pub async fn run(self) -> Result<u64, Error> {
        run!(self, query_with, execute, |done| done.rows_affected())
    }

    /// The one row that there may be.
    ///
    /// # Errors
    /// What the database said.
    pub async fn optional<T: Row>(self) -> Result<Option<T>, Error> {
        run!(self, query_as_with, fetch_optional, |got| got)
    }

    /// The one row that there is.
    ///
    /// # Errors
    /// What the database said; `RowNotFound` when there is none.
    pub async fn one<T: Row>(self) -> Result<T, Error> {
        run!(self, query_as_with, fetch_one, |got| got)
    }

    /// Every row.
    ///
    /// # Errors
    /// What the database said.
    pub async fn all<T: Row>(self) -> Result<Vec<T>, Error> {
        run!(self, query_as_with, fetch_all, |got| got)
    }
}
