//! What a debrief speaks of: looked up, and found sound, before anything is written.

use super::debrief::{NewAttempt, TimeFault};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::features::assignments::assignment::Assignment;
use crate::features::assignments::calling_hours::CallingHours;
use crate::features::customers::contact::Contact;
use crate::features::customers::customer::Customer;
use crate::features::programs::program::Program;
use crate::features::references::References;
use crate::features::{action_items, assignments, customers, programs};
use crate::http::body::within;
use crate::http::{Fault, Problem};
use crate::journal::Unit;

/// What the debrief speaks of, read and found sound.
pub struct Told {
    pub customer: Customer,
    pub contact: Option<Contact>,
    pub program: Program,
    pub hours: CallingHours,
    pub occurred_at: Timestamp,
    pub promised: Option<Timestamp>,
}

impl Told {
    /// Reads it all.
    ///
    /// # Errors
    /// 400 with everything that is not there or out of range.
    pub async fn read(
        unit: &mut Unit,
        scope: &Scope,
        assignment: &Assignment,
        new: &NewAttempt,
    ) -> Result<Self, Problem> {
        let mut faults = Vec::new();
        let time = |(pointer, code, detail): TimeFault| Fault::new(pointer, code, detail);
        let occurred_at = new.when(unit.now()).unwrap_or_else(|fault| {
            faults.push(time(fault));
            unit.now()
        });
        let promised = new.promise(occurred_at).unwrap_or_else(|fault| {
            faults.push(time(fault));
            None
        });
        let mut contact = None;
        if let Some(id) = new.contact_id {
            contact = customers::store::contacts::find(unit, scope, id)
                .await?
                .filter(|contact| contact.fields.customer_id == assignment.customer_id);
            if contact.is_none() {
                let detail = "There is no such contact at this customer.";
                faults.push(Fault::new("/contact_id", "not_found", detail));
            }
        }
        if !new.score_fits() {
            let detail = format!(
                "A call that ended as `{}` reached nobody who could give a score.",
                new.disposition
            );
            faults.push(Fault::new("/nps_response/score", "not_allowed", detail));
        }
        faults.extend(references(unit, scope, new).await?);
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        let customer = customers::store::find(unit, scope, assignment.customer_id).await?;
        let customer = customer.ok_or_else(Problem::not_found)?;
        let program = programs::store::find(unit, scope, assignment.program_id).await?;
        Ok(Self {
            hours: assignments::store::calling_hours(unit, scope, &customer).await?,
            customer,
            contact,
            program: program.ok_or_else(Problem::not_found)?,
            occurred_at,
            promised,
        })
    }
}

/// Everybody whom the parts of the debrief name must be there.
async fn references(unit: &mut Unit, scope: &Scope, new: &NewAttempt) -> Result<Vec<Fault>, Problem> {
    let mut references = References::of(unit, scope);
    for (at, note) in new.notes.iter().enumerate() {
        let pointer = format!("/notes/{at}/employee_id");
        references.user(&pointer, note.employee_id).await?;
    }
    for (at, interest) in new.service_interests.iter().enumerate() {
        let pointer = format!("/service_interests/{at}/owner_id");
        references.active_user(&pointer, interest.owner_id).await?;
    }
    let mut faults = references.faults();
    for (at, item) in new.action_items.iter().enumerate() {
        let found = action_items::store::faults(unit, scope, item).await?;
        faults.extend(within(&format!("/action_items/{at}"), found));
    }
    Ok(faults)
}
