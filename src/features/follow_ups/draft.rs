//! Composes a follow-up: what is said after which call, and what is not.
//!
//! What a customer reads of a call is what was typed as a summary of it, and what they were promised. Praise, criticism, insights and
//! whatever else was noted stay with us: they were written for colleagues.

use std::sync::LazyLock;

use chrono_tz::Tz;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use super::follow_up::{Composed, FollowUpInput, FollowUpKind, FollowUpLack, FollowUpSlot};
use super::slots::words;
use crate::clock::Timestamp;
use crate::features::action_items::action_item::ActionItem;
use crate::features::attempts::attempt::{Attempt, Disposition};
use crate::features::briefs::tenure::Tenure;
use crate::features::customers::contact::Contact;
use crate::features::customers::customer::Customer;
use crate::features::notes::note::{Note, NoteType};
use crate::features::people::user::User;
use crate::features::talking_points::render::{SYNTAX, tidy};
use crate::id::UserId;
use crate::refusal::Refusal;
use crate::{local_time, wording};

/// Points and steps of a text at most.
const MOST: usize = 20;
/// Characters of one of them.
const LONGEST: usize = 500;

/// Everything that a draft is made of.
pub struct Sources {
    pub attempt: Attempt,
    pub customer: Customer,
    /// Of the customer.
    pub contacts: Vec<Contact>,
    pub executive: User,
    pub organization: String,
    pub notes: Vec<Note>,
    pub action_items: Vec<ActionItem>,
    /// Names of whoever was promised to get in touch.
    pub names: Vec<(UserId, String)>,
    /// The customer's zone.
    pub zone: Tz,
    pub slots: Vec<FollowUpSlot>,
}

#[derive(Debug, Serialize)]
struct Step {
    what: String,
    who: String,
    by: String,
}

/// What the texts are filled in with. What is not known is empty.
#[derive(Debug, Serialize)]
struct Said {
    greeting: String,
    when: String,
    #[serde(rename = "where")]
    place: String,
    spoke_with: String,
    message: String,
    tenure: String,
    anniversary: String,
    callback: String,
    callback_day: String,
    slots: Vec<String>,
    points: Vec<String>,
    steps: Vec<Step>,
    signature: Vec<String>,
}

static TEXTS: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut texts = Environment::empty();
    texts.set_syntax(SYNTAX.clone());
    texts.set_undefined_behavior(UndefinedBehavior::Strict);
    texts.set_auto_escape_callback(|_| AutoEscape::None);
    texts
});

const fn template(kind: FollowUpKind) -> &'static str {
    match kind {
        FollowUpKind::Voicemail => include_str!("templates/voicemail.txt"),
        FollowUpKind::Missed => include_str!("templates/missed.txt"),
        FollowUpKind::Callback => include_str!("templates/callback.txt"),
        FollowUpKind::Conversation => include_str!("templates/conversation.txt"),
    }
}

/// A draft for this call.
///
/// # Errors
/// When nothing is written after such a call.
pub fn compose(sources: &Sources, now: Timestamp) -> Result<Composed, Refusal> {
    let kind = FollowUpKind::after(sources.attempt.disposition)?;
    let recipient = recipient(sources);
    let offers = kind != FollowUpKind::Conversation;
    let slots = if offers { sources.slots.clone() } else { Vec::new() };
    let said = said(sources, kind, recipient, &slots, now);
    let missing = missing(sources, kind, &said);
    let rendered = TEXTS
        .template_from_str(template(kind))
        .and_then(|template| template.render(Value::from(Serde(said))))
        .map_err(|error| Refusal::state(format!("The draft cannot be written: {error}.")))?;
    let (subject, text) = rendered
        .trim_start()
        .split_once('\n')
        .unwrap_or(("Our call", &rendered));
    Ok(Composed {
        kind,
        fields: FollowUpInput {
            to_name: recipient.map(|contact| contact.fields.name.clone()),
            to_email: recipient.and_then(|contact| contact.fields.email.clone()),
            subject: subject.trim().to_owned(),
            text: tidy(text.trim_start()),
        },
        contact_id: recipient.map(|contact| contact.id.into()),
        slots,
        missing,
    })
}

