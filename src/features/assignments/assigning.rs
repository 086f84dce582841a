//! Who may be given whom: the rules of a new assignment, the same for one and for ten thousand.

mod objection;

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

pub use self::objection::{Objection, ObjectionKind};
use self::objection::{fault, refused, sent};
use super::assignment::{Assignment, AssignmentId, AssignmentInput, AssignmentPriority};
use super::calling_hours::CallingHours;
use crate::access::{Permission, Role};
use crate::clock::Timestamp;
use crate::features::customers::customer::CustomerId;
use crate::features::programs::program::{Program, ProgramId, default_of};
use crate::id::UserId;
use crate::refusal::{Code, Refusal};
use crate::text::no_such;

/// One pair, as a script names it: the customer by id or `external_id`, the executive by id or e-mail.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignmentItem {
    pub customer_id: Option<CustomerId>,
    /// The customer's id in the CRM.
    #[schema(min_length = 1, max_length = 200, example = "ALFKI")]
    pub customer_external_id: Option<String>,
    pub assignee_id: Option<UserId>,
    #[schema(min_length = 1, max_length = 254, example = "executive@demo.test")]
    pub assignee_email: Option<String>,
    /// The only program that runs, else the ready-made one, when it is not named.
    pub program_id: Option<ProgramId>,
    pub due_on: Option<NaiveDate>,
    /// Must be ahead, and within the customer's calling hours.
    pub scheduled_for: Option<Timestamp>,
    /// Also outside the hours within which the customer is called.
    #[serde(default)]
    pub outside_window: bool,
    pub priority: Option<AssignmentPriority>,
    /// Why this customer, in a sentence.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// A customer, as far as the rules ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCustomer {
    pub id: CustomerId,
    pub external_id: Option<String>,
    pub do_not_contact: bool,
    pub hours: CallingHours,
}

/// A user, as far as the rules ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownUser {
    pub id: UserId,
    pub email: String,
    pub role: Role,
    pub active: bool,
}

impl KnownUser {
    /// Whether this user can be given customers to call: whose role places no calls would keep them on a list that nobody works.
    ///
    /// A role that is lowered later refuses nothing and takes nothing away: what the user holds stays open and listed, and a
    /// manager reassigns it, or an admin transfers all of it.
    ///
    /// # Errors
    /// What is against it, as a code and a sentence.
    pub fn may_call(&self) -> Result<(), (&'static str, String)> {
        if !self.active {
            return Err(("not_active", "This user is not active and gets no work.".into()));
        }
        if !self.role.may(Permission::AssignmentsWork) || !self.role.may(Permission::AttemptsCreate) {
            let detail = format!(
                "The role `{}` places no calls; have this user given the role `{}` first.",
                self.role,
                Role::Executive
            );
            return Err(("not_allowed", detail));
        }
        Ok(())
    }
}

/// An open assignment, as far as the rules ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InHand {
    pub id: AssignmentId,
    pub customer_id: CustomerId,
    pub program_id: ProgramId,
    pub assignee_id: UserId,
}

/// What somebody holds of a customer: an assignment on the record, or an earlier item of the same request.
#[derive(Debug, Clone)]
struct Held {
    by: Holder,
    program: ProgramId,
    assignee: UserId,
}

#[derive(Debug, Clone, Copy)]
enum Holder {
    Assignment(AssignmentId),
    Item(usize),
}

/// All that the items of one request speak of, looked up beforehand.
#[derive(Debug, Default)]
pub struct Known {
    customers: HashMap<CustomerId, KnownCustomer>,
    by_external_id: HashMap<String, CustomerId>,
    users: HashMap<UserId, KnownUser>,
    by_email: HashMap<String, UserId>,
    programs: HashMap<ProgramId, Program>,
    default_program: Option<ProgramId>,
    held: HashMap<CustomerId, Vec<Held>>,
    former: HashMap<CustomerId, CustomerId>,
}

/// What merged customers were named by, and which ones they are today.
#[derive(Debug, Default)]
pub struct Former {
    pub ids: HashMap<CustomerId, CustomerId>,
    pub external_ids: HashMap<String, CustomerId>,
}

impl Former {
    /// The customers that they are.
    pub fn now(&self) -> impl Iterator<Item = CustomerId> {
        self.ids.values().chain(self.external_ids.values()).copied()
    }
}

/// An address as it is kept.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

