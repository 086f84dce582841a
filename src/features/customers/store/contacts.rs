//! All SQL of contacts.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::search::{self, Document, Hit};
use crate::db::{Error, Kind, Sql, Sqls};
use crate::features::customers::contact::{Contact, ContactId, ContactInput};
use crate::features::customers::customer::CustomerId;
use crate::features::customers::store::redirects;
use crate::fold;
use crate::id::UserId;
use crate::journal::{self, Change, Listed, Sort, SortKey, Unit, Window};

fn name_key(contact: &Contact) -> String {
    fold::fold(&contact.fields.name)
}

crate::record!(
    Contact, "contact", "contacts",
    [phone_e164, mobile_e164, left_at, flags],
    fields ContactInput [
        customer_id, external_id, name, first_name, last_name, title, email, phone, mobile, city, country, language, owner_id,
        is_primary, active,
    ],
    derived { name_key: |contact| name_key(contact) },
    customer: |contact| Some(contact.fields.customer_id.into()),
    document: |contact| Some(Document {
        collection: "customers",
        leads_to: contact.fields.customer_id.into(),
        text: text(contact),
    }),
);

fn text(contact: &Contact) -> String {
    let fields = &contact.fields;
    let rest = [
        &fields.first_name,
        &fields.last_name,
        &fields.external_id,
        &fields.email,
        &fields.phone,
        &contact.phone_e164,
        &fields.mobile,
        &contact.mobile_e164,
    ];
    let parts: Vec<&str> = [fields.name.as_str()]
        .into_iter()
        .chain(rest.into_iter().filter_map(|part| part.as_deref()))
        .collect();
    fold::search_text(&parts)
}

/// Fields that contacts can be sorted by.
pub static SORTS: &[Sort<Contact>] = &[
    Sort {
        name: "name",
        column: "contacts.name_key",
        key: |contact| SortKey::Text(name_key(contact)),
    },
    Sort {
        name: "created_at",
        column: "contacts.created_at",
        key: |contact| SortKey::Time(contact.created_at),
    },
    Sort {
        name: "updated_at",
        column: "contacts.updated_at",
        key: |contact| SortKey::Time(contact.updated_at),
    },
];

/// Which contacts are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContactFilter {
    /// Words (or their beginnings) of a name, e-mail, phone or external id.
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub customer_id: Option<CustomerId>,
    #[param(max_length = 200)]
    pub external_id: Option<String>,
    #[param(max_length = 254)]
    pub email: Option<String>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub owner_id: Option<UserId>,
    pub is_primary: Option<bool>,
    pub active: Option<bool>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl ContactFilter {
    fn narrow(&self, sql: &mut Sql<'_>, kind: Kind, scope: &Scope) {
        if let Some(q) = &self.q {
            search::narrow_to(
                Hit::Itself,
                sql,
                kind,
                "contacts.id",
                scope.organization,
                "customers",
                &fold::search_terms(q),
            );
        }
        let email = self.email.as_deref().map(|email| email.trim().to_lowercase());
        redirects::narrow(sql, "contacts.customer_id", self.customer_id);
        sql.compare("contacts.external_id =", self.external_id.clone());
        sql.compare("contacts.email =", email);
        sql.compare("contacts.owner_id =", self.owner_id);
        sql.compare("contacts.is_primary =", self.is_primary);
        sql.compare("contacts.active =", self.active);
        sql.compare("contacts.created_at >=", self.created_at_gte);
        sql.compare("contacts.created_at <", self.created_at_lt);
        sql.compare("contacts.updated_at >=", self.updated_at_gte);
        sql.compare("contacts.updated_at <", self.updated_at_lt);
    }
}

/// A page of contacts.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &ContactFilter,
    window: &Window<Contact>,
) -> Result<Listed<Contact>, Error> {
    let kind = db.kind();
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql, kind, scope)).await
}

/// The contact, if it is in sight.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: ContactId) -> Result<Option<Contact>, Error> {
    journal::find(db, scope.organization, id).await
}

/// A customer's contacts.
pub async fn of_customer(db: &mut impl Sqls, scope: &Scope, customer: CustomerId) -> Result<Vec<Contact>, Error> {
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND contacts.customer_id = ").value(customer);
    })
    .await
}

/// The contacts with these ids in the CRM.
pub async fn by_external_ids(
    db: &mut impl Sqls,
    scope: &Scope,
    external_ids: impl IntoIterator<Item = String>,
) -> Result<Vec<Contact>, Error> {
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND contacts.external_id IN ").list(external_ids);
    })
    .await
}

/// The contacts with these addresses.
pub async fn by_emails(
    db: &mut impl Sqls,
    scope: &Scope,
    emails: impl IntoIterator<Item = String>,
) -> Result<Vec<Contact>, Error> {
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND contacts.email IN ").list(emails);
    })
    .await
}

/// Whether calls are on record with a contact.
pub async fn was_spoken_to(db: &mut impl Sqls, scope: &Scope, contact: &Contact) -> Result<bool, Error> {
    let row: Option<(i64,)> = db
        .sql("SELECT CAST(1 AS BIGINT) FROM attempts WHERE organization_id = $1 AND customer_id = $2 AND contact_id = $3 LIMIT 1")
        .bind(scope.organization)
        .bind(contact.fields.customer_id)
        .bind(contact.id)
        .optional()
        .await?;
    Ok(row.is_some())
}

/// Saves contacts; where one is the customer's primary, those who were it before step back in the same unit.
pub async fn save_all(unit: &mut Unit, changes: Vec<Change<Contact>>) -> Result<Vec<Contact>, journal::Error> {
    let newly = |change: &&Change<Contact>| {
        let before = change.before.as_ref();
        change.after.fields.is_primary
            && before.is_none_or(|b| !b.fields.is_primary || b.fields.customer_id != change.after.fields.customer_id)
    };
    let primaries: Vec<(CustomerId, ContactId)> = changes
        .iter()
        .filter(newly)
        .map(|change| (change.after.fields.customer_id, change.after.id))
        .collect();
    if primaries.is_empty() {
        return unit.save_all(changes).await;
    }
    // Of several in one go, the last one named is it.
    let last = |customer: CustomerId| primaries.iter().rev().find(|(known, _)| *known == customer);
    let changes: Vec<Change<Contact>> = changes
        .into_iter()
        .map(|mut change| {
            let fields = &mut change.after.fields;
            fields.is_primary &= last(fields.customer_id).is_none_or(|(_, id)| *id == change.after.id);
            change
        })
        .collect();
    let organization = unit.organization();
    let others: Vec<Contact> = journal::select(unit, organization, |sql| {
        sql.push(" AND contacts.is_primary = ").value(true);
        sql.push(" AND contacts.customer_id IN ")
            .list(primaries.iter().map(|(customer, _)| *customer));
    })
    .await?;
    let stepping = others
        .into_iter()
        .filter(|other| changes.iter().all(|change| change.after.id != other.id))
        .map(Contact::step_back)
        .collect();
    unit.save_all(stepping).await?;
    unit.save_all(changes).await
}
