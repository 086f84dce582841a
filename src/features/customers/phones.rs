//! Telephone numbers: understood where possible, kept as given always.

use phonenumber::{Mode, country};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Longer than any telephone number with its extension: not looked at, but kept.
const LONGEST: usize = 40;

/// A telephone number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Phone {
    /// As the file has it, trimmed, in NFC and without control characters; never dropped. An extension stands only here.
    pub given: String,
    /// `+4930123456`, to be dialled from anywhere: only where the number is a valid one of its
    /// country, by Google's libphonenumber data. `None` is what a client flags.
    pub e164: Option<String>,
}

/// A telephone number of any length (bound it with [`super::text`] first), with the ISO 3166-1
/// alpha-2 code of the country it is written in. One that begins with `+` does not need it.
#[must_use]
pub fn phone(cell: &str, region: Option<&str>) -> Phone {
    let visible = |letter: &char| !letter.is_control();
    let given: String = cell.chars().filter(visible).nfc().collect();
    let given = given.trim().to_owned();
    let e164 = e164(&given, region);
    Phone { given, e164 }
}

fn e164(given: &str, region: Option<&str>) -> Option<String> {
    // One number, in digits; letters only for an extension. libphonenumber would also pick a
    // number out of prose, or spell a name on the keypad.
    let is_written_like_one = given.len() <= LONGEST
        && given.chars().any(|letter| letter.is_ascii_digit())
        && given
            .chars()
            .all(|letter| letter.is_ascii_digit() || letter.is_whitespace() || "+()-‐‑–./xXetENTn#".contains(letter));
    if !is_written_like_one
        || given
            .trim_start_matches([' ', '('])
            .chars()
            .skip(1)
            .any(|letter| letter == '+')
    {
        return None;
    }
    let region: Option<country::Id> = region.and_then(|code| code.to_uppercase().parse().ok());
    if region.is_none() && !given.trim_start_matches([' ', '(']).starts_with('+') {
        return None;
    }
    let number = phonenumber::parse(region, given).ok()?;
    phonenumber::is_valid(&number).then(|| number.format().mode(Mode::E164).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn understood(cell: &str, region: Option<&str>) -> Option<String> {
        phone(cell, region).e164
    }

    #[test]
    fn a_number_with_its_country_can_be_dialled_from_anywhere() {
        assert_eq!(understood("030-0074321", Some("DE")).as_deref(), Some("+49300074321"));
        assert_eq!(
            understood("(503) 555-7555", Some("US")).as_deref(),
            Some("+15035557555")
        );
        assert_eq!(understood("(02) 201 24 67", Some("BE")).as_deref(), Some("+3222012467"));
        assert_eq!(understood("011-4988260", Some("it")).as_deref(), Some("+390114988260"));
        assert_eq!(understood("31 12 34 56", Some("DK")).as_deref(), Some("+4531123456"));
    }

    #[test]
    fn a_number_that_names_its_country_needs_no_other() {
        for region in [None, Some("US"), Some("nowhere")] {
            assert_eq!(understood("+49 (30) 12345-67", region).as_deref(), Some("+49301234567"));
        }
        assert_eq!(
            understood("0049 30 1234567", Some("FR")).as_deref(),
            Some("+49301234567")
        );
        assert_eq!(understood("+1 212-555-0123 x42", None).as_deref(), Some("+12125550123"));
    }

    #[test]
    fn what_cannot_be_understood_is_kept_as_given() {
        for (cell, region) in [
            ("030-0074321", None),
            ("(171) 555-7788", Some("GB")),
            ("2967 542", Some("ZZ")),
            ("call reception", Some("DE")),
            ("030 123456 or +49 171 1234567", Some("DE")),
            ("1-800-FLOWERS", Some("US")),
            ("+", None),
            ("+999 12", None),
        ] {
            let read = phone(&format!("  {cell} "), region);
            assert_eq!((read.given.as_str(), read.e164), (cell, None));
        }
    }

    proptest! {
        #[test]
        fn no_number_panics_and_all_are_kept(
            cell in prop_oneof!["\\+?[-0-9 ().x]{0,24}", "\\+(800|808|870|881|882|883|888|979|1|7|39|44|599|590)[0-9]{0,12}"],
            region in proptest::option::of(prop_oneof!["[A-Z]{2}", Just("001".to_owned())]),
        ) {
            let read = phone(&cell, region.as_deref());
            prop_assert_eq!(read.given, cell.trim());
            if let Some(e164) = read.e164 {
                prop_assert!(e164.starts_with('+') && e164.len() <= 16);
                prop_assert!(e164.bytes().skip(1).all(|digit| digit.is_ascii_digit()), "{}", e164);
            }
        }
    }
}
