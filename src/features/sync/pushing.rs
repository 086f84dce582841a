//! Does what was done on a device: each mutation for itself, by the rooms' own rules, and once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;
use uuid::Uuid;

use super::change::Op;
use super::collection::Collection;
use super::mutation::{FieldName, Mutation, MutationOp, MutationResult, MutationStatus, is_ours};
use super::rooms::{self, Done};
use super::store::{self, Loaded, Sent};
use crate::access::{Caller, Permission, Scope, caller};
use crate::http::{Checks, Problem};
use crate::id::UserId;
use crate::journal::Unit;
use crate::refusal::Code;
use crate::text::is_unfit;

/// Whose device sends.
#[derive(Clone)]
pub struct Device {
    pub caller: Caller,
    pub user: UserId,
    pub client_id: String,
    pub checks: Checks,
}

/// Of a `User-Agent`, so much is kept beside the device's own name.
const AGENT: usize = 90;

impl Device {
    /// Whose caller writes in the device's name; the request's idempotency key is the whole call's, not one mutation's.
    pub fn new(mut caller: Caller, user: UserId, client_id: String, checks: Checks) -> Self {
        let agent = caller.origin.client.unwrap_or_default();
        let agent: String = agent.chars().take(AGENT).collect();
        caller.origin.client = Some(format!("{agent}{}", mark(&client_id)));
        caller.origin.claim = None;
        Self {
            caller,
            user,
            client_id,
            checks,
        }
    }

    /// Asks again who it is, when it is their turn to write: who was sent away or has another role by now does no more than that allows.
    ///
    /// # Errors
    /// 401; what was done so far stays done, and is done once when it is sent again.
    pub async fn still(&mut self, unit: &mut Unit) -> Result<(), Problem> {
        let now = unit.now();
        let still = caller::again(unit, self.caller.organization, self.caller.actor(), now).await?;
        let Some(still) = still else {
            return Err(Problem::new(
                Code::Unauthenticated,
                "You have no access any more. Sign in again.",
            ));
        };
        let caller = &mut self.caller;
        (caller.role, caller.department, caller.narrowed) = (still.role, still.department, still.narrowed);
        Ok(())
    }

    /// By what a mutation is known when it comes again: the device's own name for it, or, of a new record, the record's. What becomes of new
    /// records depends on how the world stands, so that it is told by what was sent.
    fn sent_as(&self, mutation: &Mutation) -> Option<Sent> {
        let (client_id, mutation_id) = match &mutation.mutation_id {
            Some(named) => (self.client_id.clone(), named.clone()),
            // No device's name has a blank.
            None if mutation.op == MutationOp::Upsert && mutation.base() == 0 => {
                let record = format!("{}/{}", mutation.collection, mutation.id);
                (format!("{} made", self.client_id), record)
            }
            None => return None,
        };
        Some(Sent {
            user: self.user,
            client_id,
            mutation_id,
            fingerprint: mutation.fingerprint(),
        })
    }

    /// Whether a line of the journal is of something that this device sent.
    pub fn sent(&self, actor: Option<Uuid>, client: Option<&str>) -> bool {
        actor == Some(self.user.into()) && client.is_some_and(|client| client.ends_with(&mark(&self.client_id)))
    }
}

/// By which the journal knows a device.
fn mark(client_id: &str) -> String {
    format!(" device={client_id}")
}

/// Does one mutation, and tells what became of it: whole, or nothing of it stays.
///
/// # Errors
/// Only what is our own fault: everything else is a result.
pub async fn apply(unit: &mut Unit, device: &Device, mutation: Mutation) -> Result<Answer, Problem> {
    let answer = Answer::to(&mutation);
    let step = unit.step().await?;
    let problem = match attempt(unit, device, mutation).await {
        Ok((status, conflicts)) => {
            unit.keep_step().await?;
            return Ok(Answer {
                status,
                conflicts,
                ..answer
            });
        }
        Err(problem) if is_ours(&problem) => return Err(problem),
        Err(problem) => problem,
    };
    unit.take_back(&step).await?;
    Ok(Answer {
        problem: Some(problem),
        ..answer
    })
}

/// Tells what became of some mutations, and what the device does with each record, now that all of them are done.
///
/// # Errors
/// What the database said.
pub async fn told(unit: &mut Unit, device: &Device, mut answers: Vec<Answer>) -> Result<Vec<MutationResult>, Problem> {
    let caller = &device.caller;
    let records = shown(unit, caller, &answers).await?;
    for answer in &mut answers {
        answer.record = answer.reads().and_then(|which| records.get(&which).cloned());
    }
    let customers: BTreeSet<Uuid> = answers
        .iter()
        .filter_map(|answer| answer.record.as_ref()?.customer)
        .collect();
    let mut in_hand = HashSet::new();
    if caller.may(Permission::AssignmentsWork) && !customers.is_empty() {
        let held = store::held(unit, caller.organization, device.user, customers).await?;
        let held = held.iter().filter(|row| row.departed.is_none());
        in_hand.extend(held.map(|row| row.customer_id));
    }
    let user = device.user.into();
    Ok(answers.into_iter().map(|answer| answer.told(user, &in_hand)).collect())
}

type Outcome = (MutationStatus, Vec<String>);

