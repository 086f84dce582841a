//! Speaks: the NPS report.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{self, By, NpsRow};
use super::table_api::{CsvText, Days, Shown, shown};
use crate::access::{Caller, Permission};
use crate::features::nps::figures::{Counts, Figures};
use crate::http::gate::Chosen;
use crate::http::{Access, App, Endpoint, Problem, Query};

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![get_nps_report: Access::Needs(Permission::ReportsRead)]
}

/// Net Promoter Score of a group of answers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NpsFigures {
    /// Answers with a score. Skipped ones are not answers.
    #[schema(minimum = 0)]
    pub responses: u64,
    #[schema(minimum = 0)]
    pub skipped: u64,
    #[schema(minimum = 0)]
    pub promoters: u64,
    #[schema(minimum = 0)]
    pub passives: u64,
    #[schema(minimum = 0)]
    pub detractors: u64,
    /// 100 × (promoters − detractors) ÷ responses; null without a response, never 0.
    #[schema(minimum = -100, maximum = 100)]
    pub score: Option<f64>,
    /// The centre of the 95 % interval, adjusted for small samples.
    #[schema(minimum = -100, maximum = 100)]
    pub adjusted_score: Option<f64>,
    /// Half of the interval's width: `adjusted_score` ± `margin`.
    #[schema(minimum = 0, maximum = 200)]
    pub margin: Option<f64>,
    /// The interval's lower end.
    #[schema(minimum = -100, maximum = 100)]
    pub low: Option<f64>,
    /// The interval's upper end.
    #[schema(minimum = -100, maximum = 100)]
    pub high: Option<f64>,
}

/// Net Promoter Score of one month, program, executive, tag or source.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NpsLine {
    /// The program's or user's; null for what has no id.
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub id: Option<Uuid>,
    /// `2026-03`, a program's or user's name, a tag, a source; null for answers without one.
    #[schema(max_length = 300)]
    pub name: Option<String>,
    #[serde(flatten)]
    pub figures: NpsFigures,
}

/// Net Promoter Score over a period.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NpsReport {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// The zone whose days these are.
    #[schema(max_length = 64)]
    pub time_zone: String,
    pub overall: NpsFigures,
    #[schema(max_items = 1000)]
    pub by_month: Vec<NpsLine>,
    #[schema(max_items = 1000)]
    pub by_program: Vec<NpsLine>,
    /// By who asked.
    #[schema(max_items = 1000)]
    pub by_executive: Vec<NpsLine>,
    /// By each of the customer's tags; a customer with two tags counts in both.
    #[schema(max_items = 1000)]
    pub by_tag: Vec<NpsLine>,
    #[schema(max_items = 1000)]
    pub by_source: Vec<NpsLine>,
}

fn count(counted: i64) -> u64 {
    u64::try_from(counted).unwrap_or(0)
}

fn line((id, name, asked, promoters, passives, detractors): NpsRow) -> NpsLine {
    let counts = Counts {
        promoters: count(promoters),
        passives: count(passives),
        detractors: count(detractors),
    };
    let figures = counts.figures().map(Figures::rounded);
    NpsLine {
        id,
        name,
        figures: NpsFigures {
            responses: counts.answers(),
            skipped: count(asked).saturating_sub(counts.answers()),
            promoters: counts.promoters,
            passives: counts.passives,
            detractors: counts.detractors,
            score: figures.map(|figures| figures.score),
            adjusted_score: figures.map(|figures| figures.adjusted_score),
            margin: figures.map(|figures| figures.margin),
            low: figures.map(|figures| figures.low),
            high: figures.map(|figures| figures.high),
        },
    }
}

/// Report on NPS.
///
/// Score and counts with a 95 % interval that is honest for small samples; skipped questions are not answers; without answers the score
/// is null. By month, program, executive, customer's tag and source. As JSON, or as one CSV table.
#[utoipa::path(get, path = "/v1/reports/nps", operation_id = "get_nps_report", tag = "reports", params(Days),
    responses((status = 200, description = "The figures", content((NpsReport = "application/json"), (CsvText = "text/csv")))))]
async fn get_nps_report(
    app: App,
    caller: Caller,
    days: Query<Days>,
    chosen: Chosen,
) -> Result<Shown<NpsReport>, Problem> {
    let (period, scope) = (days.period(&app, &caller).await?, caller.scope());
    let lines = async |by: &By| -> Result<Vec<NpsLine>, Problem> {
        let rows = store::nps(&mut app.read(), &scope, &period, by).await?;
        Ok(rows.into_iter().map(line).collect())
    };
    let mut by_month = lines(&store::MONTH).await?;
    by_month.sort_by(|one, other| one.name.cmp(&other.name));
    let overall = lines(&store::OVERALL).await?.pop();
    let report = NpsReport {
        from: period.from,
        to: period.to,
        time_zone: period.zone.to_string(),
        overall: overall.unwrap_or_else(|| line((None, None, 0, 0, 0, 0))).figures,
        by_month,
        by_program: lines(&store::PROGRAM).await?,
        by_executive: lines(&store::EXECUTIVE).await?,
        by_tag: lines(&store::TAG).await?,
        by_source: lines(&store::SOURCE).await?,
    };
    let groups = [
        ("by_month", "month"),
        ("by_program", "program"),
        ("by_executive", "executive"),
        ("by_tag", "tag"),
        ("by_source", "source"),
    ];
    shown(report, chosen, &groups)
}
