//! Records that go, and those that come back.

use serde_json::Value;
use uuid::Uuid;

use super::beside::ROWS;
use super::change::{difference, removal};
use super::record::Record;
use super::unit::{Entry, Error, Unit};
use crate::db::Sqls;

impl Unit {
    /// Removes a record with what search and lists knew of it. The journal keeps what it said last.
    ///
    /// # Errors
    /// What the database said.
    pub async fn remove<R: Record>(&mut self, before: R) -> Result<(), Error> {
        self.remove_all(vec![before]).await
    }

    /// The same of many of one kind, 500 rows a statement.
    ///
    /// # Errors
    /// What the database said.
    pub async fn remove_all<R: Record>(&mut self, records: Vec<R>) -> Result<(), Error> {
        let mut gone = Vec::with_capacity(records.len());
        for before in records {
            self.revision += 1;
            self.entries.push(Entry {
                revision: self.revision,
                kind: R::KIND,
                id: before.id(),
                verb: "deleted",
                customer: before.customer(),
                changes: Value::Object(removal(&before)?),
            });
            gone.push((self.revision, before));
        }
        self.forget(&gone).await?;
        let organization = self.organization;
        let ids: Vec<Uuid> = gone.iter().map(|(_, record)| record.id()).collect();
        for ids in ids.chunks(ROWS) {
            let mut sql = self
                .tx
                .sql(format!(
                    "DELETE FROM {} WHERE organization_id = $1 AND id IN ",
                    R::TABLE
                ))
                .bind(organization);
            sql.list(ids.iter().copied());
            sql.run().await?;
        }
        if self.entries.len() >= ROWS {
            self.flush().await?;
        }
        Ok(())
    }

    /// Puts back a record that was removed, as it was and since when it was; what search and lists knew of it comes back, too.
    ///
    /// # Errors
    /// What the database said.
    pub async fn restore<R: Record>(&mut self, mut record: R) -> Result<R, Error> {
        let fields = difference(None, &record)?;
        self.revision += 1;
        record.stamp(self.revision, self.now(), false);
        self.entries.push(Entry {
            revision: self.revision,
            kind: R::KIND,
            id: record.id(),
            verb: "restored",
            customer: record.customer(),
            changes: Value::Object(fields),
        });
        self.beside.note(self.organization, None, &record);
        self.write(&[&record], false).await?;
        Ok(record)
    }
}
