//! Speaks: the activity report.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{self, ActivityRow, By};
use super::table_api::{CsvText, Days, Shown, hundredths, rounded, shown};
use crate::access::{Caller, Permission};
use crate::http::gate::Chosen;
use crate::http::{Access, App, Endpoint, Problem, Query};

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![get_activity_report: Access::Needs(Permission::ReportsRead)]
}

/// Calls of a group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ActivityFigures {
    /// Calls placed.
    #[schema(minimum = 0)]
    pub attempts: i64,
    /// Those that reached somebody: the disposition `connected`.
    #[schema(minimum = 0)]
    pub conversations: i64,
    /// Conversations ÷ attempts, 0 to 1; null without attempts.
    #[schema(minimum = 0, maximum = 1)]
    pub connect_rate: Option<f64>,
    /// Null without a conversation.
    #[schema(minimum = 0)]
    pub attempts_per_conversation: Option<f64>,
    #[schema(minimum = 0)]
    pub customers_called: i64,
    #[schema(minimum = 0)]
    pub customers_reached: i64,
}

/// Calls of one executive, program, hour or weekday.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ActivityLine {
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub id: Option<Uuid>,
    /// A user's or program's name; the hour from 0 to 23; the weekday from 1 for Monday to 7 for Sunday.
    #[schema(max_length = 300)]
    pub name: Option<String>,
    #[serde(flatten)]
    pub figures: ActivityFigures,
}

/// Calls over a period.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ActivityReport {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// The zone whose days these are.
    #[schema(max_length = 64)]
    pub time_zone: String,
    pub overall: ActivityFigures,
    #[schema(max_items = 1000)]
    pub by_executive: Vec<ActivityLine>,
    #[schema(max_items = 1000)]
    pub by_program: Vec<ActivityLine>,
    /// By the hour on the customer's clock.
    #[schema(max_items = 24)]
    pub by_hour: Vec<ActivityLine>,
    /// By the weekday in the customer's zone.
    #[schema(max_items = 7)]
    pub by_weekday: Vec<ActivityLine>,
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 calls")]
fn ratio(of: i64, to: i64) -> Option<f64> {
    (to != 0).then(|| of as f64 / to as f64)
}

fn line((id, name, attempts, conversations, customers_called, customers_reached): ActivityRow) -> ActivityLine {
    ActivityLine {
        id,
        name,
        figures: ActivityFigures {
            attempts,
            conversations,
            connect_rate: ratio(conversations, attempts).map(rounded),
            attempts_per_conversation: ratio(attempts, conversations).map(hundredths),
            customers_called,
            customers_reached,
        },
    }
}

/// Report on activity.
///
/// Calls placed and conversations reached, by executive, program, and hour and weekday in the customer's zone. As JSON, or as one CSV table.
#[utoipa::path(get, path = "/v1/reports/activity", operation_id = "get_activity_report", tag = "reports", params(Days),
    responses((status = 200, description = "The figures", content((ActivityReport = "application/json"), (CsvText = "text/csv")))))]
async fn get_activity_report(
    app: App,
    caller: Caller,
    days: Query<Days>,
    chosen: Chosen,
) -> Result<Shown<ActivityReport>, Problem> {
    let (period, scope) = (days.period(&app, &caller).await?, caller.scope());
    let lines = async |by: &By| -> Result<Vec<ActivityLine>, Problem> {
        let rows = store::activity(&mut app.read(), &scope, &period, by).await?;
        Ok(rows.into_iter().map(line).collect())
    };
    let overall = lines(&store::OVERALL).await?.pop();
    let report = ActivityReport {
        from: period.from,
        to: period.to,
        time_zone: period.zone.to_string(),
        overall: overall.unwrap_or_else(|| line((None, None, 0, 0, 0, 0))).figures,
        by_executive: lines(&store::EXECUTIVE).await?,
        by_program: lines(&store::PROGRAM).await?,
        by_hour: in_order(lines(&store::HOUR).await?),
        by_weekday: in_order(lines(&store::WEEKDAY).await?),
    };
    let groups = [
        ("by_executive", "executive"),
        ("by_program", "program"),
        ("by_hour", "hour"),
        ("by_weekday", "weekday"),
    ];
    shown(report, chosen, &groups)
}

/// Hours and weekdays go as the clock does.
fn in_order(mut lines: Vec<ActivityLine>) -> Vec<ActivityLine> {
    lines.sort_by_key(|line| line.name.as_deref().and_then(|name| name.parse::<i64>().ok()));
    lines
}
