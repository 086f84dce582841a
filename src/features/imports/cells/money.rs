//! Amounts of money, in minor units (cents), read digit by digit: no floating point anywhere.
//!
//! - Thousands are grouped by commas, points, apostrophes or spaces, decimals follow a point or a
//!   comma. Where both points and commas stand, the last one is the decimal sign.
//! - A single point or comma is the decimal sign, unless exactly three digits follow and one to three
//!   stand before: `1,23` and `0,500` have decimals, and `1.234` and `1,234` are as the rest of the
//!   column says ([`decimal_sign`]). Where nothing says it they are thousands, but for `1.234` in a
//!   currency of three decimals.
//! - Negative: a sign before or behind, or parentheses.
//! - A currency's code or sign may stand on either side, and must be that of the row. Where the row names none, a
//!   code, or a sign that only one currency has, says it ([`named`]).
//! - More decimals than the currency has are refused, unless they are zeros.

use iso_currency::Currency;

use super::{CellFault, FaultCode};

/// Larger amounts would lose their last digits in JavaScript: 2⁵³ − 1 minor units.
const LARGEST: i64 = 9_007_199_254_740_991;

/// Signs, and the currencies that are written with them.
const SIGNS: [(&str, &[&str]); 24] = [
    (
        "$",
        &[
            "USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP", "UYU", "BRL", "BSD", "BBD",
            "BZD", "BMD", "BND", "DOP", "FJD", "GYD", "JMD", "KYD", "LRD", "NAD", "SBD", "SRD", "TTD", "XCD",
        ],
    ),
    ("us$", &["USD"]),
    ("ca$", &["CAD"]),
    ("c$", &["CAD", "NIO"]),
    ("a$", &["AUD"]),
    ("nz$", &["NZD"]),
    ("hk$", &["HKD"]),
    ("s$", &["SGD"]),
    ("r$", &["BRL"]),
    ("mx$", &["MXN"]),
    ("€", &["EUR"]),
    ("£", &["GBP", "EGP", "LBP", "SYP", "GIP", "FKP", "SHP"]),
    ("¥", &["JPY", "CNY"]),
    ("￥", &["JPY", "CNY"]),
    ("₹", &["INR"]),
    ("₩", &["KRW", "KPW"]),
    ("₽", &["RUB"]),
    ("₺", &["TRY"]),
    ("₪", &["ILS"]),
    ("₫", &["VND"]),
    ("zł", &["PLN"]),
    ("kč", &["CZK"]),
    ("kr", &["SEK", "NOK", "DKK", "ISK"]),
    ("fr.", &["CHF"]),
];

/// How many digits the minor unit of a currency (ISO 4217, in capitals) has; 2 for those that are
/// not known.
#[must_use]
pub fn decimals(currency: &str) -> u32 {
    let known = Currency::from_code(currency);
    known.and_then(Currency::exponent).map_or(2, u32::from)
}

/// The currency that an amount names itself: `USD 1,200` or `1.200 €`; none where it has a sign that several are written with.
#[must_use]
pub fn named(cell: &str) -> Option<String> {
    let label = Amount::read(cell, None).ok()?.label?;
    let sign = label.to_lowercase();
    match SIGNS.iter().find(|(known, _)| *known == sign) {
        Some((_, [only])) => Some((*only).to_owned()),
        Some(_) => None,
        None => Currency::from_code(&label.to_ascii_uppercase()).map(|known| known.code().to_owned()),
    }
}

/// A currency's code in capitals: three letters. Whether it is in use, ISO decides too often.
///
/// # Errors
/// [`FaultCode::InvalidCurrency`].
pub fn currency(cell: &str) -> Result<String, CellFault> {
    let code = cell.trim().to_ascii_uppercase();
    if code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase()) {
        Ok(code)
    } else {
        Err(CellFault::new(
            FaultCode::InvalidCurrency,
            "not a currency code of three letters such as USD",
        ))
    }
}

