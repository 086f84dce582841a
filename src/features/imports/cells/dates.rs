//! Dates and times as CRMs export them.
//!
//! | written | meant |
//! | --- | --- |
//! | `2020-01-31`, `2020/1/31`, `2020.01.31` | year first |
//! | `1/31/2020`, `1-31-2020` | month first, because the second number is above 12 |
//! | `31/1/2020`, `31-1-2020` | day first, because the first number is above 12 |
//! | `3/4/2020`, `3-4-2020` | as the rest of its column is, see [`DateOrder`] |
//! | `31.1.2020`, `31. 1. 2020` | day first, as always with points |
//! | `1 Jan 2020`, `1-Jan-2020`, `1st January 2020` | English month names, day first |
//! | `Jan 1, 2020`, `Wed, January 1 2020` | English month names, month first |
//!
//! Which of the two `3/4/2020` is, no cell can tell: the column does (see `imports::survey`). Years have four digits, 1800 to 2199 (`0202` is a slip, `20` is a guess).
//!
//! Any of these may be followed by a time: `10:20`, `10:20:30`, `10:20:30.123`, `10:20 PM`, after a
//! space, a comma or `T`, and that by `Z`, `UTC`, `GMT` or an offset (`+02:00`, `+0200`, `+02`).

use chrono::{DateTime, FixedOffset, Months, NaiveDate, NaiveTime, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::{CellFault, FaultCode};

crate::words! {
    /// How dates in figures are written where they do not begin with the year.
    pub enum DateOrder {
        DayFirst = "dmy",
        MonthFirst = "mdy",
        /// Other dates in figures are refused.
        YearFirst = "ymd",
    }
}

/// How the dates of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dates {
    pub order: DateOrder,
    /// Whether a date that can only be read in the other order is refused.
    pub strict: bool,
}

/// Which order a cell shows, if it is a date in figures that begins with day or month: `Some(None)` where it may be either.
#[must_use]
pub fn order_of(cell: &str) -> Option<Option<DateOrder>> {
    let (day, _) = split(cell);
    let separator = day.chars().find(|letter| !letter.is_ascii_digit())?;
    let parts: Vec<&str> = day.split(separator).collect();
    let (['-' | '/'], [first, second, third]) = ([separator], parts.as_slice()) else {
        return None;
    };
    let (first, second, _) = (small(first)?, small(second)?, year(third)?);
    match (first, second) {
        (13..=31, 1..=12) => Some(Some(DateOrder::DayFirst)),
        (1..=12, 13..=31) => Some(Some(DateOrder::MonthFirst)),
        // The third of March, either way.
        (first, second) if first == second => None,
        (1..=12, 1..=12) => Some(None),
        _ => None,
    }
}
use crate::local_time;

/// The date of a cell, as it is written there: a time and an offset behind it do not move it.
///
/// # Errors
/// [`FaultCode::InvalidDate`].
pub fn date(cell: &str, dates: Dates) -> Result<NaiveDate, CellFault> {
    let (day, time) = split(cell);
    if time.is_some_and(|time| clock(time).is_none()) {
        return Err(CellFault::new(
            FaultCode::InvalidDate,
            "the time behind the date is not one",
        ));
    }
    calendar_day(day, dates)
}

/// The instant of a cell. Without an offset it is the wall clock of `zone` (see
/// [`crate::local_time`] for hours that come twice or never); without a time, the first instant of
/// that date there. To the microsecond.
///
/// # Errors
/// [`FaultCode::InvalidTimestamp`].
pub fn timestamp(cell: &str, zone: Tz, dates: Dates) -> Result<DateTime<Utc>, CellFault> {
    let wrong = |reason: &str| CellFault::new(FaultCode::InvalidTimestamp, reason);
    let (day, time) = split(cell);
    let day = calendar_day(day, dates).map_err(|fault| wrong(&fault.reason))?;
    let (time, offset) = match time {
        None => (NaiveTime::MIN, None),
        Some(time) => clock(time).ok_or_else(|| wrong("the time behind the date is not one"))?,
    };
    let local = day.and_time(time);
    Ok(match offset {
        None => local_time::instant(local, zone),
        Some(offset) => local.checked_sub_offset(offset).unwrap_or(local).and_utc(),
    })
}