/// Whom it goes to: the contact who was called; where none was named, the one to call first, or the only one.
fn recipient(sources: &Sources) -> Option<&Contact> {
    let mut there = sources.contacts.iter().filter(|contact| contact.fields.active);
    match sources.attempt.contact_id {
        Some(called) => there.find(|contact| called == uuid::Uuid::from(contact.id)),
        None => {
            let there: Vec<&Contact> = there.collect();
            let first = there.iter().find(|contact| contact.fields.is_primary);
            match there.as_slice() {
                [only] => Some(*only),
                _ => first.copied(),
            }
        }
    }
}

fn said(
    sources: &Sources,
    kind: FollowUpKind,
    recipient: Option<&Contact>,
    slots: &[FollowUpSlot],
    now: Timestamp,
) -> Said {
    let Sources {
        attempt,
        customer,
        zone,
        ..
    } = sources;
    let today = local_time::wall_clock(now.utc(), *zone).date();
    let since = customer.fields.customer_since;
    // Whoever became a customer a few days ago is not thanked for them.
    let tenure = since
        .and_then(|since| Tenure::between(since, today))
        .filter(|tenure| tenure.days >= 30);
    let promised = attempt.callback_promised_at.filter(|at| *at > now);
    let summary = attempt.summary.as_deref().unwrap_or_default();
    let spoke_with = attempt.spoke_with.as_deref().map(one_line).unwrap_or_default();
    Said {
        greeting: match recipient {
            Some(contact) => format!("Dear {}", one_line(&contact.fields.name)),
            None if kind == FollowUpKind::Conversation && !spoke_with.is_empty() => format!("Dear {spoke_with}"),
            None => format!("Dear all at {}", one_line(&customer.fields.name)),
        },
        when: when(attempt.occurred_at, now, *zone),
        place: match attempt.disposition {
            Disposition::LeftLiveMessage if spoke_with.is_empty() => "with one of your colleagues".into(),
            Disposition::LeftLiveMessage => format!("with {spoke_with}"),
            _ => "on your voicemail".into(),
        },
        spoke_with,
        message: wording::cut(summary.trim(), 2_000),
        anniversary: tenure
            .as_ref()
            .and_then(|tenure| tenure.anniversary.as_deref())
            .map(anniversary)
            .unwrap_or_default(),
        tenure: tenure.map(|tenure| tenure.words).unwrap_or_default(),
        callback: promised.map(|at| words(at.utc(), now.utc(), *zone)).unwrap_or_default(),
        callback_day: promised
            .map(|at| local_time::day_from(local_time::wall_clock(at.utc(), *zone).date(), today))
            .unwrap_or_default(),
        slots: slots.iter().map(|slot| slot.words.clone()).collect(),
        points: points(sources),
        steps: steps(sources, now),
        signature: signature(sources),
    }
}

/// `it is 10 years today`, `it will be 10 years in 12 days`.
fn anniversary(words: &str) -> String {
    let is = if words.ends_with("today") {
        "it is"
    } else {
        "it will be"
    };
    format!("{is} {words}")
}

/// `today`, `yesterday`, `on Tuesday, 3 March`, on the customer's calendar.
fn when(at: Timestamp, now: Timestamp, zone: Tz) -> String {
    let day = |at: Timestamp| local_time::wall_clock(at.utc(), zone).date();
    match (day(now) - day(at)).num_days() {
        0 => "today".into(),
        1 => "yesterday".into(),
        _ => format!("on {}", local_time::day_from(day(at), day(now))),
    }
}

/// What was spoken about: what was typed as a summary, a point a line.
fn points(sources: &Sources) -> Vec<String> {
    let summaries = sources
        .notes
        .iter()
        .filter(|note| note.fields.kind == NoteType::Summary);
    let mut texts: Vec<&str> = summaries.map(|note| note.fields.body.as_str()).collect();
    if texts.is_empty() {
        texts.extend(sources.attempt.summary.as_deref());
    }
    let lines = texts.into_iter().flat_map(str::lines);
    let points = lines.map(|line| one_line(line.trim_start_matches(['-', '*', '•', ' ', '\t'])));
    points.filter(|point| !point.is_empty()).take(MOST).collect()
}

