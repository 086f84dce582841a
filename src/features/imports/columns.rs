//! Which column of an import file means what.
//!
//! Headers are recognised as HubSpot, Salesforce and plain files write them, whatever their case,
//! spaces and punctuation ([`normal`]). A client may say more, or otherwise, by a mapping from
//! headers to fields, as JSON:
//! ```json
//! {
//!   "customerID": ["external_id", "name"],
//!   "tenure": "tenure_months",
//!   "TotalCharges": "annual_billing",
//!   "InternetService": "service:Internet",
//!   "OnlineBackup": "service:Online backup",
//!   "Contract": "custom_fields.contract",
//!   "Churn": []
//! }
//! ```
//! A mapped header means what the mapping says and nothing else (`[]`: nothing at all); the others
//! are recognised as ever, unless the mapping has given their field to another column. What is not
//! recognised is ignored and reported, never guessed into custom fields.
//!
//! Where a file has several headers for one field (`Billing City` and `Shipping City`), the more
//! telling one counts and the others are reported as ignored.

mod faults;
mod fields;
mod headers;
mod service;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

pub use faults::ColumnFault;
pub use fields::{Field, ImportTarget, Target};
pub use headers::normal;
pub use service::service;

/// Which program wrote a file, as far as its headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// HubSpot's export.
    Hubspot,
    /// A Salesforce report, or a file of its Data Loader.
    Salesforce,
    /// Anything else.
    Plain,
}

/// What a client says that columns mean: header → one field, or several.
pub type Mapping = BTreeMap<String, MappedTo>;

/// One field's name, or a list of them; an empty list ignores the column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum MappedTo {
    /// `"name"`
    One(String),
    /// `["external_id", "name"]`
    Several(Vec<String>),
}

impl MappedTo {
    fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// What the columns of a file mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Columns {
    /// Which program wrote the file.
    pub dialect: Dialect,
    /// The meanings of each column, in the order of the file; none for an ignored one.
    pub by_index: Vec<Vec<Field>>,
    /// The headers, as written, of columns that are not imported; blank headers are not listed.
    pub ignored: Vec<String>,
    /// What no row can do without and the file has no column for; alternatives as one entry,
    /// `occurred_on or occurred_at`.
    pub missing_required: Vec<String>,
    /// What a new record needs and the file has no column for: such rows can only change what is
    /// known already.
    pub missing_to_create: Vec<String>,
    /// Of signals without a `kind` column: the kind that an order's or a case's number implies,
    /// `purchase` or `support_case`.
    pub implied_kind: Option<&'static str>,
}

impl Columns {
    /// The first column of this meaning.
    #[must_use]
    pub fn index_of(&self, field: &Field) -> Option<usize> {
        self.by_index.iter().position(|fields| fields.contains(field))
    }

    /// Every meaning with the number of its column, in the order of the file.
    pub fn meanings(&self) -> impl Iterator<Item = (usize, &Field)> {
        self.by_index
            .iter()
            .enumerate()
            .flat_map(|(index, fields)| fields.iter().map(move |field| (index, field)))
    }
}

/// Finds the meaning of every column of a file from its first row.
///
/// # Errors
/// All faults of the headers and the mapping at once. What is merely missing is no fault here: see
/// [`Columns::missing_required`].
pub fn recognise<S: AsRef<str>>(target: Target, headers: &[S], mapping: &Mapping) -> Result<Columns, Vec<ColumnFault>> {
    let written: Vec<&str> = headers.iter().map(|header| as_written(header.as_ref())).collect();
    let normal: Vec<String> = written.iter().map(|header| headers::normal(header)).collect();
    let dialect = dialect(&normal);
    let mut faults = Vec::new();
    let mut by_index = mapped(target, &written, &normal, mapping, &mut faults);

    let taken: BTreeSet<Field> = by_index
        .values()
        .flatten()
        .filter(|field| !field.is_a_list())
        .cloned()
        .collect();
    let mapped_ones: BTreeSet<usize> = by_index.keys().copied().collect();
    for (index, field) in recognised(target, dialect, &normal, &mut mapped_ones.iter().copied()) {
        if !taken.contains(&field) {
            by_index.insert(index, vec![field]);
        }
    }
    match own_id(target, &normal, &by_index) {
        Some(index) => drop(by_index.insert(index, vec![Field::Id])),
        // Another program's ids of its users are not ours.
        None => by_index.retain(|index, fields| fields.as_slice() != [Field::OwnerId] || mapped_ones.contains(index)),
    }
    faults.extend(duplicates(&written, &normal, &by_index));
    if !faults.is_empty() {
        return Err(faults);
    }

    let by_index: Vec<Vec<Field>> = (0..written.len())
        .map(|index| by_index.remove(&index).unwrap_or_default())
        .collect();
    let ignored = written.iter().zip(&by_index);
    let ignored = ignored.filter(|(header, fields)| fields.is_empty() && !header.is_empty());
    let has = |field: &Field| by_index.iter().flatten().any(|known| known == field);
    let implied_kind = if target == Target::Signals && !has(&Field::Kind) {
        headers::implied_kind(&normal)
    } else {
        None
    };
    let missing_to_create = missing(target.required_to_create(), |field| {
        has(field) || (*field == Field::Kind && implied_kind.is_some())
    });
    Ok(Columns {
        dialect,
        ignored: ignored.map(|(header, _)| (*header).to_owned()).collect(),
        missing_required: missing(target.required(), has),
        missing_to_create,
        implied_kind,
        by_index,
    })
}

