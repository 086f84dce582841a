//! Full-text search: the one place where the two databases read differently.
//!
//! Texts stand in `search_documents`; SQLite indexes them with FTS5, PostgreSQL with a `tsvector`.

use super::{Kind, Sql};

/// A text to be found again, and the record that a hit leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Which search finds it: `customers`, `notes`.
    pub collection: &'static str,
    /// The record that a hit leads to (a contact's text leads to its customer).
    pub leads_to: uuid::Uuid,
    /// Folded words, separated by spaces.
    pub text: String,
}

/// Which record a hit finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// The one that the text leads to: a contact's text finds its customer.
    LeadsTo,
    /// The one whose text it is: a contact's text finds the contact.
    Itself,
}

/// Appends ` AND <column> IN (…records whose text has every term as a prefix of a word…)`.
///
/// `terms` must be folded words of letters and digits only; no term matches nothing.
pub fn narrow(
    sql: &mut Sql<'_>,
    kind: Kind,
    column: &str,
    organization: crate::id::OrganizationId,
    collection: &'static str,
    terms: &[String],
) {
    narrow_to(Hit::LeadsTo, sql, kind, column, organization, collection, terms);
}

/// The same, for either record of a hit.
pub fn narrow_to(
    hit: Hit,
    sql: &mut Sql<'_>,
    kind: Kind,
    column: &str,
    organization: crate::id::OrganizationId,
    collection: &'static str,
    terms: &[String],
) {
    if terms.is_empty() {
        sql.push(" AND 1 = 0");
        return;
    }
    let found = match hit {
        Hit::LeadsTo => "leads_to",
        Hit::Itself => "record_id",
    };
    sql.push(&format!(" AND {column} IN (SELECT d.{found} FROM search_documents d"));
    match kind {
        Kind::Sqlite => {
            let query: Vec<String> = terms.iter().map(|term| format!("\"{term}\"*")).collect();
            sql.push(" JOIN search_index ON search_index.rowid = d.document_id WHERE search_index MATCH ")
                .value(query.join(" "));
        }
        Kind::Postgres => {
            let query: Vec<String> = terms.iter().map(|term| format!("'{term}':*")).collect();
            sql.push(" WHERE d.words @@ to_tsquery('simple', ")
                .value(query.join(" & "))
                .push(")");
        }
    }
    sql.push(" AND d.organization_id = ")
        .value(organization)
        .push(" AND d.collection = ")
        .value(collection.to_owned())
        .push(")");
}
