//! The one door for writes: a transaction that numbers every change and writes the journal.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::beside::{Beside, ROWS};
use super::change::{Change, difference};
use super::record::Record;
use crate::access::{Actor, Origin};
use crate::clock::{Clock, Timestamp};
use crate::db::{self, Db, Json, Kind, On, Pokes, Sqls, Tx};
use crate::id::OrganizationId;

/// Why a unit could not do its work.
#[derive(Debug)]
pub enum Error {
    Database(db::Error),
    /// A record could not be written as JSON.
    Json(serde_json::Error),
    /// Another request with the same idempotency key committed first.
    Replay,
    /// The organization is gone.
    NoOrganization,
}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Self {
        Self::Database(error)
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

pub(super) struct Entry {
    pub(super) revision: i64,
    pub(super) kind: &'static str,
    pub(super) id: Uuid,
    pub(super) verb: &'static str,
    pub(super) customer: Option<Uuid>,
    pub(super) changes: Value,
}

/// A write transaction of one organization. Dropped without `commit`, it leaves nothing behind.
pub struct Unit {
    pub(super) tx: Tx,
    pub(super) organization: OrganizationId,
    pub(super) revision: i64,
    now: Timestamp,
    actor: Actor,
    origin: Origin,
    pub(super) entries: Vec<Entry>,
    /// Written with the journal, at the end: nothing in a unit searches.
    pub(super) beside: Beside,
    clock: Clock,
    /// What is called once all of it is durable.
    pub(super) afterwards: Vec<fn()>,
    /// Who waits for changes, to be told once all of it is durable.
    pokes: Arc<Pokes>,
    /// Whether there is anything to tell.
    wrote: bool,
}

impl Unit {
    /// Begins: locks the organization's row, so that its writes happen one at a time and number order is commit order.
    ///
    /// # Errors
    /// [`Error::Replay`] when this idempotency key has been answered meanwhile.
    pub async fn begin(
        db: &Db,
        clock: &Clock,
        organization: OrganizationId,
        actor: Actor,
        origin: Origin,
    ) -> Result<Self, Error> {
        let tx = db.begin_turn(organization, false).await?;
        Self::open(db, tx, clock, organization, actor, origin).await
    }

    /// The same within a transaction that has just begun.
    ///
    /// # Errors
    /// [`Error::Replay`] when this idempotency key has been answered meanwhile.
    pub async fn open(
        db: &Db,
        mut tx: Tx,
        clock: &Clock,
        organization: OrganizationId,
        actor: Actor,
        origin: Origin,
    ) -> Result<Self, Error> {
        let lock = match tx.kind() {
            // BEGIN IMMEDIATE holds the one writer already.
            Kind::Sqlite => "SELECT last_revision FROM organizations WHERE id = $1",
            Kind::Postgres => {
                "UPDATE organizations SET last_revision = last_revision WHERE id = $1 RETURNING last_revision"
            }
        };
        let revision: Option<(i64,)> = tx.sql(lock).bind(organization).optional().await?;
        let Some((revision,)) = revision else {
            return Err(Error::NoOrganization);
        };
        if let Some(claim) = &origin.claim {
            let taken: Option<(i64,)> = tx
                .sql("SELECT CAST(status AS BIGINT) FROM idempotency_records WHERE organization_id = $1 AND scope = $2")
                .bind(organization)
                .bind(claim.scope.clone())
                .optional()
                .await?;
            if taken.is_some() {
                return Err(Error::Replay);
            }
        }
        Ok(Self {
            tx,
            organization,
            revision,
            now: clock.now(),
            actor,
            origin,
            entries: Vec::new(),
            beside: Beside::default(),
            clock: clock.clone(),
            afterwards: Vec::new(),
            pokes: db.pokes().clone(),
            wrote: false,
        })
    }

    /// The first unit of a new organization. What it saves first must be the organization itself; there is nothing to lock yet.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn found(
        db: &Db,
        clock: &Clock,
        organization: OrganizationId,
        actor: Actor,
        origin: Origin,
    ) -> Result<Self, Error> {
        Ok(Self {
            tx: db.begin().await?,
            organization,
            revision: 0,
            now: clock.now(),
            actor,
            origin,
            entries: Vec::new(),
            beside: Beside::default(),
            clock: clock.clone(),
            afterwards: Vec::new(),
            pokes: db.pokes().clone(),
            wrote: false,
        })
    }

    /// The time of this unit: the same for everything in it.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// The revision that was given out last, here or before.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// A new id, in creation order.
    pub fn new_id<T: From<Uuid>>(&self) -> T {
        self.clock.id().into()
    }

    /// Writes one decided change under the next revision. A change that changes nothing is a success and writes nothing.
    ///
    /// # Errors
    /// What the database said.
    pub async fn save<R: Record>(&mut self, change: Change<R>) -> Result<R, Error> {
        let mut saved = self.save_all(vec![change]).await?;
        saved.pop().ok_or(Error::Database(db::Error::RowNotFound))
    }

    /// Writes many decided changes of one kind, 500 rows a statement, in their order.
    ///
    /// # Errors
    /// What the database said.
    pub async fn save_all<R: Record>(&mut self, changes: Vec<Change<R>>) -> Result<Vec<R>, Error> {
        let mut saved = Vec::with_capacity(changes.len());
        let (mut fresh, mut changed) = (Vec::new(), Vec::new());
        for change in changes {
            let mut record = change.after;
            let new = change.before.is_none();
            let fields = difference(change.before.as_ref(), &record)?;
            if !new && fields.is_empty() {
                saved.push(record);
                continue;
            }
            self.revision += 1;
            record.stamp(self.revision, self.now, new);
            self.entries.push(Entry {
                revision: self.revision,
                kind: R::KIND,
                id: record.id(),
                verb: change.verb,
                customer: record.customer(),
                changes: Value::Object(fields),
            });
            self.beside.note(self.organization, change.before.as_ref(), &record);
            let rows = if new { &mut fresh } else { &mut changed };
            rows.push(saved.len());
            saved.push(record);
        }
        for (rows, update) in [(fresh, false), (changed, true)] {
            for chunk in rows.chunks(ROWS) {
                let chunk: Vec<&R> = chunk.iter().filter_map(|&at| saved.get(at)).collect();
                self.write(&chunk, update).await?;
            }
        }
        if self.entries.len() >= ROWS {
            self.flush().await?;
        }
        Ok(saved)
    }

    pub(super) async fn write<R: Record>(&mut self, rows: &[&R], update: bool) -> Result<(), Error> {
        let organization = self.organization;
        let mut sql = self.tx.sql(format!(
            "INSERT INTO {} (organization_id, {}) VALUES ",
            R::TABLE,
            R::COLUMNS.join(", ")
        ));
        for (at, row) in rows.iter().enumerate() {
            sql.push(if at == 0 { "(" } else { ", (" })
                .value(organization)
                .push(", ");
            row.bind(&mut sql);
            sql.push(")");
        }
        if update {
            let columns: Vec<String> = R::COLUMNS
                .iter()
                .filter(|column| **column != "id")
                .map(|column| format!("{column} = excluded.{column}"))
                .collect();
            sql.push(" ON CONFLICT (organization_id, id) DO UPDATE SET ")
                .push(&columns.join(", "));
        }
        sql.run().await?;
        Ok(())
    }

    /// Lets the journal know of something that has no record of its own: which value of what went from what to what.
    ///
    /// # Errors
    /// When a value cannot be written as JSON.
    pub fn mention(
        &mut self,
        kind: &'static str,
        id: impl Into<Uuid>,
        verb: &'static str,
        (field, from, to): (&str, &impl serde::Serialize, &impl serde::Serialize),
    ) -> Result<(), Error> {
        self.revision += 1;
        self.entries.push(Entry {
            revision: self.revision,
            kind,
            id: id.into(),
            verb,
            customer: None,
            changes: serde_json::json!({ field: [serde_json::to_value(from)?, serde_json::to_value(to)?] }),
        });
        Ok(())
    }

    /// Calls this once the unit is durable, and never when it is not.
    pub fn afterwards(&mut self, call: fn()) {
        if !self.afterwards.contains(&call) {
            self.afterwards.push(call);
        }
    }

    /// Keeps the answer for the request's idempotency key, in this same transaction. Without a key it does nothing.
    ///
    /// # Errors
    /// What the database said.
    pub async fn remember(&mut self, status: u16, headers: &[(String, String)], body: &[u8]) -> Result<(), Error> {
        let Some(claim) = self.origin.claim.take() else {
            return Ok(());
        };
        let (organization, now) = (self.organization, self.now);
        self.tx
            .sql("INSERT INTO idempotency_records (organization_id, scope, fingerprint, status, headers, body, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(organization)
            .bind(claim.scope)
            .bind(claim.fingerprint)
            .bind(i64::from(status))
            .bind(Json(headers.to_vec()))
            .bind(body.to_vec())
            .bind(now)
            .run()
            .await?;
        Ok(())
    }

    /// Writes the journal and the organization's revision, and makes all of it durable.
    ///
    /// # Errors
    /// What the database said; then nothing was written.
    pub async fn commit(mut self) -> Result<(), Error> {
        self.flush().await?;
        self.tx.commit().await?;
        self.afterwards.iter().for_each(|call| call());
        if self.wrote {
            self.pokes.committed(self.organization, self.revision);
        }
        Ok(())
    }

    /// Writes what stands beside the records, and what the journal has to say so far. A large unit does so as it goes, so that it need not be held in memory.
    pub(super) async fn flush(&mut self) -> Result<(), Error> {
        self.keep().await?;
        let entries = std::mem::take(&mut self.entries);
        for chunk in entries.chunks(ROWS) {
            let mut sql = self.tx.sql(
                "INSERT INTO journal (organization_id, revision, recorded_at, actor_kind, actor_id, client, address, request_id, kind, record_id, verb, customer_id, changes) VALUES ",
            );
            for (at, entry) in chunk.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).value(self.organization);
                sql.push(", ").value(entry.revision);
                sql.push(", ").value(self.now);
                sql.push(", ").value(self.actor.kind);
                sql.push(", ").value(self.actor.id);
                sql.push(", ").value(self.origin.client.clone());
                sql.push(", ").value(self.origin.address.clone());
                sql.push(", ").value(self.origin.request_id);
                sql.push(", ").value(entry.kind.to_owned());
                sql.push(", ").value(entry.id);
                sql.push(", ").value(entry.verb.to_owned());
                sql.push(", ").value(entry.customer);
                sql.push(", ").value(Json(entry.changes.clone()));
                sql.push(")");
            }
            sql.run().await?;
        }
        if !entries.is_empty() {
            self.wrote = true;
            self.tx
                .sql("UPDATE organizations SET last_revision = $1 WHERE id = $2")
                .bind(self.revision)
                .bind(self.organization)
                .run()
                .await?;
        }
        Ok(())
    }
}

impl Sqls for Unit {
    fn kind(&self) -> Kind {
        self.tx.kind()
    }

    fn on(&mut self) -> On<'_> {
        self.tx.on()
    }
}
