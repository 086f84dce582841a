//! An account of the organization.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::calling_window::{CallingWindow, CallingWindowBody};
use super::shapes::{CustomFields, SocialProfiles, Word};
use super::{countries, phones};
use crate::clock::Timestamp;
use crate::db::Json;
use crate::features::cadences::cadence::OwnCadence;
use crate::fold;
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
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
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
    #[schema(value_type = Vec<Word>, max_items = 100)]
    pub services: Json<Vec<String>>,
    /// Compared without regard to case and accents.
    #[serde(default)]
    #[schema(value_type = Vec<Word>, max_items = 100)]
    pub tags: Json<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = SocialProfiles, inline)]
    pub social_profiles: Json<BTreeMap<String, String>>,
    #[serde(default)]
    #[schema(value_type = CustomFields, inline)]
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
    /// How often to speak with this customer, where that is not as its tags or the organization have it.
    #[schema(value_type = Option<OwnCadence>)]
    pub cadence: Option<Json<OwnCadence>>,
}

/// A customer: an account that the program listens to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Customer {
    pub id: CustomerId,
    #[serde(flatten)]
    pub fields: CustomerInput,
    /// The phone number in E.164, when it could be understood.
    #[schema(max_length = 20)]
    pub phone_e164: Option<String>,
    /// What a data steward should look at: `phone_not_understood`.
    #[schema(value_type = Vec<Word>, max_items = 20)]
    pub flags: Json<Vec<String>>,
    /// The last real conversation with it: a call that reached somebody, or an assignment completed otherwise.
    pub last_contacted_at: Option<Timestamp>,
    /// How many customers this one has referred.
    #[schema(minimum = 0)]
    pub referral_count: i64,
    /// How many people have looked after it, with the one who does now.
    #[schema(minimum = 0)]
    pub account_manager_count: i64,
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
            referral_count: 0,
            account_manager_count: 0,
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
            if fields.phone != next.fields.phone {
                NUMBER_FLAGS
                    .iter()
                    .for_each(|flag| set_flag(&mut next.flags.0, flag, false));
            }
            next.fields = fields;
            next.settle();
        })
    }

    /// Whether this change is the one that says: do not contact them any more.
    pub fn asks_to_be_left_alone(change: &Change<Self>) -> bool {
        let before = change
            .before
            .as_ref()
            .is_some_and(|before| before.fields.do_not_contact);
        change.after.fields.do_not_contact && !before
    }

    /// Our people reached the customer's at `at`.
    pub fn contacted(self, at: Timestamp) -> Change<Self> {
        self.change("contacted", |next| {
            next.last_contacted_at = next.last_contacted_at.max(Some(at));
        })
    }

    /// The customer asked not to be contacted. A reason that is known already stays.
    pub fn leave_alone(self, reason: Option<String>) -> Change<Self> {
        self.change("do_not_contact", |next| {
            next.fields.do_not_contact = true;
            let known = next.fields.do_not_contact_reason.take();
            next.fields.do_not_contact_reason = known.or(reason);
        })
    }

    /// One more person is known to have looked after it.
    pub fn joined_by_manager(self) -> Change<Self> {
        self.change("updated", |next| next.account_manager_count += 1)
    }

    /// Something about the record that a data steward should look at.
    pub fn flag(self, flag: &str) -> Change<Self> {
        self.change("flagged", |next| set_flag(&mut next.flags.0, flag, true))
    }

    /// A data steward has looked at it.
    pub fn unflag(self, flag: &str) -> Change<Self> {
        self.change("flag_cleared", |next| set_flag(&mut next.flags.0, flag, false))
    }

    /// Sets what follows from the fields.
    fn settle(&mut self) {
        let fields = &mut self.fields;
        if !fields.do_not_contact {
            fields.do_not_contact_reason = None;
        }
        distinct(&mut fields.services.0);
        distinct(&mut fields.tags.0);
        let region = self.region();
        let phone = self.fields.phone.as_deref().map(|phone| phones::phone(phone, region));
        self.phone_e164 = phone.as_ref().and_then(|phone| phone.e164.clone());
        let puzzling = phone.is_some_and(|phone| phone.e164.is_none());
        set_flag(&mut self.flags.0, PHONE_NOT_UNDERSTOOD, puzzling);
    }

    /// The day on which the clock of its cadence began anew, counted from the beginning of the calendar: that of the last conversation;
    /// before there is one, when it became a customer, or else became known here.
    pub fn clock_day(&self) -> i64 {
        let day = self
            .last_contacted_at
            .map(|at| at.date_naive())
            .or(self.fields.customer_since)
            .unwrap_or_else(|| self.created_at.date_naive());
        i64::from(day.num_days_from_ce())
    }

    /// When something was last heard of it, as far as its own record tells: a conversation or an activity that the CRM knows of.
    /// Before either, when it became a customer, or else became known here.
    pub fn heard_at(&self) -> Timestamp {
        let midnight = |day: NaiveDate| Timestamp::new(day.and_time(NaiveTime::MIN).and_utc());
        let heard = self.last_contacted_at.max(self.fields.last_activity_on.map(midnight));
        heard
            .or(self.fields.customer_since.map(midnight))
            .unwrap_or(self.created_at)
    }

    /// The country that its telephone numbers are written in.
    pub fn region(&self) -> Option<&'static str> {
        self.fields.country.as_deref().and_then(countries::country)
    }
}

