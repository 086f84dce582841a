//! What a customer is compared by, and the keys by which it is found.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::domains;
use super::names::Name;
use crate::features::customers::countries;
use crate::features::customers::customer::CustomerId;
use crate::fold;

/// A customer's own fields, as they are read for comparing.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Facts {
    pub id: CustomerId,
    pub name: String,
    pub phone_e164: Option<String>,
    pub website: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
}

/// A contact's, likewise.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ContactFacts {
    pub customer_id: CustomerId,
    pub email: Option<String>,
    pub phone_e164: Option<String>,
    pub mobile_e164: Option<String>,
}

/// What a customer is compared by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub id: CustomerId,
    /// As it is written, to be shown.
    pub written: String,
    pub name: Name,
    pub domains: BTreeSet<String>,
    pub phones: BTreeSet<String>,
    pub emails: BTreeSet<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
}

/// So many of each are looked at: who has more contacts is found by the others.
const MOST: usize = 40;

impl Profile {
    fn of(facts: Facts) -> Self {
        let key = |text: Option<String>| {
            let text = fold::words(&text.unwrap_or_default()).concat();
            (!text.is_empty()).then_some(text)
        };
        let country = facts.country.as_deref();
        Self {
            id: facts.id,
            name: Name::of(&facts.name),
            written: facts.name,
            domains: facts
                .website
                .as_deref()
                .and_then(domains::of_website)
                .into_iter()
                .collect(),
            phones: facts.phone_e164.into_iter().collect(),
            emails: BTreeSet::new(),
            country: country.and_then(countries::country).map(str::to_owned),
            postal_code: key(facts.postal_code),
            city: key(facts.city),
        }
    }

    /// Customers with what their contacts add.
    pub fn all(customers: Vec<Facts>, contacts: Vec<ContactFacts>) -> BTreeMap<CustomerId, Self> {
        let mut profiles: BTreeMap<CustomerId, Self> =
            customers.into_iter().map(|facts| (facts.id, Self::of(facts))).collect();
        for contact in contacts {
            let Some(profile) = profiles.get_mut(&contact.customer_id) else {
                continue;
            };
            profile
                .phones
                .extend(contact.phone_e164.into_iter().chain(contact.mobile_e164));
            if let Some(email) = contact.email {
                profile.domains.extend(domains::of_email(&email));
                profile.emails.insert(email);
            }
        }
        for profile in profiles.values_mut() {
            for all in [&mut profile.domains, &mut profile.phones, &mut profile.emails] {
                while all.len() > MOST {
                    all.pop_last();
                }
            }
        }
        profiles
    }

    /// The blocks that it stands in: who shares one is compared with it. Numbers, so that they tell nothing of anybody.
    pub fn keys(&self) -> BTreeSet<i64> {
        let joined = self.name.joined();
        let letters: Vec<char> = joined.chars().collect();
        let mut keys = BTreeSet::from([block("name", &joined), block("name", &self.name.sorted())]);
        // A slip of the pen spares the beginning or the end.
        if letters.len() >= 7 {
            let start: String = letters.iter().take(5).collect();
            let end: String = letters.iter().rev().take(5).collect();
            keys.extend([block("start", &start), block("end", &end)]);
        }
        keys.extend(self.name.telling().into_iter().map(|word| block("word", word)));
        keys.extend(self.domains.iter().map(|domain| block("domain", domain)));
        keys.extend(self.phones.iter().map(|phone| block("phone", phone)));
        keys.extend(self.emails.iter().map(|email| block("email", email)));
        keys
    }

    /// Says whether anything is another than it was; stands beside the keys, and only the very same customer has it.
    pub fn fingerprint(&self) -> i64 {
        block("whole", &format!("{self:?}"))
    }
}

fn block(kind: &str, text: &str) -> i64 {
    let mut hash = Sha256::new();
    hash.update(kind.as_bytes());
    hash.update([0]);
    hash.update(text.as_bytes());
    let digest = hash.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::*;

    pub fn profile(id: u128, name: &str) -> Profile {
        Profile::of(Facts {
            id: CustomerId(Uuid::from_u128(id)),
            name: name.into(),
            phone_e164: None,
            website: None,
            postal_code: None,
            city: None,
            country: None,
        })
    }

    #[test]
    fn spellings_of_one_name_meet_in_a_block_and_names_of_others_do_not() {
        let meet = |a: &str, b: &str| !profile(1, a).keys().is_disjoint(&profile(2, b).keys());
        for (a, b) in [
            ("Alfreds Futterkiste GmbH", "ALFREDS FUTTERKISTE"),
            ("Alfreds Futterkiste", "Alfrreds Futterkiste"),
            ("Alfreds Futterkiste", "Alfreds Futterkisste"),
            ("Futterkiste Alfreds", "Alfreds Futterkiste KG"),
            ("Northwind", "North Wind"),
        ] {
            assert!(meet(a, b), "{a} and {b}");
        }
        assert!(!meet("Alfreds Futterkiste", "Bon app'"));
    }

    #[test]
    fn contacts_add_their_companys_domain_but_not_their_mail_provider() {
        let facts = profile(1, "A");
        let contact = |email: &str| ContactFacts {
            customer_id: facts.id,
            email: Some(email.into()),
            phone_e164: None,
            mobile_e164: None,
        };
        let customers = vec![Facts {
            id: facts.id,
            name: "A".into(),
            phone_e164: None,
            website: Some("www.alfreds.de".into()),
            postal_code: None,
            city: None,
            country: None,
        }];
        let profiles = Profile::all(customers, vec![contact("a@gmail.com"), contact("b@alfreds.de")]);
        let profile = profiles.get(&facts.id).unwrap();
        assert_eq!(profile.domains, BTreeSet::from(["alfreds.de".to_owned()]));
        assert_eq!(profile.emails.len(), 2);
    }
}
