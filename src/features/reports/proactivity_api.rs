//! Speaks: the report on who begins it, we or the customers.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::proactivity::share;
use super::store::{self, By, InteractionRow, SilentRow};
use super::table_api::{CsvText, Shown, period, rounded, shown};
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::http::gate::Chosen;
use crate::http::{Access, App, Endpoint, Problem, Query};

/// How many days it is about when nothing is asked for.
const USUAL: u64 = 30;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![get_proactivity_report: Access::Needs(Permission::ReportsRead)]
}

/// The days that the report is about.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Window {
    /// The first day, in the organization's zone; 29 days before the last when absent.
    pub from: Option<NaiveDate>,
    /// The last day, included; today when absent.
    pub to: Option<NaiveDate>,
}

/// Interactions of a group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProactivityFigures {
    /// Ours and theirs.
    #[schema(minimum = 0)]
    pub interactions: i64,
    /// Ours: calls that got through, to a person or a machine; conversations that were no call; messages sent.
    #[schema(minimum = 0)]
    pub proactive: i64,
    /// Theirs: support cases, and interactions that the customer began.
    #[schema(minimum = 0)]
    pub reactive: i64,
    /// Proactive ÷ interactions, 0 to 1; null without any.
    #[schema(minimum = 0, maximum = 1)]
    pub proactive_share: Option<f64>,
    /// Calls placed, whether they got through or not.
    #[schema(minimum = 0)]
    pub calls: i64,
    /// Calls that reached somebody: the disposition `connected`.
    #[schema(minimum = 0)]
    pub conversations: i64,
    /// Interactions of ours that were no calls.
    #[schema(minimum = 0)]
    pub other_proactive: i64,
    /// Customers with whom there was an interaction.
    #[schema(minimum = 0)]
    pub customers: i64,
}

/// Interactions with one customer, or of one of our people.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProactivityLine {
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub id: Option<Uuid>,
    #[schema(max_length = 300)]
    pub name: Option<String>,
    #[serde(flatten)]
    pub figures: ProactivityFigures,
}

/// A customer with whom there was nothing at all.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SilentCustomer {
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    #[schema(max_length = 300)]
    pub name: String,
    /// When somebody last spoke with them; null when nobody has.
    pub last_contacted_at: Option<Timestamp>,
}

/// Our interactions against the customers' own, over a period.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProactivityReport {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// The zone whose days these are.
    #[schema(max_length = 64)]
    pub time_zone: String,
    pub overall: ProactivityFigures,
    /// By who of ours began it, or whom the customer came to; null for what came to nobody in particular. The most interactions first.
    #[schema(max_items = 1000)]
    pub by_executive: Vec<ProactivityLine>,
    /// The most interactions first.
    #[schema(max_items = 1000)]
    pub by_customer: Vec<ProactivityLine>,
    /// With how many customers there was no interaction at all.
    #[schema(minimum = 0)]
    pub customers_without_interaction: i64,
    /// Of these, the ones that have been silent longest.
    #[schema(max_items = 1000)]
    pub without_interaction: Vec<SilentCustomer>,
}

fn line(row: InteractionRow) -> ProactivityLine {
    let (id, name, interactions, proactive, reactive, calls, conversations, other_proactive, customers) = row;
    ProactivityLine {
        id,
        name,
        figures: ProactivityFigures {
            interactions,
            proactive,
            reactive,
            proactive_share: share(proactive, reactive).map(rounded),
            calls,
            conversations,
            other_proactive,
            customers,
        },
    }
}

fn silent((id, name, last_contacted_at): SilentRow) -> SilentCustomer {
    SilentCustomer {
        id,
        name,
        last_contacted_at,
    }
}

/// Report on who begins it.
///
/// Our interactions with customers against their own, by executive and by customer, and with whom there was nothing at all.
///
/// Ours are calls that got through to a person or a machine, conversations that were no call (assignments completed by hand) and messages that were sent. A line that rings in vain or is busy and a wrong number are calls, but no interaction. Theirs are support cases and the interactions that they began; a purchase, a referral and news are neither. Who must not be contacted is not among those without interaction, and neither is who became a customer only after the period. As JSON, or as one CSV table.
#[utoipa::path(get, path = "/v1/reports/proactivity", operation_id = "get_proactivity_report", tag = "reports", params(Window),
    responses((status = 200, description = "The figures", content((ProactivityReport = "application/json"), (CsvText = "text/csv")))))]
async fn get_proactivity_report(
    app: App,
    caller: Caller,
    days: Query<Window>,
    chosen: Chosen,
) -> Result<Shown<ProactivityReport>, Problem> {
    let (period, scope) = (
        period((days.from, days.to), USUAL, &app, &caller).await?,
        caller.scope(),
    );
    let lines = async |by: &By| -> Result<Vec<ProactivityLine>, Problem> {
        let rows = store::interactions(&mut app.read(), &scope, &period, by).await?;
        Ok(rows.into_iter().map(line).collect())
    };
    let overall = lines(&store::OVERALL).await?.pop();
    let nothing = || line((None, None, 0, 0, 0, 0, 0, 0, 0));
    let (customers_without_interaction, without) = store::without_interaction(&mut app.read(), &scope, &period).await?;
    let report = ProactivityReport {
        from: period.from,
        to: period.to,
        time_zone: period.zone.to_string(),
        overall: overall.unwrap_or_else(nothing).figures,
        by_executive: lines(&store::EXECUTIVE).await?,
        by_customer: lines(&store::CUSTOMER).await?,
        customers_without_interaction,
        without_interaction: without.into_iter().map(silent).collect(),
    };
    let groups = [
        ("by_executive", "executive"),
        ("by_customer", "customer"),
        ("without_interaction", "without_interaction"),
    ];
    shown(report, chosen, &groups)
}
