//! When to call again, and when to stop, after a call that did not reach its conversation.
//!
//! As a client sees it, every field may be left out and then has its default:
//! ```json
//! {
//!   "max_attempts": 6,
//!   "left_voicemail":     {"after_days": 2},
//!   "left_live_message":  {"after_days": 2},
//!   "no_answer":          {"after_days": 1, "other_time_of_day": true},
//!   "busy":               {"after_minutes": 60},
//!   "gatekeeper":         {"after_days": 1},
//!   "callback_requested": {"after_days": 1}
//! }
//! ```
//! With `at_most` a rule says how often: after so many calls of an assignment that ended so, it is given up, though it has attempts left.
//! A rule has exactly one of `after_minutes` (1 to 43,200) and `after_days` (1 to 365). Days are
//! calendar days in the customer's zone: two days after a call at 10:00 is 10:00 two dates later,
//! whatever clocks do in between. The time so found is moved to the next opening of the customer's
//! calling window, unless it is within. Where a debrief arrives so late that this is past, it is the next opening from now on.
//!
//! **A promise wins.** A promised time that lies after the attempt is the next call to the second,
//! for every disposition that calls again: outside the calling window, and also after the last
//! attempt, for somebody waits for it. "After the attempt", not "after now": a debrief that was
//! written on a plane and arrives late keeps what it promised, and the call is due at once.

use chrono::{DateTime, Days, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use utoipa::ToSchema;

use crate::features::customers::calling_window::CallingWindow;
use crate::local_time;

crate::words! {
    /// How one call ended.
    pub enum Disposition {
        /// A conversation.
        Connected = "connected",
        /// Spoke to the machine.
        LeftVoicemail = "left_voicemail",
        /// Left a message with a person.
        LeftLiveMessage = "left_live_message",
        /// It rang.
        NoAnswer = "no_answer",
        /// The line was busy.
        Busy = "busy",
        /// Someone kept the caller from the contact.
        Gatekeeper = "gatekeeper",
        /// The contact asked for another time.
        CallbackRequested = "callback_requested",
        /// Somebody else's number.
        WrongNumber = "wrong_number",
        /// Nobody's number.
        Disconnected = "disconnected",
        /// The contact works elsewhere now.
        ContactLeftCompany = "contact_left_company",
        /// The contact does not want this conversation.
        Declined = "declined",
        /// The contact does not want to be called at all.
        DoNotCall = "do_not_call",
    }
}

/// What follows by itself from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "next", content = "at")]
pub enum NextStep {
    /// Schedule a call for this instant.
    CallAgain(DateTime<Utc>),
    /// The attempts are used up: the assignment is `unreachable`.
    GiveUp,
    /// Nothing by this policy: the disposition has consequences of its own.
    Nothing,
}

/// A call that was placed, as far as the policy asks.
#[derive(Clone, Copy, Debug)]
pub struct Tried {
    pub disposition: Disposition,
    /// The attempts of the assignment, with this one.
    pub attempts: u32,
    /// Those of them that ended as this one, with this one.
    pub alike: u32,
    pub occurred_at: DateTime<Utc>,
    /// The time that the customer was told, if any.
    pub promised: Option<DateTime<Utc>>,
    /// When it becomes known: later than it occurred where a debrief was written on a plane.
    pub now: DateTime<Utc>,
}

/// How long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// 1 to 43,200 minutes (30 days) on the clock that everyone shares.
    Minutes(u32),
    /// 1 to 365 calendar days in the customer's zone.
    Days(u32),
}

/// When to call again after one disposition. Always valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RuleBody", into = "RuleBody")]
pub struct Rule {
    wait: Wait,
    other_time_of_day: bool,
    at_most: Option<u32>,
}

/// A rule as it is written in JSON, before it is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = RetryRule)]
pub struct RuleBody {
    /// Minutes to wait, 1 to 43,200.
    #[schema(minimum = 1, maximum = 43_200)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_minutes: Option<u32>,
    /// Calendar days to wait, 1 to 365.
    #[schema(minimum = 1, maximum = 365)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_days: Option<u32>,
    /// Only with `after_days`: who was called in the first half of the window is called next from
    /// the middle of it, who was called in the second half when it opens.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub other_time_of_day: bool,
    /// After so many calls of an assignment that ended so it is given up, 1 to 50; `max_attempts` alone says when, where this is null.
    #[schema(minimum = 1, maximum = 50)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
}

