//! A person at a customer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customer::{CustomerId, NUMBER_FLAGS, PHONE_NOT_UNDERSTOOD, set_flag};
use super::shapes::Word;
use super::{countries, phones};
use crate::clock::Timestamp;
use crate::db::Json;
use crate::id::UserId;
use crate::journal::{Change, Changing};

crate::id! {
    /// A person at a customer.
    ContactId;
}

/// A mobile number that cannot be dialled as it stands.
pub const MOBILE_NOT_UNDERSTOOD: &str = "mobile_not_understood";

fn yes() -> bool {
    true
}

/// What can be said of a contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactInput {
    pub customer_id: CustomerId,
    /// Its id in the CRM; unique in the organization.
    #[schema(min_length = 1, max_length = 200)]
    pub external_id: Option<String>,
    /// The whole name; put together of first and last name when it is left out.
    #[serde(default)]
    #[schema(max_length = 300)]
    pub name: String,
    #[schema(max_length = 150)]
    pub first_name: Option<String>,
    #[schema(max_length = 150)]
    pub last_name: Option<String>,
    #[schema(max_length = 200)]
    pub title: Option<String>,
    #[schema(format = Email, max_length = 254)]
    pub email: Option<String>,
    /// As it was given; see `phone_e164` for what could be understood of it.
    #[schema(max_length = 100)]
    pub phone: Option<String>,
    /// As it was given; see `mobile_e164`.
    #[schema(max_length = 100)]
    pub mobile: Option<String>,
    #[schema(max_length = 100)]
    pub city: Option<String>,
    /// Where the person is, when not where the customer is.
    #[schema(max_length = 100)]
    pub country: Option<String>,
    /// BCP 47.
    #[schema(max_length = 35, example = "de-DE")]
    pub language: Option<String>,
    /// The user who knows this person.
    pub owner_id: Option<UserId>,
    /// Whom to call first. A customer has one at most: the last one that was named.
    #[serde(default)]
    pub is_primary: bool,
    /// Still works there.
    #[serde(default = "yes")]
    pub active: bool,
}

impl ContactInput {
    /// Nobody yet, of a customer.
    pub fn of(customer_id: CustomerId) -> Self {
        Self {
            customer_id,
            external_id: None,
            name: String::new(),
            first_name: None,
            last_name: None,
            title: None,
            email: None,
            phone: None,
            mobile: None,
            city: None,
            country: None,
            language: None,
            owner_id: None,
            is_primary: false,
            active: true,
        }
    }
}

