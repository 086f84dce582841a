//! All SQL of action items and their comments.

use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::action_item::{ActionItem, ActionItemId, ActionItemInput, ActionItemKind, ActionItemStatus, Priority};
use super::comment::{ActionItemComment, ActionItemCommentId, ActionItemCommentInput};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::attempts::attempt::Disposition;
use crate::features::customers::customer::CustomerId;
use crate::features::customers::store::redirects;
use crate::features::references::References;
use crate::fold;
use crate::http::Fault;
use crate::http::query::List;
use crate::id::UserId;
use crate::journal::{self, Listed, Sort, SortKey, Window};

fn priority_key(item: &ActionItem) -> i64 {
    match item.fields.priority {
        Priority::Low => 0,
        Priority::Normal => 1,
        Priority::High => 2,
        Priority::Urgent => 3,
    }
}

/// Departments are the same whatever their case and accents; without one it is blank.
fn department_key(item: &ActionItem) -> String {
    item.fields.department.as_deref().map(fold::key).unwrap_or_default()
}

/// How long a completed item took; −1 for every other. Not shown: the report's mean and median need it as a column, for there is no
/// portable way to subtract times in SQL.
fn seconds_to_close(item: &ActionItem) -> i64 {
    match (item.status, item.closed_at) {
        (ActionItemStatus::Completed, Some(closed)) => (closed.utc() - item.created_at.utc()).num_seconds().max(0),
        _ => -1,
    }
}

crate::record!(
    ActionItem, "action_item", "action_items",
    [
        customer_id, contact_id, assignment_id, attempt_id, created_by, status, closed_at, closed_by, outcome,
        customer_told_at, customer_told_by, customer_told_how,
    ],
    fields ActionItemInput [title, detail, kind, owner_id, department, due_at, priority, customer_promise],
    derived {
        due_key: |item| Timestamp::or_never(item.fields.due_at),
        promise_key: |item| Timestamp::or_never(item.fields.customer_promise.as_ref().map(|promise| promise.by)),
        promised: |item| item.fields.customer_promise.is_some(),
        priority_key: |item| priority_key(item),
        department_key: |item| department_key(item),
        seconds_to_close: |item| seconds_to_close(item),
    },
    customer: |item| Some(item.customer_id.into()),
    owner: |item| item.fields.owner_id.map(Into::into),
);

crate::record!(
    ActionItemComment, "action_item_comment", "action_item_comments",
    [action_item_id, customer_id, author_id],
    fields ActionItemCommentInput [body],
    customer: |comment| Some(comment.customer_id.into()),
);

/// Fields that action items can be sorted by. What has no due time comes last.
pub static SORTS: &[Sort<ActionItem>] = &[
    Sort {
        name: "due_at",
        column: "action_items.due_key",
        key: |item| SortKey::Time(Timestamp::or_never(item.fields.due_at)),
    },
    Sort {
        name: "priority",
        column: "action_items.priority_key",
        key: |item| SortKey::Int(priority_key(item)),
    },
    Sort {
        name: "created_at",
        column: "action_items.created_at",
        key: |item| SortKey::Time(item.created_at),
    },
    Sort {
        name: "updated_at",
        column: "action_items.updated_at",
        key: |item| SortKey::Time(item.updated_at),
    },
];

/// Comments stand in the order in which they were made.
pub static COMMENT_SORTS: &[Sort<ActionItemComment>] = &[Sort {
    name: "created_at",
    column: "action_item_comments.created_at",
    key: |comment| SortKey::Time(comment.created_at),
}];

/// Which action items are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActionItemFilter {
    /// States, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<ActionItemStatus>>, max_items = 5)]
    pub status_in: Option<List<ActionItemStatus>>,
    #[param(style = Form, explode = false, value_type = Option<Vec<ActionItemKind>>, max_items = 20)]
    pub kind_in: Option<List<ActionItemKind>>,
    #[param(style = Form, explode = false, value_type = Option<Vec<Priority>>, max_items = 4)]
    pub priority_in: Option<List<Priority>>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub owner_id: Option<UserId>,
    /// Those that the caller owns; `false` for all others.
    pub mine: Option<bool>,
    /// Whatever its case.
    #[param(min_length = 1, max_length = 100)]
    pub department: Option<String>,
    /// Those of the caller's department; `false` for all others.
    pub my_department: Option<bool>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub created_by: Option<UserId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub customer_id: Option<CustomerId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub assignment_id: Option<Uuid>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub attempt_id: Option<Uuid>,
    /// Not closed, and past its due time; `false` for all others.
    pub overdue: Option<bool>,
    /// The customer was not told by the promised time, whatever became of the work; `false` for all others.
    pub promise_overdue: Option<bool>,
    /// Whether the customer was promised something.
    pub promised: Option<bool>,
    /// Whether the customer was told.
    pub told: Option<bool>,
    pub due_at_gte: Option<Timestamp>,
    pub due_at_lt: Option<Timestamp>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

/// Who asks, and when: for `mine`, `my_department` and `overdue`.
#[derive(Debug, Clone)]
pub struct Asking {
    pub user: Option<UserId>,
    pub department: Option<String>,
    pub now: Timestamp,
}