/// What an amount shows of its column's decimal sign: `Some(None)` where it may have thousands or decimals (`1.234`), `None`
/// where it has neither, or is no amount.
#[must_use]
pub fn decimal_sign(cell: &str) -> Option<Option<char>> {
    Amount::read(cell, None).ok()?;
    let (first, end) = (
        cell.find(|letter: char| letter.is_ascii_digit())?,
        cell.rfind(|letter: char| letter.is_ascii_digit())?,
    );
    let text = cell.get(first..=end)?;
    let other = |sign: char| if sign == '.' { ',' } else { '.' };
    match (text.rfind('.'), text.rfind(',')) {
        (None, None) => None,
        (Some(point), Some(comma)) => Some(Some(if point > comma { '.' } else { ',' })),
        (Some(at), None) | (None, Some(at)) => {
            let sign = if text.contains('.') { '.' } else { ',' };
            if text.matches(sign).count() > 1 {
                Some(Some(other(sign)))
            } else if may_be_thousands(text, at) {
                Some(None)
            } else {
                Some(Some(sign))
            }
        }
    }
}

/// An amount in minor units of `currency` (ISO 4217, in capitals): `4273.00` USD is 427,300,
/// `1,500` JPY is 1,500, `(2.500)` KWD is −2,500. `decimal` is the decimal sign of the column, where it shows one.
///
/// # Errors
/// [`FaultCode::InvalidNumber`]; [`FaultCode::InvalidCurrency`] where the amount names another
/// currency; [`FaultCode::OutOfRange`] beyond ±(2⁵³ − 1).
pub fn money(cell: &str, currency: &str, decimal: Option<char>) -> Result<i64, CellFault> {
    let decimal = decimal.or_else(|| (decimals(currency) > 2).then_some('.'));
    let amount = Amount::read(cell, decimal)?;
    if let Some(label) = &amount.label {
        check_label(label, currency)?;
    }
    let places = decimals(currency);
    let kept = usize::try_from(places).unwrap_or_default();
    if amount.fraction.bytes().skip(kept).any(|digit| digit != b'0') {
        let reason = format!("more than the {places} decimals that {currency} has");
        return Err(CellFault::new(FaultCode::InvalidNumber, reason));
    }
    amount
        .scaled(kept)
        .filter(|minor| (-LARGEST..=LARGEST).contains(minor))
        .ok_or_else(|| CellFault::new(FaultCode::OutOfRange, "the amount is too large"))
}

fn check_label(label: &str, currency: &str) -> Result<(), CellFault> {
    if label.eq_ignore_ascii_case(currency) {
        return Ok(());
    }
    let is_code = label.len() == 3 && label.bytes().all(|letter| letter.is_ascii_uppercase());
    match SIGNS.iter().find(|(sign, _)| *sign == label.to_lowercase()) {
        Some((_, codes)) if codes.contains(&currency) => Ok(()),
        None if !is_code => Err(not_an_amount()),
        Some(_) | None => {
            let reason = format!("the amount is in another currency than {currency}, which its row has");
            Err(CellFault::new(FaultCode::InvalidCurrency, reason))
        }
    }
}

fn not_an_amount() -> CellFault {
    CellFault::new(
        FaultCode::InvalidNumber,
        "not an amount: write 1234.50, without words or exponents",
    )
}

/// A decimal number, taken apart; nothing is rounded.
#[derive(Debug)]
pub(super) struct Amount {
    negative: bool,
    /// Digits only, at least one, without grouping.
    whole: String,
    /// The digits behind the decimal sign.
    pub(super) fraction: String,
    /// What stands around the number: a currency's code or sign, not yet checked.
    pub(super) label: Option<String>,
}

impl Amount {
    pub(super) fn read(cell: &str, decimal: Option<char>) -> Result<Self, CellFault> {
        Self::parse(cell.trim(), decimal).ok_or_else(not_an_amount)
    }