/// A telephone number that cannot be dialled as it stands.
pub const PHONE_NOT_UNDERSTOOD: &str = "phone_not_understood";

/// Somebody else answers at the number.
pub const WRONG_NUMBER: &str = "wrong_number";
/// Nobody can answer at the number.
pub const DISCONNECTED: &str = "disconnected";
/// What calls have shown of a number: over as soon as there is another one.
pub const NUMBER_FLAGS: [&str; 2] = [WRONG_NUMBER, DISCONNECTED];

/// Puts a flag up or takes it down.
pub fn set_flag(flags: &mut Vec<String>, flag: &str, up: bool) {
    let there = flags.iter().any(|known| known == flag);
    if up && !there {
        flags.push(flag.to_owned());
    } else if !up && there {
        flags.retain(|known| known != flag);
    }
}

/// Trims words and leaves out blank and repeated ones: the first of those that differ only in case and accents stays.
fn distinct(words: &mut Vec<String>) {
    let mut seen = std::collections::HashSet::new();
    words.iter_mut().for_each(|word| *word = word.trim().to_owned());
    words.retain(|word| !word.is_empty() && seen.insert(fold::fold(word)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(fields: serde_json::Value) -> Customer {
        let now = Timestamp::new(chrono::DateTime::UNIX_EPOCH);
        let id = CustomerId(uuid::Uuid::nil());
        Customer::new(id, serde_json::from_value(fields).unwrap(), now)
    }

    #[test]
    fn a_phone_is_understood_through_the_country_and_flagged_without() {
        let known = customer(serde_json::json!({"name": "A", "phone": "030-0074321", "country": "Germany"}));
        assert_eq!(known.phone_e164.as_deref(), Some("+49300074321"));
        assert!(known.flags.0.is_empty());
        let mut fields = known.fields.clone();
        fields.country = None;
        let unknown = known.revise(fields).after;
        assert_eq!(
            (unknown.phone_e164.as_deref(), unknown.fields.phone.as_deref()),
            (None, Some("030-0074321"))
        );
        assert_eq!(unknown.flags.0, [PHONE_NOT_UNDERSTOOD]);
    }

    #[test]
    fn words_stand_once_whatever_their_case() {
        let customer = customer(serde_json::json!({"name": "A", "tags": ["Key", " key ", "", "KÉY", "new"]}));
        assert_eq!(customer.fields.tags.0, ["Key", "new"]);
    }

    #[test]
    fn an_earlier_contact_does_not_hide_a_later_one() {
        let late = Timestamp::new(chrono::DateTime::UNIX_EPOCH).plus(chrono::TimeDelta::days(2));
        let early = late.plus(chrono::TimeDelta::days(-1));
        let customer = customer(serde_json::json!({"name": "A"})).contacted(late).after;
        assert_eq!(customer.contacted(early).after.last_contacted_at, Some(late));
    }
}
