//! The document: complete, bounded, and the same wherever it stands.

use std::collections::BTreeSet;

use serde_json::Value;
use touchbase::{openapi, routes};

use crate::source::{committed, none, none_but};
use crate::support::Server;

/// Operations that act on the session, which has no name of its own.
const ONE_WORD: &[&str] = &["login"];

/// The verbs that an operation's id may begin with.
const VERBS: &[&str] = &[
    "list",
    "get",
    "create",
    "update",
    "delete",
    "import",
    "export",
    "search",
    "revoke",
    "undo",
    "rotate",
    "invite",
    "accept",
    "activate",
    "deactivate",
    "reactivate",
    "transfer",
    "change",
    "request",
    "reset",
    "add",
    "remove",
    "start",
    "end",
    "pause",
    "resume",
    "reschedule",
    "retry",
    "reassign",
    "snooze",
    "decline",
    "cancel",
    "complete",
    "release",
    "bulk",
    "revert",
    "dismiss",
    "undo",
    "commit",
    "resolve",
    "reopen",
    "advance",
    "comment",
    "enable",
    "disable",
    "test",
    "replay",
    "stream",
    "tell",
    "send",
    "mark",
    "preview",
    "merge",
    "check",
    "read",
    "move",
    "close",
    "set",
    "report",
    "confirm",
    "assign",
    "open",
    "win",
    "lose",
    "withdraw",
    "publish",
    "work",
    "wait",
    "refresh",
    "sign",
];

fn document() -> Value {
    openapi::document(&routes::endpoints())
}

/// Every operation with its path and method.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
        })
        .collect()
}

