//! What a portion of an import did, and what others have done with that since.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::access::Scope;
use crate::features::customers::customer::CustomerId;
use crate::features::customers::store;
use crate::features::imports::job_store;
use crate::features::plans;
use crate::http::Problem;
use crate::jobs::JobId;
use crate::journal::feed::Entry;
use crate::journal::{Record, Unit};

/// What a portion did to one record.
pub struct Touched {
    pub id: Uuid,
    pub kind: String,
    pub created: bool,
    pub customer: Option<Uuid>,
    /// Field → what it was before the portion, what it was after.
    pub fields: Map<String, Value>,
}

/// What a portion did, and what others have done since.
pub struct Back {
    pub touched: Vec<Touched>,
    /// Records that others have referred to since.
    pub used: HashSet<Uuid>,
    /// Customers about whom others have put something on the record since.
    pub visited: HashSet<Uuid>,
}

impl Back {
    /// Gathers what these entries of an import did, the earliest first.
    ///
    /// # Errors
    /// What the database said.
    pub async fn of(unit: &mut Unit, import: JobId, first: i64, entries: Vec<Entry>) -> Result<Self, Problem> {
        let mut touched: Vec<Touched> = Vec::new();
        // Ids are a client's choice: two kinds may share one.
        let mut places: HashMap<(String, Uuid), usize> = HashMap::new();
        for entry in entries {
            let key = (entry.kind.clone(), entry.record_id);
            let known = places.get(&key).and_then(|at| touched.get_mut(*at));
            match known {
                Some(known) => {
                    for (field, pair) in entry.changes.0 {
                        match known.fields.get_mut(&field) {
                            Some(known) => known[1] = pair[1].clone(),
                            None => drop(known.fields.insert(field, pair)),
                        }
                    }
                }
                None => {
                    places.insert(key, touched.len());
                    touched.push(Touched {
                        id: entry.record_id,
                        created: entry.verb == "created",
                        kind: entry.kind,
                        customer: entry.customer_id,
                        fields: entry.changes.0,
                    });
                }
            }
        }
        let records: Vec<Uuid> = touched.iter().map(|it| it.id).collect();
        let mut customers: Vec<Uuid> = touched
            .iter()
            .filter(|it| it.created)
            .filter_map(|it| it.customer)
            .collect();
        customers.sort_unstable();
        customers.dedup();
        let scope = (unit.organization(), import);
        let since = job_store::since(unit, scope, first, &customers).await?;
        let mut back = Self {
            touched,
            used: HashSet::new(),
            visited: HashSet::new(),
        };
        let ids: HashMap<String, Uuid> = records.iter().map(|id| (id.to_string(), *id)).collect();
        for other in since {
            // A change of the record itself shows in the record, if it has not been taken back.
            back.visited
                .extend(other.customer_id.filter(|customer| *customer != other.record_id));
            let named = other.changes.0.values().filter_map(|pair| pair[1].as_str());
            back.used.extend(named.filter_map(|text| ids.get(text).copied()));
        }
        let scope = Scope::all(unit.organization());
        let customers: Vec<CustomerId> = customers.into_iter().map(CustomerId).collect();
        // What says of a customer only that it is named stands in no line about that customer.
        let referred = store::referred_by(unit, &scope, customers.iter().copied()).await?;
        let referrers = referred.iter().filter_map(|it| it.fields.referred_by_id);
        back.used.extend(referrers.map(Uuid::from));
        let planned = plans::store::planned(unit, &scope, &customers).await?;
        back.used.extend(planned.into_iter().map(Uuid::from));
        Ok(back)
    }

    /// Takes out what was done to records of one kind.
    pub fn of_kind<R: Record>(&mut self) -> Vec<Touched> {
        let (mine, others) = std::mem::take(&mut self.touched)
            .into_iter()
            .partition(|it| it.kind == R::KIND);
        self.touched = others;
        mine
    }
}
