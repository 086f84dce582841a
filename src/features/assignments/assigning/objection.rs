//! What the rules have against an assignment.

use crate::refusal::{Code, Refusal};

/// What a rule has against an item, and which of its fields it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    pub field: &'static str,
    pub kind: ObjectionKind,
    pub detail: String,
}

/// Whether the request does not make sense, or the state of things is against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectionKind {
    /// A fault of the request: `not_found`, `required`.
    Fault(&'static str),
    /// A refusal: `already_assigned`, `do_not_contact`.
    Refused(Code),
}

impl ObjectionKind {
    /// The word in the answer.
    pub fn code(self) -> &'static str {
        match self {
            Self::Fault(code) => code,
            Self::Refused(code) => code.as_str(),
        }
    }
}

/// A fault of the request.
pub fn fault(field: &'static str, code: &'static str, detail: impl Into<String>) -> Objection {
    Objection {
        field,
        kind: ObjectionKind::Fault(code),
        detail: detail.into(),
    }
}

/// What a record was named by: its id, or else its other name.
pub fn sent(id: Option<impl ToString>, name: Option<&String>) -> String {
    id.map(|id| id.to_string())
        .or_else(|| name.cloned())
        .unwrap_or_default()
}

/// The state of things is against it.
pub fn refused(field: &'static str, refusal: Refusal) -> Objection {
    Objection {
        field,
        kind: ObjectionKind::Refused(refusal.code),
        detail: refusal.detail,
    }
}