impl ActionItemFilter {
    fn narrow(&self, sql: &mut Sql<'_>, scope: &Scope, asking: &Asking) {
        scope.narrow_items(sql);
        sql.within("action_items.status", self.status_in.as_deref());
        sql.within("action_items.kind", self.kind_in.as_deref());
        sql.within("action_items.priority", self.priority_in.as_deref());
        self.narrow_people(sql, asking);
        redirects::narrow(sql, "action_items.customer_id", self.customer_id);
        sql.compare("action_items.assignment_id =", self.assignment_id);
        sql.compare("action_items.attempt_id =", self.attempt_id);
        if let Some(overdue) = self.overdue {
            sql.push(if overdue { " AND (" } else { " AND NOT (" })
                .push("action_items.status NOT IN ('completed', 'canceled') AND action_items.due_key < ")
                .value(asking.now)
                .push(")");
        }
        if let Some(overdue) = self.promise_overdue {
            sql.push(if overdue { " AND (" } else { " AND NOT (" })
                .push("action_items.customer_told_at IS NULL AND action_items.promise_key < ")
                .value(asking.now)
                .push(")");
        }
        sql.compare("action_items.promised =", self.promised);
        if let Some(told) = self.told {
            sql.push(if told {
                " AND action_items.customer_told_at IS NOT NULL"
            } else {
                " AND action_items.customer_told_at IS NULL"
            });
        }
        self.narrow_times(sql);
    }

    fn narrow_people(&self, sql: &mut Sql<'_>, asking: &Asking) {
        sql.compare("action_items.owner_id =", self.owner_id);
        match (self.mine, asking.user) {
            (Some(true), me) => {
                sql.push(" AND action_items.owner_id = ").value(me);
            }
            (Some(false), Some(me)) => {
                sql.push(" AND (action_items.owner_id IS NULL OR action_items.owner_id <> ")
                    .value(me)
                    .push(")");
            }
            // An API key owns nothing, so all are others'.
            (Some(false), None) | (None, _) => {}
        }
        if let Some(department) = &self.department {
            sql.push(" AND action_items.department_key = ")
                .value(fold::key(department));
        }
        match (self.my_department, asking.department.as_deref().map(fold::key)) {
            (Some(true), mine) => {
                sql.push(" AND action_items.department_key = ").value(mine);
            }
            (Some(false), Some(mine)) => {
                sql.push(" AND action_items.department_key <> ").value(mine);
            }
            (Some(false), None) | (None, _) => {}
        }
        sql.compare("action_items.created_by =", self.created_by);
    }

    fn narrow_times(&self, sql: &mut Sql<'_>) {
        for (condition, at) in [
            (" AND action_items.due_at >= ", self.due_at_gte),
            (" AND action_items.due_at < ", self.due_at_lt),
            (" AND action_items.created_at >= ", self.created_at_gte),
            (" AND action_items.created_at < ", self.created_at_lt),
            (" AND action_items.updated_at >= ", self.updated_at_gte),
            (" AND action_items.updated_at < ", self.updated_at_lt),
        ] {
            if let Some(at) = at {
                sql.push(condition).value(at);
            }
        }
    }
}

/// A page of action items.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &ActionItemFilter,
    asking: &Asking,
    window: &Window<ActionItem>,
) -> Result<Listed<ActionItem>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql, scope, asking)).await
}

/// The item, if it is in sight.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: ActionItemId) -> Result<Option<ActionItem>, Error> {
    let mut found = journal::select(db, scope.organization, |sql| {
        sql.push(" AND action_items.id = ").value(id);
        scope.narrow_items(sql);
    })
    .await?;
    Ok(found.pop())
}

/// Whether other work on the same fault of the same contact, or of the same customer, is open.
pub async fn same_is_open(
    db: &mut impl Sqls,
    scope: &Scope,
    item: &ActionItem,
    disposition: Disposition,
) -> Result<bool, Error> {
    let mut sql = db
        .sql("SELECT action_items.id FROM action_items JOIN attempts ON attempts.organization_id = action_items.organization_id AND attempts.id = action_items.attempt_id WHERE action_items.organization_id = $1 AND action_items.customer_id = $2 AND action_items.status IN ('open', 'in_progress', 'waiting') AND action_items.id <> $3 AND action_items.kind = $4 AND attempts.disposition = $5")
        .bind(scope.organization)
        .bind(item.customer_id)
        .bind(item.id)
        .bind(ActionItemKind::DataQuality)
        .bind(disposition);
    match item.contact_id {
        Some(contact) => sql.push(" AND action_items.contact_id = ").value(contact),
        None => sql.push(" AND action_items.contact_id IS NULL"),
    };
    sql.push(" LIMIT 1");
    let open: Option<(Uuid,)> = sql.optional().await?;
    Ok(open.is_some())
}

/// A page of an item's comments.
pub async fn comments(
    db: &mut impl Sqls,
    scope: &Scope,
    item: ActionItemId,
    window: &Window<ActionItemComment>,
) -> Result<Listed<ActionItemComment>, Error> {
    journal::list(db, scope.organization, window, |sql| {
        sql.push(" AND action_item_comments.action_item_id = ").value(item);
    })
    .await
}

/// A comment by id.
pub async fn comment(
    db: &mut impl Sqls,
    scope: &Scope,
    id: ActionItemCommentId,
) -> Result<Option<ActionItemComment>, Error> {
    journal::find(db, scope.organization, id).await
}

/// What an item refers to that is not there, with pointers into the item: nobody but active users gets work.
pub async fn faults(db: &mut impl Sqls, scope: &Scope, fields: &ActionItemInput) -> Result<Vec<Fault>, Error> {
    let mut references = References::of(db, scope);
    references.active_user("/owner_id", fields.owner_id).await?;
    let contact_by = fields.customer_promise.as_ref().and_then(|promise| promise.contact_by);
    references
        .active_user("/customer_promise/contact_by", contact_by)
        .await?;
    Ok(references.faults())
}
