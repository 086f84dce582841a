//! All SQL of follow-ups.

use chrono::TimeDelta;
use serde::Deserialize;
use utoipa::IntoParams;

use super::draft::Sources;
use super::follow_up::{FollowUp, FollowUpId, FollowUpInput, FollowUpKind, FollowUpStatus};
use super::slots::{Executive, slots};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::action_items::action_item::ActionItem;
use crate::features::assignments::assignment::AssignmentId;
use crate::features::attempts::attempt::{Attempt, AttemptId};
use crate::features::customers::customer::CustomerId;
use crate::features::customers::store::redirects;
use crate::features::notes::note::Note;
use crate::features::people::user::User;
use crate::features::{absences, assignments, attempts, customers, people, programs};
use crate::http::query::List;
use crate::id::UserId;
use crate::journal::{self, Listed, Sort, SortKey, Window};
use crate::local_time;

/// What was not sent sorts after all that was.
fn sent_key(follow_up: &FollowUp) -> Timestamp {
    Timestamp::or_never(follow_up.sent_at)
}

crate::record!(
    FollowUp, "follow_up", "follow_ups",
    [
        html, mailto_url, kind, status, slots, missing, attempt_id, assignment_id, customer_id, contact_id, user_id, message_id,
        sent_at, sent_by_hand, failure,
    ],
    fields FollowUpInput [to_name, to_email, subject, text],
    derived { sent_key: |follow_up| sent_key(follow_up) },
    customer: |follow_up| Some(follow_up.customer_id.into()),
);

/// Fields that follow-ups can be sorted by.
pub static SORTS: &[Sort<FollowUp>] = &[
    Sort {
        name: "created_at",
        column: "follow_ups.created_at",
        key: |follow_up| SortKey::Time(follow_up.created_at),
    },
    Sort {
        name: "updated_at",
        column: "follow_ups.updated_at",
        key: |follow_up| SortKey::Time(follow_up.updated_at),
    },
    Sort {
        name: "sent_at",
        column: "follow_ups.sent_key",
        key: |follow_up| SortKey::Time(sent_key(follow_up)),
    },
];

/// Which follow-ups are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FollowUpFilter {
    pub status: Option<FollowUpStatus>,
    /// Several, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<FollowUpStatus>>, max_items = 4)]
    pub status_in: Option<List<FollowUpStatus>>,
    pub kind: Option<FollowUpKind>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub attempt_id: Option<AttemptId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub assignment_id: Option<AssignmentId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub customer_id: Option<CustomerId>,
    /// Who called.
    #[param(value_type = Option<String>, format = Uuid)]
    pub user_id: Option<UserId>,
    pub sent_by_hand: Option<bool>,
    pub sent_at_gte: Option<Timestamp>,
    pub sent_at_lt: Option<Timestamp>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
}

impl FollowUpFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        sql.compare("follow_ups.status =", self.status);
        sql.within("follow_ups.status", self.status_in.as_deref());
        sql.compare("follow_ups.kind =", self.kind);
        sql.compare("follow_ups.attempt_id =", self.attempt_id);
        sql.compare("follow_ups.assignment_id =", self.assignment_id);
        redirects::narrow(sql, "follow_ups.customer_id", self.customer_id);
        sql.compare("follow_ups.user_id =", self.user_id);
        sql.compare("follow_ups.sent_by_hand =", self.sent_by_hand);
        sql.compare("follow_ups.sent_at >=", self.sent_at_gte);
        sql.compare("follow_ups.sent_at <", self.sent_at_lt);
        sql.compare("follow_ups.created_at >=", self.created_at_gte);
        sql.compare("follow_ups.created_at <", self.created_at_lt);
    }
}

/// A page of follow-ups; of one user's alone, where the caller sees no others.
///
/// # Errors
/// What the database said.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    only: Option<UserId>,
    filter: &FollowUpFilter,
    window: &Window<FollowUp>,
) -> Result<Listed<FollowUp>, Error> {
    journal::list(db, scope.organization, window, |sql| {
        if let Some(only) = only {
            sql.push(" AND (follow_ups.status = 'sent' OR follow_ups.user_id = ")
                .value(only)
                .push(")");
        }
        filter.narrow(sql);
    })
    .await
}

