//! Hands what a device has done to the rooms that know the rules: nothing is written here in any other way than there.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::adding::within_fields;
use super::collection::Collection;
use super::meanwhile::caught_up;
use super::merging::{Since, Verdict, same, verdict};
use super::mutation::Mutation;
use super::pushing::{Device, visible};
use super::store::{self, Loaded};
use super::{adding, changing};
use crate::access::Permission;
use crate::http::{Fault, Problem};
use crate::journal::{Unit, feed};
use crate::refusal::{Code, Refusal};

/// What was done.
#[derive(Debug, Default)]
pub struct Done {
    /// The fields that somebody else had changed, and that stand as they said.
    pub conflicts: Vec<String>,
    /// Somebody else has changed the record since the device read it.
    pub merged: bool,
}

/// Of no record does a device say these.
const BOOKKEEPING: [&str; 4] = ["id", "revision", "created_at", "updated_at"];

/// Makes a record, or changes it.
pub async fn upsert(unit: &mut Unit, device: &Device, mutation: &Mutation) -> Result<Done, Problem> {
    may(device, mutation.collection)?;
    let there = find(unit, device, mutation).await?;
    let mut fields = mutation.fields.clone();
    fields.retain(|field, _| !BOOKKEEPING.contains(&field.as_str()));
    match (mutation.collection, there) {
        (Collection::Programs | Collection::TalkingPoints, _) => Err(read_only(mutation.collection)),
        // What the device had read is gone: it is not made anew from what is left of it there.
        (_, None) if mutation.base() > 0 => Err(Problem::not_found()),
        (Collection::Attempts | Collection::Notes | Collection::NpsResponses, Some(there)) if mutation.base() > 0 => {
            let merge = Merge::of(unit, device, mutation, &there, &fields).await?;
            if merge.changed.is_empty() && merge.conflicts.is_empty() {
                return Ok(merge.done());
            }
            Err(only_added())
        }
        (Collection::Attempts, _) => {
            let fields = caught_up(unit, device, fields).await?;
            adding::attempt(unit, device, mutation.id, fields).await
        }
        (Collection::Notes, _) => {
            let fields = caught_up(unit, device, fields).await?;
            adding::note(unit, device, mutation.id, fields).await
        }
        (Collection::NpsResponses, _) => {
            let fields = caught_up(unit, device, fields).await?;
            adding::nps_response(unit, device, mutation.id, fields).await
        }
        (Collection::ActionItems, None) => {
            let later = changing::worked(&mut fields);
            let fields = caught_up(unit, device, fields).await?;
            let done = adding::action_item(unit, device, mutation.id, fields).await?;
            work(unit, device, mutation, later).await?;
            Ok(done)
        }
        (Collection::Contacts, None) => {
            let fields = caught_up(unit, device, fields).await?;
            adding::contact(unit, device, mutation.id, fields).await
        }
        (Collection::Assignments | Collection::Customers, None) => Err(Problem::not_found()),
        (collection, Some(there)) => {
            // Whose it is not, they say nothing of it: not what is so already, either.
            changing::theirs(unit, device, collection, mutation.id).await?;
            fields.retain(|field, _| !changing::follows(collection).contains(&field.as_str()));
            if mutation.base() == 0 {
                // The whole of what was made here, once more.
                fields = caught_up(unit, device, fields).await?;
            }
            let mut merge = Merge::of(unit, device, mutation, &there, &fields).await?;
            merge.check_what_was_lost(device, collection)?;
            let changed = std::mem::take(&mut merge.changed);
            changing::change(unit, device, collection, mutation.id, &there, changed.clone()).await?;
            if merge.conflicts.is_empty() {
                changing::settled(unit, device, (collection, mutation.id), changed).await?;
            }
            merge.keep_what_was_lost(unit, device, mutation.id).await?;
            Ok(merge.done())
        }
    }
}

/// What was done with a new item before it was first sent.
async fn work(unit: &mut Unit, device: &Device, mutation: &Mutation, said: Map<String, Value>) -> Result<(), Problem> {
    let (collection, id) = (mutation.collection, mutation.id);
    let mut made = store::load(unit, device.caller.organization, collection, &[id]).await?;
    let made = made.remove(&id).ok_or_else(Problem::not_found)?;
    let said: Map<_, _> = said
        .into_iter()
        .filter(|(field, said)| !is_so(&made, field, said))
        .collect();
    changing::change(unit, device, collection, id, &made, said.clone()).await?;
    changing::settled(unit, device, (collection, id), said).await
}

/// Deletes a record, where devices may.
pub async fn delete(unit: &mut Unit, device: &Device, mutation: &Mutation) -> Result<Done, Problem> {
    may(device, mutation.collection)?;
    let there = find(unit, device, mutation).await?;
    match (mutation.collection, there) {
        // What is gone already is as it was asked.
        (Collection::Contacts, None) => Ok(Done::default()),
        (Collection::Contacts, Some(there)) => {
            let merge = Merge::of(unit, device, mutation, &there, &Map::new()).await?;
            if merge.merged && mutation.base() > 0 {
                let detail = "Somebody else has changed it since; nothing was deleted.";
                return Err(Problem::new(Code::PreconditionFailed, detail));
            }
            changing::delete_contact(unit, device, mutation.id).await?;
            Ok(Done::default())
        }
        (Collection::Attempts | Collection::Notes | Collection::NpsResponses, _) => Err(only_added()),
        (
            Collection::Assignments
            | Collection::Customers
            | Collection::ActionItems
            | Collection::Programs
            | Collection::TalkingPoints,
            _,
        ) => Err(read_only(mutation.collection)),
    }
}

