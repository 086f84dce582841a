//! The document: written by the endpoint table, so that it cannot say anything else than what is served.

mod operation;
mod schemas;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::http::{Endpoint, ProblemBody};

const TAGS: &[(&str, &str)] = &[
    ("auth", "Signing in and out; tokens and their keys."),
    ("people", "The organization and its users."),
    ("api-keys", "Keys for scripts and dashboards."),
    (
        "customers",
        "Customers, their contacts, account managers and signals; imports and the timeline.",
    ),
    ("programs", "Why and how calls are made."),
    (
        "segments",
        "Named ways to choose customers, and how often they are to be spoken with.",
    ),
    ("imports", "Files of a million rows, worked off in the background."),
    ("assignments", "Who is to call whom; one by one and in bulk."),
    (
        "plans",
        "Who should call whom and when: proposed, committed, taken back.",
    ),
    ("briefs", "What one should know before calling, and what to talk about."),
    ("attempts", "Calls placed, and everything that comes of them."),
    ("follow-ups", "What is written to customers after a call."),
    ("calendar", "One's calls in calendar programs."),
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
    (
        "days",
        "An executive's day, and the lists that are prepared each evening.",
    ),
    ("sync", "What devices keep for when there is no network."),
    ("reports", "Figures, as JSON or CSV."),
    (
        "notifications",
        "What people are told of by itself, and how they want to be told.",
    ),
    (
        "jobs",
        "What Touchbase does in the background, and what it has given up.",
    ),
    ("audit", "Who changed what, when, from where."),
    ("events", "What happens, as it happens."),
    (
        "webhooks",
        "Events that are delivered to other programs, signed, until they are taken.",
    ),
    ("service", "Health, metrics, and what the problem codes mean."),
];

/// The whole document, as it is served and committed.
pub fn document(endpoints: &[Arc<Endpoint>]) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    add_schema::<ProblemBody>(&mut schemas);
    for endpoint in endpoints {
        for (name, schema) in endpoint.schemas() {
            schemas.insert(name, json!(schema));
        }
        let item = paths.entry(endpoint.path.clone()).or_insert_with(|| json!({}));
        item[endpoint.method.as_str().to_ascii_lowercase()] = operation::operation(endpoint);
    }
    schemas::clearable(&mut schemas);
    schemas::flatten(&mut schemas, &schemas::requested(&paths));
    schemas::prune(&paths, &mut schemas);
    let (mut paths, mut schemas) = (Value::Object(paths), Value::Object(schemas));
    schemas::bound(&mut paths);
    schemas::bound(&mut schemas);
    schemas::exemplify(&mut paths, &schemas);
    let operations = || {
        paths
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, item)| item.as_object())
    };
    let speaks_of = |tag| operations().flatten().any(|(_, operation)| operation["tags"][0] == tag);
    let used: Vec<Value> = TAGS
        .iter()
        .filter(|(tag, _)| speaks_of(*tag))
        .map(|(tag, description)| json!({ "name": tag, "description": description }))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Touchbase",
            "version": env!("CARGO_PKG_VERSION"),
            "description": include_str!("introduction.md").trim_end(),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "contact": { "name": "Whoever runs this installation" }
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
