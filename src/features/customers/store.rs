//! All SQL of customers.

pub mod account_managers;
pub mod contacts;
pub mod redirects;
pub mod signals;
pub mod timeline;
mod upkeep;

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;

pub use upkeep::{save, save_all, today, zone};

use super::countries;
use super::customer::{Customer, CustomerId, CustomerInput};
use super::shapes::Word;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::search::{self, Document};
use crate::db::{Error, Kind, Sql, Sqls};
use crate::features::cadences::{self, cadence::Due};
use crate::fold;
use crate::http::query::List;
use crate::id::UserId;
use crate::journal::{self, Label, Listed, Many, Sort, SortKey, Window};

/// Sorts before every real time.
fn never() -> Timestamp {
    Timestamp::new(chrono::DateTime::UNIX_EPOCH)
}

fn name_key(customer: &Customer) -> String {
    fold::fold(&customer.fields.name)
}

/// Sorts before every amount that a customer can be billed.
const NO_BILLING: i64 = -9_000_000_000_000_000;

fn billing_key(customer: &Customer) -> i64 {
    customer
        .fields
        .annual_billing
        .as_ref()
        .map_or(NO_BILLING, |billing| billing.amount_minor)
}

fn since_key(customer: &Customer) -> String {
    customer
        .fields
        .customer_since
        .map(|since| since.to_string())
        .unwrap_or_default()
}

/// The same for all spellings of a country that are known: `uk`, `United Kingdom`, `GB`.
fn country_key(country: &str) -> String {
    countries::country(country).map_or_else(|| fold::fold(country.trim()), str::to_owned)
}

const TAG: &str = "customer_tag";
const SERVICE: &str = "customer_service";

fn labels(customer: &Customer) -> Vec<Label> {
    let words = |kind, words: &[String]| -> Vec<Label> {
        words
            .iter()
            .map(|word| Label {
                kind,
                text: fold::fold(word),
            })
            .collect()
    };
    let mut labels = words(TAG, &customer.fields.tags);
    labels.extend(words(SERVICE, &customer.fields.services));
    labels
}

