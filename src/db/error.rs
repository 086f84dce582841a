//! What a database error means to a caller.

use std::sync::Arc;

pub use sqlx::Error;

/// One failure of several units: they shared the transaction that failed.
#[derive(Debug)]
struct Shared(Arc<Error>);

impl std::fmt::Display for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Shared {}

/// The failure, as one of the units is told of it.
pub fn shared(error: Arc<Error>) -> Error {
    Error::AnyDriverError(Box::new(Shared(error)))
}

/// The few kinds of fault that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No connection in time, or the database is away for a moment.
    Busy,
    /// Two writers met; the whole unit may be tried again.
    Retry,
    /// The statement ran too long.
    Deadline,
    /// A unique or foreign key said no.
    Conflict,
    /// The disk is full.
    Full,
    /// Anything else is our own mistake.
    Internal,
}

/// Sorts an error into its kind.
pub fn fault(error: &Error) -> Fault {
    let code = match error {
        Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed | Error::Io(_) => return Fault::Busy,
        Error::Database(database) => {
            if database.is_unique_violation() || database.is_foreign_key_violation() {
                return Fault::Conflict;
            }
            database.code().map(|code| code.into_owned()).unwrap_or_default()
        }
        Error::AnyDriverError(other) => match other.downcast_ref::<Shared>() {
            Some(Shared(error)) => return fault(error),
            None => return Fault::Internal,
        },
        _ => return Fault::Internal,
    };
    match code.as_str() {
        "40001" | "40P01" => Fault::Retry,
        // 9 is SQLITE_INTERRUPT.
        "57014" | "9" => Fault::Deadline,
        // 5 and 6 are SQLITE_BUSY and SQLITE_LOCKED.
        "55P03" | "57P01" | "57P02" | "57P03" | "53300" | "5" | "6" | "261" | "517" => Fault::Busy,
        "53100" | "13" => Fault::Full,
        // A constraint of any other sort; 787 is SQLite's foreign key, 1555 and 2067 its unique keys.
        "23505" | "23503" | "787" | "1555" | "2067" => Fault::Conflict,
        _ => Fault::Internal,
    }
}
