//! Records as devices keep them.

use std::collections::HashMap;

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

/// A record as it is now, and whose.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub revision: i64,
    pub customer: Option<Uuid>,
    pub owner: Option<Uuid>,
    pub holding: Option<Holding>,
    /// Without its revision, which stands beside it: a device's own name for something else.
    pub data: Map<String, Value>,
}

impl Loaded {
    /// A record, as devices keep it.
    pub fn of<R: Record>(record: &R) -> Self {
        let mut data = match serde_json::to_value(record) {
            Ok(Value::Object(data)) => data,
            Ok(_) | Err(_) => Map::new(),
        };
        data.remove("revision");
        Self {
            revision: record.revision(),
            customer: record.customer(),
            owner: record.owner(),
            holding: record.holding(),
            data,
        }
    }
}

async fn of<R: Record>(
    db: &mut impl Sqls,
    organization: OrganizationId,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Loaded>, Error> {
    let records: Vec<R> = journal::find_all(db, organization, ids).await?;
    Ok(records.iter().map(|record| (record.id(), Loaded::of(record))).collect())
}

/// These records of a collection, as they are now.
///
/// # Errors
/// What the database said.
pub async fn load(
    db: &mut impl Sqls,
    organization: OrganizationId,
    collection: Collection,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Loaded>, Error> {
    match collection {
        Collection::Assignments => of::<Assignment>(db, organization, ids).await,
        Collection::Customers => of::<Customer>(db, organization, ids).await,
        Collection::Contacts => of::<Contact>(db, organization, ids).await,
        Collection::Attempts => of::<Attempt>(db, organization, ids).await,
        Collection::Notes => of::<Note>(db, organization, ids).await,
        Collection::NpsResponses => of::<NpsResponse>(db, organization, ids).await,
        Collection::ActionItems => of::<ActionItem>(db, organization, ids).await,
        Collection::Programs => of::<Program>(db, organization, ids).await,
        Collection::TalkingPoints => of::<TalkingPoints>(db, organization, ids).await,
    }
}
