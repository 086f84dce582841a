//! What the columns of a file show as a whole: whether day or month comes first, and which sign stands before decimals. The file is
//! read once for it, before anything is decided.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use chrono_tz::Tz;

use super::cells::{self, DateOrder, Dates};
use super::columns::{Columns, Field};
use super::file::{Row, Rows};
use super::report::RowFault;
use super::row::cell;
use super::run::{BYTES, ROWS};

const DATES: [Field; 8] = [
    Field::DueOn,
    Field::ScheduledFor,
    Field::RespondedAt,
    Field::CustomerSince,
    Field::LastActivityOn,
    Field::HiredOn,
    Field::OccurredOn,
    Field::OccurredAt,
];
const AMOUNTS: [Field; 2] = [Field::AnnualBilling, Field::Amount];

/// What a column shows, and the first cell that shows nothing.
struct Seen<T> {
    shown: BTreeSet<T>,
    unclear: Option<(u64, String)>,
    count: u64,
}

impl<T: Ord + Copy> Seen<T> {
    fn new() -> Self {
        Self {
            shown: BTreeSet::new(),
            unclear: None,
            count: 0,
        }
    }

    fn note(&mut self, line: u64, cell: &str, shows: Option<T>) {
        match shows {
            Some(one) => {
                self.shown.insert(one);
            }
            None => {
                self.count += 1;
                self.unclear.get_or_insert_with(|| (line, cell.to_owned()));
            }
        }
    }

    /// What all of the column is, unless it shows nothing, or both.
    fn decided(&self) -> Option<T> {
        let mut shown = self.shown.iter();
        match (shown.next(), shown.next()) {
            (Some(one), None) => Some(*one),
            _ => None,
        }
    }

    fn warning(&self, column: &str, code: &str, reason: &str) -> Option<RowFault> {
        let (line, value) = self.unclear.as_ref()?;
        let count = self.count;
        Some(RowFault::new(*line, code, format!("{count} of this column {reason}")).at(column, value))
    }
}

/// What the columns of dates and amounts show.
pub struct Survey {
    /// How many rows there are.
    pub rows: u64,
    dates: BTreeMap<Field, Seen<DateOrder>>,
    amounts: BTreeMap<Field, Seen<char>>,
}

/// How dates and amounts are read, column by column.
#[derive(Clone, Default)]
pub struct Readings {
    dates: BTreeMap<Field, Dates>,
    decimals: BTreeMap<Field, char>,
}

impl Readings {
    /// How the dates of a column are read.
    pub fn dates(&self, field: &Field) -> Dates {
        self.dates.get(field).copied().unwrap_or(Dates {
            order: DateOrder::DayFirst,
            strict: false,
        })
    }

    /// The sign before the decimals of a column, where it shows one.
    pub fn decimal(&self, field: &Field) -> Option<char> {
        self.decimals.get(field).copied()
    }
}

