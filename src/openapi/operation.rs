//! One operation of the document: what its handler says, and what the ground does for every endpoint of its form.

use serde_json::{Value, json};

use crate::http::Endpoint;
use crate::http::endpoint::Access;
use crate::http::precondition::LONGEST;
use crate::http::stream;
use crate::refusal::Code;

/// The whole operation.
pub fn operation(endpoint: &Endpoint) -> Value {
    let mut operation = json!(endpoint.operation());
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
        Access::SignedIn | Access::Needs(_) => json!([{ "bearer": [] }]),
    };
    if let Access::Needs(permission) = endpoint.access {
        // Bearer schemes have no list of scopes that a linter could look the permission up in.
        operation["x-permission"] = json!(permission);
    }
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
    if let Some((names, default)) = &endpoint.sorts {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        for sort in parameters.iter_mut().filter(|parameter| parameter["name"] == "sort") {
            let description = sort["description"].as_str().unwrap_or_default();
            sort["description"] = json!(format!(
                "{description} One or more of {}; `{default}` by default.",
                names.join(", ")
            ));
            sort["example"] = json!(default);
        }
    }
    let post_or_patch = matches!(endpoint.method.as_str(), "POST" | "PATCH");
    if post_or_patch && endpoint.access != Access::Public {
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
            "schema": { "type": "string", "maxLength": LONGEST, "pattern": "^(\\*|(W/)?\"[0-9]{1,19}\"(, *(W/)?\"[0-9]{1,19}\")*)$" }
        }));
    }
    if parameters.iter().any(|parameter| parameter["name"] == "last_event_id") {
        parameters.push(json!({
            "name": stream::LAST, "in": "header", "required": false,
            "description": "The `id` of the event that was heard last, as browsers send it when they come back; it goes before `last_event_id`.",
            "schema": { "type": "string", "maxLength": 19, "pattern": "^[0-9]{1,19}$" }
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
    {
        // A list can be had whole, for spreadsheets and scripts; what changes, as a stream.
        for offer in &endpoint.offers {
            if !content.keys().any(|kind| kind.starts_with(offer)) {
                content.insert(
                    (*offer).into(),
                    json!({ "schema": { "type": "string", "maxLength": 1_000_000_000 } }),
                );
            }
        }
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
    // What is one's own: an API key has none.
    if endpoint.path.starts_with("/v1/me/") {
        codes.push(409);
    }
    if !endpoint.method.is_safe() {
        codes.extend([404, 408, 409, 413, 415, 422, 429, 507]);
    }
    if matches!(endpoint.method.as_str(), "PATCH" | "DELETE") {
        codes.push(412);
    }
    if endpoint.offers.contains(&stream::KIND) {
        codes.push(429);
    }
    // A customer may have become a part of another.
    if endpoint.path.starts_with("/v1/customers/{id}") {
        codes.push(if endpoint.method.is_safe() { 308 } else { 410 });
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn problem(status: u16) -> Value {
    if status == 308 {
        return json!({ "description": "The record became a part of another: look there" });
    }
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
        "308" => set("Location", text("Where the record is that it became a part of.")),
        "401" => set("WWW-Authenticate", text("`Bearer`.")),
        "405" => set("Allow", text("The methods that work here.")),
        "429" | "503" => set(
            "Retry-After",
            json!({ "description": "Seconds to wait.", "schema": { "type": "integer", "minimum": 0, "maximum": 86400 } }),
        ),
        _ => {}
    }
}
