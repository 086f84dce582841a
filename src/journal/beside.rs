//! What stands beside records so that they are found: texts for search, labels for lists.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::record::{Label, Record};
use super::unit::{Error, Unit};
use super::working_set::Moves;
use crate::db::Sqls;
use crate::db::search::Document;
use crate::id::OrganizationId;

/// Rows per statement when many are written.
pub(super) const ROWS: usize = 500;

/// What goes and what comes beside the records of a unit: what the last save said of each. What stays as it is costs nothing.
#[derive(Default)]
pub(super) struct Beside {
    documents: BTreeMap<(Uuid, &'static str, &'static str), Document>,
    labels: BTreeMap<(Uuid, &'static str), Labels>,
    pub(super) moves: Moves,
}

/// A record's labels as they are to be.
#[derive(Default)]
struct Labels {
    /// The kinds of those that went: ids are a client's choice, and another record's labels stay.
    stale: BTreeSet<&'static str>,
    fresh: Vec<Label>,
}

impl Beside {
    pub(super) fn note<R: Record>(&mut self, organization: OrganizationId, before: Option<&R>, after: &R) {
        self.moves
            .note(organization.into(), before, Some(after), after.revision());
        let document = after.document();
        if document != before.and_then(Record::document)
            && let Some(document) = document
        {
            let key = (after.id(), R::KIND, document.collection);
            self.documents.insert(key, document);
        }
        let (old, new) = (before.map(Record::labels).unwrap_or_default(), after.labels());
        if old == new {
            return;
        }
        let labels = self.labels.entry((after.id(), R::KIND)).or_default();
        labels.stale.extend(old.iter().map(|label| label.kind));
        labels.fresh = new;
    }
}

impl Unit {
    /// Writes what comes and removes what goes beside saved records.
    pub(super) async fn keep(&mut self) -> Result<(), Error> {
        self.keep_working_sets().await?;
        let (organization, beside) = (self.organization, std::mem::take(&mut self.beside));
        let documents: Vec<_> = beside.documents.into_iter().collect();
        for chunk in documents.chunks(ROWS) {
            let mut sql = self.tx.sql(
                "INSERT INTO search_documents (organization_id, collection, kind, record_id, leads_to, text) VALUES ",
            );
            for (at, ((id, kind, collection), document)) in chunk.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).value(organization);
                sql.push(", ").value((*collection).to_owned());
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
        let (mut stale, mut fresh) = (BTreeMap::<_, Vec<Uuid>>::new(), Vec::new());
        for ((id, _), labels) in beside.labels {
            stale.entry(labels.stale).or_default().push(id);
            fresh.extend(labels.fresh.into_iter().map(|label| (id, label)));
        }
        for (kinds, ids) in stale.iter().filter(|(kinds, _)| !kinds.is_empty()) {
            for chunk in ids.chunks(ROWS) {
                let mut sql = self
                    .tx
                    .sql("DELETE FROM record_labels WHERE organization_id = $1 AND record_id IN ")
                    .bind(organization);
                sql.list(chunk.iter().copied());
                sql.push(" AND kind IN ")
                    .list(kinds.iter().map(|kind| (*kind).to_owned()));
                sql.run().await?;
            }
        }
        for chunk in fresh.chunks(ROWS) {
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

    /// Removes what stood beside records, each with the revision under which it goes.
    pub(super) async fn forget<R: Record>(&mut self, records: &[(i64, R)]) -> Result<(), Error> {
        let organization = self.organization;
        let mut found: BTreeMap<&'static str, Vec<Uuid>> = BTreeMap::new();
        for (revision, before) in records {
            self.beside
                .moves
                .note(organization.into(), Some(before), None, *revision);
            if let Some(document) = before.document() {
                let key = (before.id(), R::KIND, document.collection);
                self.beside.documents.remove(&key);
                found.entry(document.collection).or_default().push(before.id());
            }
            let labels = self.beside.labels.entry((before.id(), R::KIND)).or_default();
            labels.stale.extend(before.labels().iter().map(|label| label.kind));
            labels.fresh.clear();
        }
        for (collection, ids) in found {
            for ids in ids.chunks(ROWS) {
                let mut sql = self
                    .tx
                    .sql("DELETE FROM search_documents WHERE organization_id = $1 AND collection = $2 AND kind = $3 AND record_id IN ")
                    .bind(organization)
                    .bind(collection.to_owned())
                    .bind(R::KIND.to_owned());
                sql.list(ids.iter().copied());
                sql.run().await?;
            }
        }
        Ok(())
    }
}
