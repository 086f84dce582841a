//! The recommendation question and its figures, as API.md ("NPS figures") and PRODUCT.md
//! ("NPS response") fix them.
//!
//! - score = 100 × (promoters − detractors) ÷ answers; skipped answers are not answers; no answers:
//!   no figures, never 0
//! - the 95 % interval is the *adjusted Wald* interval: ¾ is added to the promoters and to the
//!   detractors and 1½ to the passives, so n becomes n + 3; with the adjusted shares p and d the
//!   variance of one answer is p + d − (p − d)². It is centred on the adjusted score, not on the
//!   score, and stays honest for a handful of answers.
//!
//! Scores are percentage points, −100 to 100.

use serde::{Deserialize, Serialize};

/// The two-sided 95 % quantile of the normal distribution.
const Z_95: f64 = 1.959_963_984_540_054;

/// Asked first, to be answered with yes or no.
pub const WOULD_RECOMMEND_QUESTION: &str = "Would you recommend us to a friend or colleague?";

/// The question whose answer is the score.
pub const SCORE_QUESTION: &str =
    "On a scale from 0 to 10, how likely are you to recommend us to a friend or colleague?";

/// An answer to the recommendation question: 0 to 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "u8")]
pub struct Score(u8);

/// The answer was not one of 0 to 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAScore;

impl std::fmt::Display for NotAScore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a score is a whole number from 0 to 10")
    }
}

impl std::error::Error for NotAScore {}

impl TryFrom<i64> for Score {
    type Error = NotAScore;

    fn try_from(value: i64) -> Result<Self, NotAScore> {
        match u8::try_from(value) {
            Ok(score @ 0..=10) => Ok(Self(score)),
            Ok(11..) | Err(_) => Err(NotAScore),
        }
    }
}

impl From<Score> for u8 {
    fn from(score: Score) -> Self {
        score.0
    }
}

crate::words! {
    /// How an answer counts.
    pub enum Category {
        /// 9 or 10.
        Promoter = "promoter",
        /// 7 or 8.
        Passive = "passive",
        /// 0 to 6.
        Detractor = "detractor",
    }
}

crate::words! {
    /// What is asked next. It branches elsewhere than the categories: an 8 is a passive, and is asked
    /// what a promoter is asked.
    pub enum FollowUpBranch {
        /// 8 to 10: what they said when they recommended us.
        WhatTheySaid = "what_they_said",
        /// 0 to 7: what it would take to answer 8 or higher.
        WhatItWouldTake = "what_it_would_take",
    }
}

impl Score {
    /// The category of this answer.
    #[must_use]
    pub fn category(self) -> Category {
        match self.0 {
            0..=6 => Category::Detractor,
            7 | 8 => Category::Passive,
            9.. => Category::Promoter,
        }
    }

    /// The branch of the follow-up question.
    #[must_use]
    pub fn follow_up(self) -> FollowUpBranch {
        match self.0 {
            0..=7 => FollowUpBranch::WhatItWouldTake,
            8.. => FollowUpBranch::WhatTheySaid,
        }
    }
}

impl FollowUpBranch {
    /// The question's wording.
    #[must_use]
    pub fn question(self) -> &'static str {
        match self {
            Self::WhatTheySaid => "When you recommended us, what did you say?",
            Self::WhatItWouldTake => "What would it take for you to answer 8 or higher?",
        }
    }
}

/// How many answers of each category there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub promoters: u64,
    pub passives: u64,
    pub detractors: u64,
}

impl Counts {
    /// One answer more.
    pub fn add(&mut self, category: Category) {
        match category {
            Category::Promoter => self.promoters += 1,
            Category::Passive => self.passives += 1,
            Category::Detractor => self.detractors += 1,
        }
    }

    /// All answers.
    #[must_use]
    pub fn answers(self) -> u64 {
        self.promoters
            .saturating_add(self.passives)
            .saturating_add(self.detractors)
    }