impl Survey {
    /// Reads all rows that are left. `currency` is that of amounts whose row names none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of(rows: &mut Rows, columns: &Columns, currency: Option<&str>) -> io::Result<Self> {
        let has = |field: &Field| columns.index_of(field).is_some();
        let mut survey = Self {
            rows: 0,
            dates: DATES
                .into_iter()
                .filter(has)
                .map(|field| (field, Seen::new()))
                .collect(),
            amounts: AMOUNTS
                .into_iter()
                .filter(has)
                .map(|field| (field, Seen::new()))
                .collect(),
        };
        loop {
            let read = rows.next_within(ROWS, BYTES)?;
            if read.is_empty() {
                return Ok(survey);
            }
            survey.rows += u64::try_from(read.len()).unwrap_or(u64::MAX);
            for row in read.iter().flatten() {
                survey.note(row, columns, currency);
            }
        }
    }

    fn note(&mut self, row: &Row, columns: &Columns, currency: Option<&str>) {
        for (field, seen) in &mut self.dates {
            let Some(cell) = cell(columns, row, field) else {
                continue;
            };
            if let Some(shows) = cells::order_of(cell) {
                seen.note(row.line, cell, shows);
            }
        }
        for (field, seen) in &mut self.amounts {
            let Some(amount) = cell(columns, row, field) else {
                continue;
            };
            let Some(shows) = cells::decimal_sign(amount) else {
                continue;
            };
            // In dinars, three decimals are what one expects.
            let named = cell(columns, row, &Field::Currency);
            let named = named.and_then(|code| cells::currency(code).ok());
            let named = named.or_else(|| cells::named(amount));
            let places = named.as_deref().or(currency).map_or(2, cells::decimals);
            if shows.is_some() || places < 3 || amount.contains(',') {
                seen.note(row.line, amount, shows);
            }
        }
    }

    /// How to read the columns, and a warning for each that leaves it open. `order` is what the request says; else an
    /// organization in the United States has the month first, any other the day.
    pub fn readings(
        self,
        columns: &Columns,
        headers: &[String],
        order: Option<DateOrder>,
        zone: Tz,
    ) -> (Readings, Vec<RowFault>) {
        let header = |field: &Field| {
            let index = columns.index_of(field);
            index.and_then(|index| headers.get(index)).map_or("", String::as_str)
        };
        let (mut readings, mut warnings) = (Readings::default(), Vec::new());
        let usual = if in_the_united_states(zone) {
            DateOrder::MonthFirst
        } else {
            DateOrder::DayFirst
        };
        for (field, seen) in self.dates {
            let known = order.or(seen.decided());
            let chosen = known.unwrap_or(usual);
            if known.is_none() {
                let first = if chosen == DateOrder::MonthFirst {
                    "month"
                } else {
                    "day"
                };
                let reason = format!(
                    "may have the day or the month first, and were read {first} first, as the organization's zone suggests; \
                    say `date_order` if they are otherwise"
                );
                warnings.extend(seen.warning(header(&field), "ambiguous_date", &reason));
            }
            let strict = order.is_some();
            readings.dates.insert(field, Dates { order: chosen, strict });
        }
        for (field, seen) in self.amounts {
            match seen.decided() {
                Some(sign) => {
                    readings.decimals.insert(field, sign);
                }
                None => {
                    let reason = "may have thousands or three decimals, and were read as thousands";
                    warnings.extend(seen.warning(header(&field), "ambiguous_number", reason));
                }
            }
        }
        (readings, warnings)
    }
}

/// Where people write the month first.
fn in_the_united_states(zone: Tz) -> bool {
    let name = zone.name();
    let city = name.strip_prefix("America/").unwrap_or_default();
    name.starts_with("US/")
        || ["Indiana/", "Kentucky/", "North_Dakota/"]
            .iter()
            .any(|state| city.starts_with(state))
        || [
            "Adak",
            "Anchorage",
            "Atka",
            "Boise",
            "Chicago",
            "Denver",
            "Detroit",
            "Fort_Wayne",
            "Indianapolis",
            "Juneau",
            "Knox_IN",
            "Los_Angeles",
            "Louisville",
            "Menominee",
            "Metlakatla",
            "New_York",
            "Nome",
            "Phoenix",
            "Shiprock",
            "Sitka",
            "Yakutat",
        ]
        .contains(&city)
        || ["Pacific/Honolulu", "EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_what_its_clear_cells_show() {
        let mut seen = Seen::new();
        seen.note(2, "1/2/2020", None);
        assert_eq!(seen.decided(), None);
        seen.note(3, "31/12/2019", Some(DateOrder::DayFirst));
        assert_eq!(seen.decided(), Some(DateOrder::DayFirst));
        seen.note(4, "12/31/2019", Some(DateOrder::MonthFirst));
        assert_eq!(seen.decided(), None);
    }

    #[test]
    fn the_month_comes_first_in_the_united_states_alone() {
        for zone in [Tz::America__New_York, Tz::America__Indiana__Knox, Tz::US__Pacific] {
            assert!(in_the_united_states(zone), "{zone}");
        }
        for zone in [Tz::Europe__London, Tz::America__Mexico_City, Tz::Asia__Kolkata, Tz::UTC] {
            assert!(!in_the_united_states(zone), "{zone}");
        }
    }
}
