//! Many items in one body, as JSON, NDJSON or CSV: each read and checked by itself, so that one bad item need not fail the rest.

use std::collections::BTreeMap;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::body::{clean, parse, typed, within};
use super::csv::unescaped;
use super::export::{CSV, NDJSON};
use super::{Fault, Problem, query};
use crate::refusal::Code;
use crate::text::line_end;
use crate::text::quotes::{never_closed, open_quote};

/// No answer lists more faults than this.
const MOST_FAULTS: usize = 1000;

crate::words! {
    /// What becomes of the good items when others are bad.
    pub enum BulkMode {
        /// Nothing is written unless all can be.
        Atomic = "atomic",
        /// Each item for itself.
        Partial = "partial",
    }
}

/// The items of a bulk request. Those that could not be read stand as their faults, without the item's own pointer.
#[derive(Debug)]
pub struct Bulk<T> {
    pub items: Vec<Result<T, Vec<Fault>>>,
    pub mode: BulkMode,
}

/// The body as the gate left it: items, and what is wrong with which.
pub(super) struct Items {
    items: Vec<Value>,
    mode: Option<BulkMode>,
    faults: BTreeMap<usize, Vec<Fault>>,
}

impl Items {
    /// Reads a body of this kind; `check` holds it against the document.
    ///
    /// # Errors
    /// 400 when the body as a whole cannot be understood.
    pub(super) fn read(kind: &str, bytes: &[u8], check: impl Fn(&Value) -> Vec<Fault>) -> Result<Self, Problem> {
        let (mut body, mut faults) = match kind {
            NDJSON => lines(bytes),
            CSV => rows(bytes, &check)?,
            _ => (parse(bytes)?, BTreeMap::new()),
        };
        let (mut whole, unread) = (Vec::new(), faults.clone());
        for fault in check(&body) {
            match place(&fault.pointer) {
                Some((at, rest)) if unread.contains_key(&at) => drop(rest),
                Some((at, rest)) => {
                    let fault = Fault { pointer: rest, ..fault };
                    let known = faults.entry(at).or_default();
                    if !known.contains(&fault) {
                        known.push(fault);
                    }
                }
                None => whole.push(fault),
            }
        }
        if !whole.is_empty() {
            return Err(Problem::invalid(whole));
        }
        let mode = body["mode"].as_str().and_then(|mode| mode.parse().ok());
        let items = match body["items"].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        };
        Ok(Self { items, mode, faults })
    }
}

/// `/items/17/reason` is item 17 and `/reason`.
fn place(pointer: &str) -> Option<(usize, String)> {
    let rest = pointer.strip_prefix("/items/")?;
    let (at, rest) = rest
        .split_once('/')
        .map_or((rest, String::new()), |(at, rest)| (at, format!("/{rest}")));
    Some((at.parse().ok()?, rest))
}

type Read = (Value, BTreeMap<usize, Vec<Fault>>);

/// One JSON object a line.
fn lines(bytes: &[u8]) -> Read {
    let (mut items, mut faults) = (Vec::new(), BTreeMap::new());
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match parse(line) {
            Ok(item) => items.push(item),
            Err(problem) => {
                let detail = format!("Line {}: {}", number + 1, problem.detail);
                faults.insert(items.len(), vec![Fault::new("", "malformed", detail)]);
                items.push(Value::Null);
            }
        }
    }
    (json!({ "items": items }), faults)
}

/// Which of these columns hold a yes or no: the document takes `true` there.
fn booleans(header: &csv::StringRecord, check: &impl Fn(&Value) -> Vec<Fault>) -> Vec<bool> {
    let probe: Map<String, Value> = header.iter().map(|name| (name.to_owned(), true.into())).collect();
    let refused = check(&json!({ "items": [probe] }));
    let columns = header.iter().map(|name| format!("/items/0/{name}"));
    columns
        .map(|column| !refused.iter().any(|fault| fault.pointer == column))
        .collect()
}

/// A header, then one item a row. A blank cell says nothing; `true` and `false`, as a spreadsheet writes them, are what they say
/// where a yes or no is asked for.
fn rows(bytes: &[u8], check: &impl Fn(&Value) -> Vec<Fault>) -> Result<Read, Problem> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let malformed = |detail: String| Problem::new(Code::Malformed, detail);
    let header = reader
        .headers()
        .map_err(|error| malformed(format!("The first line cannot be read as CSV: {error}.")))?
        .clone();
    for (at, name) in header.iter().enumerate() {
        if header.iter().take(at).any(|earlier| earlier == name) {
            return Err(malformed(format!("The column `{name}` stands twice in the header.")));
        }
    }
    if let Some(line) = open_quote(bytes, b',', line_end(bytes)) {
        return Err(malformed(never_closed(line)));
    }
    let booleans = booleans(&header, check);
    let (mut items, mut faults) = (Vec::new(), BTreeMap::new());
    for row in reader.records() {
        let item = row.map_err(|error| error.to_string()).and_then(|row| {
            let line = row.position().map_or(0, |at| line(bytes, at));
            if row.len() != header.len() {
                return Err(format!(
                    "Line {line} has {} cells, and the header {}.",
                    row.len(),
                    header.len()
                ));
            }
            let mut item = Map::new();
            let cells = header.iter().zip(row.iter()).zip(&booleans);
            for ((name, cell), boolean) in cells.filter(|((_, cell), _)| !cell.is_empty()) {
                let cell = clean(unescaped(cell));
                let said = boolean.then(|| cell.to_ascii_lowercase().parse().ok()).flatten();
                item.insert(name.to_owned(), said.map_or(Value::String(cell), Value::Bool));
            }
            Ok(Value::Object(item))
        });
        match item {
            Ok(item) => items.push(item),
            Err(detail) => {
                faults.insert(items.len(), vec![Fault::new("", "malformed", detail)]);
                items.push(Value::Null);
            }
        }
    }
    Ok((json!({ "items": items }), faults))
}

