//! What hangs on a customer, and what each of it came of.

use uuid::Uuid;

use crate::features::action_items::{action_item::ActionItem, comment::ActionItemComment};
use crate::features::assignments::assignment::Assignment;
use crate::features::attempts::attempt::Attempt;
use crate::features::cases::{rescue_case::RescueCase, service_interest::ServiceInterest};
use crate::features::customers::account_manager::AccountManagerPeriod;
use crate::features::customers::contact::Contact;
use crate::features::customers::customer::CustomerId;
use crate::features::customers::signal::Signal;
use crate::features::follow_ups::follow_up::FollowUp;
use crate::features::notes::note::Note;
use crate::features::nps::response::NpsResponse;
use crate::journal::Record;

/// A kind of record and an id.
pub type Which = (&'static str, Uuid);

/// A record that is a customer's.
pub trait Hangs: Record {
    fn customer_mut(&mut self) -> &mut CustomerId;

    /// What it came of: it goes where that goes. Of several the nearest to the call decides.
    fn came_of(&self) -> Option<Which> {
        None
    }
}

macro_rules! hangs {
    ($($record:ident: $($path:ident).+ $(, |$it:ident| $came_of:expr)?;)+) => {$(
        impl Hangs for $record {
            fn customer_mut(&mut self) -> &mut CustomerId {
                &mut self.$($path).+
            }

            $(fn came_of(&self) -> Option<Which> {
                let $it = self;
                $came_of
            })?
        }
    )+};
}

hangs! {
    Contact: fields.customer_id;
    AccountManagerPeriod: customer_id;
    Signal: fields.customer_id;
    Assignment: customer_id;
    Attempt: customer_id, |it| Some((Assignment::KIND, it.assignment_id.into()));
    Note: customer_id, |it| occasion(it.assignment_id, it.attempt_id, it.contact_id);
    NpsResponse: customer_id, |it| occasion(it.assignment_id, it.attempt_id, it.contact_id);
    ActionItem: customer_id, |it| occasion(it.assignment_id, it.attempt_id, it.contact_id);
    ActionItemComment: customer_id, |it| Some((ActionItem::KIND, it.action_item_id.into()));
    ServiceInterest: customer_id, |it| occasion(it.assignment_id, it.attempt_id, it.contact_id);
    RescueCase: customer_id, |it| {
        let answer = it.nps_response_id.map(|id| (NpsResponse::KIND, id.into()));
        answer.or_else(|| occasion(None, it.attempt_id, it.contact_id))
    };
    FollowUp: customer_id, |it| Some((Attempt::KIND, it.attempt_id.into()));
}

fn occasion(assignment: Option<Uuid>, attempt: Option<Uuid>, contact: Option<Uuid>) -> Option<Which> {
    let assignment = assignment.map(|id| (Assignment::KIND, id));
    let attempt = attempt.map(|id| (Attempt::KIND, id));
    let contact = contact.map(|id| (Contact::KIND, id));
    assignment.or(attempt).or(contact)
}

/// Calls `$call::<Record>($given)` for everything that hangs on customers: what others come of stands before them.
macro_rules! each {
    ($($record:ident),+ $(,)?) => {
        /// The tables of what hangs on customers and is moved record by record.
        pub const RECORDS: &[&str] = &[$(<$record as Record>::TABLE),+];

        /// Everything that hangs on some of the customers goes to another.
        ///
        /// # Errors
        /// What the database said.
        pub async fn move_all(
            unit: &mut crate::journal::Unit,
            from: &[CustomerId],
            to: CustomerId,
        ) -> Result<Vec<super::merge::MovedRecords>, crate::journal::Error> {
            let mut moved = Vec::new();
            $(super::moving::forth::<$record>(unit, from, to, &mut moved).await?;)+
            Ok(moved)
        }

        /// Everything goes back that a merge moved, and what came of it since along with it.
        ///
        /// # Errors
        /// What the database said.
        pub async fn move_back(
            unit: &mut crate::journal::Unit,
            back: &mut super::moving::Back,
        ) -> Result<(), crate::journal::Error> {
            $(super::moving::back::<$record>(unit, back).await?;)+
            Ok(())
        }
    };
}

each![
    Contact,
    AccountManagerPeriod,
    Signal,
    Assignment,
    Attempt,
    Note,
    NpsResponse,
    ActionItem,
    ActionItemComment,
    ServiceInterest,
    RescueCase,
    FollowUp,
];

/// Tables that speak of customers in another way, and what merging does with each.
pub const OTHERWISE: &[(&str, &str)] = &[
    ("call_lists", "the entries of lists name the customer that stays"),
    ("customer_aliases", "ids in the CRM lead to the customer that stays"),
    ("customer_redirects", "ids lead to the customer that stays"),
    ("customers", "referrals, and the record itself"),
    ("duplicate_keys", "made anew by those who look for duplicates"),
    (
        "duplicates",
        "what was dismissed is carried over, all else is found anew",
    ),
    ("journal", "tells what happened, and to whom it happened then"),
    ("merge_rows", "is of a merge"),
    ("merges", "names customers as they were"),
    ("plan_calls", "moved, and noted in merge_rows"),
    ("plan_left_outs", "moved, and noted in merge_rows"),
    ("working_sets", "follow the records that are moved, by the one door"),
];
