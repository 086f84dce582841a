//! All SQL of events: what happened that a caller may hear of.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::event::Subject;
use crate::access::Caller;
use crate::db::{Error, Sqls};
use crate::journal::feed::{self, Happening, Sorts};

/// How many revisions are looked through for one page: what is asked for may be rare in a long history.
const LOOKED_THROUGH: i64 = 100_000;

/// A part of what happened.
#[derive(Debug)]
pub struct Part {
    pub happenings: Vec<Happening>,
    /// How far it was looked.
    pub place: i64,
    pub more: bool,
}

/// What happened after a revision and up to another: at most `limit` of these sorts.
pub async fn read(
    db: &mut impl Sqls,
    caller: &Caller,
    sorts: &Sorts,
    (after, latest): (i64, i64),
    limit: i64,
) -> Result<Part, Error> {
    let until = feed::stretch(db, caller.organization, (after, latest), LOOKED_THROUGH).await?;
    let found = feed::happenings(db, caller.organization, Some(sorts), (after, until), limit).await?;
    let full = i64::try_from(found.len()).is_ok_and(|count| count >= limit);
    let place = match found.last() {
        Some(last) if full => last.revision,
        Some(_) | None => until.max(after),
    };
    Ok(Part {
        happenings: audible(db, caller, found).await?,
        more: place < latest,
        place,
    })
}

/// Those of these that the caller may hear of: of what is somebody's own, their own alone.
pub async fn audible(db: &mut impl Sqls, caller: &Caller, found: Vec<Happening>) -> Result<Vec<Happening>, Error> {
    let mut asked: BTreeSet<Subject> = BTreeSet::new();
    let heard: Vec<(Subject, Happening)> = found
        .into_iter()
        .filter_map(|it| Some((it.kind.parse::<Subject>().ok()?, it)))
        .filter(|(subject, _)| subject.is_heard_by(caller))
        .collect();
    asked.extend(
        heard
            .iter()
            .map(|(subject, _)| *subject)
            .filter(|it| it.is_asked_of(caller)),
    );
    let mut own: BTreeSet<Uuid> = BTreeSet::new();
    for subject in &asked {
        let ids: Vec<Uuid> = heard
            .iter()
            .filter(|(of, _)| of == subject)
            .map(|(_, it)| it.record_id)
            .collect();
        own.extend(own_of(db, caller, *subject, &ids).await?);
    }
    Ok(heard
        .into_iter()
        .filter(|(subject, it)| !asked.contains(subject) || own.contains(&it.record_id))
        .map(|(_, it)| it)
        .collect())
}

/// Which of these records are the caller's own.
async fn own_of(db: &mut impl Sqls, caller: &Caller, subject: Subject, ids: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let table = match subject {
        Subject::Absence => "absences",
        Subject::CalendarFeed => "calendar_feeds",
        Subject::Notification => "notifications",
        Subject::ActionItem => "action_items",
        Subject::ActionItemComment => "action_item_comments",
        // Their id is the user's own.
        Subject::NotificationPreferences => {
            return Ok(ids
                .iter()
                .copied()
                .filter(|id| caller.user.is_some_and(|user| user.0 == *id))
                .collect());
        }
        Subject::AccountManagerPeriod
        | Subject::ApiKey
        | Subject::Assignment
        | Subject::AssignmentBatch
        | Subject::Attempt
        | Subject::Cadence
        | Subject::CallList
        | Subject::Contact
        | Subject::Customer
        | Subject::Duplicate
        | Subject::FollowUp
        | Subject::Job
        | Subject::Merge
        | Subject::Note
        | Subject::NpsResponse
        | Subject::Organization
        | Subject::Plan
        | Subject::Program
        | Subject::RescueCase
        | Subject::Segment
        | Subject::ServiceInterest
        | Subject::Signal
        | Subject::TalkingPoints
        | Subject::TalkingPointsVersion
        | Subject::User
        | Subject::WebhookDelivery
        | Subject::WebhookEndpoint => return Ok(ids.to_vec()),
    };
    let join = match subject {
        Subject::ActionItemComment => {
            " JOIN action_items ON action_items.organization_id = action_item_comments.organization_id AND action_items.id = action_item_comments.action_item_id"
        }
        _ => "",
    };
    let mut sql = db
        .sql(format!(
            "SELECT {table}.id FROM {table}{join} WHERE {table}.organization_id = $1 AND {table}.id IN "
        ))
        .bind(caller.organization);
    sql.list(ids.iter().copied());
    match subject {
        Subject::ActionItem | Subject::ActionItemComment => caller.scope().narrow_items(&mut sql),
        _ => drop(sql.push(&format!(" AND {table}.user_id = ")).value(caller.user)),
    }
    let rows: Vec<(Uuid,)> = sql.all().await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
