//! From a brief to the personal fields of its talking points.

use chrono_tz::Tz;

use super::brief::Brief;
use super::gathered::days;
use super::parts::{BriefSignal, NpsHistory};
use crate::clock::Timestamp;
use crate::features::attempts::attempt::Disposition;
use crate::features::customers::customer::Money;
use crate::features::customers::signal::SignalStatus;
use crate::features::imports::cells::money::decimals;
use crate::features::nps::figures::{Category, FollowUpBranch, SCORE_QUESTION, WOULD_RECOMMEND_QUESTION};
use crate::features::talking_points::fields::{
    Call, Contact, Customer, Executive, Fields, Issue, Item, LONGEST, MOST, News, Nps, Promise,
};
use crate::features::talking_points::render::words;
use crate::local_time;
use crate::wording::grouped_digits;

/// What one asks to listen.
const OPEN_QUESTIONS: [&str; 4] = [
    "How do you use what we do? What works well, what does not?",
    "Who of our people has helped you? What did they do?",
    "What changes in your business should we know about?",
    "If you could change one thing about us, what would it be?",
];

/// Nobody has spoken with them for so many days: worth a question.
const SILENT_DAYS: i64 = 90;

/// The fields of one call.
pub fn fields(brief: &Brief, organization: &str, zone: Tz, now: Timestamp) -> Fields {
    let said = Said { zone };
    let customer = &brief.customer.fields;
    let tenure = brief.tenure.as_ref();
    let executive = brief.executive.as_ref();
    let contact = brief.contacts.first();
    let issues = brief.support.cases.iter();
    Fields {
        organization: short(organization),
        program: brief
            .program
            .as_ref()
            .map(|program| short(&program.name))
            .unwrap_or_default(),
        executive: Executive {
            name: executive.map(|executive| short(&executive.name)).unwrap_or_default(),
            title: known(executive.and_then(|executive| executive.title.as_ref())),
        },
        customer: Customer {
            name: short(&customer.name),
            industry: known(customer.industry.as_ref()),
            city: known(customer.city.as_ref()),
            country: known(customer.country.as_ref()),
            billing: customer
                .annual_billing
                .as_ref()
                .map(|money| billing(money))
                .unwrap_or_default(),
            since: customer
                .customer_since
                .map(|on| on.format("%-d %B %Y").to_string())
                .unwrap_or_default(),
        },
        contact: Contact {
            name: contact.map(|contact| short(&contact.name)).unwrap_or_default(),
            first_name: known(contact.and_then(|contact| contact.first_name.as_ref())),
            title: known(contact.and_then(|contact| contact.title.as_ref())),
        },
        account_manager: brief
            .account_manager
            .current
            .as_ref()
            .map(|manager| short(&manager.name))
            .unwrap_or_default(),
        tenure: tenure.map(|tenure| tenure.words.clone()).unwrap_or_default(),
        anniversary: known(tenure.and_then(|tenure| tenure.anniversary.as_ref())),
        services: some(customer.services.0.iter(), |service| short(service)),
        good_news: some(brief.good_news.iter(), |news| said.news(news)),
        open_issues: some(issues.filter(|case| case.status == Some(SignalStatus::Open)), |case| {
            Issue {
                title: title(case),
                detail: known(case.detail.as_ref()),
                since: said.day(case.occurred_at),
            }
        }),
        promises: some(brief.promises.iter(), |item| Promise {
            what: item
                .customer_promise
                .as_ref()
                .map(|promise| short(&promise.what))
                .unwrap_or_default(),
            by: said.time(item.customer_promise.as_ref().map(|promise| promise.by)),
            overdue: item.promise_broken,
        }),
        action_items: some(brief.action_items.iter(), |item| Item {
            title: short(&item.title),
            owner: known(item.owner_name.as_ref().or(item.department.as_ref())),
            due: said.day(item.due_at),
        }),
        last_call: brief
            .past_calls
            .first()
            .map(|call| Call {
                when: said.day(call.occurred_at),
                by: known(call.user_name.as_ref()),
                with: known(call.spoke_with.as_ref()),
                outcome: call.disposition.map(outcome).unwrap_or_default(),
                summary: known(call.summary.as_ref()),
            })
            .unwrap_or_default(),
        last_nps: said.nps(&brief.nps),
        ask_recommendation: !brief.nps.asked_too_recently,
        recommendation_question: WOULD_RECOMMEND_QUESTION.into(),
        score_question: SCORE_QUESTION.into(),
        promoter_question: FollowUpBranch::WhatTheySaid.question().into(),
        detractor_question: FollowUpBranch::WhatItWouldTake.question().into(),
        open_questions: OPEN_QUESTIONS.map(str::to_owned).into(),
        probes: said.probes(brief, now),
    }
}

/// As many as talking points can take.
fn some<'b, T: 'b, U>(all: impl Iterator<Item = &'b T>, one: impl Fn(&T) -> U) -> Vec<U> {
    all.take(MOST).map(one).collect()
}

/// Not longer than talking points can take.
fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

fn known(text: Option<&String>) -> String {
    text.map(|text| short(text)).unwrap_or_default()
}