/// Who will do what by when: what the customer was promised, and has not been told yet.
fn steps(sources: &Sources, now: Timestamp) -> Vec<Step> {
    let promised = sources.action_items.iter().filter_map(|item| {
        let promise = item.fields.customer_promise.as_ref()?;
        let open = item.status.open() && item.customer_told_at.is_none();
        open.then(|| Step {
            what: one_line(&promise.what),
            who: who(sources, item, promise.contact_by),
            by: words(promise.by.utc(), now.utc(), sources.zone),
        })
    });
    promised.take(MOST).collect()
}

fn who(sources: &Sources, item: &ActionItem, contact_by: Option<UserId>) -> String {
    let person = contact_by.or(item.fields.owner_id);
    match person {
        Some(me) if me == sources.executive.id => "I".into(),
        Some(other) => sources
            .names
            .iter()
            .find(|(id, _)| *id == other)
            .map_or_else(|| sources.organization.clone(), |(_, name)| one_line(name)),
        None => item.fields.department.as_deref().map_or_else(
            || sources.organization.clone(),
            |department| format!("our {}", one_line(department)),
        ),
    }
}

/// How to reach the executive.
fn signature(sources: &Sources) -> Vec<String> {
    let fields = &sources.executive.fields;
    let title = fields.title.as_deref().map(one_line).filter(|title| !title.is_empty());
    let position = match title {
        Some(title) => format!("{title}, {}", one_line(&sources.organization)),
        None => one_line(&sources.organization),
    };
    let lines = [
        Some(one_line(&fields.name)),
        Some(position),
        fields.phone.as_deref().map(one_line),
        Some(one_line(&fields.email)),
    ];
    lines.into_iter().flatten().filter(|line| !line.is_empty()).collect()
}

/// What the draft could not say, and what it left out on purpose.
fn missing(sources: &Sources, kind: FollowUpKind, said: &Said) -> Vec<FollowUpLack> {
    let offers = kind != FollowUpKind::Conversation;
    let internal = sources
        .notes
        .iter()
        .filter(|note| note.fields.kind != NoteType::Summary)
        .count();
    let unpromised = sources
        .action_items
        .iter()
        .filter(|item| item.fields.customer_promise.is_none())
        .count();
    let lacks = [
        (
            "slots",
            offers && said.slots.is_empty(),
            "No time within three weeks suits both your block and the customer's hours.".to_owned(),
        ),
        (
            "summary",
            kind == FollowUpKind::Voicemail && said.message.is_empty(),
            "The call has no summary: the draft cannot repeat what the message said.".to_owned(),
        ),
        (
            "summary",
            kind == FollowUpKind::Conversation && said.points.is_empty(),
            "The call has no summary: the draft cannot say what was spoken about.".to_owned(),
        ),
        (
            "notes",
            kind == FollowUpKind::Conversation && internal > 0,
            format!(
                "{internal} of the call's notes are no summary, and for colleagues alone: they are not in the draft."
            ),
        ),
        (
            "action_items",
            kind == FollowUpKind::Conversation && unpromised > 0,
            format!("{unpromised} of the call's action items promise the customer nothing: they are not in the draft."),
        ),
        (
            "customer_since",
            sources.customer.fields.customer_since.is_none(),
            "It is not known since when they have been a customer: the draft does not thank them for it.".to_owned(),
        ),
        (
            "phone",
            sources.executive.fields.phone.is_none(),
            "Your telephone number is not on record: the draft gives your e-mail address alone.".to_owned(),
        ),
    ];
    let lacks = lacks.into_iter().filter(|(_, lacks, _)| *lacks);
    let lack = |(field, _, says): (&str, bool, String)| FollowUpLack {
        field: field.to_owned(),
        says,
    };
    lacks.map(lack).collect()
}

fn one_line(text: &str) -> String {
    wording::one_line(text, LONGEST)
}
