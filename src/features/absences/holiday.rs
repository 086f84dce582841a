//! Public holidays of every country and its regions, out of a file that is written from the Python library `holidays`
//! (see `holidays/generate.py`, which also says how the file is to be read).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;

static FILE: &str = include_str!("holidays/holidays.txt");

/// The first and the last year of which holidays are known.
pub const FIRST_YEAR: i32 = 2020;
pub const LAST_YEAR: i32 = 2040;

/// A public holiday.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Holiday {
    pub date: NaiveDate,
    /// In English. "(estimated)" follows where the day hangs on the sight of the moon.
    #[schema(max_length = 300)]
    pub name: String,
}

/// A country or a part of one, as far as public holidays differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region {
    country: &'static str,
    part: Option<&'static str>,
}

/// A country's place in the file: its name, its parts with their names, and its holidays as they stand there.
struct Country {
    name: &'static str,
    parts: BTreeMap<&'static str, &'static str>,
    holidays: Vec<&'static str>,
}

static COUNTRIES: LazyLock<BTreeMap<&'static str, Country>> = LazyLock::new(|| {
    let mut countries: BTreeMap<&str, Country> = BTreeMap::new();
    let mut last = "";
    for line in FILE.lines().filter(|line| !line.starts_with(['#', '@'])) {
        let mut cells = line.split('\t');
        let (first, second, third) = (cells.next().unwrap_or_default(), cells.next(), cells.next());
        match (countries.get_mut(last), second, third) {
            (Some(country), Some(_), Some(_)) => country.holidays.push(line),
            (Some(country), Some(name), None) if first.starts_with('/') => {
                country.parts.insert(first.trim_start_matches('/'), name);
            }
            (_, Some(name), None) => {
                last = first;
                let (parts, holidays) = (BTreeMap::new(), Vec::new());
                countries.insert(first, Country { name, parts, holidays });
            }
            (_, None, _) | (None, Some(_), Some(_)) => {}
        }
    }
    countries
});

/// Every region there is, in the order of their codes.
pub fn regions() -> impl Iterator<Item = Region> {
    COUNTRIES.iter().flat_map(|(&country, known)| {
        let whole = Region { country, part: None };
        let parts = known.parts.keys().map(move |&part| Region {
            country,
            part: Some(part),
        });
        std::iter::once(whole).chain(parts)
    })
}

impl Region {
    /// The region of this code: `DE`, `DE-BY`. As it is spelled, but whatever its case.
    pub fn of(code: &str) -> Option<Self> {
        let (country, part) = match code.split_once('-') {
            Some((country, part)) => (country, Some(part)),
            None => (code, None),
        };
        let (&country, known) = COUNTRIES.get_key_value(country.to_uppercase().as_str())?;
        let Some(part) = part else {
            return Some(Self { country, part: None });
        };
        let same = |known: &&&'static str| known.eq_ignore_ascii_case(part);
        known.parts.keys().find(same).map(|&part| Self {
            country,
            part: Some(part),
        })
    }

    /// `DE-BY`.
    pub fn code(&self) -> String {
        match self.part {
            Some(part) => format!("{}-{part}", self.country),
            None => self.country.to_owned(),
        }
    }