/// The follow-up, if it is in sight.
///
/// # Errors
/// What the database said.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: FollowUpId) -> Result<Option<FollowUp>, Error> {
    journal::find(db, scope.organization, id).await
}

/// The follow-up of an attempt.
///
/// # Errors
/// What the database said.
pub async fn of_attempt(db: &mut impl Sqls, scope: &Scope, attempt: AttemptId) -> Result<Option<FollowUp>, Error> {
    let mut found = attempts::store::of_attempt(db, scope, attempt).await?;
    Ok(found.pop())
}

/// How many days ahead an executive's calendar is looked at.
const AHEAD: i64 = 30;

/// Everything that a draft is made of; nothing where the customer or the executive is gone.
///
/// # Errors
/// What the database said.
pub async fn sources(
    db: &mut impl Sqls,
    scope: &Scope,
    attempt: Attempt,
    now: Timestamp,
) -> Result<Option<Sources>, Error> {
    let customer = customers::store::find(db, scope, attempt.customer_id).await?;
    let executive = people::store::find(db, scope, attempt.user_id).await?;
    let organization = people::store::organization(db, scope.organization).await?;
    let (Some(customer), Some(executive), Some(organization)) = (customer, executive, organization) else {
        return Ok(None);
    };
    let contacts = customers::store::contacts::of_customer(db, scope, customer.id).await?;
    let mut notes: Vec<Note> = attempts::store::of_attempt(db, scope, attempt.id).await?;
    let mut action_items: Vec<ActionItem> = attempts::store::of_attempt(db, scope, attempt.id).await?;
    // As they were told: ids are in the order of creation.
    notes.sort_by_key(|note| (note.created_at, note.id));
    action_items.sort_by_key(|item| (item.created_at, item.id));
    let hours = assignments::store::calling_hours(db, scope, &customer).await?;
    let people: Vec<uuid::Uuid> = action_items
        .iter()
        .filter_map(|item| {
            let promise = item.fields.customer_promise.as_ref()?;
            promise.contact_by.or(item.fields.owner_id).map(Into::into)
        })
        .collect();
    let people: Vec<User> = journal::find_all(db, scope.organization, &people).await?;
    let zone = local_time::zone([
        executive.fields.time_zone.as_deref(),
        Some(organization.fields.time_zone.as_str()),
    ]);
    let busy = busy(db, scope, executive.id, now).await?;
    let program = programs::store::find(db, scope, attempt.program_id).await?;
    let own = program.as_ref().and_then(|program| program.participant(executive.id));
    let hours_of_calls = own.and_then(|own| own.daily_block).unwrap_or_default();
    let today = local_time::wall_clock(now.utc(), zone).date();
    let until = today.checked_add_signed(TimeDelta::days(AHEAD)).unwrap_or(today);
    let days = absences::store::working_days(db, scope, &[executive.id], today, until).await?;
    let block = |day| {
        days.works(executive.id, day)
            .then(|| hours_of_calls.stretch(day, zone))
            .flatten()
    };
    let offering = Executive {
        zone,
        block: &block,
        busy: &busy,
    };
    Ok(Some(Sources {
        slots: slots(&offering, &hours, now),
        zone: hours.zone,
        attempt,
        customer,
        contacts,
        executive,
        organization: organization.fields.name,
        notes,
        action_items,
        names: people.into_iter().map(|user| (user.id, user.fields.name)).collect(),
    }))
}

/// When the calls begin that an executive has before them.
async fn busy(db: &mut impl Sqls, scope: &Scope, user: UserId, now: Timestamp) -> Result<Vec<Timestamp>, Error> {
    let rows: Vec<(Timestamp,)> = db
        .sql("SELECT scheduled_for FROM assignments WHERE organization_id = $1 AND assignee_id = $2 AND status IN ('queued', 'scheduled') AND scheduled_for >= $3 AND scheduled_for < $4 ORDER BY scheduled_for")
        .bind(scope.organization)
        .bind(user)
        .bind(now)
        .bind(now.plus(TimeDelta::days(AHEAD)))
        .all()
        .await?;
    Ok(rows.into_iter().map(|(at,)| at).collect())
}
