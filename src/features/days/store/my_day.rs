//! All that is known of an executive's day: eight statements, however many calls there are.

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde_json::Value;

use super::of_day;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Json, Sqls};
use crate::features::absences;
use crate::features::absences::working_day::WorkingDays;
use crate::features::action_items::action_item::ActionItemId;
use crate::features::assignments::assignment::{AssignmentId, AssignmentPriority, AssignmentStatus};
use crate::features::customers::customer::CustomerId;
use crate::features::days::call_list::CallList;
use crate::features::days::evening::horizon;
use crate::features::nps::figures::Category;
use crate::features::programs::program::ProgramId;
use crate::id::UserId;
use crate::local_time;

/// An open call, with what is said of the customer in short.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct CallRow {
    pub id: AssignmentId,
    pub program_id: ProgramId,
    pub program_name: String,
    pub customer_id: CustomerId,
    pub due_on: Option<NaiveDate>,
    pub scheduled_for: Option<Timestamp>,
    pub callback_promised_at: Option<Timestamp>,
    pub status: AssignmentStatus,
    pub priority: AssignmentPriority,
    pub reason: Option<String>,
    pub attempts_made: i64,
    pub customer_name: String,
    pub city: Option<String>,
    pub time_zone: Option<String>,
    pub customer_since: Option<NaiveDate>,
    pub last_contacted_at: Option<Timestamp>,
    pub nps_score: Option<i64>,
    pub nps_category: Option<Category>,
    pub nps_at: Option<Timestamp>,
}

/// Something that is to be done for a customer.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueRow {
    pub id: ActionItemId,
    pub customer_id: CustomerId,
    pub customer_name: String,
    pub title: String,
    pub customer_promise: Option<Json<Value>>,
    pub customer_told_at: Option<Timestamp>,
    pub promise_key: Timestamp,
    pub promised: bool,
    pub due_at: Option<Timestamp>,
    pub is_open: bool,
}

/// Everything that a day is made of.
#[derive(Debug)]
pub struct DayRows {
    pub user: UserId,
    pub date: NaiveDate,
    pub today: NaiveDate,
    pub zone: Tz,
    /// The zone of customers who have none.
    pub organization_zone: String,
    pub starts: Timestamp,
    pub ends: Timestamp,
    pub working_days: WorkingDays,
    pub list: Option<CallList>,
    pub calls: Vec<CallRow>,
    pub items: Vec<DueRow>,
    pub calls_placed: i64,
    pub conversations: i64,
}

/// Looks an executive's day up; today when no date is said.
///
/// # Errors
/// What the database said.
pub async fn gather(
    db: &mut impl Sqls,
    scope: &Scope,
    user: UserId,
    date: Option<NaiveDate>,
    now: Timestamp,
) -> Result<DayRows, Error> {
    let zones: Option<(Option<String>, String)> = db
        .sql("SELECT users.time_zone, organizations.time_zone FROM organizations LEFT JOIN users ON users.organization_id = organizations.id AND users.id = $1 WHERE organizations.id = $2")
        .bind(user)
        .bind(scope.organization)
        .optional()
        .await?;
    let (own, organization_zone) = zones.unwrap_or_else(|| (None, "UTC".to_owned()));
    let zone = local_time::zone([own.as_deref(), Some(&organization_zone)]);
    let today = local_time::wall_clock(now.utc(), zone).date();
    let date = date.unwrap_or(today);
    let midnight = |day: NaiveDate| Timestamp::new(local_time::instant(day.and_time(NaiveTime::MIN), zone));
    let (starts, ends) = (midnight(date), midnight(date.succ_opt().unwrap_or(date)));
    let far = horizon(horizon(horizon(date)));
    let (calls_placed, conversations) = db
        .sql("SELECT COUNT(*), COUNT(*) FILTER (WHERE disposition = 'connected') FROM attempts WHERE organization_id = $1 AND user_id = $2 AND occurred_at >= $3 AND occurred_at < $4")
        .bind(scope.organization)
        .bind(user)
        .bind(starts)
        .bind(ends)
        .one()
        .await?;
    Ok(DayRows {
        user,
        date,
        today,
        zone,
        organization_zone,
        starts,
        ends,
        working_days: absences::store::working_days(db, scope, &[user], date.min(today), far.max(date)).await?,
        list: of_day(db, scope, user, date).await?,
        calls: calls(db, scope, user, date, ends).await?,
        items: items(db, scope, user, ends.max(now)).await?,
        calls_placed,
        conversations,
    })
}

/// The open calls of an executive that are for this day or earlier, in the order of their times.
async fn calls(
    db: &mut impl Sqls,
    scope: &Scope,
    user: UserId,
    date: NaiveDate,
    ends: Timestamp,
) -> Result<Vec<CallRow>, Error> {
    db.sql("SELECT a.id, a.program_id, programs.name AS program_name, a.customer_id, a.due_on, a.scheduled_for, a.callback_promised_at, a.status, a.priority, a.reason, a.attempts_made, c.name AS customer_name, c.city, c.time_zone, c.customer_since, c.last_contacted_at, n.score AS nps_score, n.category AS nps_category, n.responded_at AS nps_at FROM assignments a JOIN customers c ON c.organization_id = a.organization_id AND c.id = a.customer_id JOIN programs ON programs.organization_id = a.organization_id AND programs.id = a.program_id LEFT JOIN nps_responses n ON n.organization_id = a.organization_id AND n.id = (SELECT latest.id FROM nps_responses latest WHERE latest.organization_id = a.organization_id AND latest.customer_id = a.customer_id AND latest.score IS NOT NULL ORDER BY latest.responded_at DESC, latest.id DESC LIMIT 1) WHERE a.organization_id = $1 AND a.assignee_id = $2 AND a.status IN ('queued', 'scheduled') AND (a.scheduled_for < $3 OR a.due_on <= $4) AND (a.snoozed_until IS NULL OR a.snoozed_until < $3) ORDER BY a.scheduled_key, a.priority_key DESC, a.created_at, a.id LIMIT 500")
        .bind(scope.organization)
        .bind(user)
        .bind(ends)
        .bind(date)
        .all()
        .await
}

/// What is to be done for customers and told them, and is the executive's to do or came of their calls: until this instant.
async fn items(db: &mut impl Sqls, scope: &Scope, user: UserId, until: Timestamp) -> Result<Vec<DueRow>, Error> {
    db.sql("SELECT i.id, i.customer_id, c.name AS customer_name, i.title, i.customer_promise, i.customer_told_at, i.promise_key, i.promised, i.due_at, i.status NOT IN ('completed', 'canceled') AS is_open FROM action_items i JOIN customers c ON c.organization_id = i.organization_id AND c.id = i.customer_id WHERE i.organization_id = $1 AND ((i.promised AND i.customer_told_at IS NULL AND i.status <> 'canceled' AND i.promise_key < $3 AND (i.owner_id = $2 OR i.created_by = $2)) OR (i.owner_id = $2 AND i.status NOT IN ('completed', 'canceled') AND i.due_at < $3)) ORDER BY i.due_key, i.id LIMIT 500")
        .bind(scope.organization)
        .bind(user)
        .bind(until)
        .all()
        .await
}
