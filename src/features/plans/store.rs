//! All SQL of plans: the records here, what a plan is made of in `sources`.

mod sources;

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

pub use sources::{Known, Load, candidates, executives, loads};

use super::plan::{Plan, PlanCall, PlanCallStatus, PlanId, PlanLeftOut, PlanStatus};
use super::reason::LeftOutCode;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::assignments::batch::BatchId;
use crate::features::customers::customer::CustomerId;
use crate::features::customers::store::redirects;
use crate::features::programs::program::ProgramId;
use crate::http::query::List;
use crate::id::UserId;
use crate::journal::{self, Listed, Rows, Sort, SortKey, Window};

crate::record!(
    Plan,
    "plan",
    "plans",
    [
        program_id,
        created_by,
        segments,
        starts_on,
        ends_on,
        options,
        status,
        considered,
        planned,
        left_out,
        objective,
        upper_bound,
        greedy,
        executives,
        batch_id,
        committed_at,
        committed,
        skipped,
        reverted_at,
        reverted,
        kept,
    ],
    derived {
        starts_key: |plan| plan.starts_on.to_string()
    },
);

const CALL: &str = "plan_calls.id, plan_calls.position, plan_calls.executive_id, plan_calls.customer_id, plan_calls.day, plan_calls.starts_at, plan_calls.executive_zone, plan_calls.executive_time, plan_calls.customer_zone, plan_calls.customer_time, plan_calls.outside_window, plan_calls.reason, plan_calls.points, plan_calls.status, plan_calls.assignment_id, plan_calls.skip_code, plan_calls.skip_detail";

impl Rows for PlanCall {
    const TABLE: &'static str = "plan_calls";
    const SELECT: &'static str = CALL;

    fn id(&self) -> Uuid {
        self.id.into()
    }
}

impl Rows for PlanLeftOut {
    const TABLE: &'static str = "plan_left_outs";
    const SELECT: &'static str = "plan_left_outs.id, plan_left_outs.position, plan_left_outs.customer_id, plan_left_outs.code, plan_left_outs.detail";

    fn id(&self) -> Uuid {
        self.id.into()
    }
}

/// Fields that plans can be sorted by.
pub static SORTS: &[Sort<Plan>] = &[
    Sort {
        name: "created_at",
        column: "plans.created_at",
        key: |plan| SortKey::Time(plan.created_at),
    },
    Sort {
        name: "updated_at",
        column: "plans.updated_at",
        key: |plan| SortKey::Time(plan.updated_at),
    },
    Sort {
        name: "starts_on",
        column: "plans.starts_key",
        key: |plan| SortKey::Text(plan.starts_on.to_string()),
    },
];

/// The one order of a plan's calls.
pub static CALL_SORTS: &[Sort<PlanCall>] = &[Sort {
    name: "position",
    column: "plan_calls.position",
    key: |call| SortKey::Int(call.position),
}];

/// The one order of those whom a plan left out.
pub static LEFT_OUT_SORTS: &[Sort<PlanLeftOut>] = &[Sort {
    name: "position",
    column: "plan_left_outs.position",
    key: |left| SortKey::Int(left.position),
}];

/// Which plans are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PlanFilter {
    #[param(value_type = Option<String>, format = Uuid)]
    pub program_id: Option<ProgramId>,
    /// Several, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<PlanStatus>>, max_items = 3)]
    pub status_in: Option<List<PlanStatus>>,
    pub starts_on_gte: Option<NaiveDate>,
    pub starts_on_lt: Option<NaiveDate>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl PlanFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        sql.compare("plans.program_id =", self.program_id);
        sql.within("plans.status", self.status_in.as_deref());
        sql.compare("plans.starts_on >=", self.starts_on_gte);
        sql.compare("plans.starts_on <", self.starts_on_lt);
        sql.compare("plans.created_at >=", self.created_at_gte);
        sql.compare("plans.created_at <", self.created_at_lt);
        sql.compare("plans.updated_at >=", self.updated_at_gte);
        sql.compare("plans.updated_at <", self.updated_at_lt);
    }
}

/// Which calls of a plan are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PlanCallFilter {
    #[param(value_type = Option<String>, format = Uuid)]
    pub executive_id: Option<UserId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub customer_id: Option<CustomerId>,
    /// Several, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<PlanCallStatus>>, max_items = 4)]
    pub status_in: Option<List<PlanCallStatus>>,
    pub day_gte: Option<NaiveDate>,
    pub day_lt: Option<NaiveDate>,
}

impl PlanCallFilter {
    fn narrow(&self, sql: &mut Sql<'_>, plan: PlanId) {
        sql.compare("plan_calls.plan_id =", Some(plan));
        sql.compare("plan_calls.executive_id =", self.executive_id);
        redirects::narrow(sql, "plan_calls.customer_id", self.customer_id);
        sql.within("plan_calls.status", self.status_in.as_deref());
        sql.compare("plan_calls.day >=", self.day_gte);
        sql.compare("plan_calls.day <", self.day_lt);
    }
}

/// Which of those are asked for whom a plan left out.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PlanLeftOutFilter {
    #[param(value_type = Option<String>, format = Uuid)]
    pub customer_id: Option<CustomerId>,
    /// Several, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<LeftOutCode>>, max_items = 9)]
    pub code_in: Option<List<LeftOutCode>>,
}

impl PlanLeftOutFilter {
    fn narrow(&self, sql: &mut Sql<'_>, plan: PlanId) {
        sql.compare("plan_left_outs.plan_id =", Some(plan));
        redirects::narrow(sql, "plan_left_outs.customer_id", self.customer_id);
        sql.within("plan_left_outs.code", self.code_in.as_deref());
    }
}

