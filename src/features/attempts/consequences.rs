//! What follows by itself from how a call ended.

use crate::clock::Timestamp;
use crate::features::assignments::assignment::Outcome;
use crate::features::assignments::calling_hours::CallingHours;
use crate::features::customers::customer::{DISCONNECTED, WRONG_NUMBER};
use crate::features::programs::retry_policy::{Disposition, NextStep, RetryPolicy, Tried};

/// What of the record turned out to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongRecord {
    /// Somebody else's number.
    WrongNumber,
    /// Nobody's number.
    Disconnected,
    /// The contact works elsewhere now.
    ContactLeft,
}

impl WrongRecord {
    /// What a call that ended so has shown to be wrong.
    pub const fn of(disposition: Disposition) -> Option<Self> {
        match disposition {
            Disposition::WrongNumber => Some(Self::WrongNumber),
            Disposition::Disconnected => Some(Self::Disconnected),
            Disposition::ContactLeftCompany => Some(Self::ContactLeft),
            Disposition::Connected
            | Disposition::LeftVoicemail
            | Disposition::LeftLiveMessage
            | Disposition::NoAnswer
            | Disposition::Busy
            | Disposition::Gatekeeper
            | Disposition::CallbackRequested
            | Disposition::Declined
            | Disposition::DoNotCall => None,
        }
    }

    /// The flag on the contact, or on the customer where no contact was named.
    pub const fn flag(self) -> &'static str {
        match self {
            Self::WrongNumber => WRONG_NUMBER,
            Self::Disconnected => DISCONNECTED,
            Self::ContactLeft => "contact_left_company",
        }
    }

    /// What a data steward is asked to do about this person or company.
    pub fn task(self, contact: Option<&str>, customer: &str) -> String {
        let whom: String = contact.unwrap_or(customer).chars().take(200).collect();
        match self {
            Self::ContactLeft if contact.is_none() => {
                format!("Whom we called at {whom} has left: find out who follows")
            }
            Self::WrongNumber => format!("Find the right telephone number of {whom}"),
            Self::Disconnected => format!("Find a telephone number of {whom} that works"),
            Self::ContactLeft => format!("{whom} has left: find out who follows"),
        }
    }
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consequences {
    /// For the assignment.
    pub outcome: Outcome,
    /// There was a conversation: the clock of contacts starts anew.
    pub reached: bool,
    /// Becomes work for a data steward.
    pub wrong_record: Option<WrongRecord>,
    /// The customer is never to be called again.
    pub do_not_contact: bool,
}

/// What follows from a call, by the program's policy and within the customer's hours.
pub fn of(call: Tried, policy: &RetryPolicy, hours: &CallingHours) -> Consequences {
    let nothing_but = |outcome| Consequences {
        outcome,
        reached: false,
        wrong_record: None,
        do_not_contact: false,
    };
    let wrong = |record| Consequences {
        wrong_record: Some(record),
        ..nothing_but(if policy.used_up(call.attempts) {
            Outcome::GiveUp
        } else {
            Outcome::WaitForData
        })
    };
    match call.disposition {
        Disposition::Connected => Consequences {
            reached: true,
            ..nothing_but(Outcome::Conversation)
        },
        Disposition::LeftVoicemail
        | Disposition::LeftLiveMessage
        | Disposition::NoAnswer
        | Disposition::Busy
        | Disposition::Gatekeeper
        | Disposition::CallbackRequested => nothing_but(again(call, policy, hours)),
        Disposition::WrongNumber => wrong(WrongRecord::WrongNumber),
        Disposition::Disconnected => wrong(WrongRecord::Disconnected),
        Disposition::ContactLeftCompany => wrong(WrongRecord::ContactLeft),
        Disposition::Declined => nothing_but(Outcome::Declined),
        Disposition::DoNotCall => Consequences {
            do_not_contact: true,
            ..nothing_but(Outcome::DoNotCall)
        },
    }
}

fn again(call: Tried, policy: &RetryPolicy, hours: &CallingHours) -> Outcome {
    match policy.next_try(call, &hours.window, hours.zone) {
        NextStep::CallAgain(at) => Outcome::CallAgain {
            at: Timestamp::new(at),
            promised: call.promised == Some(at),
        },
        NextStep::GiveUp | NextStep::Nothing => Outcome::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::features::customers::calling_window::CallingWindow;

    fn time(text: &str) -> Timestamp {
        Timestamp::new(text.parse().unwrap())
    }

    /// A call on a Monday at eleven in Berlin.
    fn after(disposition: Disposition, attempts: u32, promised: Option<&str>) -> Consequences {
        let hours = CallingHours {
            window: CallingWindow::default(),
            zone: Tz::Europe__Berlin,
        };
        let occurred_at = time("2026-11-16T10:00:00Z").utc();
        let call = Tried {
            disposition,
            attempts,
            alike: attempts,
            occurred_at,
            promised: promised.map(|at| time(at).utc()),
            now: occurred_at,
        };
        of(call, &RetryPolicy::default(), &hours)
    }

    fn again(at: &str, promised: bool) -> Outcome {
        Outcome::CallAgain { at: time(at), promised }
    }

    #[test]
    fn every_disposition_has_its_consequence() {
        for (disposition, outcome) in [
            (Disposition::Connected, Outcome::Conversation),
            (Disposition::LeftVoicemail, again("2026-11-18T10:00:00Z", false)),
            (Disposition::LeftLiveMessage, again("2026-11-18T10:00:00Z", false)),
            (Disposition::NoAnswer, again("2026-11-17T12:00:00Z", false)),
            (Disposition::Busy, again("2026-11-16T11:00:00Z", false)),
            (Disposition::Gatekeeper, again("2026-11-17T10:00:00Z", false)),
            (Disposition::CallbackRequested, again("2026-11-17T10:00:00Z", false)),
            (Disposition::WrongNumber, Outcome::WaitForData),
            (Disposition::Disconnected, Outcome::WaitForData),
            (Disposition::ContactLeftCompany, Outcome::WaitForData),
            (Disposition::Declined, Outcome::Declined),
            (Disposition::DoNotCall, Outcome::DoNotCall),
        ] {
            let follows = after(disposition, 1, None);
            assert_eq!(follows.outcome, outcome, "{disposition}");
            assert_eq!(follows.reached, disposition == Disposition::Connected, "{disposition}");
            assert_eq!(
                follows.do_not_contact,
                disposition == Disposition::DoNotCall,
                "{disposition}"
            );
            assert_eq!(
                follows.wrong_record.is_some(),
                outcome == Outcome::WaitForData,
                "{disposition}"
            );
        }
    }

    #[test]
    fn a_promise_is_the_next_call() {
        let promised = "2026-11-22T20:00:00Z";
        assert_eq!(
            after(Disposition::LeftVoicemail, 1, Some(promised)).outcome,
            again(promised, true)
        );
        assert_eq!(
            after(Disposition::Connected, 1, Some(promised)).outcome,
            Outcome::Conversation
        );
    }

    #[test]
    fn the_last_attempt_gives_up_but_not_before_a_promise_is_kept() {
        assert_eq!(after(Disposition::NoAnswer, 6, None).outcome, Outcome::GiveUp);
        assert_eq!(after(Disposition::WrongNumber, 6, None).outcome, Outcome::GiveUp);
        let promised = "2026-11-18T10:00:00Z";
        assert_eq!(
            after(Disposition::CallbackRequested, 6, Some(promised)).outcome,
            again(promised, true)
        );
    }
}
