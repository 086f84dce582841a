//! How likely it is that two customers are one: Fellegi and Sunter (1969), with levels of agreement as Winkler (1990) has them.
//!
//! What two customers say of one thing agrees at some level, or not at all. Each level has two probabilities: *m*, that it is seen
//! when both are one, and *u*, that it is seen when they are not. It speaks for or against with a weight of log₂(m ÷ u) bits; what
//! one of them does not say speaks for nothing. The weights add up to the log-odds that are there beforehand ([`PRIOR`]), and
//! the score is the probability that follows, in per cent: 100 ÷ (1 + 2^−weight).
//!
//! The *m* and *u* are estimates for lists of companies; decision 16 says where each comes from.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::profile::Profile;

/// One pair in eight thousand that come together at all is a true one.
const PRIOR: f64 = -13.0;

/// Pairs with less are not kept.
pub const LEAST: i64 = 50;

crate::words! {
    /// What two customers have in common, or not.
    pub enum ReasonCode {
        SameName = "same_name",
        SimilarName = "similar_name",
        /// One name is the other with more words.
        NameWithMore = "name_with_more",
        DifferentName = "different_name",
        SameDomain = "same_domain",
        DifferentDomain = "different_domain",
        SamePhone = "same_phone",
        DifferentPhone = "different_phone",
        SameEmail = "same_email",
        SamePostalCode = "same_postal_code",
        SameCity = "same_city",
        DifferentCity = "different_city",
        DifferentCountry = "different_country",
    }
}

impl ReasonCode {
    /// How often it is seen when both are one, and when they are not.
    const fn odds(self) -> (f64, f64) {
        match self {
            Self::SameName => (0.55, 1e-5),
            Self::SimilarName => (0.25, 1e-4),
            Self::NameWithMore => (0.12, 5e-4),
            Self::DifferentName => (0.08, 0.999),
            Self::SameDomain => (0.70, 1e-6),
            Self::DifferentDomain => (0.10, 0.999),
            Self::SamePhone => (0.50, 1e-6),
            Self::DifferentPhone => (0.50, 0.999),
            Self::SameEmail => (0.30, 1e-6),
            Self::SamePostalCode => (0.60, 1e-3),
            Self::SameCity => (0.25, 0.02),
            Self::DifferentCity => (0.15, 0.95),
            Self::DifferentCountry => (0.03, 0.80),
        }
    }
}

/// Why two customers may be one, or why not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DuplicateReason {
    pub code: ReasonCode,
    /// In words.
    #[schema(max_length = 1000)]
    pub detail: String,
    /// How much it speaks for it, in bits: every one doubles the odds. Less than 0 speaks against it.
    #[schema(minimum = -100, maximum = 100)]
    pub weight: f64,
}

/// How likely it is, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// In per cent.
    pub score: i64,
    pub reasons: Vec<DuplicateReason>,
}

/// Compares two customers.
pub fn judge(a: &Profile, b: &Profile) -> Judged {
    let mut reasons = Vec::new();
    let mut add = |code: ReasonCode, detail: String| {
        let (m, u) = code.odds();
        let weight = (m / u).log2();
        reasons.push(DuplicateReason {
            code,
            detail,
            weight: (weight * 10.0).round() / 10.0,
        });
    };
    name(a, b, &mut add);
    match shared(&a.domains, &b.domains) {
        Some(Some(domain)) => add(ReasonCode::SameDomain, format!("Both are at {domain}.")),
        Some(None) => add(
            ReasonCode::DifferentDomain,
            "Their web sites and addresses have different domains.".into(),
        ),
        None => {}
    }
    match shared(&a.phones, &b.phones) {
        Some(Some(_)) => add(
            ReasonCode::SamePhone,
            "Both are reached at the same telephone number.".into(),
        ),
        Some(None) => add(
            ReasonCode::DifferentPhone,
            "They have different telephone numbers.".into(),
        ),
        None => {}
    }
    if let Some(Some(_)) = shared(&a.emails, &b.emails) {
        add(
            ReasonCode::SameEmail,
            "A contact of each has the same e-mail address.".into(),
        );
    }
    place(a, b, &mut add);
    let weight: f64 = PRIOR + reasons.iter().map(|reason| reason.weight).sum::<f64>();
    let probability = 1.0 / (1.0 + (-weight).exp2());
    reasons.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    Judged {
        #[expect(clippy::cast_possible_truncation, reason = "between 0 and 100")]
        score: (probability * 100.0).round() as i64,
        reasons,
    }
}

