//! How long somebody has been a customer, as one says it.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wording::{self, some};

/// An anniversary is told so many days ahead.
const AHEAD: i64 = 30;

/// How long somebody has been a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tenure {
    /// Whole days, on the customer's calendar.
    #[schema(minimum = 0, maximum = 4_000_000)]
    pub days: i64,
    /// As one says it: `2 years and 3 months`.
    #[schema(max_length = 60, example = "2 years and 3 months")]
    pub words: String,
    /// The anniversary that is near, if one is: `10 years tomorrow`.
    #[schema(max_length = 60, example = "10 years tomorrow")]
    pub anniversary: Option<String>,
}

impl Tenure {
    /// Since a day until today; nothing when the day lies ahead.
    #[must_use]
    pub fn between(since: NaiveDate, today: NaiveDate) -> Option<Self> {
        let days = today.signed_duration_since(since).num_days();
        (days >= 0).then(|| Self {
            days,
            words: words(days, whole_months(since, today)),
            anniversary: anniversary(since, today),
        })
    }
}

fn words(days: i64, months: u32) -> String {
    match (months / 12, months % 12) {
        (0, 0) => some(days, "day"),
        (0, months) => some(months.into(), "month"),
        (years, 0) => some(years.into(), "year"),
        (years, months) => format!("{} and {}", some(years.into(), "year"), some(months.into(), "month")),
    }
}

/// Months that are over. The last day of a month stands for days that the month does not have.
fn whole_months(since: NaiveDate, today: NaiveDate) -> u32 {
    let months = (today.year() - since.year()) * 12 + i32::try_from(today.month()).unwrap_or(0)
        - i32::try_from(since.month()).unwrap_or(0);
    let months = u32::try_from(months).unwrap_or(0);
    let over = since
        .checked_add_months(Months::new(months))
        .is_some_and(|day| day <= today);
    if over { months } else { months.saturating_sub(1) }
}

fn anniversary(since: NaiveDate, today: NaiveDate) -> Option<String> {
    let until = today.checked_add_days(Days::new(AHEAD.unsigned_abs()))?;
    // The years that are full by the end of that time: if they were not full yesterday, the day is near.
    let years = whole_months(since, until) / 12;
    let day = since.checked_add_months(Months::new(years * 12))?;
    let ahead = day.signed_duration_since(today).num_days();
    let near = years > 0 && (0..=AHEAD).contains(&ahead);
    near.then(|| format!("{} {}", some(years.into(), "year"), wording::ahead(ahead)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn tenure_is_said_as_people_say_it() {
        for (since, today, days, words, anniversary) in [
            ("2026-03-01", "2026-03-01", 0, "0 days", None),
            ("2026-03-01", "2026-03-02", 1, "1 day", None),
            ("2026-01-01", "2026-01-30", 29, "29 days", None),
            ("2026-01-01", "2026-02-01", 31, "1 month", None),
            ("2026-01-31", "2026-02-28", 28, "1 month", None),
            ("2025-04-15", "2026-03-15", 334, "11 months", None),
            ("2025-04-15", "2026-04-14", 364, "11 months", Some("1 year tomorrow")),
            ("2025-04-15", "2026-04-15", 365, "1 year", Some("1 year today")),
            ("2025-04-15", "2026-04-16", 366, "1 year", None),
            ("2023-12-10", "2026-03-15", 826, "2 years and 3 months", None),
            ("2024-01-15", "2026-02-20", 767, "2 years and 1 month", None),
            (
                "2016-03-16",
                "2026-03-15",
                3651,
                "9 years and 11 months",
                Some("10 years tomorrow"),
            ),
            (
                "2016-04-01",
                "2026-03-20",
                3640,
                "9 years and 11 months",
                Some("10 years in 12 days"),
            ),
            ("2024-02-29", "2025-02-28", 365, "1 year", Some("1 year today")),
            ("1899-12-31", "2026-03-15", 46095, "126 years and 2 months", None),
        ] {
            let tenure = Tenure::between(day(since), day(today)).unwrap();
            let expected = Tenure {
                days,
                words: words.into(),
                anniversary: anniversary.map(str::to_owned),
            };
            assert_eq!(tenure, expected, "{since} to {today}");
        }
    }

    #[test]
    fn who_becomes_a_customer_tomorrow_is_none_today() {
        assert_eq!(Tenure::between(day("2026-03-02"), day("2026-03-01")), None);
        assert!(Tenure::between(NaiveDate::MIN, NaiveDate::MAX).is_some());
    }

    proptest! {
        #[test]
        fn months_never_shrink_as_days_pass(since in 0_i32..40_000, days in 0_i32..40_000) {
            let date = |days: i32| NaiveDate::from_num_days_from_ce_opt(700_000 + days).unwrap();
            let (since, today) = (date(since), date(since + days));
            let months = whole_months(since, today);
            prop_assert!(whole_months(since, today.succ_opt().unwrap()) >= months);
            prop_assert!(since.checked_add_months(Months::new(months)).unwrap() <= today);
            prop_assert!(since.checked_add_months(Months::new(months + 1)).unwrap() > today);
        }
    }
}