/// The same permissions as for the endpoints of the rooms.
fn may(device: &Device, collection: Collection) -> Result<(), Problem> {
    let permission = match collection {
        Collection::Assignments => Permission::AssignmentsWork,
        Collection::Customers | Collection::Contacts => Permission::CustomersManage,
        Collection::Attempts => Permission::AttemptsCreate,
        Collection::Notes => Permission::NotesWrite,
        Collection::NpsResponses => Permission::NpsWrite,
        Collection::ActionItems => Permission::ActionItemsWork,
        Collection::Programs | Collection::TalkingPoints => Permission::ProgramsRead,
    };
    Ok(device.caller.needs(permission)?)
}

/// The record, where it is in this caller's sight.
async fn find(unit: &mut Unit, device: &Device, mutation: &Mutation) -> Result<Option<Loaded>, Problem> {
    let (caller, collection) = (&device.caller, mutation.collection);
    let mut found = store::load(unit, caller.organization, collection, &[mutation.id]).await?;
    Ok(found
        .remove(&mutation.id)
        .filter(|record| visible(caller, &caller.scope(), collection, record)))
}

/// Whether a record says so already.
pub(super) fn is_so(record: &Loaded, field: &str, said: &Value) -> bool {
    same(said, record.data.get(field).unwrap_or(&Value::Null))
}

fn only_added() -> Problem {
    Refusal::state("Calls, notes and answers are only added by devices; what was there stays as it is.").into()
}

fn read_only(collection: Collection) -> Problem {
    Problem::fault(
        "/collection",
        "read_only",
        format!("Devices read `{collection}`, and do not do this with them."),
    )
}

/// A field that a device does not change.
pub(super) fn fixed(field: &str) -> Fault {
    Fault::new(
        format!("/fields/{field}"),
        "read_only",
        format!("`{field}` is not changed by devices."),
    )
}

/// What the device has changed, held against what others have.
struct Merge {
    changed: Map<String, Value>,
    conflicts: Vec<(String, Value, Value)>,
    merged: bool,
}

/// No device is so far behind.
const MOST_LINES: i64 = 10_000;
/// Under which word the journal keeps what was not taken over.
const CONFLICT: &str = "sync_conflict";
/// How many of these are looked through for one that says the same.
const MOST_CONFLICTS: i64 = 200;

impl Merge {
    async fn of(
        unit: &mut Unit,
        device: &Device,
        mutation: &Mutation,
        there: &Loaded,
        fields: &Map<String, Value>,
    ) -> Result<Self, Problem> {
        let filter = feed::Filter {
            kind: Some(mutation.collection.kind().to_owned()),
            record_id: Some(mutation.id),
            ..feed::Filter::default()
        };
        let organization = device.caller.organization;
        let lines = feed::entries(unit, organization, &filter, Some(mutation.base()), false, MOST_LINES).await?;
        let since: Vec<Since<'_>> = lines
            .iter()
            .map(|line| Since {
                own: device.sent(line.actor_id, line.client.as_deref()),
                changes: &line.changes.0,
            })
            .collect();
        let mut merge = Self {
            changed: Map::new(),
            conflicts: Vec::new(),
            merged: since.iter().any(|since| !since.own),
        };
        for (field, said) in fields {
            let now = there.data.get(field).unwrap_or(&Value::Null);
            match verdict(field, said, now, &since) {
                Verdict::Same => {}
                Verdict::Changed => {
                    merge.changed.insert(field.clone(), said.clone());
                }
                Verdict::Conflict => merge.conflicts.push((field.clone(), now.clone(), said.clone())),
            }
        }
        Ok(merge)
    }

    /// What is not taken over is kept, and so must fit as what is taken over.
    fn check_what_was_lost(&self, device: &Device, collection: Collection) -> Result<(), Problem> {
        let lost = self.conflicts.iter();
        let faults = lost.flat_map(|(field, _, lost)| changing::unfit(device, collection, field, lost));
        changing::none_of(faults.collect()).map_err(within_fields)
    }

    /// The value that was not taken over stays in the journal, once however often it is sent.
    async fn keep_what_was_lost(&self, unit: &mut Unit, device: &Device, id: Uuid) -> Result<(), Problem> {
        if self.conflicts.is_empty() {
            return Ok(());
        }
        let filter = feed::Filter {
            kind: Some(CONFLICT.to_owned()),
            record_id: Some(id),
            ..feed::Filter::default()
        };
        let kept = feed::entries(unit, device.caller.organization, &filter, None, true, MOST_CONFLICTS).await?;
        for (field, stands, lost) in &self.conflicts {
            let last = kept
                .iter()
                .filter(|line| device.sent(line.actor_id, line.client.as_deref()))
                .find_map(|line| line.changes.get(field));
            if last == Some(&json!([stands, lost])) {
                continue;
            }
            unit.mention(CONFLICT, id, "lost", (field, &json!(stands), &json!(lost)))?;
        }
        Ok(())
    }

    fn done(self) -> Done {
        Done {
            conflicts: self.conflicts.into_iter().map(|(field, ..)| field).collect(),
            merged: self.merged,
        }
    }
}
