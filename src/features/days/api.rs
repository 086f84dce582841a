//! Speaks: an executive's day.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;

use super::day::{Hidden, MyDay};
use super::store;
use crate::access::{Caller, Permission};
use crate::http::{Access, Answer, App, Endpoint, Problem, Query, Reply};
use crate::refusal::Code;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![get_my_day: Access::Needs(Permission::AssignmentsRead)]
}

/// Which day.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichDay {
    /// In the caller's own zone; today when absent.
    pub date: Option<NaiveDate>,
}

/// Read my day.
///
/// Whom I am to call on that day and when, with the brief in short; what customers were promised; what is late; and whether it is a working day of mine, and if not, why. Days are those of my own time zone. Needs `customers:read` as well; without `nps_responses:read` and `action_items:read` their parts are left out. An API key has no day: 409.
#[utoipa::path(get, path = "/v1/me/day", operation_id = "get_my_day", tag = "days", params(WhichDay),
    responses((status = 200, description = "The day", body = MyDay)))]
async fn get_my_day(app: App, caller: Caller, which: Query<WhichDay>) -> Answer<MyDay> {
    caller.needs(Permission::CustomersRead)?;
    let me = caller
        .user
        .ok_or_else(|| Problem::new(Code::WrongState, "An API key has no day; sign in as a user."))?;
    let now = app.clock.now();
    let rows = store::gather(&mut app.read(), &caller.scope(), me, which.date, now).await?;
    let hidden = Hidden {
        nps: !caller.may(Permission::NpsRead),
        items: !caller.may(Permission::ActionItemsRead),
    };
    Ok(Reply::ok(MyDay::of(&rows, hidden, now)))
}
