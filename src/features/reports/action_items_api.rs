//! Speaks: the action-item report.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{self, ActionItemRow, By, MedianRow};
use super::table_api::{CsvText, Days, Shown, hundredths, shown};
use crate::access::{Caller, Permission};
use crate::http::gate::Chosen;
use crate::http::{Access, App, Endpoint, Problem, Query};

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![get_action_item_report: Access::Needs(Permission::ReportsRead)]
}

/// Action items of a group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ActionItemFigures {
    /// Not closed, as things stand now.
    #[schema(minimum = 0)]
    pub open: i64,
    /// Of these, past their due time now.
    #[schema(minimum = 0)]
    pub overdue: i64,
    /// Completed within the period.
    #[schema(minimum = 0)]
    pub completed: i64,
    /// Of those completed within the period, from their making; null without any.
    #[schema(minimum = 0)]
    pub mean_hours_to_close: Option<f64>,
    #[schema(minimum = 0)]
    pub median_hours_to_close: Option<f64>,
    /// The customer was told by the promised time, within the period.
    #[schema(minimum = 0)]
    pub promises_kept: i64,
    /// The promised time ran out within the period, and the customer had not been told.
    #[schema(minimum = 0)]
    pub promises_broken: i64,
    /// Not told yet, and there is still time, as things stand now.
    #[schema(minimum = 0)]
    pub promises_pending: i64,
}

/// Action items of one department or owner.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ActionItemLine {
    /// The owner's.
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub id: Option<Uuid>,
    /// The department, or the owner's name; null for items without one.
    #[schema(max_length = 300)]
    pub name: Option<String>,
    #[serde(flatten)]
    pub figures: ActionItemFigures,
}

/// Action items over a period.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ActionItemReport {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// The zone whose days these are.
    #[schema(max_length = 64)]
    pub time_zone: String,
    pub overall: ActionItemFigures,
    #[schema(max_items = 1000)]
    pub by_department: Vec<ActionItemLine>,
    #[schema(max_items = 1000)]
    pub by_owner: Vec<ActionItemLine>,
}

fn hours(seconds: f64) -> f64 {
    hundredths(seconds / 3600.0)
}

fn line(row: ActionItemRow, medians: &[MedianRow]) -> ActionItemLine {
    let (id, name, open, overdue, completed, mean, promises_kept, promises_broken, promises_pending) = row;
    let median = medians
        .iter()
        .find(|(group, called, _)| (group, called) == (&id, &name))
        .map(|(_, _, median)| hours(*median));
    ActionItemLine {
        id,
        name,
        figures: ActionItemFigures {
            open,
            overdue,
            completed,
            mean_hours_to_close: mean.map(hours),
            median_hours_to_close: median,
            promises_kept,
            promises_broken,
            promises_pending,
        },
    }
}

/// Nothing open, nothing done, nothing promised: not worth a line.
fn is_empty(figures: &ActionItemFigures) -> bool {
    let all = [
        figures.open,
        figures.completed,
        figures.promises_kept,
        figures.promises_broken,
        figures.promises_pending,
    ];
    all.iter().all(|figure| *figure == 0)
}

/// Report on action items.
///
/// What is open and overdue now; what was completed within the period, and how long it took; which promises to customers were kept.
/// By department and by owner. As JSON, or as one CSV table.
#[utoipa::path(get, path = "/v1/reports/action-items", operation_id = "get_action_item_report", tag = "reports", params(Days),
    responses((status = 200, description = "The figures", content((ActionItemReport = "application/json"), (CsvText = "text/csv")))))]
async fn get_action_item_report(
    app: App,
    caller: Caller,
    days: Query<Days>,
    chosen: Chosen,
) -> Result<Shown<ActionItemReport>, Problem> {
    let (period, scope, now) = (days.period(&app, &caller).await?, caller.scope(), app.clock.now());
    let lines = async |by: &By| -> Result<Vec<ActionItemLine>, Problem> {
        let rows = store::action_items(&mut app.read(), &scope, &period, by, now).await?;
        let medians = store::median_seconds(&mut app.read(), &scope, &period, by).await?;
        let lines = rows.into_iter().map(|row| line(row, &medians));
        Ok(lines.filter(|line| !is_empty(&line.figures)).collect())
    };
    let mut by_department = lines(&store::DEPARTMENT).await?;
    let spelled = store::departments(&mut app.read(), &scope).await?;
    for line in &mut by_department {
        line.name = line.name.take().map(|key| spelled.get(&key).cloned().unwrap_or(key));
    }
    let overall = lines(&store::OVERALL).await?.pop();
    let nothing = || line((None, None, 0, 0, 0, None, 0, 0, 0), &[]);
    let report = ActionItemReport {
        from: period.from,
        to: period.to,
        time_zone: period.zone.to_string(),
        overall: overall.unwrap_or_else(nothing).figures,
        by_department,
        by_owner: lines(&store::OWNER).await?,
    };
    shown(
        report,
        chosen,
        &[("by_department", "department"), ("by_owner", "owner")],
    )
}