    /// `DE`.
    pub fn country(&self) -> &'static str {
        self.country
    }

    /// `Germany, Bayern`.
    pub fn name(&self) -> String {
        let Some(country) = COUNTRIES.get(self.country) else {
            return self.code();
        };
        match self.part.and_then(|part| country.parts.get(part)) {
            Some(part) => format!("{}, {part}", country.name),
            None => country.name.to_owned(),
        }
    }

    /// The public holidays of a year by date, in order; nothing is known of years before 2020 and after 2040.
    pub fn holidays(&self, year: i32) -> Vec<Holiday> {
        let mut found = Vec::new();
        if let Some(country) = COUNTRIES.get(self.country) {
            for line in &country.holidays {
                self.read(line, year, &mut found);
            }
        }
        found.sort();
        found
    }

    /// Adds the days of one line of the file, as far as they are in this year and hold here.
    fn read(&self, line: &str, year: i32, found: &mut Vec<Holiday>) {
        let mut cells = line.split('\t');
        let (Some(name), Some(regions), Some(days)) = (cells.next(), cells.next(), cells.next()) else {
            return;
        };
        if !self.is_among(regions) || !(FIRST_YEAR..=LAST_YEAR).contains(&year) {
            return;
        }
        let two_digits = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok());
        for day in days.split(' ') {
            let rest = match day.len() {
                4 => day,
                _ if two_digits(day.get(..2)).and_then(|short| i32::try_from(short).ok()) == Some(year - 2000) => {
                    day.get(2..).unwrap_or_default()
                }
                _ => continue,
            };
            let (month, day) = (two_digits(rest.get(..2)), two_digits(rest.get(2..)));
            if let (Some(month), Some(day)) = (month, day)
                && let Some(date) = NaiveDate::from_ymd_opt(year, month, day)
            {
                let name = name.to_owned();
                found.push(Holiday { date, name });
            }
        }
    }

    fn is_among(&self, regions: &str) -> bool {
        let here = self.part.unwrap_or("-");
        match regions.strip_prefix('!') {
            Some(but) => !but.split(',').any(|part| part == here),
            None => regions == "*" || regions.split(',').any(|part| part == here),
        }
    }

    /// What each holiday from one day until before another is called, by date; two on one day are both named.
    pub fn names(&self, from: NaiveDate, until: NaiveDate) -> BTreeMap<NaiveDate, String> {
        let mut names: BTreeMap<NaiveDate, String> = BTreeMap::new();
        let first = from.year().max(FIRST_YEAR);
        for holiday in (first..=until.year().min(LAST_YEAR)).flat_map(|year| self.holidays(year)) {
            if from <= holiday.date && holiday.date < until {
                names
                    .entry(holiday.date)
                    .and_modify(|name| *name = format!("{name}, {}", holiday.name))
                    .or_insert(holiday.name);
            }
        }
        names
    }
}

/// Why a region is refused: how to find those that there are.
pub fn no_such_region(code: &str) -> String {
    let country: String = code.chars().take_while(|letter| *letter != '-').take(2).collect();
    let country = country.to_uppercase();
    if COUNTRIES.contains_key(country.as_str()) {
        return format!(
            "{} `GET /v1/holiday-regions?country={country}` lists those of this country.",
            crate::text::no_such("region of public holidays", code)
        );
    }
    format!(
        "{} It begins with the two letters of a country, as `DE` or `DE-BY`; `GET /v1/holiday-regions` lists all.",
        crate::text::no_such("region of public holidays", code)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(region: &str, date: &str) -> Option<String> {
        let date: NaiveDate = date.parse().unwrap();
        let names = Region::of(region).unwrap().names(date, date.succ_opt().unwrap());
        names.get(&date).cloned()
    }

    #[test]
    fn holidays_are_those_of_the_region() {
        for (region, date, name) in [
            ("DE", "2026-12-25", Some("Christmas Day")),
            ("DE", "2027-01-06", None),
            ("DE-BY", "2027-01-06", Some("Epiphany")),
            ("DE-BE", "2027-01-06", None),
            ("US", "2026-11-26", Some("Thanksgiving Day")),
            ("US", "2026-11-25", None),
            ("US-CA", "2027-03-31", Some("Cesar Chavez Day")),
            ("GB-SCT", "2026-11-30", Some("Saint Andrew's Day")),
            ("GB-ENG", "2026-11-30", None),
            ("FR", "2026-07-14", Some("National Day")),
        ] {
            assert_eq!(named(region, date).as_deref(), name, "{region} {date}");
        }
    }

    #[test]
    fn every_region_can_be_named_and_the_file_is_read_whole() {
        assert!(regions().count() > 800);
        for region in regions() {
            assert_eq!(Region::of(&region.code()), Some(region));
            assert_eq!(Region::of(&region.code().to_lowercase()), Some(region));
            assert!(region.code().len() <= 64 && !region.name().is_empty());
            assert!(region.holidays(2026).iter().all(|holiday| holiday.date.year() == 2026));
        }
        let empty: Vec<String> = COUNTRIES
            .keys()
            .filter(|country| Region::of(country).unwrap().holidays(2026).is_empty())
            .map(|country| (*country).to_owned())
            .collect();
        assert!(empty.len() < 5, "{empty:?}");
        assert!(FILE.contains(&format!("\n@{FIRST_YEAR} {LAST_YEAR}\n")));
    }

    #[test]
    fn what_is_no_region_says_where_they_are() {
        for code in ["DE-XX", "Bavaria", "", "-", "XX"] {
            assert_eq!(Region::of(code), None, "{code}");
            assert!(no_such_region(code).contains("/v1/holiday-regions"));
        }
        assert!(no_such_region("de-XX").contains("country=DE"));
        assert!(Region::of("DE").unwrap().holidays(2019).is_empty());
    }
}
