//! Countries as CRMs write them. Codes and English names are those of the crate `celes` (ISO
//! 3166-1); what it does not know, and people write, is listed here.

use celes::Country;

use crate::fold;

/// Names that are neither an ISO code nor an ISO English name: folded, letters only.
const ALSO_WRITTEN: [(&str, &str); 34] = [
    ("taiwanrepublicofchina", "TW"),
    ("uk", "GB"),
    ("wales", "GB"),
    ("usofa", "US"),
    ("korea", "KR"),
    ("hongkongsar", "HK"),
    ("uae", "AE"),
    ("drcongo", "CD"),
    ("congokinshasa", "CD"),
    ("congobrazzaville", "CG"),
    ("mainlandchina", "CN"),
    ("prchina", "CN"),
    ("republicofireland", "IE"),
    ("eire", "IE"),
    ("deutschland", "DE"),
    ("osterreich", "AT"),
    ("schweiz", "CH"),
    ("suisse", "CH"),
    ("espana", "ES"),
    ("italia", "IT"),
    ("brasil", "BR"),
    ("belgique", "BE"),
    ("belgie", "BE"),
    ("sverige", "SE"),
    ("danmark", "DK"),
    ("congodr", "CD"),
    ("congodemrep", "CD"),
    ("democraticrepubliccongo", "CD"),
    ("norge", "NO"),
    ("suomi", "FI"),
    ("polska", "PL"),
    ("svizzera", "CH"),
    ("nederland", "NL"),
    ("luxemburg", "LU"),
];

/// The ISO 3166-1 alpha-2 code of a country: from its code (`DE`, `DEU`), its English name, also a
/// shorter or older one (`USA`, `U.K.`, `Holland`), or the name a few countries give themselves.
/// `None` for what is not known: keep the text as it was given.
#[must_use]
pub fn country(cell: &str) -> Option<&'static str> {
    let folded = fold::fold(cell.trim());
    let letters: String = folded.chars().filter(char::is_ascii_alphanumeric).collect();
    if letters.is_empty() || letters.len() > 64 || !folded.chars().all(is_part_of_a_name) {
        return None;
    }
    ALSO_WRITTEN
        .iter()
        .find(|(name, _)| *name == letters)
        .map(|(_, code)| *code)
        .or_else(|| known(&letters))
        .or_else(|| known(letters.strip_prefix("the")?))
}

fn known(letters: &str) -> Option<&'static str> {
    let found = match letters.len() {
        2 => Country::from_alpha2(letters),
        3 => Country::from_alpha3(letters).or_else(|_| Country::from_alias(letters)),
        // Names first: the crate has Samoa as an alias of American Samoa.
        _ => Country::from_name(letters).or_else(|_| Country::from_alias(letters)),
    };
    found.ok().map(|country| country.alpha2)
}

fn is_part_of_a_name(letter: char) -> bool {
    letter.is_ascii_alphabetic() || letter.is_whitespace() || ".,'’()&-".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_known_by_the_names_crms_write() {
        for (cell, code) in [
            ("USA", "US"),
            ("U.S.A.", "US"),
            ("United States", "US"),
            ("us", "US"),
            ("UK", "GB"),
            ("U.K.", "GB"),
            ("United Kingdom", "GB"),
            ("Great Britain", "GB"),
            ("England", "GB"),
            ("Scotland", "GB"),
            ("GB", "GB"),
            ("Germany", "DE"),
            ("DE", "DE"),
            (" deu ", "DE"),
            ("Deutschland", "DE"),
            ("Österreich", "AT"),
            ("Czech Republic", "CZ"),
            ("South Korea", "KR"),
            ("Russia", "RU"),
            ("Russian Federation", "RU"),
            ("The Netherlands", "NL"),
            ("Netherlands", "NL"),
            ("Türkiye", "TR"),
            ("Turkey", "TR"),
            ("Côte d'Ivoire", "CI"),
            ("Ivory Coast", "CI"),
            ("Viet Nam", "VN"),
            ("Vietnam", "VN"),
            ("Hong Kong", "HK"),
            ("Taiwan", "TW"),
            ("UAE", "AE"),
            ("United Arab Emirates", "AE"),
            ("Philippines", "PH"),
            ("The Bahamas", "BS"),
            ("Bahamas", "BS"),
            ("Gambia", "GM"),
            ("Congo", "CG"),
            ("China", "CN"),
            ("India", "IN"),
            ("Japan", "JP"),
            ("Australia", "AU"),
            ("New Zealand", "NZ"),
            ("South Africa", "ZA"),
            ("Saudi Arabia", "SA"),
            ("Egypt", "EG"),
            ("Israel", "IL"),
            ("Singapore", "SG"),
            ("Bosnia and Herzegovina", "BA"),
            ("Trinidad and Tobago", "TT"),
            ("Iran", "IR"),
            ("Bolivia", "BO"),
            ("Dominican Republic", "DO"),
            ("Curaçao", "CW"),
            ("Åland Islands", "AX"),
            ("Réunion", "RE"),
            ("Romania", "RO"),
            ("Ukraine", "UA"),
            ("Greece", "GR"),
            ("Hungary", "HU"),
            ("Iceland", "IS"),
            ("Niger", "NE"),
            ("Nigeria", "NG"),
            ("Sudan", "SD"),
            ("Georgia", "GE"),
            ("Jordan", "JO"),
        ] {
            assert_eq!(country(cell), Some(code), "{cell}");
        }
    }

    #[test]
    fn every_country_of_the_northwind_files_is_known() {
        for cell in [
            "Argentina",
            "Austria",
            "Belgium",
            "Brazil",
            "Canada",
            "Denmark",
            "Finland",
            "France",
            "Germany",
            "IT",
            "Ireland",
            "Italy",
            "Mexico",
            "Norway",
            "Poland",
            "Portugal",
            "Spain",
            "Sweden",
            "Switzerland",
            "UK",
            "USA",
            "Venezuela",
        ] {
            assert!(country(cell).is_some(), "{cell}");
        }
    }

    #[test]
    fn what_is_no_country_is_none() {
        for cell in [
            "",
            " ",
            "XX",
            "Atlantis",
            "Europe",
            "N/A",
            "-",
            "0",
            "DE/AT",
            "123",
            "a country of dreams",
        ] {
            assert_eq!(country(cell), None, "{cell}");
        }
    }

    #[test]
    fn every_code_names_itself() {
        for known in Country::get_countries() {
            assert_eq!(country(known.alpha2), Some(known.alpha2));
            assert_eq!(country(known.alpha3), Some(known.alpha2));
            assert_eq!(country(known.long_name), Some(known.alpha2), "{}", known.long_name);
        }
    }

    #[test]
    fn the_own_list_holds_codes_and_only_names_that_the_crate_does_not_know() {
        for (name, code) in ALSO_WRITTEN {
            assert!(Country::from_alpha2(code).is_ok(), "{name} {code}");
            assert_eq!(known(name), None, "{name} needs no place here");
        }
    }
}
