//! Speaks: the report on promised call-backs.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::promise::{Kept, LaterCall, Promise, TOLERANCE};
use super::store::{self, PromiseRow};
use super::table_api::{CsvText, Days, Shown, rounded, shown};
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::http::gate::Chosen;
use crate::http::{Access, App, Endpoint, Problem, Query};

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![get_callback_report: Access::Needs(Permission::ReportsRead)]
}

/// What counts as kept.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Punctual {
    /// The first day, in the organization's zone; 89 days before the last when absent.
    pub from: Option<NaiveDate>,
    /// The last day, included; today when absent.
    pub to: Option<NaiveDate>,
    /// A call so many minutes before or after the promised time keeps the promise; 60 when absent.
    #[param(minimum = 0, maximum = 1440)]
    pub tolerance_minutes: Option<i64>,
}

/// Promised calls of a group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct CallbackFigures {
    /// Calls promised for a time within the period: those kept, missed and pending.
    #[schema(minimum = 0)]
    pub promised: i64,
    /// A call was placed within the tolerance, or the customer had been spoken with before.
    #[schema(minimum = 0)]
    pub kept: i64,
    #[schema(minimum = 0)]
    pub missed: i64,
    /// Not placed yet, and there is still time, as things stand now.
    #[schema(minimum = 0)]
    pub pending: i64,
    /// Not counted as promised: another time was promised before this one came, or the assignment was closed.
    #[schema(minimum = 0)]
    pub withdrawn: i64,
    /// Kept ÷ (kept + missed), 0 to 1; null without either.
    #[schema(minimum = 0, maximum = 1)]
    pub kept_rate: Option<f64>,
}

/// Promised calls of one executive or program.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CallbackLine {
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub id: Option<Uuid>,
    #[schema(max_length = 300)]
    pub name: Option<String>,
    #[serde(flatten)]
    pub figures: CallbackFigures,
}

/// Promised calls over a period.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CallbackReport {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// The zone whose days these are.
    #[schema(max_length = 64)]
    pub time_zone: String,
    #[schema(minimum = 0, maximum = 1440)]
    pub tolerance_minutes: i64,
    pub overall: CallbackFigures,
    /// By whoever promised.
    #[schema(max_items = 1000)]
    pub by_executive: Vec<CallbackLine>,
    #[schema(max_items = 1000)]
    pub by_program: Vec<CallbackLine>,
}

impl CallbackFigures {
    fn count(&mut self, became: Kept) {
        let figure = match became {
            Kept::Kept => &mut self.kept,
            Kept::Missed => &mut self.missed,
            Kept::Pending => &mut self.pending,
            Kept::Withdrawn => &mut self.withdrawn,
        };
        *figure += 1;
        self.promised = self.kept + self.missed + self.pending;
        self.kept_rate = rate(self.kept, self.kept + self.missed);
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 calls")]
fn rate(of: i64, to: i64) -> Option<f64> {
    (to != 0).then(|| rounded(of as f64 / to as f64))
}

/// Report on promised call-backs.
///
/// Which calls were promised for a time within the period, and whether they were made: by whoever had promised, and by program. A promise is kept by a call on the same assignment within the tolerance, whoever places it, or by a conversation before that. As JSON, or as one CSV table.
#[utoipa::path(get, path = "/v1/reports/callbacks", operation_id = "get_callback_report", tag = "reports", params(Punctual),
    responses((status = 200, description = "The figures", content((CallbackReport = "application/json"), (CsvText = "text/csv")))))]
async fn get_callback_report(
    app: App,
    caller: Caller,
    asked: Query<Punctual>,
    chosen: Chosen,
) -> Result<Shown<CallbackReport>, Problem> {
    let days = Days {
        from: asked.from,
        to: asked.to,
    };
    let (period, scope, now) = (days.period(&app, &caller).await?, caller.scope(), app.clock.now());
    let tolerance_minutes = asked.tolerance_minutes.unwrap_or(TOLERANCE);
    let rows = store::promises(&mut app.read(), &scope, &period).await?;
    let became = settled(rows, TimeDelta::minutes(tolerance_minutes), now);
    let mut overall = CallbackFigures::default();
    became.iter().for_each(|(_, kept)| overall.count(*kept));
    let report = CallbackReport {
        from: period.from,
        to: period.to,
        time_zone: period.zone.to_string(),
        tolerance_minutes,
        overall,
        by_executive: lines(&became, |row| (row.user_id.into(), row.user_name.clone())),
        by_program: lines(&became, |row| (row.program_id.into(), row.program_name.clone())),
    };
    shown(
        report,
        chosen,
        &[("by_executive", "executive"), ("by_program", "program")],
    )
}

/// What became of each promise. Its rows stand together, one for each later call.
fn settled(rows: Vec<PromiseRow>, tolerance: TimeDelta, now: Timestamp) -> Vec<(PromiseRow, Kept)> {
    rows.chunk_by(|one, next| one.attempt_id == next.attempt_id)
        .filter_map(|rows| {
            let calls = rows.iter().filter_map(|row| {
                Some(LaterCall {
                    at: row.called_at?,
                    conversation: row.conversation,
                    promised: row.promised,
                })
            });
            let calls: Vec<LaterCall> = calls.collect();
            let first = rows.first()?;
            let promise = Promise {
                at: first.promised_at,
                closed_at: first.closed_at,
            };
            Some((first.clone(), promise.became(&calls, tolerance, now)))
        })
        .collect()
}

/// The most promises first, then by name.
fn lines(became: &[(PromiseRow, Kept)], group: impl Fn(&PromiseRow) -> (Uuid, Option<String>)) -> Vec<CallbackLine> {
    let mut groups: BTreeMap<(Uuid, Option<String>), CallbackFigures> = BTreeMap::new();
    for (row, kept) in became {
        groups.entry(group(row)).or_default().count(*kept);
    }
    let lines = groups.into_iter().map(|((id, name), figures)| CallbackLine {
        id: Some(id),
        name,
        figures,
    });
    let mut lines: Vec<CallbackLine> = lines.collect();
    lines.sort_by(|one, other| {
        let most = other.figures.promised.cmp(&one.figures.promised);
        most.then_with(|| one.name.cmp(&other.name)).then(one.id.cmp(&other.id))
    });
    lines.truncate(usize::try_from(store::LARGEST).unwrap_or(usize::MAX));
    lines
}