fn title(signal: &BriefSignal) -> String {
    let title = signal.title.as_ref().or(signal.detail.as_ref());
    title.map_or_else(|| "without a title".to_owned(), |title| short(title))
}

/// `left a voicemail` would be ours to phrase in every language; the word itself is everybody's.
fn outcome(disposition: Disposition) -> String {
    disposition.as_str().replace('_', " ")
}

/// `11,027.70 EUR a year`.
fn billing(money: &Money) -> String {
    format!("{} a year", amount(money))
}

/// `11,027.70 EUR`.
pub fn amount(money: &Money) -> String {
    let decimals = usize::try_from(decimals(&money.currency)).unwrap_or(2);
    let digits = format!("{:0>width$}", money.amount_minor.unsigned_abs(), width = decimals + 1);
    let (whole, cents) = digits.split_at(digits.len().saturating_sub(decimals));
    let grouped = grouped_digits(whole);
    let point = if cents.is_empty() { "" } else { "." };
    let sign = if money.amount_minor < 0 { "-" } else { "" };
    format!("{sign}{grouped}{point}{cents} {}", money.currency)
}

/// Says times on the customer's calendar.
pub struct Said {
    pub zone: Tz,
}

impl Said {
    /// `3 March 2026`.
    pub fn day(&self, at: Option<Timestamp>) -> String {
        self.format(at, "%-d %B %Y")
    }

    /// `Tuesday, 3 March 2026, 16:30`.
    pub fn time(&self, at: Option<Timestamp>) -> String {
        self.format(at, "%A, %-d %B %Y, %H:%M")
    }

    fn format(&self, at: Option<Timestamp>, how: &str) -> String {
        at.map(|at| local_time::wall_clock(at.utc(), self.zone).format(how).to_string())
            .unwrap_or_default()
    }

    fn news(&self, news: &BriefSignal) -> News {
        News {
            title: title(news),
            detail: known(news.detail.as_ref()),
            when: self.day(news.occurred_at),
            source: known(news.source_url.as_ref()),
        }
    }

    fn nps(&self, nps: &NpsHistory) -> Nps {
        let Some(last) = nps.answers.first() else {
            return Nps::default();
        };
        Nps {
            score: last.score.map(|score| score.to_string()).unwrap_or_default(),
            category: last.category.map(|category| category.to_string()).unwrap_or_default(),
            when: self.day(last.responded_at),
            comment: known(last.comment.as_ref().or(last.follow_up_answer.as_ref())),
        }
    }

    /// More questions, for which there may be time: those that fit what is known.
    fn probes(&self, brief: &Brief, now: Timestamp) -> Vec<String> {
        let mut probes = Vec::new();
        let scored = brief.nps.answers.iter().find(|answer| answer.category.is_some());
        if let Some(answer) = scored {
            let (when, score) = (self.day(answer.responded_at), answer.score.unwrap_or_default());
            match answer.category {
                Some(Category::Promoter) => probes.push(format!(
                    "On {when} you answered {score}. Whom have you told about us, and what did you say?"
                )),
                Some(Category::Passive | Category::Detractor) => probes.push(format!(
                    "On {when} you answered {score}. What has become better since, and what has not?"
                )),
                None => {}
            }
        }
        if let Some(days) = brief.days_since_contact.filter(|days| *days >= SILENT_DAYS) {
            probes.push(format!("We have not spoken for {days} days. What has changed since?"));
        }
        if let Some(bought) = brief.purchases.first() {
            let ago = bought.occurred_at.map_or(i64::MAX, |at| days(at, now));
            if ago < SILENT_DAYS {
                probes.push(format!("How is what you bought last, {}, working out?", title(bought)));
            }
        }
        if let Some(name) = brief.referrals.referred_by.as_ref().map(|by| short(&by.name)) {
            probes.push(format!("{name} told you about us. What did they say?"));
        }
        let competitors: Vec<String> = some(brief.rescue_cases.iter(), |case| known(case.competitor.as_ref()));
        let competitors: Vec<String> = competitors.into_iter().filter(|name| !name.is_empty()).collect();
        if !competitors.is_empty() {
            probes.push(format!("What do {} do better than we?", words(&competitors)));
        }
        if let [only] = brief.customer.fields.services.0.as_slice() {
            probes.push(format!(
                "You use {}. What else do you do by yourselves, or with others?",
                short(only)
            ));
        }
        probes.into_iter().map(|probe| short(&probe)).take(MOST).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_with_the_decimals_of_its_currency() {
        for (minor, currency, expected) in [
            (1_102_770, "EUR", "11,027.70 EUR"),
            (5, "USD", "0.05 USD"),
            (-123_456_789, "USD", "-1,234,567.89 USD"),
            (1_000, "JPY", "1,000 JPY"),
            (0, "JPY", "0 JPY"),
            (1_234_567, "KWD", "1,234.567 KWD"),
            (99_900, "CHF", "999.00 CHF"),
        ] {
            let money = Money {
                amount_minor: minor,
                currency: currency.into(),
            };
            assert_eq!(amount(&money), expected);
        }
    }
}
