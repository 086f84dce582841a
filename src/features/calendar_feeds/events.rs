//! From assignments to the entries of a calendar.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use super::ics::{Event, When};
use crate::clock::Timestamp;
use crate::features::assignments::assignment::{Assignment, AssignmentStatus};
use crate::features::briefs::tenure::Tenure;
use crate::features::customers::contact::Contact;
use crate::features::customers::customer::Customer;
use crate::features::talking_points::render::words;
use crate::{local_time, wording};

/// How long a call takes in a calendar.
const LENGTH: TimeDelta = TimeDelta::minutes(30);
/// Minutes before a call or a block at which a calendar rings.
const ALARM: u32 = 10;
/// Characters of one line of a description.
const LONGEST: usize = 300;

/// An assignment with what its entry says.
pub struct Call {
    pub assignment: Assignment,
    /// The time that it had until its last change took it away.
    pub before: Option<Timestamp>,
    /// It is somebody else's by now.
    pub given_away: bool,
    pub customer: Customer,
    /// Of the customer, who still works there.
    pub contacts: Vec<Contact>,
    pub program: String,
    /// The highest revision of all that its entry tells, and when that was.
    pub sequence: i64,
    pub changed: Timestamp,
}

/// A day's block for calls.
pub struct Block {
    pub program_id: Uuid,
    pub program: String,
    pub day: NaiveDate,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// The highest revision of what it follows from, and when that was.
    pub sequence: i64,
    pub changed: Timestamp,
    pub created: Timestamp,
}

/// Whose calendar it is.
pub struct Owner<'o> {
    pub id: Uuid,
    pub zone: Tz,
    /// What the ids of entries end with.
    pub host: &'o str,
}

/// The entry of a call; nothing for one that has no time and no day.
pub fn call(call: &Call, owner: &Owner<'_>) -> Option<Event> {
    let assignment = &call.assignment;
    let timed = assignment.scheduled_for.or(call.before);
    let taken_away = assignment.scheduled_for.is_none() && call.before.is_some();
    let open = assignment.status.open();
    let snoozed = assignment.snoozed_until.filter(|_| open);
    let snoozed = snoozed.map(|until| local_time::wall_clock(until.utc(), owner.zone).date());
    let day = assignment.due_on.map(|due| snoozed.map_or(due, |back| back.max(due)));
    let (canceled, done) = match assignment.status {
        // Its time is gone, and a day may be left.
        AssignmentStatus::Queued | AssignmentStatus::Scheduled => {
            (call.given_away || (taken_away && day.is_none()), false)
        }
        AssignmentStatus::Completed => (false, true),
        AssignmentStatus::Unreachable | AssignmentStatus::Declined | AssignmentStatus::Canceled => (true, false),
    };
    // Years of five digits are none to calendars.
    let known = |on: &NaiveDate| (1900..9000).contains(&on.year());
    let day = day.filter(known);
    let timed = timed.filter(|at| known(&at.date_naive()));
    let day = day.map(When::AllDay);
    let time = timed.map(|at| When::Between(at.utc(), at.utc() + LENGTH));
    let when = if open && taken_away { day.or(time) } else { time.or(day) }?;
    let customer = one_line(&call.customer.fields.name);
    Some(Event {
        uid: format!("call.{}@{}", assignment.id, owner.host),
        sequence: call.sequence,
        when,
        summary: if done {
            format!("Spoken with {customer}")
        } else {
            format!("Call {customer}")
        },
        description: description(call, owner.zone),
        location: number(call).map(|(_, number)| number),
        created: assignment.created_at.utc(),
        changed: call.changed.utc(),
        canceled,
        busy: matches!(when, When::Between(..)),
        alarm: (open && !canceled && matches!(when, When::Between(..))).then_some(ALARM),
    })
}

/// Whom to call first, and the number.
fn number(call: &Call) -> Option<(Option<&Contact>, String)> {
    let mut contacts: Vec<&Contact> = call.contacts.iter().collect();
    contacts.sort_by_key(|contact| (!contact.fields.is_primary, contact.fields.name.clone(), contact.id));
    let of = |contact: &Contact| {
        let fields = &contact.fields;
        let known = [&contact.phone_e164, &contact.mobile_e164, &fields.phone, &fields.mobile];
        known.into_iter().flatten().next().map(|number| one_line(number))
    };
    let reached = contacts
        .iter()
        .find_map(|contact| of(contact).map(|number| (Some(*contact), number)));
    let customer = &call.customer;
    let own = customer.phone_e164.as_ref().or(customer.fields.phone.as_ref());
    reached.or_else(|| own.map(|number| (None, one_line(number))))
}

/// The brief in short: why, whom, since when. What was noted of them stays in the brief.
fn description(call: &Call, zone: Tz) -> String {
    let (fields, assignment) = (&call.customer.fields, &call.assignment);
    let day = |at: Timestamp| local_time::wall_clock(at.utc(), zone);
    // As of the last change, so that an entry that has not changed reads the same.
    let changed = day(call.changed).date();
    let tenure = fields.customer_since.and_then(|since| Tenure::between(since, changed));
    let whom = match number(call) {
        Some((Some(contact), number)) => Some(format!("{}: {number}", one_line(&contact.fields.name))),
        Some((None, number)) => Some(number),
        None => None,
    };
    let lines = [
        Some(one_line(&call.program)),
        assignment.reason.as_deref().map(one_line),
        assignment
            .callback_promised_at
            .map(|at| format!("Promised for {}", local_time::said(at.utc(), zone))),
        whom,
        tenure.map(|tenure| format!("A customer for {}", tenure.words)),
        (!fields.services.is_empty()).then(|| one_line(&format!("Uses {}", words(&fields.services)))),
        call.customer
            .last_contacted_at
            .map(|at| format!("Last spoken with on {}", day(at).format("%-d %B %Y"))),
    ];
    let lines: Vec<String> = lines.into_iter().flatten().filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// The entry of a day's block.
pub fn block(block: &Block, owner: &Owner<'_>) -> Event {
    Event {
        uid: format!("block.{}.{}.{}@{}", block.program_id, owner.id, block.day, owner.host),
        sequence: block.sequence,
        when: When::Between(block.from, block.until),
        summary: format!("Calls: {}", one_line(&block.program)),
        description: String::new(),
        location: None,
        created: block.created.utc(),
        changed: block.changed.utc(),
        canceled: false,
        busy: true,
        alarm: Some(ALARM),
    }
}

fn one_line(text: &str) -> String {
    wording::one_line(text, LONGEST)
}
