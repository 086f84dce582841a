//! Decides: what the customer that stays says of itself, out of what all of them said.

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::db::Json;
use crate::features::customers::customer::{Customer, CustomerId, CustomerInput};

macro_rules! choices {
    ($($field:ident),+ $(,)?) => {
        /// Field by field the customer whose value stays, where it is not the one that stays that has the say.
        #[derive(Debug, Clone, Default, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct FieldsOf { $(pub $field: Option<CustomerId>,)+ }

        impl FieldsOf {
            /// Every field that is named, with its customer.
            pub fn named(&self) -> Vec<(&'static str, CustomerId)> {
                [$((stringify!($field), self.$field)),+]
                    .into_iter()
                    .filter_map(|(field, of)| Some((field, of?)))
                    .collect()
            }
        }
    };
}

choices![
    external_id,
    name,
    account_manager_id,
    time_zone,
    calling_window,
    customer_since,
    annual_billing,
    phone,
    website,
    industry,
    street,
    city,
    region,
    postal_code,
    country,
    preferred_language,
    social_profiles,
    custom_fields,
    referred_by_id,
    last_activity_on,
    cadence,
];

/// Tags, services, profiles and custom fields: at most so many.
const MOST: usize = 100;

/// All customers, the one that stays first.
struct All<'a>(&'a [Customer]);

impl All<'_> {
    fn of(&self, id: CustomerId) -> Option<&CustomerInput> {
        self.0.iter().find(|it| it.id == id).map(|it| &it.fields)
    }

    fn fields(&self) -> impl DoubleEndedIterator<Item = &CustomerInput> {
        self.0.iter().map(|it| &it.fields)
    }

    /// The value of whom was chosen, else the first that there is.
    fn first<T: Clone>(&self, chosen: Option<CustomerId>, get: impl Fn(&CustomerInput) -> &Option<T>) -> Option<T> {
        match chosen.and_then(|id| self.of(id)) {
            Some(fields) => get(fields).clone(),
            None => self.fields().find_map(|fields| get(fields).clone()),
        }
    }

    /// What anybody says under a name; who comes first has the say, and before all whom was chosen.
    fn entries(
        &self,
        chosen: Option<CustomerId>,
        get: impl Fn(&CustomerInput) -> &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let mut entries = BTreeMap::new();
        let first = chosen.and_then(|id| self.of(id));
        for fields in first.into_iter().chain(self.fields()) {
            for (name, text) in get(fields) {
                if entries.len() < MOST || entries.contains_key(name) {
                    entries.entry(name.clone()).or_insert_with(|| text.clone());
                }
            }
        }
        entries
    }

    fn words(&self, get: impl Fn(&CustomerInput) -> &Vec<String>) -> Vec<String> {
        self.fields().flat_map(|fields| get(fields).iter().cloned()).collect()
    }
}

/// What the first of them says of itself from now on. Its own values have the say where it has any; it has been a customer since the
/// earliest day and was last active on the latest; tags, services, profiles and custom fields are united; who asked not to be
/// contacted is not. An address is one customer's, not made of several.
pub fn united(customers: &[Customer], chosen: &FieldsOf) -> CustomerInput {
    let all = All(customers);
    let Some(survivor) = customers.first() else {
        return CustomerInput::default();
    };
    let mut fields = survivor.fields.clone();
    let own = |id: CustomerId| customers.iter().any(|it| it.id == id);
    if let Some(named) = chosen.name.and_then(|id| all.of(id)) {
        fields.name = named.name.clone();
    }
    macro_rules! first {
        ($($field:ident),+) => { $(fields.$field = all.first(chosen.$field, |it| &it.$field);)+ };
    }
    first!(
        external_id,
        account_manager_id,
        time_zone,
        calling_window,
        annual_billing,
        phone,
        website,
        industry,
        country,
        preferred_language,
        cadence
    );
    let addressed = |it: &&CustomerInput| it.street.is_some() || it.city.is_some() || it.postal_code.is_some();
    let address = all.fields().find(addressed).unwrap_or(&survivor.fields);
    macro_rules! address {
        ($($field:ident),+) => { $(
            fields.$field = match chosen.$field.and_then(|id| all.of(id)) {
                Some(chosen) => chosen.$field.clone(),
                None => address.$field.clone(),
            };
        )+ };
    }
    address!(street, city, region, postal_code);
    fields.customer_since = match chosen.customer_since.and_then(|id| all.of(id)) {
        Some(chosen) => chosen.customer_since,
        None => all.fields().filter_map(|it| it.customer_since).min(),
    };
    fields.last_activity_on = match chosen.last_activity_on.and_then(|id| all.of(id)) {
        Some(chosen) => chosen.last_activity_on,
        None => all.fields().filter_map(|it| it.last_activity_on).max(),
    };
    fields.referred_by_id = match chosen.referred_by_id.and_then(|id| all.of(id)) {
        Some(chosen) => chosen.referred_by_id,
        None => all.fields().find_map(|it| it.referred_by_id.filter(|id| !own(*id))),
    };
    fields.referred_by_id = fields.referred_by_id.filter(|id| !own(*id));
    fields.services = Json(all.words(|it| &it.services.0));
    fields.tags = Json(all.words(|it| &it.tags.0));
    fields.social_profiles = Json(all.entries(chosen.social_profiles, |it| &it.social_profiles.0));
    fields.custom_fields = Json(all.entries(chosen.custom_fields, |it| &it.custom_fields.0));
    fields.do_not_contact = all.fields().any(|it| it.do_not_contact);
    fields.do_not_contact_reason = all.fields().find_map(|it| it.do_not_contact_reason.clone());
    fields
}

