//! An account of the organization.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::calling_window::{CallingWindow, CallingWindowBody};
use crate::clock::Timestamp;
use crate::db::Json;
use crate::id::UserId;
use crate::journal::{Change, Changing};

crate::id! {
    /// An account of the organization.
    CustomerId;
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// In the currency's smallest unit: cents for USD, yen for JPY.
    #[schema(minimum = -1_000_000_000_000_000_i64, maximum = 1_000_000_000_000_000_i64, example = 427_300)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "USD")]
    pub currency: String,
}

/// What can be said of a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerInput {
    /// Its id in the CRM; unique in the organization.
    #[schema(min_length = 1, max_length = 200)]
    pub external_id: Option<String>,
    #[schema(min_length = 1, max_length = 300)]
    pub name: String,
    /// Who looks after the customer now.
    pub account_manager_id: Option<UserId>,
    /// IANA name; the organization's zone when null.
    #[schema(max_length = 64, example = "Europe/Berlin")]
    pub time_zone: Option<String>,
    /// When its people may be called, in its own zone; Monday to Friday, 09:00 to 17:00, when null.
    #[schema(value_type = Option<CallingWindowBody>)]
    pub calling_window: Option<Json<CallingWindow>>,
    pub customer_since: Option<NaiveDate>,
    /// What it is billed in a year.
    #[schema(value_type = Option<Money>)]
    pub annual_billing: Option<Json<Money>>,
    /// As it was given; see `phone_e164` for what could be understood of it.
    #[schema(max_length = 100)]
    pub phone: Option<String>,
    #[schema(max_length = 500)]
    pub website: Option<String>,
    #[schema(max_length = 200)]
    pub industry: Option<String>,
    #[schema(max_length = 300)]
    pub street: Option<String>,
    #[schema(max_length = 100)]
    pub city: Option<String>,
    #[schema(max_length = 100)]
    pub region: Option<String>,
    #[schema(max_length = 30)]
    pub postal_code: Option<String>,
    #[schema(max_length = 100)]
    pub country: Option<String>,
    /// BCP 47.
    #[schema(max_length = 35, example = "de-DE")]
    pub preferred_language: Option<String>,
    /// What the customer uses of ours.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 100)]
    pub services: Json<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 100)]
    pub tags: Json<Vec<String>>,
    /// Network → address of the profile.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub social_profiles: Json<BTreeMap<String, String>>,
    /// The organization's own fields, as text.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub custom_fields: Json<BTreeMap<String, String>>,
    /// The customer who referred this one.
    pub referred_by_id: Option<CustomerId>,
    /// Asked not to be contacted: nothing is scheduled until this is lifted.
    #[serde(default)]
    pub do_not_contact: bool,
    #[schema(max_length = 500)]
    pub do_not_contact_reason: Option<String>,
    /// The last activity that the CRM knows of.
    pub last_activity_on: Option<NaiveDate>,
}

/// A customer: an account that the program listens to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Customer {
    pub id: CustomerId,
    #[serde(flatten)]
    pub fields: CustomerInput,
    /// The phone number in E.164, when it could be understood.
    #[schema(max_length = 20)]
    pub phone_e164: Option<String>,
    /// What a data steward should look at: `phone_not_understood`.
    #[schema(value_type = Vec<String>, max_items = 20)]
    pub flags: Json<Vec<String>>,
    /// The last real conversation or message from us.
    pub last_contacted_at: Option<Timestamp>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Customer {
    pub fn new(id: CustomerId, fields: CustomerInput, now: Timestamp) -> Self {
        let mut customer = Self {
            id,
            fields,
            phone_e164: None,
            flags: Json(Vec::new()),
            last_contacted_at: None,
            revision: 0,
            created_at: now,
            updated_at: now,
        };
        customer.settle();
        customer
    }

    /// Other fields than before.
    pub fn revise(self, fields: CustomerInput) -> Change<Self> {
        self.change("updated", |next| {
            next.fields = fields;
            next.settle();
        })
    }

    /// Sets what follows from the fields.
    fn settle(&mut self) {
        let fields = &mut self.fields;
        if !fields.do_not_contact {
            fields.do_not_contact_reason = None;
        }
    }
}
