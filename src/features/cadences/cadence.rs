//! How often a customer is to be spoken with, and the days that follow from it.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::features::customers::customer::Customer;
use crate::fold;
use crate::journal::{Change, Changing};

crate::id! {
    /// A cadence of a tag, or of the organization.
    CadenceId;
}

crate::words! {
    /// What a customer can be due for.
    pub enum Due {
        /// The ideal gap is over; the overdue are among them.
        Due = "due",
        /// The longest gap is over.
        Overdue = "overdue",
        /// A formal review.
        Review = "review",
    }
}

/// A customer's own cadence. What it leaves open is as its tags or the organization have it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnCadence {
    /// Days between two conversations, as they should be.
    #[schema(minimum = 1, maximum = 3650)]
    pub ideal_days: Option<i64>,
    /// More days than these must not pass.
    #[schema(minimum = 1, maximum = 3650)]
    pub longest_days: Option<i64>,
    /// Formal reviews, spread evenly over the year.
    #[schema(minimum = 0, maximum = 4)]
    pub reviews_per_year: Option<i64>,
}

impl OwnCadence {
    /// Whether it says that the longest gap is shorter than the ideal one.
    pub fn is_contrary(&self) -> bool {
        matches!((self.ideal_days, self.longest_days), (Some(ideal), Some(longest)) if longest < ideal)
    }
}

/// What can be said of a cadence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CadenceInput {
    /// For the customers who have this tag, whatever its case; null is for all whom nothing else is said of.
    #[schema(min_length = 1, max_length = 200, example = "Key account")]
    pub tag: Option<String>,
    /// Days between two conversations, as they should be.
    #[schema(minimum = 1, maximum = 3650, example = 30)]
    pub ideal_days: i64,
    /// More days than these must not pass.
    #[schema(minimum = 1, maximum = 3650, example = 60)]
    pub longest_days: i64,
    /// Formal reviews, spread evenly over the year. A conversation is one.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 4)]
    pub reviews_per_year: i64,
}

/// How often the customers of a tag, or all others, are to be spoken with.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Cadence {
    pub id: CadenceId,
    #[serde(flatten)]
    pub fields: CadenceInput,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Cadence {
    pub fn new(id: CadenceId, fields: CadenceInput, now: Timestamp) -> Self {
        Self {
            id,
            fields,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Other fields than before.
    pub fn revise(self, fields: CadenceInput) -> Change<Self> {
        self.change("updated", |next| next.fields = fields)
    }

    /// What the tag is compared by; empty for the cadence of all others. No tag is.
    pub fn tag_key(&self) -> String {
        self.fields.tag.as_deref().map(fold::key).unwrap_or_default()
    }
}

/// The cadence that holds for one customer, whoever said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effective {
    pub ideal_days: i64,
    pub longest_days: i64,
    pub reviews_per_year: i64,
}

/// Where an organization has said nothing: a conversation each quarter, half a year at most, one review.
pub const USUAL: Effective = Effective {
    ideal_days: 90,
    longest_days: 180,
    reviews_per_year: 1,
};

/// Days of a year, among which reviews are spread.
pub const YEAR: i64 = 365;

/// Why a longest gap below the ideal one is refused.
pub const CONTRARY: &str = "The longest gap cannot be shorter than the ideal one.";

/// When something is due: nothing, with a customer who must not be contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct DueDates {
    /// The day on which the ideal gap is over.
    pub due_on: Option<NaiveDate>,
    /// The day on which the longest gap is over.
    pub overdue_on: Option<NaiveDate>,
    /// The day on which a formal review is due; null where there are none.
    pub review_on: Option<NaiveDate>,
}

impl DueDates {
    /// A customer's, under the cadence that holds for it.
    pub fn of(customer: &Customer, effective: &Effective) -> Self {
        if customer.fields.do_not_contact {
            return Self {
                due_on: None,
                overdue_on: None,
                review_on: None,
            };
        }
        effective.dates(customer.clock_day())
    }
}

impl Effective {
    /// The days that follow when the clock began anew on `clock_day`.
    pub fn dates(&self, clock_day: i64) -> DueDates {
        // Its own longest gap may be shorter than the ideal one of its tags.
        let ideal = self.ideal_days.min(self.longest_days);
        let review = YEAR.checked_div(self.reviews_per_year);
        DueDates {
            due_on: date(clock_day + ideal),
            overdue_on: date(clock_day + self.longest_days),
            review_on: review.and_then(|days| date(clock_day + days)),
        }
    }
}

/// A day by its number, counted from the beginning of the calendar.
pub fn date(number: i64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(number).ok()?)
}

/// The number of the day at an instant, in UTC.
pub fn day_number(at: Timestamp) -> i64 {
    i64::from(at.date_naive().num_days_from_ce())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_from_the_clock() {
        let clock = i64::from(NaiveDate::from_ymd_opt(2026, 1, 1).unwrap().num_days_from_ce());
        let day = |text: &str| Some(text.parse::<NaiveDate>().unwrap());
        for (ideal, longest, reviews, due, overdue, review) in [
            (30, 60, 4, day("2026-01-31"), day("2026-03-02"), day("2026-04-02")),
            (30, 60, 1, day("2026-01-31"), day("2026-03-02"), day("2027-01-01")),
            (90, 30, 0, day("2026-01-31"), day("2026-01-31"), None),
        ] {
            let effective = Effective {
                ideal_days: ideal,
                longest_days: longest,
                reviews_per_year: reviews,
            };
            let dates = effective.dates(clock);
            assert_eq!(
                (dates.due_on, dates.overdue_on, dates.review_on),
                (due, overdue, review)
            );
        }
    }

    #[test]
    fn only_a_longest_gap_below_the_ideal_one_is_contrary() {
        for (ideal, longest, contrary) in [
            (None, None, false),
            (Some(30), None, false),
            (Some(30), Some(30), false),
            (Some(30), Some(29), true),
        ] {
            let own = OwnCadence {
                ideal_days: ideal,
                longest_days: longest,
                reviews_per_year: None,
            };
            assert_eq!(own.is_contrary(), contrary);
        }
    }
}
