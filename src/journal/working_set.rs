//! What is on whose device: kept beside the records that decide it, in the same unit.
//!
//! A customer is in a user's working set while a record of theirs holds it there (an assignment). Single records leave somebody's sight
//! when they go to another owner or another customer. Whoever reads on for a device finds here since when, and until when.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::record::Record;
use super::unit::{Error, Unit};
use crate::db::Sqls;

/// Rows per statement: each binds nine values.
const ROWS: usize = 300;

/// That a record puts a customer on a user's device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holding {
    pub user: Uuid,
    /// None for what all who call have in common.
    pub customer: Option<Uuid>,
}

/// Whose device, which customer, by which record.
type Key = (Uuid, Uuid, &'static str, Uuid);

/// What comes and goes, as the last save said of it.
#[derive(Default)]
pub(super) struct Moves {
    held: BTreeMap<Key, Move>,
    departures: Vec<Departure>,
}

/// What a record's last save did to one customer on one device.
struct Move {
    held: bool,
    revision: i64,
    /// The same save put another customer there.
    exchanged: bool,
}

/// A record that somebody's device is to remove.
struct Departure {
    /// A user, or a customer: all who have it.
    audience: Uuid,
    revision: i64,
    kind: &'static str,
    id: Uuid,
}

impl Moves {
    pub(super) fn note<R: Record>(&mut self, organization: Uuid, before: Option<&R>, after: Option<&R>, revision: i64) {
        let Some(id) = after.or(before).map(R::id) else { return };
        let holding = |record: Option<&R>| record.and_then(R::holding);
        let (old, new) = (holding(before), holding(after));
        if old != new {
            let exchanged = old.map(|old| old.user) == new.map(|new| new.user);
            for (holding, held) in [(old, false), (new, true)] {
                if let Some(Holding { user, customer }) = holding {
                    let key = (user, customer.unwrap_or(organization), R::KIND, id);
                    let moved = Move {
                        held,
                        revision,
                        exchanged,
                    };
                    self.held.insert(key, moved);
                }
            }
        }
        let Some(before) = before else { return };
        for seen_by in [R::owner, R::customer] {
            let to = after.and_then(seen_by);
            // Of what is removed, the customer's history tells.
            if let Some(audience) = seen_by(before).filter(|from| Some(*from) != to)
                && (after.is_some() || seen_by(before) == before.owner())
            {
                self.departures.push(Departure {
                    audience,
                    revision,
                    kind: R::KIND,
                    id,
                });
            }
        }
    }
}

/// A row as it shall be: whether it is theirs, since when on the device, until when.
struct Row {
    held: bool,
    entered: i64,
    departed: Option<i64>,
}

impl Unit {
    /// Writes what has come onto devices and what is to leave them.
    pub(super) async fn keep_working_sets(&mut self) -> Result<(), Error> {
        let moves = std::mem::take(&mut self.beside.moves);
        let organization = Uuid::from(self.organization);
        let mut rows = BTreeMap::new();
        for ((user, customer, ..), moved) in &moves.held {
            if *customer == organization {
                // Everything of whose role calls customers again, or does not any more.
                rows.extend(self.all_of(*user, moved.held).await?);
            }
        }
        for (key, moved) in moves.held {
            let mut entered = moved.revision;
            if !moved.held && moved.exchanged {
                // A number of its own: what stops in the midst of the one customer's coming does not stand in the midst of the other's going.
                self.revision += 1;
                entered = self.revision;
            }
            let row = Row {
                held: moved.held,
                entered,
                departed: (!moved.held).then_some(entered),
            };
            rows.insert(key, row);
        }
        let rows = Vec::from_iter(rows);
        for chunk in rows.chunks(ROWS) {
            self.write_rows(chunk).await?;
        }
        for chunk in moves.departures.chunks(ROWS) {
            let mut sql = self
                .tx
                .sql("INSERT INTO sync_departures (organization_id, audience_id, departed, kind, record_id) VALUES ");
            for (at, departure) in chunk.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).value(organization);
                sql.push(", ").value(departure.audience);
                sql.push(", ").value(departure.revision);
                sql.push(", ").value(departure.kind.to_owned());
                sql.push(", ").value(departure.id).push(")");
            }
            sql.push(" ON CONFLICT (organization_id, audience_id, departed, kind, record_id) DO NOTHING");
            sql.run().await?;
        }
        Ok(())
    }

    async fn write_rows(&mut self, rows: &[(Key, Row)]) -> Result<(), Error> {
        let organization = self.organization;
        let mut sql = self.tx.sql(
            "INSERT INTO working_sets (organization_id, user_id, customer_id, kind, record_id, held, since, entered, departed) VALUES ",
        );
        for (at, ((user, customer, kind, id), row)) in rows.iter().enumerate() {
            sql.push(if at == 0 { "(" } else { ", (" }).value(organization);
            sql.push(", ").value(*user);
            sql.push(", ").value(*customer);
            sql.push(", ").value((*kind).to_owned());
            sql.push(", ").value(*id);
            sql.push(", ").value(row.held);
            sql.push(", ").value(row.entered);
            sql.push(", ").value(row.entered);
            sql.push(", ").value(row.departed).push(")");
        }
        // What has left already left then, and since when it was there stays.
        sql.push(" ON CONFLICT (organization_id, user_id, customer_id, kind, record_id) DO UPDATE SET held = excluded.held")
            .push(", entered = CASE WHEN excluded.departed IS NULL THEN excluded.entered ELSE working_sets.entered END")
            .push(", departed = CASE WHEN excluded.departed IS NULL THEN NULL ELSE COALESCE(working_sets.departed, excluded.departed) END");
        sql.run().await?;
        Ok(())
    }

    /// What a user holds, each under a number of its own, so that a cursor can stand between any two.
    async fn all_of(&mut self, user: Uuid, on_device: bool) -> Result<Vec<(Key, Row)>, Error> {
        let organization = self.organization;
        let held: Vec<(Uuid, Uuid)> = self
            .tx
            .sql("SELECT customer_id, record_id FROM working_sets WHERE organization_id = $1 AND user_id = $2 AND kind = 'assignment' AND held ORDER BY entered, record_id")
            .bind(organization)
            .bind(user)
            .all()
            .await?;
        let row = |(customer, id)| {
            self.revision += 1;
            let row = Row {
                held: true,
                entered: self.revision,
                departed: (!on_device).then_some(self.revision),
            };
            ((user, customer, "assignment", id), row)
        };
        Ok(held.into_iter().map(row).collect())
    }

    /// Tells this audience's devices to remove a record that they have, though it did not change hands: what was made out of its maker's sight.
    pub fn depart<R: Record>(&mut self, audience: impl Into<Uuid>, record: &R) {
        self.beside.moves.departures.push(Departure {
            audience: audience.into(),
            revision: record.revision(),
            kind: R::KIND,
            id: record.id(),
        });
    }
}