async fn attempt(unit: &mut Unit, device: &Device, mutation: Mutation) -> Result<Outcome, Problem> {
    let sent = device.sent_as(&mutation);
    if let Some(sent) = &sent
        && let Some((known, status, conflicts)) = store::known(unit, sent).await?
    {
        if known == sent.fingerprint {
            let status = status.parse().unwrap_or(MutationStatus::Applied);
            return Ok((status, conflicts));
        }
        if mutation.mutation_id.is_some() {
            let detail = "This `mutation_id` was used before, for something else.";
            return Err(Problem::new(Code::KeyReused, detail));
        }
    }
    let Done { conflicts, merged } = match mutation.op {
        MutationOp::Upsert => rooms::upsert(unit, device, &mutation).await?,
        MutationOp::Delete => rooms::delete(unit, device, &mutation).await?,
    };
    let status = match (conflicts.is_empty(), merged) {
        (false, _) => MutationStatus::Conflict,
        (true, true) => MutationStatus::Merged,
        (true, false) => MutationStatus::Applied,
    };
    if let Some(sent) = &sent {
        store::keep(unit, sent, status.as_str(), &conflicts).await?;
    }
    Ok((status, conflicts))
}

type Which = (Collection, Uuid);

/// The records as they are, where this caller may see them.
async fn shown(unit: &mut Unit, caller: &Caller, answers: &[Answer]) -> Result<HashMap<Which, Loaded>, Problem> {
    let mut wanted: BTreeMap<Collection, BTreeSet<Uuid>> = BTreeMap::new();
    for (collection, id) in answers.iter().filter_map(Answer::reads) {
        wanted.entry(collection).or_default().insert(id);
    }
    let (scope, mut records) = (caller.scope(), HashMap::new());
    for (collection, ids) in wanted {
        let found = store::load(unit, caller.organization, collection, &Vec::from_iter(ids)).await?;
        let seen = found
            .into_iter()
            .filter(|(_, record)| visible(caller, &scope, collection, record));
        records.extend(seen.map(|(id, record)| ((collection, id), record)));
    }
    Ok(records)
}

/// Whether this caller may see the record: as by the endpoints of its room.
pub(super) fn visible(caller: &Caller, scope: &Scope, collection: Collection, record: &Loaded) -> bool {
    collection.is_for(caller)
        && match (collection, &scope.own_items) {
            (Collection::ActionItems, Some(own)) => {
                let department = record.data.get("department").and_then(Value::as_str);
                own.have(record.owner.map(Into::into), department)
            }
            _ => true,
        }
}

/// What is answered to a mutation that cannot be read, as far as it says which it is.
pub fn unreadable(mutation: &Value, problem: Problem) -> Answer {
    let said = |field: &str| mutation.get(field).and_then(Value::as_str);
    Answer {
        collection: said("collection").and_then(|name| name.parse().ok()),
        id: said("id").and_then(|id| id.parse().ok()),
        mutation_id: said("mutation_id")
            .filter(|id| (1..=100).contains(&id.chars().count()) && !is_unfit(id))
            .map(str::to_owned),
        problem: Some(problem),
        ..Answer::default()
    }
}

/// What became of a mutation: it is rejected as long as nothing else is said.
pub struct Answer {
    collection: Option<Collection>,
    id: Option<Uuid>,
    mutation_id: Option<String>,
    /// Whether it could be read: to what could not be, the device keeps what it has.
    read: bool,
    /// Whether the device has the record from the server.
    known: bool,
    status: MutationStatus,
    conflicts: Vec<String>,
    record: Option<Loaded>,
    problem: Option<Problem>,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            collection: None,
            id: None,
            mutation_id: None,
            read: false,
            known: false,
            status: MutationStatus::Rejected,
            conflicts: Vec::new(),
            record: None,
            problem: None,
        }
    }
}

impl Answer {
    fn to(mutation: &Mutation) -> Self {
        Self {
            collection: Some(mutation.collection),
            id: Some(mutation.id),
            mutation_id: mutation.mutation_id.clone(),
            read: true,
            known: mutation.base() > 0,
            ..Self::default()
        }
    }

    /// Of which record it tells.
    fn reads(&self) -> Option<Which> {
        Some((self.collection?, self.id?)).filter(|_| self.read)
    }

    /// What the device does with the record. What it made itself and nobody has taken stays there, to be mended.
    fn op(&self, user: Uuid, in_hand: &HashSet<Uuid>) -> Option<Op> {
        match (&self.record, self.collection) {
            (Some(record), Some(collection)) => {
                let is_there = !collection.of_customers() || record.is_in(collection, user, in_hand);
                Some(if is_there { Op::Upsert } else { Op::Remove })
            }
            _ if self.status == MutationStatus::Rejected && !self.known => None,
            _ => Some(Op::Remove),
        }
    }

    fn told(self, user: Uuid, in_hand: &HashSet<Uuid>) -> MutationResult {
        MutationResult {
            op: self.op(user, in_hand),
            collection: self.collection,
            id: self.id,
            mutation_id: self.mutation_id,
            status: self.status,
            conflicts: self.conflicts.into_iter().map(FieldName).collect(),
            revision: self.record.as_ref().map(|record| record.revision),
            record: self.record.map(|record| record.data),
            problem: self.problem.as_ref().map(Problem::body),
        }
    }
}