fn name(a: &Profile, b: &Profile, add: &mut impl FnMut(ReasonCode, String)) {
    let (written, other) = (cut(&a.written), cut(&b.written));
    if a.name.same(&b.name) {
        let detail = match a.written == b.written {
            true => format!("Both are called “{written}”."),
            false => {
                format!("“{written}” and “{other}” are one name, but for case, accents, punctuation and legal form.")
            }
        };
        return add(ReasonCode::SameName, detail);
    }
    let likeness = a.name.likeness(&b.name);
    if likeness >= SIMILAR {
        let detail = format!("“{written}” and “{other}” are nearly the same name ({likeness:.2} of 1).");
        return add(ReasonCode::SimilarName, detail);
    }
    if a.name.contains(&b.name) {
        let detail = format!("Of “{written}” and “{other}” one name is the other with more words.");
        return add(ReasonCode::NameWithMore, detail);
    }
    add(
        ReasonCode::DifferentName,
        format!("“{written}” and “{other}” are different names."),
    );
}

/// From here on two names count as nearly the same.
const SIMILAR: f64 = 0.93;

fn place(a: &Profile, b: &Profile, add: &mut impl FnMut(ReasonCode, String)) {
    if let (Some(one), Some(other)) = (&a.country, &b.country)
        && one != other
    {
        return add(ReasonCode::DifferentCountry, "They are in different countries.".into());
    }
    if a.postal_code.is_some() && a.postal_code == b.postal_code {
        return add(ReasonCode::SamePostalCode, "Both have the same postal code.".into());
    }
    match (&a.city, &b.city) {
        (Some(one), Some(other)) if one == other => add(ReasonCode::SameCity, "Both are in the same city.".into()),
        (Some(_), Some(_)) => add(ReasonCode::DifferentCity, "They are in different cities.".into()),
        (Some(_) | None, None) | (None, Some(_)) => {}
    }
}

/// What both have, when both have any.
fn shared<'a>(a: &'a BTreeSet<String>, b: &'a BTreeSet<String>) -> Option<Option<&'a String>> {
    (!a.is_empty() && !b.is_empty()).then(|| a.intersection(b).next())
}

fn cut(name: &str) -> String {
    name.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::super::profile::tests::profile;
    use super::*;

    fn with(name: &str, edit: impl FnOnce(&mut Profile)) -> Profile {
        let mut made = profile(1, name);
        edit(&mut made);
        made
    }

    fn set(value: &str) -> BTreeSet<String> {
        BTreeSet::from([value.to_owned()])
    }

    #[test]
    fn what_agrees_makes_it_likely_and_what_does_not_makes_it_less_so() {
        let plain = |name: &str| profile(1, name);
        let at = |name: &str, domain: &str| with(name, |it| it.domains = set(domain));
        let city = |name: &str, city: &str| with(name, |it| it.city = Some(city.into()));
        let phone = |name: &str, phone: &str| with(name, |it| it.phones = set(phone));
        let score = |a: &Profile, b: &Profile| judge(a, b).score;
        // The same name alone, with the same city, with another domain.
        assert_eq!(score(&plain("Alfreds"), &plain("Alfreds GmbH")), 87);
        assert_eq!(score(&city("Alfreds", "berlin"), &city("Alfreds", "berlin")), 99);
        assert!(score(&at("Alfreds", "a.de"), &at("Alfreds", "b.de")) < LEAST);
        // Another name at one's own domain or number.
        assert!(score(&at("Alphabet", "google.de"), &at("Gugel", "google.de")) > 80);
        assert!(score(&phone("Alphabet", "+4930"), &phone("Gugel", "+4930")) > 80);
        // Nearly the same name needs something else.
        assert!(score(&plain("Alfreds Futterkiste"), &plain("Alfred Futterkiste")) < LEAST);
        let near = score(
            &city("Alfreds Futterkiste", "berlin"),
            &city("Alfred Futterkiste", "berlin"),
        );
        assert!(near >= LEAST, "{near}");
        // Nothing in common.
        assert_eq!(score(&plain("Alfreds"), &plain("Bon app")), 0);
        let here = with("Alfreds", |it| it.country = Some("DE".into()));
        let there = with("Alfreds", |it| it.country = Some("FR".into()));
        assert!(score(&here, &there) < LEAST);
    }

    #[test]
    fn a_score_is_the_same_from_both_sides_and_its_reasons_come_strongest_first() {
        let one = with("Alfreds Futterkiste", |it| {
            it.domains = set("alfreds.de");
            it.city = Some("berlin".into());
        });
        let other = with("Alfreds Futterkiste GmbH", |it| {
            it.domains = set("alfreds.de");
            it.city = Some("potsdam".into());
        });
        let (there, back) = (judge(&one, &other), judge(&other, &one));
        assert_eq!(there.score, back.score);
        let codes: Vec<ReasonCode> = there.reasons.iter().map(|reason| reason.code).collect();
        assert_eq!(
            codes,
            [ReasonCode::SameDomain, ReasonCode::SameName, ReasonCode::DifferentCity]
        );
        assert!(there.reasons[0].detail.contains("alfreds.de"));
    }

    #[test]
    fn levels_speak_for_it_or_against_it_as_their_names_say() {
        for code in ReasonCode::ALL {
            let (m, u) = code.odds();
            assert_eq!(m > u, !code.as_str().starts_with("different"), "{code}");
        }
    }
}
