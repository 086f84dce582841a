//! Text folded for search, the same way for what is stored and for what is asked.
//!
//! Folding: NFKD, lowercase, combining marks stripped, and the letters that no decomposition takes
//! apart written out (ß → ss, ø → o, æ → ae, ł → l …). Then words: runs of letters and digits.
//! Apostrophes within a word vanish (`Let's` → `lets`), everything else separates.
//!
//! A part that looks like a telephone number also gives its digits without separators, whole and
//! from every later group on, so that `(604) 555-4729` is found by `6045554729`, `604 555 4729`
//! and `555-4729`.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A query's further words are not looked at: ten tell any two records apart.
pub const MAX_TERMS: usize = 10;

/// Fewer digits than this are a house number or a year, not a telephone number.
const MIN_PHONE_DIGITS: usize = 5;

/// More digits than this are no telephone number (E.164 allows 15, an extension may follow).
const MAX_PHONE_DIGITS: usize = 24;

/// Lowercase, without accents, compatibility forms resolved; separators are kept as they are.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfkd().flat_map(char::to_lowercase).nfkd() {
        match letter {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            mark if is_combining_mark(mark) => {}
            other => folded.push(other),
        }
    }
    folded
}

/// What a name is compared by where case, accents and blanks around it do not matter.
#[must_use]
pub fn key(name: &str) -> String {
    fold(name.trim())
}

/// The folded words of a text, in order.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let joined: String = fold(text)
        .chars()
        .filter(|letter| !matches!(letter, '\'' | '’' | 'ʼ' | '`'))
        .collect();
    joined
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The digits of a text that looks like a telephone number: at least five digits, and otherwise
/// only what people write between them. `None` for every other text.
#[must_use]
pub fn phone_digits(text: &str) -> Option<String> {
    phone_groups(text).map(|groups| groups.concat())
}

/// What a record is searched by: the words of all parts and the digits of its telephone numbers,
/// each once, in order, between single spaces. Match a term of [`search_terms`] against the
/// beginning of a word here.
#[must_use]
pub fn search_text(parts: &[&str]) -> String {
    let mut seen = std::collections::HashSet::new();
    let mut text = String::new();
    for word in parts
        .iter()
        .flat_map(|part| words(part).into_iter().chain(phone_forms(part)))
    {
        if !seen.contains(&word) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&word);
            seen.insert(word);
        }
    }
    text
}

/// What is asked for: the folded words of the query, each once, [`MAX_TERMS`] at most; a record is
/// found if each begins one of its words. A query that is a telephone number is one term, its
/// digits. Nothing to search for: no terms.
#[must_use]
pub fn search_terms(query: &str) -> Vec<String> {
    if let Some(digits) = phone_digits(query) {
        return vec![digits];
    }
    let mut terms: Vec<String> = Vec::new();
    for word in words(query) {
        if !terms.contains(&word) {
            terms.push(word);
        }
        if terms.len() == MAX_TERMS {
            break;
        }
    }
    terms
}

/// All digits together, then without the first group, without the first two, … while enough remain.
fn phone_forms(part: &str) -> Vec<String> {
    let groups = phone_groups(part).unwrap_or_default();
    (0..groups.len())
        .map(|from| groups.iter().skip(from).map(String::as_str).collect::<String>())
        .filter(|digits| digits.len() >= MIN_PHONE_DIGITS)
        .collect()
}

fn phone_groups(text: &str) -> Option<Vec<String>> {
    let plain: String = text.nfkc().collect();
    let between =
        |letter: char| letter.is_whitespace() || matches!(letter, '+' | '(' | ')' | '-' | '‐' | '‑' | '–' | '.' | '/');
    if !plain.chars().all(|letter| letter.is_ascii_digit() || between(letter)) {
        return None;
    }
    let groups: Vec<String> = plain
        .split(between)
        .filter(|group| !group.is_empty())
        .map(str::to_owned)
        .collect();
    let digits: usize = groups.iter().map(String::len).sum();
    (MIN_PHONE_DIGITS..=MAX_PHONE_DIGITS)
        .contains(&digits)
        .then_some(groups)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As the store will match: every term begins a word.
    fn finds(query: &str, parts: &[&str]) -> bool {
        let text = search_text(parts);
        let terms = search_terms(query);
        !terms.is_empty()
            && terms
                .iter()
                .all(|term| text.split(' ').any(|word| word.starts_with(term)))
    }

    #[test]
    fn accents_and_case_do_not_hide_a_customer() {
        let parts = ["Folk och fä HB", "Königlich Essen", "Tradição Hipermercados"];
        for query in [
            "FA",
            "koniglich",
            "KÖNIGLICH",
            "Ko\u{308}nig",
            "tradicao hiper",
            "essen folk",
        ] {
            assert!(finds(query, &parts), "{query}");
        }
        assert!(!finds("kaniglich", &parts));
    }

    #[test]
    fn letters_that_do_not_decompose_are_written_out() {
        assert_eq!(
            fold("Straße Łódź Ærø İstanbul ﬁn Ⅷ"),
            "strasse lodz aero istanbul fin viii"
        );
        assert_eq!(fold("ẞ"), "ss");
    }

    #[test]
    fn an_apostrophe_belongs_to_its_word() {
        assert_eq!(words("Let's Stop N Shop"), ["lets", "stop", "n", "shop"]);
        assert_eq!(words("Bon app'"), ["bon", "app"]);
        assert!(finds("trail’s head", &["Trail's Head Gourmet Provisioners"]));
    }

    #[test]
    fn an_address_is_found_by_each_of_its_words() {
        let parts = ["margaret.peacock@northwind.test"];
        assert!(finds("peacock", &parts));
        assert!(finds("margaret.peacock@northwind.test", &parts));
    }

    #[test]
    fn a_telephone_number_is_found_however_it_is_written() {
        for query in [
            "6045554729",
            "(604) 555-4729",
            "604 555 47",
            "555-4729",
            "5554729",
            "604",
        ] {
            assert!(finds(query, &["(604) 555-4729"]), "{query}");
        }
        assert!(finds("+49 30 0074321", &["030-0074321", "+49300074321"]));
        assert!(finds("030 0074321", &["030-0074321", "+49300074321"]));
        assert!(!finds("4729555", &["(604) 555-4729"]));
    }

    #[test]
    fn what_only_contains_digits_is_no_telephone_number() {
        assert_eq!(phone_digits("7590-VHVEG"), None);
        assert_eq!(phone_digits("12-34"), None);
        assert_eq!(phone_digits("（０３０） ００７４３２１").as_deref(), Some("0300074321"));
        assert_eq!(phone_digits(&"1".repeat(25)), None);
    }

    #[test]
    fn each_word_stands_once() {
        assert_eq!(
            search_text(&["Around the Horn", "the horn", "AROUT"]),
            "around the horn arout"
        );
        assert_eq!(search_terms("the THE the"), ["the"]);
        assert_eq!(search_text(&[]), "");
        assert!(search_terms(" - ' ").is_empty());
        assert_eq!(search_terms("a b c d e f g h i j k l").len(), MAX_TERMS);
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }

        #[test]
        fn a_part_is_found_by_itself(text in "\\PC{0,40}") {
            prop_assert!(search_terms(&text).is_empty() || finds(&text, &["other", &text]), "{}", search_text(&[&text]));
        }
    }
}
