//! An executive's day: whom to call and when, what is promised, what is overdue.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::call_list::Listed;
use super::store::{CallRow, DayRows, DueRow};
use crate::clock::Timestamp;
use crate::features::assignments::assignment::{AssignmentId, AssignmentPriority};
use crate::features::briefs::tenure::Tenure;
use crate::features::customers::customer::CustomerId;
use crate::features::nps::figures::Category;
use crate::features::programs::program::ProgramId;
use crate::local_time;

/// The answer that a customer last gave to the recommendation question.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LatestNps {
    #[schema(minimum = 0, maximum = 10)]
    pub score: i64,
    pub category: Option<Category>,
    pub responded_at: Option<Timestamp>,
}

/// A call of the day, with its brief in short. The whole of it is at `/v1/assignments/{id}/brief`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DayCall {
    pub assignment_id: AssignmentId,
    pub program_id: ProgramId,
    #[schema(max_length = 200)]
    pub program_name: String,
    pub customer_id: CustomerId,
    #[schema(max_length = 300)]
    pub customer_name: String,
    #[schema(max_length = 200)]
    pub city: Option<String>,
    /// When it is to be placed; null for any time of the day.
    pub at: Option<Timestamp>,
    /// What the executive's clock shows then: `09:20`.
    #[schema(max_length = 5)]
    pub local_time: Option<String>,
    /// What the customer's clock shows then, where they have a zone of their own.
    #[schema(max_length = 5)]
    pub customer_local_time: Option<String>,
    /// Whether the customer was told to expect it then.
    pub promised: bool,
    pub priority: AssignmentPriority,
    #[schema(minimum = 0)]
    pub attempts_made: i64,
    /// Why this customer, in a sentence.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
    /// Why it came on the day's list; null when it did not come by the list.
    pub listed: Option<Listed>,
    /// How long they have been a customer, where that is known.
    pub tenure: Option<Tenure>,
    /// When somebody last spoke with them.
    pub last_contacted_at: Option<Timestamp>,
    /// Null without an answer, and for whom the caller may not read it.
    pub nps: Option<LatestNps>,
}

crate::words! {
    /// What is to be done.
    pub enum DueKind {
        /// A call.
        Call = "call",
        /// A call that the customer was promised.
        CallBack = "call_back",
        /// Something else that the customer was promised to hear.
        Promise = "promise",
        /// An action item.
        ActionItem = "action_item",
    }
}

/// Something that is promised for the day, or late.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DayDue {
    pub kind: DueKind,
    /// The assignment's, or the action item's.
    #[schema(value_type = crate::id::AnyId)]
    pub id: uuid::Uuid,
    pub customer_id: CustomerId,
    #[schema(max_length = 300)]
    pub customer_name: String,
    /// In a line.
    #[schema(max_length = 1000)]
    pub what: Option<String>,
    /// When it is to be done by; for a call without a time, null.
    pub due_at: Option<Timestamp>,
    /// For a call without a time.
    pub due_on: Option<NaiveDate>,
}

/// An executive's day.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MyDay {
    /// On the executive's own calendar.
    pub date: NaiveDate,
    #[schema(max_length = 64)]
    pub time_zone: String,
    pub is_working_day: bool,
    /// Why it is none: a weekend, a public holiday, an absence.
    #[schema(max_length = 300)]
    pub day_off: Option<String>,
    /// The working day after it, as far as it is known.
    pub next_working_day: Option<NaiveDate>,
    /// When the day's list was prepared; null when it was not.
    pub prepared_at: Option<Timestamp>,
    /// How many calls the quotas ask for on this day; null when no list was prepared.
    #[schema(minimum = 0)]
    pub quota: Option<i64>,
    /// Those that are still to be placed, in the order of their times; at any time of the day comes last.
    #[schema(max_items = 500)]
    pub calls: Vec<DayCall>,
    /// Calls placed on this day.
    #[schema(minimum = 0)]
    pub calls_placed: i64,
    #[schema(minimum = 0)]
    pub conversations: i64,
    /// What customers were promised for this day, and is still ahead: calls, and answers that are the executive's to give or came of their calls.
    #[schema(max_items = 1000)]
    pub promised: Vec<DayDue>,
    /// What is late by now: promises, calls of days before, action items.
    #[schema(max_items = 1000)]
    pub overdue: Vec<DayDue>,
}

/// What of a day the caller may not see.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hidden {
    pub nps: bool,
    pub items: bool,
}

