//! Speaks: what a device reads.

use chrono::TimeDelta;
use serde::Deserialize;
use utoipa::IntoParams;

use super::change::SyncChanges;
use super::collection::Collection;
use super::cursor::Position;
use super::pulling::{Asked, pull};
use super::store;
use crate::access::{Caller, Permission};
use crate::features::assignments;
use crate::http::query::List;
use crate::http::{Access, Answer, App, Endpoint, Problem, Query, Reply};
use crate::id::UserId;
use crate::journal::epoch;
use crate::refusal::Code;

/// How long it is known what left: a device that was away for longer starts afresh.
pub const TOMBSTONES: TimeDelta = TimeDelta::days(90);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![get_sync_changes: Access::SignedIn]
}

/// From where a device reads on.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SyncQuery {
    /// Only these, separated by commas; all when absent. Keep a cursor for each choice.
    #[param(style = Form, explode = false, value_type = Option<Vec<Collection>>, max_items = 9)]
    pub collections: Option<List<Collection>>,
    /// As the page before gave it; everything in the working set when absent.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub cursor: Option<i64>,
    /// As the page before gave it.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub epoch: Option<i64>,
    /// How many changes a page has at most; 200 when absent.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
}

/// The person whose device it is.
pub(super) fn owner(caller: &Caller) -> Result<UserId, Problem> {
    caller
        .user
        .ok_or_else(|| Problem::new(Code::WrongState, "An API key has no working set; sign in as a user."))
}

/// Read what changed in my working set.
///
/// My working set: my assignments, their customers with contacts, attempts, notes, NPS responses and action items; the action items that I own; programs and what to talk about. Whose role places no calls has their own action items. Without a cursor it comes whole, with removals of what left it, for a device may have sent something before it first read; with one, what came, changed or left since. A customer that comes brings all its records, one that leaves takes them along: removals name the id alone.
///
/// Every page is full up to `limit` until `has_more` is false. A cursor older than 90 days, one of another epoch (a backup was restored) and one ahead of the server answer 410: start afresh without it. An API key has no working set: 409.
#[utoipa::path(get, path = "/v1/sync/changes", operation_id = "get_sync_changes", tag = "sync", params(SyncQuery),
    responses((status = 200, description = "What came, changed and left", body = SyncChanges),
        (status = 409, description = "An API key has no working set", body = crate::http::ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The cursor cannot be read on from: start afresh", body = crate::http::ProblemBody, content_type = "application/problem+json")))]
async fn get_sync_changes(app: App, caller: Caller, query: Query<SyncQuery>) -> Answer<SyncChanges> {
    let (user, mut db) = (owner(&caller)?, app.read());
    let (head, epoch_now) = store::head(&mut db, caller.organization).await?;
    // Not as the gate knows it, who may know it from before the head: what came with a new role below the head would never be told.
    let role = assignments::store::known_user(&mut db, &caller.scope(), user).await?;
    let role = role.map_or(caller.role, |it| it.role);
    let since = match query.cursor {
        Some(cursor) => Position::of(cursor),
        None => Position::START,
    };
    let long_ago = app.clock.now().plus(-TOMBSTONES);
    if query.cursor.is_some() {
        let unknown = store::first_unknown(&mut db, caller.organization, since.revision).await?;
        let too_old = since.is_whole() && unknown.is_some_and(|at| at < long_ago);
        let gone = epoch::is_of_another(&mut db, caller.organization, since.revision).await?;
        if gone || query.epoch.is_some_and(|known| known != epoch_now) || since.revision > head {
            return Err(afresh("The server was restored from a backup since"));
        }
        if too_old {
            return Err(afresh("This cursor is older than what is still known of removals"));
        }
    }
    let asked = |collection: &Collection| {
        query
            .collections
            .as_ref()
            .is_none_or(|List(only)| only.contains(collection))
    };
    let collections = Collection::ALL.iter().copied();
    let asked = Asked {
        organization: caller.organization,
        user,
        calls: role.may(Permission::AssignmentsWork),
        collections: collections.filter(asked).collect(),
        since,
        head,
        forgotten: store::last_before(&mut db, caller.organization, long_ago).await?,
        limit: query.limit.unwrap_or(200),
    };
    let pulled = pull(&mut db, &asked).await?;
    Ok(Reply::ok(SyncChanges {
        changes: pulled.changes,
        cursor: pulled.position.cursor(),
        epoch: epoch_now,
        has_more: pulled.more,
    }))
}

fn afresh(why: &str) -> Problem {
    Problem::new(
        Code::StartAfresh,
        format!("{why}. Send what is not sent yet, forget what is kept, and read again without a cursor."),
    )
}
