//! All SQL of cases.

use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::rescue_case::{RescueCase, RescueCaseId, RescueCaseInput, RescueStatus, Severity};
use super::service_interest::{InterestStage, ServiceInterest, ServiceInterestId, ServiceInterestInput};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::customers::customer::CustomerId;
use crate::features::customers::store::redirects;
use crate::features::nps::response::NpsResponseId;
use crate::http::query::List;
use crate::id::UserId;
use crate::journal::{self, Listed, Sort, SortKey, Window};

fn value_key(interest: &ServiceInterest) -> i64 {
    interest.fields.value.as_ref().map_or(-1, |value| value.amount_minor)
}

fn severity_key(case: &RescueCase) -> i64 {
    match case.fields.severity {
        Severity::Low => 0,
        Severity::Medium => 1,
        Severity::High => 2,
        Severity::Critical => 3,
    }
}

crate::record!(
    ServiceInterest, "service_interest", "service_interests",
    [customer_id, contact_id, assignment_id, attempt_id, created_by, raised_at, closed_at],
    fields ServiceInterestInput [service, raised_by_customer, stage, value, owner_id, note],
    derived { value_key: |interest| value_key(interest) },
    customer: |interest| Some(interest.customer_id.into()),
);

crate::record!(
    RescueCase, "rescue_case", "rescue_cases",
    [customer_id, contact_id, attempt_id, nps_response_id, created_by, closed_at],
    fields RescueCaseInput [reason, competitor, severity, owner_id, status, resolution],
    derived { severity_key: |case| severity_key(case) },
    customer: |case| Some(case.customer_id.into()),
);

/// Fields that service interests can be sorted by.
pub static INTEREST_SORTS: &[Sort<ServiceInterest>] = &[
    Sort {
        name: "raised_at",
        column: "service_interests.raised_at",
        key: |interest| SortKey::Time(interest.raised_at),
    },
    Sort {
        name: "value",
        column: "service_interests.value_key",
        key: |interest| SortKey::Int(value_key(interest)),
    },
    Sort {
        name: "created_at",
        column: "service_interests.created_at",
        key: |interest| SortKey::Time(interest.created_at),
    },
    Sort {
        name: "updated_at",
        column: "service_interests.updated_at",
        key: |interest| SortKey::Time(interest.updated_at),
    },
];

/// Fields that rescue cases can be sorted by.
pub static RESCUE_SORTS: &[Sort<RescueCase>] = &[
    Sort {
        name: "severity",
        column: "rescue_cases.severity_key",
        key: |case| SortKey::Int(severity_key(case)),
    },
    Sort {
        name: "created_at",
        column: "rescue_cases.created_at",
        key: |case| SortKey::Time(case.created_at),
    },
    Sort {
        name: "updated_at",
        column: "rescue_cases.updated_at",
        key: |case| SortKey::Time(case.updated_at),
    },
];

/// Which service interests are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ServiceInterestFilter {
    #[param(value_type = Option<String>, format = Uuid)]
    pub customer_id: Option<CustomerId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub owner_id: Option<UserId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub attempt_id: Option<Uuid>,
    /// Exactly as it was recorded.
    #[param(min_length = 1, max_length = 200)]
    pub service: Option<String>,
    #[param(style = Form, explode = false, value_type = Option<Vec<InterestStage>>, max_items = 5)]
    pub stage_in: Option<List<InterestStage>>,
    pub raised_at_gte: Option<Timestamp>,
    pub raised_at_lt: Option<Timestamp>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl ServiceInterestFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        redirects::narrow(sql, "service_interests.customer_id", self.customer_id);
        sql.compare("service_interests.owner_id =", self.owner_id);
        sql.compare("service_interests.attempt_id =", self.attempt_id);
        if let Some(service) = &self.service {
            sql.push(" AND service_interests.service = ").value(service.clone());
        }
        sql.within("service_interests.stage", self.stage_in.as_deref());
        for (condition, at) in [
            (" AND service_interests.raised_at >= ", self.raised_at_gte),
            (" AND service_interests.raised_at < ", self.raised_at_lt),
            (" AND service_interests.updated_at >= ", self.updated_at_gte),
            (" AND service_interests.updated_at < ", self.updated_at_lt),
        ] {
            if let Some(at) = at {
                sql.push(condition).value(at);
            }
        }
    }
}

/// Which rescue cases are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RescueCaseFilter {
    #[param(value_type = Option<String>, format = Uuid)]
    pub customer_id: Option<CustomerId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub owner_id: Option<UserId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub nps_response_id: Option<NpsResponseId>,
    #[param(style = Form, explode = false, value_type = Option<Vec<RescueStatus>>, max_items = 4)]
    pub status_in: Option<List<RescueStatus>>,
    #[param(style = Form, explode = false, value_type = Option<Vec<Severity>>, max_items = 4)]
    pub severity_in: Option<List<Severity>>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl RescueCaseFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        redirects::narrow(sql, "rescue_cases.customer_id", self.customer_id);
        sql.compare("rescue_cases.owner_id =", self.owner_id);
        sql.compare("rescue_cases.nps_response_id =", self.nps_response_id);
        sql.within("rescue_cases.status", self.status_in.as_deref());
        sql.within("rescue_cases.severity", self.severity_in.as_deref());
        for (condition, at) in [
            (" AND rescue_cases.created_at >= ", self.created_at_gte),
            (" AND rescue_cases.created_at < ", self.created_at_lt),
            (" AND rescue_cases.updated_at >= ", self.updated_at_gte),
            (" AND rescue_cases.updated_at < ", self.updated_at_lt),
        ] {
            if let Some(at) = at {
                sql.push(condition).value(at);
            }
        }
    }
}

/// A page of service interests.
pub async fn interests(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &ServiceInterestFilter,
    window: &Window<ServiceInterest>,
) -> Result<Listed<ServiceInterest>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql)).await
}

/// A page of rescue cases.
pub async fn rescues(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &RescueCaseFilter,
    window: &Window<RescueCase>,
) -> Result<Listed<RescueCase>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql)).await
}

/// The service interest, if it is in sight.
pub async fn interest(
    db: &mut impl Sqls,
    scope: &Scope,
    id: ServiceInterestId,
) -> Result<Option<ServiceInterest>, Error> {
    journal::find(db, scope.organization, id).await
}

/// The rescue case, if it is in sight.
pub async fn rescue(db: &mut impl Sqls, scope: &Scope, id: RescueCaseId) -> Result<Option<RescueCase>, Error> {
    journal::find(db, scope.organization, id).await
}
