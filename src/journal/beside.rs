//! What stands beside records so that they are found: texts for search, labels for lists.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::record::{Label, Record};
use super::unit::{Error, Unit};
use crate::db::Sqls;
use crate::db::search::Document;

/// Rows per statement when many are written.
pub(super) const ROWS: usize = 500;

/// What goes and what comes beside the records of one `save_all`. What stays as it is costs nothing.
#[derive(Default)]
pub(super) struct Beside {
    stale: Vec<Uuid>,
    /// The kinds of the stale labels: ids are a client's choice, and another record's labels stay.
    kinds: BTreeSet<&'static str>,
    fresh: Vec<(Uuid, Label)>,
    documents: Vec<(Uuid, &'static str, Document)>,
}

impl Beside {
    pub(super) fn note<R: Record>(&mut self, before: Option<&R>, after: &R) {
        let document = after.document();
        if document != before.and_then(Record::document) {
            self.documents
                .extend(document.map(|document| (after.id(), R::KIND, document)));
        }
        let (old, new) = (before.map(Record::labels).unwrap_or_default(), after.labels());
        if old == new {
            return;
        }
        if !old.is_empty() {
            self.stale.push(after.id());
            self.kinds.extend(old.iter().map(|label| label.kind));
        }
        self.fresh.extend(new.into_iter().map(|label| (after.id(), label)));
    }
}

impl Unit {
    /// Writes what comes and removes what goes beside saved records.
    pub(super) async fn keep(&mut self, beside: Beside) -> Result<(), Error> {
        let organization = self.organization;
        for chunk in beside.documents.chunks(ROWS) {
            let mut sql = self.tx.sql(
                "INSERT INTO search_documents (organization_id, collection, kind, record_id, leads_to, text) VALUES ",
            );
            for (at, (id, kind, document)) in chunk.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).value(organization);
                sql.push(", ").value(document.collection.to_owned());
                sql.push(", ").value((*kind).to_owned());
                sql.push(", ").value(*id);
                sql.push(", ").value(document.leads_to);
                sql.push(", ").value(document.text.clone()).push(")");
            }
            sql.push(
                " ON CONFLICT (organization_id, collection, kind, record_id) DO UPDATE SET leads_to = excluded.leads_to, text = excluded.text",
            );
            sql.run().await?;
        }
        for chunk in beside.stale.chunks(ROWS) {
            let mut sql = self
                .tx
                .sql("DELETE FROM record_labels WHERE organization_id = $1 AND record_id IN ")
                .bind(organization);
            sql.list(chunk.iter().copied());
            sql.push(" AND kind IN ")
                .list(beside.kinds.iter().map(|kind| (*kind).to_owned()));
            sql.run().await?;
        }
        for chunk in beside.fresh.chunks(ROWS) {
            let mut sql = self
                .tx
                .sql("INSERT INTO record_labels (organization_id, kind, label, record_id) VALUES ");
            for (at, (id, label)) in chunk.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).value(organization);
                sql.push(", ").value(label.kind.to_owned());
                sql.push(", ").value(label.text.clone());
                sql.push(", ").value(*id).push(")");
            }
            sql.push(" ON CONFLICT (organization_id, kind, label, record_id) DO NOTHING");
            sql.run().await?;
        }
        Ok(())
    }

    /// Removes what stood beside a record.
    pub(super) async fn forget<R: Record>(&mut self, before: &R) -> Result<(), Error> {
        let organization = self.organization;
        if let Some(document) = before.document() {
            self.tx
                .sql("DELETE FROM search_documents WHERE organization_id = $1 AND collection = $2 AND kind = $3 AND record_id = $4")
                .bind(organization)
                .bind(document.collection.to_owned())
                .bind(R::KIND.to_owned())
                .bind(before.id())
                .run()
                .await?;
        }
        self.keep(Beside {
            stale: vec![before.id()],
            kinds: before.labels().iter().map(|label| label.kind).collect(),
            ..Beside::default()
        })
        .await
    }
}
