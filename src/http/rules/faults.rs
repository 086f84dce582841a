//! What a person is told of a value that does not fit: where, what is wanted there, and what was given.

use std::collections::HashSet;
use std::fmt::Display;

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::words::{a, all, either, given, near, nearest_first, quoted};
use crate::http::Fault;
use crate::http::problem::segment;

/// Unknown fields of one object that are told at most.
const TOLD: usize = 10;
/// Faults before which unknown fields are compared with the known ones.
const HELPED: usize = 200;
/// Fields or words that one sentence lists at most.
const LISTED: usize = 40;
const LISTED_WORDS: usize = 60;

/// The faults of a body, so many at most. `schemas` is what the document calls `components/schemas`.
pub fn told<'e>(errors: impl Iterator<Item = ValidationError<'e>>, schemas: &Value, most: usize) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut formless = HashSet::new();
    for error in errors {
        if faults.len() >= most {
            break;
        }
        tell(&error, schemas, None, &mut faults, &mut formless);
    }
    // What has not the form has no length of its own.
    if !formless.is_empty() {
        let of_length = |fault: &Fault| matches!(fault.code.as_str(), "too_long" | "too_short");
        faults.retain(|fault| !(of_length(fault) && formless.contains(&fault.pointer)));
    }
    faults.truncate(most);
    faults.dedup();
    faults
}

/// Tells one error. `or_null` is the pointer of a value that might have been null as well; `formless` gathers the pointers of
/// values whose form says their length, too.
fn tell(
    error: &ValidationError<'_>,
    schemas: &Value,
    or_null: Option<&str>,
    faults: &mut Vec<Fault>,
    formless: &mut HashSet<String>,
) {
    let pointer = error.instance_path().as_str();
    let schema = schema_of(error, schemas);
    let mut fault = |code: &str, detail: String| faults.push(Fault::new(pointer, code, detail));
    match error.kind() {
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
            let (null, real): (Vec<_>, Vec<_>) = context.iter().partition(|branch| wants_null(branch, pointer));
            match real.as_slice() {
                [only] if !only.is_empty() => {
                    let or_null = if null.is_empty() { or_null } else { Some(pointer) };
                    only.iter()
                        .for_each(|error| tell(error, schemas, or_null, faults, formless));
                }
                _ => fault("invalid_value", sentence(error)),
            }
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let known: Vec<&str> = schema["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name.as_str())
                .collect();
            unknown(pointer, unexpected, &known, faults);
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            faults.push(Fault::new(
                format!("{pointer}/{}", segment(name)),
                "required",
                format!("`{name}` must be given."),
            ));
        }
        Kind::Type { kind } => {
            let mut wanted: Vec<String> = match kind {
                TypeKind::Single(kind) => vec![wanted(*kind, schema)],
                TypeKind::Multiple(kinds) => kinds.iter().map(|kind| wanted(kind, schema)).collect(),
            };
            let null = a(JsonType::Null);
            if or_null == Some(pointer) && !wanted.iter().any(|wanted| wanted == null) {
                wanted.push(null.to_owned());
            }
            let given = given(error.instance());
            let wrap = if pointer.is_empty() && error.instance().is_array() && schema["properties"]["items"].is_object()
            {
                " Wrap the list: {\"items\": […]}."
            } else {
                ""
            };
            fault(
                "wrong_type",
                format!("This must be {}; {given} was given.{wrap}", either(&wanted)),
            );
        }
        Kind::Enum { options } => {
            let words: Vec<String> = options.as_array().into_iter().flatten().map(quoted).collect();
            let meant = error.instance().as_str().and_then(|text| {
                let words = options.as_array().into_iter().flatten().filter_map(Value::as_str);
                near(text, words)
            });
            let meant = meant.map_or_else(String::new, |word| format!(" Is `{word}` meant?"));
            let words = listed(&words, LISTED_WORDS);
            fault("not_allowed", format!("This must be one of {words}.{meant}"));
        }
        Kind::Constant { expected_value } => fault("not_allowed", format!("This must be {}.", quoted(expected_value))),
        Kind::MaxLength { limit } => fault("too_long", too_long(length(error.instance()), "characters", *limit)),
        Kind::MaxItems { limit } => fault("too_long", too_long(length(error.instance()), "items", *limit)),
        Kind::MaxProperties { limit } => fault("too_long", too_long(length(error.instance()), "entries", *limit)),
        Kind::MinLength { limit } => fault("too_short", too_short(length(error.instance()), "characters", *limit)),
        Kind::MinItems { limit } => fault("too_short", too_short(length(error.instance()), "items", *limit)),
        Kind::MinProperties { limit } => fault("too_short", too_short(length(error.instance()), "entries", *limit)),
        Kind::Maximum { limit } => fault("out_of_range", range(error, "is greater than", limit, schema)),
        Kind::Minimum { limit } => fault("out_of_range", range(error, "is less than", limit, schema)),
        Kind::ExclusiveMaximum { limit } => fault("out_of_range", range(error, "is not less than", limit, schema)),
        Kind::ExclusiveMinimum { limit } => fault("out_of_range", range(error, "is not greater than", limit, schema)),
        Kind::Format { format: wanted } | Kind::Pattern { pattern: wanted } => {
            fault(
                "invalid_format",
                form(wanted)
                    .map(str::to_owned)
                    .or_else(|| event_type(wanted))
                    .map_or_else(|| sentence(error), |form| format!("This must be {form}.")),
            );
            let one_length = schema["minLength"].is_number() && schema["minLength"] == schema["maxLength"];
            if one_length || matches!(error.kind(), Kind::Format { .. }) {
                formless.insert(pointer.to_owned());
            }
        }
        Kind::UniqueItems => fault("duplicate", "No item may stand here twice.".to_owned()),
        _ => fault("invalid_value", sentence(error)),
    }
}

