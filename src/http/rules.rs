//! The document is the rule: bodies and queries are checked against the schemas that are published.

mod faults;
mod words;

use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use self::faults::told;
use super::body::unfit_texts;
use super::{Fault, Problem, query};
use crate::text::{UNFIT, is_unfit};

/// Faults of one parameter that are told at most.
const MOST_OF_A_PARAMETER: usize = 100;

/// The rules of all operations, compiled as they are first needed.
pub struct Rules {
    schemas: Value,
    operations: HashMap<String, Operation>,
}

struct Operation {
    body: Option<Value>,
    body_rule: OnceLock<Option<Validator>>,
    parameters: Vec<Parameter>,
}

struct Parameter {
    name: String,
    required: bool,
    schema: Value,
    rule: OnceLock<Option<Validator>>,
}

/// Takes out what only people read.
fn silence(schema: &mut Value) {
    match schema {
        Value::Object(parts) => {
            // A property may have such a name, too; what it says of itself is no text.
            parts.retain(|name, part| match name.as_str() {
                "description" => !part.is_string(),
                "examples" => !part.is_array(),
                _ => true,
            });
            parts.values_mut().for_each(silence);
        }
        Value::Array(parts) => parts.iter_mut().for_each(silence),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl Rules {
    /// Reads the rules out of an OpenAPI document.
    pub fn new(document: &Value) -> Self {
        let mut operations = HashMap::new();
        let paths = document["paths"].as_object().into_iter().flatten();
        for operation in paths
            .flat_map(|(_, item)| item.as_object().into_iter().flatten())
            .map(|(_, operation)| operation)
        {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            let content = operation["requestBody"]["content"].as_object();
            let body = content.and_then(|content| {
                content
                    .iter()
                    .find(|(kind, _)| kind.ends_with("json"))
                    .map(|(_, media)| media["schema"].clone())
            });
            let parameters = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "query");
            let parameters = parameters
                .map(|parameter| Parameter {
                    name: parameter["name"].as_str().unwrap_or_default().to_owned(),
                    required: parameter["required"] == true,
                    schema: parameter["schema"].clone(),
                    rule: OnceLock::new(),
                })
                .collect();
            operations.insert(
                id.to_owned(),
                Operation {
                    body,
                    body_rule: OnceLock::new(),
                    parameters,
                },
            );
        }
        let mut schemas = document["components"]["schemas"].clone();
        silence(&mut schemas);
        Self { schemas, operations }
    }

    /// The operations whose rules cannot be compiled: none, in a document that is sound.
    pub fn unsound(&self) -> Vec<&str> {
        let sound = |operation: &Operation| {
            let parameters = operation.parameters.iter().map(|parameter| &parameter.schema);
            operation
                .body
                .iter()
                .chain(parameters)
                .all(|schema| self.compile(schema).is_some())
        };
        let unsound = self.operations.iter().filter(|(_, operation)| !sound(operation));
        unsound.map(|(id, _)| id.as_str()).collect()
    }

    /// A schema with all that it refers to, and nothing else.
    fn compile(&self, schema: &Value) -> Option<Validator> {
        let mut wanted = BTreeSet::new();
        let mut open = vec![schema.clone()];
        while let Some(schema) = open.pop() {
            references(&schema, &mut |name| {
                if wanted.insert(name.to_owned()) {
                    open.push(self.schemas[name].clone());
                }
            });
        }
        let schemas: Map<String, Value> = wanted
            .into_iter()
            .map(|name| (name.clone(), self.schemas[&name].clone()))
            .collect();
        let root = json!({ "allOf": [schema], "components": { "schemas": schemas } });
        match jsonschema::options().should_validate_formats(true).build(&root) {
            Ok(rule) => Some(rule),
            Err(error) => {
                tracing::error!(%error, "a schema of the document cannot be compiled");
                None
            }
        }
    }

    /// Checks a JSON body; every fault at once.
    ///
    /// # Errors
    /// 400 with a pointer for each fault.
    pub fn body(&self, operation: &str, body: &Value) -> Result<(), Problem> {
        let faults = self.faults(operation, body, 1000);
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(faults))
        }
    }

    /// The faults of a JSON body, so many at most.
    pub fn faults(&self, operation: &str, body: &Value, most: usize) -> Vec<Fault> {
        let operation = self.operations.get(operation);
        let mut faults = unfit_texts(body);
        faults.truncate(most);
        let Some((operation, schema)) = operation.and_then(|operation| Some((operation, operation.body.as_ref()?)))
        else {
            return faults;
        };
        let Some(rule) = operation.body_rule.get_or_init(|| self.compile(schema)) else {
            return vec![unruly("")];
        };
        if rule.is_valid(body) {
            return faults;
        }
        let rest = most - faults.len();
        faults.extend(told(rule.iter_errors(body), &self.schemas, rest));
        faults
    }

    /// Checks a query string against the operation's parameters.
    ///
    /// # Errors
    /// 400 that names each unknown parameter and the ones there are, and each value that does not fit.
    pub fn query(&self, operation: &str, text: &str) -> Result<(), Problem> {
        let Some(operation) = self.operations.get(operation) else {
            return Ok(());
        };
        let pieces = query::pieces(text);
        let given = query::joined(pieces.clone());
        let mut faults = Vec::new();
        for (name, value) in &given {
            let Some(parameter) = operation.parameters.iter().find(|parameter| parameter.name == *name) else {
                let known: Vec<&str> = operation
                    .parameters
                    .iter()
                    .map(|parameter| parameter.name.as_str())
                    .collect();
                let known = if known.is_empty() {
                    "it takes none".to_owned()
                } else {
                    let known = words::nearest_first(std::slice::from_ref(name), &known);
                    format!("it takes {}", known.join(", "))
                };
                faults.push(Fault::new(
                    name.clone(),
                    "unknown_parameter",
                    format!("This endpoint has no parameter `{name}`; {known}."),
                ));
                continue;
            };
            let times = pieces.iter().filter(|(piece, _)| piece == name).count();
            if times > 1 && !self.is(&parameter.schema, "array") {
                faults.push(Fault::new(
                    name.clone(),
                    "duplicate",
                    format!("`{name}` is given twice."),
                ));
                continue;
            }
            if is_unfit(value) {
                faults.push(Fault::new(name.clone(), "invalid_text", UNFIT));
                continue;
            }
            let value = self.typed(&parameter.schema, value);
            match parameter.rule.get_or_init(|| self.compile(&parameter.schema)) {
                Some(rule) => {
                    let told = told(rule.iter_errors(&value), &self.schemas, MOST_OF_A_PARAMETER);
                    faults.extend(told.into_iter().map(|fault| Fault {
                        pointer: name.clone(),
                        ..fault
                    }));
                }
                None => faults.push(unruly(name)),
            }
        }
        for parameter in operation.parameters.iter().filter(|parameter| parameter.required) {
            if !given.iter().any(|(name, _)| *name == parameter.name) {
                faults.push(Fault::new(
                    parameter.name.clone(),
                    "required",
                    format!("`{}` must be given.", parameter.name),
                ));
            }
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(faults))
        }
    }

    /// The schema itself, where it is named.
    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        match schema["$ref"].as_str() {
            Some(reference) => &self.schemas[reference.rsplit('/').next().unwrap_or_default()],
            None => schema,
        }
    }

    /// Whether a schema takes values of this type.
    fn is(&self, schema: &Value, kind: &str) -> bool {
        let kinds = &self.resolved(schema)["type"];
        kinds == kind || kinds.as_array().is_some_and(|kinds| kinds.iter().any(|k| k == kind))
    }

    /// A parameter's text as the JSON that its schema describes.
    fn typed(&self, schema: &Value, text: &str) -> Value {
        let schema = self.resolved(schema);
        let is = |kind: &str| self.is(schema, kind);
        let parsed = if is("integer") {
            text.parse::<i64>().ok().map(Value::from)
        } else if is("boolean") {
            text.parse::<bool>().ok().map(Value::from)
        } else if is("number") {
            text.parse::<f64>()
                .ok()
                .and_then(serde_json::Number::from_f64)
                .map(Value::Number)
        } else if is("array") {
            Some(Value::Array(
                text.split(',')
                    .map(|item| self.typed(&schema["items"], item.trim()))
                    .collect(),
            ))
        } else {
            None
        };
        parsed.unwrap_or_else(|| Value::String(text.to_owned()))
    }
}

/// Calls `found` with the name of every component that the schema refers to directly.
fn references(schema: &Value, found: &mut impl FnMut(&str)) {
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value
                    .as_str()
                    .and_then(|target| target.strip_prefix("#/components/schemas/"))
                {
                    Some(target) if name == "$ref" => found(target),
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A schema that cannot be compiled lets nothing pass.
fn unruly(pointer: &str) -> Fault {
    Fault::new(
        pointer,
        "unchecked",
        "This cannot be checked here, through our own fault.",
    )
}