    /// The figures; `None` without an answer.
    #[must_use]
    pub fn figures(self) -> Option<Figures> {
        if self.answers() == 0 {
            return None;
        }
        let adjusted = Adjusted::from(self);
        let margin = 100.0 * Z_95 * adjusted.variance_of_mean.sqrt();
        let centre = 100.0 * adjusted.mean;
        Some(Figures {
            answers: self.answers(),
            score: 100.0 * (count(self.promoters) - count(self.detractors)) / count(self.answers()),
            adjusted_score: centre,
            margin,
            low: (centre - margin).max(-100.0),
            high: (centre + margin).min(100.0),
        })
    }
}

/// Net Promoter Score with its 95 % interval, in percentage points, not rounded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// How many answers there are; at least 1.
    pub answers: u64,
    /// The score of the answers as they are.
    pub score: f64,
    /// The centre of the interval.
    pub adjusted_score: f64,
    /// Half of the interval's width.
    pub margin: f64,
    /// The interval's lower end, not below −100.
    pub low: f64,
    /// The interval's upper end, not above 100.
    pub high: f64,
}

impl Figures {
    /// The same, each rounded to two decimals, as every view shows it.
    #[must_use]
    pub fn rounded(self) -> Self {
        Self {
            answers: self.answers,
            score: hundredths(self.score),
            adjusted_score: hundredths(self.adjusted_score),
            margin: hundredths(self.margin),
            low: hundredths(self.low),
            high: hundredths(self.high),
        }
    }
}

/// What moved between two periods, by the adjusted scores and variances of both.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Later score − earlier score, of the answers as they are, in percentage points.
    pub difference: f64,
    /// The same of the adjusted scores: what is tested.
    pub adjusted_difference: f64,
    /// Half of the 95 % interval around `adjusted_difference`.
    pub margin: f64,
    /// `adjusted_difference` in standard errors.
    pub z: f64,
    /// The chance of a difference at least this large, either way, if nothing had changed: 0 to 1.
    pub p_value: f64,
    /// Whether the difference is beyond chance at 95 %: |z| > 1.96.
    pub significant: bool,
}

/// Compares two periods. `None` if either has no answer.
#[must_use]
pub fn change(earlier: Counts, later: Counts) -> Option<Change> {
    let (before, after) = (earlier.figures()?, later.figures()?);
    let error = (Adjusted::from(earlier).variance_of_mean + Adjusted::from(later).variance_of_mean).sqrt();
    let adjusted_difference = after.adjusted_score - before.adjusted_score;
    let z = adjusted_difference / (100.0 * error);
    Some(Change {
        difference: after.score - before.score,
        adjusted_difference,
        margin: 100.0 * Z_95 * error,
        z,
        p_value: two_sided(z),
        significant: z.abs() > Z_95,
    })
}

/// The adjusted mean of one answer (−1, 0 or 1) and the variance of that mean. Never of variance 0:
/// every category has a share.
struct Adjusted {
    mean: f64,
    variance_of_mean: f64,
}

impl From<Counts> for Adjusted {
    fn from(counts: Counts) -> Self {
        let n = count(counts.answers()) + 3.0;
        let p = (count(counts.promoters) + 0.75) / n;
        let d = (count(counts.detractors) + 0.75) / n;
        let mean = p - d;
        Self {
            mean,
            variance_of_mean: (p + d - mean * mean) / n,
        }
    }
}