impl Known {
    pub fn new(
        customers: Vec<KnownCustomer>,
        users: Vec<KnownUser>,
        programs: Vec<Program>,
        in_hand: Vec<InHand>,
        former: Former,
    ) -> Self {
        let mut held: HashMap<CustomerId, Vec<Held>> = HashMap::new();
        for open in in_hand {
            held.entry(open.customer_id).or_default().push(Held {
                by: Holder::Assignment(open.id),
                program: open.program_id,
                assignee: open.assignee_id,
            });
        }
        let ids = || {
            customers
                .iter()
                .filter_map(|known| Some((known.external_id.as_deref()?, known.id)))
        };
        // Files have blanks around ids or have lost them; what is exactly as sent comes first.
        let bare = ids().map(|(external_id, id)| (external_id.trim().to_owned(), id));
        let exact = ids().map(|(external_id, id)| (external_id.to_owned(), id));
        let by_external_id = former.external_ids.into_iter().chain(bare).chain(exact).collect();
        Self {
            by_external_id,
            former: former.ids,
            customers: customers.into_iter().map(|customer| (customer.id, customer)).collect(),
            by_email: users.iter().map(|user| (user.email.clone(), user.id)).collect(),
            users: users.into_iter().map(|user| (user.id, user)).collect(),
            default_program: default_of(&programs).map(|program| program.id),
            programs: programs.into_iter().map(|program| (program.id, program)).collect(),
            held,
        }
    }

    /// What the item at this place means, or all that is against it. An item that passes is in hand for those after it.
    ///
    /// # Errors
    /// Every objection at once.
    pub fn decide(
        &mut self,
        at: usize,
        item: AssignmentItem,
        now: Timestamp,
    ) -> Result<AssignmentInput, Vec<Objection>> {
        let mut objections = Vec::new();
        let customer = self.customer(&item).map_err(|found| objections.push(found)).ok();
        let assignee = self.assignee(&item).map_err(|found| objections.push(found)).ok();
        let program = self.program(&item).map_err(|found| objections.push(found)).ok();
        if let (Some((customer, _)), Some(at)) = (customer, item.scheduled_for)
            && let Some(known) = self.customers.get(&customer)
            && let Err(refusal) = known.hours.allow(at, item.outside_window, now)
        {
            objections.push(refused("scheduled_for", refusal));
        }
        if let (Some((customer_id, field)), Some(assignee_id), Some(program_id)) = (customer, assignee, program) {
            match self.free(field, customer_id, program_id, assignee_id) {
                Ok(()) if objections.is_empty() => {
                    self.held.entry(customer_id).or_default().push(Held {
                        by: Holder::Item(at),
                        program: program_id,
                        assignee: assignee_id,
                    });
                    return Ok(AssignmentInput {
                        program_id,
                        customer_id,
                        assignee_id,
                        due_on: item.due_on,
                        scheduled_for: item.scheduled_for,
                        priority: item.priority.unwrap_or_default(),
                        reason: item.reason,
                    });
                }
                Ok(()) => {}
                Err(objection) => objections.push(objection),
            }
        }
        Err(objections)
    }

    /// Whether a customer has this id in the CRM.
    pub fn has_external_id(&self, external_id: &str) -> bool {
        self.named(external_id).is_some()
    }

    fn named(&self, external_id: &str) -> Option<CustomerId> {
        let known = self.by_external_id.get(external_id);
        known.or_else(|| self.by_external_id.get(external_id.trim())).copied()
    }

    fn customer(&self, item: &AssignmentItem) -> Result<(CustomerId, &'static str), Objection> {
        // One that was merged is the customer that it became a part of.
        let today = |id: CustomerId| self.former.get(&id).copied().unwrap_or(id);
        let (field, id) = match (item.customer_id.map(today), &item.customer_external_id) {
            (None, None) => {
                return Err(fault(
                    "customer_id",
                    "required",
                    "Name the customer by `customer_id` or `customer_external_id`.",
                ));
            }
            (Some(id), None) => ("customer_id", Some(id)),
            (None, Some(external_id)) => ("customer_external_id", self.named(external_id)),
            (Some(id), Some(external_id)) => {
                if self.named(external_id) != Some(id) {
                    return Err(fault(
                        "customer_external_id",
                        "conflict",
                        "`customer_id` and `customer_external_id` name different customers. One of them is enough.",
                    ));
                }
                ("customer_id", Some(id))
            }
        };
        let known = id.and_then(|id| self.customers.get(&id));
        let customer = known.ok_or_else(|| {
            fault(
                field,
                "not_found",
                no_such("customer", sent(item.customer_id, item.customer_external_id.as_ref())),
            )
        })?;
        if customer.do_not_contact {
            return Err(refused(field, do_not_contact()));
        }
        Ok((customer.id, field))
    }