/// A page of plans.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &PlanFilter,
    window: &Window<Plan>,
) -> Result<Listed<Plan>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql)).await
}

/// The plan, if it is in sight.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: PlanId) -> Result<Option<Plan>, Error> {
    journal::find(db, scope.organization, id).await
}

/// A page of a plan's calls.
pub async fn list_calls(
    db: &mut impl Sqls,
    scope: &Scope,
    plan: PlanId,
    filter: &PlanCallFilter,
    window: &Window<PlanCall>,
) -> Result<Listed<PlanCall>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql, plan)).await
}

/// A page of those whom a plan left out.
pub async fn list_left_out(
    db: &mut impl Sqls,
    scope: &Scope,
    plan: PlanId,
    filter: &PlanLeftOutFilter,
    window: &Window<PlanLeftOut>,
) -> Result<Listed<PlanLeftOut>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql, plan)).await
}

/// All calls of a plan, in their order.
pub async fn calls(db: &mut impl Sqls, scope: &Scope, plan: PlanId) -> Result<Vec<PlanCall>, Error> {
    db.sql(format!(
        "SELECT {CALL} FROM plan_calls WHERE organization_id = $1 AND plan_id = $2 ORDER BY position, id"
    ))
    .bind(scope.organization)
    .bind(plan)
    .all()
    .await
}

/// Rows per statement when many are written.
const ROWS: usize = 500;

/// Writes calls, new ones or what became of them.
pub async fn save_calls(db: &mut impl Sqls, scope: &Scope, plan: PlanId, calls: &[PlanCall]) -> Result<(), Error> {
    for chunk in calls.chunks(ROWS) {
        let mut sql = db.sql("INSERT INTO plan_calls (organization_id, id, plan_id, position, executive_id, customer_id, day, starts_at, executive_zone, executive_time, customer_zone, customer_time, outside_window, reason, points, status, assignment_id, skip_code, skip_detail) VALUES ");
        for (at, call) in chunk.iter().enumerate() {
            sql.push(if at == 0 { "(" } else { ", (" }).value(scope.organization);
            sql.push(", ").value(call.id);
            sql.push(", ").value(plan);
            sql.push(", ").value(call.position);
            sql.push(", ").value(call.executive_id);
            sql.push(", ").value(call.customer_id);
            sql.push(", ").value(call.day);
            sql.push(", ").value(call.starts_at);
            sql.push(", ").value(call.executive_zone.clone());
            sql.push(", ").value(call.executive_time.clone());
            sql.push(", ").value(call.customer_zone.clone());
            sql.push(", ").value(call.customer_time.clone());
            sql.push(", ").value(call.outside_window);
            sql.push(", ").value(call.reason.clone());
            sql.push(", ").value(call.points);
            sql.push(", ").value(call.status);
            sql.push(", ").value(call.assignment_id);
            sql.push(", ").value(call.skip_code.clone());
            sql.push(", ").value(call.skip_detail.clone()).push(")");
        }
        sql.push(" ON CONFLICT (organization_id, id) DO UPDATE SET status = excluded.status, assignment_id = excluded.assignment_id, skip_code = excluded.skip_code, skip_detail = excluded.skip_detail");
        sql.run().await?;
    }
    Ok(())
}

/// Writes whom a plan left out.
pub async fn save_left_out(db: &mut impl Sqls, scope: &Scope, plan: PlanId, left: &[PlanLeftOut]) -> Result<(), Error> {
    for chunk in left.chunks(ROWS) {
        let mut sql = db.sql(
            "INSERT INTO plan_left_outs (organization_id, id, plan_id, position, customer_id, code, detail) VALUES ",
        );
        for (at, left) in chunk.iter().enumerate() {
            sql.push(if at == 0 { "(" } else { ", (" }).value(scope.organization);
            sql.push(", ").value(left.id);
            sql.push(", ").value(plan);
            sql.push(", ").value(left.position);
            sql.push(", ").value(left.customer_id);
            sql.push(", ").value(left.code);
            sql.push(", ").value(left.detail.clone()).push(")");
        }
        sql.run().await?;
    }
    Ok(())
}

/// Says of a plan's calls that their assignments were taken back.
pub async fn calls_reverted(db: &mut impl Sqls, scope: &Scope, plan: PlanId, batch: BatchId) -> Result<(), Error> {
    db.sql("UPDATE plan_calls SET status = 'reverted' WHERE organization_id = $1 AND plan_id = $2 AND status = 'committed' AND assignment_id IN (SELECT id FROM assignments WHERE organization_id = $3 AND batch_id = $4 AND status = 'canceled' AND attempts_made = 0)")
        .bind(scope.organization)
        .bind(plan)
        .bind(scope.organization)
        .bind(batch)
        .run()
        .await?;
    Ok(())
}

/// Those of these customers whom a plan calls, or has left out.
pub async fn planned(db: &mut impl Sqls, scope: &Scope, customers: &[CustomerId]) -> Result<Vec<CustomerId>, Error> {
    let mut found = Vec::new();
    for chunk in customers.chunks(500) {
        let mut sql = db
            .sql("SELECT customer_id FROM plan_calls WHERE organization_id = $1 AND customer_id IN ")
            .bind(scope.organization);
        sql.list(chunk.iter().copied());
        sql.push(" UNION SELECT customer_id FROM plan_left_outs WHERE organization_id = $1 AND customer_id IN ")
            .list(chunk.iter().copied());
        found.extend(sql.all::<(CustomerId,)>().await?.into_iter().map(|(id,)| id));
    }
    Ok(found)
}
