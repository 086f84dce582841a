//! Query strings: typed, and only what the document lists.

use std::borrow::Cow;
use std::future::{Ready, ready};
use std::ops::Deref;
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::Problem;

/// The typed query of a request. The gate has checked it against the document before.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T> Deref for Query<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request).map(Query))
    }
}

/// Reads the query string into `T`; parameters that `T` does not know are left to others.
pub(super) fn read<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Problem> {
    let text = request.query_string();
    let pairs = pieces(text);
    let whole = joined(pairs.clone());
    let text = if whole.len() == pairs.len() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(serde_urlencoded::to_string(whole).unwrap_or_default())
    };
    serde_urlencoded::from_str(&text)
        .map_err(|error| Problem::fault("", "malformed", format!("The query cannot be read: {error}.")))
}

/// Name and value of each parameter, decoded; as they stand.
pub(super) fn pieces(query: &str) -> Vec<(String, String)> {
    serde_urlencoded::from_str(query).unwrap_or_default()
}

/// Name and value of each parameter, decoded. What is given in several pieces, as some clients do with lists, is one:
/// `status_in=a&status_in=b` is `status_in=a,b`. The gate has refused everything else that is given twice.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    joined(pieces(query))
}

pub(super) fn joined(pieces: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::with_capacity(pieces.len());
    for (name, value) in pieces {
        match pairs.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => {
                known.push(',');
                known.push_str(&value);
            }
            None => pairs.push((name, value)),
        }
    }
    pairs
}

/// One parameter, decoded.
pub(super) fn parameter(request: &HttpRequest, name: &str) -> Option<String> {
    if !request.query_string().contains(name) {
        return None;
    }
    pairs(request.query_string())
        .into_iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

/// Several values in one parameter, separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T> std::ops::Deref for List<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'de, T: FromStr<Err: std::fmt::Display>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.split(',')
            .map(|word| word.trim().parse().map_err(serde::de::Error::custom))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}
