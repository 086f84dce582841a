//! From lines to parts.

use super::part::{Line, Part};
use super::parts::{
    BriefAccountManager, BriefAnswer, BriefContact, BriefInterest, BriefItem, BriefNote, BriefProgram, BriefRescue,
    BriefSignal, BriefTalkingPoints, Colleague, ManagerPeriod, Named, NpsHistory, OtherAssignment, PastCall, Referrals,
    Support, Trend,
};
use crate::clock::Timestamp;
use crate::features::action_items::action_item::{ActionItemStatus, CustomerPromise};
use crate::features::customers::customer::Customer;

/// Asked again before so many days: too recently.
const ASK_AGAIN_AFTER_DAYS: i64 = 90;

/// All lines of a brief, to be taken part by part.
pub struct Lines<'l>(pub &'l [Line]);

impl Lines<'_> {
    fn of<T>(&self, part: Part, read: impl Fn(&Line) -> T) -> Vec<T> {
        self.0.iter().filter(|line| line.part == part).map(read).collect()
    }

    fn first<T>(&self, part: Part, read: impl Fn(&Line) -> T) -> Option<T> {
        self.0.iter().find(|line| line.part == part).map(read)
    }

    /// The organization's name and zone.
    pub fn organization(&self) -> (String, String) {
        self.first(Part::Organization, |line| (text(&line.name), text(&line.word)))
            .unwrap_or_default()
    }

    pub fn executive(&self) -> Option<Colleague> {
        self.first(Part::Executive, colleague)
    }

    pub fn program(&self) -> Option<BriefProgram> {
        self.first(Part::Program, |line| BriefProgram {
            id: line.id,
            name: text(&line.name),
            purpose: line.text.clone(),
        })
    }

    /// The talking points, before they are filled in.
    pub fn talking_points(&self) -> Option<BriefTalkingPoints> {
        self.first(Part::TalkingPoints, |line| BriefTalkingPoints {
            id: line.who.unwrap_or_default(),
            name: text(&line.name),
            version: line.number.unwrap_or_default(),
            text: text(&line.text),
        })
    }

    pub fn contacts(&self) -> Vec<BriefContact> {
        self.of(Part::Contact, |line| BriefContact {
            id: line.id,
            name: text(&line.name),
            first_name: line.kind.clone(),
            title: line.word.clone(),
            email: line.text.clone(),
            phone: line.more.clone(),
            mobile: line.other.clone(),
            is_primary: line.flag.unwrap_or(false),
        })
    }

    pub fn account_manager(&self, customer: &Customer) -> BriefAccountManager {
        let current = self.first(Part::AccountManager, colleague);
        let history = self.of(Part::ManagerPeriod, |line| ManagerPeriod {
            user_id: line.who.map(Into::into),
            name: line.who_name.clone(),
            started_on: line.day,
            ended_on: line.last_day,
        });
        let running = history.iter().find(|period| {
            let theirs = current
                .as_ref()
                .is_some_and(|current| period.user_id == Some(current.id));
            theirs && period.ended_on.is_none()
        });
        BriefAccountManager {
            since: running.and_then(|period| period.started_on),
            current,
            count: customer.account_manager_count,
            history,
        }
    }

    pub fn support(&self) -> Support {
        Support {
            open: self
                .first(Part::SupportCase, |line| line.number.unwrap_or_default())
                .unwrap_or_default(),
            cases: self.of(Part::SupportCase, signal),
        }
    }

    pub fn signals(&self, part: Part) -> Vec<BriefSignal> {
        self.of(part, signal)
    }

    pub fn referrals(&self, customer: &Customer) -> Referrals {
        Referrals {
            referred_by: self.first(Part::ReferredBy, named),
            count: customer.referral_count,
            referred: self.of(Part::Referred, named),
        }
    }

    pub fn past_calls(&self) -> Vec<PastCall> {
        self.of(Part::Call, |line| PastCall {
            id: line.id,
            occurred_at: line.at,
            disposition: Line::read(&line.word),
            user_name: line.who_name.clone(),
            spoke_with: line.name.clone(),
            duration_seconds: line.number,
            summary: line.text.clone(),
            callback_promised_at: line.until,
        })
    }

    pub fn notes(&self) -> Vec<BriefNote> {
        self.of(Part::Note, |line| BriefNote {
            id: line.id,
            kind: Line::read(&line.kind),
            occurred_at: line.at,
            body: text(&line.text),
            themes: Line::json(&line.more).unwrap_or_default(),
            employee_name: line.name.clone(),
            author_name: line.who_name.clone(),
        })
    }

    pub fn nps(&self, now: Timestamp) -> NpsHistory {
        let answers = self.of(Part::NpsResponse, |line| BriefAnswer {
            id: line.id,
            responded_at: line.at,
            score: line.number,
            category: Line::read(&line.word),
            would_recommend: line.flag,
            source: Line::read(&line.kind),
            contact_name: line.name.clone(),
            comment: line.text.clone(),
            follow_up_answer: line.more.clone(),
        });
        let last_asked_at = answers.first().and_then(|answer| answer.responded_at);
        let days_since_asked = last_asked_at.map(|at| days(at, now));
        let scores: Vec<i64> = answers.iter().filter_map(|answer| answer.score).take(2).collect();
        NpsHistory {
            trend: trend(&scores),
            last_asked_at,
            days_since_asked,
            asked_too_recently: days_since_asked.is_some_and(|days| days < ASK_AGAIN_AFTER_DAYS),
            answers,
        }
    }

    pub fn action_items(&self, now: Timestamp) -> Vec<BriefItem> {
        self.of(Part::ActionItem, |line| {
            let status: Option<ActionItemStatus> = Line::read(&line.word);
            let promise: Option<CustomerPromise> = Line::json(&line.more);
            let late = |by: Timestamp| line.until.map_or(now > by, |told| told > by);
            BriefItem {
                id: line.id,
                title: text(&line.name),
                detail: line.text.clone(),
                kind: Line::read(&line.kind),
                status,
                owner_name: line.who_name.clone(),
                department: line.other.clone(),
                due_at: line.at,
                overdue: status.is_some_and(ActionItemStatus::open) && line.at.is_some_and(|due| due < now),
                promise_broken: promise.as_ref().is_some_and(|promise| late(promise.by)),
                customer_promise: promise,
                customer_told_at: line.until,
            }
        })
    }

    pub fn other_assignments(&self, this: uuid::Uuid) -> Vec<OtherAssignment> {
        let all = self.of(Part::OtherAssignment, |line| OtherAssignment {
            id: line.id,
            program_name: line.name.clone(),
            assignee_id: line.who.map(Into::into),
            assignee_name: line.who_name.clone(),
            status: Line::read(&line.word),
            scheduled_for: line.at,
            due_on: line.day,
            reason: line.text.clone(),
        });
        all.into_iter().filter(|other| other.id != this).collect()
    }

    pub fn rescue_cases(&self) -> Vec<BriefRescue> {
        self.of(Part::RescueCase, |line| BriefRescue {
            id: line.id,
            reason: text(&line.text),
            severity: Line::read(&line.kind),
            status: Line::read(&line.word),
            competitor: line.name.clone(),
            owner_name: line.who_name.clone(),
            opened_at: line.at,
        })
    }

    pub fn service_interests(&self) -> Vec<BriefInterest> {
        self.of(Part::ServiceInterest, |line| BriefInterest {
            id: line.id,
            service: text(&line.name),
            stage: Line::read(&line.word),
            owner_name: line.who_name.clone(),
            raised_at: line.at,
            note: line.text.clone(),
        })
    }
}