/// On which line a row's text begins: its position lies before the blank lines that are passed over.
fn line(bytes: &[u8], at: &csv::Position) -> u64 {
    let rest = usize::try_from(at.byte()).ok().and_then(|byte| bytes.get(byte..));
    let blank = rest
        .into_iter()
        .flatten()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'));
    at.line() + blank.map(|byte| u64::from(*byte == b'\n')).sum::<u64>()
}

impl<T: DeserializeOwned> FromRequest for Bulk<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let items = request.extensions_mut().remove::<Items>();
        let asked = query::parameter(request, "mode").and_then(|mode| mode.parse().ok());
        ready(match items {
            Some(mut read) => Ok(Self {
                mode: read.mode.or(asked).unwrap_or(BulkMode::Atomic),
                items: read
                    .items
                    .into_iter()
                    .enumerate()
                    .map(|(at, item)| match read.faults.remove(&at) {
                        Some(faults) => Err(faults),
                        None => typed(item).map_err(|problem| problem.faults),
                    })
                    .collect(),
            }),
            None => Err(Problem::new(Code::Malformed, "This request needs a body with items.")),
        })
    }
}

/// Nothing was written: every fault of every item, with its place in the request.
pub fn refused(faults: impl IntoIterator<Item = (usize, Vec<Fault>)>) -> Problem {
    let faults = faults
        .into_iter()
        .flat_map(|(at, faults)| within(&format!("/items/{at}"), faults))
        .take(MOST_FAULTS)
        .collect();
    Problem::unprocessable(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_items_and_blank_cells_say_nothing() {
        let file = "\u{feff}name, city\nAlfreds ,\n\"Ana, T\",México\n";
        let (body, faults) = rows(file.as_bytes(), &only("none")).unwrap();
        assert_eq!(
            body,
            json!({"items": [{"name": "Alfreds"}, {"name": "Ana, T", "city": "México"}]})
        );
        assert!(faults.is_empty());
    }

    /// Takes `true` in this column alone.
    fn only(column: &str) -> impl Fn(&Value) -> Vec<Fault> {
        move |body: &Value| {
            let fields = body["items"][0].as_object().unwrap();
            let others = fields.keys().filter(|name| *name != column);
            others
                .map(|name| Fault::new(format!("/items/0/{name}"), "wrong_type", ""))
                .collect()
        }
    }

    #[test]
    fn a_yes_or_no_is_read_where_one_is_asked_for() {
        let (body, _) = rows(b"reason,late\ntrue,TRUE\nfalse,perhaps\n", &only("late")).unwrap();
        let (yes, unclear) = (
            json!({"reason": "true", "late": true}),
            json!({"reason": "false", "late": "perhaps"}),
        );
        assert_eq!(body["items"], json!([yes, unclear]));
    }

    #[test]
    fn the_apostrophe_of_an_export_is_taken_off() {
        let (body, _) = rows(b"phone,reason\n'+44 113 555 0179,'tis\n", &only("none")).unwrap();
        assert_eq!(body["items"], json!([{"phone": "+44 113 555 0179", "reason": "'tis"}]));
    }

    #[test]
    fn a_short_row_and_a_broken_line_are_faults_of_their_own() {
        let (body, faults) = rows(b"a,b\n1\n1,2\n", &only("none")).unwrap();
        assert_eq!(body["items"], json!([null, {"a": "1", "b": "2"}]));
        assert_eq!(faults.keys().copied().collect::<Vec<_>>(), [0]);
        assert!(faults[&0][0].detail.starts_with("Line 2 "));
        let (_, faults) = rows(b"a,b\r\n\r\n\n1\r\n", &only("none")).unwrap();
        assert!(faults[&0][0].detail.starts_with("Line 4 "));
        let (body, faults) = lines(b"{\"a\": 1}\n\n{\"a\": \r\n{\"a\": 2}");
        assert_eq!(body["items"], json!([{"a": 1}, null, {"a": 2}]));
        assert!(faults[&1][0].detail.starts_with("Line 3"));
        assert!(rows(b"a,a\n1,2\n", &only("none")).is_err());
    }

    #[test]
    fn a_quote_that_is_never_closed_swallows_nothing() {
        let refused = rows(b"name,reason\nAlfreds,\"first\nAna,second\n", &only("none")).unwrap_err();
        assert!(refused.detail.starts_with("Line 2: a quote"), "{}", refused.detail);
    }

    #[test]
    fn faults_go_to_their_items() {
        assert_eq!(place("/items/17/reason"), Some((17, "/reason".into())));
        assert_eq!(place("/items/17"), Some((17, String::new())));
        assert_eq!(place("/items"), None);
        assert_eq!(place("/mode"), None);
    }
}
