//! Speaks: the audit log.

use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::http::page::{Paged, Paging};
use crate::http::{Access, Answer, App, Endpoint, Problem, Query, Reply};
use crate::journal::feed::{self, Entry, Filter};

crate::page!(EntryPage of Entry);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![list_audit_log: Access::Needs(Permission::AuditLogRead) => sorted_by(vec!["revision"], "-revision")]
}

/// Which entries are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditFilter {
    /// What sort of record: `customer`, `assignment`.
    #[param(min_length = 1, max_length = 40)]
    pub kind: Option<String>,
    pub record_id: Option<Uuid>,
    /// Everything about one customer, whatever the kind.
    pub customer_id: Option<Uuid>,
    /// The user or API key who made the change.
    pub actor_id: Option<Uuid>,
    /// What happened: `created`, `rescheduled`.
    #[param(min_length = 1, max_length = 40)]
    pub verb: Option<String>,
    pub recorded_at_gte: Option<Timestamp>,
    pub recorded_at_lt: Option<Timestamp>,
}

impl From<AuditFilter> for Filter {
    fn from(asked: AuditFilter) -> Self {
        Self {
            kind: asked.kind,
            record_id: asked.record_id,
            customer_id: asked.customer_id,
            actor_id: asked.actor_id,
            verb: asked.verb,
            recorded_at_gte: asked.recorded_at_gte,
            recorded_at_lt: asked.recorded_at_lt,
        }
    }
}

/// List what was changed.
///
/// One entry per changed record: who, when, from which client and address, which fields from what to what. The newest come first; `sort=revision` begins with the oldest.
/// Links that let a user in, new passwords and signing out everywhere are entries of the user, revoked keys entries of the key.
/// Signing in, refreshing and the use of a key change no record and are not here: sessions end by themselves, and a key tells when it was last used.
#[utoipa::path(get, path = "/v1/audit-log", operation_id = "list_audit_log", tag = "audit", params(AuditFilter, Paging),
    responses((status = 200, description = "A page of entries", body = EntryPage)))]
async fn list_audit_log(app: App, caller: Caller, filter: Query<AuditFilter>, paging: Paging) -> Answer<EntryPage> {
    let descending = match paging.sort.as_deref() {
        None | Some("-revision") => true,
        Some("revision") => false,
        Some(other) => {
            return Err(Problem::fault(
                "sort",
                "not_allowed",
                format!("This list cannot be sorted by `{other}`, but by revision, -revision."),
            ));
        }
    };
    let filter = Filter::from(filter.0);
    let after = paging.number(&app, &caller)?;
    let (mut read, organization) = (app.read(), caller.organization);
    let limit = paging.limit();
    let mut data = feed::entries(&mut read, organization, &filter, after, descending, limit + 1).await?;
    let has_more = i64::try_from(data.len()).is_ok_and(|count| count > limit);
    if has_more {
        data.pop();
    }
    let last = data.last().filter(|_| has_more);
    let next_cursor = last.and_then(|last| paging.number_cursor(&app, &caller, last.revision));
    let total = match paging.include_total {
        Some(true) => Some(feed::count(&mut read, organization, &filter).await?),
        Some(false) | None => None,
    };
    Ok(Reply::ok(
        Paged {
            data,
            next_cursor,
            has_more,
            total,
        }
        .into(),
    ))
}
