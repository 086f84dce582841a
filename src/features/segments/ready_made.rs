//! The segments that every organization has, and what each can be told.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

crate::words! {
    /// A segment that every organization has.
    pub enum ReadyMade {
        BiggestBillers = "biggest_billers",
        Newest = "newest",
        LongestStanding = "longest_standing",
        MostReferrals = "most_referrals",
        RecentProblem = "recent_problem",
        Silent = "silent",
        Pareto = "pareto",
        Promoters = "promoters",
        Passives = "passives",
        Detractors = "detractors",
        NeverContacted = "never_contacted",
        DueForReview = "due_for_review",
        Anniversaries = "anniversaries",
        Overdue = "overdue",
    }
}

/// What a ready-made segment can be told. What is left open is as usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentParameters {
    /// How many customers, from the first on.
    #[schema(minimum = 1, maximum = 100_000)]
    pub top: Option<i64>,
    /// So many of a hundred: of the customers, instead of `top`; with `pareto`, of all billing.
    #[schema(minimum = 1, maximum = 100)]
    pub share: Option<i64>,
    /// How many days back, or, with `anniversaries`, ahead.
    #[schema(minimum = 1, maximum = 3650)]
    pub days: Option<i64>,
    /// Only customers for at least so many days.
    #[schema(minimum = 0, maximum = 36_500)]
    pub min_tenure_days: Option<i64>,
}

/// One of the parameters that a segment takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SegmentParameter {
    #[schema(max_length = 50)]
    pub name: &'static str,
    #[schema(max_length = 300)]
    pub description: &'static str,
    /// What is usual where nothing is said; null where nothing is.
    #[schema(minimum = 0, maximum = 100_000)]
    pub default: Option<i64>,
}

