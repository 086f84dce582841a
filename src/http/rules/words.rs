//! Words for kinds of JSON, and which known name was probably meant.

use jsonschema::JsonType;
use serde_json::Value;

/// How many letters may be wrong in a name that is near another.
const NEAR: usize = 2;
/// Longer names are not compared.
const COMPARED: usize = 60;

/// What a value of this type is called.
pub fn a(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "a list",
        JsonType::Boolean => "`true` or `false`",
        JsonType::Integer => "a whole number",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "a text",
    }
}

/// What was given, without what it says: that may be long, or secret. Numbers are neither.
pub fn given(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(_) => "a text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// A value of the document, as a sentence shows it.
pub fn quoted(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), |text| format!("`{text}`"))
}

/// `a, b or c`; with a comma before the last where one of them is a phrase.
pub fn either(wanted: &[String]) -> String {
    let comma = if wanted.iter().any(|wanted| wanted.contains(" with ")) {
        ","
    } else {
        ""
    };
    match wanted {
        [rest @ .., last] if !rest.is_empty() => format!("{}{comma} or {last}", rest.join(", ")),
        _ => wanted.concat(),
    }
}

/// `a, b and c`.
pub fn all(names: &[String]) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// The known name that was probably meant.
pub fn near<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    known
        .filter_map(|known| Some((distance(name, known)?, known)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// The known names, those first that one of the given ones is near to.
pub fn nearest_first<'k>(given: &[String], known: &[&'k str]) -> Vec<&'k str> {
    let mut known = known.to_vec();
    known.sort_by_cached_key(|known| {
        let near = given.iter().take(NEAR * 5).filter_map(|name| distance(name, known));
        near.min().unwrap_or(usize::MAX)
    });
    known
}

/// How far a name is from a known one: letters that differ, or one more than that where one begins with the other. `None` is too far.
fn distance(name: &str, known: &str) -> Option<usize> {
    if name.len() > COMPARED {
        return None;
    }
    let comparable = name.chars().count().abs_diff(known.chars().count()) <= NEAR;
    let edits = comparable.then(|| edits(name, known));
    // In a short word two wrong letters make another word.
    if let Some(edits) = edits.filter(|edits| *edits <= NEAR && edits * 2 <= known.chars().count()) {
        return Some(edits);
    }
    let begins = |long: &str, short: &str| short.len() >= 3 && long.starts_with(short);
    (begins(known, name) || begins(name, known)).then_some(NEAR + 1)
}

/// Letters to put in, take out or exchange.
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut now = vec![at + 1];
        for ((left, up), known) in before.iter().zip(before.iter().skip(1)).zip(&other) {
            let change = left + usize::from(letter != *known);
            let last = now.last().copied().unwrap_or_default();
            now.push(change.min(up + 1).min(last + 1));
        }
        before = now;
    }
    before.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_meant_is_near() {
        let known = ["id", "name", "time_zone", "annual_billing", "tags"];
        for (given, meant) in [
            ("nmae", Some("name")),
            ("Name", Some("name")),
            ("annualBilling", Some("annual_billing")),
            ("annual", Some("annual_billing")),
            ("tag", Some("tags")),
            ("ix", Some("id")),
            ("xy", None),
            ("industry", None),
            ("", None),
        ] {
            assert_eq!(near(given, known.into_iter()), meant, "{given}");
        }
        assert_eq!(
            nearest_first(&["tag".to_owned()], &known),
            ["tags", "id", "name", "time_zone", "annual_billing"]
        );
    }

    #[test]
    fn letters_are_counted() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("Müller", "Muller"), 1);
    }
}