crate::record!(
    Customer, "customer", "customers",
    [phone_e164, flags, last_contacted_at, referral_count, account_manager_count],
    fields CustomerInput [
        external_id, name, account_manager_id, time_zone, calling_window, customer_since, annual_billing, phone, website, industry,
        street, city, region, postal_code, country, preferred_language, services, tags, social_profiles, custom_fields,
        referred_by_id, do_not_contact, do_not_contact_reason, last_activity_on, cadence,
    ],
    derived {
        name_key: |customer| name_key(customer),
        billing_key: |customer| billing_key(customer),
        since_key: |customer| since_key(customer),
        contacted_key: |customer| customer.last_contacted_at.unwrap_or_else(never),
        country_key: |customer| country_key(customer.fields.country.as_deref().unwrap_or_default()),
        industry_key: |customer| fold::fold(customer.fields.industry.as_deref().unwrap_or_default()),
        own_ideal_days: |customer| customer.fields.cadence.as_ref().and_then(|own| own.ideal_days),
        own_longest_days: |customer| customer.fields.cadence.as_ref().and_then(|own| own.longest_days),
        own_reviews_per_year: |customer| customer.fields.cadence.as_ref().and_then(|own| own.reviews_per_year),
        clock_day: |customer| customer.clock_day(),
        heard_key: |customer| customer.heard_at(),
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
    labels: |customer| labels(customer),
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
        name: "referral_count",
        column: "customers.referral_count",
        key: |customer| SortKey::Int(customer.referral_count),
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
    /// Any of these ids of the CRM.
    #[param(style = Form, explode = false, value_type = Option<Vec<Word>>, max_items = 200)]
    pub external_id_in: Option<List<String>>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub account_manager_id: Option<UserId>,
    /// The customer who referred them.
    #[param(value_type = Option<String>, format = Uuid)]
    pub referred_by_id: Option<CustomerId>,
    /// Case and accents do not matter.
    #[param(max_length = 200)]
    pub tag: Option<String>,
    /// Case and accents do not matter.
    #[param(max_length = 200)]
    pub service: Option<String>,
    /// An ISO code or a name.
    #[param(max_length = 100)]
    pub country: Option<String>,
    #[param(max_length = 200)]
    pub industry: Option<String>,
    pub do_not_contact: Option<bool>,
    /// Whether a support case of theirs is open.
    pub open_case: Option<bool>,
    /// Whether nobody of ours has reached them yet.
    pub never_contacted: Option<bool>,
    /// Whom it is time to speak with, by the cadence that holds for each.
    pub due: Option<Due>,
    pub customer_since_gte: Option<NaiveDate>,
    pub customer_since_lt: Option<NaiveDate>,
    /// In the currency's smallest unit, whatever the currency.
    #[param(minimum = -1_000_000_000_000_000_i64, maximum = 1_000_000_000_000_000_i64)]
    pub annual_billing_gte: Option<i64>,
    /// In the currency's smallest unit, whatever the currency.
    #[param(minimum = -1_000_000_000_000_000_i64, maximum = 1_000_000_000_000_000_i64)]
    pub annual_billing_lt: Option<i64>,
    pub last_contacted_at_gte: Option<Timestamp>,
    pub last_contacted_at_lt: Option<Timestamp>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl CustomerFilter {
    /// Appends ` AND …` conditions on the rows of `customers`.
    pub fn narrow(&self, sql: &mut Sql<'_>, kind: Kind, scope: &Scope, now: Timestamp) {
        if let Some(due) = self.due {
            cadences::store::narrow(sql, scope, due, now);
        }
        if let Some(q) = &self.q {
            let terms = fold::search_terms(q);
            search::narrow(sql, kind, "customers.id", scope.organization, "customers", &terms);
        }
        if let Some(List(ids)) = &self.external_id_in {
            redirects::narrow_external(sql, scope, ids);
        }
        for (kind, label) in [(TAG, &self.tag), (SERVICE, &self.service)] {
            if let Some(label) = label {
                sql.push(" AND customers.id IN (SELECT record_id FROM record_labels WHERE organization_id = ")
                    .value(scope.organization);
                sql.push(" AND kind = ").value(kind.to_owned());
                sql.push(" AND label = ").value(fold::fold(label.trim())).push(")");
            }
        }
        if let Some(open) = self.open_case {
            sql.push(if open { " AND" } else { " AND NOT" })
                .push(" customers.id IN (SELECT customer_id FROM signals WHERE kind = 'support_case' AND status = 'open' AND organization_id = ")
                .value(scope.organization)
                .push(")");
        }
        if let Some(never_contacted) = self.never_contacted {
            sql.push(if never_contacted {
                " AND customers.contacted_key = "
            } else {
                " AND customers.contacted_key > "
            })
            .value(never());
        }
        // What is missing has a place before all values; it is not less than any of them.
        if self.annual_billing_lt.is_some() {
            sql.push(" AND customers.billing_key > ").value(NO_BILLING);
        }
        if self.customer_since_lt.is_some() {
            sql.push(" AND customers.since_key > ").value(String::new());
        }
        if self.last_contacted_at_lt.is_some() {
            sql.push(" AND customers.contacted_key > ").value(never());
        }
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string());
        if let Some(id) = &self.external_id {
            redirects::narrow_external(sql, scope, std::slice::from_ref(id));
        }
        sql.compare("customers.account_manager_id =", self.account_manager_id);
        redirects::narrow_within(sql, scope, "customers.referred_by_id", self.referred_by_id);
        sql.compare("customers.do_not_contact =", self.do_not_contact);
        sql.compare("customers.country_key =", self.country.as_deref().map(country_key));
        sql.compare("customers.industry_key =", self.industry.as_deref().map(fold::fold));
        sql.compare("customers.since_key >=", day(self.customer_since_gte));
        sql.compare("customers.since_key <", day(self.customer_since_lt));
        sql.compare("customers.billing_key >=", self.annual_billing_gte);
        sql.compare("customers.billing_key <", self.annual_billing_lt);
        sql.compare("customers.contacted_key >=", self.last_contacted_at_gte);
        sql.compare("customers.contacted_key <", self.last_contacted_at_lt);
        sql.compare("customers.created_at >=", self.created_at_gte);
        sql.compare("customers.created_at <", self.created_at_lt);
        sql.compare("customers.updated_at >=", self.updated_at_gte);
        sql.compare("customers.updated_at <", self.updated_at_lt);
    }
}

/// A page of customers.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &CustomerFilter,
    window: &Window<Customer>,
    now: Timestamp,
) -> Result<Listed<Customer>, Error> {
    let kind = db.kind();
    let named = filter.external_id.is_some() || filter.external_id_in.is_some();
    let many = if named { Many::Few } else { Many::Some };
    journal::list_of(db, scope.organization, window, many, |sql| {
        filter.narrow(sql, kind, scope, now)
    })
    .await
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

/// The customers with these ids in the CRM.
pub async fn by_external_ids(
    db: &mut impl Sqls,
    scope: &Scope,
    external_ids: impl IntoIterator<Item = String>,
) -> Result<Vec<Customer>, Error> {
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND customers.external_id IN ").list(external_ids);
    })
    .await
}

/// The customers with exactly these names.
pub async fn by_names(db: &mut impl Sqls, scope: &Scope, names: Vec<String>) -> Result<Vec<Customer>, Error> {
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND customers.name_key IN ")
            .list(names.iter().map(|name| fold::fold(name)));
        sql.push(" AND customers.name IN ").list(names.iter().cloned());
    })
    .await
}

/// The customers whom some of these referred.
pub async fn referred_by(
    db: &mut impl Sqls,
    scope: &Scope,
    referrers: impl IntoIterator<Item = CustomerId>,
) -> Result<Vec<Customer>, Error> {
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND customers.referred_by_id IN ").list(referrers);
    })
    .await
}
