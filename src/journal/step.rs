//! Parts of a unit that may fail, each by itself: what came before them stays.

use super::beside::Beside;
use super::unit::{Error, Unit};
use crate::db::Sqls;

/// Where a unit stood when a step of it began.
pub struct Step {
    revision: i64,
    afterwards: usize,
}

impl Unit {
    /// Begins a step, which ends with [`Unit::keep_step`] or [`Unit::take_back`] before the next begins.
    ///
    /// # Errors
    /// What the database said.
    pub async fn step(&mut self) -> Result<Step, Error> {
        self.flush().await?;
        self.tx.sql("SAVEPOINT step").run().await?;
        Ok(Step {
            revision: self.revision,
            afterwards: self.afterwards.len(),
        })
    }

    /// Ends a step, and leaves the rest of the unit to see what it did.
    ///
    /// # Errors
    /// What the database said.
    pub async fn keep_step(&mut self) -> Result<(), Error> {
        self.flush().await?;
        self.tx.sql("RELEASE SAVEPOINT step").run().await?;
        Ok(())
    }

    /// Ends a step as though it had never been.
    ///
    /// # Errors
    /// What the database said; then the unit is of no more use.
    pub async fn take_back(&mut self, step: &Step) -> Result<(), Error> {
        self.tx.sql("ROLLBACK TO SAVEPOINT step").run().await?;
        self.tx.sql("RELEASE SAVEPOINT step").run().await?;
        self.entries.clear();
        self.beside = Beside::default();
        self.revision = step.revision;
        self.afterwards.truncate(step.afterwards);
        Ok(())
    }
}
