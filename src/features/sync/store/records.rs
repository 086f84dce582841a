//! Records as devices keep them.

use std::collections::{HashMap, HashSet};

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::db::{Error, Sqls};
use crate::features::action_items::action_item::ActionItem;
use crate::features::assignments::assignment::Assignment;
use crate::features::attempts::attempt::Attempt;
use crate::features::customers::contact::Contact;
use crate::features::customers::customer::Customer;
use crate::features::notes::note::Note;
use crate::features::nps::response::NpsResponse;
use crate::features::programs::program::Program;
use crate::features::sync::collection::Collection;
use crate::features::talking_points::points::TalkingPoints;
use crate::id::OrganizationId;
use crate::journal::{self, Holding, Record};

/// A record as it is now, and whose. What it says can be looked into, or else is ready to be sent.
#[derive(Debug, Clone)]
pub struct Loaded<D = Map<String, Value>> {
    pub revision: i64,
    pub customer: Option<Uuid>,
    pub owner: Option<Uuid>,
    pub holding: Option<Holding>,
    /// Without its revision, which stands beside it: a device's own name for something else.
    pub data: D,
}

/// How that which a record says is kept.
pub trait Data: Sized {
    /// What the record says, without its revision.
    fn of<R: Record>(record: &R) -> Self;
}

impl Data for Map<String, Value> {
    fn of<R: Record>(record: &R) -> Self {
        let mut data = match serde_json::to_value(record) {
            Ok(Value::Object(data)) => data,
            Ok(_) | Err(_) => Self::new(),
        };
        data.remove(REVISION);
        data
    }
}

const REVISION: &str = "revision";

impl Data for Box<RawValue> {
    fn of<R: Record>(record: &R) -> Self {
        let written = serde_json::to_string(record).ok();
        let cut = written.and_then(without_revision).map(RawValue::from_string);
        match cut {
            Some(Ok(data)) => data,
            Some(Err(_)) | None => serde_json::value::to_raw_value(&Map::of(record)).unwrap_or_default(),
        }
    }
}

/// Cuts the revision out of a record's JSON where it is the last number of it, before the times. None where it stands elsewhere.
fn without_revision(mut record: String) -> Option<String> {
    let at = record.rfind(r#","revision":"#)?;
    let (_, rest) = record.get(at + 1..)?.split_once(',')?;
    // What follows is the end of the record itself, and nothing within it.
    let end = rest.strip_suffix('}')?;
    if end.contains(['{', '}', '[', ']']) {
        return None;
    }
    let after = record.len() - rest.len() - 1;
    record.replace_range(at..after, "");
    Some(record)
}

impl<D: Data> Loaded<D> {
    /// A record, as devices keep it.
    pub fn of<R: Record>(record: &R) -> Self {
        Self {
            revision: record.revision(),
            customer: record.customer(),
            owner: record.owner(),
            holding: record.holding(),
            data: D::of(record),
        }
    }
}

impl<D> Loaded<D> {
    /// Whether it is an assignment that holds its customer on this user's device.
    pub fn holds_for(&self, user: Uuid) -> bool {
        self.holding.is_some_and(|holding| holding.user == user)
    }

    /// Whether it is in the working set of a user who has these customers in hand.
    pub fn is_in(&self, collection: Collection, user: Uuid, customers: &HashSet<Uuid>) -> bool {
        let in_hand = self.customer.is_some_and(|customer| customers.contains(&customer));
        self.owner == Some(user) || (in_hand && (collection != Collection::Assignments || self.holds_for(user)))
    }
}

async fn of<R: Record, D: Data>(
    db: &mut impl Sqls,
    organization: OrganizationId,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Loaded<D>>, Error> {
    let records: Vec<R> = journal::find_all(db, organization, ids).await?;
    Ok(records.iter().map(|record| (record.id(), Loaded::of(record))).collect())
}

/// These records of a collection, as they are now.
///
/// # Errors
/// What the database said.
pub async fn load<D: Data>(
    db: &mut impl Sqls,
    organization: OrganizationId,
    collection: Collection,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Loaded<D>>, Error> {
    match collection {
        Collection::Assignments => of::<Assignment, D>(db, organization, ids).await,
        Collection::Customers => of::<Customer, D>(db, organization, ids).await,
        Collection::Contacts => of::<Contact, D>(db, organization, ids).await,
        Collection::Attempts => of::<Attempt, D>(db, organization, ids).await,
        Collection::Notes => of::<Note, D>(db, organization, ids).await,
        Collection::NpsResponses => of::<NpsResponse, D>(db, organization, ids).await,
        Collection::ActionItems => of::<ActionItem, D>(db, organization, ids).await,
        Collection::Programs => of::<Program, D>(db, organization, ids).await,
        Collection::TalkingPoints => of::<TalkingPoints, D>(db, organization, ids).await,
    }
}

#[cfg(test)]
mod tests {
    use super::without_revision;

    #[test]
    fn only_the_records_own_revision_goes() {
        for (record, left) in [
            (
                r#"{"id":"7","revision":12,"created_at":"x"}"#,
                Some(r#"{"id":"7","created_at":"x"}"#),
            ),
            (
                r#"{"custom":{"revision":3,"a":1},"note":",\"revision\":9,","revision":12,"created_at":"x","updated_at":"y"}"#,
                Some(r#"{"custom":{"revision":3,"a":1},"note":",\"revision\":9,","created_at":"x","updated_at":"y"}"#),
            ),
            // Elsewhere it is left to whoever reads the record as it is.
            (r#"{"revision":12,"created_at":"x"}"#, None),
            (r#"{"id":"7","revision":12,"custom":{"revision":3,"a":1}}"#, None),
            (r#"{"id":"7","revision":12,"tags":["a"]}"#, None),
            (r#"{"id":"7","revision":12}"#, None),
            (r#"{"id":"7"}"#, None),
        ] {
            assert_eq!(without_revision(record.into()).as_deref(), left, "{record}");
        }
    }
}
