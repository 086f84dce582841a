//! Why a customer is in a segment, in a sentence.

use chrono::{Datelike, NaiveDate};

use super::ready_made::ReadyMade;
use super::segment::{Choice, Moment, Place};
use crate::features::cadences::cadence::{YEAR, date, day_number};
use crate::features::customers::customer::{Customer, Money};
use crate::features::imports::cells::decimals;
use crate::wording::{self, ending, grouped};

impl Choice {
    /// Why this customer stands in its place.
    pub fn reason(&self, place: &Place, customer: &Customer, moment: &Moment) -> String {
        match self {
            Self::ReadyMade(which, _) => ready_made(*which, place, customer, moment),
            Self::Filter(filter) if filter.said().next().is_none() => "fits the filter, which leaves out nobody".into(),
            Self::Filter(filter) => format!("fits the filter: {}", filter.in_words()),
        }
    }
}

fn ready_made(which: ReadyMade, place: &Place, customer: &Customer, moment: &Moment) -> String {
    let today = moment.today();
    let of = format!("{} of {}", ordinal(place.rank), place.of);
    let billing = || {
        customer
            .fields
            .annual_billing
            .as_ref()
            .map(|b| money(b))
            .unwrap_or_default()
    };
    let since = || since(customer, today);
    let number = place.number.unwrap_or_default();
    let at = place.at.map_or(today, |at| moment.day_of(at));
    let clock = customer.clock_day();
    let silent = |from: i64| (day_number(moment.now) - from).max(0);
    match which {
        ReadyMade::BiggestBillers => format!("{of} by billing: {}", billing()),
        ReadyMade::Newest => format!("{of} by newness: {}", since()),
        ReadyMade::LongestStanding => format!("{of} by tenure: {}", since()),
        ReadyMade::MostReferrals => format!("{of} by referrals: {}", count(customer.referral_count, "customer")),
        ReadyMade::RecentProblem => match number {
            0 => format!("support case closed on {at}"),
            1 => format!("support case open since {at}"),
            many => format!("{many} support cases open, the first since {at}"),
        },
        ReadyMade::Silent => {
            let heard = place.at.map_or(clock, day_number);
            format!("silent for {}", count(silent(heard), "day"))
        }
        ReadyMade::Pareto => format!(
            "{of} by billing: {}; with those before it {:.1} % of all billing",
            billing(),
            place.share.unwrap_or_default()
        ),
        ReadyMade::Promoters => format!("promoter: {number} on {at}"),
        ReadyMade::Passives => format!("passive: {number} on {at}"),
        ReadyMade::Detractors => format!("detractor: {number} on {at}"),
        ReadyMade::NeverContacted => format!("never contacted; {}", since()),
        ReadyMade::DueForReview => {
            let due = YEAR.checked_div(number).and_then(|days| date(clock + days));
            let due = due.map_or_else(String::new, |due| format!(" since {due}"));
            format!("review due{due}: {} a year", number)
        }
        ReadyMade::Anniversaries => anniversary(customer, today),
        ReadyMade::Overdue => {
            let days = silent(clock);
            let late = days - number;
            let late = if late == 0 {
                "overdue today".into()
            } else {
                format!("overdue for {}", count(late, "day"))
            };
            format!(
                "{late}: {} without a conversation, {number} at most",
                count(days, "day")
            )
        }
    }
}

/// `1 day`, `2 days`.
fn count(number: i64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), ending(number))
}

/// `1st`, `2nd`, `11th`.
fn ordinal(number: i64) -> String {
    let ending = match (number % 10, number % 100) {
        (1..=3, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{}{ending}", grouped(number))
}

/// `110,277 USD`, to the nearest whole unit.
fn money(money: &Money) -> String {
    let unit = 10_i64.pow(decimals(&money.currency));
    let whole = (money.amount_minor + (unit / 2) * money.amount_minor.signum()) / unit;
    format!("{} {}", grouped(whole), money.currency)
}

/// Since when it is a customer, and how long that is.
fn since(customer: &Customer, today: NaiveDate) -> String {
    let Some(since) = customer.fields.customer_since else {
        return format!("known since {}", customer.created_at.date_naive());
    };
    match today.years_since(since) {
        Some(0) | None => format!("customer since {since}"),
        Some(years) => format!("customer since {since}, {}", count(years.into(), "year")),
    }
}

/// The next day on which it will have been a customer for whole years, and for how many. Who came on 29 February celebrates on
/// 1 March in other years.
pub fn next_anniversary(since: NaiveDate, today: NaiveDate) -> Option<(NaiveDate, i32)> {
    let first = today.year().max(since.year().checked_add(1)?);
    [first, first.checked_add(1)?].into_iter().find_map(|year| {
        let day = since.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))?;
        (day >= today).then_some((day, year - since.year()))
    })
}

fn anniversary(customer: &Customer, today: NaiveDate) -> String {
    let next = customer
        .fields
        .customer_since
        .and_then(|since| next_anniversary(since, today));
    let Some((day, years)) = next else {
        return since(customer, today);
    };
    let when = wording::ahead((day - today).num_days());
    format!("customer for {} {when}", count(years.into(), "year"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_said_as_people_say_them() {
        for (number, said) in [
            (1, "1st"),
            (2, "2nd"),
            (3, "3rd"),
            (4, "4th"),
            (11, "11th"),
            (112, "112th"),
            (1022, "1,022nd"),
        ] {
            assert_eq!(ordinal(number), said);
        }
        assert_eq!(
            (count(1, "day"), count(1200, "day")),
            ("1 day".into(), "1,200 days".into())
        );
        for (amount_minor, currency, said) in [
            (11_027_651, "USD", "110,277 USD"),
            (49, "EUR", "0 EUR"),
            (-150, "EUR", "-2 EUR"),
            (110_277, "JPY", "110,277 JPY"),
        ] {
            let currency = currency.to_owned();
            assert_eq!(money(&Money { amount_minor, currency }), said);
        }
    }

    #[test]
    fn the_next_anniversary_is_the_first_that_is_not_over() {
        for (since, today, next, years) in [
            ("2016-11-22", "2026-11-21", "2026-11-22", 10),
            ("2016-11-22", "2026-11-22", "2026-11-22", 10),
            ("2016-11-22", "2026-11-23", "2027-11-22", 11),
            ("2026-11-20", "2026-11-21", "2027-11-20", 1),
            ("2026-12-01", "2026-11-21", "2027-12-01", 1),
            ("2016-01-03", "2026-12-30", "2027-01-03", 11),
            ("2024-02-29", "2026-02-28", "2026-03-01", 2),
            ("2024-02-29", "2028-02-28", "2028-02-29", 4),
        ] {
            assert_eq!(
                next_anniversary(day(since), day(today)),
                Some((day(next), years)),
                "{since} {today}"
            );
        }
    }
}