/// Why a retry policy was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyFault {
    /// A rule has none, or both, of `after_minutes` and `after_days`.
    OneWait,
    /// A wait beyond its bounds.
    WaitOutOfBounds,
    /// `other_time_of_day` with `after_minutes`.
    OtherTimeNeedsDays,
    /// `max_attempts` or `at_most` is not 1 to 50.
    AttemptsOutOfBounds,
}

impl std::fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::OneWait => "a retry rule has exactly one of after_minutes and after_days",
            Self::WaitOutOfBounds => "after_minutes is 1 to 43200, after_days is 1 to 365",
            Self::OtherTimeNeedsDays => "other_time_of_day goes with after_days only",
            Self::AttemptsOutOfBounds => "max_attempts and at_most are 1 to 50",
        })
    }
}

impl std::error::Error for PolicyFault {}

impl Rule {
    /// A rule without another time of day.
    ///
    /// # Errors
    /// [`PolicyFault::WaitOutOfBounds`].
    pub fn new(wait: Wait) -> Result<Self, PolicyFault> {
        match wait {
            Wait::Minutes(1..=43_200) | Wait::Days(1..=365) => Ok(Self {
                wait,
                other_time_of_day: false,
                at_most: None,
            }),
            Wait::Minutes(_) | Wait::Days(_) => Err(PolicyFault::WaitOutOfBounds),
        }
    }

    /// How long to wait.
    #[must_use]
    pub fn wait(self) -> Wait {
        self.wait
    }

    /// Whether the next call is at another time of day.
    #[must_use]
    pub fn other_time_of_day(self) -> bool {
        self.other_time_of_day
    }

    /// Whether it says after how many calls that ended so it is over.
    #[must_use]
    pub fn has_an_end(self) -> bool {
        self.at_most.is_some()
    }

    /// Whether this many calls that ended so are all that an assignment gets.
    #[must_use]
    pub fn used_up(self, alike: u32) -> bool {
        self.at_most.is_some_and(|most| alike >= most)
    }

    fn next_call(self, occurred_at: DateTime<Utc>, window: &CallingWindow, zone: Tz) -> DateTime<Utc> {
        let local = local_time::wall_clock(occurred_at, zone);
        match self.wait {
            Wait::Minutes(minutes) => {
                let wait = TimeDelta::minutes(i64::from(minutes));
                window.next_opening(occurred_at.checked_add_signed(wait).unwrap_or(occurred_at), zone)
            }
            Wait::Days(days) => {
                let date = local
                    .date()
                    .checked_add_days(Days::new(days.into()))
                    .unwrap_or(local.date());
                let time = match (self.other_time_of_day, local.time() < window.middle()) {
                    (false, _) => local.time(),
                    (true, false) => window.opens(),
                    (true, true) => {
                        // The window of that date or, where it has none, of the next that does.
                        let opening =
                            window.next_opening(local_time::instant(date.and_time(window.opens()), zone), zone);
                        let there = local_time::wall_clock(opening, zone).date();
                        return window.next_opening(local_time::instant(there.and_time(window.middle()), zone), zone);
                    }
                };
                window.next_opening(local_time::instant(date.and_time(time), zone), zone)
            }
        }
    }
}

impl TryFrom<RuleBody> for Rule {
    type Error = PolicyFault;

    fn try_from(body: RuleBody) -> Result<Self, PolicyFault> {
        let wait = match (body.after_minutes, body.after_days) {
            (Some(_), None) if body.other_time_of_day => {
                return Err(PolicyFault::OtherTimeNeedsDays);
            }
            (Some(minutes), None) => Wait::Minutes(minutes),
            (None, Some(days)) => Wait::Days(days),
            (None, None) | (Some(_), Some(_)) => return Err(PolicyFault::OneWait),
        };
        if body.at_most.is_some_and(|most| MaxAttempts::try_from(most).is_err()) {
            return Err(PolicyFault::AttemptsOutOfBounds);
        }
        Self::new(wait).map(|rule| Self {
            other_time_of_day: body.other_time_of_day,
            at_most: body.at_most,
            ..rule
        })
    }
}

