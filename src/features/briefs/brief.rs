//! A brief: everything that the caller should know, on one page.

use chrono::TimeDelta;
use serde::Serialize;
use utoipa::ToSchema;

use super::gathered::{Lines, days};
use super::part::{Line, Part};
use super::parts::{
    BriefAccountManager, BriefContact, BriefInterest, BriefItem, BriefNote, BriefProgram, BriefRescue, BriefSignal,
    BriefTalkingPoints, Colleague, CustomerClock, Missing, NpsHistory, OtherAssignment, PastCall, Referrals, Support,
};
use super::personal;
use super::tenure::Tenure;
use crate::access::Permission;
use crate::clock::Timestamp;
use crate::features::assignments::assignment::Assignment;
use crate::features::assignments::calling_hours::CallingHours;
use crate::features::customers::customer::Customer;
use crate::features::talking_points::fields::Fields;
use crate::features::talking_points::render::render;
use crate::local_time;

/// Everything that the caller should know before calling.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Brief {
    pub assignment: Assignment,
    pub program: Option<BriefProgram>,
    /// Who places the call.
    pub executive: Option<Colleague>,
    pub customer: Customer,
    /// How long they have been a customer, where that is known.
    pub tenure: Option<Tenure>,
    /// Whole days since somebody last spoke with them.
    #[schema(minimum = 0)]
    pub days_since_contact: Option<i64>,
    pub clock: CustomerClock,
    /// What to talk about: the program's talking points, filled in for this customer.
    pub talking_points: Option<BriefTalkingPoints>,
    /// The one to call first, then by name.
    #[schema(max_items = 20)]
    pub contacts: Vec<BriefContact>,
    pub account_manager: BriefAccountManager,
    pub support: Support,
    /// The latest first.
    #[schema(max_items = 10)]
    pub purchases: Vec<BriefSignal>,
    pub referrals: Referrals,
    /// News and research, the latest first.
    #[schema(max_items = 10)]
    pub news: Vec<BriefSignal>,
    /// The news that are worth congratulating on.
    #[schema(max_items = 10)]
    pub good_news: Vec<BriefSignal>,
    /// When the customer got in touch by itself, or recommended us; the latest first.
    #[schema(max_items = 10)]
    pub interactions: Vec<BriefSignal>,
    /// The latest first.
    #[schema(max_items = 10)]
    pub past_calls: Vec<PastCall>,
    /// The latest three of each type.
    #[schema(max_items = 30)]
    pub notes: Vec<BriefNote>,
    pub nps: NpsHistory,
    /// What is still to be done for this customer, the most pressing first.
    #[schema(max_items = 30)]
    pub action_items: Vec<BriefItem>,
    /// What the customer was promised to hear, and has not been told.
    #[schema(max_items = 30)]
    pub promises: Vec<BriefItem>,
    #[schema(max_items = 20)]
    pub other_assignments: Vec<OtherAssignment>,
    /// Open ones.
    #[schema(max_items = 10)]
    pub rescue_cases: Vec<BriefRescue>,
    /// Services that the customer asked for, not won or lost yet.
    #[schema(max_items = 10)]
    pub service_interests: Vec<BriefInterest>,
    /// What is not known, in words.
    #[schema(max_items = 50)]
    pub missing: Vec<Missing>,
}

impl Brief {
    /// Puts together what was found. `hidden` are the parts that the caller may not see.
    pub fn of(assignment: Assignment, customer: Customer, lines: &[Line], hidden: &[Part], now: Timestamp) -> Self {
        let lines = Lines(lines);
        let (organization, zone) = lines.organization();
        let hours = CallingHours::of(&customer, &zone);
        let today = local_time::wall_clock(now.utc(), hours.zone).date();
        let (open, promises) = work(lines.action_items(now));
        let news = lines.signals(Part::News);
        let mut brief = Self {
            program: lines.program(),
            executive: lines.executive(),
            tenure: customer
                .fields
                .customer_since
                .and_then(|since| Tenure::between(since, today)),
            days_since_contact: customer.last_contacted_at.map(|at| days(at, now)),
            clock: clock(&hours, now),
            talking_points: lines.talking_points(),
            contacts: lines.contacts(),
            account_manager: lines.account_manager(&customer),
            support: lines.support(),
            purchases: lines.signals(Part::Purchase),
            referrals: lines.referrals(&customer),
            good_news: news.iter().filter(|news| news.worth_congratulating).cloned().collect(),
            news,
            interactions: lines.signals(Part::Interaction),
            past_calls: lines.past_calls(),
            notes: lines.notes(),
            nps: lines.nps(now),
            action_items: open,
            promises,
            other_assignments: lines.other_assignments(assignment.id.into()),
            rescue_cases: lines.rescue_cases(),
            service_interests: lines.service_interests(),
            missing: Vec::new(),
            assignment,
            customer,
        };
        brief.missing = brief.missing(hidden);
        let fields = personal::fields(&brief, &organization, hours.zone, now);
        match brief.talking_points.take().map(|points| points.filled_in(&fields)) {
            Some(Ok(points)) => brief.talking_points = Some(points),
            Some(Err(missing)) => brief.missing.push(missing),
            None => {}
        }
        brief
    }

