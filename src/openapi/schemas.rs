//! The document's schemas, put in order: joined, bounded, shown by example, and none that nothing uses.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The largest whole number that every client can hold.
const SAFE: i64 = 9_007_199_254_740_991;
/// Most entries of a map, and how long they may be.
const ENTRIES: i64 = 100;
const KEY: i64 = 100;
const ENTRY: i64 = 1000;
/// How long the texts of a list may be, where nothing else is said.
const ITEM: i64 = 200;
/// How large a page of text may be.
const PAGE: i64 = 1_000_000_000;

/// Bounds what the attributes of a type cannot reach: entries of maps and lists, and whole numbers.
pub fn bound(value: &mut Value) {
    match value {
        Value::Object(schema) => {
            for (name, inner) in schema.iter_mut() {
                match name.as_str() {
                    "items" => limit(inner, ITEM),
                    "additionalProperties" => limit(inner, ENTRY),
                    "propertyNames" => limit(inner, KEY),
                    _ if name.starts_with("text/") || name.ends_with("ndjson") => limit(&mut inner["schema"], PAGE),
                    _ => {}
                }
                if !matches!(name.as_str(), "example" | "examples" | "default" | "enum") {
                    bound(inner);
                }
            }
            if schema.get("additionalProperties").is_some_and(Value::is_object) {
                schema.entry("maxProperties").or_insert_with(|| json!(ENTRIES));
            }
            if is(schema.get("type"), "integer") && !schema.contains_key("enum") {
                schema.entry("minimum").or_insert_with(|| json!(-SAFE));
                schema.entry("maximum").or_insert_with(|| json!(SAFE));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(bound),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is(kind: Option<&Value>, wanted: &str) -> bool {
    match kind {
        Some(Value::String(kind)) => kind == wanted,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == wanted),
        _ => false,
    }
}

/// Limits a plain text to `longest` characters.
fn limit(schema: &mut Value, longest: i64) {
    let closed = ["maxLength", "enum", "const", "format"]
        .iter()
        .any(|word| !schema[word].is_null());
    if is(schema.get("type"), "string") && !closed {
        schema["maxLength"] = json!(longest);
    }
}

/// Gives every request body an example, made of what its fields show.
pub fn exemplify(paths: &mut Value, schemas: &Value) {
    let items = paths.as_object_mut().into_iter().flat_map(Map::values_mut);
    let operations = items.filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    for operation in operations {
        let content = operation
            .pointer_mut("/requestBody/content")
            .and_then(Value::as_object_mut);
        let Some(content) = content else { continue };
        for (kind, media) in content.iter_mut().filter(|(kind, _)| kind.ends_with("json")) {
            if media.get("example").is_none() && media.get("examples").is_none() && !kind.ends_with("ndjson") {
                media["example"] = example("", &media["schema"], schemas, kind.contains("merge-patch"));
            }
        }
        let whole = content.get("application/json").map(|media| &media["example"]["items"]);
        let rows: Vec<Value> = whole.and_then(Value::as_array).cloned().unwrap_or_default();
        for (kind, media) in content
            .iter_mut()
            .filter(|(_, media)| media.get("example").is_none() && media.get("examples").is_none())
        {
            media["example"] = json!(lines(kind, &rows));
        }
    }
}

/// Items as lines of text: CSV with its head, or one JSON document a line.
fn lines(kind: &str, rows: &[Value]) -> String {
    if kind.ends_with("ndjson") {
        return rows.iter().map(|row| format!("{row}\n")).collect();
    }
    let Some(Value::Object(first)) = rows.first() else {
        return "name,email\nAlfreds Futterkiste,info@alfreds.test\n".into();
    };
    let names: Vec<&str> = first.keys().map(String::as_str).collect();
    let cell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let values: Vec<String> = first.values().map(cell).collect();
    format!("{}\n{}\n", names.join(","), values.join(","))
}

/// A value of the schema: what it requires and what its fields have examples of. A patch shows two fields, no more.
fn example(name: &str, schema: &Value, schemas: &Value, patch: bool) -> Value {
    if let Some(shown) = shown(schema) {
        return shown.clone();
    }
    if let Some(target) = schema["$ref"].as_str().and_then(|target| target.rsplit('/').next()) {
        return schemas
            .get(target)
            .map_or(Value::Null, |schema| example(name, schema, schemas, patch));
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        let options = schema[choice].as_array().into_iter().flatten();
        if let Some(option) = options.into_iter().find(|option| option["type"] != "null") {
            return example(name, option, schemas, patch);
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|words| words.first()) {
        return first.clone();
    }
    let kind = schema.get("type");
    if is(kind, "string") {
        let text = match (schema["format"].as_str(), name) {
            (Some("uuid"), _) => "01997f2e-8c4b-7d21-9a53-4e6f8b2c1d07".to_owned(),
            (Some("date-time"), _) => "2026-03-03T15:30:00Z".to_owned(),
            (Some("date"), _) => "2026-03-03".to_owned(),
            (Some("email"), _) => "ada@northwind.test".to_owned(),
            (_, "time_zone") => "Europe/Berlin".to_owned(),
            _ => name.replace('_', " "),
        };
        return json!(text);
    }
    if is(kind, "integer") || is(kind, "number") {
        return json!(schema["minimum"].as_i64().unwrap_or(1).max(1));
    }
    if is(kind, "boolean") {
        return json!(true);
    }
    if is(kind, "array") {
        return json!([example(name, &schema["items"], schemas, false)]);
    }
    let mut value = Map::new();
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let wanted = required.contains(&name.as_str()) || shown(property).is_some() || (patch && name != "id");
        if wanted && !(patch && value.len() == 2) {
            value.insert(name.clone(), example(name, property, schemas, false));
        }
    }
    Value::Object(value)
}

/// The example that stands in a schema.
fn shown(schema: &Value) -> Option<&Value> {
    schema.get("example").or_else(|| schema.get("examples")?.get(0))
}

/// Takes away what nothing refers to, directly or through others.
pub fn prune(paths: &Map<String, Value>, schemas: &mut Map<String, Value>) {
    let mut used = BTreeSet::new();
    let mut open: Vec<String> = Vec::new();
    let mut names = Vec::new();
    paths.values().for_each(|item| references(item, &mut names));
    open.append(&mut names);
    while let Some(name) = open.pop() {
        if let (Some(schema), true) = (schemas.get(&name), used.insert(name)) {
            references(schema, &mut open);
        }
    }
    schemas.retain(|name, _| used.contains(name));
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                match inner
                    .as_str()
                    .and_then(|target| target.strip_prefix("#/components/schemas/"))
                {
                    Some(target) if name == "$ref" => found.push(target.to_owned()),
                    _ => references(inner, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// In a merge patch null clears: every field that is not required takes it, and so do the entries of maps.
pub fn clearable(schemas: &mut Map<String, Value>) {
    let known = schemas.clone();
    let patches = schemas
        .iter_mut()
        .filter_map(|(name, schema)| name.strip_suffix("Patch").map(|base| (base.to_owned(), schema)));
    for (base, patch) in patches {
        let required = &known.get(&format!("{base}Input")).unwrap_or(&Value::Null)["required"];
        let required: Vec<&Value> = required.as_array().into_iter().flatten().collect();
        for (name, property) in patch
            .get_mut("properties")
            .and_then(Value::as_object_mut)
            .into_iter()
            .flatten()
        {
            if property["additionalProperties"].is_object() {
                nullable(&mut property["additionalProperties"]);
            }
            if !required.contains(&&json!(name)) {
                nullable(property);
            }
            // What is absent stays; a default would say otherwise.
            if let Some(property) = property.as_object_mut() {
                property.remove("default");
            }
        }
    }
}

/// Lets a schema take null, too.
fn nullable(schema: &mut Value) {
    let takes_null = |schema: &Value| {
        schema["type"] == "null"
            || schema["type"]
                .as_array()
                .is_some_and(|kinds| kinds.contains(&json!("null")))
    };
    if takes_null(schema)
        || schema["oneOf"]
            .as_array()
            .is_some_and(|options| options.iter().any(takes_null))
    {
        return;
    }
    if let Some(options) = schema.get_mut("oneOf").and_then(Value::as_array_mut) {
        options.push(json!({ "type": "null" }));
        return;
    }
    if let (Some(kind), true) = (schema["type"].as_str().map(str::to_owned), schema["enum"].is_null()) {
        schema["type"] = json!([kind, "null"]);
        return;
    }
    let mut inner = schema.take();
    let description = inner.as_object_mut().and_then(|inner| inner.remove("description"));
    *schema = json!({ "oneOf": [inner, { "type": "null" }] });
    if let Some(description) = description {
        schema["description"] = description;
    }
}

/// The schemas that request bodies name: those take no unknown fields.
pub fn requested(paths: &Map<String, Value>) -> BTreeSet<String> {
    let operations = paths
        .values()
        .flat_map(|item| item.as_object().into_iter().flatten().map(|(_, operation)| operation));
    let media = operations.flat_map(|operation| {
        operation["requestBody"]["content"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, media)| media)
    });
    media
        .filter_map(|media| media["schema"]["$ref"].as_str()?.rsplit('/').next().map(str::to_owned))
        .collect()
}

/// Adds the fields of all parts of a schema to `whole`; a part may be made of parts itself.
fn join(schema: &Value, known: &Map<String, Value>, whole: &mut Value, required: &mut Vec<Value>) {
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let target = part["$ref"].as_str().and_then(|target| target.rsplit('/').next());
        join(
            target.and_then(|name| known.get(name)).unwrap_or(part),
            known,
            whole,
            required,
        );
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        whole["properties"][name] = property.clone();
    }
    required.extend(schema["required"].as_array().into_iter().flatten().cloned());
}

/// Joins records with their flattened fields: one object instead of an `allOf`, whose strictness would refuse its own other half.
pub fn flatten(schemas: &mut Map<String, Value>, requested: &BTreeSet<String>) {
    let known = schemas.clone();
    for (name, schema) in schemas.iter_mut() {
        if !schema["allOf"].is_array() {
            continue;
        }
        let mut whole = json!({ "type": "object", "properties": {} });
        let mut required: Vec<Value> = Vec::new();
        join(schema, &known, &mut whole, &mut required);
        if requested.contains(name) {
            whole["additionalProperties"] = json!(false);
        }
        if !required.is_empty() {
            whole["required"] = Value::Array(required);
        }
        if let Some(description) = schema["description"].as_str() {
            whole["description"] = json!(description);
        }
        *schema = whole;
    }
}