    fn parse(text: &str, decimal: Option<char>) -> Option<Self> {
        let is_digit = |letter: char| letter.is_ascii_digit();
        let first = text.find(is_digit)?;
        let end = text.rfind(is_digit)? + 1;
        // `.50` begins with its decimal point.
        let start = if text.get(..first)?.ends_with('.') {
            first - 1
        } else {
            first
        };
        let (before, after) = (Around::read(text.get(..start)?)?, Around::read(text.get(end..)?)?);
        let negative = match (before.parentheses, after.parentheses, before.sign, after.sign) {
            (Some('('), Some(')'), None, None) => true,
            (None, None, Some(sign), None) | (None, None, None, Some(sign)) => sign == '-',
            (None, None, None, None) => false,
            _ => return None,
        };
        let label = match (before.label, after.label) {
            (Some(_), Some(_)) => return None,
            (one, other) => one.or(other),
        };
        let (whole, fraction) = figures(text.get(start..end)?, decimal)?;
        Some(Self {
            negative,
            whole,
            fraction,
            label,
        })
    }

    /// The number times ten to the `places`, without the digits that come after; `None` beyond i64.
    pub(super) fn scaled(&self, places: usize) -> Option<i64> {
        let digits = self.fraction.bytes().chain(std::iter::repeat(b'0')).take(places);
        self.whole.bytes().chain(digits).try_fold(0_i64, |sum, digit| {
            let digit = i64::from(digit - b'0');
            sum.checked_mul(10)?
                .checked_add(if self.negative { -digit } else { digit })
        })
    }
}

/// What stands on one side of the figures.
#[derive(Default)]
struct Around {
    parentheses: Option<char>,
    sign: Option<char>,
    label: Option<String>,
}

impl Around {
    /// `None` for two signs, or two parentheses.
    fn read(text: &str) -> Option<Self> {
        let mut around = Self::default();
        let mut label = String::new();
        for letter in text.chars().filter(|letter| !letter.is_whitespace()) {
            let taken = match letter {
                '(' | ')' => around.parentheses.replace(letter),
                '-' | '−' => around.sign.replace('-'),
                '+' => around.sign.replace('+'),
                other => {
                    label.push(other);
                    None
                }
            };
            if taken.is_some() {
                return None;
            }
        }
        around.label = (!label.is_empty()).then_some(label);
        Some(around)
    }
}

/// The digits before and behind the decimal sign, or `None` where the grouping makes no sense.
fn figures(text: &str, decimal: Option<char>) -> Option<(String, String)> {
    let count = |sign: char| text.matches(sign).count();
    let last = |sign: char| text.rfind(sign);
    let decimal_at = match (last('.'), last(',')) {
        (None, None) => None,
        (Some(point), Some(comma)) => Some(point.max(comma)),
        (Some(at), None) | (None, Some(at)) => {
            let sign = if count('.') > 0 { '.' } else { ',' };
            let is_decimal = count(sign) == 1 && (!may_be_thousands(text, at) || decimal == Some(sign));
            is_decimal.then_some(at)
        }
    };
    let (whole, fraction) = match decimal_at {
        None => (text, ""),
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
    };
    if decimal_at.is_some() && (fraction.is_empty() || !all_digits(fraction)) {
        return None;
    }
    let whole = if whole.is_empty() && decimal_at.is_some() {
        "0".to_owned()
    } else {
        ungrouped(whole)?
    };
    Some((whole, fraction.to_owned()))
}

fn may_be_thousands(text: &str, sign: usize) -> bool {
    let (before, after) = (
        text.get(..sign).unwrap_or_default(),
        text.get(sign + 1..).unwrap_or_default(),
    );
    after.len() == 3 && (1..=3).contains(&before.len()) && all_digits(before) && !before.starts_with('0')
}

/// Digits in groups of three, or as in India of two but for the last, by one and the same sign.
fn ungrouped(text: &str) -> Option<String> {
    let Some(separator) = text.chars().find(|letter| !letter.is_ascii_digit()) else {
        return Some(text.to_owned());
    };
    if !(separator.is_whitespace() || ".,'’".contains(separator)) {
        return None;
    }
    let groups: Vec<&str> = text.split(separator).collect();
    let [first, middle @ .., last] = groups.as_slice() else {
        return None;
    };
    let is_grouped = groups.iter().all(|group| all_digits(group))
        && (1..=3).contains(&first.len())
        && last.len() == 3
        && (middle.iter().all(|group| group.len() == 3)
            || (first.len() < 3 && middle.iter().all(|group| group.len() == 2)));
    is_grouped.then(|| groups.concat())
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests;
