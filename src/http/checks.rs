//! The document's rules, handed on: for bodies that are found out only when they are looked at.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::body::{MOST_FAULTS, typed};
use super::rules::Rules;
use super::{Fault, Problem};

/// The rules of all operations, for what comes as a part of another operation's body.
#[derive(Clone)]
pub struct Checks {
    pub(super) rules: Arc<Rules>,
    /// The most bytes that a body may have.
    pub(super) limit: usize,
}

impl Checks {
    /// A typed body of this operation.
    ///
    /// # Errors
    /// 400 with a pointer for each fault.
    pub fn body<T: DeserializeOwned>(&self, operation: &str, value: Value) -> Result<T, Problem> {
        self.rules.body(operation, &value)?;
        typed(value)
    }

    /// What is wrong with one field of this operation's body, whatever stands beside it; pointers begin behind the field's name.
    pub fn field(&self, operation: &str, name: &str, value: &Value) -> Vec<Fault> {
        let faults = self.rules.faults(operation, &json!({ name: value }), MOST_FAULTS);
        let of_field = |fault: Fault| {
            let rest = fault.pointer.strip_prefix('/')?.strip_prefix(name)?;
            let pointer = Some(rest).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
            Some(Fault {
                pointer: pointer.to_owned(),
                ..fault
            })
        };
        faults.into_iter().filter_map(of_field).collect()
    }
}

impl FromRequest for Checks {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let checks = request.extensions().get::<Self>().cloned();
        ready(checks.ok_or_else(|| Problem::internal(&"the gate has not passed its rules on")))
    }
}
