//! What becomes of a field that a device has changed while others could change it, too.

use serde_json::{Map, Value};

use crate::clock::Timestamp;

/// A change of the record since the revision that the device knew.
#[derive(Debug, Clone, Copy)]
pub struct Since<'a> {
    /// The device sent it itself.
    pub own: bool,
    /// Field → [before, after].
    pub changes: &'a Map<String, Value>,
}

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The device has not changed it, or it says so already.
    Same,
    /// The device has changed it, and nobody else has.
    Changed,
    /// The device has changed it, and so has somebody else.
    Conflict,
}

/// Holds what a device says of a field against what it knew of it and what has been done since.
///
/// A device may send whole records: what it says as it knew it, it has not changed. It knows what it sent itself, so its second change
/// without reading in between is a change of its own, and no conflict with its first.
pub fn verdict(field: &str, said: &Value, now: &Value, since: &[Since<'_>]) -> Verdict {
    if same(said, now) {
        return Verdict::Same;
    }
    let part = |since: &Since<'_>, at: usize| since.changes.get(field).and_then(|pair| pair.get(at)).cloned();
    let sent = since
        .iter()
        .rev()
        .filter(|since| since.own)
        .find_map(|since| part(since, 1));
    let knew = sent.or_else(|| since.iter().find_map(|since| part(since, 0)));
    if knew.is_some_and(|knew| same(said, &knew)) {
        return Verdict::Same;
    }
    let touched = |since: &Since<'_>| !since.own && since.changes.contains_key(field);
    if since.iter().any(touched) {
        Verdict::Conflict
    } else {
        Verdict::Changed
    }
}

/// Whether two values say the same: times in whatever spelling.
pub fn same(one: &Value, other: &Value) -> bool {
    let time = |value: &Value| value.as_str().filter(|text| text.len() >= 20).and_then(instant);
    one == other || time(one).is_some_and(|one| time(other) == Some(one))
}

fn instant(text: &str) -> Option<Timestamp> {
    serde_json::from_value(Value::String(text.to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn fields_are_merged_by_who_changed_them() {
        let (mine, theirs) = (
            map(json!({"title": ["a", "b"]})),
            map(json!({"title": ["a", "c"], "due": [null, 1]})),
        );
        let own = [Since {
            own: true,
            changes: &mine,
        }];
        let others = [Since {
            own: false,
            changes: &theirs,
        }];
        for (field, said, now, since, expected) in [
            ("title", "a", "a", &[][..], Verdict::Same),
            ("title", "b", "a", &[][..], Verdict::Changed),
            // Somebody else has said the same.
            ("title", "c", "c", &others[..], Verdict::Same),
            // A whole record, in which the device has not changed this field.
            ("title", "a", "c", &others[..], Verdict::Same),
            ("title", "d", "c", &others[..], Verdict::Conflict),
            ("kind", "x", "y", &others[..], Verdict::Changed),
            // The second change without reading in between, and one back to where it was.
            ("title", "e", "b", &own[..], Verdict::Changed),
            ("title", "a", "b", &own[..], Verdict::Changed),
        ] {
            assert_eq!(
                verdict(field, &json!(said), &json!(now), since),
                expected,
                "{field} {said} {now}"
            );
        }
    }

    #[test]
    fn a_time_is_the_same_in_every_spelling() {
        let (one, other) = (json!("2026-03-03T15:30:00Z"), json!("2026-03-03T16:30:00.000000+01:00"));
        assert_eq!(verdict("due_at", &one, &other, &[]), Verdict::Same);
        assert_eq!(
            verdict("due_at", &one, &json!("2026-03-03T15:30:01Z"), &[]),
            Verdict::Changed
        );
    }
}
