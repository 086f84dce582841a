//! Bodies: read whole within a deadline, parsed strictly, checked against the document, then typed.

use std::fmt;
use std::future::{Ready, ready};
use std::ops::Deref;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize};
use serde_json::{Map, Number, Value};
use serde_path_to_error::Segment;
use unicode_normalization::{UnicodeNormalization, is_nfc};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::problem::segment;
use super::rules::Rules;
use super::{Checks, Fault, Problem};
use crate::refusal::Code;
use crate::text::{UNFIT, is_unfit};

/// The raw body, as the gate read it.
#[derive(Debug, Clone)]
pub struct Raw(pub Bytes);

impl FromRequest for Raw {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(request
            .extensions()
            .get::<Self>()
            .cloned()
            .unwrap_or(Self(Bytes::new()))))
    }
}

/// A JSON body that the gate has parsed and checked.
pub(super) struct Parsed {
    pub value: Value,
    pub rule: Rule,
}

/// What the gate has checked it by.
pub(super) struct Rule {
    pub rules: Arc<Rules>,
    /// The operation's id.
    pub operation: String,
    /// The most bytes that a body may have.
    pub limit: usize,
}

/// A typed JSON body.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parsed = request.extensions_mut().remove::<Parsed>();
        ready(match parsed {
            Some(parsed) => typed(parsed.value).map(Json),
            None => Err(Problem::new(Code::Malformed, "This request needs a JSON body.")),
        })
    }
}

/// Turns checked JSON into a type. What only the type knows (a time zone's name) is refused here, with its pointer.
///
/// # Errors
/// 400 with the pointer of the fault.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer: String = error
            .path()
            .iter()
            .map(|part| match part {
                Segment::Seq { index } => format!("/{index}"),
                Segment::Map { key } | Segment::Enum { variant: key } => format!("/{}", segment(key)),
                Segment::Unknown => String::new(),
            })
            .collect();
        Problem::fault(pointer, "invalid_value", error.inner().to_string())
    })
}

/// A merge patch (RFC 7396) of what `T` describes: null clears, absent leaves.
pub struct Patch<T> {
    value: Value,
    rule: Rule,
    kind: std::marker::PhantomData<T>,
}

impl<T> FromRequest for Patch<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parsed = request.extensions_mut().remove::<Parsed>();
        ready(match parsed {
            Some(Parsed { value, rule }) if value.is_object() => Ok(Self {
                value,
                rule,
                kind: std::marker::PhantomData,
            }),
            _ => Err(Problem::new(
                Code::Malformed,
                "This request needs a JSON object with the fields to change.",
            )),
        })
    }
}

impl<T> Patch<T> {
    /// The same patch as one of these operation's bodies, where it came as a part of another.
    pub fn of(value: Value, checks: &Checks, operation: &'static str) -> Self {
        let rule = Rule {
            rules: checks.rules.clone(),
            operation: operation.to_owned(),
            limit: checks.limit,
        };
        Self {
            value,
            rule,
            kind: std::marker::PhantomData,
        }
    }
}

impl<T: Serialize + DeserializeOwned> Patch<T> {
    /// The fields as they are once the patch is applied to `current`. What comes of it keeps to the document as well:
    /// else maps could grow beyond their limits by many small patches.
    ///
    /// # Errors
    /// 400 when the result is not a whole `T`: a required field was cleared, a map holds too much.
    pub fn apply(self, current: &T) -> Result<T, Problem> {
        let before = || serde_json::to_value(current).map_err(|error| Problem::internal(&error));
        let named: Vec<String> = self
            .value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(field, _)| field.clone())
            .collect();
        let mut merged = before()?;
        merge(&mut merged, self.value);
        let rule = &self.rule;
        let mut faults = rule.rules.faults(&rule.operation, &merged, MOST_FAULTS);
        // What was unfit before and is left as it is hinders nobody: an import may have kept it as it was given.
        faults.retain(|fault| {
            let field = fault.pointer.split('/').nth(1).unwrap_or_default();
            named.iter().any(|named| named == field)
        });
        let (size, most) = (merged.to_string().len(), rule.limit);
        if size > most && size > before()?.to_string().len() {
            let detail = format!("With this, the record would have more than {most} bytes.");
            faults.push(Fault::new("", "too_long", detail));
        }
        if faults.is_empty() {
            typed(merged)
        } else {
            Err(Problem::invalid(faults))
        }
    }
}

