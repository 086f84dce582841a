//! Speaks: who has looked after a customer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Caller, Permission};
use crate::features::customers::account_manager::{
    AccountManagerPeriod, AccountManagerPeriodId, AccountManagerPeriodInput,
};
use crate::features::customers::customer::CustomerId;
use crate::features::customers::store;
use crate::features::customers::store::account_managers;
use crate::features::references::References;
use crate::http::{Access, Answer, App, Endpoint, Json, Path, Problem, Reply};
use crate::journal::{Change, Unit};

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_account_managers: Access::Needs(Permission::CustomersRead),
        create_account_manager_period: Access::Needs(Permission::CustomersManage),
    ]
}

/// Who has looked after a customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountManagerHistory {
    /// Earlier ones first; the one without an end does so now.
    #[schema(max_items = 10_000)]
    pub data: Vec<AccountManagerPeriod>,
    /// How many people that were.
    #[schema(minimum = 0)]
    pub account_manager_count: i64,
}

/// A past time during which somebody looked after the customer.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewAccountManagerPeriod {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<AccountManagerPeriodId>,
    #[serde(flatten)]
    pub fields: AccountManagerPeriodInput,
}

/// List a customer's account managers.
///
/// Whoever is set as the customer's account manager comes in here by themselves.
#[utoipa::path(get, path = "/v1/customers/{id}/account-managers", operation_id = "list_account_managers", tag = "customers",
    responses((status = 200, description = "All periods, earlier ones first", body = AccountManagerHistory)))]
async fn list_account_managers(app: App, caller: Caller, id: Path<CustomerId>) -> Answer<AccountManagerHistory> {
    let (mut read, scope) = (app.read(), caller.scope());
    let customer = store::find(&mut read, &scope, *id).await?;
    let customer = customer.ok_or_else(Problem::not_found)?;
    let data = account_managers::of_customers(&mut read, &scope, [customer.id]).await?;
    Ok(Reply::ok(AccountManagerHistory {
        data,
        account_manager_count: customer.account_manager_count,
    }))
}

/// Add a past account manager.
///
/// For the time before the customer was kept here. It must be over, and must not overlap another period.
#[utoipa::path(post, path = "/v1/customers/{id}/account-managers", operation_id = "create_account_manager_period", tag = "customers",
    request_body = NewAccountManagerPeriod,
    responses((status = 201, description = "The new period", body = AccountManagerPeriod), (status = 200, description = "It was there already, just so", body = AccountManagerPeriod)))]
async fn create_account_manager_period(
    app: App,
    caller: Caller,
    id: Path<CustomerId>,
    new: Json<NewAccountManagerPeriod>,
) -> Answer<AccountManagerPeriod> {
    let mut unit = app.write(&caller).await?;
    let customer = store::find(&mut unit, &caller.scope(), *id).await?;
    let customer = customer.ok_or_else(Problem::not_found)?;
    let period_id = new.0.id.unwrap_or_else(|| unit.new_id());
    let period = AccountManagerPeriod::new(period_id, customer.id, new.0.fields, unit.now());
    let known = account_managers::find(&mut unit, &caller.scope(), period_id).await?;
    if let Some(there) = known {
        return crate::http::reply::again(unit, there, &period).await;
    }
    let history = account_managers::of_customers(&mut unit, &caller.scope(), [customer.id]).await?;
    check(&mut unit, &caller, &period, &history).await?;
    let new_face = history
        .iter()
        .all(|known| known.fields.user_id != period.fields.user_id);
    if new_face {
        unit.save(customer.joined_by_manager()).await?;
    }
    let period = unit.save(Change::created(period)).await?;
    let place = format!("/v1/customers/{}/account-managers", period.customer_id);
    unit.answer(Reply::status(actix_web::http::StatusCode::CREATED, period).location(place))
        .await
}

async fn check(
    unit: &mut Unit,
    caller: &Caller,
    period: &AccountManagerPeriod,
    history: &[AccountManagerPeriod],
) -> Result<(), Problem> {
    let (organization, now) = (unit.organization(), unit.now());
    let today = store::today(unit, organization, now).await?;
    let fields = &period.fields;
    let scope = caller.scope();
    let mut references = References::of(unit, &scope);
    references.user("/user_id", Some(fields.user_id)).await?;
    match fields.ended_on {
        Some(end) if end > today => references.fault("/ended_on", "out_of_range", "This period must be over."),
        Some(end) if end <= fields.started_on => {
            references.fault("/ended_on", "out_of_range", "A period ends after it starts.");
        }
        Some(_) => {}
        None => references.fault(
            "/ended_on",
            "required",
            "Only past periods are added here. Set the customer's `account_manager_id` for who looks after it now.",
        ),
    }
    if let Some(other) = history.iter().find(|known| known.overlaps(fields)) {
        let since = other.fields.started_on;
        let detail = format!("It overlaps the period that starts on {since}.");
        references.fault("/started_on", "overlaps", detail);
    }
    references.settle()
}