/// No more words than a customer may have, after those that differ only in case and accents were taken together.
pub fn within_bounds(customer: &mut Customer) {
    customer.fields.services.0.truncate(MOST);
    customer.fields.tags.0.truncate(MOST);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::clock::Timestamp;

    fn customer(id: u128, fields: Value) -> Customer {
        let now = Timestamp::new(chrono::DateTime::UNIX_EPOCH);
        Customer::new(
            CustomerId(Uuid::from_u128(id)),
            serde_json::from_value(fields).unwrap(),
            now,
        )
    }

    #[test]
    fn the_one_that_stays_has_the_say_and_the_others_fill_in() {
        let customers = [
            customer(
                1,
                json!({"name": "Alfreds", "customer_since": "2020-05-01", "tags": ["key"], "custom_fields": {"a": "1"}}),
            ),
            customer(
                2,
                json!({"name": "Alfreds GmbH", "external_id": "ALFKI", "phone": "1", "customer_since": "2019-01-01", "tags": ["new"], "custom_fields": {"a": "2", "b": "3"}, "do_not_contact": true, "do_not_contact_reason": "Asked."}),
            ),
            customer(
                3,
                json!({"name": "A", "phone": "2", "city": "Berlin", "referred_by_id": Uuid::from_u128(1)}),
            ),
        ];
        let fields = united(&customers, &FieldsOf::default());
        assert_eq!(
            (fields.name.as_str(), fields.external_id.as_deref()),
            ("Alfreds", Some("ALFKI"))
        );
        assert_eq!(
            (fields.phone.as_deref(), fields.city.as_deref()),
            (Some("1"), Some("Berlin"))
        );
        assert_eq!(fields.customer_since.unwrap().to_string(), "2019-01-01");
        assert_eq!(fields.tags.0, ["key", "new"]);
        assert_eq!(fields.custom_fields.0.get("a").map(String::as_str), Some("1"));
        assert_eq!(fields.custom_fields.0.len(), 2);
        assert!(fields.do_not_contact);
        assert_eq!(fields.do_not_contact_reason.as_deref(), Some("Asked."));
        assert_eq!(fields.referred_by_id, None);
    }

    #[test]
    fn whom_was_chosen_has_the_say_with_nothing_as_well() {
        let customers = [
            customer(1, json!({"name": "Alfreds", "phone": "1", "custom_fields": {"a": "1"}})),
            customer(2, json!({"name": "Alfreds GmbH", "custom_fields": {"a": "2"}})),
        ];
        let second = Some(customers[1].id);
        let chosen = FieldsOf {
            name: second,
            phone: second,
            custom_fields: second,
            ..FieldsOf::default()
        };
        let fields = united(&customers, &chosen);
        assert_eq!((fields.name.as_str(), fields.phone), ("Alfreds GmbH", None));
        assert_eq!(fields.custom_fields.0.get("a").map(String::as_str), Some("2"));
    }

    #[test]
    fn an_address_is_one_customers() {
        let customers = [
            customer(1, json!({"name": "A", "city": "Berlin"})),
            customer(2, json!({"name": "B", "street": "Rue 1", "city": "Paris"})),
        ];
        let fields = united(&customers, &FieldsOf::default());
        assert_eq!((fields.city.as_deref(), fields.street), (Some("Berlin"), None));
    }
}