    fn assignee(&self, item: &AssignmentItem) -> Result<UserId, Objection> {
        let (field, id) = match (item.assignee_id, &item.assignee_email) {
            (None, None) => {
                return Err(fault(
                    "assignee_id",
                    "required",
                    "Name the executive by `assignee_id` or `assignee_email`.",
                ));
            }
            (Some(id), None) => ("assignee_id", Some(id)),
            (None, Some(email)) => ("assignee_email", self.by_email.get(&email_key(email)).copied()),
            (Some(id), Some(email)) => {
                if self.by_email.get(&email_key(email)) != Some(&id) {
                    return Err(fault(
                        "assignee_email",
                        "conflict",
                        "`assignee_id` and `assignee_email` name different users. One of them is enough.",
                    ));
                }
                ("assignee_id", Some(id))
            }
        };
        let known = id.and_then(|id| self.users.get(&id));
        let user = known.ok_or_else(|| {
            fault(
                field,
                "not_found",
                no_such("user", sent(item.assignee_id, item.assignee_email.as_ref())),
            )
        })?;
        user.may_call().map_err(|(code, detail)| fault(field, code, detail))?;
        Ok(user.id)
    }

    fn program(&self, item: &AssignmentItem) -> Result<ProgramId, Objection> {
        let Some(id) = item.program_id.or(self.default_program) else {
            return Err(fault(
                "program_id",
                "required",
                "Name the program: there is not exactly one that runs.",
            ));
        };
        let program = self.programs.get(&id);
        let program = program.ok_or_else(|| fault("program_id", "not_found", no_such("program", id)))?;
        program
            .takes_assignments()
            .map_err(|refusal| refused("program_id", refusal))?;
        Ok(id)
    }

    /// One open assignment per customer and program, and nobody gets a customer whom another has in hand.
    fn free(
        &self,
        field: &'static str,
        customer: CustomerId,
        program: ProgramId,
        assignee: UserId,
    ) -> Result<(), Objection> {
        let held = self.held.get(&customer).into_iter().flatten();
        let Some(other) = held
            .into_iter()
            .find(|held| held.program == program || held.assignee != assignee)
        else {
            return Ok(());
        };
        Err(match other.by {
            Holder::Item(at) => fault(
                field,
                "duplicate",
                format!("Item {at} of this request assigns this customer already."),
            ),
            Holder::Assignment(id) => refused(field, already_assigned(id, other.assignee)),
        })
    }
}

/// What else of a customer changes hands with an assignment: nobody gets a customer whom another executive has in hand, in whatever
/// program, so what its assignee holds of the customer in other programs goes along, when that is asked for.
///
/// # Errors
/// `already_assigned`, naming the assignment that is in the way, and the way out.
pub fn taken_along(
    open: Vec<Assignment>,
    of: &Assignment,
    to: UserId,
    with_other_programs: bool,
) -> Result<Vec<Assignment>, Refusal> {
    let others = open.into_iter().filter(|it| it.id != of.id && it.assignee_id != to);
    let others: Vec<Assignment> = others.collect();
    match others.iter().find(|other| other.assignee_id != of.assignee_id) {
        Some(foreign) => return Err(already_assigned(foreign.id, foreign.assignee_id)),
        None if with_other_programs => return Ok(others),
        None => {}
    }
    let Some(other) = others.first() else {
        return Ok(others);
    };
    let mut refusal = already_assigned(other.id, other.assignee_id);
    refusal
        .detail
        .push_str(" That is in another program; `with_other_programs` takes it along.");
    Err(refusal)
}

fn already_assigned(id: AssignmentId, to: UserId) -> Refusal {
    Refusal::new(
        Code::AlreadyAssigned,
        format!("The user {to} has this customer in hand: assignment {id} is open."),
    )
}

/// Nothing may be scheduled with this customer.
pub fn do_not_contact() -> Refusal {
    Refusal::new(
        Code::DoNotContact,
        "This customer asked not to be contacted; lift `do_not_contact` on the customer first.",
    )
}

#[cfg(test)]
mod tests;