impl From<Rule> for RuleBody {
    fn from(rule: Rule) -> Self {
        let (other_time_of_day, at_most) = (rule.other_time_of_day, rule.at_most);
        match rule.wait {
            Wait::Minutes(minutes) => Self {
                after_minutes: Some(minutes),
                after_days: None,
                other_time_of_day,
                at_most,
            },
            Wait::Days(days) => Self {
                after_minutes: None,
                after_days: Some(days),
                other_time_of_day,
                at_most,
            },
        }
    }
}

/// How many calls an assignment gets at most: 1 to 50.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct MaxAttempts(u32);

impl TryFrom<u32> for MaxAttempts {
    type Error = PolicyFault;

    fn try_from(attempts: u32) -> Result<Self, PolicyFault> {
        match attempts {
            1..=50 => Ok(Self(attempts)),
            0 | 51.. => Err(PolicyFault::AttemptsOutOfBounds),
        }
    }
}

impl From<MaxAttempts> for u32 {
    fn from(attempts: MaxAttempts) -> Self {
        attempts.0
    }
}

/// The retry policy of a program: a rule for every disposition that calls again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// Calls after which the customer counts as unreachable; 6 by default.
    #[schema(value_type = u32, minimum = 1, maximum = 50)]
    pub max_attempts: MaxAttempts,
    /// 2 days by default.
    #[schema(value_type = RuleBody)]
    pub left_voicemail: Rule,
    /// 2 days by default.
    #[schema(value_type = RuleBody)]
    pub left_live_message: Rule,
    /// 1 day, at another time of day, by default.
    #[schema(value_type = RuleBody)]
    pub no_answer: Rule,
    /// 60 minutes by default.
    #[schema(value_type = RuleBody)]
    pub busy: Rule,
    /// 1 day by default.
    #[schema(value_type = RuleBody)]
    pub gatekeeper: Rule,
    /// 1 day by default; where no time was promised.
    #[schema(value_type = RuleBody)]
    pub callback_requested: Rule,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        let days = |days| Rule {
            wait: Wait::Days(days),
            other_time_of_day: false,
            at_most: None,
        };
        Self {
            max_attempts: MaxAttempts(6),
            left_voicemail: days(2),
            left_live_message: days(2),
            no_answer: Rule {
                wait: Wait::Days(1),
                other_time_of_day: true,
                at_most: None,
            },
            busy: Rule {
                wait: Wait::Minutes(60),
                other_time_of_day: false,
                at_most: None,
            },
            gatekeeper: days(1),
            callback_requested: days(1),
        }
    }
}

impl RetryPolicy {
    /// Whether this many attempts are all that an assignment gets.
    #[must_use]
    pub fn used_up(&self, attempts: u32) -> bool {
        attempts >= self.max_attempts.0
    }

    /// What follows from a call; `window` and `zone` are the customer's. What is answered lies after the call and, unless it
    /// was promised, not before now.
    #[must_use]
    pub fn next_try(&self, call: Tried, window: &CallingWindow, zone: Tz) -> NextStep {
        let Some(rule) = self.rule(call.disposition) else {
            return NextStep::Nothing;
        };
        match call.promised {
            Some(time) if time > call.occurred_at => NextStep::CallAgain(time),
            Some(_) | None if self.used_up(call.attempts) || rule.used_up(call.alike) => NextStep::GiveUp,
            Some(_) | None => {
                let next = rule.next_call(call.occurred_at, window, zone);
                let late = next < call.now;
                NextStep::CallAgain(if late {
                    window.next_opening(call.now, zone)
                } else {
                    next
                })
            }
        }
    }

    /// The rule of a disposition; `None` where no further call follows by itself.
    #[must_use]
    pub fn rule(&self, disposition: Disposition) -> Option<Rule> {
        match disposition {
            Disposition::LeftVoicemail => Some(self.left_voicemail),
            Disposition::LeftLiveMessage => Some(self.left_live_message),
            Disposition::NoAnswer => Some(self.no_answer),
            Disposition::Busy => Some(self.busy),
            Disposition::Gatekeeper => Some(self.gatekeeper),
            Disposition::CallbackRequested => Some(self.callback_requested),
            Disposition::Connected
            | Disposition::WrongNumber
            | Disposition::Disconnected
            | Disposition::ContactLeftCompany
            | Disposition::Declined
            | Disposition::DoNotCall => None,
        }
    }
}

#[cfg(test)]
mod tests;
