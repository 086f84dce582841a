//! A decided change: the record as it was, as it shall be, and the word for what happens.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// What a decision hands to [`super::Unit::save`].
#[derive(Debug, Clone, PartialEq)]
pub struct Change<T> {
    pub before: Option<T>,
    pub after: T,
    /// What happened, in the past tense: `created`, `rescheduled`.
    pub verb: &'static str,
}

impl<T> Change<T> {
    /// A record that was not there before.
    pub fn created(after: T) -> Self {
        Self {
            before: None,
            after,
            verb: "created",
        }
    }
}

/// Lets a record say `self.change("rescheduled", |next| …)`.
pub trait Changing: Clone {
    /// Keeps the record as it was beside what `edit` makes of it.
    fn change(self, verb: &'static str, edit: impl FnOnce(&mut Self)) -> Change<Self> {
        let mut after = self.clone();
        edit(&mut after);
        Change {
            before: Some(self),
            after,
            verb,
        }
    }
}

impl<T: Clone> Changing for T {}

/// Fields that every write moves; they say nothing about what changed.
const BOOKKEEPING: [&str; 3] = ["revision", "created_at", "updated_at"];

/// Which fields went from what to what: `{"name": [null, "Alfreds"]}`. Empty when nothing differs.
pub fn difference<T: Serialize>(before: Option<&T>, after: &T) -> Result<Map<String, Value>, serde_json::Error> {
    let before = match before.map(serde_json::to_value).transpose()? {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let Value::Object(after) = serde_json::to_value(after)? else {
        return Ok(Map::new());
    };
    Ok(after
        .into_iter()
        .filter(|(field, _)| !BOOKKEEPING.contains(&field.as_str()))
        .filter_map(|(field, to)| {
            let from = before.get(&field).cloned().unwrap_or(Value::Null);
            (from != to).then(|| (field, json!([from, to])))
        })
        .collect())
}

/// Whether these are the values that the record was made with, by the journal's entry of its creation.
pub fn was_said<T: Serialize>(made: &Map<String, Value>, said: &T) -> Result<bool, serde_json::Error> {
    let Value::Object(said) = serde_json::to_value(said)? else {
        return Ok(false);
    };
    // The entry leaves out what was null.
    let at_first = |field: &String| made.get(field).and_then(|pair| pair.get(1)).unwrap_or(&Value::Null);
    Ok(said
        .iter()
        .filter(|(field, _)| !BOOKKEEPING.contains(&field.as_str()))
        .all(|(field, value)| at_first(field) == value))
}

/// What a record said last: `{"name": ["Alfreds", null]}`.
pub fn removal<T: Serialize>(before: &T) -> Result<Map<String, Value>, serde_json::Error> {
    Ok(difference(None, before)?
        .into_iter()
        .map(|(field, mut pair)| {
            if let Some(pair) = pair.as_array_mut() {
                pair.reverse();
            }
            (field, pair)
        })
        .collect())
}