/// Calls `look` with every object below `value`, and where it is.
fn walk<'v>(value: &'v Value, at: &str, look: &mut impl FnMut(&str, &'v Value)) {
    match value {
        Value::Object(fields) => {
            look(at, value);
            for (name, inner) in fields {
                if !matches!(name.as_str(), "example" | "examples" | "enum" | "default") {
                    walk(inner, &format!("{at}/{name}"), look);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{at}/{index}"), look);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is(schema: &Value, kind: &str) -> bool {
    let kinds = schema["type"].as_array();
    schema["type"] == kind || kinds.is_some_and(|kinds| kinds.iter().any(|known| known == kind))
}

#[test]
fn the_committed_document_is_what_the_code_says() {
    let text = serde_json::to_string_pretty(&document()).unwrap();
    committed("openapi/openapi.json", &format!("{text}\n"));
}

#[actix_web::test]
async fn the_served_document_is_what_the_code_says() {
    let server = Server::start().await;
    assert_eq!(server.nobody().get("/openapi.json").await.expect(200), document());
}

#[test]
fn every_operation_is_named_and_described() {
    let document = document();
    let tags: Vec<&Value> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| &tag["name"])
        .collect();
    let (mut faults, mut one_word) = (Vec::new(), Vec::new());
    for (row, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        match id.split_once('_') {
            Some((verb, _)) if VERBS.contains(&verb) => {}
            Some((verb, _)) => faults.push(format!("{row}: `{verb}` of {id} is not among the verbs")),
            None => one_word.push(id.to_owned()),
        }
        let summary = operation["summary"].as_str().unwrap_or_default();
        if summary.is_empty() || summary.len() > 100 {
            faults.push(format!("{row} has no short summary"));
        }
        let description = operation["description"].as_str().unwrap_or_default();
        if description.is_empty() || description == summary {
            faults.push(format!("{row} has no description"));
        }
        match operation["tags"].as_array().map(Vec::as_slice) {
            Some([tag]) if tags.contains(&tag) => {}
            _ => faults.push(format!("{row} does not have one of the known tags")),
        }
        if !operation["security"].is_array() {
            faults.push(format!("{row} says nothing of security"));
        }
        let responses = operation["responses"].as_object();
        if !responses.is_some_and(|responses| {
            responses
                .keys()
                .any(|status| status.starts_with('2') || status.starts_with('3'))
        }) {
            faults.push(format!("{row} never succeeds"));
        }
        for (status, response) in responses.into_iter().flatten() {
            if response["description"].as_str().is_none_or(str::is_empty) {
                faults.push(format!("{row} does not describe its {status}"));
            }
        }
    }
    none("operations", &faults);
    none_but("operation ids are <verb>_<resource>", ONE_WORD, &one_word);
}

#[test]
fn every_value_has_its_bounds() {
    let document = document();
    let mut faults = Vec::new();
    walk(&document, "", &mut |at, schema| {
        if at.starts_with("/components/securitySchemes") || !schema["type"].is_string() && !schema["type"].is_array() {
            return;
        }
        let closed = ["enum", "const"].iter().any(|word| !schema[word].is_null());
        if is(schema, "string") && !closed && schema["maxLength"].is_null() && schema["format"].is_null() {
            faults.push(format!("{at} is a string without maxLength"));
        }
        if is(schema, "array") && schema["maxItems"].is_null() {
            faults.push(format!("{at} is an array without maxItems"));
        }
        if is(schema, "integer") && !closed && (schema["minimum"].is_null() || schema["maximum"].is_null()) {
            faults.push(format!("{at} is an integer without minimum and maximum"));
        }
        let map = schema["additionalProperties"].is_object();
        if map && schema["maxProperties"].is_null() {
            faults.push(format!("{at} is a map without maxProperties"));
        }
    });
    none("values without bounds", &faults);
}

#[test]
fn every_component_is_there_used_and_named_for_people() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let there: BTreeSet<&str> = schemas.keys().map(String::as_str).collect();
    let mut used = BTreeSet::new();
    walk(&document, "", &mut |at, value| {
        if let Some(name) = value["$ref"]
            .as_str()
            .and_then(|target| target.strip_prefix("#/components/schemas/"))
        {
            // A schema that only speaks of itself is not used.
            if !at.starts_with(&format!("/components/schemas/{name}/")) {
                used.insert(name);
            }
        }
    });
    let mut faults: Vec<String> = there
        .difference(&used)
        .map(|name| format!("{name} is not used"))
        .collect();
    faults.extend(used.difference(&there).map(|name| format!("{name} is missing")));
    for name in &there {
        let plain = name.starts_with(|first: char| first.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric());
        if !plain {
            faults.push(format!("{name} is not a name for people"));
        }
    }
    none("components", &faults);
}

#[test]
fn every_request_body_shows_an_example() {
    let document = document();
    let mut faults = Vec::new();
    for (row, operation) in operations(&document) {
        for (kind, media) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            if media["example"].is_null() && media["examples"].is_null() {
                faults.push(format!("{row}: {kind}"));
            }
        }
    }
    none("bodies without an example", &faults);
}

#[test]
fn every_example_of_a_body_fits_its_schema() {
    let document = document();
    let mut faults = Vec::new();
    for (row, operation) in operations(&document) {
        for (_, media) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            let schema = serde_json::json!({ "allOf": [media["schema"]], "components": document["components"] });
            let rule = jsonschema::options()
                .should_validate_formats(true)
                .build(&schema)
                .unwrap();
            for error in rule
                .iter_errors(&media["example"])
                .filter(|_| media["schema"]["$ref"].is_string())
            {
                faults.push(format!("{row}: {error} at {}", error.instance_path()));
            }
        }
    }
    none("examples that would be refused", &faults);
}

#[test]
fn every_rule_of_the_document_can_be_checked() {
    let document = touchbase::openapi::document(&touchbase::routes::endpoints());
    assert!(touchbase::http::rules::Rules::new(&document).unsound().is_empty());
}

#[test]
fn a_schema_of_one_name_is_one_schema() {
    let mut known = std::collections::BTreeMap::new();
    let mut twice = BTreeSet::new();
    for (name, schema) in routes::endpoints().iter().flat_map(|endpoint| endpoint.schemas()) {
        let schema = serde_json::to_value(schema).unwrap();
        if known.entry(name.clone()).or_insert_with(|| schema.clone()) != &schema {
            twice.insert(name);
        }
    }
    none("names that stand for different schemas", &Vec::from_iter(twice));
}

#[test]
fn every_list_can_be_had_as_csv_and_json_lines() {
    let offered = |endpoint: &touchbase::http::Endpoint| {
        let kinds = ["text/csv", "application/x-ndjson"];
        kinds.iter().all(|kind| endpoint.offers.contains(kind))
    };
    let lists = routes::endpoints();
    let lists = lists.iter().filter(|endpoint| endpoint.id.starts_with("list_"));
    let not: Vec<String> = lists
        .filter(|list| !offered(list))
        .map(|list| list.id.clone())
        .collect();
    // A page for people to read.
    none_but("lists that cannot be exported", &["list_problems"], &not);
}