/// The normal distribution's two tails beyond ±z: erfc(|z| / √2), by the rational approximation of
/// Abramowitz and Stegun 7.1.26, whose error is below 2 × 10⁻⁷.
fn two_sided(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series =
        t * (0.254_829_592 + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    (series * (-x * x).exp()).clamp(0.0, 1.0)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 answers")]
fn count(answers: u64) -> f64 {
    answers as f64
}

fn hundredths(value: f64) -> f64 {
    // + 0.0 so that −0.0 is shown as 0.
    (value * 100.0).round() / 100.0 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts(promoters: u64, passives: u64, detractors: u64) -> Counts {
        Counts {
            promoters,
            passives,
            detractors,
        }
    }

    #[test]
    fn the_three_check_figures_of_the_conventions_come_out() {
        for (given, centre, margin) in [
            (counts(10, 5, 5), 21.74, 33.46),
            (counts(60, 25, 15), 43.69, 14.35),
            (counts(0, 0, 1), -25.0, 73.50),
        ] {
            let figures = given.figures().unwrap().rounded();
            assert_eq!((figures.adjusted_score, figures.margin), (centre, margin), "{given:?}");
        }
    }

    #[test]
    fn the_score_is_of_the_answers_as_they_are() {
        assert_eq!(counts(10, 5, 5).figures().unwrap().score, 25.0);
        assert_eq!(counts(60, 25, 15).figures().unwrap().score, 45.0);
        assert_eq!(counts(0, 0, 1).figures().unwrap().score, -100.0);
    }

    #[test]
    fn without_answers_there_are_no_figures() {
        assert_eq!(Counts::default().figures(), None);
        assert_eq!(change(Counts::default(), counts(1, 0, 0)), None);
        assert_eq!(change(counts(1, 0, 0), Counts::default()), None);
    }

    #[test]
    fn an_eight_is_a_passive_who_is_asked_what_a_promoter_is_asked() {
        let eight = Score::try_from(8).unwrap();
        assert_eq!(eight.category(), Category::Passive);
        assert_eq!(eight.follow_up(), FollowUpBranch::WhatTheySaid);
    }

    #[test]
    fn every_answer_has_its_category_and_its_question() {
        use Category::{Detractor, Passive, Promoter};
        let categories = [
            Detractor, Detractor, Detractor, Detractor, Detractor, Detractor, Detractor, Passive, Passive, Promoter,
            Promoter,
        ];
        for (answer, category) in (0_i64..).zip(categories) {
            let score = Score::try_from(answer).unwrap();
            assert_eq!(score.category(), category, "{answer}");
            assert_eq!(
                score.follow_up() == FollowUpBranch::WhatTheySaid,
                answer >= 8,
                "{answer}"
            );
        }
    }

    #[test]
    fn eleven_and_minus_one_are_no_scores() {
        for wrong in [-1, 11, 256, 266, i64::MAX] {
            assert_eq!(Score::try_from(wrong), Err(NotAScore));
        }
        assert!(serde_json::from_str::<Score>("11").is_err());
        assert_eq!(serde_json::to_string(&Score::try_from(7).unwrap()).unwrap(), "7");
    }

    #[test]
    fn many_answers_show_a_change_that_few_cannot() {
        let few = change(counts(4, 3, 3), counts(6, 2, 2)).unwrap();
        let many = change(counts(400, 300, 300), counts(600, 200, 200)).unwrap();
        assert_eq!((few.difference, few.significant), (30.0, false));
        assert!(many.significant && many.p_value < 0.001 && many.z > 8.0);
        let same = change(counts(4, 3, 3), counts(4, 3, 3)).unwrap();
        assert_eq!((same.z, same.significant), (0.0, false));
        assert!((same.p_value - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_p_value_is_five_percent_at_the_limit() {
        assert!((two_sided(Z_95) - 0.05).abs() < 1e-6);
        assert!((two_sided(-2.575_829_303_548_9) - 0.01).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn figures_stay_within_the_scale_and_mirror(
            promoters in 0_u64..10_000_000, passives in 0_u64..10_000_000, detractors in 0_u64..10_000_000,
        ) {
            let given = counts(promoters, passives, detractors);
            prop_assume!(given.answers() > 0);
            let figures = given.figures().unwrap();
            prop_assert!((-100.0..=100.0).contains(&figures.score));
            prop_assert!(-100.0 <= figures.low && figures.low <= figures.adjusted_score);
            prop_assert!(figures.adjusted_score <= figures.high && figures.high <= 100.0);
            let mirrored = counts(detractors, passives, promoters).figures().unwrap();
            prop_assert!((figures.score + mirrored.score).abs() < 1e-9);
            prop_assert!((figures.margin - mirrored.margin).abs() < 1e-9);
        }

        #[test]
        fn a_change_there_and_back_is_the_same_with_the_other_sign(
            a in 0_u64..1000, b in 0_u64..1000, c in 1_u64..1000, d in 0_u64..1000,
        ) {
            let (one, other) = (counts(a, b, c), counts(c, d, a));
            let (there, back) = (change(one, other).unwrap(), change(other, one).unwrap());
            prop_assert!((there.z + back.z).abs() < 1e-9);
            prop_assert_eq!(there.significant, back.significant);
            prop_assert_eq!(there.significant, there.adjusted_difference.abs() > there.margin);
        }
    }
}