impl ReadyMade {
    /// Its name, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BiggestBillers => "Biggest billers",
            Self::Newest => "Newest customers",
            Self::LongestStanding => "Longest-standing customers",
            Self::MostReferrals => "Most referrals",
            Self::RecentProblem => "Recent problem",
            Self::Silent => "Silent",
            Self::Pareto => "Those who make most of the billing",
            Self::Promoters => "Promoters",
            Self::Passives => "Passives",
            Self::Detractors => "Detractors",
            Self::NeverContacted => "Never contacted",
            Self::DueForReview => "Due for a formal review",
            Self::Anniversaries => "Anniversaries",
            Self::Overdue => "Overdue",
        }
    }

    /// Whom it chooses, and in which order.
    pub const fn description(self) -> &'static str {
        match self {
            Self::BiggestBillers => {
                "Who is billed most in a year, largest first. Amounts are compared as numbers, whatever their currency."
            }
            Self::Newest => "Who became a customer last, latest first.",
            Self::LongestStanding => "Who has been a customer longest, earliest first.",
            Self::MostReferrals => "Who has referred most customers to us, most first.",
            Self::RecentProblem => "Who has an open support case, or had one that was closed lately; open ones first.",
            Self::Silent => {
                "With whom there was no conversation, support case, interaction of theirs or other activity for so many days, longest silence first. Who was never heard of counts from when they became a customer."
            }
            Self::Pareto => {
                "The largest customers who together make the named share of all billing, largest first. Amounts are added up as numbers, whatever their currency."
            }
            Self::Promoters => "Whose last answer to the recommendation question was 9 or 10, best first.",
            Self::Passives => "Whose last answer to the recommendation question was 7 or 8, best first.",
            Self::Detractors => "Whose last answer to the recommendation question was 0 to 6, worst first.",
            Self::NeverContacted => "Whom nobody of ours has spoken with yet, who waits longest first.",
            Self::DueForReview => {
                "For whom a formal review is due, by the cadence that holds for each, longest due first."
            }
            Self::Anniversaries => {
                "Who will have been a customer for a number of whole years within so many days, next first."
            }
            Self::Overdue => {
                "With whom there was no conversation for longer than the longest gap of the cadence that holds for each, longest overdue first."
            }
        }
    }

    /// Whether one must be allowed to read NPS responses to know who is in it.
    pub const fn tells_nps(self) -> bool {
        matches!(self, Self::Promoters | Self::Passives | Self::Detractors)
    }

    /// What it is told where nothing is said: `top`, `share`, `days`; `None` where it does not take that.
    const fn usual(self) -> Usual {
        match self {
            Self::BiggestBillers | Self::Newest | Self::LongestStanding | Self::MostReferrals => Usual::Top(10),
            Self::RecentProblem => Usual::Days(30),
            Self::Silent => Usual::Days(90),
            Self::Pareto => Usual::Share(80),
            Self::Promoters | Self::Passives | Self::Detractors => Usual::Days(365),
            Self::Anniversaries => Usual::Days(14),
            Self::NeverContacted | Self::DueForReview | Self::Overdue => Usual::Everybody,
        }
    }

    /// The parameters that it takes, with what is usual.
    pub fn takes(self) -> Vec<SegmentParameter> {
        let parameter = |name, description, default| SegmentParameter {
            name,
            description,
            default,
        };
        let mut takes = match self.usual() {
            Usual::Top(top) => vec![
                parameter("top", "How many customers, from the first on.", Some(top)),
                parameter("share", "So many of a hundred customers, instead of `top`.", None),
            ],
            Usual::Share(share) => vec![parameter(
                "share",
                "How many percent of all billing they make together.",
                Some(share),
            )],
            Usual::Days(days) => {
                let ahead = "How many days ahead.";
                let back = "How many days back.";
                let which = if self == Self::Anniversaries { ahead } else { back };
                vec![parameter("days", which, Some(days))]
            }
            Usual::Everybody => Vec::new(),
        };
        takes.push(parameter(
            "min_tenure_days",
            "Only customers for at least so many days.",
            Some(0),
        ));
        takes
    }

    /// The parameters with what is usual in the place of what was left open.
    ///
    /// # Errors
    /// Name and reason of each that it does not take.
    pub fn settle(self, given: SegmentParameters) -> Result<SegmentParameters, Vec<(&'static str, String)>> {
        let takes = self.takes();
        let all = [
            ("top", given.top),
            ("share", given.share),
            ("days", given.days),
            ("min_tenure_days", given.min_tenure_days),
        ];
        let mut faults: Vec<(&'static str, String)> = all
            .iter()
            .filter(|(name, value)| value.is_some() && !takes.iter().any(|known| known.name == *name))
            .map(|(name, _)| {
                let known: Vec<&str> = takes.iter().map(|known| known.name).collect();
                (
                    *name,
                    format!("The segment {self} does not take this; it takes {}.", known.join(", ")),
                )
            })
            .collect();
        if given.top.is_some() && given.share.is_some() && faults.is_empty() {
            faults.push(("share", "Say `top` or `share`, not both.".into()));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut settled = SegmentParameters {
            min_tenure_days: given.min_tenure_days.or(Some(0)),
            ..given
        };
        match self.usual() {
            Usual::Top(top) if given.share.is_none() => settled.top = given.top.or(Some(top)),
            Usual::Top(_) | Usual::Everybody => {}
            Usual::Share(share) => settled.share = given.share.or(Some(share)),
            Usual::Days(days) => settled.days = given.days.or(Some(days)),
        }
        Ok(settled)
    }
}

/// Which parameter narrows a segment, and how far it does.
enum Usual {
    Top(i64),
    Share(i64),
    Days(i64),
    Everybody,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(top: Option<i64>, share: Option<i64>, days: Option<i64>) -> SegmentParameters {
        SegmentParameters {
            top,
            share,
            days,
            min_tenure_days: None,
        }
    }

    #[test]
    fn what_is_left_open_is_as_usual() {
        for which in ReadyMade::ALL {
            let settled = which.settle(SegmentParameters::default()).unwrap();
            for parameter in which.takes() {
                let value = match parameter.name {
                    "top" => settled.top,
                    "share" => settled.share,
                    "days" => settled.days,
                    _ => settled.min_tenure_days,
                };
                assert_eq!(value, parameter.default, "{which} {}", parameter.name);
            }
        }
    }

    #[test]
    fn a_share_stands_instead_of_a_number() {
        let settled = ReadyMade::Newest.settle(given(None, Some(20), None)).unwrap();
        assert_eq!((settled.top, settled.share), (None, Some(20)));
        let both = ReadyMade::Newest.settle(given(Some(5), Some(20), None)).unwrap_err();
        assert_eq!(both[0].0, "share");
    }

    #[test]
    fn what_a_segment_does_not_take_is_told() {
        for (which, parameters, faults) in [
            (ReadyMade::Silent, given(Some(5), None, None), vec!["top"]),
            (ReadyMade::Pareto, given(Some(5), None, Some(3)), vec!["top", "days"]),
            (ReadyMade::Overdue, given(None, Some(5), None), vec!["share"]),
            (ReadyMade::Newest, given(None, None, Some(5)), vec!["days"]),
        ] {
            let told = which.settle(parameters).unwrap_err();
            assert_eq!(told.iter().map(|(name, _)| *name).collect::<Vec<_>>(), faults);
        }
    }
}
