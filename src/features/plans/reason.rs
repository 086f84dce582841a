//! Why a call is in a plan, and why a customer is not, in a sentence.

use super::model::Model;
use super::options::{Relationship, Strictness};
use super::situation::{Candidate, Executive, Situation};
use crate::features::assignments::calling_hours::CallingHours;
use crate::local_time;

crate::words! {
    /// Why a customer is not in a plan.
    pub enum LeftOutCode {
        /// The customer asked not to be contacted.
        DoNotContact = "do_not_contact",
        /// Somebody has an open assignment of it.
        InHand = "in_hand",
        /// It is not due, and only those who are were to be planned.
        NotDue = "not_due",
        /// The shortest gap after the last conversation has not passed.
        TooSoon = "too_soon",
        /// The only executives are those who look after it, or whom the relationship rules out.
        NobodyElse = "nobody_else",
        /// None of the executives works on any of the days, or their quotas are full.
        NobodyFree = "nobody_free",
        /// Its hours and those of the executives do not meet.
        NoSharedHours = "no_shared_hours",
        /// There was room for it, but calls that are worth more took it.
        NoRoom = "no_room",
        /// A call would cost more, by the rules that it breaks, than it is worth.
        NotWorthIt = "not_worth_it",
    }
}

/// Why a customer is not in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    pub code: LeftOutCode,
    pub detail: String,
}

impl LeftOut {
    fn new(code: LeftOutCode, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { code, detail }
    }
}

/// Everybody who has no call, and why.
pub fn left_out(situation: &Situation, model: &Model, placed: &[Option<u32>]) -> Vec<(usize, LeftOut)> {
    let without = placed.iter().enumerate().filter(|(_, place)| place.is_none());
    without
        .filter_map(|(customer, _)| {
            let candidate = situation.customers.get(customer)?;
            Some((customer, why_not(situation, model, customer, candidate)))
        })
        .collect()
}

fn why_not(situation: &Situation, model: &Model, customer: usize, candidate: &Candidate) -> LeftOut {
    let named = |user| {
        let known = situation.executives.iter().find(|executive| Some(executive.id) == user);
        known.map_or("somebody else", |executive| executive.name.as_str())
    };
    if candidate.do_not_contact {
        return LeftOut::new(LeftOutCode::DoNotContact, "The customer asked not to be contacted.");
    }
    if candidate.in_hand_of.is_some() {
        let who = named(candidate.in_hand_of);
        let detail = format!("It has an open assignment already, with {who}.");
        return LeftOut::new(LeftOutCode::InHand, detail);
    }
    let options = &situation.options;
    if options.rules.overdue_first == Strictness::Hard && situation.lateness(candidate) == 0 {
        let until = candidate.due_on.map(|day| format!(" before {day}")).unwrap_or_default();
        return LeftOut::new(LeftOutCode::NotDue, format!("It is not due{until}."));
    }
    let Some(buyer) = model.buyers.get(customer) else {
        return LeftOut::new(LeftOutCode::NoRoom, "There was no room for it.");
    };
    if buyer.first >= model.days && buyer.early.is_none() {
        let day = candidate.not_before.map(|day| day.to_string()).unwrap_or_default();
        let detail = format!("It was spoken with lately and is not to be called before {day}.");
        return LeftOut::new(LeftOutCode::TooSoon, detail);
    }
    let executives: Vec<usize> = (0..model.weeks.len())
        .filter(|executive| buyer.with(*executive).is_some())
        .collect();
    if executives.is_empty() {
        let detail = if candidate.account_manager == candidate.last_caller || candidate.last_caller.is_none() {
            format!(
                "{} looks after it, and nobody else is planned for.",
                named(candidate.account_manager)
            )
        } else {
            "Whoever may be planned for looks after it or spoke with it last.".to_owned()
        };
        return LeftOut::new(LeftOutCode::NobodyElse, detail);
    }
    let places = || {
        executives
            .iter()
            .flat_map(|executive| (0..model.days).map(|day| (*executive, day)))
    };
    let in_time = |day: usize| day >= buyer.first || buyer.early.is_some();
    let open = |(executive, day): (usize, usize)| {
        let known = model.calendar.get(executive * model.days + day);
        in_time(day) && known.is_some_and(|known| known.capacity + known.beyond > 0)
    };
    if !places().any(open) {
        let detail = match buyer.first {
            0 => "Nobody who may call it works on these days and has room left in their quota.".to_owned(),
            first => format!(
                "It is not to be called before {}, and from then on nobody who may call it works and has room left.",
                situation.date(first)
            ),
        };
        return LeftOut::new(LeftOutCode::NobodyFree, detail);
    }
    let mut gains = places()
        .filter_map(|(executive, day)| model.gain(customer, executive, day))
        .peekable();
    if gains.peek().is_none() {
        return LeftOut::new(LeftOutCode::NoSharedHours, no_shared_hours(&candidate.hours));
    }
    if gains.all(|gain| gain <= 0) {
        let detail = "The rules that a call would break weigh more than the call.";
        return LeftOut::new(LeftOutCode::NotWorthIt, detail);
    }
    let detail = "The calls that there is room for are worth more with other customers.";
    LeftOut::new(LeftOutCode::NoRoom, detail)
}

fn no_shared_hours(hours: &CallingHours) -> String {
    format!(
        "Its hours, {} to {} in {}, meet no hour in which somebody who may call it makes calls.",
        hours.window.opens().format("%H:%M"),
        hours.window.closes().format("%H:%M"),
        hours.zone
    )
}

/// Why this executive calls this customer on this day: what its segment says comes before.
pub fn because(situation: &Situation, candidate: &Candidate, executive: &Executive, segment: Option<&str>) -> String {
    let mut parts: Vec<String> = segment.map(|reason| vec![reason.to_owned()]).unwrap_or_default();
    match (situation.lateness(candidate), candidate.overdue_on, candidate.due_on) {
        (2, Some(day), _) => parts.push(format!("overdue since {day}")),
        (1, _, Some(day)) => parts.push(format!("due since {day}")),
        _ => {}
    }
    let same = candidate.last_caller == Some(executive.id);
    match (situation.options.relationship, same, candidate.last_caller.is_some()) {
        (Relationship::Keep, true, _) => parts.push(format!("{} spoke with it last", executive.name)),
        (Relationship::Rotate, false, true) => parts.push("somebody else spoke with it last".to_owned()),
        (Relationship::Keep | Relationship::Rotate, _, _) => {}
    }
    if parts.is_empty() {
        parts.push("chosen for this plan".to_owned());
    }
    let text = parts.join("; ");
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// A time as it shows on a clock there: `2026-12-01T09:20`.
pub fn local(at: crate::clock::Timestamp, zone: chrono_tz::Tz) -> String {
    local_time::wall_clock(at.utc(), zone)
        .format("%Y-%m-%dT%H:%M")
        .to_string()
}
