//! JSON lines: an object a row. Its fields are the cells, under the names that an export of ours as CSV has for them.

use std::io::{self, BufRead, BufReader, Read as _};

use csv::StringRecord;
use serde_json::Value;

use super::{Place, Row, Source, too_many};
use crate::features::imports::report::RowFault;
use crate::http::{body, csv as cells};
use crate::text::fit;
use crate::text::quotes::{LONGEST, TooLong};

/// The lines of a file, one after the other.
pub struct Lines {
    inner: BufReader<Source>,
    place: Place,
}

impl Lines {
    pub fn new(source: Source, place: Place) -> Self {
        Self {
            inner: BufReader::new(source),
            place,
        }
    }

    /// Where the next line begins.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The next line that is not blank, with its number.
    fn next(&mut self) -> io::Result<Option<(u64, Vec<u8>)>> {
        loop {
            let (mut text, line) = (Vec::new(), self.place.line);
            let longest = u64::try_from(LONGEST).unwrap_or(u64::MAX);
            let read = (&mut self.inner).take(longest).read_until(b'\n', &mut text)?;
            if read == LONGEST {
                return Err(TooLong { line, quote: None }.into());
            }
            self.place.byte += u64::try_from(read).unwrap_or(u64::MAX);
            self.place.line += 1;
            match text {
                _ if read == 0 => return Ok(None),
                text if text.trim_ascii().is_empty() => {}
                text => return Ok(Some((line, text))),
            }
        }
    }

    /// The names of all fields, in the order in which they are first met. Where no line can be read, what is wrong with the first.
    pub fn names(&mut self) -> io::Result<Result<Vec<String>, String>> {
        let (mut names, mut bytes): (Vec<String>, usize) = (Vec::new(), 0);
        let mut known = std::collections::HashSet::new();
        let mut unread: Option<RowFault> = None;
        while let Some((line, text)) = self.next()? {
            let cells = flat(line, &text).unwrap_or_else(|fault| {
                unread.get_or_insert(fault);
                Vec::new()
            });
            for (name, _) in cells {
                if !known.contains(&name) {
                    bytes += name.len();
                    known.insert(name.clone());
                    names.push(name);
                }
                if let Some(reason) = too_many(names.len(), bytes) {
                    return Ok(Err(format!("Line {line}: {reason}")));
                }
            }
        }
        Ok(match unread {
            Some(fault) if names.is_empty() => Err(format!("Line {}: {}", fault.line, fault.reason)),
            Some(_) | None => Ok(names),
        })
    }

    /// The next line as a row of these columns.
    pub fn row(&mut self, headers: &[String]) -> io::Result<Option<Result<Row, RowFault>>> {
        let Some((line, text)) = self.next()? else {
            return Ok(None);
        };
        let read = flat(line, &text).map(|cells| {
            let cell = |header: &String| {
                cells
                    .iter()
                    .find(|(name, _)| name == header)
                    .map_or("", |(_, cell)| cell)
            };
            let cells: StringRecord = headers.iter().map(cell).collect();
            Row { line, cells }
        });
        Ok(Some(read))
    }
}

/// The fields of an object with their cells. An amount has a cell for each of its parts.
fn flat(line: u64, text: &[u8]) -> Result<Vec<(String, String)>, RowFault> {
    let fault = |reason: String| RowFault::new(line, "malformed", reason);
    let Value::Object(fields) = body::parse(text).map_err(|problem| fault(problem.detail))? else {
        return Err(fault("this is no JSON object".into()));
    };
    let mut cells = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        let name = fit(&name);
        match value {
            Value::Object(parts) if parts.contains_key("amount_minor") => {
                let parts = parts.iter();
                cells.extend(parts.map(|(part, value)| (format!("{name}.{part}"), cells::exact(value))));
            }
            value => cells.push((name, cells::exact(&value))),
        }
    }
    Ok(cells)
}
