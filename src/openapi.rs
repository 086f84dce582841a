//! The document: written by the endpoint table, so that it cannot say anything else than what is served.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::http::endpoint::{Access, Size};
use crate::http::{Endpoint, ProblemBody};
use crate::refusal::Code;

const TAGS: &[(&str, &str)] = &[
    ("auth", "Signing in and out; tokens and their keys."),
    ("people", "The organization and its users."),
    ("api-keys", "Keys for scripts and dashboards."),
    (
        "customers",
        "Customers, their contacts, account managers and signals; imports and the timeline.",
    ),
    ("programs", "Why and how calls are made."),
    ("assignments", "Who is to call whom; one by one and in bulk."),
    ("attempts", "Calls placed, and everything that comes of them."),
    ("notes", "What was learned, typed and searchable."),
    ("nps-responses", "Answers to the recommendation question."),
    (
        "action-items",
        "Work that came out of calls, and what the customer was promised.",
    ),
    (
        "cases",
        "Service interests that customers raised, and rescues of unhappy ones.",
    ),
    ("reports", "Figures, as JSON or CSV."),
    ("audit", "Who changed what, when, from where."),
    ("service", "Health, metrics, and what the problem codes mean."),
];

/// The whole document, as it is served and committed.
pub fn document(endpoints: &[Arc<Endpoint>]) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    add_schema::<ProblemBody>(&mut schemas);
    for endpoint in endpoints {
        for (name, schema) in &endpoint.schemas {
            schemas.insert(name.clone(), json!(schema));
        }
        let item = paths.entry(endpoint.path.clone()).or_insert_with(|| json!({}));
        item[endpoint.method.as_str().to_ascii_lowercase()] = operation(endpoint);
    }
    clearable(&mut schemas);
    flatten(&mut schemas, &requested(&paths));
    let used: Vec<Value> = TAGS
        .iter()
        .filter(|(tag, _)| {
            endpoints
                .iter()
                .any(|endpoint| endpoint.operation.tags.iter().flatten().any(|used| used == tag))
        })
        .map(|(tag, description)| json!({ "name": tag, "description": description }))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Touchbase",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Runs an executive customer-outreach program: leaders call a few customers a week, in person, with no sales agenda, to listen.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "contact": { "name": "Touchbase", "url": "https://touchbase.invalid/" }
        },
        "servers": [{ "url": "/", "description": "This installation" }],
        "tags": used,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "description": "An access token from `POST /v1/auth/login`, or an API key." }
            }
        }
    })
}

fn add_schema<T: utoipa::ToSchema>(schemas: &mut Map<String, Value>) {
    let mut inner = Vec::new();
    T::schemas(&mut inner);
    for (name, schema) in inner {
        schemas.insert(name, json!(schema));
    }
    schemas.insert(T::name().into_owned(), json!(T::schema()));
}

fn operation(endpoint: &Endpoint) -> Value {
    let mut operation = json!(endpoint.operation);
    let description = operation["description"].as_str().unwrap_or_default().trim();
    let needs = match endpoint.access {
        Access::Public => "Open to anybody.".to_owned(),
        Access::SignedIn => "For anybody who is signed in.".to_owned(),
        Access::Needs(permission) => format!("Needs the permission `{permission}`."),
    };
    operation["description"] = if description.is_empty() {
        json!(needs)
    } else {
        json!(format!("{description}\n\n{needs}"))
    };
    operation["security"] = match endpoint.access {
        Access::Public => json!([]),
        Access::SignedIn => json!([{ "bearer": [] }]),
        Access::Needs(permission) => json!([{ "bearer": [permission] }]),
    };
    let mut parameters: Vec<Value> = operation["parameters"].as_array().cloned().unwrap_or_default();
    for name in endpoint
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{'))
        .filter_map(|part| part.strip_suffix('}'))
    {
        if !parameters.iter().any(|parameter| parameter["name"] == name) {
            parameters.push(json!({
                "name": name, "in": "path", "required": true, "description": "The record's id.",
                "schema": { "type": "string", "format": "uuid" }
            }));
        }
    }
    let post_or_patch = matches!(endpoint.method.as_str(), "POST" | "PATCH");
    if post_or_patch && endpoint.access != Access::Public && endpoint.size != Size::File {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": endpoint.key_required,
            "description": "Makes the request safe to repeat: the same key gives the same answer, for seven days.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" }
        }));
    }
    let preconditions = matches!(endpoint.method.as_str(), "PATCH" | "DELETE");
    if preconditions {
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": false,
            "description": "The `ETag` that was read: refused with 412 when the record has changed since.",
            "schema": { "type": "string", "maxLength": 100, "pattern": "^(W/)?\"[0-9]+\"$" }
        }));
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    let responses = operation["responses"].take();
    let mut responses = responses.as_object().cloned().unwrap_or_default();
    for code in expected(endpoint) {
        responses.entry(code.to_string()).or_insert_with(|| problem(code));
    }
    if let Some(content) = responses
        .get_mut("200")
        .and_then(|ok| ok.get_mut("content")?.as_object_mut())
        && endpoint.offers.len() > 1
        && content.len() == 1
    {
        // A list can be had whole, for spreadsheets and scripts.
        content.insert(
            "text/csv".into(),
            json!({ "schema": { "type": "string", "maxLength": 1_000_000_000 } }),
        );
        content.insert(
            "application/x-ndjson".into(),
            json!({ "schema": { "type": "string", "maxLength": 1_000_000_000 } }),
        );
    }
    for (status, response) in &mut responses {
        headers(endpoint, status, response);
    }
    operation["responses"] = Value::Object(responses);
    operation
}

