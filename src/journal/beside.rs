//! What stands beside records so that they are found: texts for search, labels for lists.

use uuid::Uuid;

use super::record::{Label, Record};
use super::unit::{Error, Unit};
use crate::db::Sqls;

/// Rows per statement when many are written.
pub(super) const ROWS: usize = 500;

/// Whose labels go, and which come, with the records of one `save_all`.
#[derive(Default)]
pub(super) struct Relabelled {
    stale: Vec<Uuid>,
    fresh: Vec<(Uuid, Label)>,
}

impl Relabelled {
    pub(super) fn note<R: Record>(&mut self, before: Option<&R>, after: &R) {
        let (old, new) = (before.map(Record::labels).unwrap_or_default(), after.labels());
        if old == new {
            return;
        }
        if !old.is_empty() {
            self.stale.push(after.id());
        }
        self.fresh.extend(new.into_iter().map(|label| (after.id(), label)));
    }
}

impl Unit {
    /// Keeps the texts of full-text search beside their records.
    pub(super) async fn index<R: Record>(&mut self, rows: &[&R]) -> Result<(), Error> {
        let organization = self.organization;
        let documents: Vec<_> = rows
            .iter()
            .filter_map(|row| row.document().map(|document| (row.id(), document)))
            .collect();
        if documents.is_empty() {
            return Ok(());
        }
        let mut sql = self
            .tx
            .sql("INSERT INTO search_documents (organization_id, collection, record_id, leads_to, text) VALUES ");
        for (at, (id, document)) in documents.into_iter().enumerate() {
            sql.push(if at == 0 { "(" } else { ", (" }).value(organization);
            sql.push(", ").value(document.collection.to_owned());
            sql.push(", ").value(id);
            sql.push(", ").value(document.leads_to);
            sql.push(", ").value(document.text).push(")");
        }
        sql.push(
            " ON CONFLICT (organization_id, collection, record_id) DO UPDATE SET leads_to = excluded.leads_to, text = excluded.text",
        );
        sql.run().await?;
        Ok(())
    }

    /// Keeps the labels of records beside them.
    pub(super) async fn label(&mut self, labels: Relabelled) -> Result<(), Error> {
        let organization = self.organization;
        for chunk in labels.stale.chunks(ROWS) {
            let mut sql = self
                .tx
                .sql("DELETE FROM record_labels WHERE organization_id = $1 AND record_id IN ")
                .bind(organization);
            sql.list(chunk.iter().copied());
            sql.run().await?;
        }
        for chunk in labels.fresh.chunks(ROWS) {
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
                .sql("DELETE FROM search_documents WHERE organization_id = $1 AND collection = $2 AND record_id = $3")
                .bind(organization)
                .bind(document.collection.to_owned())
                .bind(before.id())
                .run()
                .await?;
        }
        let labels = Relabelled {
            stale: vec![before.id()],
            fresh: Vec::new(),
        };
        self.label(labels).await
    }
}