/// Whole days from an instant until now.
pub fn days(at: Timestamp, now: Timestamp) -> i64 {
    now.signed_duration_since(at.utc()).num_days().max(0)
}

fn text(column: &Option<String>) -> String {
    column.clone().unwrap_or_default()
}

fn named(line: &Line) -> Named {
    Named {
        id: line.id,
        name: text(&line.name),
    }
}

fn colleague(line: &Line) -> Colleague {
    Colleague {
        id: line.id.into(),
        name: text(&line.name),
        title: line.word.clone(),
        email: line.text.clone(),
        phone: line.more.clone(),
        time_zone: line.other.clone(),
    }
}

fn signal(line: &Line) -> BriefSignal {
    BriefSignal {
        id: line.id,
        kind: Line::read(&line.kind),
        occurred_at: line.at,
        title: line.name.clone(),
        detail: line.text.clone(),
        status: Line::read(&line.word),
        topic: Line::read(&line.word),
        amount: Line::json(&line.more),
        source_url: line.other.clone(),
        worth_congratulating: line.flag.unwrap_or(false),
        user_name: line.who_name.clone(),
    }
}

/// From the score before to the last one; the last one first.
fn trend(scores: &[i64]) -> Option<Trend> {
    match scores {
        [last, before, ..] => Some(match last.cmp(before) {
            std::cmp::Ordering::Greater => Trend::Up,
            std::cmp::Ordering::Equal => Trend::Steady,
            std::cmp::Ordering::Less => Trend::Down,
        }),
        [_] | [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_needs_two_answers() {
        for (scores, expected) in [
            (vec![], None),
            (vec![9], None),
            (vec![9, 7], Some(Trend::Up)),
            (vec![7, 7, 0], Some(Trend::Steady)),
            (vec![0, 10], Some(Trend::Down)),
        ] {
            assert_eq!(trend(&scores), expected, "{scores:?}");
        }
    }
}
