//! Whether what a request refers to is there: records of the same organization, users who are active.

use uuid::Uuid;

use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sqls};
use crate::features::customers::store::{contacts, redirects};
use crate::features::customers::{
    self,
    customer::{Customer, CustomerId},
};
use crate::features::occasion::Occasion;
use crate::features::{assignments, attempts, people, programs};
use crate::http::{Fault, Problem};
use crate::id::UserId;
use crate::text::no_such;

/// Why a time is refused that lies ahead.
pub const NOT_YET: &str = "What is put on the record has happened, and this lies ahead";

/// Collects what is not there, so that all of it is told at once.
pub struct References<'u, U: Sqls> {
    db: &'u mut U,
    scope: &'u Scope,
    faults: Vec<Fault>,
}

impl<'u, U: Sqls> References<'u, U> {
    pub fn of(db: &'u mut U, scope: &'u Scope) -> Self {
        Self {
            db,
            scope,
            faults: Vec::new(),
        }
    }

    /// The customer must be there.
    pub async fn customer(&mut self, pointer: &str, id: CustomerId) -> Result<(), Error> {
        self.found_customer(pointer, id).await.map(drop)
    }

    /// The customer, who must be there; of one that was merged it is told which one it is today.
    pub async fn found_customer(&mut self, pointer: &str, id: CustomerId) -> Result<Option<Customer>, Error> {
        let found = customers::store::find(self.db, self.scope, id).await?;
        if found.is_none() {
            match redirects::now(self.db, self.scope, id).await? {
                Some(now) => {
                    let detail = format!("The customer {id} was merged into {now}; name that one.");
                    self.fault(pointer, "merged", detail);
                }
                None => self.missing(pointer, "customer", id),
            }
        }
        Ok(found)
    }

    /// Contact, assignment and attempt must be this customer's.
    pub async fn origin(&mut self, occasion: Occasion) -> Result<(), Error> {
        let customer = occasion.customer_id;
        if let Some(id) = occasion.contact_id {
            let found = contacts::find(self.db, self.scope, id.into()).await?;
            if found.is_none_or(|contact| contact.fields.customer_id != customer) {
                self.missing("/contact_id", "contact of this customer", id);
            }
        }
        if let Some(id) = occasion.assignment_id {
            let found = assignments::store::find(self.db, self.scope, id.into()).await?;
            if found.is_none_or(|assignment| assignment.customer_id != customer) {
                self.missing("/assignment_id", "assignment of this customer", id);
            }
        }
        if let Some(id) = occasion.attempt_id {
            let found = attempts::store::find(self.db, self.scope, id.into()).await?;
            if found.is_none_or(|attempt| attempt.customer_id != customer) {
                self.missing("/attempt_id", "attempt with this customer", id);
            }
        }
        Ok(())
    }

    /// The program must be there.
    pub async fn program(&mut self, pointer: &str, id: Option<Uuid>) -> Result<(), Error> {
        if let Some(id) = id
            && programs::store::find(self.db, self.scope, id.into()).await?.is_none()
        {
            self.missing(pointer, "program", id);
        }
        Ok(())
    }

    /// The user must be there.
    pub async fn user(&mut self, pointer: &str, id: Option<UserId>) -> Result<(), Error> {
        if let Some(id) = id
            && people::store::find(self.db, self.scope, id).await?.is_none()
        {
            self.missing(pointer, "user", id);
        }
        Ok(())
    }

    /// The user must be there and active: nobody else gets work.
    pub async fn active_user(&mut self, pointer: &str, id: Option<UserId>) -> Result<(), Error> {
        let Some(id) = id else { return Ok(()) };
        match people::store::find(self.db, self.scope, id).await? {
            Some(user) if user.active => {}
            Some(_) => self.fault(pointer, "not_active", format!("The user {id} is not active.")),
            None => self.missing(pointer, "user", id),
        }
        Ok(())
    }

    /// What is put on the record has happened.
    pub fn happened(&mut self, pointer: &str, at: Timestamp, now: Timestamp) {
        if at.lies_ahead(now) {
            self.fault(pointer, "out_of_range", format!("{NOT_YET}; it is {now} now."));
        }
    }

    /// Adds a fault that was found elsewhere.
    pub fn fault(&mut self, pointer: &str, code: &str, detail: impl Into<String>) {
        self.faults.push(Fault::new(pointer, code, detail));
    }

    fn missing(&mut self, pointer: &str, what: &str, id: impl std::fmt::Display) {
        self.fault(pointer, "not_found", no_such(what, id));
    }

    /// What was not there.
    pub fn faults(self) -> Vec<Fault> {
        self.faults
    }

    /// # Errors
    /// 400 with everything that is not there.
    pub fn settle(self) -> Result<(), Problem> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(self.faults))
        }
    }
}
