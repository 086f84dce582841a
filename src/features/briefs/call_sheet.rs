//! The call sheet: a day's calls on paper, a page each, with space to write.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use chrono_tz::Tz;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::brief::Brief;
use super::parts::{BriefContact, BriefItem, BriefNote, BriefSignal, PastCall};
use super::personal::{Said, amount};
use crate::features::customers::signal::SignalStatus;
use crate::features::talking_points::render::words;
use crate::wording;

/// Calls of one sheet at most.
pub const MOST: usize = 50;
/// Lines of a part; a page is a page.
const LINES: usize = 3;
/// Characters of a line.
const LONGEST: usize = 160;

const STYLE: &str = include_str!("call_sheet.css");

/// Nothing may run or be loaded from this page; its own style alone is applied.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
    )
});

static PAGE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut page = Environment::empty();
    page.set_auto_escape_callback(|_| AutoEscape::Html);
    page
});

/// A day's calls, as they are told on paper.
#[derive(Debug, Serialize)]
pub struct Sheet {
    pub date: String,
    pub total: usize,
    pub calls: Vec<Call>,
    /// What is not on it; empty when all is.
    pub left_out: String,
}

/// A call: a sheet of paper.
#[derive(Debug, Serialize)]
pub struct Call {
    pub customer: String,
    pub program: String,
    pub when: String,
    pub clock: String,
    pub parts: Vec<Part>,
    pub talking_points: String,
    pub missing: String,
}

/// A heading and a few lines below it.
#[derive(Debug, Serialize)]
pub struct Part {
    pub title: &'static str,
    pub lines: Vec<String>,
}

/// What is told of a day's calls, in the zone of whoever places them. `left_out` is how many more there are.
#[must_use]
pub fn sheet(date: NaiveDate, zone: Tz, briefs: &[Brief], left_out: usize) -> Sheet {
    Sheet {
        date: date.format("%A, %-d %B %Y").to_string(),
        total: briefs.len(),
        calls: briefs.iter().map(|brief| call(brief, zone)).collect(),
        left_out: match left_out {
            0 => String::new(),
            more => format!("{more} more calls of this day are not on this sheet: {MOST} are, the most pressing ones."),
        },
    }
}

/// A day's calls as a page of HTML.
///
/// # Errors
/// When the page cannot be written, which is our own fault.
pub fn html(sheet: &Sheet) -> Result<String, Error> {
    let sheet = minijinja::context! { style => Value::from_safe_string(STYLE.to_owned()), ..Value::from(Serde(sheet)) };
    PAGE.template_from_str(include_str!("call_sheet.html"))?.render(sheet)
}

fn call(brief: &Brief, zone: Tz) -> Call {
    let (mine, theirs) = (
        Said { zone },
        Said {
            zone: brief.clock.time_zone.parse().unwrap_or(zone),
        },
    );
    let at = brief.assignment.scheduled_for;
    let when = match (at, brief.assignment.due_on) {
        (Some(_), _) if mine.time(at) == theirs.time(at) => mine.time(at),
        (Some(_), _) => format!("{} for you, {} for them", mine.time(at), theirs.time(at)),
        (None, Some(due)) => format!("At any time, by {}", due.format("%-d %B %Y")),
        (None, None) => String::new(),
    };
    let window = &brief.clock.calling_window;
    let days: Vec<String> = window.weekdays.iter().map(|day| format!("{day:?}")).collect();
    let missing: Vec<&str> = brief.missing.iter().map(|missing| missing.says.as_str()).collect();
    let points = brief.talking_points.as_ref();
    Call {
        customer: brief.customer.fields.name.clone(),
        program: brief
            .program
            .as_ref()
            .map(|program| program.name.clone())
            .unwrap_or_default(),
        when,
        clock: format!(
            "They are called {}, {} to {} ({})",
            days.join(" "),
            window.opens,
            window.closes,
            brief.clock.time_zone
        ),
        parts: parts(brief, &theirs),
        talking_points: points.map(|points| points.text.clone()).unwrap_or_default(),
        missing: missing.join(" "),
    }
}

