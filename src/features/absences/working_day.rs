//! Whether somebody works on a day, and if not, why.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate, Weekday, WeekdaySet};

use super::absence::AbsenceKind;
use super::holiday::Region;
use crate::id::UserId;

/// Why somebody does not work on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayOff {
    /// No weekday on which the organization works.
    Weekend,
    /// A public holiday where they are.
    Holiday { name: String },
    /// They are away.
    Absence { kind: AbsenceKind, until: NaiveDate },
}

impl DayOff {
    /// In a few words: `a public holiday, Christmas Day`.
    pub fn words(&self) -> String {
        match self {
            Self::Weekend => "no working day".to_owned(),
            Self::Holiday { name } => format!("a public holiday, {name}"),
            Self::Absence { until, .. } => format!("an absence until {until}"),
        }
    }
}

/// What is known of one person's days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Person {
    region: Option<String>,
    /// First and last day, and why.
    /// Each day that they are away: until when, and why.
    away: BTreeMap<NaiveDate, (NaiveDate, AbsenceKind)>,
}

/// The days on which people work, between two dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingDays {
    from: NaiveDate,
    until: NaiveDate,
    weekdays: WeekdaySet,
    people: BTreeMap<UserId, Person>,
    /// By region.
    holidays: BTreeMap<String, BTreeMap<NaiveDate, String>>,
}

/// Monday to Friday: the working days of an organization that has said nothing.
pub const USUAL: WeekdaySet =
    WeekdaySet::from_array([Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri]);

impl WorkingDays {
    /// Nobody is known yet. What is asked of days before `from`, or of `until` and later, knows of weekends alone.
    pub fn new(weekdays: impl IntoIterator<Item = Weekday>, from: NaiveDate, until: NaiveDate) -> Self {
        let weekdays: WeekdaySet = weekdays.into_iter().collect();
        Self {
            from,
            until,
            weekdays: if weekdays.is_empty() { USUAL } else { weekdays },
            people: BTreeMap::new(),
            holidays: BTreeMap::new(),
        }
    }

    /// Makes a person known, with the region whose public holidays they keep.
    pub fn person(&mut self, user: UserId, region: Option<&str>) {
        let region = region.and_then(Region::of);
        let code = region.map(|region| region.code());
        if let (Some(region), Some(code)) = (region, &code)
            && !self.holidays.contains_key(code)
        {
            self.holidays.insert(code.clone(), region.names(self.from, self.until));
        }
        self.people.entry(user).or_default().region = code;
    }

    /// Says that a person is away, both days included.
    pub fn absence(&mut self, user: UserId, first: NaiveDate, last: NaiveDate, kind: AbsenceKind) {
        let (first_known, days) = (first.max(self.from), &mut self.people.entry(user).or_default().away);
        for day in first_known
            .iter_days()
            .take_while(|day| *day <= last && *day < self.until)
        {
            // Of several, the one that lasts longest.
            let longest = days.entry(day).or_insert((last, kind));
            *longest = (*longest).max((last, kind));
        }
    }

    /// Why the person does not work on this day of their calendar; `None` when they do.
    pub fn off(&self, user: UserId, day: NaiveDate) -> Option<DayOff> {
        use chrono::Datelike;
        if !self.weekdays.contains(day.weekday()) {
            return Some(DayOff::Weekend);
        }
        let person = self.people.get(&user)?;
        let holidays = person.region.as_ref().and_then(|region| self.holidays.get(region));
        if let Some(name) = holidays.and_then(|holidays| holidays.get(&day)) {
            return Some(DayOff::Holiday { name: name.clone() });
        }
        let &(until, kind) = person.away.get(&day)?;
        Some(DayOff::Absence { kind, until })
    }

    /// Whether the person works on this day of their calendar.
    pub fn works(&self, user: UserId, day: NaiveDate) -> bool {
        self.off(user, day).is_none()
    }

    /// The first working day after this one; `None` when there is none before the end of what was loaded, or of the days that a date of
    /// four digits can name.
    pub fn next_after(&self, user: UserId, day: NaiveDate) -> Option<NaiveDate> {
        let later = day
            .iter_days()
            .skip(1)
            .take_while(|day| *day < self.until && day.year() <= 9999);
        later.into_iter().find(|day| self.works(user, *day))
    }

    /// The person's working days from one day until before another.
    pub fn between(&self, user: UserId, from: NaiveDate, until: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        let days = from.iter_days().take_while(move |day| *day < until);
        days.filter(move |day| self.works(user, *day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn december() -> (WorkingDays, UserId, UserId) {
        let mut days = WorkingDays::new([], day("2026-12-01"), day("2027-02-01"));
        let (anna, ben) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        days.person(anna, Some("DE-BY"));
        days.person(ben, None);
        days.absence(anna, day("2026-12-28"), day("2026-12-30"), AbsenceKind::Vacation);
        days.absence(anna, day("2026-12-30"), day("2027-01-04"), AbsenceKind::Sick);
        (days, anna, ben)
    }

    #[test]
    fn a_day_is_off_for_one_reason() {
        let (days, anna, ben) = december();
        let holiday = |name: &str| Some(DayOff::Holiday { name: name.into() });
        let away = |kind, until| {
            let until = day(until);
            Some(DayOff::Absence { kind, until })
        };
        for (who, on, off) in [
            (anna, "2026-12-24", None),
            (anna, "2026-12-25", holiday("Christmas Day")),
            (anna, "2026-12-26", Some(DayOff::Weekend)),
            (anna, "2026-12-29", away(AbsenceKind::Vacation, "2026-12-30")),
            (anna, "2026-12-30", away(AbsenceKind::Sick, "2027-01-04")),
            (anna, "2027-01-01", holiday("New Year's Day")),
            (anna, "2027-01-06", holiday("Epiphany")),
            (ben, "2026-12-25", None),
            (ben, "2026-12-27", Some(DayOff::Weekend)),
        ] {
            assert_eq!(days.off(who, day(on)), off, "{on}");
        }
    }

    #[test]
    fn the_next_working_day_is_after_all_that() {
        let (days, anna, ben) = december();
        assert_eq!(days.next_after(anna, day("2026-12-24")), Some(day("2027-01-05")));
        assert_eq!(days.next_after(anna, day("2027-01-05")), Some(day("2027-01-07")));
        assert_eq!(days.next_after(ben, day("2026-12-24")), Some(day("2026-12-25")));
        assert_eq!(days.next_after(ben, day("2027-01-29")), None);
        let last = WorkingDays::new([Weekday::Mon], day("9999-12-01"), NaiveDate::MAX);
        assert_eq!(last.next_after(ben, day("9999-12-20")), Some(day("9999-12-27")));
        assert_eq!(last.next_after(ben, day("9999-12-27")), None);
        let worked: Vec<NaiveDate> = days.between(anna, day("2026-12-24"), day("2027-01-08")).collect();
        assert_eq!(worked, [day("2026-12-24"), day("2027-01-05"), day("2027-01-07")]);
    }

    #[test]
    fn an_organization_says_on_which_weekdays_it_works() {
        let week = [Weekday::Sun, Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu];
        let days = WorkingDays::new(week, day("2026-12-01"), day("2027-01-01"));
        let who = UserId(Uuid::nil());
        assert_eq!(days.off(who, day("2026-12-04")), Some(DayOff::Weekend));
        assert!(days.works(who, day("2026-12-06")));
    }
}
