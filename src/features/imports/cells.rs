//! What one cell of a CSV file means.
//!
//! Every reader takes the cell as it stands in the file and either understands it or says why not,
//! for a person to read. A blank cell is nobody's business here: ask [`optional`] first (an import
//! leaves the field unchanged), or [`required`] where there must be something.
//!
//! The reasons never repeat the value: the report shows it in a column of its own, and logs must not.

mod dates;
pub mod money;

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

pub use crate::features::customers::countries::country;
pub use crate::features::customers::phones::{Phone, phone};
pub use dates::{DateOrder, Dates, date, order_of, since_tenure, time_zone, timestamp};
pub use money::{currency, decimal_sign, decimals, money, named};

use crate::http::csv::unescaped;
use crate::text::{UNFIT, is_unfit};

/// What is wrong with a cell; each has a documented page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// Blank, where a value is needed.
    Required,
    /// More characters than the field takes.
    TooLong,
    /// A character that no text may contain: a control character, an override of direction.
    InvalidText,
    /// Not a date in a form that is known here, or not one in the calendar.
    InvalidDate,
    /// Not a date with a time.
    InvalidTimestamp,
    /// Not an IANA time zone.
    InvalidTimeZone,
    /// Not a number, or an amount that is not clear.
    InvalidNumber,
    /// A number beyond the bounds of its field.
    OutOfRange,
    /// Not an ISO 4217 code, or another one than the amount's.
    InvalidCurrency,
    /// Neither yes nor no.
    InvalidBoolean,
    /// Not an e-mail address.
    InvalidEmail,
}

/// Why a cell was not understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellFault {
    /// For programs.
    pub code: FaultCode,
    /// For people: one clause, without the value.
    pub reason: String,
}

impl CellFault {
    pub(crate) fn new(code: FaultCode, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

impl std::fmt::Display for CellFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for CellFault {}

/// Whether there is nothing in the cell but white space.
#[must_use]
pub fn is_blank(cell: &str) -> bool {
    cell.trim().is_empty()
}

/// Reads a cell unless it is blank: `optional(cell, date)?`.
///
/// # Errors
/// Those of `read`.
pub fn optional<T>(cell: &str, read: impl FnOnce(&str) -> Result<T, CellFault>) -> Result<Option<T>, CellFault> {
    if is_blank(cell) { Ok(None) } else { read(cell).map(Some) }
}

/// What must be there: `required(text(cell, 200)?)?`.
///
/// # Errors
/// [`FaultCode::Required`].
pub fn required<T>(value: Option<T>) -> Result<T, CellFault> {
    value.ok_or_else(|| CellFault::new(FaultCode::Required, "a value is needed here"))
}

/// Text on one line: trimmed, in NFC, `max_chars` characters at most; blank is `None`.
///
/// # Errors
/// Those of [`lines`]; [`FaultCode::InvalidText`] for a line break or a tab.
pub fn text(cell: &str, max_chars: usize) -> Result<Option<String>, CellFault> {
    if cell.trim().contains(['\n', '\r', '\t']) {
        return Err(CellFault::new(
            FaultCode::InvalidText,
            "a line break or a tab in a field of one line; is a quote missing?",
        ));
    }
    lines(cell, max_chars)
}

/// Text of any lines: trimmed, in NFC, `max_chars` characters at most; blank is `None`.
///
/// # Errors
/// [`FaultCode::InvalidText`] for characters that no text may contain; [`FaultCode::TooLong`].
pub fn lines(cell: &str, max_chars: usize) -> Result<Option<String>, CellFault> {
    if is_unfit(cell) {
        return Err(CellFault::new(FaultCode::InvalidText, UNFIT));
    }
    let text: String = cell.trim().nfc().collect();
    if text.chars().count() > max_chars {
        return Err(CellFault::new(
            FaultCode::TooLong,
            format!("at most {max_chars} characters"),
        ));
    }
    Ok((!text.is_empty()).then_some(text))
}

/// Yes or no, as CRMs and spreadsheets write it: yes/no, true/false, y/n, t/f, on/off, 1/0, in any
/// case; `x` (a ticked box) is yes.
///
/// # Errors
/// [`FaultCode::InvalidBoolean`].
pub fn boolean(cell: &str) -> Result<bool, CellFault> {
    match cell.trim().to_lowercase().as_str() {
        "yes" | "y" | "true" | "t" | "on" | "1" | "x" | "checked" => Ok(true),
        "no" | "n" | "false" | "f" | "off" | "0" | "unchecked" => Ok(false),
        _ => Err(CellFault::new(
            FaultCode::InvalidBoolean,
            "neither yes nor no: write yes, no, true, false, 1 or 0",
        )),
    }
}

/// A whole number within bounds. Thousands may be grouped by commas or spaces; `34.0`, as
/// spreadsheets write a whole number, is 34.
///
/// # Errors
/// [`FaultCode::InvalidNumber`], [`FaultCode::OutOfRange`].
pub fn integer(cell: &str, bounds: RangeInclusive<i64>) -> Result<i64, CellFault> {
    let wrong = || CellFault::new(FaultCode::InvalidNumber, "not a whole number");
    let digits = money::Amount::read(cell, Some('.')).map_err(|_| wrong())?;
    let beyond = || {
        let (least, most) = (bounds.start(), bounds.end());
        CellFault::new(FaultCode::OutOfRange, format!("a whole number from {least} to {most}"))
    };
    if digits.label.is_some() || digits.fraction.bytes().any(|digit| digit != b'0') {
        return Err(wrong());
    }
    let number = digits.scaled(0).ok_or_else(beyond)?;
    if bounds.contains(&number) {
        Ok(number)
    } else {
        Err(beyond())
    }
}

/// An e-mail address: trimmed, NFC, lowercase, and of the shape that mail systems accept (RFC 5321
/// lengths, a domain with a dot). Whether anybody reads it, nobody knows.
///
/// # Errors
/// [`FaultCode::InvalidEmail`].
pub fn email(cell: &str) -> Result<String, CellFault> {
    let address: String = cell.trim().nfc().flat_map(char::to_lowercase).collect();
    let is_address = address.len() <= 254
        && address
            .split_once('@')
            .is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain));
    if is_address {
        Ok(address)
    } else {
        Err(CellFault::new(
            FaultCode::InvalidEmail,
            "not an e-mail address: one is written name@example.com",
        ))
    }
}

fn is_local_part(local: &str) -> bool {
    let allowed = |letter: char| letter.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(letter);
    local.len() <= 64
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(allowed))
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    domain.contains('.') && domain.split('.').all(is_label)
}

/// Several values in one cell: separated by `;` where there is one (HubSpot's check boxes), else by
/// `,`. Each as [`text`] reads it, blanks left out, the first of those that differ only in case.
///
/// # Errors
/// Those of [`text`], for the first value that has one.
pub fn list(cell: &str, max_chars: usize) -> Result<Vec<String>, CellFault> {
    let separator = if cell.contains(';') { ';' } else { ',' };
    let mut seen = std::collections::HashSet::new();
    let mut values = Vec::new();
    for item in cell.split(separator) {
        if let Some(value) = text(unescaped(item.trim()), max_chars)?
            && seen.insert(value.to_lowercase())
        {
            values.push(value);
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests;