/// A header as it is reported: without byte-order mark and surrounding space.
fn as_written(header: &str) -> &str {
    header.trim_start_matches('\u{feff}').trim()
}

fn dialect(normal: &[String]) -> Dialect {
    let hits = |dialect| {
        let telltales = headers::telltales(dialect);
        normal
            .iter()
            .filter(|header| telltales.contains(&header.as_str()))
            .count()
    };
    let has = |name: &str| normal.iter().any(|header| header == name);
    match (hits(Dialect::Hubspot), hits(Dialect::Salesforce)) {
        (hubspot, salesforce) if hubspot >= 2 && hubspot > salesforce => Dialect::Hubspot,
        // Whoever exports chooses the columns; this one is always among them.
        (1, 0) if has("recordid") && !has("externalid") => Dialect::Hubspot,
        (hubspot, salesforce) if salesforce >= 2 && salesforce > hubspot => Dialect::Salesforce,
        _ => Dialect::Plain,
    }
}

/// What the mapping says, by column. An entry for every mapped column, if only an empty one.
fn mapped(
    target: Target,
    written: &[&str],
    normal: &[String],
    mapping: &Mapping,
    faults: &mut Vec<ColumnFault>,
) -> HashMap<usize, Vec<Field>> {
    let mut by_index: HashMap<usize, Vec<Field>> = HashMap::new();
    let mut columns_of: BTreeMap<Field, Vec<String>> = BTreeMap::new();
    for (column, to) in mapping {
        let index = find(column, written, normal);
        if index.is_none() {
            let known = written
                .iter()
                .filter(|header| !header.is_empty())
                .map(|header| (*header).to_owned())
                .collect();
            faults.push(ColumnFault::UnknownColumn {
                column: column.clone(),
                known,
            });
        }
        let mut fields = Vec::new();
        for name in to.names() {
            match target.field(name) {
                Some(field) if fields.contains(&field) => {}
                Some(field) => {
                    columns_of.entry(field.clone()).or_default().push(column.clone());
                    fields.push(field);
                }
                None => faults.push(ColumnFault::UnknownField {
                    column: column.clone(),
                    field: name.clone(),
                    known: target.field_names(),
                }),
            }
        }
        if let Some(index) = index {
            by_index.entry(index).or_default().append(&mut fields);
        }
    }
    for (field, columns) in columns_of {
        if columns.len() > 1 && !field.is_a_list() {
            faults.push(ColumnFault::FieldMappedTwice {
                field: field.to_string(),
                columns,
            });
        }
    }
    by_index
}

/// The column of a header in a mapping: as written, else by its normal form.
fn find(column: &str, written: &[&str], normal: &[String]) -> Option<usize> {
    let wanted = headers::normal(column);
    let exact = written.iter().position(|header| *header == as_written(column));
    exact.or_else(|| normal.iter().position(|header| !wanted.is_empty() && *header == wanted))
}

/// The fields of the columns that nobody mapped: the most telling column of each.
fn recognised(
    target: Target,
    dialect: Dialect,
    normal: &[String],
    mapped: &mut dyn Iterator<Item = usize>,
) -> Vec<(usize, Field)> {
    let mapped: BTreeSet<usize> = mapped.collect();
    let mut best: BTreeMap<Field, (usize, usize)> = BTreeMap::new();
    for (index, header) in normal.iter().enumerate().filter(|(index, _)| !mapped.contains(index)) {
        if let Some((field, rank)) = headers::find(target, dialect, header) {
            let place = best.entry(field).or_insert((rank, index));
            *place = (*place).min((rank, index));
        }
    }
    best.into_iter().map(|(field, (_, index))| (index, field)).collect()
}

/// The column `id` of a file that has `external_id` as well: this program's own id.
fn own_id(target: Target, normal: &[String], by_index: &HashMap<usize, Vec<Field>>) -> Option<usize> {
    let at = |name: &str| normal.iter().position(|header| header == name);
    let (id, external) = (at("id")?, at("externalid")?);
    let is_external = by_index
        .get(&external)
        .is_some_and(|fields| fields.contains(&Field::ExternalId));
    let exported = match target {
        Target::Customers | Target::Contacts | Target::Signals => true,
        Target::Users | Target::Assignments | Target::NpsResponses => false,
    };
    (exported && is_external && !by_index.contains_key(&id)).then_some(id)
}

/// Headers that stand twice, where one of the columns would be imported: which one, nobody could
/// tell. Among ignored columns they do no harm.
fn duplicates(written: &[&str], normal: &[String], by_index: &HashMap<usize, Vec<Field>>) -> Vec<ColumnFault> {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, header) in normal.iter().enumerate().filter(|(_, header)| !header.is_empty()) {
        groups.entry(header).or_default().push(index);
    }
    let is_used = |index: &usize| by_index.get(index).is_some_and(|fields| !fields.is_empty());
    let mut repeated: Vec<usize> = groups
        .into_values()
        .filter(|group| group.len() > 1 && group.iter().any(is_used))
        .filter_map(|group| group.first().copied())
        .collect();
    repeated.sort_unstable();
    repeated
        .into_iter()
        .filter_map(|index| written.get(index))
        .map(|header| ColumnFault::DuplicateHeader {
            header: (*header).to_owned(),
        })
        .collect()
}

fn missing(required: &[&[Field]], has: impl Fn(&Field) -> bool) -> Vec<String> {
    let lacking = required.iter().filter(|group| !group.iter().any(&has));
    lacking
        .map(|group| group.iter().map(Field::to_string).collect::<Vec<_>>().join(" or "))
        .collect()
}

#[cfg(test)]
mod tests;
