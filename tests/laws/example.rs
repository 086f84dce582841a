//! A value that fits a schema of the document: what it requires, and no more.

use serde_json::{Map, Value, json};

/// Reads schemas of one document.
pub struct Schemas<'d> {
    pub document: &'d Value,
}

impl<'d> Schemas<'d> {
    /// The schema itself, wherever a reference leads.
    pub fn resolve(&self, schema: &'d Value) -> &'d Value {
        match schema["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
            Some(pointer) => self.resolve(self.document.pointer(pointer).unwrap_or(&Value::Null)),
            None => schema,
        }
    }

    /// A smallest value. `reference` gives the id for a property that names another record.
    pub fn example(&self, name: &str, schema: &'d Value, reference: &dyn Fn(&str) -> Option<String>) -> Value {
        let schema = self.resolve(schema);
        for choice in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[choice].as_array() {
                let some = choices.iter().find(|choice| choice["type"] != "null");
                return some.map_or(Value::Null, |some| self.example(name, some, reference));
            }
        }
        if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
            return first.clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds
                .iter()
                .find_map(|kind| kind.as_str().filter(|kind| *kind != "null")),
            kind => kind.as_str(),
        };
        match kind {
            Some("string") => json!(self.text(name, schema, reference)),
            Some("integer") => json!(schema["minimum"].as_i64().unwrap_or(1).max(1)),
            Some("number") => json!(1.5),
            Some("boolean") => json!(false),
            Some("array") => {
                let count = schema["minItems"].as_u64().unwrap_or(0);
                (0..count)
                    .map(|_| self.example(name, &schema["items"], reference))
                    .collect()
            }
            _ => self.object(schema, reference),
        }
    }

    fn object(&self, schema: &'d Value, reference: &dyn Fn(&str) -> Option<String>) -> Value {
        let mut fields = Map::new();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            if let Value::Object(part) = self.object(self.resolve(part), reference) {
                fields.extend(part);
            }
        }
        for name in schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            let value = self.example(name, &schema["properties"][name], reference);
            fields.insert(name.to_owned(), value);
        }
        Value::Object(fields)
    }

    fn text(&self, name: &str, schema: &Value, reference: &dyn Fn(&str) -> Option<String>) -> String {
        if let Some(id) = reference(name) {
            return id;
        }
        let example = schema["examples"][0].as_str().or(schema["example"].as_str());
        match (schema["format"].as_str(), example) {
            (Some("uuid"), _) => uuid::Uuid::from_u128(rand::random()).to_string(),
            (Some("email"), _) => format!("u{:x}@sample.test", rand::random::<u64>()),
            (_, Some(example)) => example.to_owned(),
            (Some("date-time"), None) => "2031-03-03T15:30:00Z".into(),
            (Some("date"), None) => "2031-03-03".into(),
            _ if schema["pattern"] == "^[A-Z]{3}$" => "USD".into(),
            _ if name.contains("time_zone") => "Europe/Berlin".into(),
            _ if name.contains("email") => format!("u{:x}@sample.test", rand::random::<u64>()),
            _ => {
                let length = schema["minLength"].as_u64().unwrap_or(0).max(6);
                format!("{:0>1$x}", rand::random::<u32>(), usize::try_from(length).unwrap())
            }
        }
    }
}