/// The brief in short. A part with nothing in it is left out.
fn parts(brief: &Brief, said: &Said) -> Vec<Part> {
    let support = brief.support.cases.iter();
    let open = support.filter(|case| case.status == Some(SignalStatus::Open));
    let all = [
        ("Customer", customer(brief, said)),
        ("Contacts", some(brief.contacts.iter(), contact)),
        ("Open issues", some(open, |case| signal(case, said))),
        ("Promised", some(brief.promises.iter(), |item| promise(item, said))),
        ("To be done", some(brief.action_items.iter(), |item| item.title.clone())),
        ("News", some(brief.news.iter(), |news| signal(news, said))),
        (
            "Past calls",
            some(brief.past_calls.iter(), |call| past_call(call, said)),
        ),
        ("Noted", some(brief.notes.iter(), |note| noted(note, said))),
        ("Would they recommend us?", nps(brief, said)),
    ];
    let parts = all.into_iter().map(|(title, lines)| Part {
        title,
        lines: lines.into_iter().map(|line| wording::cut(&line, LONGEST)).collect(),
    });
    parts.filter(|part| !part.lines.is_empty()).collect()
}

fn some<'b, T: 'b>(all: impl Iterator<Item = &'b T>, line: impl Fn(&T) -> String) -> Vec<String> {
    all.take(LINES).map(line).collect()
}

/// What is known of several things, in one line.
fn joined(parts: &[Option<String>]) -> String {
    let parts = parts.iter().flatten().filter(|part| !part.is_empty());
    parts.cloned().collect::<Vec<_>>().join(" · ")
}

fn customer(brief: &Brief, said: &Said) -> Vec<String> {
    let fields = &brief.customer.fields;
    let tenure = brief.tenure.as_ref();
    let manager = &brief.account_manager;
    let lines = [
        joined(&[
            tenure.map(|tenure| format!("{} with us", tenure.words)),
            tenure.and_then(|tenure| tenure.anniversary.clone()),
            fields
                .annual_billing
                .as_ref()
                .map(|money| format!("{} a year", amount(money))),
        ]),
        words(&fields.services.0),
        joined(&[
            fields.industry.clone(),
            fields.city.clone(),
            fields.country.clone(),
            fields.phone.clone(),
        ]),
        joined(&[
            manager
                .current
                .as_ref()
                .map(|now| format!("Account manager: {}", now.name)),
            (manager.count > 1).then(|| format!("{} so far", manager.count)),
        ]),
        joined(&[
            brief
                .customer
                .last_contacted_at
                .map(|at| format!("Last spoken with on {}", said.day(Some(at)))),
            brief
                .referrals
                .referred_by
                .as_ref()
                .map(|by| format!("referred by {}", by.name)),
            (brief.referrals.count > 0).then(|| format!("has referred {}", brief.referrals.count)),
        ]),
    ];
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

fn contact(contact: &BriefContact) -> String {
    joined(&[
        Some(contact.name.clone()),
        contact.title.clone(),
        contact.phone.clone(),
        contact.mobile.clone(),
        contact.email.clone(),
    ])
}

fn signal(signal: &BriefSignal, said: &Said) -> String {
    joined(&[
        signal.title.clone().or_else(|| signal.detail.clone()),
        Some(said.day(signal.occurred_at)),
        signal.worth_congratulating.then(|| "congratulate them".to_owned()),
    ])
}

fn promise(item: &BriefItem, said: &Said) -> String {
    let promise = item.customer_promise.as_ref();
    joined(&[
        promise.map(|promise| promise.what.clone()),
        promise.map(|promise| format!("by {}", said.time(Some(promise.by)))),
        item.promise_broken.then(|| "late".to_owned()),
    ])
}

fn past_call(call: &PastCall, said: &Said) -> String {
    joined(&[
        Some(said.day(call.occurred_at)),
        call.disposition.map(|how| how.as_str().replace('_', " ")),
        call.user_name.clone(),
        call.summary.clone(),
    ])
}

fn noted(note: &BriefNote, said: &Said) -> String {
    joined(&[
        Some(said.day(note.occurred_at)),
        note.kind.map(|kind| kind.as_str().replace('_', " ")),
        Some(note.body.clone()),
    ])
}

fn nps(brief: &Brief, said: &Said) -> Vec<String> {
    let mut lines: Vec<String> = brief
        .nps
        .answers
        .iter()
        .take(LINES)
        .map(|answer| {
            joined(&[
                Some(said.day(answer.responded_at)),
                Some(
                    answer
                        .score
                        .map_or_else(|| "skipped".to_owned(), |score| score.to_string()),
                ),
                answer.category.map(|category| category.to_string()),
                answer.comment.clone(),
            ])
        })
        .collect();
    if brief.nps.asked_too_recently {
        lines.insert(0, "Asked lately: leave the question out.".to_owned());
    }
    lines
}