impl MyDay {
    /// Puts together what was found, as it stands now.
    pub fn of(rows: &DayRows, hidden: Hidden, now: Timestamp) -> Self {
        let off = rows.working_days.off(rows.user, rows.date);
        let (calls, due): (Vec<&CallRow>, Vec<&CallRow>) = rows.calls.iter().partition(|row| rows.is_of_day(row));
        let (mut promised, mut overdue) = (Vec::new(), Vec::new());
        for row in &rows.calls {
            match row.callback_promised_at {
                Some(at) if at < now => overdue.push(row.due(DueKind::CallBack)),
                Some(at) if at < rows.ends && at >= rows.starts => promised.push(row.due(DueKind::CallBack)),
                Some(_) | None => {}
            }
        }
        overdue.extend(
            due.into_iter()
                .filter(|row| row.callback_promised_at.is_none() && row.is_late(rows.today, now))
                .map(|row| row.due(DueKind::Call)),
        );
        for item in rows.items.iter().filter(|_| !hidden.items) {
            let owed = item.promised && item.customer_told_at.is_none();
            if owed && item.promise_key < now {
                overdue.push(item.promise());
            } else if owed && item.promise_key < rows.ends && item.promise_key >= rows.starts {
                promised.push(item.promise());
            }
            if item.is_open && !owed && item.due_at.is_some_and(|at| at < now) {
                overdue.push(item.item());
            }
        }
        promised.sort_by_key(|due| (due.due_at, due.id));
        overdue.sort_by_key(|due| (due.due_at.is_none(), due.due_at, due.due_on, due.id));
        Self {
            date: rows.date,
            time_zone: rows.zone.name().to_owned(),
            is_working_day: off.is_none(),
            day_off: off.map(|why| why.words()),
            next_working_day: rows.working_days.next_after(rows.user, rows.date),
            prepared_at: rows.list.as_ref().map(|list| list.created_at),
            quota: rows.list.as_ref().map(|list| list.quota),
            calls: calls.into_iter().map(|row| rows.call(row, hidden)).collect(),
            calls_placed: rows.calls_placed,
            conversations: rows.conversations,
            promised,
            overdue,
        }
    }
}

impl DayRows {
    /// Whether the call is for this day: it has its time on it, or is due on it and has no time on another.
    fn is_of_day(&self, row: &CallRow) -> bool {
        match row.scheduled_for {
            Some(at) if at >= self.starts => at < self.ends,
            Some(_) | None => row.due_on == Some(self.date),
        }
    }

    fn call(&self, row: &CallRow, hidden: Hidden) -> DayCall {
        let clock = |zone: chrono_tz::Tz| {
            let at = row.scheduled_for?;
            Some(local_time::wall_clock(at.utc(), zone).format("%H:%M").to_string())
        };
        let theirs = row.time_zone.as_ref().and_then(|zone| zone.parse().ok());
        let listed = self.list.iter().flat_map(|list| list.entries.iter());
        let nps = row.nps_score.filter(|_| !hidden.nps).map(|score| LatestNps {
            score,
            category: row.nps_category,
            responded_at: row.nps_at,
        });
        DayCall {
            assignment_id: row.id,
            program_id: row.program_id,
            program_name: row.program_name.clone(),
            customer_id: row.customer_id,
            customer_name: row.customer_name.clone(),
            city: row.city.clone(),
            at: row.scheduled_for,
            local_time: clock(self.zone),
            customer_local_time: theirs.and_then(clock),
            promised: row.callback_promised_at.is_some(),
            priority: row.priority,
            attempts_made: row.attempts_made,
            reason: row.reason.clone(),
            listed: listed
                .clone()
                .find(|entry| entry.assignment_id == row.id)
                .map(|entry| entry.listed),
            tenure: row.customer_since.and_then(|since| Tenure::between(since, self.date)),
            last_contacted_at: row.last_contacted_at,
            nps,
        }
    }
}

impl CallRow {
    /// Whether its time or day is over.
    fn is_late(&self, today: NaiveDate, now: Timestamp) -> bool {
        self.scheduled_for
            .map_or_else(|| self.due_on.is_some_and(|on| on < today), |at| at < now)
    }

    fn due(&self, kind: DueKind) -> DayDue {
        DayDue {
            kind,
            id: self.id.into(),
            customer_id: self.customer_id,
            customer_name: self.customer_name.clone(),
            what: self.reason.clone(),
            due_at: self.callback_promised_at.or(self.scheduled_for),
            due_on: self.due_on.filter(|_| self.scheduled_for.is_none()),
        }
    }
}

impl DueRow {
    fn promise(&self) -> DayDue {
        let promise = self.customer_promise.as_ref();
        let what = promise.and_then(|promise| promise.get("what")?.as_str().map(str::to_owned));
        DayDue {
            kind: DueKind::Promise,
            what: what.or_else(|| Some(self.title.clone())),
            due_at: Some(self.promise_key),
            ..self.item()
        }
    }

    fn item(&self) -> DayDue {
        DayDue {
            kind: DueKind::ActionItem,
            id: self.id.into(),
            customer_id: self.customer_id,
            customer_name: self.customer_name.clone(),
            what: Some(self.title.clone()),
            due_at: self.due_at,
            due_on: None,
        }
    }
}