    /// What is not known, and what the caller may not see.
    fn missing(&self, hidden: &[Part]) -> Vec<Missing> {
        let fields = &self.customer.fields;
        let ahead = fields.customer_since.is_some() && self.tenure.is_none();
        let nobody_to_call = fields.phone.is_none()
            && self
                .contacts
                .iter()
                .all(|contact| contact.phone.is_none() && contact.mobile.is_none());
        let known = [
            (
                "customer.customer_since",
                fields.customer_since.is_none(),
                "It is not known since when they have been a customer.",
            ),
            (
                "tenure",
                ahead,
                "They are no customer yet: `customer_since` lies ahead.",
            ),
            (
                "customer.services",
                fields.services.0.is_empty(),
                "It is not known which services they use.",
            ),
            (
                "customer.annual_billing",
                fields.annual_billing.is_none(),
                "It is not known what they are billed in a year.",
            ),
            (
                "customer.city",
                fields.city.is_none() && fields.country.is_none(),
                "It is not known where they are.",
            ),
            (
                "customer.time_zone",
                fields.time_zone.is_none(),
                "Their time zone is not known: the organization's is taken.",
            ),
            (
                "customer.last_contacted_at",
                self.customer.last_contacted_at.is_none(),
                "Nobody of ours has spoken with them yet.",
            ),
            (
                "contacts",
                self.contacts.is_empty(),
                "No contact yet: ask whom to speak with.",
            ),
            ("customer.phone", nobody_to_call, "No phone number yet."),
            (
                "account_manager",
                self.account_manager.current.is_none(),
                "Nobody looks after them now.",
            ),
            (
                "talking_points",
                self.talking_points.is_none(),
                "The program has no talking points.",
            ),
            ("support", self.support.cases.is_empty(), "No support case on record."),
            ("purchases", self.purchases.is_empty(), "No purchase on record."),
            (
                "referrals",
                self.referrals.referred_by.is_none() && self.referrals.count == 0,
                "Nobody is known to have referred them, and they are not known to have referred anybody.",
            ),
            ("news", self.news.is_empty(), "No news of them, and no research yet."),
            ("past_calls", self.past_calls.is_empty(), "No call yet."),
            ("notes", self.notes.is_empty(), "Nothing noted yet."),
            ("nps", self.nps.answers.is_empty(), "No NPS answer yet."),
        ];
        let told = |field: &str| {
            let part = hidden.iter().find(|part| field.starts_with(part.as_str()));
            part.map(|part| not_shown(part.permission()))
        };
        let mut missing: Vec<Missing> = known
            .into_iter()
            .filter(|(field, missing, _)| *missing && told(field).is_none())
            .map(|(field, _, says)| say(field, says))
            .collect();
        missing.extend(
            hidden
                .iter()
                .map(|part| say(part.as_str(), &not_shown(part.permission()))),
        );
        missing
    }
}

impl BriefTalkingPoints {
    /// The text for this customer; or why there is none, which is said and keeps nobody from calling.
    fn filled_in(self, fields: &Fields) -> Result<Self, Missing> {
        match render(&self.text, fields) {
            Ok(text) => Ok(Self { text, ..self }),
            Err(why) => {
                let (name, version) = (&self.name, self.version);
                let says = format!(
                    "Version {version} of {name} cannot be filled in: line {}: {}",
                    why.line, why.says
                );
                Err(say("talking_points", &says))
            }
        }
    }
}

fn say(field: &str, says: &str) -> Missing {
    Missing {
        field: field.to_owned(),
        says: says.to_owned(),
    }
}

fn not_shown(permission: Permission) -> String {
    format!("Not shown: this needs the permission `{permission}`.")
}

/// What is to be done, and what was promised and not told.
fn work(items: Vec<BriefItem>) -> (Vec<BriefItem>, Vec<BriefItem>) {
    let promises = items
        .iter()
        .filter(|item| item.customer_promise.is_some() && item.customer_told_at.is_none())
        .cloned()
        .collect();
    let open = |item: &BriefItem| item.status.is_some_and(|status| status.open());
    (items.into_iter().filter(open).collect(), promises)
}

/// What the customer's clock shows. To the minute, so that a brief that is asked for twice at once is the same.
fn clock(hours: &CallingHours, now: Timestamp) -> CustomerClock {
    let local = local_time::wall_clock(now.utc(), hours.zone);
    let within = hours.window.contains(now.utc(), hours.zone);
    let opening = Timestamp::new(hours.window.next_opening(now.utc(), hours.zone));
    CustomerClock {
        time_zone: hours.zone.name().to_owned(),
        local_time: local.format("%Y-%m-%dT%H:%M").to_string(),
        words: local.format("%A, %-d %B %Y, %H:%M").to_string(),
        within_calling_hours: within,
        next_opening: (!within && opening > now.plus(TimeDelta::zero())).then_some(opening),
        calling_window: hours.window.into(),
    }
}
