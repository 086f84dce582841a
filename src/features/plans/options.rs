//! What a plan is told: which rules are hard, what the soft ones weigh.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

crate::words! {
    /// Whether customers are given to whoever spoke with them last.
    #[derive(Default)]
    pub enum Relationship {
        /// To the same as last time.
        #[default]
        Keep = "keep",
        /// Deliberately to somebody else.
        Rotate = "rotate",
    }
}

crate::words! {
    /// How strictly a rule is kept.
    pub enum Strictness {
        /// Never broken: what would break it is left out.
        Hard = "hard",
        /// Broken where that is worth it, at the price of its weight.
        Soft = "soft",
        /// Not looked at.
        Off = "off",
    }
}

/// How strictly each rule is kept. That a customer must not be contacted, or is in somebody's hands already, is always hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlanRules {
    /// No more calls for an executive in a day or week than the program asks of them.
    pub quota: Strictness,
    /// Nobody calls a customer whom they look after.
    pub account_manager: Strictness,
    /// Nobody is called again before the shortest gap has passed.
    pub shortest_gap: Strictness,
    /// Calls lie within the customer's hours, on its own clock.
    pub calling_window: Strictness,
    /// No calls on weekends, public holidays and absences of the executive.
    pub working_days: Strictness,
    /// `relationship` is kept; hard: a customer whom one of the executives spoke with last goes to them or (with `rotate`) to anybody but them.
    pub relationship: Strictness,
    /// Those who are due or overdue come first; hard: nobody else is called.
    pub overdue_first: Strictness,
}

impl Default for PlanRules {
    fn default() -> Self {
        Self {
            quota: Strictness::Hard,
            account_manager: Strictness::Hard,
            shortest_gap: Strictness::Hard,
            calling_window: Strictness::Hard,
            working_days: Strictness::Hard,
            relationship: Strictness::Soft,
            overdue_first: Strictness::Soft,
        }
    }
}

/// What the soft rules weigh, in points. To call any customer at all is worth 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlanWeights {
    /// The first customer of the first segment gets all of it, the last of the last segment next to nothing.
    #[schema(minimum = 0, maximum = 1000)]
    pub segment: i64,
    /// An overdue customer gets all of it on the first day and less each day, one who is due half.
    #[schema(minimum = 0, maximum = 1000)]
    pub overdue: i64,
    /// For the same caller as last time; with `rotate`, taken off for the same one.
    #[schema(minimum = 0, maximum = 1000)]
    pub relationship: i64,
    /// Taken off the last call of an executive's quota, and less the fewer they have: so that they have equal parts of theirs.
    #[schema(minimum = 0, maximum = 1000)]
    pub balance_calls: i64,
    /// Taken off for each customer of average billing that an executive has beyond their part of the billing. More than three times the average counts as three times.
    #[schema(minimum = 0, maximum = 1000)]
    pub balance_billing: i64,
    /// Taken off for twelve hours between the two zones, and in proportion for fewer.
    #[schema(minimum = 0, maximum = 1000)]
    pub zones: i64,
    /// Taken off for each breach of any other rule that is soft.
    #[schema(minimum = 0, maximum = 1000)]
    pub broken_rule: i64,
}

impl Default for PlanWeights {
    fn default() -> Self {
        Self {
            segment: 100,
            overdue: 60,
            relationship: 40,
            balance_calls: 20,
            balance_billing: 20,
            zones: 10,
            broken_rule: 150,
        }
    }
}

/// How a plan is made. What is not said is as usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlanOptions {
    /// How long a call takes: no two of an executive overlap.
    #[schema(minimum = 5, maximum = 240)]
    pub call_minutes: i64,
    /// No more than so many calls for an executive on one day, whatever the quota.
    #[schema(minimum = 1, maximum = 200)]
    pub most_calls_a_day: Option<i64>,
    /// So much of a customer's ideal gap must have passed since the last conversation, in percent.
    #[schema(minimum = 0, maximum = 100)]
    pub shortest_gap_percent: i64,
    pub relationship: Relationship,
    pub rules: PlanRules,
    pub weights: PlanWeights,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            call_minutes: 20,
            most_calls_a_day: None,
            shortest_gap_percent: 50,
            relationship: Relationship::Keep,
            rules: PlanRules::default(),
            weights: PlanWeights::default(),
        }
    }
}