/// What a type of event looks like, whose pattern lists what there are events of.
fn event_type(pattern: &str) -> Option<String> {
    let sorts = pattern.strip_prefix("^(")?.strip_suffix(r")\.([a-z_]{1,40}|\*)$")?;
    Some(format!(
        "a type of event like attempt.created, or attempt.* for all of a sort; there are events of {}",
        sorts.replace('|', ", ")
    ))
}

/// What the formats and patterns of the document look like.
fn form(format: &str) -> Option<&'static str> {
    Some(match format {
        "date-time" => "a time like 2026-11-22T14:30:00Z, with its offset",
        "date" => "a day like 2026-11-22",
        "uuid" => "an id like 01997f2e-8c4b-7d21-9a53-4e6f8b2c1d07",
        "email" => "an e-mail address like ada@example.com",
        "uri" => "an address like https://example.com/page",
        "^[A-Z]{3}$" => "a currency's three capital letters, like EUR",
        "^([01][0-9]|2[0-3]):[0-5][0-9]$" => "a time of day like 09:30",
        "^[a-z0-9_]+$" => "made of small letters, digits and `_` alone, like two_words",
        _ => return None,
    })
}

/// Where an error's keyword stands. It is null where the schema has no name; nothing is to be told of it then.
fn schema_of<'s>(error: &ValidationError<'_>, schemas: &'s Value) -> &'s Value {
    let path = error.schema_path().as_str();
    let at = path
        .strip_prefix("/components/schemas")
        .and_then(|path| path.rsplit_once('/'));
    at.and_then(|(path, _)| schemas.pointer(path)).unwrap_or(&Value::Null)
}

/// Whether a branch only says that the value is not null.
fn wants_null(branch: &[ValidationError<'_>], pointer: &str) -> bool {
    matches!(branch, [error] if error.instance_path().as_str() == pointer
        && matches!(error.kind(), Kind::Type { kind: TypeKind::Single(JsonType::Null) }))
}

/// What is wanted: of an object, also the fields that it must have.
fn wanted(kind: JsonType, schema: &Value) -> String {
    let required: Vec<String> = match kind {
        JsonType::Object => schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .map(quoted)
            .collect(),
        _ => Vec::new(),
    };
    if required.is_empty() {
        return a(kind).to_owned();
    }
    format!("{} with {}", a(kind), all(&required))
}

/// One fault for each unknown field; the first says which fields there are. Who makes many mistakes is not helped with each.
fn unknown(pointer: &str, unexpected: &[String], known: &[&str], faults: &mut Vec<Fault>) {
    let helped = faults.len() < HELPED;
    let there = if !helped {
        String::new()
    } else if known.is_empty() {
        " There are no fields here.".to_owned()
    } else {
        let names: Vec<String> = nearest_first(unexpected, known)
            .into_iter()
            .map(|name| format!("`{name}`"))
            .collect();
        format!(" There are {}.", listed(&names, LISTED))
    };
    let rest = unexpected.len().saturating_sub(TOLD);
    for (at, name) in unexpected.iter().take(TOLD).enumerate() {
        let meant = if helped {
            near(name, known.iter().copied())
        } else {
            None
        };
        let meant = meant.map_or_else(String::new, |known| format!(" Is `{known}` meant?"));
        let others = if at == 0 && rest > 0 {
            format!(" Nor are {rest} others.")
        } else {
            String::new()
        };
        let there = if at == 0 { there.as_str() } else { "" };
        let name = brief(name);
        faults.push(Fault::new(
            format!("{pointer}/{}", segment(&name)),
            "unknown_field",
            format!("`{name}` is not a field of this request.{meant}{others}{there}"),
        ));
    }
}

/// So many of them, with how many there are besides.
fn listed(names: &[String], most: usize) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(String::as_str).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        rest => format!("{shown} and {rest} more"),
    }
}

/// Characters, items or entries.
fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn too_long(has: usize, of: &str, limit: impl Display) -> String {
    format!("This has {has} {of}; at most {limit} fit.")
}

fn too_short(has: usize, of: &str, limit: u64) -> String {
    match (has, limit) {
        (0, 1) => "This must not be empty.".to_owned(),
        _ => format!("This has {has} {of}; it must have at least {limit}."),
    }
}

/// A number is neither long nor secret: it is said, and so is the range, where it has two ends.
fn range(error: &ValidationError<'_>, is: &str, limit: &Value, schema: &Value) -> String {
    let (least, most) = (&schema["minimum"], &schema["maximum"]);
    let takes = if least.is_number() && most.is_number() {
        format!("; this takes {least} to {most}")
    } else {
        String::new()
    };
    format!("{} {is} {limit}{takes}.", error.instance())
}

/// The validator's sentence without the value: it may be long, or secret, and the client has it.
fn sentence(error: &ValidationError<'_>) -> String {
    let mut sentence = error.masked_with("the value").to_string();
    if let Some(first) = sentence.get(..1).map(str::to_uppercase) {
        sentence.replace_range(..1, &first);
    }
    sentence.push('.');
    sentence
}

/// A name as a sentence can carry it.
fn brief(name: &str) -> String {
    name.chars().take(60).collect()
}
