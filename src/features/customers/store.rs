//! All SQL of customers.

use serde::Deserialize;
use utoipa::IntoParams;

use super::customer::{Customer, CustomerId, CustomerInput};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::search::{self, Document};
use crate::db::{Error, Kind, Sql, Sqls};
use crate::fold;
use crate::id::UserId;
use crate::journal::{self, Listed, Sort, SortKey, Window};

/// Sorts before every real time.
fn never() -> Timestamp {
    Timestamp::new(chrono::DateTime::UNIX_EPOCH)
}

fn name_key(customer: &Customer) -> String {
    fold::fold(&customer.fields.name)
}

fn billing_key(customer: &Customer) -> i64 {
    customer
        .fields
        .annual_billing
        .as_ref()
        .map_or(-1, |billing| billing.amount_minor)
}

fn since_key(customer: &Customer) -> String {
    customer
        .fields
        .customer_since
        .map(|since| since.to_string())
        .unwrap_or_default()
}

crate::record!(
    Customer, "customer", "customers",
    [phone_e164, flags, last_contacted_at],
    fields CustomerInput [
        external_id, name, account_manager_id, time_zone, calling_window, customer_since, annual_billing, phone, website, industry,
        street, city, region, postal_code, country, preferred_language, services, tags, social_profiles, custom_fields,
        referred_by_id, do_not_contact, do_not_contact_reason, last_activity_on,
    ],
    derived {
        name_key: |customer| name_key(customer),
        billing_key: |customer| billing_key(customer),
        since_key: |customer| since_key(customer),
        contacted_key: |customer| customer.last_contacted_at.unwrap_or_else(never),
    },
    customer: |customer| Some(customer.id.into()),
    document: |customer| Some(Document {
        collection: "customers",
        leads_to: customer.id.into(),
        text: fold::search_text(&[
            &customer.fields.name,
            customer.fields.external_id.as_deref().unwrap_or_default(),
            customer.fields.phone.as_deref().unwrap_or_default(),
            customer.phone_e164.as_deref().unwrap_or_default(),
            customer.fields.website.as_deref().unwrap_or_default(),
        ]),
    }),
);

/// Fields that customers can be sorted by. What is missing comes first.
pub static SORTS: &[Sort<Customer>] = &[
    Sort {
        name: "name",
        column: "customers.name_key",
        key: |customer| SortKey::Text(name_key(customer)),
    },
    Sort {
        name: "annual_billing",
        column: "customers.billing_key",
        key: |customer| SortKey::Int(billing_key(customer)),
    },
    Sort {
        name: "customer_since",
        column: "customers.since_key",
        key: |customer| SortKey::Text(since_key(customer)),
    },
    Sort {
        name: "last_contacted_at",
        column: "customers.contacted_key",
        key: |customer| SortKey::Time(customer.last_contacted_at.unwrap_or_else(never)),
    },
    Sort {
        name: "created_at",
        column: "customers.created_at",
        key: |customer| SortKey::Time(customer.created_at),
    },
    Sort {
        name: "updated_at",
        column: "customers.updated_at",
        key: |customer| SortKey::Time(customer.updated_at),
    },
];

/// Which customers are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CustomerFilter {
    /// Words (or their beginnings) of a name, contact, e-mail, phone or external id.
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    #[param(max_length = 200)]
    pub external_id: Option<String>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub account_manager_id: Option<UserId>,
    pub do_not_contact: Option<bool>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl CustomerFilter {
    fn narrow(&self, sql: &mut Sql<'_>, kind: Kind, scope: &Scope) {
        if let Some(q) = &self.q {
            search::narrow(
                sql,
                kind,
                "customers.id",
                scope.organization,
                "customers",
                &fold::search_terms(q),
            );
        }
        if let Some(external_id) = &self.external_id {
            sql.push(" AND customers.external_id = ").value(external_id.clone());
        }
        if let Some(manager) = self.account_manager_id {
            sql.push(" AND customers.account_manager_id = ").value(manager);
        }
        if let Some(do_not_contact) = self.do_not_contact {
            sql.push(" AND customers.do_not_contact = ").value(do_not_contact);
        }
        if let Some(from) = self.updated_at_gte {
            sql.push(" AND customers.updated_at >= ").value(from);
        }
        if let Some(until) = self.updated_at_lt {
            sql.push(" AND customers.updated_at < ").value(until);
        }
    }
}

/// A page of customers.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &CustomerFilter,
    window: &Window<Customer>,
) -> Result<Listed<Customer>, Error> {
    let kind = db.kind();
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql, kind, scope)).await
}

/// The customer, if it is in sight.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: CustomerId) -> Result<Option<Customer>, Error> {
    journal::find(db, scope.organization, id).await
}

/// The customer with this id in the CRM.
pub async fn find_by_external_id(
    db: &mut impl Sqls,
    scope: &Scope,
    external_id: &str,
) -> Result<Option<Customer>, Error> {
    let external_id = external_id.to_owned();
    let mut found = journal::select(db, scope.organization, |sql| {
        sql.push(" AND customers.external_id = ").value(external_id);
    })
    .await?;
    Ok(found.pop())
}