/// The day on which somebody became a customer who has been one for so many months.
/// `None` before the calendar begins.
#[must_use]
pub fn since_tenure(months: u32, today: NaiveDate) -> Option<NaiveDate> {
    today.checked_sub_months(Months::new(months))
}

/// An IANA time zone, in any case, with `_` or a space.
///
/// # Errors
/// [`FaultCode::InvalidTimeZone`].
pub fn time_zone(cell: &str) -> Result<Tz, CellFault> {
    let name = cell.trim().replace(' ', "_");
    TZ_VARIANTS
        .into_iter()
        .find(|zone| zone.name().eq_ignore_ascii_case(&name))
        .ok_or_else(|| {
            CellFault::new(
                FaultCode::InvalidTimeZone,
                "not an IANA time zone such as Europe/Berlin",
            )
        })
}

/// The text of the day, and of the time if there is one.
fn split(cell: &str) -> (&str, Option<&str>) {
    let cell = cell.trim();
    let start = cell.find(':').map(|colon| {
        let hour = cell.get(..colon).unwrap_or_default();
        hour.trim_end_matches(|digit: char| digit.is_ascii_digit()).len()
    });
    match start.and_then(|start| cell.split_at_checked(start)) {
        None => (cell, None),
        Some((day, time)) => {
            let day = day.trim_end_matches(|letter: char| letter.is_whitespace() || letter == ',');
            (day.strip_suffix('T').unwrap_or(day), Some(time))
        }
    }
}

fn calendar_day(text: &str, dates: Dates) -> Result<NaiveDate, CellFault> {
    let wrong = |reason: &str| CellFault::new(FaultCode::InvalidDate, reason);
    let (year, month, day) = year_month_day(text, dates)
        .ok_or_else(|| wrong("not a date: write 2020-01-31, 1/31/2020, 31.1.2020 or 31 Jan 2020"))?;
    if !(1800..=2199).contains(&year) {
        return Err(wrong("the year is not between 1800 and 2199"));
    }
    NaiveDate::from_ymd_opt(year, month, day).ok_or_else(|| wrong("there is no such day in the calendar"))
}

fn year_month_day(text: &str, dates: Dates) -> Option<(i32, u32, u32)> {
    if text.chars().any(char::is_alphabetic) {
        with_month_name(text)
    } else {
        in_figures(text, dates)
    }
}

fn in_figures(text: &str, dates: Dates) -> Option<(i32, u32, u32)> {
    let separator = text.chars().find(|letter| !letter.is_ascii_digit())?;
    let parts: Vec<&str> = text.split(separator).collect();
    let [first, second, third] = parts.as_slice() else {
        return None;
    };
    match (separator, first.len()) {
        ('-' | '/' | '.', 4) => Some((year(first)?, small(second)?, small(third)?)),
        ('.', _) => Some((year(third.trim())?, small(second.trim())?, small(first)?)),
        ('-' | '/', _) => {
            let (first, second) = (small(first)?, small(second)?);
            let (month, day) = match dates.order {
                DateOrder::DayFirst if second > 12 && !dates.strict => (first, second),
                DateOrder::DayFirst => (second, first),
                DateOrder::MonthFirst if first > 12 && !dates.strict => (second, first),
                DateOrder::MonthFirst => (first, second),
                DateOrder::YearFirst => return None,
            };
            Some((year(third)?, month, day))
        }
        _ => None,
    }
}