/// The statuses that the ground answers for every endpoint of this form.
fn expected(endpoint: &Endpoint) -> Vec<u16> {
    let mut codes = vec![400, 405, 406, 500, 503];
    if endpoint.access != Access::Public {
        codes.extend([401, 403]);
    }
    if endpoint.path.contains('{') {
        codes.push(404);
    }
    if !endpoint.method.is_safe() {
        codes.extend([404, 408, 409, 413, 415, 422, 429, 507]);
    }
    if matches!(endpoint.method.as_str(), "PATCH" | "DELETE") {
        codes.push(412);
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn problem(status: u16) -> Value {
    let codes: Vec<String> = Code::ALL
        .iter()
        .filter(|code| code.status() == status)
        .map(|code| format!("`{code}`: {}", code.title()))
        .collect();
    json!({
        "description": codes.join("; "),
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/ProblemBody" } } }
    })
}

/// Headers that the ground sets.
fn headers(endpoint: &Endpoint, status: &str, response: &mut Value) {
    let text =
        |description: &str| json!({ "description": description, "schema": { "type": "string", "maxLength": 2000 } });
    let mut set = |name: &str, value: Value| {
        if response["headers"].is_null() {
            response["headers"] = json!({});
        }
        if response["headers"][name].is_null() {
            response["headers"][name] = value;
        }
    };
    set("X-Request-Id", text("The request's id: the client's, or a new one."));
    match status {
        "200" if endpoint.method.is_safe() => set("ETag", text("The revision of the record, or a hash of the list.")),
        "201" => set("Location", text("Where the new record is.")),
        "401" => set("WWW-Authenticate", text("`Bearer`.")),
        "405" => set("Allow", text("The methods that work here.")),
        "429" | "503" => set(
            "Retry-After",
            json!({ "description": "Seconds to wait.", "schema": { "type": "integer", "minimum": 0, "maximum": 86400 } }),
        ),
        _ => {}
    }
}

/// In a merge patch null clears: every field that is not required takes it, and so do the entries of maps.
fn clearable(schemas: &mut Map<String, Value>) {
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
fn requested(paths: &Map<String, Value>) -> BTreeSet<String> {
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

/// Joins records with their flattened fields: one object instead of an `allOf`, whose strictness would refuse its own other half.
fn flatten(schemas: &mut Map<String, Value>, requested: &BTreeSet<String>) {
    let known = schemas.clone();
    for (name, schema) in schemas.iter_mut() {
        let Some(parts) = schema["allOf"].as_array() else {
            continue;
        };
        let mut whole = json!({ "type": "object", "properties": {} });
        let mut required: Vec<Value> = Vec::new();
        for part in parts {
            let part = part["$ref"]
                .as_str()
                .and_then(|target| target.rsplit('/').next())
                .map_or(part, |name| &known[name]);
            for (name, property) in part["properties"].as_object().into_iter().flatten() {
                whole["properties"][name] = property.clone();
            }
            required.extend(part["required"].as_array().into_iter().flatten().cloned());
        }
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