/// A person at a customer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Contact {
    pub id: ContactId,
    #[serde(flatten)]
    pub fields: ContactInput,
    /// The phone number in E.164, when it could be understood.
    #[schema(max_length = 20)]
    pub phone_e164: Option<String>,
    /// The mobile number in E.164, when it could be understood.
    #[schema(max_length = 20)]
    pub mobile_e164: Option<String>,
    /// Since when it has been known that the person left.
    pub left_at: Option<Timestamp>,
    /// What a data steward should look at: `phone_not_understood`, `wrong_number`.
    #[schema(value_type = Vec<Word>, max_items = 20)]
    pub flags: Json<Vec<String>>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Contact {
    /// A new contact of a customer in `region`.
    pub fn new(id: ContactId, fields: ContactInput, region: Option<&str>, now: Timestamp) -> Self {
        let mut contact = Self {
            id,
            fields,
            phone_e164: None,
            mobile_e164: None,
            left_at: None,
            flags: Json(Vec::new()),
            revision: 0,
            created_at: now,
            updated_at: now,
        };
        contact.settle(region, now);
        contact
    }

    /// Other fields than before.
    pub fn revise(self, fields: ContactInput, region: Option<&str>, now: Timestamp) -> Change<Self> {
        self.change("updated", |next| {
            if (&fields.phone, &fields.mobile) != (&next.fields.phone, &next.fields.mobile) {
                NUMBER_FLAGS
                    .iter()
                    .for_each(|flag| set_flag(&mut next.flags.0, flag, false));
            }
            next.fields = fields;
            next.settle(region, now);
        })
    }

    /// The person does not work there any more.
    pub fn leave(self, now: Timestamp) -> Change<Self> {
        self.change("left", |next| {
            next.fields.active = false;
            next.fields.is_primary = false;
            next.left_at.get_or_insert(now);
        })
    }

    /// Another one is called first.
    pub fn step_back(self) -> Change<Self> {
        self.change("updated", |next| next.fields.is_primary = false)
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
    fn settle(&mut self, region: Option<&str>, now: Timestamp) {
        let fields = &mut self.fields;
        fields.name = fields.name.trim().to_owned();
        if fields.name.is_empty() {
            let parts = [&fields.first_name, &fields.last_name].map(|part| part.as_deref().unwrap_or_default().trim());
            fields.name = parts.join(" ").trim().to_owned();
        }
        fields.email = fields.email.take().map(|email| email.trim().to_lowercase());
        if fields.active {
            self.left_at = None;
        } else {
            self.left_at.get_or_insert(now);
        }
        let region = fields.country.as_deref().and_then(countries::country).or(region);
        let read = |given: &Option<String>| given.as_deref().map(|given| phones::phone(given, region).e164);
        let (phone, mobile) = (read(&fields.phone), read(&fields.mobile));
        set_flag(&mut self.flags.0, PHONE_NOT_UNDERSTOOD, phone == Some(None));
        set_flag(&mut self.flags.0, MOBILE_NOT_UNDERSTOOD, mobile == Some(None));
        self.phone_e164 = phone.flatten();
        self.mobile_e164 = mobile.flatten();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_put_together_and_a_leaver_is_no_longer_called() {
        let now = Timestamp::new(chrono::DateTime::UNIX_EPOCH);
        let fields = serde_json::json!({
            "customer_id": "01890a5d-ac96-774b-bcce-b302099a8057", "first_name": "Maria", "last_name": "Anders",
            "email": " M.Anders@Alfreds.test ", "phone": "030-0074321", "mobile": "somewhere", "is_primary": true
        });
        let fields: ContactInput = serde_json::from_value(fields).unwrap();
        let contact = Contact::new(ContactId(uuid::Uuid::nil()), fields, Some("DE"), now);
        assert_eq!(contact.fields.name, "Maria Anders");
        assert_eq!(contact.fields.email.as_deref(), Some("m.anders@alfreds.test"));
        assert_eq!(contact.phone_e164.as_deref(), Some("+49300074321"));
        assert_eq!(contact.flags.0, [MOBILE_NOT_UNDERSTOOD]);
        let left = contact.leave(now).after;
        assert_eq!(
            (left.fields.active, left.fields.is_primary, left.left_at),
            (false, false, Some(now))
        );
        let mut fields = left.fields.clone();
        fields.active = true;
        assert_eq!(left.revise(fields, None, now).after.left_at, None);
    }

    #[test]
    fn another_number_takes_down_what_was_found_out_of_the_one_before() {
        let customer = CustomerId(uuid::Uuid::from_u128(1));
        let now = Timestamp::new(chrono::DateTime::UNIX_EPOCH);
        let fields = ContactInput {
            phone: Some("+49 30 0074321".into()),
            ..ContactInput::of(customer)
        };
        let contact = Contact::new(ContactId(uuid::Uuid::from_u128(2)), fields, None, now);
        let contact = contact.flag(crate::features::customers::customer::WRONG_NUMBER).after;
        let mut fields = contact.fields.clone();
        fields.title = Some("Owner".into());
        let contact = contact.revise(fields.clone(), None, now).after;
        assert_eq!(contact.flags.0.len(), 1);
        fields.mobile = Some("+49 170 1234567".into());
        assert!(contact.revise(fields, None, now).after.flags.0.is_empty());
    }
}