/// RFC 7396, section 2.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(target) = target {
        for (field, value) in patch {
            if value.is_null() {
                target.remove(&field);
            } else {
                merge(target.entry(field).or_insert(Value::Null), value);
            }
        }
    }
}

impl<T: ToSchema> PartialSchema for Patch<T> {
    fn schema() -> RefOr<Schema> {
        let mut schema = T::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required.clear();
            object.description = Some("The fields to change (RFC 7396): null clears, what is absent stays.".into());
        }
        schema
    }
}

impl<T: ToSchema> ToSchema for Patch<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        let name = T::name();
        format!("{}Patch", name.strip_suffix("Input").unwrap_or(&name)).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

/// Parses JSON strictly: no duplicate names, text in NFC.
///
/// # Errors
/// 400 that says where.
pub fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let malformed = |error: serde_json::Error| {
        Problem::new(
            Code::Malformed,
            format!("The body is not the JSON that is expected: {error}."),
        )
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut reader).map_err(malformed)?;
    reader.end().map_err(malformed)?;
    Ok(value)
}

/// Text as it is kept: NFC.
pub fn clean(text: &str) -> String {
    if is_nfc(text) {
        text.to_owned()
    } else {
        text.nfc().collect()
    }
}

/// The texts (and names) in a body with characters that no text may have, each as a fault.
pub(super) fn unfit_texts(body: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    if any_unfit(body) {
        unfit(body, "", &mut faults);
    }
    faults
}

fn any_unfit(value: &Value) -> bool {
    match value {
        Value::String(text) => is_unfit(text),
        Value::Array(items) => items.iter().any(any_unfit),
        Value::Object(fields) => fields.iter().any(|(name, value)| is_unfit(name) || any_unfit(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn unfit(value: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    let fault = || Fault::new(pointer, "invalid_text", UNFIT);
    match value {
        Value::String(text) => faults.extend(is_unfit(text).then(fault)),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                unfit(item, &format!("{pointer}/{at}"), faults);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                // A name that is unfit itself is told at the object.
                faults.extend(is_unfit(name).then(fault));
                unfit(value, &format!("{pointer}/{}", segment(name)), faults);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// No answer lists more faults than this.
pub(super) const MOST_FAULTS: usize = 1_000;
/// Far more than any request may have (a bulk request: 10,000), far less than would cost memory; the schema says the rest.
const MOST_ITEMS: usize = 20_000;
/// No record has as many.
const MOST_FIELDS: usize = 1_000;

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number must be finite"))
    }
    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(clean(value)))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Strict)? {
            if items.len() == MOST_ITEMS {
                return Err(A::Error::custom(format!("an array has at most {MOST_ITEMS} items")));
            }
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let name = clean(&name);
            let value = map.next_value_seed(Strict)?;
            if fields.len() == MOST_FIELDS {
                return Err(A::Error::custom(format!("an object has at most {MOST_FIELDS} fields")));
            }
            if fields.contains_key(&name) {
                return Err(A::Error::custom(format!(
                    "the name `{name}` stands twice in one object"
                )));
            }
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

/// Puts `pointer` before the pointers of faults that belong to a part of the body.
pub fn within(pointer: &str, faults: Vec<Fault>) -> Vec<Fault> {
    faults
        .into_iter()
        .map(|fault| Fault {
            pointer: format!("{pointer}{}", fault.pointer),
            ..fault
        })
        .collect()
}