fn with_month_name(text: &str) -> Option<(i32, u32, u32)> {
    let words: Vec<&str> = text
        .split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | '-' | '.'))
        .filter(|word| !word.is_empty())
        .collect();
    let words = match words.as_slice() {
        [weekday, rest @ ..] if rest.len() == 3 && weekday.parse::<chrono::Weekday>().is_ok() => rest,
        all => all,
    };
    let [first, second, last] = words else {
        return None;
    };
    let (month, day) = if first.starts_with(|letter: char| letter.is_alphabetic()) {
        (first, second)
    } else {
        (second, first)
    };
    let month = month.parse::<chrono::Month>().ok()?.number_from_month();
    let ordinal = day.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let is_ordinal = matches!(day.get(ordinal.len()..)?, "" | "st" | "nd" | "rd" | "th");
    is_ordinal.then_some((year(last)?, month, small(ordinal)?))
}

fn year(digits: &str) -> Option<i32> {
    figures(digits, 4..=4).and_then(|year| i32::try_from(year).ok())
}

fn small(digits: &str) -> Option<u32> {
    figures(digits, 1..=2)
}

/// Digits only, so many of them: `parse` alone would take `+1`.
fn figures(digits: &str, length: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let fits = length.contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    fits.then(|| digits.parse().ok()).flatten()
}

/// A time of day, and the offset from UTC if one is written.
fn clock(text: &str) -> Option<(NaiveTime, Option<FixedOffset>)> {
    let end = text.find(|letter: char| !(letter.is_ascii_digit() || letter == ':' || letter == '.'));
    let (figures_part, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    let (half, zone) = afternoon(rest.trim());
    let mut parts = figures_part.split(':');
    let (hour, minute) = (small(parts.next()?)?, figures(parts.next()?, 2..=2)?);
    let (second, fraction) = match parts.next() {
        None => (0, "0"),
        Some(seconds) => {
            let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
            (figures(whole, 2..=2)?, fraction)
        }
    };
    if parts.next().is_some() || !(1..=9).contains(&fraction.len()) {
        return None;
    }
    let micros = format!("{fraction:0<6}")
        .get(..6)
        .and_then(|digits| figures(digits, 6..=6))?;
    let hour = match (half, hour) {
        (None, hour) => hour,
        (Some(false), 12) => 0,
        (Some(true), 12) => 12,
        (Some(is_afternoon), 1..=11) => hour + if is_afternoon { 12 } else { 0 },
        (Some(_), _) => return None,
    };
    Some((
        NaiveTime::from_hms_micro_opt(hour, minute, second, micros)?,
        offset(zone)?,
    ))
}

/// Whether AM (`false`) or PM (`true`) is written, and what follows it.
fn afternoon(text: &str) -> (Option<bool>, &str) {
    match text.get(..2).map(str::to_ascii_uppercase).as_deref() {
        Some("AM") => (Some(false), text.get(2..).unwrap_or_default().trim_start()),
        Some("PM") => (Some(true), text.get(2..).unwrap_or_default().trim_start()),
        Some(_) | None => (None, text),
    }
}

/// `Some(None)` where nothing is written, `None` where it is not understood.
fn offset(text: &str) -> Option<Option<FixedOffset>> {
    if text.is_empty() {
        return Some(None);
    }
    if ["Z", "UTC", "GMT"].iter().any(|name| text.eq_ignore_ascii_case(name)) {
        return FixedOffset::east_opt(0).map(Some);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits.replace(':', "")),
        ("-" | "−", digits) => (-1, digits.replace(':', "")),
        _ => return None,
    };
    let (hours, minutes) = match digits.len() {
        2 => (figures(&digits, 2..=2)?, 0),
        4 => (figures(digits.get(..2)?, 2..=2)?, figures(digits.get(2..)?, 2..=2)?),
        _ => return None,
    };
    let seconds = i32::try_from(hours * 3_600 + minutes * 60).ok()?;
    (hours <= 14 && minutes < 60)
        .then(|| FixedOffset::east_opt(sign * seconds))
        .flatten()
        .map(Some)
}

#[cfg(test)]
mod tests;
